"""Two numbers at every step: how many children are born tomorrow, and a week from today.

A regressor reads US births day by day and gives both at each day. The last year is held out.
"""

import sys

import numpy as np
from sklearn.metrics import mean_absolute_error

import elman
from elman import datasets

HELD_OUT = 365
AHEAD = (1, 7)


def read(days: int) -> np.ndarray:
    """The births of the last days, and where each day stands in its week and year; (T, 5)."""
    table = datasets.load("births").tail(days)
    week, year = table["ds"].dt.day_of_week / 7, table["ds"].dt.day_of_year / 365.25
    turns = [turn(2 * np.pi * part) for part in (week, year) for turn in (np.cos, np.sin)]
    return np.column_stack([table["births"], *turns])


def later(values: np.ndarray, days: int) -> np.ndarray:
    """Each value in the place of the one `days` before it; missing at the end."""
    return np.concatenate([values[days:], np.full(days, np.nan)])


def main(days: int = 3000, epochs: int = 60) -> dict[int, tuple[float, float]]:
    """Train, and print the mean absolute error beside that of "as on the same weekday, as lately as is known"."""
    X = read(days)
    births = X[:, 0]
    y = np.column_stack([later(births, ahead) for ahead in AHEAD])
    end = len(X) - HELD_OUT
    regressor = elman.Regressor(cell="gru", dropout=0.1, window=64, batch_size=4, epochs=epochs, num_threads=1)
    regressor.fit([X[:end]], [y[:end]])
    predicted = regressor.predict([X])[0]  # it reads the past before the first day that counts
    errors = {}
    for k, ahead in enumerate(AHEAD):
        scored = slice(end, len(X) - ahead)
        naive = births[end + ahead - 7 : len(X) - 7]  # seven days before the day that is asked for
        errors[ahead] = tuple(mean_absolute_error(y[scored, k], guess) for guess in (predicted[scored, k], naive))
        print(f"{ahead} days ahead: off by {errors[ahead][0]:.0f} births, the same weekday by {errors[ahead][1]:.0f}")
    return errors


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
