"""The lab in a real browser: networks are trained live, stopped, and their curves saved."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from talking import talking

FEW = "view=lab&task=delay&cells=elman,gru&lab_hidden_size=12&lab_length=21&lab_sees=3&lab_learning_rate=0.02"


def ready(tab: Any) -> None:
    tab.wait_for_selector(".lab .go button:not([disabled])")


def rows_of(tab: Any) -> list[dict[str, str]]:
    with tab.expect_download() as download:
        tab.click("[data-save=csv]")
    return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))


def test_an_experiment_is_trained_drawn_and_saved(browser: Any, page: str) -> None:
    with looking(browser, page, f"{FEW}&lab_steps=40") as tab:
        ready(tab)
        tab.click("text=Train")
        tab.wait_for_selector("text=ended after 40 batches")
        assert tab.inner_text(".found").startswith("After 40 batches elman ")
        assert "which sees 3 steps" in tab.inner_text(".found")
        assert tab.locator(".lab svg.chart").count() == 3
        assert tab.locator(".lab svg.chart >> nth=0 >> path.line").count() == 3
        assert "end of the feedforward window" in tab.text_content(".lab svg.chart >> nth=0")
        rows = rows_of(tab)
        with talking(page) as talk:
            started = {"task": "delay", "cells": ["elman", "gru"], "hidden_size": 12, "length": 21, "sees": 3}
            number = talk.send("lab", action="start", **started, learning_rate=0.02, steps=40)
            points = []
            while "is" not in (message := talk.receive()):
                points += [message] if message["id"] == number and "accuracy" in message else []
        for what in ("accuracy", "loss"):
            found = [row for row in rows if row["what"] == what]
            assert len(found) == 3 * len(points) == 3 * 41
            for row in found:
                point = points[int(row["at"])]
                assert float(row["value"]) == pytest.approx(point[what][row["network"]], rel=1e-6)


def test_a_long_one_is_stopped_and_another_begun(browser: Any, page: str) -> None:
    with looking(browser, page, f"{FEW}&lab_steps=20000") as tab:
        ready(tab)
        tab.click("text=Train")
        tab.wait_for_selector(".found:has-text('batches')")
        tab.click("text=Stop")
        tab.wait_for_selector("text=stopped after")
        tab.fill("#lab_steps", "10")
        tab.focus("#lab_seed")
        tab.wait_for_function("() => location.hash.includes('lab_steps=10&') || location.hash.endsWith('lab_steps=10')")
        tab.click("text=Train")
        tab.wait_for_selector("text=ended after 10 batches")
        assert rows_of(tab)[-1]["network"] == "feedforward"


def test_leaving_the_view_ends_the_training(browser: Any, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.explore.lab import Learner

    taught = 0
    own = Learner.learn

    def learn(self: Learner, batch: Any) -> None:
        nonlocal taught
        taught += 1
        own(self, batch)

    monkeypatch.setattr(Learner, "learn", learn)
    with looking(browser, page, f"{FEW}&lab_steps=20000") as tab:
        for leave in ("#view=network", None):
            tab.evaluate("hash => { location.hash = hash }", FEW + "&lab_steps=20000")
            ready(tab)
            before = taught
            tab.click("text=Train")
            tab.wait_for_selector(".found:has-text('batches')")
            assert taught > before
            tab.evaluate("hash => { location.hash = hash }", leave) if leave else tab.goto("about:blank")
            until, still = time.monotonic() + 20, -1
            while still != taught and time.monotonic() < until:
                still = taught
                tab.wait_for_timeout(1000)
            assert still == taught < 3 * 20_000


def test_choices_are_kept_in_the_address_and_bad_ones_refused(browser: Any, page: str) -> None:
    with looking(browser, page, "view=lab") as tab:
        ready(tab)
        tab.select_option(".lab select", "parity")
        tab.click("[data-name=lstm]")
        tab.click("[data-name=gru]")
        tab.fill("#lab_hidden_size", "7")
        tab.press("#lab_hidden_size", "Tab")
        parts = ("task=parity", "cells=elman%2Clstm", "lab_hidden_size=7")
        tab.wait_for_function("parts => parts.every(part => location.hash.includes(part))", arg=list(parts))
        tab.reload()
        ready(tab)
        assert tab.input_value("#lab_hidden_size") == "7"
        assert tab.get_attribute(".cells [data-name=gru]", "aria-pressed") == "false"
        tab.fill("#lab_length", "2")
        tab.press("#lab_length", "Tab")
        tab.click("text=Train")
        tab.wait_for_selector(".lab .fault:has-text('length is 2')")
        tab.fill("#lab_length", "12")
        tab.fill("#lab_steps", "5")
        tab.press("#lab_steps", "Tab")
        tab.click("text=Train")
        tab.wait_for_selector("text=ended after 5 batches")
        assert tab.inner_text(".lab .fault") == ""
