"""Lanes: long sequences read window by window, each window from the state that its lane left."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from elman.errors import InputError
from elman.state import State

Batch = TypeVar("Batch")
AHEAD = 64  # windows that are found together


@dataclass(frozen=True)
class Lanes(Generic[Batch]):
    """A corpus, or long series, to learn from in lanes: truncated backpropagation through time.

    The sequences stand one after the other; the whole is cut into G contiguous lanes of equal length, give or take a
    step, and a batch is the next `window` steps of every lane. Gradients are cut between windows, states are not: each
    lane goes on from the state that it left, detached. Where a sequence ends within a window, the lane goes on from
    the initial state: its steps are two rows of the batch. At the start of an epoch every lane is at the initial state.

    Args:
        offsets: where each sequence begins, and the end of the last, as `Ragged` has them. Shape: (N + 1,)
        window: steps between two cuts.
        collate: makes a batch, on the model's device, of rows (start, stop) of the flat array, and the state that each
            row begins with. Shape: rows (B, 2), state (B, ...)
        bounds: where each lane begins, and the end of the last; None: `batch_size` lanes of equal length.
            Shape: (G + 1,)
    """

    offsets: npt.NDArray[np.int64]
    window: int
    collate: Callable[[npt.NDArray[np.int64], State], Batch]
    bounds: npt.NDArray[np.int64] | None = None


class Window:
    """The rows of one window: a row for each piece of a sequence, lane by lane.

    Args:
        rows: their first step and the one after their last, in the flat array. Shape: (B, 2)
        lane: the lane of each. Shape: (B,)
        fresh: whether it is the start of a sequence, or of the lane's epoch. Shape: (B,)
    """

    def __init__(self, rows: npt.NDArray[np.int64], lane: npt.NDArray[np.int64], fresh: npt.NDArray[np.bool_]) -> None:
        self.rows, self.lane, self.fresh = rows, lane, fresh

    def begin(self, carried: State | None, initial_state: Callable[[int], State], *, goes_on: bool = False) -> State:
        """The state that each row begins with.

        Args:
            carried: what the lanes left, (lanes, ...); None at the start of an epoch.
            initial_state: gives the state of so many new rows.
            goes_on: whether lanes go on from an earlier training: then no row of the first window is fresh.
        """
        if carried is None:
            return initial_state(len(self.rows))
        state = carried if len(self.rows) == carried.batch_size else carried.select(self.lane)
        fresh = np.flatnonzero(self.fresh & (not goes_on))
        return state.reset(fresh, initial_state(len(fresh))) if len(fresh) else state

    def end(self, after: State) -> State:
        """What the lanes leave, (lanes, ...), from the state after each row; a lane's last row counts."""
        if len(self.lane) > self.lane[-1] + 1:  # a lane has several rows
            after = after.select(np.flatnonzero(np.diff(self.lane, append=-1)))
        return after.detach()


class LaneWindows:
    """The windows of an epoch, the same in every epoch.

    Args:
        offsets: as those of `Lanes`.
        lanes: G, or the bounds of each lane.
        window: steps of a window.
        share: the lanes that are wanted.

    Raises:
        InputError: there are fewer steps than lanes.

    Example:
        >>> windows = LaneWindows(np.array([0, 5, 10]), lanes=2, window=4)
        >>> len(windows), windows.window(0).rows.tolist(), windows.window(1).rows.tolist()
        (2, [[0, 4], [5, 9]], [[4, 5], [9, 10]])
    """

    def __init__(
        self, offsets: Any, lanes: int | npt.NDArray[np.int64], window: int, share: slice = slice(None)
    ) -> None:
        if window < 1:
            raise InputError(f"window is {window}, expected at least 1 step")
        self._offsets = offsets  # perhaps mapped from a file, and long
        self._window = window
        steps = int(offsets[-1])
        if not isinstance(lanes, int):
            bounds = lanes
        elif steps < lanes:
            raise InputError(f"batch_size is {lanes} lanes, but there are only {steps} time steps: give fewer lanes")
        else:
            bounds = np.array([lane * steps // lanes for lane in range(lanes + 1)], np.int64)
        self._count = math.ceil(int(np.diff(bounds).max()) / window)
        self._bounds = bounds
        self._begins, self._ends = bounds[:-1][share], bounds[1:][share]
        self._numbers = np.arange(len(self._begins))
        self._known = -1

    def __len__(self) -> int:
        """How many windows an epoch has, the same for every lane; the last may be shorter."""
        return self._count

    def starts(self, number: int) -> npt.NDArray[np.int64]:
        """The first step of window `number` of every lane, wanted or not."""
        starts: npt.NDArray[np.int64] = np.minimum(self._bounds[:-1] + number * self._window, self._bounds[1:])
        return starts

    def window(self, number: int) -> Window:
        """Window `number`; the lanes are numbered from 0."""
        block, k = divmod(number, AHEAD)
        if block != self._known:
            self._look_ahead(block)
        if self._counts[k].any():
            return self._cut(k, number == 0)
        return Window(self._rows[k], self._numbers, self._fresh[k])

    def _look_ahead(self, block: int) -> None:
        """Many windows at once, as if no sequence began within them: for one alone NumPy takes as long."""
        numbers = np.arange(block * AHEAD, (block + 1) * AHEAD)[:, np.newaxis]
        starts = np.minimum(self._begins + numbers * self._window, self._ends)  # (windows, lanes)
        stops = np.minimum(starts + self._window, self._ends)
        # the first sequence that begins after the start, and how many begin before the stop
        self._first = np.searchsorted(self._offsets, starts, side="right")
        self._counts = np.maximum(np.searchsorted(self._offsets, stops, side="left") - self._first, 0)
        self._rows = np.stack([starts, stops], 2)
        self._fresh = (self._offsets[self._first - 1] == starts) & (stops > starts)  # at its end a lane keeps its state
        self._fresh |= numbers == 0
        self._known = block

    def _cut(self, k: int, at_beginning: bool) -> Window:
        """A window with a row for the start of each lane, and for each sequence that begins within it."""
        (starts, stops), first, counts = self._rows[k].T, self._first[k], self._counts[k]
        lane = np.repeat(self._numbers, counts + 1)
        place = np.arange(len(lane)) - np.repeat(np.cumsum(counts + 1) - counts - 1, counts + 1)  # of a row in its lane
        at_start = place == 0
        begin = np.where(at_start, starts[lane], self._offsets[np.minimum(first[lane] + place, len(self._offsets)) - 1])
        end = np.where(np.append(at_start[1:], True), stops[lane], np.append(begin[1:], 0))
        kept = at_start | (end > begin)  # an empty sequence begins where the next one does
        rows, lane, at_start = np.stack([begin, end], 1)[kept], lane[kept], at_start[kept]
        return Window(rows, lane, ~at_start | self._fresh[k][lane])
