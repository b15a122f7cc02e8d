"""Memory for the time of one call: each thread has a piece of its own, which it uses again."""

import ctypes
import sys
import threading
from typing import Final

import numpy as np

_LINE: Final = 64
_MOST_KEPT: Final = 64 * 1024 * 1024


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


_HUGEPAGE: Final = 14  # Linux's MADV_HUGEPAGE
_PAGE: Final = 4096
_LARGE: Final = 4 * 1024 * 1024  # as NumPy has it


def prefer_large_pages(address: int, size: int) -> None:
    """Ask Linux to back a large new piece of memory, before it is written, with pages of 2 MiB in place of 4 KiB.

    To write 40 MiB for the first time takes 5 ms then and not 48 (ten thousand page faults, in a virtual machine).
    NumPy does this for its arrays, torch does not. It is a hint: where it is not heard nothing is lost.
    """
    if size > _LARGE and sys.platform == "linux":
        begin = address + -address % _PAGE
        ctypes.CDLL(None).madvise(ctypes.c_void_p(begin), ctypes.c_size_t(address + size - begin), _HUGEPAGE)
