"""Whether Ctrl-C came, also where somebody else took it."""

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether Ctrl-C came since it was last asked.

    A training takes Ctrl-C for itself and ends in good order with the model that it has: its score must not be kept.
    Python writes every signal that it handles to this socket, whoever has set the handler.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)

        def came() -> bool:
            with contextlib.suppress(BlockingIOError):
                return signal.SIGINT in reader.recv(4096)
            return False

        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield came
        finally:
            signal.set_wakeup_fd(before)
