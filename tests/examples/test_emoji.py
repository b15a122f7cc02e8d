"""examples/emoji.py on drawings of shapes, of which some combinations are held out."""

import runpy
from pathlib import Path

import pandas as pd
import pytest
from shapes import write_shapes

EXAMPLE = Path(__file__).parents[2] / "examples" / "emoji.py"


@pytest.mark.filterwarnings("ignore:smaller than 32 x 32 pixels, enlarged")
def test_drawings_never_seen_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths, texts = write_shapes(tmp_path, 200)
    table = pd.DataFrame({"image": map(str, paths), "caption": texts, "base": texts})
    measured = runpy.run_path(str(EXAMPLE))["main"](table, epochs=30, shown=3)
    lines = capsys.readouterr().out.splitlines()
    assert measured["chrf"] > 60
    assert [line.split()[0] in {path.name for path in paths} for line in lines[:3]] == [True] * 3
    assert lines[3].startswith(f"exact_match {measured['exact_match']:.4f}, ")
