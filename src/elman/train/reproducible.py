"""Surroundings in which two equal trainings are equal, and which leave the caller's as they were."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def reproducible(seed: int, num_threads: int | None = None, device: torch.device | str = "cpu") -> Iterator[None]:
    """Torch's random numbers start from `seed`, its thread count is `num_threads`; both restored at the end.

    Build the model in it, so that its first weights follow from the seed too.

    Args:
        seed: not negative.
        num_threads: for torch on the CPU; None: as it is.
        device: where random numbers are drawn, besides the CPU.
    """
    device = torch.device(device)
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        _seed(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1)), device)
        if num_threads is not None:
            torch.set_num_threads(num_threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def seed_from(position: tuple[int, ...], device: torch.device) -> None:
    """Seed torch from numbers such as (seed, epoch, batch).

    The loop does it before every step: dropout is then a function of the position, whatever drew random
    numbers in between, and a resumed training needs no saved generator.
    """
    # two microseconds; NumPy's SeedSequence takes thirty, as much as a small layer
    text = ",".join(str(int(number)) for number in position)
    _seed(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1, device)


def _seed(seed: int, device: torch.device) -> None:
    if device.type == "cpu":  # torch.manual_seed would also queue a seed for every accelerator, slowly
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)
