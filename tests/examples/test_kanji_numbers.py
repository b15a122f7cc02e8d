"""examples/kanji_numbers.py on few numbers: what it writes of them is right in both scripts, and is learned."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "kanji_numbers.py"


def test_numbers_are_translated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(EXAMPLE))
    for number, japanese, english in (
        (0, "〇", "zero"),
        (13, "十三", "thirteen"),
        (90, "九十", "ninety"),
        (1110, "千百十", "one thousand one hundred ten"),
        (7083, "七千八十三", "seven thousand eighty three"),
    ):
        assert (example["in_japanese"](number), example["in_english"](number)) == (japanese, english)
    assert len({example["in_japanese"](n) for n in range(10_000)}) == 10_000
    assert len({example["in_english"](n) for n in range(10_000)}) == 10_000
    measured = example["main"](numbers=600, epochs=8, page=tmp_path / "page.html")
    assert measured["symbol_error_rate"] < 0.15
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "千" in page
    assert capsys.readouterr().out.startswith("exact_match 0.")
