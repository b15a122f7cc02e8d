"""A tab's requests: bad ones, cancelled ones, several at once, and what becomes of them when the tab is closed."""

import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from talking import WAIT, Talk, talking, unpacked

from elman.errors import DataWarning, InputError
from elman.explore.ask import Ask, Cancelled
from elman.explore.requests import Request, requests
from elman.explore.session import Tab


class Slow:
    """Work that ends only when nobody waits for it, or it is let go."""

    def __init__(self) -> None:
        self.begun, self.cancelled, self.let_go = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, tab: Tab, ask: Ask) -> dict[str, Any]:
        self.begun.set()
        try:
            for _ in range(WAIT * 100):
                ask.progress(0.5, so_far=1)
                if self.let_go.wait(0.01):
                    return {"done": True}
        except Cancelled:
            self.cancelled.set()
            raise
        raise TimeoutError


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    found = Slow()
    monkeypatch.setitem(requests(), "slow", Request(found))
    return found


def test_what_is_no_request_is_answered_and_the_tab_lives_on(page: str) -> None:
    with talking(page) as tab:
        for text in (
            "",
            "{",
            "[]",
            '{"id": 1}',
            '{"do": "read"}',
            '{"id": "1", "do": "read"}',
            "[" * 100_000,
            '"\\ud800"',
        ):
            tab.socket.send(text)
            assert tab.receive()["error"].startswith("this is no request"), text[:20]
        assert tab.refused("bah").startswith("do is 'bah', expected one of about, read")
        assert tab.refused("states") == "nothing has been read yet: give an input first"
        tab.socket.send(b"\x00")
        assert tab.receive()["error"].startswith("this is no request")
        assert tab.ask("about")["task"] == "generate"


def test_what_is_too_large_is_refused_with_its_number(page: str) -> None:
    with talking(page) as tab:
        number = tab.send("read", text="a" * 1_000_000)
        assert tab.receive() == {
            "id": number,
            "error": "the message has more than 1,000,000 bytes: give a shorter input",
        }
        tab.send("read", text="ж" * 600_000)  # of two bytes each
        assert "1,000,000 bytes" in tab.receive()["error"]
        assert "20,001 characters, expected at most 20,000" in tab.refused("read", text="a" * 20_001)
        assert tab.ask("read", text="red")["output"]["kind"] == "symbols"


def test_a_new_request_cancels_the_older_one_of_its_name_and_slot(page: str, slow: Slow) -> None:
    with talking(page) as tab:
        first, other = tab.send("slow"), tab.send("slow", slot="b")
        assert slow.begun.wait(WAIT)
        second = tab.send("slow")
        found: dict[int, dict[str, Any]] = {}
        while first not in found:
            message = tab.receive()
            found |= {} if "progress" in message else {message["id"]: message}
        assert found == {first: {"id": first, "cancelled": True}}
        slow.let_go.set()
        while len(found) < 3:
            message = tab.receive()
            found |= {} if "progress" in message else {message["id"]: message}
        assert found[second]["is"] == found[other]["is"] == {"done": True}


def test_progress_comes_before_the_result(page: str, slow: Slow) -> None:
    with talking(page) as tab:
        number = tab.send("slow")
        assert tab.receive() == {"id": number, "progress": 0.5, "so_far": 1}
        slow.let_go.set()
        assert tab.last(number)["is"] == {"done": True}


def test_work_ends_when_its_tab_is_closed_and_other_tabs_live_on(page: str, slow: Slow) -> None:
    with talking(page) as other:
        other.ask("read", text="blue")
        with talking(page) as tab:
            tab.send("slow")
            assert slow.begun.wait(WAIT)
        assert slow.cancelled.wait(WAIT)
        tab_and_its_socket_torn(page, slow)
        assert len(unpacked(other.ask("states")["array"])) == 5


def tab_and_its_socket_torn(page: str, slow: Slow) -> None:
    """A tab whose connection is cut without a word while work runs."""
    slow.begun.clear()
    slow.cancelled.clear()
    with talking(page) as tab:
        tab.send("slow")
        assert slow.begun.wait(WAIT)
        tab.socket.socket.close()
    assert slow.cancelled.wait(WAIT)


def test_two_tabs_have_each_its_own_input(page: str) -> None:
    with talking(page) as one, talking(page) as two:
        one.ask("read", text="red")
        two.ask("read", text="green bird")
        assert unpacked(one.ask("states")["array"]).shape == (4, 8)
        assert unpacked(two.ask("states")["array"]).shape == (11, 8)


def test_other_requests_are_about_the_input_that_is_being_read(page: str) -> None:
    with talking(page) as tab:
        for text in ("r", "re", "red"):
            number = tab.send("read", text=text)
        states = tab.send("states")
        found = tab.last(states)["is"]
        assert found["read"] == number
        assert unpacked(found["array"]).shape == (4, 8)


def test_what_is_asked_about_an_input_ends_when_another_one_was_read(
    page: str, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(requests(), "slow", Request(slow, of_reading=True))
    with talking(page) as tab:
        tab.ask("read", text="red")
        old = tab.send("slow")
        assert slow.begun.wait(WAIT)
        assert tab.refused("read", text=3).startswith("text is 3")
        assert not slow.cancelled.is_set()
        tab.send("read", text="blue")
        assert tab.last(old) == {"id": old, "cancelled": True}
        slow.cancelled.clear()
        tab.send("read", text="green")
        new = tab.send("slow", slot="new")  # which waits for it
        slow.let_go.set()
        assert tab.last(new)["is"] == {"done": True}


def test_after_an_error_the_last_good_input_is_still_there(page: str) -> None:
    with talking(page) as tab:
        tab.ask("read", text="red")
        assert tab.refused("read", values=[[1]]) == "this model reads texts: give one, or choose an example"
        assert tab.refused("read", text=3) == "text is 3, expected a text"
        assert unpacked(tab.ask("states")["array"]).shape == (4, 8)


def test_a_fault_of_ours_is_told_and_the_tab_lives_on(
    page: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(tab: Tab, ask: Ask) -> Any:
        raise RuntimeError("a bug")

    def refused(tab: Tab, ask: Ask) -> Any:
        raise InputError("one\nline")

    monkeypatch.setitem(requests(), "broken", Request(broken))
    monkeypatch.setitem(requests(), "refused", Request(refused))
    with talking(page) as tab:
        assert tab.refused("broken").startswith("this is a fault in elman")
        assert "RuntimeError: a bug" in capfd.readouterr().err
        assert tab.refused("refused") == "one line"
        assert tab.ask("about")["task"] == "generate"


def test_warnings_of_data_go_to_the_request_that_met_them(
    talk: Callable[..., Talk],
    generator: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def warned(tab: Tab, ask: Ask) -> dict[str, Any]:
        for word in ("a", "a", "b"):
            warnings.warn(f"left out {word}", DataWarning, stacklevel=1)
        return {"notes": ["first"]}

    monkeypatch.setitem(requests(), "warned", Request(warned))
    tab = talk(generator)
    for _ in range(2):
        assert tab.ask("warned") == {"notes": ["first", "left out a", "left out b"]}
    assert tab.ask("read", text="red")["notes"] == []
    assert "left out" not in capfd.readouterr().err


def test_what_is_done_by_hand_is_checked(page: str) -> None:
    with talking(page) as tab:
        tab.ask("read", text="red")
        for fields, said in (
            ({"layer": 1}, "layer is 1, expected a whole number from 0 to 0"),
            ({"layer": True}, "layer is True"),
            ({"layer": 0.5}, "layer is 0.5"),
            ({"reverse": 1}, "reverse is 1, expected a whole number from 0 to 0"),
            ({"part": "encoder"}, "part is 'encoder', expected one of network"),
            ({"what": "gate q"}, "what is 'gate q', expected one of h, c, gate i"),
            ({"what": ["h"]}, "what is ['h'], expected a text"),
        ):
            assert tab.refused("states", **fields).startswith(said)


def test_a_hundred_quick_requests_end_with_the_last(page: str) -> None:
    with talking(page) as tab:
        numbers = [tab.send("read", text="red dog"[: 1 + k % 7]) for k in range(100)]
        ends = {}
        while len(ends) < len(numbers):
            message = tab.receive()
            ends[message["id"]] = message
        assert "is" in ends[numbers[-1]]
        assert all("is" in one or one.get("cancelled") for one in ends.values())
        assert sum("cancelled" in one for one in ends.values()) > 50
        wanted = "red dog"[: 1 + 99 % 7]
        assert ends[numbers[-1]]["is"]["input"]["text"] == wanted
        assert np.isfinite(unpacked(tab.ask("states")["array"])).all()


def wait_until(condition: Any) -> None:
    """Wait for something that happens in another thread."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_threads_of_closed_tabs_are_gone(page: str) -> None:
    def threads() -> int:
        return sum(one.name.startswith("elman explore") for one in threading.enumerate())

    wait_until(lambda: threads() == 0)
    with talking(page) as tab:
        assert isinstance(tab, Talk)
        tab.ask("read", text="red")
        assert threads() >= 1
    wait_until(lambda: threads() == 0)


def test_progress_may_hold_arrays_and_numbers_that_are_not_finite(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(tab: Tab, ask: Ask) -> dict[str, Any]:
        ask.progress(0.5, series=np.array([1.0, 2.0]), loss=float("nan"), best=np.float32(0.5))
        return {"done": True}

    monkeypatch.setitem(requests(), "arrays", Request(answer))
    with talking(page) as tab:
        number = tab.send("arrays")
        told = tab.receive()
        np.testing.assert_array_equal(unpacked(told.pop("series")), [1, 2])
        assert told == {"id": number, "progress": 0.5, "loss": None, "best": 0.5}
        assert tab.last(number)["is"] == {"done": True}


def test_an_error_does_not_repeat_all_that_was_asked(page: str) -> None:
    with talking(page) as tab:
        tab.ask("read", text="red")
        for fields in ({"do": "ablate", "units": list(range(9999))}, {"do": "saliency", "output": "long " * 9999}):
            assert len(tab.refused(**fields)) <= 500
