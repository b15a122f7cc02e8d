"""Who takes part: elman and every other package that is installed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from speed import jax_peer, onnxruntime_peer, torch_peers
from speed.grid import Case
from speed.work import Work

Numbers = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Contestant:
    """How one package does the work of a case.

    Args:
        name: as the columns of the table are called.
        package: that has to be installed.
        takes: whether it does this case at all.
        build: gives two functions for a work: the call that is timed, and one that gives its numbers: `y`, and in
            training `dx` and the gradients of the weights under torch's names.
    """

    name: str
    package: str
    takes: Callable[[Case], bool]
    build: Callable[[Work], tuple[Callable[[], Any], Callable[[], Numbers]]]


def _small(case: Case) -> bool:
    """Where a loop over torch's cells is worth its time; of larger work the product is the cost."""
    return case.T <= 100 and case.H <= 128


OURS = Contestant("elman", "elman", lambda case: True, torch_peers.elman)
PEERS = (
    Contestant("torch", "torch", lambda case: True, torch_peers.layer),
    Contestant("torch_packed", "torch", lambda case: case.ragged, torch_peers.packed),
    Contestant(
        "torch_loop",
        "torch",
        lambda case: not case.ragged and (case.mode == "step" or _small(case)),
        torch_peers.loop,
    ),
    Contestant("jax", "jax", lambda case: True, jax_peer.build),
    Contestant("onnxruntime", "onnxruntime", lambda case: case.mode != "train", onnxruntime_peer.build),
    Contestant("onnxruntime_bound", "onnxruntime", lambda case: case.mode == "step", onnxruntime_peer.build_bound),
)


def installed() -> tuple[list[Contestant], list[str]]:
    """The peers that are installed, and the packages that are not."""
    needs = {"onnxruntime": ("onnxruntime", "onnx")}
    missing = {
        package for peer in PEERS for package in needs.get(peer.package, (peer.package,)) if find_spec(package) is None
    }
    present = [peer for peer in PEERS if not missing & set(needs.get(peer.package, (peer.package,)))]
    return present, sorted(missing)
