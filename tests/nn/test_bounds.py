"""Kernels touch nothing outside the memory that they are given: it lies against pages that no one may read or write.

A process of its own does it, which a fault ends.
"""

import ctypes
import math
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import EVERY, build, masks_of, randn, states

from elman.kernels.target import host
from elman.nn import kernel_call

pytestmark = [
    pytest.mark.skipif(not host().has_fma, reason="kernels need fma"),
    pytest.mark.skipif(sys.platform == "win32", reason="pages are protected by mprotect"),
]

# T, B, I, H, L, bidirectional, lengths, threads
SHAPES = [
    (1, 1, 1, 1, 1, False, None, 1),
    (3, 2, 3, 5, 2, True, [3, 0], 1),
    (4, 3, 17, 9, 1, False, None, 2),
    (2, 5, 16, 16, 1, True, [2, 1, 0, 2, 2], 1),
    (9, 30, 33, 31, 1, False, None, 2),
]
NUMPY = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


class Guard:
    """Memory that begins or ends at a protected page."""

    def __init__(self) -> None:
        self.at_begin, self.maps = False, []
        self.protect = ctypes.CDLL(None, use_errno=True).mprotect
        self.protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

    def address(self, size: int) -> int:
        page = mmap.PAGESIZE
        whole = -(-max(size, 1) // page) * page + 2 * page
        self.maps.append(mmap.mmap(-1, whole))
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.maps[-1]))
        for edge in (start, start + whole - page):
            assert self.protect(edge, page, 0) == 0
        return start + page if self.at_begin else start + whole - page - size

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        size = math.prod(shape) * NUMPY[dtype].itemsize
        memory = (ctypes.c_char * size).from_address(self.address(size))
        numbers = np.frombuffer(memory, NUMPY[dtype]) if size else np.empty(0, NUMPY[dtype])
        return torch.from_numpy(numbers.reshape(shape)).fill_(torch.nan)

    def copy(self, one: torch.Tensor) -> torch.Tensor:
        return self.empty(tuple(one.shape), one.dtype).copy_(one.detach())


def run_all() -> int:
    """Forward and backward of every cell, with all tensors and the kernels' own memory behind guards."""
    guard = Guard()

    def new(self, *shape):
        return guard.empty(tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape, self.dtype)

    class Scratch:
        def __init__(self, size):
            self.size, self.memory = size, None
            self.address = guard.address(-(-size // 64) * 64)

    kernel_call.scratch = Scratch
    torch.Tensor.new_empty, torch.Tensor.new_zeros = new, lambda self, *shape: new(self, *shape).fill_(0)
    count = 0
    for name in EVERY:
        for dtype in NUMPY:
            for T, B, I, H, L, bidirectional, lengths, threads in SHAPES:  # noqa: E741
                for guard.at_begin in (False, True):
                    guard.maps.clear()
                    torch.set_num_threads(threads)
                    layer = build(name, I, H, L, bidirectional=bidirectional, dtype=dtype, return_states=True)
                    for parameter in layer.parameters():
                        parameter.data = guard.copy(parameter)
                    LD, masks = L * (1 + bidirectional), masks_of(layer, B, T)
                    masks = masks and {k: guard.copy(one) for k, one in masks.items()}
                    x = guard.copy(randn(T, B, I, dtype=dtype)).requires_grad_()
                    hx = [guard.copy(randn(LD, B, H, seed=k, dtype=dtype)) for k in range(len(layer.cell.state))]
                    output, last, every = layer(x, tuple(one.requires_grad_() for one in hx), lengths, masks)
                    results = [output, *states(last), *every.values()]
                    outside = [guard.copy(randn(*one.shape, seed=3, dtype=dtype)) for one in results]
                    found = torch.autograd.grad(results, [x, *hx, *layer.parameters()], outside)
                    assert all(one.isfinite().all() for one in (*results, *found))  # nothing is left unwritten
                    count += 1
    return count


def test_nothing_outside_is_touched():
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-X", "faulthandler", __file__]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(EVERY) * 2 * 2 * len(SHAPES)


if __name__ == "__main__":
    print(run_all())
