"""Memory that is used again: for the time of one call, and for large outputs, gradients and what backward needs.

Memory that is new to a process costs a page fault for every 4 KiB, which in a virtual machine takes several
microseconds: more than the kernels take to fill it.
"""

import os
import threading
import weakref
from typing import Final

import numpy as np

_LINE: Final = 64
LARGE: Final = 512 * 1024
"""From so many bytes on it pays to use memory again."""
_MOST_KEPT: Final = 128 * 1024 * 1024


class Scratch:
    """A piece of memory that begins a cache line."""

    __slots__ = ("address", "memory", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.memory = np.empty(size + _LINE, np.uint8)
        start = self.memory.ctypes.data
        self.address: int = start + -start % _LINE


class _Own(threading.local):
    def __init__(self) -> None:
        self.piece = Scratch(0)


_OWN: Final = _Own()


def scratch(size: int) -> Scratch:
    """At least `size` bytes, whatever is in them; to be held on to for the time of the call.

    They are the caller's until this thread asks again. A large piece is not kept for the next call.
    """
    piece = _OWN.piece
    if piece.size < size:
        piece = Scratch(size)
        if size <= _MOST_KEPT:
            _OWN.piece = piece
    return piece


class _Shelf:
    """Large pieces that nobody uses at the moment, the one that was used last at the end."""

    def __init__(self) -> None:
        self.pieces: list[np.ndarray] = []
        self.lock = threading.Lock()

    def take(self, size: int) -> np.ndarray:
        """At least `size` bytes, and not much more."""
        with self.lock:
            for number in reversed(range(len(self.pieces))):
                if size <= self.pieces[number].nbytes <= size + size // 4:
                    return self.pieces.pop(number)
        return np.empty(size, np.uint8)

    def give_back(self, piece: np.ndarray) -> None:
        """Keep a piece, and of all only the last that are not too much together."""
        # Called when memory is freed, at any moment: where the lock is taken, the piece is simply let go.
        if piece.nbytes <= _MOST_KEPT and self.lock.acquire(blocking=False):
            try:
                self.pieces.append(piece)
                while sum(one.nbytes for one in self.pieces) > _MOST_KEPT:
                    self.pieces.pop(0)
            finally:
                self.lock.release()


_SHELF: Final = _Shelf()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SHELF.__init__)  # type: ignore[misc]


def borrowed(size: int) -> np.ndarray:
    """An array of `size` bytes, whatever is in them; when it is freed, the next one may have its memory."""
    piece = _SHELF.take(size + _LINE)
    start = -piece.ctypes.data % _LINE
    # Through a memoryview, so that a view of this array holds on to it and not to the piece alone.
    lent = np.frombuffer(memoryview(piece.data)[start : start + size], np.uint8)
    weakref.finalize(lent, _SHELF.give_back, piece).atexit = False
    return lent
