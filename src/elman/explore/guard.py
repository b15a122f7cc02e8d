"""Who may speak to the page: a browser on this machine that came by the address we printed."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

FORBIDDEN = 403
HERE = ("127.0.0.1", "localhost")


class Guard:
    """Refuses what another site's page or another name for this machine asks; wraps an ASGI application.

    A page of another site can make a browser send requests here, and by a name that it lets point to 127.0.0.1 (DNS
    rebinding) also read the answers. The first carry its `Origin`, the second its `Host`.

    Args:
        app: what is guarded.
        port: that it listens to.
    """

    def __init__(self, app: App, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in HERE} | ({*HERE} if port == 80 else set())
        self._origins = {f"http://{host}" for host in self._hosts}
        sockets = " ".join(sorted(f"ws://{host}" for host in self._hosts))
        self._headers = {
            "content-security-policy": (
                f"default-src 'self'; img-src 'self' data: blob:; connect-src 'self' {sockets}; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "referrer-policy": "no-referrer",  # the address holds the token
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if reason := self.refusal(scope["headers"], needs_origin=scope["type"] == "websocket"):
            await _refuse(scope["type"], reason, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in self._headers.items()]
                message = {**message, "headers": [*message.get("headers", ()), *own]}
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)

    def refusal(self, headers: Iterable[tuple[bytes, bytes]], *, needs_origin: bool) -> str | None:
        """Why a request with these headers is refused; None: it is not."""
        found: dict[bytes, set[str]] = {b"host": set(), b"origin": set()}
        for name, value in headers:
            if name in found:
                found[name].add(value.decode("latin-1"))
        if not found[b"host"] or not found[b"host"] <= self._hosts:
            return "this page is for this machine alone: open the address that elman explore printed"
        if not found[b"origin"] and needs_origin:
            return "a WebSocket needs an Origin, which browsers send"
        if not found[b"origin"] <= self._origins:
            return "another site may not read this page"
        return None


async def _refuse(kind: str, reason: str, send: Send) -> None:
    if kind == "websocket":  # before it is accepted, which a browser sees as 403
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    body = reason.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": FORBIDDEN, "headers": headers})
    await send({"type": "http.response.body", "body": body})
