"""The demo in small: what it writes, what it prints, and that its comparison is fair."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from rich.console import Console
from typer.testing import CliRunner

import elman
from elman.cli.app import app
from elman.cli.pronunciations import aligned, chosen_words, demonstrate
from elman.errors import InputError
from elman.tasks.text_scores import edit_distance

SIZES = (300, 20, 40)
SMALL = {"epochs": 1, "hidden_size": 8, "verbose": 0}


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    console = Console(file=io.StringIO(), width=400)  # hardly trained, it says long words
    results = demonstrate(folder, ("lstm", "elman"), sizes=SIZES, console=console, **SMALL)
    return folder, results, console.file.getvalue()


def test_models_histories_and_pictures_are_written(demonstrated):
    folder, results, _ = demonstrated
    stems = ("pronunciations", "pronunciations-elman")
    suffixes = (".history.jsonl", ".png", ".safetensors")
    assert sorted(path.name for path in folder.iterdir()) == sorted(a + b for a in stems for b in suffixes)
    words = chosen_words(SIZES, 0)
    for stem, result, cell in zip(stems, results[1:], ("lstm", "elman"), strict=True):
        model = elman.load(folder / f"{stem}.safetensors")
        assert model.cell == cell
        measured = model.evaluate(words.held_out["word"], words.held_out["phonemes"])
        rates = measured["exact_match"], measured["symbol_error_rate"]
        assert rates == pytest.approx((result.word_accuracy, result.phoneme_error))
        assert result.parameters == sum(parameter.numel() for parameter in model.model_.parameters())
        lines = (folder / f"{stem}.history.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["epoch"] for line in lines] == [1]
        picture = imread(folder / f"{stem}.png")
        assert picture.shape[0] > 1000
        assert picture[..., :3].std() > 0.05  # not a blank page


def test_examples_and_one_table_are_printed(demonstrated):
    _, results, printed = demonstrated
    assert printed.count("held-out word ") == 2
    assert "h_t = tanh(" in printed
    *_, table = printed.split("40 held-out words")
    for result in results:
        (line,) = (line for line in table.splitlines() if line.strip().startswith(result.name))
        assert f"{result.phoneme_error:.1%}" in line
        assert f"{result.word_accuracy:.1%}" in line
        assert result.parameters is None or f"{result.parameters:,}" in line
    assert [result.name for result in results] == ["nearest training word", "LSTM", "Elman (tanh)"]


def test_no_word_is_on_two_sides_and_all_its_variants_on_one():
    words = chosen_words((25_000, 500, 2_500), 0)
    parts = [set(part["word"]) for part in (words.training, words.validation, words.held_out)]
    assert [len(part) for part in parts] == [25_000, 500, 2_500]
    assert len(set.union(*parts)) == 28_000
    listed = elman.datasets.load("pronunciations")
    stressless = {
        (word, "".join(symbol for symbol in phonemes if not symbol.isdigit()))
        for word, phonemes in zip(listed["word"], listed["phonemes"], strict=True)
        if word in parts[2]
    }
    assert set(words.held_out[["word", "phonemes"]].itertuples(index=False, name=None)) == stressless
    assert set(chosen_words((300, 20, 40), 1).training["word"]) != set(chosen_words((300, 20, 40), 2).training["word"])


@given(a=st.lists(st.sampled_from("KTS"), max_size=6), b=st.lists(st.sampled_from("KTS"), max_size=6))
def test_aligning_shows_the_fewest_edits(a, b):
    left, right = aligned(a, b)
    assert [one for one in left if one != "·"] == a
    assert [one for one in right if one != "·"] == b
    assert sum(one != other for one, other in zip(left, right, strict=True)) == edit_distance(a, b)


def test_a_folder_that_holds_something_is_refused_unless_forced(tmp_path):
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    ran = CliRunner().invoke(app, ["demo", "-o", str(tmp_path)])
    assert isinstance(ran.exception, InputError)
    assert "is not empty" in str(ran.exception)
    assert "--force" in str(ran.exception)
    results = demonstrate(tmp_path, ("gru",), force=True, sizes=SIZES, console=Console(quiet=True), **SMALL)
    assert [result.name for result in results] == ["nearest training word", "GRU"]
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "keep"
    assert (tmp_path / "pronunciations-gru.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--cell", "lstn"], "cell is 'lstn'"), (["-o", "{file}"], "is a file")]
)
def test_wrong_arguments_are_told_before_training(arguments, said, tmp_path):
    file = tmp_path / "file"
    file.touch()
    given = [argument.format(file=file) for argument in arguments]
    ran = CliRunner().invoke(app, ["demo", "-o", str(tmp_path / "new"), *given])
    assert isinstance(ran.exception, InputError)
    assert said in str(ran.exception)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("when", ["elman.train.progress.Progress.epoch", "elman.train.measures.Measures.__call__"])
def test_an_interrupted_training_ends_the_demo_and_is_written_if_it_learned(when, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(when, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    learned = when.endswith("epoch")
    if learned:
        results = demonstrate(tmp_path, sizes=SIZES, console=Console(quiet=True), **SMALL)
        assert [result.name for result in results] == ["nearest training word", "LSTM"]
    else:
        with pytest.raises(KeyboardInterrupt):
            demonstrate(tmp_path, sizes=SIZES, console=Console(quiet=True), **SMALL)
        assert "nothing was written for LSTM\n" in capsys.readouterr().err
    assert (tmp_path / "pronunciations.safetensors").exists() == learned
