"""The processes that train one model together, under torchrun: what they add up, agree on and gather."""

import datetime
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

from elman.errors import InputError
from elman.state import State

TIMEOUT = datetime.timedelta(seconds=45)  # a rank that is silent for so long is taken for dead
PREPARING = datetime.timedelta(days=1)  # until all have their data: one may encode what others have already


class RankLostError(InputError):
    """Another process of the training has died or does not answer."""


class Ranks:
    """This process among those that train together; one alone does nothing here.

    All results are on the CPU and the same on every rank.

    Args:
        rank: the number of this process, from 0.
        size: how many there are.
        group: torch's, of all of them; None: its default one.
    """

    def __init__(self, rank: int = 0, size: int = 1, group: dist.ProcessGroup | None = None) -> None:
        self.rank, self.size, self._group = rank, size, group

    @property
    def first(self) -> bool:
        """Whether this is the process that shows progress and writes files."""
        return self.rank == 0

    def sum_(self, numbers: Tensor) -> None:
        """Add up over ranks, in place."""
        if self.size > 1:
            with _answered():
                dist.all_reduce(numbers, group=self._group)

    def sums(self, *numbers: float) -> tuple[float, ...]:
        """Each number added up over ranks, in float64."""
        if self.size == 1:
            return numbers
        total = torch.tensor(numbers, dtype=torch.float64)
        self.sum_(total)
        return tuple(total.tolist())

    def from_first(self, numbers: Sequence[Tensor]) -> None:
        """Overwrite tensors with those of rank 0."""
        if self.size > 1:
            with _answered():
                for one in numbers:
                    dist.broadcast(one, 0, group=self._group)

    def text_from(self, rank: int, text: str) -> str:
        """The text that one of the ranks has."""
        if self.size == 1:
            return text
        content = torch.frombuffer(bytearray(text.encode() or b" "), dtype=torch.uint8)
        size = torch.tensor([len(content)])
        with _answered():
            dist.broadcast(size, rank, group=self._group)
            content = content if rank == self.rank else torch.empty(int(size), dtype=torch.uint8)
            dist.broadcast(content, rank, group=self._group)
        return bytes(content.tolist()).decode().strip()

    def told_by_first(self, ill: bool, tell: Callable[[], str]) -> str:
        """What the first rank that is ill has to tell, on every rank; the first of all, where none is."""
        all_ill = self.sums(*(ill and rank == self.rank for rank in range(self.size)))
        teller = next((rank for rank, one in enumerate(all_ill) if one), 0)
        return self.text_from(teller, tell() if teller == self.rank else "")

    def gathered(self, state: State) -> State:
        """The states of all ranks' lanes, in order."""
        if self.size == 1:
            return state
        arrays = {}
        with _answered():
            for name, one in state.items():
                parts = [torch.empty_like(one) for _ in range(self.size)]
                dist.all_gather(parts, one.contiguous(), group=self._group)
                arrays[name] = torch.cat(parts)
        return State(**arrays)

    def share(self, lanes: int) -> slice:
        """The lanes of this rank.

        Raises:
            InputError: they cannot be shared out equally.
        """
        if lanes % self.size:
            raise InputError(
                f"batch_size is {lanes} lanes, which {self.size} ranks cannot share equally: "
                f"give a multiple of {self.size}, or another number of ranks"
            )
        each = lanes // self.size
        return slice(self.rank * each, (self.rank + 1) * each)


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """The ranks that torchrun started this process among; alone, where it did not.

    A group of processes that exists already is taken as it is, and left.

    Raises:
        InputError: the device is no CPU.
        RankLostError: another process died.
    """
    if dist.is_available() and dist.is_initialized():
        yield Ranks(dist.get_rank(), dist.get_world_size())
        return
    if not dist.is_torchelastic_launched() or int(os.environ["WORLD_SIZE"]) == 1:
        yield Ranks()
        return
    if device.type != "cpu":
        raise InputError(f"device is {device.type!r}, but many ranks train on CPUs: leave device or ranks out")
    with _answered():
        dist.init_process_group("gloo", timeout=PREPARING)
    try:
        with _answered():
            group = dist.new_group(timeout=TIMEOUT)
        yield Ranks(dist.get_rank(), dist.get_world_size(), group)
        with _answered():
            dist.barrier(group=group)  # nobody hangs up on another
    finally:
        dist.destroy_process_group()


def here() -> int:
    """The number of this process under torchrun, known before anything is joined; 0 without it."""
    return int(os.environ["RANK"]) if dist.is_torchelastic_launched() else 0


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # gloo's: connection closed by peer, timed out
        reason = str(error).partition("\n")[0]
        raise RankLostError(
            f"another rank died or does not answer: {reason}; run the same command with --resume"
        ) from error
