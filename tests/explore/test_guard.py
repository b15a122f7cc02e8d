"""Who may speak to the page: only a browser here, that came by the printed address."""

import asyncio
import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from talking import sync_client
from websockets.exceptions import InvalidStatus

from elman.explore.guard import Guard
from elman.explore.server import listening


def status(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    """What a GET gives: status, text and headers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()}


def test_the_page_is_served_at_its_address_and_loads_nothing_from_elsewhere(page: str) -> None:
    code, text, headers = status(page)
    assert code == 200
    assert text.lower().startswith("<!doctype html>")
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert status(f"{page}index.html", Host=urlsplit(page).netloc.replace("127.0.0.1", "localhost"))[0] == 200


def test_another_token_finds_nothing(page: str) -> None:
    parts = urlsplit(page)
    here = f"http://{parts.netloc}"
    for path in (
        "/",
        "/index.html",
        "/ws",
        "/docs",
        "/openapi.json",
        f"{parts.path[:-2]}/",
        f"{parts.path}../../server.py",
    ):
        assert status(here + path)[0] == 404, path


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}"])
def test_another_host_is_refused(page: str, host: str) -> None:
    code, text, _ = status(page, Host=host.format(port=urlsplit(page).port))
    assert (code, text[:45]) == (403, "this page is for this machine alone: open the")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"])
def test_another_origin_is_refused(page: str, origin: str) -> None:
    port = urlsplit(page).port
    origin = origin.format(port=port)
    assert status(page, Origin=origin)[0] == 403
    assert status(page, Origin=f"http://localhost:{port}")[0] == 200
    with pytest.raises(InvalidStatus) as refused:
        sync_client.connect(f"{page.replace('http', 'ws', 1)}ws", origin=origin, proxy=None)
    assert refused.value.response.status_code == 403


def test_a_socket_without_origin_or_with_another_token_is_refused(page: str) -> None:
    parts = urlsplit(page)
    for url, origin in (
        (f"ws://{parts.netloc}{parts.path}ws", None),
        (f"ws://{parts.netloc}/x/ws", f"http://{parts.netloc}"),
    ):
        with pytest.raises(InvalidStatus) as refused:
            sync_client.connect(url, origin=origin, proxy=None)
        assert refused.value.response.status_code in (403, 404)


def test_two_headers_of_one_name_do_not_get_past() -> None:
    guard = Guard(None, 80)  # type: ignore[arg-type]
    assert guard.refusal([(b"host", b"127.0.0.1"), (b"host", b"evil.example")], needs_origin=False)
    both = [(b"host", b"localhost:80"), (b"origin", b"http://evil.example"), (b"origin", b"http://localhost")]
    assert guard.refusal(both, needs_origin=True)
    assert guard.refusal([(b"host", b"localhost"), (b"origin", b"http://localhost")], needs_origin=True) is None


def test_answers_do_not_wait_for_the_page_to_acknowledge_the_one_before() -> None:
    async def sends_at_once() -> int:
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        own = listening(0)
        async with await asyncio.start_server(connected, sock=own):
            _, writer = await asyncio.open_connection(*own.getsockname())
            found = await asked
            writer.close()
        return found

    assert asyncio.run(sends_at_once())
