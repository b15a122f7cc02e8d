"""A file in a stream gives what it gives in memory, wherever its blocks are cut."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import elman
from elman.cli.columns import Columns, read_columns
from elman.cli.pair_columns import read_pair_columns
from elman.cli.streamed_columns import stream_columns
from elman.codecs import Ragged, TextCodec
from elman.errors import InputError
from elman.files import open_arrays, write_arrays
from elman.kernels.cache_folder import folder
from elman.tables import write_table
from elman.tasks import parts, streamed
from elman.tasks.loading import estimator_class

RNG = np.random.default_rng(0)
N = 40
TEXTS = pd.DataFrame(
    {
        "text": ["".join(RNG.choice(list('abé \n,"'), RNG.integers(0, 9))) if k % 9 else None for k in range(N)],
        "label": [f"class {k % 3}" if k % 7 else None for k in range(N)],
        "number": [float(k) if k % 5 else np.nan for k in range(N)],
        "length": [float(k % 4) if k % 11 else np.nan for k in range(N)],
        "other": ["x y " * (k % 4) for k in range(N)],
    }
)
LENGTHS = [int(n) for n in RNG.integers(1, 12, 14)]
STEPS = pd.DataFrame(
    {
        "unique_id": [f"s{k}" for k, T in enumerate(LENGTHS) for _ in range(T)],
        "ds": [t for T in LENGTHS for t in range(T)],
        "x": RNG.normal(3, 5, sum(LENGTHS)).round(4),
        "z": np.where(RNG.random(sum(LENGTHS)) < 0.1, np.nan, 1.0),
        "y": np.where(RNG.random(sum(LENGTHS)) < 0.2, np.nan, RNG.normal(size=sum(LENGTHS)).round(3)),
        "kind": [f"k{k % 2}" if k != 3 else None for k, T in enumerate(LENGTHS) for _ in range(T)],
        "total": [float(k) if k != 5 else None for k, T in enumerate(LENGTHS) for _ in range(T)],
        "more": [float(-k) if k not in (5, 7) else None for k, T in enumerate(LENGTHS) for _ in range(T)],
    }
)
STEPS.loc[STEPS["unique_id"] == "s4", "y"] = np.nan
STEPS["again"] = STEPS["x"]
LISTS = pd.DataFrame(
    {
        "x": [RNG.normal(size=T).round(3).tolist() for T in LENGTHS],
        "y": [[None if v < -1 else v for v in RNG.normal(size=T).round(3).tolist()] for T in LENGTHS],
        "again": [[k + t if t % 5 else None for t in range(T)] for k, T in enumerate(LENGTHS)],
        "kind": ["ab"[k % 2] if k else None for k in range(len(LENGTHS))],
    }
)
CASES = {
    "texts to classes": (
        "classify",
        TEXTS,
        Columns("text", (), "label"),
        [".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz"],
    ),
    "texts to numbers": ("regress", TEXTS, Columns("text", (), "number"), [".csv", ".parquet"]),
    "texts to texts": ("translate", TEXTS, Columns("text", (), "other"), [".csv", ".jsonl.gz"]),
    "steps to steps": ("regress", STEPS, Columns(None, ("x", "z"), "y", "step"), [".csv", ".jsonl", ".parquet"]),
    "all columns": ("regress", STEPS[["unique_id", "ds", "x", "z", "y"]], Columns(None, (), "y", "step"), [".csv"]),
    "steps ahead": ("regress", STEPS, Columns(None, ("x", "y"), "y", "step", 2), [".csv", ".parquet"]),
    "steps to classes": ("classify", STEPS, Columns(None, ("x", "z"), "kind"), [".csv", ".jsonl"]),
    "steps to numbers": ("regress", STEPS, Columns(None, ("x",), "total"), [".csv", ".parquet"]),
    "lists to classes": ("classify", LISTS, Columns(None, ("x",), "kind"), [".jsonl", ".parquet"]),
    "lists to lists": ("regress", LISTS, Columns(None, ("x",), "y"), [".jsonl", ".parquet"]),
    "texts to two numbers": ("regress", TEXTS, Columns("text", (), ("number", "length")), [".csv", ".parquet"]),
    "steps to two": ("regress", STEPS, Columns(None, ("x",), ("y", "z"), "step"), [".csv", ".jsonl", ".parquet"]),
    "two steps ahead": ("regress", STEPS, Columns(None, ("x", "y"), ("y", "z"), "step", 2), [".csv"]),
    "steps to two numbers": ("regress", STEPS, Columns(None, ("x",), ("total", "more")), [".csv", ".parquet"]),
    "lists to two": ("regress", LISTS, Columns(None, ("x",), ("y", "again"), ahead=1), [".jsonl", ".parquet"]),
    "lists ahead": ("regress", LISTS, Columns(None, ("x", "y"), "y", ahead=1), [".jsonl"]),
}


@contextlib.contextmanager
def silent(what):
    yield lambda done: None


def encoded(task, path, columns, folder, fraction=0.0, **options):
    """An estimator with its codecs, and its data out of a stream."""
    source, columns = stream_columns(str(path), columns, task)
    estimator = estimator_class(task)(validation_fraction=fraction, **options)
    with write_arrays(folder) as writer:
        streamed.encode(estimator, source, writer, silent)
    found = streamed._opened(estimator, open_arrays(folder))
    return estimator, found, columns


def assert_close(found, expected):
    if isinstance(expected, Ragged):
        assert found.offsets.tolist() == expected.offsets.tolist()
        found, expected = found.values, expected.values
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)  # NaN where there is NaN
    assert found.shape == expected.shape


def prepared(task, path, columns, fraction=0.0, **options):
    table = (read_pair_columns if task == "translate" else read_columns)(str(path), columns, task)
    if task == "regress":
        options["per"] = table.columns.per
    estimator = estimator_class(task)(validation_fraction=fraction, **options)
    return estimator, estimator.prepared(table.X, table.y), table


@pytest.mark.parametrize("block_size", [150, 10**6])
@pytest.mark.parametrize(("name", "suffix"), [(name, suffix) for name, case in CASES.items() for suffix in case[3]])
def test_a_stream_gives_what_memory_gives(tmp_path, monkeypatch, name, suffix, block_size):
    monkeypatch.setattr("elman.tables.streaming.BLOCK", block_size)
    task, table, columns, _ = CASES[name]
    path = tmp_path / f"t{suffix}"
    write_table(table, path)
    expected, (training, _), whole = prepared(task, path, columns)
    found, data, used = encoded(task, path, columns, tmp_path / "encoded")
    assert used == whole.columns
    assert data.validation is None
    assert data.sequences == len(training) == len(data.training)
    names = " or no ".join(columns.targets)
    left_out = f"left out {len(whole.X) - data.sequences} of {len(whole.X)} sequences, which have no {names}"
    told = [note for note in data.notes if not note.startswith(left_out)]
    assert told == whole.notes or name in (
        "texts to texts",  # and in memory each is named
        "steps to classes",
        "steps to numbers",
        "steps to two numbers",
    )  # numbers left out are counted
    assert whole.columns.per == "sequence" or len(data.notes) - len(told) == (data.sequences < len(whole.X))
    assert found.codecs_.keys() == expected.codecs_.keys()
    for end, codec in expected.codecs_.items():
        ours = found.codecs_[end].to_config()
        for key, value in codec.to_config().items():
            if key in ("mean", "std"):
                np.testing.assert_allclose(ours[key], value, rtol=1e-12, atol=1e-14)
            else:
                assert ours[key] == value
    assert_close(data.training.inputs, training.inputs)
    assert_close(data.training.targets, training.targets)
    assert getattr(found, "longer_", None) == getattr(expected, "longer_", None)
    assert found.wiring(data.training) == expected.wiring(training)


def test_subwords_are_learned_in_a_pass_of_their_own(tmp_path, monkeypatch):
    pytest.importorskip("tokenizers")
    monkeypatch.setattr("elman.tables.streaming.BLOCK", 200)
    path = tmp_path / "t.csv"
    write_table(TEXTS, path)
    columns, options = Columns("text", (), "other"), {"source_level": "subwords", "target_level": "subwords"}
    expected, (training, _), _ = prepared("translate", path, columns, **options)
    found, data, _ = encoded("translate", path, columns, tmp_path / "encoded", **options)
    for end in ("input", "output"):
        assert found.codecs_[end].to_config() == expected.codecs_[end].to_config()
    assert_close(data.training.inputs, training.inputs)
    assert_close(data.training.targets, training.targets)
    assert data.training.inputs.values.dtype == np.uint16


@pytest.mark.parametrize("ahead", [0, 3])
def test_few_sequences_are_validated_on_their_end(tmp_path, monkeypatch, ahead):
    monkeypatch.setattr("elman.tables.streaming.BLOCK", 100)
    path = tmp_path / "t.csv"
    write_table(STEPS[STEPS["unique_id"].isin(["s0", "s1", "s2", "s7"])], path)
    columns = Columns(None, ("x",), "y", "step", ahead)
    expected, (training, validation), _ = prepared("regress", path, columns, 0.3)
    found, data, _ = encoded("regress", path, columns, tmp_path / "encoded", 0.3)
    assert_close(data.training.inputs, training.inputs)
    assert_close(data.training.targets, training.targets)
    scored = [k for k in range(len(validation)) if not np.isnan(validation.targets[k]).all()]
    assert_close(data.validation.inputs, validation.select(scored).inputs)
    assert_close(data.validation.targets, validation.select(scored).targets)
    np.testing.assert_allclose(found.codecs_["input"].mean, expected.codecs_["input"].mean, rtol=1e-12)


def test_a_long_end_is_scored_in_pieces_that_begin_before_it(tmp_path, monkeypatch):
    monkeypatch.setattr("elman.tables.streaming.BLOCK", 64)
    monkeypatch.setattr(parts, "LEAD_IN", 5)
    monkeypatch.setattr(parts, "PIECE", 8)
    path = tmp_path / "t.csv"
    write_table(pd.DataFrame({"x": np.arange(100.0), "y": np.arange(100.0) ** 2}), path)
    found, data, _ = encoded("regress", path, Columns(None, ("x",), "y", "step"), tmp_path / "encoded", 0.2)
    assert len(data.training.inputs[0]) == 80
    x = [found.codecs_["input"].decode(one)[:, 0].round(3).tolist() for one in data.validation.inputs]
    assert x == [list(range(75, 88)), list(range(83, 96)), list(range(91, 100))]
    assert [np.isnan(one[:, 0]).tolist() for one in data.validation.targets] == [
        [True] * 5 + [False] * (len(one) - 5) for one in x
    ]


def test_validation_is_drawn_by_the_text_and_learned_from_by_no_codec(tmp_path, monkeypatch):
    monkeypatch.setattr("elman.tables.streaming.BLOCK", 5000)
    path = tmp_path / "t.csv"
    texts = [f"text {k % 700} {chr(0x4E00 + k % 700)}" for k in range(1400)]
    write_table(pd.DataFrame({"text": texts, "label": [f"c{k % 5}" for k in range(1400)]}), path)
    columns, options = Columns("text", (), "label"), {"level": "characters"}
    sides = {}
    for seed in (0, 1):
        found, data, _ = encoded("classify", path, columns, tmp_path / str(seed), 0.2, random_state=seed, **options)
        codec = found.codecs_["input"]
        training = [codec.decode(one) for one in data.training.inputs]
        assert len(training) + len(data.validation) == 1400
        assert 0.15 * 1400 < len(data.validation) < 0.25 * 1400
        assert {training.count(text) for text in training} == {2}
        assert codec.to_config() == TextCodec("characters").fit(training).to_config()
        assert found.codecs_["output"].classes == [f"c{k}" for k in range(5)]
        sides[seed] = set(training)
    assert sides[0] != sides[1]


LONG = "unique_id,ds,x,y\n"
SEVERAL = "has several values for unique_id 'a' ({} in line 3): expected one for each sequence"
REFUSED = {
    "parted": (LONG + "a,1,1,1\nb,1,1,1\na,2,1,1\n", {}, "line 4 goes on with a sequence that had ended"),
    "disordered": (LONG + "a,1,1,1\na,3,1,1\na,2,1,1\n", {}, "line 4 comes before the row above it by column 'ds'"),
    "no time": (LONG + "a,1,1,1\na,,1,1\n", {}, "column 'ds' in FILE has no value (line 3)"),
    "no name": (LONG + "a,1,1,1\n,1,1,1\n", {}, "column 'unique_id' in FILE has no value (line 3)"),
    "no number": (LONG + "a,1,1,1\na,2,u,1\n", {}, "column 'x' in FILE holds 'u' (line 3): expected a number"),
    "infinite": (
        '{"x": 1, "y": 1}\n{"x": 1e999, "y": 1}\n',
        {},
        "column 'x' in FILE is infinite or too large (line 2)",
    ),
    "no target": (LONG + "a,1,1,\n", {}, "column 'y' in FILE has no value"),
    "short": (LONG + "a,1,1,1\n", {"ahead": 3}, "has no value, or sequences are too short for --ahead"),
    "two classes of one": (LONG + "a,1,1,1\na,2,1,2\n", {"per": "sequence"}, SEVERAL.format("1, 2")),
    "two numbers of one": (LONG + "a,1,1,1.5\na,2,1,-2.5\n", {"per": "sequence"}, SEVERAL.format("1.5, -2.5")),
    "no column": (LONG + "a,1,1,1\n", {"target": "w"}, "no column 'w' in FILE; it has: unique_id, ds, x, y"),
    "twice": (LONG + "a,1,1,1\n", {"target": "x"}, "column 'x' is both input and target"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("block_size", [8, 10**6])
def test_what_does_not_fit_is_refused_with_its_line(tmp_path, monkeypatch, case, block_size):
    monkeypatch.setattr("elman.tables.streaming.BLOCK", block_size)
    content, options, said = REFUSED[case]
    path = tmp_path / ("t.jsonl" if content.startswith("{") else "t.csv")
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        encoded("regress", path, Columns(**{"inputs": ("x",), "target": "y", "per": "step", **options}), tmp_path / "e")
    assert said.replace("FILE", str(path)) in str(error.value)
    assert "\n" not in str(error.value)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


LATE = {
    "empty at first": (
        ".csv",
        "x,z,y\n1,,1\n2,,1\n3,4,1\n",
        "column 'z' in FILE is empty down to line 2, which does not tell whether it holds numbers: NAME",
    ),
    "empty texts at first": (".csv", 'x,z,y\n1,"",1\n2,,1\n3,4,1\n', "column 'z' in FILE is empty down to line 2, "),
    "null at first": (".jsonl", '{"x":1,"z":null,"y":1}\n{"x":1,"z":2,"y":1}\n', "'z' in FILE is empty down to line 1"),
    "not there at first": (
        ".jsonl",
        '{"x":1,"y":1}\n{"x":1,"y":1,"z":null}\n{"x":1,"y":1}\n{"x":1,"y":1,"z":1}\n',
        "column 'z' in FILE begins in line 4, after the inputs were found: NAME",
    ),
    "no list at first": (
        ".jsonl",
        '{"x":[1],"y":[1]}\n{"x":[1],"y":[1],"z":[1]}\n',
        "column 'z' in FILE begins in line 2, after the inputs were found: NAME",
    ),
    "numbers at first": (
        ".csv",
        "x,z,y\n1,1,1\n2,2,1\n3,n/a,1\n",
        "column 'z' in FILE holds 'n/a' (line 4): expected a number, as above it: NAME, or mend it",
    ),
}


@pytest.mark.parametrize("case", LATE)
def test_columns_that_only_later_blocks_tell_of_are_refused_where_inputs_are_found(tmp_path, monkeypatch, case):
    suffix, content, said = LATE[case]
    monkeypatch.setattr("elman.tables.streaming.BLOCK", 15)
    path = tmp_path / f"t{suffix}"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        encoded("regress", path, Columns(None, (), "y", "step"), tmp_path / "e")
    assert said.replace("FILE", str(path)).replace("NAME", "name the inputs with --input") in str(error.value)
    assert "\n" not in str(error.value)
    assert encoded("regress", path, Columns(None, ("x",), "y", "step"), tmp_path / "e")[2].inputs == ("x",)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_column_that_is_empty_in_all_of_a_block_alone_is_no_input(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    write_table(pd.DataFrame({"x": [1.0, 2.0], "z": [None, None], "y": [1.0, 2.0]}), path)
    columns = Columns(None, (), "y", "step")
    assert encoded("regress", path, columns, tmp_path / "e")[2] == read_columns(str(path), columns, "regress").columns


def test_a_single_class_is_not_counted_wrongly(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text,label\n" + "a,no\n" * 9, encoding="utf-8")
    with pytest.raises(InputError, match=r"^there is only one label, 'no': expected at least two classes$"):
        encoded("classify", path, Columns("text", (), "label"), tmp_path / "e", level="characters")


STREAM = [
    "--validation-fraction",
    "0.4",
    "--epochs",
    "1",
    "--hidden-size",
    "4",
    "--num-threads",
    "1",
    "--stream",
    "-o",
    "m.safetensors",
]


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ELMAN_CACHE", str(folder()))  # compiled kernels stay where they are
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    return place / "elman" / "encoded"


def test_the_program_trains_on_a_stream(run, names, cache):
    train = ("train", "classify", "names.csv", "--text", "name", "--label", "language", *STREAM)
    status, _, err = run(*train)
    assert status == 0, err
    for said in ("hashing names.csv: ", "learning names.csv: ", "encoding names.csv: ", "encoded data: 19 sequences, "):
        assert said in err
    assert run("predict", "m.safetensors", "Rossi").out.split("\t")[1] in ("it", "en")
    status, out, err = run(*train, "--force")
    assert status == 0
    assert "learning" not in err
    assert "sequences   19" in out
    shown = run("data", "cache").out.splitlines()
    assert shown[0] == "encoded data\tsize"
    assert shown[-1].startswith(str(cache))
    assert run("data", "cache", "--clear").out.endswith("removed\n")
    assert [path.suffix for path in cache.iterdir()] == [".lock"]
    assert "learning names.csv" in run(*train, "--force").err


def test_long_series_and_translations_are_streamed(run, steps, cache):
    frame = pd.read_csv("steps.csv").sort_values(["unique_id", "ds"])
    frame.to_csv("sorted.csv", index=False)
    done = run("train", "regress", "sorted.csv", "--input", "x", "--target", "y", "--window", "2", *STREAM)
    assert done.status == 0, done.err
    assert "12 sequences" in done.err
    assert json.loads(run("evaluate", "m.safetensors", "steps.csv", "--json").out)["sequences"] == 12
    Path("w.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in [("a", "b"), *[(f"w{k}", f"W {k}") for k in range(60)]]))
    done = run("train", "translate", "w.tsv", "--source", "a", "--target", "b", *STREAM, "--force")
    assert done.status == 0, done.err
    assert isinstance(elman.load("m.safetensors"), elman.Translator)


def test_what_a_stream_cannot_do_is_said(refused, names, steps, cache):
    classify = ("train", "classify", "names.csv", "--text", "name", "--label", "language", *STREAM)
    assert "--baseline trains many networks on data in memory" in refused(*classify, "--baseline", "feedforward")
    assert "which standard input cannot" in refused(*classify[:2], "-", *classify[3:])
    assert "no such file: nams.csv; did you mean names.csv?" in refused(*classify[:2], "nams.csv", *classify[3:])
    pd.read_csv("steps.csv").sort_values(["unique_id", "ds"]).to_csv("sorted.csv", index=False)
    both = ("train", "regress", "sorted.csv", "--input", "x", "--target", "y", "--bidirectional", "--window", "2")
    assert "which are made in memory: give bidirectional=False" in refused(*both, "--verbose", "0", *STREAM)
    regress = ("train", "regress", "steps.csv", "--input", "x", "--target", "y", "--verbose", "0", *STREAM)
    assert "line 3 comes before the row above it by column 'ds'" in refused(*regress)


def test_large_files_are_streamed_unasked(run, names, cache, monkeypatch):
    monkeypatch.setattr("elman.cli.training_data.LARGE", 100)
    train = ("train", "classify", "names.csv", "--text", "name", "--label", "language", *STREAM, "--force")
    assert "encoded data" in run(*(word for word in train if word != "--stream")).err
    assert "encoded data" not in run(*(word if word != "--stream" else "--no-stream" for word in train)).err
