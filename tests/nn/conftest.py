"""The kernels' own memory is poisoned together with torch's."""

import ctypes

import pytest

from elman.kernels import memory
from elman.nn import kernel_call, readout


@pytest.fixture
def poisoned_memory(poisoned_memory, monkeypatch):
    """Also the kernels' scratch memory is full of NaN, and of addresses that lead nowhere, before each call."""

    def poisoned(size):
        piece = memory.scratch(size)
        ctypes.memset(piece.address, 0xFF, size)
        return piece

    for module in (kernel_call, readout):
        monkeypatch.setattr(module, "scratch", poisoned)
