"""examples/slots.py on a few sentences of the form that the intents have."""

import runpy
from pathlib import Path

import pandas as pd
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "slots.py"
ROOMS = ("kitchen", "living room", "attic", "wine cellar")
TEMPLATES = (
    "turn on the {room} lamp",
    "lights off in the {room}",
    "open the window of the {room}",
    "is the {room} warm",
    "please play music in my {room}",
    "how cold is it in the {room} now",
    "dim the {room} lights",
    "close the door of the {room} please",
    "what is on in the {room}",
    "vacuum the {room}",
)


def test_rooms_are_found_in_sentences_of_another_form(capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for template in TEMPLATES:
        for room in ROOMS:
            before, after = template.split("{room}")
            marks = ["B-area", *["I-area"] * (len(room.split()) - 1)]
            tags = [*["O"] * len(before.split()), *marks, *["O"] * len(after.split())]
            rows.append((template.format(room=room), " ".join(tags), template))
    table = pd.DataFrame(rows, columns=["text", "tags", "template"])
    measured = runpy.run_path(str(EXAMPLE))["main"](table, epochs=40)
    out = capsys.readouterr().out
    assert measured["span_f1"] > 0.8
    assert out.startswith(f"span_f1 {measured['span_f1']:.4f}, ")
    assert "\n    area = " in out
