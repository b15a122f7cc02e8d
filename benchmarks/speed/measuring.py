"""One row: every contestant does the same work in turns, and all must give the same numbers."""

import gc
import itertools
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from speed import machine
from speed.contestants import OURS, Contestant, Numbers
from speed.grid import Case
from speed.work import Work, draw

WARM_UP = 2
BOUND = 1e-3  # of the largest value: float32 after hundreds of steps, summed in another order
SINGLE_CALLS = (20, 500)  # of a step in each round, at least and at most, for the 99th percentile
PAUSE = 0.06  # seconds after which a peer's idle threads no longer spin: torch's do for 10 ms, ONNX Runtime's for 40


class DifferenceError(Exception):
    """A peer does not give what we give, so its time says nothing."""


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Args:
        threads: to compute with.
        rounds: in each of which every contestant has a turn.
        seconds: of one turn, at least; it has as many calls as fit.
    """

    threads: int
    rounds: int
    seconds: float


@dataclass
class Turn:
    """A contestant with its call, and the times it took, in microseconds."""

    name: str
    call: Callable[[], Any]
    first: float  # with compilation and packing
    repeats: int
    times: list[float]  # of a call, one in each round
    single: list[float]


def measure(case: Case, peers: list[Contestant], settings: Settings) -> dict[str, Any]:
    """The row of a case.

    Raises:
        DifferenceError: a peer's numbers are not ours.
    """
    work = draw(case)
    gflops = [machine.peak(settings.threads)]
    others = machine.Others()
    with torch.set_grad_enabled(case.mode == "train"):
        turns, failures, largest = _set_up(work, peers, settings)
        collecting = gc.isenabled()
        gc.collect()
        gc.disable()
        try:
            _rounds(case, turns, settings)
        finally:
            if collecting:
                gc.enable()
    disturbed = others.cores()
    gflops.append(machine.peak(settings.threads))
    figures = _figures(work, turns, max(gflops))
    threads = {"threads": settings.threads}
    return asdict(case) | threads | figures | {"max_abs_diff": largest, "failures": failures, "others": disturbed}


def _set_up(work: Work, peers: list[Contestant], settings: Settings) -> tuple[list[Turn], dict[str, str], float | None]:
    """Build all contestants and compare their numbers; one that cannot do the case is left out, with its reason."""
    failures: dict[str, str] = {}
    ours, call, first = _build(OURS, work)
    turns = [_turn("elman", call, first, settings)]
    largest: list[float] = []
    for peer in peers:
        if not peer.takes(work.case):
            continue
        try:
            theirs, call, first = _build(peer, work)
        except Exception as error:
            failures[peer.name] = f"{type(error).__name__}: {error}".splitlines()[0]
            continue
        largest.append(compare(work.case, peer.name, ours, theirs))
        turns.append(_turn(peer.name, call, first, settings))
    return turns, failures, max(largest, default=None)


def _build(contestant: Contestant, work: Work) -> tuple[Numbers, Callable[[], Any], float]:
    """The numbers, the call, and how long building and the first call took."""
    started = time.perf_counter()
    call, numbers = contestant.build(work)
    call()
    first = (time.perf_counter() - started) * 1e6
    return numbers(), call, first


def compare(case: Case, peer: str, ours: Numbers, theirs: Numbers) -> float:
    """The largest difference between a peer's numbers and ours.

    Raises:
        DifferenceError: it is beyond float32, or a NaN is among them.
    """
    largest = 0.0
    for name, one in theirs.items():
        a, b = np.float64(ours[name]), np.float64(one)
        if a.shape != b.shape:
            raise DifferenceError(f"{case.label}: {name} of {peer} has shape {b.shape}, ours {a.shape}")
        worst = float(np.abs(a - b).max())
        relative = worst / float(np.abs(b).max())
        if case.cell == "elman_relu" and case.mode == "train":
            # Where z is 0 up to rounding, two right answers differ by a derivative: so it has to be rare.
            relative = float(np.sqrt(((a - b) ** 2).mean() / (b**2).mean()))
        if not relative <= BOUND:
            raise DifferenceError(
                f"{case.label}: {name} of {peer} differs from ours by {worst:.3g}, relatively {relative:.3g}; "
                f"at most {BOUND} is rounding"
            )
        largest = max(largest, worst)
    return largest


def _turn(name: str, call: Callable[[], Any], first: float, settings: Settings) -> Turn:
    for _ in range(WARM_UP):
        estimate = _time(call, 1)
    return Turn(name, call, first, max(1, int(settings.seconds * 1e6 / estimate)), [], [])


def _time(call: Callable[[], Any], repeats: int) -> float:
    """Microseconds of one call, in the mean."""
    turns = itertools.repeat(None, repeats)
    started = time.perf_counter_ns()
    for _ in turns:
        call()
    return (time.perf_counter_ns() - started) / repeats / 1e3


def _rounds(case: Case, turns: list[Turn], settings: Settings) -> None:
    """Every contestant once in each round, each time another first."""
    for n in range(settings.rounds):
        first = n % len(turns)
        for turn in turns[first:] + turns[:first]:
            if settings.threads > 1:
                time.sleep(PAUSE)
                for _ in range(WARM_UP):  # its own threads are up again
                    turn.call()
            turn.times.append(_time(turn.call, turn.repeats))
            if case.mode == "step":
                turn.single += [_time(turn.call, 1) for _ in range(int(np.clip(turn.repeats, *SINGLE_CALLS)))]


def _figures(work: Work, turns: list[Turn], peak: float) -> dict[str, Any]:
    """Medians, and the quartiles of the ratio between the times of one round; above 1 we are the faster."""
    ours, *peers = turns
    medians = {turn.name: float(np.median(turn.times)) for turn in turns}
    best = min(peers, key=lambda turn: medians[turn.name], default=None)
    # Of sequences with lengths, torch's path that computes no padding is the one to beat.
    of_torch = next((turn for name in ("torch_packed", "torch") for turn in peers if turn.name == name), None)
    gflops = work.case.flops(work.rows) / medians["elman"] / 1e3
    figures: dict[str, Any] = {
        "ours_us": medians["elman"],
        "peers": {turn.name: medians[turn.name] for turn in peers},
        "best_peer": best.name if best else None,
        "ratio_best": None,
        "ratio_torch": _quartiles(ours, of_torch)[1] if of_torch else None,
        "spread": None,
        "gflops": gflops,
        "share_of_peak": gflops / peak,
        "peak_gflops": peak,
        "first_call_us": {turn.name: turn.first for turn in turns},
    }
    if best:
        low, middle, high = _quartiles(ours, best)
        figures |= {"ratio_best": middle, "ratio_best_quartiles": [low, high], "spread": high - low}
    if work.case.mode == "step":
        figures["p99_us"] = {turn.name: float(np.percentile(turn.single, 99)) for turn in turns}
    return figures


def _quartiles(ours: Turn, theirs: Turn) -> list[float]:
    ratios = np.array(theirs.times) / np.array(ours.times)
    return [float(one) for one in np.percentile(ratios, [25, 50, 75])]
