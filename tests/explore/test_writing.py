"""Writing on the page: the same text as the estimator's own, changed, gone back in, and gone on with bit for bit."""

from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import InputError
from elman.explore.ask import Ask
from elman.explore.explored import Explored
from elman.explore.views import writing as view
from elman.explore.views.writing import Text, refusal, write

SMALL = {"hidden_size": 12, "epochs": 2, "validation_fraction": 0, "verbose": 0}
TEXT = "the cat sat on the mat. the dog sat on the log. " * 12


class Tab:
    """What a request needs of a tab."""

    def __init__(self, model: elman.Generator) -> None:
        self.explored = Explored("m.safetensors", model)
        self.kept: dict[str, Any] = {}

    def write(self, action: str, **fields: Any) -> dict[str, Any]:
        return write(self, Ask({"action": action, **fields}, lambda _: None))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model() -> elman.Generator:
    return elman.Generator(**SMALL, cell="lstm", num_layers=2).fit(TEXT)


@pytest.fixture
def tab(model: elman.Generator) -> Tab:
    return Tab(model)


def texts(level: str) -> elman.Generator:
    return elman.Generator(**SMALL, level=level).fit([TEXT[:48], TEXT[24:48]] * 8)


@pytest.mark.parametrize("level", ["characters", "words", "subwords"])
def test_what_is_written_is_what_the_estimator_generates(level: str) -> None:
    own = texts(level)
    for prompt, seed in (("the cat", 3), ("", 4)):
        tab = Tab(own)
        how = {"temperature": 0.8, "top_k": 5}
        written = "".join(tab.write("begin", prompt=prompt, seed=seed, **how)["added"])
        assert written == prompt
        for _ in range(30):
            found = tab.write("next", **how)
            written += "".join(found["added"])
        assert written == own.generate(prompt, 30, seed=seed, **how)


def test_the_distribution_and_the_states_are_the_networks(tab: Tab, model: elman.Generator) -> None:
    found = tab.write("begin", prompt="the c", temperature=0.5, top_k=3)
    writing = model.writing("the c")
    p = writing.probabilities
    assert [k for k, *_ in found["next"]] == [k for k in np.argsort(-p, kind="stable").tolist() if k > 2][:20]
    for k, name, probability, _ in found["next"]:
        assert (name, probability) == (model.symbols_[k], p[k])
    drawn = np.array([one[3] for one in found["next"]])
    assert np.isclose(drawn.sum(), 1)
    assert (drawn[3:] == 0).all()
    sharper = np.array([p[k] ** 2 for k, *_ in found["next"][:3]])
    np.testing.assert_allclose(drawn[:3], sharper / sharper.sum(), rtol=1e-6)
    for k in range(5):
        state = model.writing("the c"[: k + 1]).state
        for name in ("h", "c"):
            np.testing.assert_array_equal(found["states"][name][k], state[name][0])


@pytest.mark.parametrize("level", ["characters", "words"])
def test_a_change_is_the_same_as_having_read_the_other_symbol(level: str) -> None:
    own = texts(level)
    tab = Tab(own)
    tab.write("begin", prompt="the cat sat")
    tab.write("next", temperature=0)
    other = own.codecs_["input"].encode("on").tolist()[0]
    found = tab.write("change", symbol=other)
    writing = own.writing("the cat sat")
    writing.read(own.codecs_["input"].decode([other]))
    for name in ("h",):
        np.testing.assert_array_equal(found["states"][name][0], writing.state[name][0])
    assert [one[2] for one in found["next"]] == sorted(writing.probabilities[[one[0] for one in found["next"]]])[::-1]
    assert "".join(found["added"]).strip() == own.symbols_[other]
    after = "".join("".join(tab.write("next", temperature=0)["added"]) for _ in range(5))
    writing.sample(temperature=0)
    assert after.strip() == "".join(next(writing, "") for _ in range(5)).strip()


def test_back_forgets_and_goes_on_as_if_it_had_not_been(tab: Tab, model: elman.Generator) -> None:
    before = tab.write("begin", prompt="the ")
    for _ in range(3):
        tab.write("next")
    found = tab.write("back", at=4)
    assert (found["at"], found["added"], found["states"]) == (4, [], None)
    assert found["next"] == before["next"]
    assert tab.write("back")["at"] == 3
    assert tab.write("choose", symbol=model.symbols_.index(" "))["added"] == [" "]
    assert tab.write("look", at=4)["next"] == before["next"]
    assert tab.write("look", at=2)["at"] == 2
    one, two = tab.write("next", at=4), tab.write("next", at=4)
    assert one["at"] == two["at"] == 4


def test_the_end_is_written_once_and_taken_back() -> None:
    tab = Tab(texts("words"))
    tab.write("begin", prompt="the")
    before = tab.write("look")["next"]
    found = tab.write("choose", symbol=2)
    assert (found["ended"], found["added"]) == (True, [""])
    assert tab.write("next")["added"] == []
    with pytest.raises(InputError, match="has ended"):
        tab.write("choose", symbol=3)
    found = tab.write("back")
    assert (found["ended"], found["next"]) == (False, before)


def test_how_symbols_are_drawn_may_change_on_the_way(tab: Tab) -> None:
    tab.write("begin", prompt="the ", temperature=1.0)
    drawn = tab.write("next", temperature=0)["next"]
    assert [one[3] for one in drawn] == [1.0] + [0.0] * (len(drawn) - 1)
    flat, plain = (tab.write("look", temperature=one)["next"] for one in (2.0, 1.0))
    assert flat[0][3] < plain[0][3]


def test_places_are_kept_within_a_bound(model: elman.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(array.nbytes for array in model.writing().state.to_arrays().values())
    monkeypatch.setattr(view, "MOST_BYTES", 5 * size)
    text = Text(model, "the cat sat", {}, 0)
    assert (len(text), text.dropped) == (11, 6)
    text.cut(7)
    assert (len(text), text.dropped) == (7, 6)
    np.testing.assert_array_equal(text.writing.state["h"], model.writing("the cat").state["h"])
    with pytest.raises(InputError, match="no longer kept"):
        text.cut(5)
    monkeypatch.setattr(view, "MOST_SYMBOLS", 8)
    text.next()
    state = text.writing.state
    with pytest.raises(InputError, match="more than are written here"):
        text.next()
    np.testing.assert_array_equal(text.writing.state["h"], state["h"])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"action": "begin", "prompt": 7}, "prompt is 7, expected a text"),
        ({"action": "begin", "prompt": "a" * 2001}, "prompt has 2,001 characters, expected at most 2,000"),
        ({"action": "begin", "prompt": "\ud800"}, "not valid Unicode"),
        ({"action": "begin", "seed": -1}, "seed is -1"),
        ({"action": "begin", "temperature": -1}, "temperature is -1, expected a number from 0 to 10"),
        ({"action": "begin", "top_k": "x"}, "top_k is 'x'"),
        ({"action": "choose", "symbol": 900}, "symbol is 900, expected a whole number from 0"),
        ({"action": "choose", "symbol": 0}, "symbol is 0, which is never written"),
        ({"action": "change"}, "symbol is None"),
        ({"action": "back", "at": 99}, "at is 99"),
        ({"action": "sing"}, "action is 'sing', expected one of begin, next"),
    ],
)
def test_bad_requests_change_nothing(tab: Tab, fields: dict[str, Any], says: str) -> None:
    tab.write("begin", prompt="the cat")
    before = tab.write("next")["next"]
    with pytest.raises(InputError, match=says.replace("(", r"\(")):
        tab.write(**fields)
    assert tab.write("look")["next"] == before


def test_before_a_text_is_begun(tab: Tab) -> None:
    with pytest.raises(InputError, match="begin one first"):
        tab.write("next")


def test_who_has_no_such_view_is_told_why() -> None:
    tagger = elman.Classifier(**SMALL).fit(["ab", "ba"] * 5, ["a", "b"] * 5)
    assert "only a generator writes" in str(refusal(Explored("m", tagger)))
    assert refusal(Explored("m", texts("words"))) is None
