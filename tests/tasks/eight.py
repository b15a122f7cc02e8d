"""A small trained model of each task, and an input that it reads."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from shapes import write_shapes
from tones import write_tones

import elman

SMALL = {"hidden_size": 6, "epochs": 2, "validation_fraction": 0, "verbose": 0, "num_threads": 1}
SMALL |= {"cell": "elman", "num_layers": 1}
TEXTS = ["red cat", "blue dog", "green bird", "red dog"] * 5
TASKS = ("caption", "classify", "forecast", "generate", "regress", "tag", "transcribe", "translate")


def trained(task: str, folder: Path) -> tuple[Any, Any]:
    """The model, and one raw input as `predict` takes several; files are written to the folder."""
    if task == "caption":
        X, y = write_shapes(folder, 8)
        return elman.Captioner(**SMALL, image_size=16, channels=8).fit(X, y), X[0]
    if task == "transcribe":
        X, y = write_tones(folder, 6)
        return elman.Transcriber(**SMALL).fit(X, y), X[0]
    if task == "forecast":
        days = pd.date_range("2026-01-01", periods=60)
        df = pd.DataFrame({"unique_id": "a", "ds": days, "y": np.sin(np.arange(60.0)) + days.day_of_week})
        return elman.Forecaster(horizon=7, **{**SMALL, "validation_fraction": 0.1}).fit(df), df
    if task == "regress":
        X = [np.sin(np.arange(20.0) + k)[:, None] for k in range(6)]
        return elman.Regressor(**SMALL, per="step").fit(X, [one.cumsum() for one in X]), X[0]
    if task == "tag":
        model = elman.Tagger(**SMALL, bidirectional=True)
        return model.fit([t.split() for t in TEXTS], [["C", "N"]] * len(TEXTS)), ["red", "fish"]
    if task == "translate":
        return elman.Translator(**SMALL).fit(TEXTS, [t[::-1] for t in TEXTS]), "red dog"
    if task == "generate":
        return elman.Generator(**{**SMALL, "num_layers": 2}, window=4).fit(TEXTS), "red bird"
    return elman.Classifier(**{**SMALL, "cell": "lstm"}, bidirectional=True).fit(
        TEXTS, [t[0] for t in TEXTS]
    ), "red bird"
