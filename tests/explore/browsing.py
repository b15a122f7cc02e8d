"""A browser that looks at the page, and what must be true whatever it does there."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

WAIT = 20_000  # milliseconds for what the page does
PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
WITHIN = ("blob", "data", "about")  # what a page makes itself


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, or the test is skipped: one of the system's, or the one that Playwright has installed."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        named = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
        found = next((path for path in (*PLACES, *named, own) if path and Path(path).exists()), None)
        if found is None:
            pytest.skip("no Chromium was found: python -m playwright install chromium")
        sandbox = [] if hasattr(os, "geteuid") and os.geteuid() else ["--no-sandbox"]  # it refuses to start for root
        browser = playwright.chromium.launch(executable_path=found, args=sandbox)
        yield browser
        browser.close()


@contextmanager
def looking(browser: Any, address: str, hash: str = "", *, width: int = 1280, dark: bool = False) -> Iterator[Any]:
    """A tab at an address; at the end nothing must have been said on its console, and nobody else been asked."""
    context = browser.new_context(
        viewport={"width": width, "height": 850}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    context.set_default_timeout(WAIT)
    tab = context.new_page()
    faults: list[str] = []
    tab.on("console", lambda one: faults.append(one.text) if one.type in ("error", "warning") else None)
    tab.on("pageerror", lambda one: faults.append(str(one)))
    host = urlsplit(address).netloc
    tab.on("request", lambda one: None if is_own(one.url, host) else faults.append(f"asked {one.url}"))
    try:
        tab.goto(f"{address}#{hash}")
        tab.wait_for_selector("#beside .symbol, main.alone .view h2")
        yield tab
        assert faults == []
    finally:
        context.close()


def until(tab: Any, expression: str, argument: Any = None) -> None:
    """Wait for an expression to be true; Playwright's own way to do it is forbidden by the page's content policy."""
    end = time.monotonic() + WAIT / 1000
    while not (found := tab.evaluate(expression, argument)):
        assert time.monotonic() < end, (expression, argument, found)
        time.sleep(0.02)


def is_own(url: str, host: str) -> bool:
    """Whether a request goes to the page's own server, or to nobody."""
    parts = urlsplit(url)
    return parts.scheme in WITHIN or parts.netloc == host
