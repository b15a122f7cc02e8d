"""Writing in a real browser: played, paused, changed, and gone on with, as the estimator itself would."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import looking

VIEW = "view=writing&text=red"


def text_of(tab: Any) -> str:
    """The text, as the page shows it."""
    return str(tab.locator(".text [data-at]").evaluate_all("all => all.map(one => one.textContent).join('')"))


def has_symbols(tab: Any, count: int) -> None:
    tab.wait_for_function("count => document.querySelectorAll('.text [data-at]').length === count", arg=count)


def name(tab: Any, role: str) -> Any:
    return tab.get_by_role("button", name=role, exact=True)


def test_what_is_stepped_is_what_the_estimator_writes(browser: Any, page: str, generator: Any) -> None:
    with looking(browser, page, f"{VIEW}&temperature=0.7&top_k=4&write_seed=5") as tab:
        has_symbols(tab, 3)
        writing = generator.writing("red", temperature=0.7, top_k=4, seed=[0, 5])
        expected = "red"
        for k in range(12):
            name(tab, "Step").click()
            added = next(writing, "")
            expected += added
            if writing.ended:
                break
            has_symbols(tab, 4 + k)
        assert text_of(tab).rstrip("■") == expected == generator.generate("red", 12, temperature=0.7, top_k=4, seed=5)


def test_play_pause_change_and_on(browser: Any, page: str, generator: Any) -> None:
    with looking(browser, page, f"{VIEW}&temperature=0&speed=30") as tab:
        has_symbols(tab, 3)
        name(tab, "Play").click()
        tab.wait_for_function("() => document.querySelectorAll('.text [data-at]').length > 6")
        if name(tab, "Pause").count():
            name(tab, "Pause").click()
        tab.wait_for_timeout(300)
        before = text_of(tab)
        tab.wait_for_timeout(300)
        assert text_of(tab) == before  # it stands still
        tab.click(".text [data-at='4']")
        tab.wait_for_selector(".next h3:has-text('in place of')")
        symbol = generator.symbols_.index("b")
        tab.click(f"[data-symbol='{symbol}']")
        has_symbols(tab, 5)
        assert text_of(tab) == before[:4] + "b"
        writing = generator.writing("", temperature=0)
        writing.read(before[:4] + "b")
        p = writing.probabilities
        shown = tab.locator(".symbols button").evaluate_all("all => all.map(one => Number(one.dataset.symbol))")
        assert shown == [k for k in np.argsort(-p, kind="stable").tolist() if k not in writing.never][:20]
        share = tab.inner_text(".symbols .share >> nth=0")
        assert float(share.removesuffix(" %")) == pytest.approx(100 * p[shown[0]], abs=0.05)
        expected = next(writing, "■")
        name(tab, "Step").click()
        has_symbols(tab, 6)
        assert text_of(tab) == before[:4] + "b" + expected
        name(tab, "Back").click()
        has_symbols(tab, 5)
        with tab.expect_download() as download:
            tab.click("[data-save=csv]")
        rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
        assert rows[0][:4] == ["step", "symbol", "how", "h 0"]
        assert [row[2] for row in rows[1:]] == ["given"] * 3 + ["written", "changed"]
        again = generator.writing("")
        for row, symbol_read in zip(rows[1:], before[:4] + "b", strict=True):
            again.read(symbol_read)
            np.testing.assert_array_equal(np.array(row[3:], np.float32), again.state["h"][0, -1])


def test_a_chosen_symbol_is_written_next_and_keys_choose(browser: Any, page: str, generator: Any) -> None:
    with looking(browser, page, VIEW) as tab:
        has_symbols(tab, 3)
        symbol = tab.get_attribute(".symbols button >> nth=2", "data-symbol")
        tab.click(".symbols button >> nth=2")
        has_symbols(tab, 4)
        assert text_of(tab) == "red" + generator.symbols_[int(symbol)]
        tab.focus(".text")
        tab.keyboard.press("ArrowLeft")
        tab.keyboard.press("ArrowLeft")
        tab.wait_for_selector(".text .at[data-at='2']")
        tab.wait_for_selector(".symbols [aria-current]")
        assert tab.inner_text(".symbols [aria-current] .name") == "d"
        tab.keyboard.press("Escape")
        tab.wait_for_selector(".next h3:has-text('What comes next')")


def test_temperature_changes_what_is_drawn(browser: Any, page: str) -> None:
    with looking(browser, page, VIEW) as tab:
        has_symbols(tab, 3)
        before = tab.get_attribute(".symbols button >> nth=0", "title")
        tab.fill("#temperature", "0.1")
        tab.wait_for_function("before => document.querySelector('.symbols button').title !== before", arg=before)
        wide = tab.locator(".track .drawn-with").evaluate_all("all => all.map(one => parseFloat(one.style.width))")
        likely = tab.locator(".track .is").evaluate_all("all => all.map(one => parseFloat(one.style.width))")
        assert wide[0] > likely[0]
        assert wide[-1] < likely[-1]
        tab.wait_for_function("() => location.hash.includes('temperature=0.1')")


def test_a_lost_connection_leaves_nothing_running_and_the_text_goes_on(
    browser: Any, page: str, generator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from elman.tasks.writing import Writing

    steps: list[float] = []
    own = Writing._follow

    def follow(self: Writing, ids: list[int]) -> None:
        steps.append(time.monotonic())
        own(self, ids)

    monkeypatch.setattr(Writing, "_follow", follow)
    with looking(browser, page, f"{VIEW}&speed=40&temperature=0") as tab:
        has_symbols(tab, 3)
        name(tab, "Play").click()
        tab.wait_for_function("() => document.querySelectorAll('.text [data-at]').length > 5")
        tab.evaluate("import('./page.js').then(page => page.socket.socket.close())")
        tab.wait_for_selector("#connection:not([hidden])")
        count = len(steps)
        tab.wait_for_timeout(400)
        assert len(steps) - count <= 1
        assert name(tab, "Play").count() == 1
        tab.wait_for_selector("#connection", state="hidden")
        tab.wait_for_timeout(300)
        before = text_of(tab)
        assert len(before) > 5
        tab.click(".symbols button >> nth=1")
        has_symbols(tab, len(before) + 1)
        assert text_of(tab)[:-1] == before
        writing = generator.writing("")
        writing.read(text_of(tab))
        likeliest = [k for k in np.argsort(-writing.probabilities, kind="stable").tolist() if k not in writing.never]
        assert tab.get_attribute(".symbols button >> nth=0", "data-symbol") == str(likeliest[0])


def test_another_input_begins_another_text(browser: Any, page: str) -> None:
    with looking(browser, page, VIEW) as tab:
        has_symbols(tab, 3)
        name(tab, "Step").click()
        has_symbols(tab, 4)
        tab.fill("#input-field", "blue dog")
        has_symbols(tab, 8)
        assert text_of(tab) == "blue dog"
        tab.fill("#input-field", "")
        has_symbols(tab, 0)
        assert name(tab, "Back").is_disabled()
