"""Compiled workers: threads that share the work of one call and are asleep the rest of the time.

    control = pool.enter(threads)
    try:
        kernel(control, ...)  # compiled code, which calls `run` (see `parallel`)
    finally:
        pool.leave(control)

One caller has the workers at a time; others that call meanwhile work alone, which takes longer and gives the same bits.
"""

import atexit
import ctypes
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from elman.kernels import control as words
from elman.kernels import placement
from elman.kernels.cache import load
from elman.kernels.emitter import Module
from elman.kernels.parallel import define_workers
from elman.kernels.target import host

_SPIN_SECONDS: Final = 50e-6
_SPIN_OPEN_SECONDS: Final = 1e-3


class Pool:
    """Workers, started when they are first asked for; in all as many as one call asked for at most."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        """Begin anew: at first, and in a forked child, where the threads of its parent are not."""
        # Reentrant: a Ctrl-C between `enter` and `leave` must not shut its own thread out for ever.
        self._busy = threading.RLock()
        self._threads: list[threading.Thread] = []
        self._control = 0
        self._words: Any = None

    def enter(self, threads: int) -> int:
        """Begin a session: the first threads - 1 workers are woken and wait for jobs.

        Args:
            threads: how many threads shall work, the caller included.

        Returns:
            What compiled code hands to `run`; 0, which means the caller alone, for one thread and while another thread
            of Python has a session. `leave` must be called with it.
        """
        if threads <= 1 or not self._busy.acquire(blocking=False):
            return 0
        workers = min(threads - 1, words.MOST_WORKERS)
        if workers > len(self._threads):
            workers = self._start(workers)
            if workers == 0:
                return 0
        self._words[words.WORKERS] = workers
        self._words[words.OPEN] = 1
        _code().rouse(self._control, workers)
        return self._control

    def leave(self, control: int) -> None:
        """End a session: its workers fall asleep unless another one follows at once."""
        if control != 0 and control == self._control:  # after a fork it may be the parent's
            self._words[words.OPEN] = 0
            self._busy.release()

    def _start(self, workers: int) -> int:
        """Start workers until there are so many; how many there are then. Without any the session is over."""
        try:
            if self._control == 0:
                self._control = _new_control()
                self._words = (ctypes.c_int64 * words.WORDS).from_address(self._control)
            while len(self._threads) < workers and self._start_one():
                pass
        finally:
            if not self._threads:
                self._busy.release()
        return len(self._threads)

    def _start_one(self) -> bool:
        number = len(self._threads)
        line = words.FIRST_WORKER + words.LINE * number
        self._words[line + words.LOCK] = _new_lock()
        self._words[line + words.AWAKE] = 1
        arguments = (self._control, number)
        thread = threading.Thread(target=_code().worker, args=arguments, name=f"elman-{number}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads: those that there are do
            return False
        self._words[line + words.THREAD] = thread.native_id
        self._threads.append(thread)
        return True

    def end(self) -> None:
        """End the workers; who calls afterwards works alone.

        For the exit of the interpreter: no worker may run while the code that it runs is taken away.
        """
        if self._busy.acquire(timeout=1.0) and self._threads:
            self._words[words.STOP] = 1
            _code().rouse(self._control, len(self._threads))
            for thread in self._threads:
                thread.join(1.0)
            self._threads, self._control = [], 0


_POOL: Final = Pool()
enter, leave = _POOL.enter, _POOL.leave
atexit.register(_POOL.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_POOL._forget)


class _Code:
    """The pool's compiled functions."""

    def __init__(self) -> None:
        self._library = load("pool", (), _emit)
        # `rouse` takes less time than to let go of Python's lock; the others let go of it.
        self.rouse = self._function("rouse", ctypes.PYFUNCTYPE)
        self.spin = self._function("spin", ctypes.CFUNCTYPE)
        self.worker = self._function("worker", ctypes.CFUNCTYPE)
        self.turns_per_second = self._measure()

    def _function(self, name: str, kind: Callable[..., Any]) -> Callable[[int, int], None]:
        function: Callable[[int, int], None] = kind(None, ctypes.c_void_p, ctypes.c_int64)(self._library.address(name))
        return function

    def _measure(self) -> float:
        """A pause takes between 1 and 140 cycles, as the processor pleases."""
        turns, times = 2000, []
        control = _new_block()
        for _ in range(5):
            began = time.perf_counter()
            self.spin(control, turns)
            times.append(time.perf_counter() - began)
        return turns / min(times)


def _emit() -> str:
    module = Module("pool", "float32", host())
    define_workers(module)
    return str(module.ir)


_code = cache(_Code)


def prepare() -> None:
    """Compile what the pool itself needs, or find it in the cache."""
    _code()


def _new_control() -> int:
    """A control block with all that stays as it is."""
    control = _new_block()
    block: Any = (ctypes.c_int64 * words.WORDS).from_address(control)
    block[words.SPIN] = int(_SPIN_SECONDS * _code().turns_per_second)
    block[words.SPIN_OPEN] = int(_SPIN_OPEN_SECONDS * _code().turns_per_second)
    # Python's own locks, which need no interpreter and are there on every system.
    block[words.ACQUIRE] = _address(ctypes.pythonapi.PyThread_acquire_lock)
    block[words.RELEASE] = _address(ctypes.pythonapi.PyThread_release_lock)
    block[words.CALLER_LOCK] = _new_lock()
    block[words.GET_CPU : words.SET_AFFINITY + 1] = placement.system_calls()
    return control


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _new_block() -> int:
    """Zeroed memory that begins a cache line. It is never freed: a worker may look at it to the last moment."""
    allocate = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)(
        ("PyMem_RawCalloc", ctypes.pythonapi)
    )
    line = words.WORD * words.LINE
    address = allocate(words.WORDS + words.LINE, words.WORD)
    if not address:
        raise MemoryError
    return -(-int(address) // line) * line


def _new_lock() -> int:
    """A lock that is taken: who acquires it sleeps until it is released."""
    lock = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyThread_allocate_lock", ctypes.pythonapi))()
    if not lock:
        raise MemoryError
    ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)(("PyThread_acquire_lock", ctypes.pythonapi))(lock, 0)
    return int(lock)
