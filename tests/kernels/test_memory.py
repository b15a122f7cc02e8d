"""Memory that is used again: never by two at once, and never more than a bound."""

import gc
import threading
from itertools import pairwise

import numpy as np

from elman.kernels import memory


def test_a_borrowed_piece_is_lent_again_only_when_it_is_free():
    one = memory.borrowed(1 << 20)
    address = one.ctypes.data
    part = one[100:200]
    del one
    other = memory.borrowed(1 << 20)
    assert other.ctypes.data != address  # a view of the first is still in use
    part[:] = 7
    assert part.sum() == 700
    del part
    gc.collect()
    assert memory.borrowed(1 << 20).ctypes.data == address


def test_pieces_begin_cache_lines_and_are_apart():
    pieces = [memory.borrowed(5_000_000 + 1000 * k) for k in range(8)]
    starts = sorted(one.ctypes.data for one in pieces)
    assert all(start % 64 == 0 for start in starts)
    assert all(after - before >= 5_000_000 for before, after in pairwise(starts))


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(memory, "_MOST_KEPT", 10_000)
    pieces = [memory.borrowed(4000) for _ in range(9)]
    del pieces
    gc.collect()
    assert sum(one.nbytes for one in memory._SHELF.pieces) <= 10_000


def test_scratch_is_one_for_each_thread_and_grows():
    first = memory.scratch(1000)
    assert memory.scratch(500) is first
    assert memory.scratch(2_000_000).size >= 2_000_000
    found = []
    thread = threading.Thread(target=lambda: found.append(memory.scratch(10).address))
    thread.start()
    thread.join()
    assert found[0] != memory.scratch(10).address
    assert memory.scratch(10).address % 64 == 0
    large = memory.scratch(memory._MOST_KEPT + 1)
    assert memory.scratch(10) is not large
    large.memory[:] = np.uint8(1)
