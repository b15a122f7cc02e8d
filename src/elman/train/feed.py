"""What a rank learns from at each step: its share of the batches of separate sequences, or of the windows of lanes."""

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

import torch
from torch import nn

from elman.errors import InputError
from elman.state import State
from elman.train.batches import Examples, Indices, LengthBatches
from elman.train.lanes import Lanes, LaneWindows
from elman.train.objective import BatchLoss, Loss
from elman.train.ranks import Ranks
from elman.train.settings import Settings

Batch = TypeVar("Batch")
SHOWN = 8  # rows that a message names


class Step(NamedTuple):
    """The batches of one step, the same on every rank; and how many units of the epoch are done after it."""

    shares: Sequence[Any]
    done: int


class Feed(Protocol):
    """Gives the steps of an epoch from any position in it, and the loss of this rank's share of a batch."""

    units: int
    """Sequences, or windows, of an epoch."""
    about: dict[str, Any]
    """What a resumed training has to have the same, besides its settings."""
    carried: State | None
    """What this rank's lanes have left; None at the start of an epoch, and for separate sequences."""

    def steps(self, epoch: int, done: int) -> Iterator[Step]:
        """The steps of an epoch that come after its first `done` units."""

    def loss(self, model: nn.Module, share: Any) -> BatchLoss | None:
        """The loss of this rank's part; None if it has none."""

    def place(self, share: Any) -> str:
        """What to call a batch in messages."""


def feed(data: Examples[Batch] | Lanes[Batch], loss: Loss[Batch], settings: Settings, ranks: Ranks) -> Feed:
    """The feed for this kind of data.

    Raises:
        InputError: there is nothing to learn from, or ranks cannot share the lanes.
    """
    if isinstance(data, Lanes):
        return LaneFeed(data, loss, settings, ranks)
    return SequenceFeed(data, loss, settings, ranks)


class SequenceFeed(Generic[Batch]):
    """Length-bucketed batches of separate sequences; of each batch every R-th row belongs to a rank."""

    def __init__(self, examples: Examples[Batch], loss: Loss[Batch], settings: Settings, ranks: Ranks) -> None:
        self.units = len(examples.lengths)
        if self.units == 0:
            raise InputError("there are no sequences to train on: at least one is needed")
        self.about = {"reads": "sequences", "sequences": self.units}
        self.carried: State | None = None
        self._examples, self._loss, self._ranks, self._accumulate = examples, loss, ranks, settings.accumulate
        self._batches = LengthBatches(examples.lengths, settings.batch_size, settings.seed, settings.batch_steps)

    def steps(self, epoch: int, done: int) -> Iterator[Step]:
        """Steps of `accumulate` batches."""
        batches = self._batches.epoch(epoch, done)
        while several := list(islice(batches, self._accumulate)):
            done += sum(map(len, several))
            yield Step(several, done)

    def loss(self, model: nn.Module, share: Indices) -> BatchLoss | None:
        """The loss of this rank's rows."""
        mine = share[self._ranks.rank :: self._ranks.size]
        return self._loss(model, self._examples.collate(mine)) if len(mine) else None

    def place(self, share: Indices) -> str:
        """The sequences of a batch."""
        more = f" and {len(share) - SHOWN} more" if len(share) > SHOWN else ""
        return f"sequences {', '.join(map(str, share[:SHOWN]))}{more}"


class LaneFeed(Generic[Batch]):
    """Windows of lanes, each from the state that its lane left; every rank has the same number of lanes."""

    def __init__(self, lanes: Lanes[Batch], loss: Loss[Batch], settings: Settings, ranks: Ranks) -> None:
        if len(lanes.offsets) < 2 or lanes.offsets[-1] == 0:
            raise InputError("all sequences to train on are empty: at least one must have a step to learn from")
        self.lanes = settings.batch_size if lanes.bounds is None else len(lanes.bounds) - 1
        bounds = self.lanes if lanes.bounds is None else lanes.bounds
        self._windows = LaneWindows(lanes.offsets, bounds, lanes.window, ranks.share(self.lanes))
        self._collate, self._loss, self._accumulate = lanes.collate, loss, settings.accumulate
        self.units = len(self._windows)
        self.about = {"reads": "lanes", "lanes": self.lanes, "window": lanes.window, "windows": self.units}
        self.carried: State | None = None

    def steps(self, epoch: int, done: int) -> Iterator[Step]:
        """Steps of `accumulate` windows."""
        for start in range(done, self.units, self._accumulate):
            stop = min(start + self._accumulate, self.units)
            yield Step(range(start, stop), stop)

    def loss(self, model: nn.Module, share: int) -> BatchLoss:
        """The loss of this rank's lanes in one window; their states are carried on."""
        window = self._windows.window(share)
        initial_state = cast(Any, model).initial_state
        batch = self._collate(window.rows, window.begin(self.carried, initial_state, goes_on=share == 0))
        found = self._loss(model, batch)
        if found.state is None:
            raise TypeError("the loss of a window gives no state: return BatchLoss(total, count, state)")
        self.carried = finite(window.end(found.state))
        return found

    def place(self, share: int) -> str:
        """The window's number and its first steps."""
        starts = self._windows.starts(share)[:SHOWN]
        return f"window {share + 1} of {self.units}, from steps {', '.join(map(str, starts))}"


def finite(state: State) -> State:
    """The state with the rows that hold NaN or an infinity back at zero, so that a lane can go on."""
    if all(math.isfinite(one.sum().item()) for one in state.values()):  # quick, and true but for huge numbers
        return state
    bad = torch.stack([~one.flatten(1).isfinite().all(1) for one in state.values()]).any(0)
    return state.reset(bad.cpu().numpy())
