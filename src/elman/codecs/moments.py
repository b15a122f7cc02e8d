"""Mean and deviation of channels whose steps come block by block."""

import numpy as np


class Moments:
    """Running count, mean, squared deviation, least and greatest value of each channel; NaN is a missing value.

    Blocks are merged as Chan, Golub and LeVeque (1979) do, which loses no digits where the mean is large.

    Example:
        >>> moments = Moments().update(np.array([[1.0], [2.0]])).update(np.array([[6.0], [np.nan]]))
        >>> moments.count.tolist(), moments.mean.tolist(), moments.missing.tolist()
        ([3], [3.0], [True])
    """

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray  # the sum of the squared deviations from the mean
    least: np.ndarray
    greatest: np.ndarray
    missing: np.ndarray

    def __init__(self) -> None:
        self.size: int | None = None

    def update(self, steps: np.ndarray) -> "Moments":
        """Take in further steps.

        Shape:
            steps (T, I)
        """
        if self.size is None:
            self.size = steps.shape[1]
            self.count = np.zeros(self.size, np.int64)
            self.mean, self.squares = np.zeros(self.size), np.zeros(self.size)
            self.least, self.greatest = np.full(self.size, np.inf), np.full(self.size, -np.inf)
            self.missing = np.zeros(self.size, np.bool_)
        present = ~np.isnan(steps)
        count = present.sum(0)
        self.missing |= count < len(steps)
        self.least = np.fmin(self.least, np.min(steps, 0, initial=np.inf, where=present))
        self.greatest = np.fmax(self.greatest, np.max(steps, 0, initial=-np.inf, where=present))
        with np.errstate(over="ignore", invalid="ignore"):  # what is too large shows when the scale is taken
            mean = np.where(present, steps, 0.0).sum(0) / np.maximum(count, 1)
            squares = np.where(present, np.square(steps - mean), 0.0).sum(0)
            total = self.count + count
            apart, share = mean - self.mean, count / np.maximum(total, 1)
            self.mean = self.mean + apart * share
            self.squares = self.squares + squares + np.square(apart) * self.count * share
        self.count = total
        return self

    @property
    def std(self) -> np.ndarray:
        """The deviation of each channel, (I,)."""
        with np.errstate(invalid="ignore"):
            std: np.ndarray = np.sqrt(self.squares / np.maximum(self.count, 1))
        return std
