"""The page and its WebSocket, on this machine alone."""

import asyncio
import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.errors import InputError, require
from elman.explore.explored import Explored
from elman.explore.guard import Guard
from elman.explore.heard import hearing
from elman.explore.session import Tab

if TYPE_CHECKING:
    from fastapi import FastAPI, WebSocket
    from uvicorn import Server

ADDRESS = "127.0.0.1"
PAGE = Path(__file__).with_name("page")
LARGEST = 1 << 26  # bytes of a message that is still read, so that the page can be told that it is too large
EXTRA = "serve"


def application(explored: Explored, token: str, port: int) -> Guard:
    """The page at `/token/` and its WebSocket at `/token/ws`, guarded.

    Raises:
        MissingExtra: FastAPI is not installed.
    """
    fastapi: Any = require("fastapi", EXTRA)
    files: Any = require("fastapi.staticfiles", EXTRA)
    routing: Any = require("starlette.routing", EXTRA)

    async def live(websocket: "WebSocket") -> None:
        await websocket.accept()
        await talk(explored, websocket)

    routes = [
        routing.WebSocketRoute(f"/{token}/ws", live),
        routing.Mount(f"/{token}", files.StaticFiles(directory=PAGE, html=True)),
    ]
    app: FastAPI = fastapi.FastAPI(openapi_url=None, routes=routes)
    return Guard(app, port)


async def talk(explored: Explored, websocket: "WebSocket") -> None:
    """Answer one tab until it is closed."""
    from fastapi import WebSocketDisconnect

    tab = Tab(explored, websocket.send_text)
    delivery = asyncio.create_task(tab.deliver())
    try:
        while (message := await websocket.receive())["type"] != "websocket.disconnect":
            tab.receive(message.get("text") or "")  # bytes are no request
    finally:
        tab.close()
        delivery.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):  # it was sending when it was closed
            await delivery


def listening(port: int) -> socket.socket:
    """A socket on this machine alone.

    Args:
        port: 0 takes a free one.

    Raises:
        InputError: the port is in use, or not for us.
    """
    # By its protocol asyncio knows that it may send at once; else an answer waits 40 ms for the page to acknowledge.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # where it would let two programs listen to one port
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((ADDRESS, port))
    except OSError as error:
        found.close()
        raise InputError(
            f"port {port} cannot be used ({error.strerror or error}): give another one with --port, or 0 for a free one"
        ) from None
    found.listen()  # from now on a browser that comes early waits
    return found


def serve(explored: Explored, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C.

    Args:
        explored: the model.
        port: to listen to; 0: a free one.
        ready: called with the address as soon as the page can be opened.

    Raises:
        InputError: the port cannot be used.
        MissingExtra: a library of the extra is not installed.
    """
    with listening(port) as own:
        server, address = server_of(explored, own)
        ready(address)
        with hearing():
            server.run(sockets=[own])


def server_of(explored: Explored, own: socket.socket) -> tuple["Server", str]:
    """The server of a page, which is yet to run, and the page's address, which has a token of its own.

    Args:
        explored: the model.
        own: as `listening` gives it.

    Raises:
        MissingExtra: a library of the extra is not installed.
    """
    uvicorn: Any = require("uvicorn", EXTRA)
    require("websockets", EXTRA)
    token, port = secrets.token_urlsafe(16), own.getsockname()[1]
    config = uvicorn.Config(
        application(explored, token, port),
        log_level="warning",
        ws_max_size=LARGEST,
        ws_per_message_deflate=False,  # it takes longer than to send the whole to the same machine
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    return uvicorn.Server(config), f"http://{ADDRESS}:{port}/{token}/"
