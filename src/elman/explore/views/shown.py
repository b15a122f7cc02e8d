"""An input as the page shows it: a text, numbers to plot and edit, a spectrogram, a picture."""

from typing import Any

import numpy as np
import pandas as pd

from elman.codecs import AudioCodec
from elman.explore.explored import Explored
from elman.explore.inputs import series_columns
from elman.reports.picture import inline_image
from elman.tables.timestamps import ORDER

WRITTEN = 60  # symbols that a generator writes to be read
SAMPLED = 48  # steps of numbers
FIRST = 12  # symbols or words


def shown(explored: Explored, raw: Any) -> dict[str, Any]:
    """What was read.

    Shape:
        values (T, I); spectrogram (frames, bins)
    """
    codec: Any = explored.estimator.codecs_["input"]
    if isinstance(raw, str | list):
        return {"kind": explored.kind, "text": raw if isinstance(raw, str) else " ".join(raw)}
    if explored.kind == "image":
        return {"kind": "image", "picture": inline_image(codec.decode(codec.encode(raw))), "side": codec.side}
    if isinstance(codec, AudioCodec):
        frames = codec.decode(codec.encode(raw))
        return {"kind": "audio", "spectrogram": frames, "stack": codec.stack, "seconds": codec.step}
    names = series_columns(explored)
    if isinstance(raw, pd.DataFrame):
        times = [str(one).removesuffix(" 00:00:00") for one in raw[ORDER]]
        return {"kind": "series", "names": names, "values": raw[names].to_numpy(np.float64), "times": times}
    return {"kind": "series", "names": names, "values": np.asarray(raw, np.float64).reshape(len(raw), -1)}


def sample(explored: Explored) -> dict[str, Any] | None:
    """An input to begin with where there are no examples, as a request gives one; None: there is none."""
    estimator: Any = explored.estimator
    codec = estimator.codecs_["input"]
    if explored.kind == "series" and estimator.task != "forecast":
        turns = np.sin(np.arange(SAMPLED) / 4)[:, np.newaxis]
        return {"values": np.round(codec.mean + codec.std * turns, 4).tolist()}
    if estimator.task == "forecast":
        turns = 100 + 10 * np.sin(2 * np.pi * np.arange(4 * SAMPLED) / max(estimator.seasons[0], 2))
        columns = np.zeros((len(turns), len(series_columns(explored))))
        columns[:, 0] = np.round(turns, 4)
        return None if estimator.static else {"values": columns.tolist()}
    if estimator.task == "generate":
        with explored.lock:
            return {"text": estimator.generate("", WRITTEN, seed=0).strip()}
    if explored.kind == "tokens":
        return {"text": " ".join(codec.words.symbols[:FIRST])}
    if explored.kind == "text":
        return {"text": codec.decode(range(3, 3 + min(FIRST, len(codec.symbols))))}
    return None
