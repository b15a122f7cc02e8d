"""The page in a real browser: what a person does with it, and what it may not do."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from browsing import looking, until
from PIL import Image
from small_models import SMALL, TEXTS
from talking import served, talking, unpacked

import elman
from elman.explore import server
from elman.explore.explored import Example, Explored

PAGE = server.PAGE
VIEWS = re.findall(r'{ name: "(\w+)"', (PAGE / "views.js").read_text(encoding="utf-8"))
MOST_BYTES, MOST_LINES = 600_000, 500


def cell(tab: Any, unit: int, text: str = "red cat") -> float:
    """The value that the page shows of a unit at the cursor."""
    until(tab, "unit => document.querySelector('#beside')?.textContent.includes(`Unit ${unit}`)", unit)
    return float(tab.inner_text("#beside .value b").replace("−", "-"))


def states(address: str, **fields: Any) -> np.ndarray:
    """What the server says."""
    with talking(address) as talk:
        talk.ask("read", text="red cat")
        return unpacked(talk.ask("states", **fields)["array"])


def test_the_network_unrolls_and_shows_the_sum_of_a_unit(browser: Any, page: str) -> None:
    with looking(browser, page, "text=red+cat") as tab:
        tab.wait_for_selector("svg.network .column")
        assert tab.locator("svg.network .column").count() == 1
        assert tab.locator(".equations .W_hh").count() == 4
        tab.click("#unroll")
        until(tab, "document.querySelectorAll('svg.network .column').length > 4")
        labels = tab.locator("svg.network .weight.orange").evaluate_all(
            "all => new Set(all.map(one => getComputedStyle(one).fill)).size"
        )
        assert labels == 1  # the same matrix at every step in the same colour
        tab.locator("svg.network .column[data-step='3'] .hidden").click(position={"x": 10, "y": 10})
        tab.wait_for_selector(".sum")
        shown = states(page)[3, 0]
        assert tab.get_attribute("svg.network", "aria-label").startswith("The network unrolled over 8 steps")
        assert cell(tab, 0) == pytest.approx(shown, abs=1e-3)
        heading = tab.inner_text(".view .section h3")
        assert float(heading.rsplit("=", 1)[1].replace("−", "-")) == pytest.approx(shown, abs=1e-4)
        totals = tab.locator(".sum").evaluate_all(
            "all => all.map(one => [...one.querySelectorAll('h4, .addend b')].map(number => number.textContent))"
        )
        for total, *addends in totals:
            added = sum(float(one.replace("−", "-")) for one in addends)
            assert float(total.split("=")[1].replace("−", "-")) == pytest.approx(added, abs=2e-3)
        tab.focus("svg.network")
        tab.keyboard.press("Enter")
        until(tab, "document.querySelectorAll('svg.network .column').length === 1")


def test_an_edit_is_followed_at_once(browser: Any, page: str) -> None:
    with looking(browser, page, "view=states&text=red+cat&step=3&unit=2") as tab:
        first = cell(tab, 2)
        assert first == pytest.approx(states(page)[3, 2], abs=1e-3)
        tab.fill("#input-field", "green bird")
        until(tab, "document.querySelector('.painted')?.textContent === '□green bird'")
        until(tab, "document.querySelector('#beside h2').textContent === 'Step 3 0 to 10'")
        until(tab, "location.hash.includes('text=green+bird')")
        tab.fill("#input-field", "x" * 21_000)
        tab.wait_for_selector("#input-fault:not(:empty)")
        assert "20,000" in tab.inner_text("#input-fault")
        tab.fill("#input-field", "x" * 1_000_001)
        tab.wait_for_timeout(200)
        assert "20,000" in tab.inner_text("#input-fault")
        tab.fill("#input-field", "red cat")  # and the page lives on
        until(tab, "document.querySelector('.painted')?.textContent === '□red cat'")
        assert tab.inner_text("#input-fault") == ""


def test_the_cursor_moves_by_keyboard(browser: Any, page: str) -> None:
    with looking(browser, page, "view=states&text=red+cat") as tab:
        values = states(page)
        tab.focus("canvas.heat")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("j")
        unit = int(tab.input_value("#unit-field"))
        assert unit != 0
        until(tab, "document.querySelector('canvas.heat').getAttribute('aria-valuenow') === '2'")
        assert cell(tab, unit) == pytest.approx(values[2, unit], abs=1e-3)
        said = tab.get_attribute("canvas.heat", "aria-valuetext")
        assert said.startswith("step 2, e")
        tab.keyboard.press("End")
        until(tab, "document.querySelector('#beside h2').textContent === 'Step 7 0 to 7'")
        tab.keyboard.press("?")
        assert tab.locator("dialog[open]").count() == 1
        tab.keyboard.press("Escape")
        tab.keyboard.press("3")
        until(tab, "document.querySelector('.view h2').textContent === 'The output'")
        assert "view=output" in tab.url


def test_a_heat_map_is_sorted_and_zoomed(browser: Any, page: str) -> None:
    with looking(browser, page, "view=states&text=red+cat&order=activity") as tab:
        tab.wait_for_selector(".painted")
        tab.click("canvas.heat", position={"x": 300, "y": 6})  # the topmost row
        activity = np.abs(states(page)).sum(0)
        assert int(tab.input_value("#unit-field")) == int(activity.argmax())
        tab.select_option(".lens select", "gate f")
        until(tab, "document.querySelector('.legend-strip').textContent.startsWith('0')")  # shares, from 0 to 1
        gate = states(page, what="gate f")
        step = int(tab.get_attribute("canvas.heat", "aria-valuenow"))
        assert cell(tab, int(activity.argmax())) == pytest.approx(gate[step, activity.argmax()], abs=1e-3)
        tab.focus("canvas.heat")
        tab.keyboard.press("+")
        until(tab, "location.hash.includes('to=')")
        tab.keyboard.press("0")
        until(tab, "!location.hash.includes('to=')")


def test_what_if_and_ablation(browser: Any, page: str) -> None:
    with looking(browser, page, "view=what_if&text=red+cat") as tab:
        tab.fill("#edit-field", "rid cat")
        with talking(page) as talk:
            talk.ask("read", text="red cat")
            found = talk.ask("what_if", text="rid cat")
            until(tab, "text => document.querySelector('.found').textContent === text", found["sentence"])
            tab.click("#ablate")
            tab.wait_for_selector("text=Without unit 0")
            assert talk.ask("ablate", units=[0], layer=0)["sentence"] == tab.inner_text(".section .found")
        with tab.expect_download() as download:
            tab.click("[data-save=csv]")
        rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
        assert rows[0] == ["step", "read", "norm layer 0"]
        np.testing.assert_allclose([float(row[2]) for row in rows[1:]], unpacked(found["norms"])[0], rtol=1e-6)


def test_what_is_on_demand_comes_with_its_numbers(browser: Any, page: str) -> None:
    with looking(browser, page, "view=over_time&text=red+cat") as tab:
        for name in ("Compute the gradients", "Compute the dynamics", "Compute the memory"):
            tab.click(f"text={name}")
        until(tab, "document.querySelectorAll('svg.chart:not([hidden])').length === 6")
        with tab.expect_download() as download:
            tab.click("[data-save=csv]")
        rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
        with talking(page) as talk:
            talk.ask("read", text="red cat")
            for name, request in (("radius", "dynamics"), ("half_life", "memory")):
                found = [float(row["value"]) for row in rows if row["what"] == name]
                np.testing.assert_allclose(found, unpacked(talk.ask(request)[name]).ravel(), rtol=1e-6)


def test_attribution_by_three_methods(browser: Any, page: str) -> None:
    with looking(browser, page, "view=attribution&text=red+cat&attributed=1") as tab, talking(page) as talk:
        talk.ask("read", text="red cat")
        for method in ("integrated", "gradient", "occlusion"):
            tab.select_option(".controls select", method)
            sentence = talk.ask("saliency", method=method)["sentence"]
            until(tab, "text => document.querySelector('.found').textContent === text", sentence)


def test_an_attribution_shows_the_step_that_it_is_of(browser: Any, page: str) -> None:
    with looking(browser, page, "view=attribution&text=red+cat+red+cat&attributed=1&from=0&to=4") as tab:
        until(tab, "location.hash.includes('from=12&to=16')")  # the last of 16 steps
        tab.select_option(".controls select >> nth=2", "2")
        until(tab, "!location.hash.includes('from=') && location.hash.includes('to=4')")


def test_downloads_hold_what_is_seen(browser: Any, page: str) -> None:
    with looking(browser, page, "view=states&text=red+cat&order=index") as tab:
        tab.wait_for_selector(".painted")
        files = {}
        for kind in ("csv", "svg", "png"):
            with tab.expect_download() as download:
                tab.click(f"[data-save={kind}]")
            assert download.value.suggested_filename == f"states.{kind}"
            files[kind] = Path(download.value.path()).read_bytes()
        rows = list(csv.reader(io.StringIO(files["csv"].decode())))
        assert rows[0] == ["step", "read", *(f"h {unit}" for unit in range(8))]
        assert [row[1] for row in rows[1:]] == ["□", *"red cat"]
        found = np.array([row[2:] for row in rows[1:]], np.float32)
        np.testing.assert_array_equal(found, states(page))
        svg = ElementTree.fromstring(files["svg"])
        assert svg.tag.endswith("svg")
        assert "style" not in files["svg"].decode()
        picture = Image.open(io.BytesIO(files["png"]))
        colours = picture.convert("RGB").getcolors(1 << 20)
        assert picture.width == 2 * round(float(svg.get("width")))
        assert colours is not None
        assert len(colours) > 20


def test_the_address_brings_everything_back(browser: Any, page: str) -> None:
    with looking(browser, page, "view=states&text=red+cat") as tab:
        tab.wait_for_selector(".painted")
        tab.select_option(".lens select", "c")
        tab.fill("#unit-field", "5")
        tab.focus("canvas.heat")
        tab.keyboard.press("ArrowRight")
        until(tab, "['unit=5', 'step=1', 'what=c', 'red+cat'].every(one => location.hash.includes(one))")
        value = cell(tab, 5)
        tab.reload()
        tab.wait_for_selector(".painted")
        assert cell(tab, 5) == value == pytest.approx(states(page, what="c")[1, 5], abs=1e-3)
        assert tab.input_value("#input-field") == "red cat"
        assert tab.input_value(".lens select") == "c"
        tab.click("nav >> text=Output")
        tab.wait_for_selector("text=The output")
        tab.go_back()
        tab.wait_for_selector("text=Hidden units over time")


def test_the_address_keeps_what_other_views_will_read(browser: Any, page: str) -> None:
    text = "red+cat+" * 30  # so long that a part of it is zoomed into, which the address tells
    with looking(browser, page, f"view=states&text={text}&attributed=1&method=occlusion") as tab:
        until(tab, "location.hash.includes('to=')")
        tab.click("nav >> text=Attribution")
        tab.wait_for_selector(".found:not(:empty)")
        assert tab.input_value(".controls select") == "occlusion"


def test_two_tabs_at_once(browser: Any, page: str) -> None:
    with (
        looking(browser, page, "view=states&text=red+cat&step=2") as one,
        looking(browser, page, "view=states&text=blue+dog&step=2") as other,
    ):
        for tab, text in ((one, "□red cat"), (other, "□blue dog"), (one, "□red cat")):
            tab.focus("canvas.heat")
            tab.keyboard.press("ArrowRight")
            assert tab.inner_text(".painted") == text
        assert cell(one, 0) == pytest.approx(states(page)[4, 0], abs=1e-3)


def test_a_lost_connection_is_told_and_made_again(browser: Any, page: str) -> None:
    with looking(browser, page, "view=states&text=red+cat") as tab:
        tab.wait_for_selector(".painted")
        tab.context.set_offline(True)
        assert tab.locator("#connection").is_hidden()
        tab.context.set_offline(False)
        tab.evaluate("import('./page.js').then(page => page.socket.socket.close())")
        tab.wait_for_selector("#connection:not([hidden])")
        assert "made again" in tab.inner_text("#connection")
        tab.wait_for_selector("#connection", state="hidden")
        tab.fill("#input-field", "red dog")
        until(tab, "document.querySelector('.painted').textContent === '□red dog'")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_every_view_is_accessible_and_fits(browser: Any, page: str, width: int, dark: bool) -> None:
    sync_axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    with looking(browser, page, "text=red+cat&attributed=1&unrolled=1&summed=1", width=width, dark=dark) as tab:
        for view in VIEWS:
            tab.evaluate("view => { location.hash = location.hash.replace(/view=\\w+/, '') + `&view=${view}` }", view)
            until(tab, "view => document.querySelector(`.body.${view}, .absent[data-view=${view}]`)", view)
            tab.wait_for_timeout(250)
            found = sync_axe.Axe().run(tab).response["violations"]
            bad = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
            assert bad == [], (view, bad)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, view


def test_every_view_says_what_one_sees_or_why_there_is_none(browser: Any, classifier: Any) -> None:
    with served(Explored("m.safetensors", classifier, [Example("red", "red cat")])) as address:
        with talking(address) as talk:
            reasons = talk.ask("about")["views"]
        with looking(browser, address) as tab:
            for view in VIEWS:
                tab.evaluate("view => { location.hash = `view=${view}` }", view)
                until(tab, "view => document.querySelector(`.body.${view}, .absent[data-view=${view}]`)", view)
                absent = tab.locator(".view > .absent")
                if absent.count():
                    assert absent.inner_text() in reasons.values()
                else:
                    assert len(tab.inner_text("#sentence")) > 40
        assert reasons["write"]


TASKS = ("classify", "regress", "tag", "forecast", "generate", "translate", "caption", "transcribe")
DRAWN = {  # what the view of the output shows of each
    "classify": ".chart .line",
    "regress": ".chart .line",
    "tag": ".tagged .word small",
    "forecast": ".chart path[fill-opacity]",
    "generate": ".wide-bars .bar",
    "translate": ".attention rect[data-u]",
    "caption": ".looks image",
    "transcribe": ".heat",
}


@pytest.fixture(scope="module")
def models(
    classifier: Any, generator: Any, births: Any, sounds: tuple[Any, Any], pictures: tuple[Any, Any]
) -> Callable[[str], Explored]:
    """A small model for each task, with two inputs."""
    tagged = [["O" if len(word) > 3 else "S" for word in text.split()] for text in TEXTS]
    numbers = [np.sin(np.arange(12.0 + k))[:, None] for k in range(6)]
    fits: dict[str, Callable[[], tuple[Any, list[Any]]]] = {
        "classify": lambda: (classifier, TEXTS),
        "regress": lambda: (elman.Regressor(**SMALL, per="step").fit(numbers, numbers), numbers),
        "tag": lambda: (elman.Tagger(**SMALL).fit([text.split() for text in TEXTS], tagged), [["red", "cat"], ["dog"]]),
        "forecast": lambda: (elman.Forecaster(**SMALL, horizon=7, freq="D").fit(births), [births, births]),
        "generate": lambda: (generator, TEXTS),
        "translate": lambda: (elman.Translator(**SMALL, beam=3).fit(TEXTS, [text[::-1] for text in TEXTS]), TEXTS),
        "caption": lambda: (elman.Captioner(**SMALL, image_size=16, channels=8).fit(*pictures), pictures[0]),
        "transcribe": lambda: (elman.Transcriber(**SMALL, beam=4).fit(*sounds), sounds[0]),
    }

    def explored(task: str) -> Explored:
        model, inputs = fits[task]()
        return Explored("m.safetensors", model, [Example(f"example {k}", one) for k, one in enumerate(inputs[:2])])

    return explored


@pytest.mark.parametrize("task", TASKS)
def test_the_views_of_every_task(browser: Any, models: Callable[[str], Explored], task: str) -> None:
    with served(models(task)) as address, looking(browser, address, "unrolled=1&attributed=1&step=1") as tab:
        tab.wait_for_selector("svg.network .column.current")
        for view in ("output", "states", "attribution", "what_if"):
            tab.evaluate("view => { location.hash = location.hash.replace(/view=\\w+/, '') + `&view=${view}` }", view)
            tab.wait_for_selector(f".body.{view}")
            if view == "output":
                tab.wait_for_selector(DRAWN[task])
            else:
                tab.wait_for_selector(".heat" if view == "states" else ".found:not(:empty)")
            assert tab.locator(".view .fault:not(:empty)").count() == 0, tab.inner_text(".view")


def test_the_page_is_small_plain_and_on_its_own() -> None:
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".html", ".css", ".js", ".svg"}
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= MOST_LINES, path
        assert {*re.findall(r"https?://[^\s\"')]+", text)} <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1998/Math/MathML",
        }, path
