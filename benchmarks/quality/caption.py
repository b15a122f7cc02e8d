"""Benchmarks of the task caption."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

HELD_OUT = 0.1  # of the bases


class Drawings(NamedTuple):
    """Paths, names and bases to learn from, and what is held out."""

    X: list[Path]
    y: list[str]
    bases: np.ndarray
    out: list[Path]
    out_names: list[str]


def by_base(bases: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out; all skin tones of a drawing lie on one side.

    Shape:
        bases (N,) -> indices of the two parts
    """
    rest, out = next(GroupShuffleSplit(1, test_size=HELD_OUT, random_state=seed).split(bases, groups=bases))
    return rest, out


def _drawings(table: pd.DataFrame, rest: np.ndarray, out: np.ndarray) -> Drawings:
    X, y = [Path(one) for one in table["image"]], table["caption"].tolist()
    X_rest, y_rest, X_out, y_out = ([part[k] for k in rows] for rows in (rest, out) for part in (X, y))
    return Drawings(X_rest, y_rest, table["base"].to_numpy(str)[rest], X_out, y_out)
