import io
import json
import os
import re
import shlex
import shutil
import signal
from pathlib import Path

import pytest

import elman
from elman.files import read_model
from elman.models import ManyToOne
from elman.tables import read_table

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]
CLASSIFY = ("train", "classify", "names.csv", "--text", "name", "--label", "language", "-o", "m.safetensors", *QUICK)
REGRESS = ("train", "regress", "steps.csv", "-o", "m.safetensors", *QUICK)


def test_a_training_says_what_it_made(run, names) -> None:
    status, out, err = run(*CLASSIFY)
    assert (status, err) == (0, "")
    for said in (
        "name → language",
        "gru, 2 layers of 4 hidden units, both directions",
        "1 of 1, accuracy",
        "m.safetensors, m.history.jsonl, m.report.html",
    ):
        assert said in out
    assert "elman predict m.safetensors Rossi0\n" in out
    written = ["m.checkpoints", "m.history.jsonl", "m.report.html", "m.safetensors"]
    assert sorted(path.name for path in Path().iterdir()) == [*written, "names.csv"]
    assert "Training to classify: name → language" in Path("m.report.html").read_text(encoding="utf-8")
    (epoch,) = map(json.loads, Path("m.history.jsonl").read_text(encoding="utf-8").splitlines())
    assert {"epoch", "training_loss", "accuracy", "seconds"} <= epoch.keys()
    metadata = read_model("m.safetensors").metadata
    assert metadata["options"]["epochs"] == 1
    assert metadata["columns"] == {"text": "name", "inputs": [], "target": "language", "per": "sequence", "ahead": 0}


def test_the_program_trains_what_python_trains(run, names) -> None:
    run(*CLASSIFY, "--no-bidirectional", "--cell", "elman", "--dropout", "0.5")
    rows = [line.split(",") for line in names.read_text(encoding="utf-8").splitlines()[1:]]
    options = {"epochs": 1, "hidden_size": 4, "num_threads": 1, "verbose": 0}
    model = elman.Classifier(**options, bidirectional=False, cell="elman", dropout=0.5)
    texts = [name.strip('"') for name, _ in rows]
    model.fit(texts, [language for _, language in rows])
    assert (elman.load("m.safetensors").predict_proba(texts) == model.predict_proba(texts)).all()


def test_a_translation_is_trained_from_standard_input(run, monkeypatch) -> None:
    table = "word\tsound\n" + "".join(f"{word}\t{' '.join(word)}\n" for word in ("ab", "ba", "abc", "cab", "bb", "aa"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(table.encode())))
    done = run("train", "translate", "-", "--source", "word", "--target", "sound", "-o", "m.safetensors", *QUICK)
    assert (done.status, done.err) == (0, "")
    assert isinstance(elman.load("m.safetensors"), elman.Translator)


@pytest.mark.parametrize(
    ("flags", "inputs", "per", "said"),
    [
        (("--target", "y"), ["x", "label", "total"], "step", "12\n"),
        (("--target", "y", "--input", "x"), ["x"], "step", "x → y"),
        (("--target", "x", "--ahead", "1", "--input", "x"), ["x"], "step", "x → x, 1 ahead"),
        (("--target", "total", "--input", "x", "--per", "sequence"), ["x"], "sequence", "x → total"),
    ],
)
def test_numbers_in_the_long_form(run, steps, flags, inputs, per, said) -> None:
    status, out, err = run(*REGRESS, *flags)
    assert (status, err) == (0, "")
    assert said in out
    metadata = read_model("m.safetensors").metadata
    assert (metadata["columns"]["inputs"], metadata["columns"]["per"]) == (inputs, per)
    assert metadata["model"]["kind"] == ("InStep" if per == "step" else "ManyToOne")


def test_numbers_are_classified(run, steps) -> None:
    done = run("train", "classify", "steps.csv", "--input", "x", "--input", "y", "--label", "label", *REGRESS[3:])
    assert done.status == 0, done.err
    assert "x, y → label" in done.out
    assert elman.load("m.safetensors").classes_.tolist() == ["0", "1"]
    assert [
        line.split("\t")[0] for line in run("predict", "m.safetensors", "--file", "steps.csv").out.splitlines()
    ] == [f"s{k}" for k in range(12)]
    run("predict", "m.safetensors", "--file", "steps.csv", "-o", "p.csv")
    assert read_table("p.csv").columns.tolist() == ["unique_id", "label", "probability"]
    assert "sequences   12" in run("evaluate", "m.safetensors", "steps.csv").out


def test_lists_and_texts_give_numbers(run) -> None:
    rows = [{"x": [1.0] * (k % 4), "steps": [2.0] * (k % 4), "one": k, "text": "a" * k} for k in range(12)]
    Path("steps.csv").with_suffix(".jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )
    flags = ("train", "regress", "steps.jsonl", "-o", "m.safetensors", "--force", *QUICK)
    kinds = []
    for more in (
        ("--input", "x", "--target", "steps"),
        ("--input", "x", "--target", "one"),
        ("--text", "text", "--target", "one"),
    ):
        done = run(*flags, *more)
        assert done.status == 0, done.err
        kinds.append(read_model("m.safetensors").metadata["model"]["kind"])
    assert kinds == ["InStep", "ManyToOne", "ManyToOne"]


def test_rows_with_a_missing_value_are_left_out_and_counted(run, refused, names) -> None:
    with names.open("a", encoding="utf-8") as file:
        file.write("Nobody,\n,en\n")
    line = refused(*CLASSIFY, "--strict")
    assert "names.csv line 21" in line
    assert "'language'" in line
    status, out, err = run(*CLASSIFY)
    assert (status, err) == (0, "elman: left out 2 of 21 rows with a missing value\n")
    assert "sequences   19\n" in out


def test_missing_numbers_are_data_and_missing_targets_are_not(run, refused, steps) -> None:
    lines = steps.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("s0,2,2,3,", "s0,2,,,")
    steps.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = run(*REGRESS, "--target", "y", "--input", "x").err.splitlines()
    assert [line.partition(":")[2].strip() for line in said] == [
        "1 of 36 values of y are missing: nothing is learned from or measured there",
        "1 of 36 numbers are missing: marked for the network",
    ]
    line = refused(*REGRESS, "--target", "y", "--input", "x", "--strict", "--force")
    assert "steps.csv line 2 has no value in column 'x'" in line
    assert "marked for the network" in line


def test_strict_looks_into_lists(refused) -> None:
    lines = [{"y": 1.0, "x": [1, 2, 3]}, {"y": 2.0, "x": [1, None, 3]}]
    Path("lists.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    flags = ("--target", "y", "--input", "x", "-o", "m.safetensors", "--strict")
    line = refused("train", "regress", "lists.jsonl", *flags)
    assert "lists.jsonl line 2 has no value in column 'x'" in line


def test_a_baseline_stands_beside_the_network(run, names) -> None:
    out = run(*CLASSIFY, "--baseline", "feedforward").out
    table = out[out.index("With memory") :].splitlines()[2:]
    assert table[0].split() == ["network", "hidden", "units", "sees", "parameters", "accuracy"]
    sizes = [int(line.split()[-2].replace(",", "")) for line in table[1:]]
    assert [line.split()[0] for line in table[1:]] == ["gru", "feedforward"]
    assert abs(sizes[1] / sizes[0] - 1) <= 0.02
    assert isinstance(elman.load("m.safetensors").model_, ManyToOne)


def test_ctrl_c_keeps_the_best_model(run, names, monkeypatch) -> None:
    from elman.train.progress import Progress

    def interrupt(self: Progress, history: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "epoch", interrupt)
    status, out, err = run(*CLASSIFY, "--baseline", "feedforward")
    assert status == 130
    assert "the best model so far is kept" in err
    assert "interrupted" in out
    assert "feedforward" not in out
    assert elman.load("m.safetensors").history_.interrupted
    assert "It was interrupted." in Path("m.report.html").read_text(encoding="utf-8")


def test_ctrl_c_before_the_first_epoch_ends_writes_a_checkpoint_only(run, names, classifier, monkeypatch) -> None:
    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    files = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr("elman.train.measures.Measures.__call__", interrupt)
        status, out, err = run(*CLASSIFY, "--force")
    assert (status, out) == (130, "")
    said = "m.checkpoints has checkpoints of a training that has not ended: go on with it (--resume), or begin anew"
    assert said in run(*CLASSIFY).err
    command = shlex.join(["elman", *CLASSIFY, "--resume"])
    assert err == f"Interrupted in epoch 1. Go on with: {command}\n"
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == files
    done = run(*shlex.split(command)[1:])
    assert (done.status, done.err) == (0, "")
    assert {path.name: path.read_bytes() for path in files}["m.safetensors"] == Path("m.safetensors").read_bytes()


def test_another_training_is_not_resumed(run, names, refused) -> None:
    run(*CLASSIFY)
    assert "learning_rate is 0.5, but the training of m.checkpoints" in refused(
        *CLASSIFY, "--resume", "--learning-rate", "0.5"
    )
    rows = names.read_text(encoding="utf-8")
    names.write_text(rows.replace("Rossi0", "Rossi00"), encoding="utf-8")
    assert "the data are not those that the training of m.checkpoints" in refused(*CLASSIFY, "--resume")
    names.write_text(rows, encoding="utf-8")
    Path("m.safetensors").rename("n.safetensors")
    Path("m.history.jsonl").unlink()
    Path("m.report.html").unlink()
    assert run(*CLASSIFY, "--force").status == 0


def test_resuming_what_was_never_begun_replaces_nothing(run, names, classifier, refused) -> None:
    shutil.rmtree("m.checkpoints")
    assert "m.safetensors exists already" in refused(*CLASSIFY, "--resume")


def test_every_option_of_training_is_under_training(run) -> None:
    out = run("train", "regress", "--help").out
    _, network, training = re.split("─ (?:Network|Training) ─", out)
    for word in ("--optimizer", "--accumulate", "--average", "--checkpoint-seconds"):
        assert word in training
        assert word not in network


def test_ranks_and_resume_need_a_table_that_can_be_read_again(run, refused, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", None)  # not reached
    standard = [word if word != "names.csv" else "-" for word in CLASSIFY]
    assert "--resume reads the table again" in refused(*standard, "--resume")
    assert "--ranks is 2, but the table comes from standard input: give a file" in refused(*standard, "--ranks", "2")
    assert "--ranks is 2, but --baseline trains in one process" in refused(
        *CLASSIFY, "--ranks", "2", "--baseline", "feedforward"
    )
    monkeypatch.setenv("RANK", "1")
    assert "there is no folder" in refused(*CLASSIFY[:-1], "1", "-o", "no/m.safetensors")  # RANK alone says nothing
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("RANK", "0")
    assert "--ranks is 2, but torchrun has started this process" in refused(*CLASSIFY, "--ranks", "2")


def test_ctrl_c_in_the_baseline_says_that_the_model_is_written(run, names, monkeypatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("elman.tasks.baseline.fit_feedforward", interrupt)
    status, out, err = run(*CLASSIFY, "--baseline", "feedforward")
    assert status == 130
    assert "Next:" in out
    assert "elman: interrupted: m.safetensors is complete" in err
    assert not elman.load("m.safetensors").history_.interrupted


def test_outputs_are_checked_before_training(run, refused, classifier, monkeypatch) -> None:
    monkeypatch.setattr("elman.cli.columns.read_columns", None)  # not reached
    assert "m.safetensors exists already" in refused(*CLASSIFY)
    Path("m.safetensors").unlink()
    assert "m.history.jsonl exists already" in refused(*CLASSIFY)
    Path("m.history.jsonl").unlink()
    assert "m.report.html exists already" in refused(*CLASSIFY)
    elsewhere = list(CLASSIFY)
    for output, said in (
        ("no/m.safetensors", "there is no folder"),
        ("m.bin", "ends in .safetensors"),
        (".safetensors", "ends in .safetensors"),
    ):
        elsewhere[elsewhere.index("-o") + 1] = output
        assert said in refused(*elsewhere)
        elsewhere[elsewhere.index(output)] = "m.safetensors"


def test_a_folder_that_is_not_writable(refused, names, monkeypatch) -> None:
    monkeypatch.setattr("elman.files.replace.os.access", lambda path, mode: mode == os.R_OK)
    assert "the folder " in (line := refused(*CLASSIFY))
    assert "is not writable" in line


def test_force_replaces_both(run, names, classifier) -> None:
    before = Path("m.safetensors").read_bytes()
    assert run(*CLASSIFY, "--random-state", "1", "--force").status == 0
    assert Path("m.safetensors").read_bytes() != before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file: names.csv"),
        (b"", "names.csv is empty"),
        (b"name,language\n", "no rows"),
        (b"name,tongue\nA,en\n", "no column 'language' in names.csv; it has: name, tongue"),
        (b"name,language\nA,en\nM\xfcller,de\n", "names.csv line 3 is not UTF-8"),
        (b"name,language\nA,en\nB,en\nC,en\n", "at least two classes"),
        (b"name,language\nA,\nB,\n", "no row of names.csv is complete"),
        (b"name,language\nA,en,x\n", "names.csv line 2 has 3 fields"),
    ],
)
def test_a_file_that_is_no_table_of_names(refused, content: bytes | None, said: str) -> None:
    if content is not None:
        Path("names.csv").write_bytes(content)
    assert said in refused(*CLASSIFY)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--target", "z"), "no column 'z' in steps.csv; it has: unique_id, ds, x"),
        (("--target", "y", "--input", "z"), "no column 'z'"),
        (("--target", "unique_id"), "expected a number"),
        (("--target", "y", "--input", "y"), "give --ahead 1"),
        (("--target", "y", "--input", "x", "--input", "x"), "'x' is given twice"),
        (("--target", "x", "--text", "x"), "both input and target"),
        (("--target", "y", "--per", "sequence"), "several values for unique_id 's0' "),
        (("--target", "y", "--per", "week"), "per is 'week'"),
        (("--target", "total", "--per", "sequence", "--ahead", "1"), "--ahead"),
        (("--target", "x", "--input", "x", "--ahead", "3"), "too short for --ahead"),
        (("--target", "y", "--text", "unique_id", "--input", "x"), "not both"),
        (("--target", "y", "--cell", "mystery"), "mystery"),
        (("--target", "y", "--baseline", "forest"), "expected feedforward"),
        (("--target", "y", "--baseline", "feedforward", "--validation-fraction", "0"), "--validation-fraction"),
        (("--target", "y", "--device", "abacus"), "abacus"),
    ],
)
def test_what_regress_refuses(refused, steps, flags: tuple[str, ...], said: str) -> None:
    assert said in refused(*REGRESS, *flags)


def test_what_classify_and_translate_refuse(refused, steps, names) -> None:
    numbers = ("train", "classify", "steps.csv", *REGRESS[3:])
    assert "several values for unique_id 's0'" in refused(*numbers, "--input", "x", "--label", "y")
    assert "--text COL" in refused(*numbers, "--label", "y")
    Path("one.csv").write_text("x,label\n1,a\n2,b\n", encoding="utf-8")
    assert "no column 'unique_id'" in refused(
        "train", "classify", "one.csv", *REGRESS[3:], "--input", "x", "--label", "label"
    )
    translate = ("train", "translate", "names.csv", "--source", "name", "--target", "language", *REGRESS[3:])
    assert "--baseline is not for translate" in refused(*translate, "--baseline", "feedforward")
    same = ("train", "translate", "names.csv", "--source", "name", "--target", "name", *REGRESS[3:])
    assert "'name' is both input and target, which is no task: name another one" in refused(*same)
    same = ("train", "classify", "names.csv", "--text", "name", "--label", "name", *REGRESS[3:])
    assert "'name' is both input and target" in refused(*same)


def test_a_time_that_stands_twice_is_told_and_strictly_refused(run, refused) -> None:
    Path("twice.csv").write_text("ds,x,y\n1,1,2\n2,3,4\n2,5,6\n3,7,8\n" * 1, encoding="utf-8")
    train = ("train", "regress", "twice.csv", "--target", "y", *REGRESS[3:], "--validation-fraction", "0")
    said = "1 of 4 rows of twice.csv have the time of another, the first is line 4, with that of line 3"
    assert said in refused(*train, "--strict")
    done = run(*train)
    assert (done.status, done.err) == (0, f"elman: {said}: both are kept\n")
