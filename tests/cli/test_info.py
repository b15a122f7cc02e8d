import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

import elman
from elman.files import read_model

QUICK = {"epochs": 1, "hidden_size": 4, "num_threads": 1, "validation_fraction": 0, "verbose": 0}


def test_a_model_is_described(run, classifier) -> None:
    status, out, err = run("info", classifier)
    assert (status, err) == (0, "")
    tensors = read_model(classifier).tensors
    for said in (
        "classify: name → language",
        "lstm, many to one",
        "1 layer of 4 hidden units, both directions",
        f"parameters  {sum(math.prod(one.shape) for one in tensors.values()):,}",
        "2 classes: en, it",
        "c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)",
        "y = W_ho [h_T forward; h_1 reverse] + b_o",
        "format 1",
        "hidden_size          4",
    ):
        assert said in out
    shapes = {"recurrent.weight_ih_l0": "W_xh", "recurrent.weight_hh_l0_reverse": "W_hh", "readout.weight": "W_ho"}
    for name, letter in shapes.items():
        assert f"{name:<42}{letter}  {tensors[name].shape[0]} × {tensors[name].shape[1]}\n" in out
    assert "first      1" in out


def test_json_and_latex(run, classifier) -> None:
    described = json.loads(run("info", classifier, "--json").out)
    assert (described["task"], described["cell"], described["format"]) == ("classify", "lstm", 1)
    assert described["tensors"]["readout.weight"] == [2, 8]
    assert described["history"]["metric"] == "accuracy"
    assert run("info", classifier, "--latex").out == elman.CELLS["lstm"].latex() + "\n" == described["latex"] + "\n"


def test_it_reads_the_file_alone(classifier) -> None:
    script = f"""
import sys
from elman.cli import main
try:
    main(["info", {classifier!r}])
except SystemExit as ended:
    assert ended.code is None or ended.code == 0
print([name for name in ("torch", "sklearn", "pandas", "sympy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("cell", list(elman.CELLS))
def test_every_task_and_cell(run, cell: str) -> None:
    texts = ["a b", "b", "b a"]
    elman.Translator(cell=cell, num_layers=2, **QUICK).fit(texts, texts).save("t.safetensors")
    elman.Regressor(cell=cell, **QUICK).fit([[1.0, 2.0], [2.0]], [[1.0, 2.0], [2.0]]).save("r.safetensors")
    assert "y_t = W_ho tanh(W_c [context_t, h_t]) + b_o" in run("info", "t.safetensors").out
    out = run("info", "r.safetensors").out
    assert f"{cell}, many to many, in step" in out
    assert "Training: 1 epoch\n" in out
    assert "h_t = " in out


def test_both_directions_stand_in_the_equation(run) -> None:
    for y, said in (
        ([[1.0, 2.0], [2.0]], "y_t = W_ho [h_t forward; h_t reverse] + b_o"),
        ([1.0, 2.0], "y = W_ho [h_T forward; h_1 reverse] + b_o"),
    ):
        elman.Regressor(bidirectional=True, **QUICK).fit([[1.0, 2.0], [2.0]], y).save("r.safetensors")
        assert said in run("info", "r.safetensors").out


def test_a_training_without_epochs(run, classifier) -> None:
    model = elman.load(classifier)
    model.history_.epochs.clear()
    model.save(classifier)
    assert "no epoch was finished" in run("info", classifier).out
    assert Path(classifier).is_file()
