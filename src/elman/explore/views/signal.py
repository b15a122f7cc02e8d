"""What was read, where it is no text: the values of a series, the frames of a recording, the pixels of an image."""

from typing import Any

import numpy as np
import pandas as pd

from elman.codecs.picture import look
from elman.explore.ask import Ask
from elman.explore.explored import Explored
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.tables.timestamps import ORDER


def signal(tab: Tab, ask: Ask) -> dict[str, Any]:
    """The numbers that were read.

    Shape:
        values (T, I) of a series in its own units, or of a recording as the network reads it; pixels (S, S, 3) of an
        image, from 0 to 255
    """
    explored = tab.explored
    assert tab.seen is not None
    raw, kind = tab.seen.raw, explored.kind
    if kind == "image":
        return {"kind": kind, "pixels": look(raw).pixels.astype(np.float32)}
    if kind == "audio":
        return {"kind": kind, "values": np.asarray(explored.estimator._encoded([raw])[0]), "names": []}
    if isinstance(raw, pd.DataFrame):
        numbers = raw.drop(columns=ORDER).select_dtypes("number")
        return {"kind": kind, "values": numbers.to_numpy(np.float64), "names": list(map(str, numbers.columns))}
    values = np.asarray(raw, np.float64)
    values = values.reshape(len(values), -1)
    codec: Any = explored.estimator.codecs_["input"]
    return {"kind": kind, "values": values, "names": [codec.channel(k) for k in range(values.shape[1])]}


def refusal(explored: Explored) -> str | None:
    """Only where the input is no text."""
    return "this model reads text" if explored.kind in ("text", "tokens") else None


REQUESTS = {"signal": Request(signal, refusal, of_reading=True)}
