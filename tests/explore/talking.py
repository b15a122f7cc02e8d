"""A page served for a model, and a tab that speaks to it, as the browser does."""

import base64
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from elman.explore.explored import Explored
from elman.explore.heard import hearing
from elman.explore.server import listening, server_of

pytest.importorskip("fastapi", reason="the extra serve is not installed")
sync_client = pytest.importorskip("websockets.sync.client", reason="the extra serve is not installed")

WAIT = 60  # seconds for an answer, on a busy machine


class Talk:
    """A tab's end of the WebSocket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)

    def send(self, do: str, **fields: Any) -> int:
        """Ask, and go on."""
        number = next(self._numbers)
        self.socket.send(json.dumps({"id": number, "do": do, **fields}))
        return number

    def receive(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=WAIT))
        return message

    def last(self, number: int) -> dict[str, Any]:
        """The last message of a request; those of others, and progress, are passed over."""
        while True:
            message = self.receive()
            if message["id"] == number and "progress" not in message:
                return message

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """What a request gives."""
        message = self.last(self.send(do, **fields))
        assert "is" in message, message
        found: dict[str, Any] = message["is"]
        return found

    def refused(self, do: str, **fields: Any) -> str:
        """The sentence with which a request is refused."""
        message = self.last(self.send(do, **fields))
        assert "error" in message, message
        return str(message["error"])


def unpacked(array: dict[str, Any]) -> np.ndarray:
    """An array as the page reads it."""
    return np.frombuffer(base64.b64decode(array["f32"]), "<f4").reshape(array["shape"])


@contextmanager
def served(explored: Explored) -> Iterator[str]:
    """A real server on a free port; its address."""
    with listening(0) as own, hearing():
        server, address = server_of(explored, own)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield address
        finally:
            server.should_exit = True
            thread.join(WAIT)
    assert not thread.is_alive()


@contextmanager
def talking(address: str) -> Iterator[Talk]:
    """A tab of that page."""
    origin = "/".join(address.split("/")[:3])
    url = f"{address.replace('http', 'ws', 1)}ws"
    with sync_client.connect(url, origin=origin, max_size=None, proxy=None) as socket:
        yield Talk(socket)
