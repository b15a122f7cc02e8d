"""A plain text in a stream gives what it gives in memory; and a network learns from it as from arrays in memory."""

import gzip
import io
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from torch.nn.functional import cross_entropy

from elman.codecs import START, Ragged, TextCodec
from elman.datasets import load
from elman.errors import InputError
from elman.models import InStep
from elman.state import State
from elman.tasks.corpus import corpus, next_symbol_lanes, next_symbol_pieces
from elman.tasks.encoding_progress import EncodingProgress
from elman.tasks.parts import Block, ByPlace
from elman.train import BatchLoss, Settings, reproducible, train
from elman.train.lanes import LaneWindows

CPU = torch.device("cpu")
SILENT = EncodingProgress(0)
WORDS = load("pronunciations")["word"].iloc[::40].tolist()
TEXT = "\n".join(" ".join(WORDS[k : k + 8]) for k in range(0, len(WORDS), 8)) + "\n"
ACCENTS = "Zoe\u0308 a\u0301gua  \r\n\u1112\u1161\u11ab na\u00efve \U0001f600\tx\u0301 " * 40
SPACES = " \n\t\r"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("elman.tasks.encoded_files.encoded_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def parted(text, fraction):
    """By hand: the end's share of the characters, from the next word on."""
    place = len(text) - round(len(text) * fraction)
    while text[place] not in SPACES or text[place + 1] in SPACES:
        place += 1
    return text[:place], text[place:]


@pytest.mark.parametrize("level", ["characters", "words", "subwords"])
@pytest.mark.parametrize("text", [TEXT, ACCENTS], ids=["words", "accents"])
@pytest.mark.parametrize("suffix", [".txt", ".txt.gz"])
def test_it_is_what_the_whole_text_gives(tmp_path, monkeypatch, level, text, suffix):
    if level == "subwords":
        pytest.importorskip("tokenizers")
    monkeypatch.setattr("elman.tables.streaming.BLOCK", 50)
    path = tmp_path / f"t{suffix}"
    data = b"\xef\xbb\xbf" + text.encode()
    path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    for fraction in (0.0, 0.2):
        first, rest = parted(text, fraction) if fraction else (text, "")
        found = corpus(str(path), level, fraction, SILENT)
        expected = TextCodec(level, **({"max_size": 30_000} if level == "words" else {})).fit([first])
        assert found.codec.to_config() == expected.to_config()
        training = found.training.inputs
        assert training.offsets.tolist() == [0, len(training.values)]
        assert training.values.tolist() == [START, *expected.encode(first).tolist()]
        assert training.values.dtype == (np.uint8 if expected.size <= 256 else np.uint16)
        assert isinstance(training.values.base, np.memmap)
        assert found.training.targets.tolist() == [len(unicodedata.normalize("NFC", first))]
        if fraction:
            assert found.validation.inputs.values.tolist() == expected.encode(rest).tolist()
            assert found.validation.targets.tolist() == [len(unicodedata.normalize("NFC", rest))]
        else:
            assert found.validation is None


def test_characters_are_the_level_unasked_and_rare_words_of_long_texts_are_left_out(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("a b " * 5000 + "rare c c", encoding="utf-8")
    assert corpus(str(path), validation_fraction=0, progress=SILENT).codec.level == "characters"
    assert corpus(str(path), "words", 0, SILENT).codec.symbols == ["a", "b", "c"]
    path.write_text("a b " * 4000 + "rare c c", encoding="utf-8")
    assert corpus(str(path), "words", 0, SILENT).codec.symbols == ["a", "b", "c", "rare"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.sampled_from("ab \ne\u0301\u1112\u1161"), min_size=1, max_size=60),
    fraction=st.floats(0.01, 0.99),
    cuts=st.sets(st.integers(1, 59)),
)
def test_the_place_of_the_cut_does_not_depend_on_blocks(text, fraction, cuts):
    def sides(pieces):
        part = ByPlace(fraction, len(text))
        blocks = [part(Block([0], [piece], [piece], [k == 0])) for k, piece in enumerate(pieces)]
        for side in (0, 1):
            news = [new for block in blocks for new in block[side].new]
            assert news == [True] * min(len(news), 1) + [False] * (len(news) - 1)
        return ["".join(x for block in blocks for x in block[side].X) for side in (0, 1)]

    ends = [end for end in sorted(cuts) if end < len(text) - 1 and text[end] in SPACES and text[end + 1] not in SPACES]
    bounds = [0, *ends, len(text)]
    first, rest = sides([text])
    assert sides([text[start:stop] for start, stop in pairwise(bounds)]) == [first, rest]
    assert first + rest == text
    assert len(first) >= len(text) - round(len(text) * fraction)
    codec = TextCodec("characters").fit([text])
    assert [*codec.encode(first), *codec.encode(rest)] == codec.encode(text).tolist()


def test_without_spaces_the_cut_is_exact(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("ACGT" * 25, encoding="utf-8")
    found = corpus(str(path), "characters", 0.1, SILENT)
    assert [len(found.training.inputs.values), len(found.validation.inputs.values)] == [91, 10]


def test_a_second_call_reads_the_cache_alone(tmp_path, monkeypatch, cache):
    path = tmp_path / "t.txt"
    path.write_text(TEXT, encoding="utf-8")
    said = io.StringIO()
    progress = EncodingProgress(1, console=Console(file=said, width=300))
    first = corpus(str(path), None, 0.1, progress)
    for what in ("surveying", "learning", "encoding"):
        assert f"elman: {what} {path}: " in said.getvalue()
    assert f"encoded data: {len(TEXT):,} characters, " in said.getvalue()

    def never(*_, **__):
        raise AssertionError("it is there already")

    with monkeypatch.context() as patched:
        patched.setattr("elman.tasks.corpus.stream_text", never)
        again = corpus(str(path), None, 0.1, SILENT)
    assert again.codec.to_config() == first.codec.to_config()
    for one, other in ((first.training, again.training), (first.validation, again.validation)):
        assert one.inputs.values.tobytes() == other.inputs.values.tobytes()
        assert one.digest == other.digest
    assert first.training.digest != first.validation.digest
    corpus(str(path), "words", 0.1, SILENT)
    corpus(str(path), None, 0.2, SILENT)
    path.write_text(TEXT + "x", encoding="utf-8")
    corpus(str(path), None, 0.1, SILENT)
    assert len([folder for folder in cache.iterdir() if folder.is_dir()]) == 4


REFUSED = {
    "": "is empty: expected a text",
    "a": "t.txt has 1 of its words for training, expected at least 2: give more text or validation_fraction=0",
    "a b c d": "t.txt has 1 of its words for validation, expected at least 2: give more text or validation_fraction=0",
    "a b\n\udcff": "t.txt line 2 is not UTF-8 (byte 0xff)",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_learned_from_is_refused(tmp_path, cache, text):
    path = tmp_path / "t.txt"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError) as error:
        corpus(str(path), "words", 0.1, SILENT)
    assert REFUSED[text] in str(error.value)
    assert "\n" not in str(error.value)
    assert [folder for folder in cache.iterdir() if folder.is_dir()] == []


def test_what_is_not_there_is_said(tmp_path):
    (tmp_path / "t.txt").write_text("a", encoding="utf-8")
    with pytest.raises(InputError, match=r"no such file: .*r\.txt; did you mean .*t\.txt\?"):
        corpus(str(tmp_path / "r.txt"), progress=SILENT)
    with pytest.raises(InputError, match="level is 'letters', expected one of"):
        corpus(str(tmp_path / "t.txt"), "letters", progress=SILENT)


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any),
    lanes=st.integers(1, 4),
    size=st.integers(1, 12),
)
def test_every_symbol_but_a_first_is_a_target_once(lengths, lanes, size):
    offsets = np.cumsum([0, *lengths])
    values = np.arange(offsets[-1]).astype(np.uint8)  # a symbol is its place
    documents = Ragged(values, offsets)
    pairs = [(k - 1, k) for k in range(1, len(values)) if k not in offsets]

    def in_batch(batch):
        assert batch.inputs.shape == batch.targets.shape
        assert batch.targets.dtype == torch.int64
        rows = zip(batch.inputs.tolist(), batch.targets.tolist(), batch.target_lengths.tolist(), strict=True)
        return [pair for x, y, n in rows for pair in zip(x[:n], y[:n], strict=True)]

    pieces = next_symbol_pieces(documents, size, CPU)
    assert max(pieces.lengths[:].max(), 0) <= size
    assert in_batch(pieces.collate(np.arange(len(pieces.lengths)))) == pairs
    if offsets[-1] >= lanes:
        data = next_symbol_lanes(documents, size, CPU)
        windows = LaneWindows(data.offsets, lanes, data.window)
        batches = [data.collate(windows.window(number).rows, None) for number in range(len(windows))]
        assert sorted(pair for batch in batches for pair in in_batch(batch)) == pairs
        assert sum(int(batch.lengths.sum()) for batch in batches) == len(values)
        state = State(h=torch.zeros(1, 2))
        assert data.collate(windows.window(0).rows, state).state is state


def next_symbol(model, batch):
    """Cross-entropy of the symbols that have a target."""
    logits, state = model(batch.inputs, batch.lengths, batch.state)
    inside = torch.arange(logits.shape[1]) < batch.target_lengths.unsqueeze(1)
    total = cross_entropy(logits[inside], batch.targets[inside], reduction="sum")
    return BatchLoss(total, int(inside.sum()), state)


def fit(codec, training, validation, epochs, window):
    with reproducible(1):
        model = InStep(codec.size, codec.size, "lstm", 32, embedding_size=16)
    options = Settings(epochs=epochs, batch_size=8, learning_rate=0.01, num_threads=1, verbose=0)
    lanes, pieces = next_symbol_lanes(training, window, CPU), next_symbol_pieces(validation, 100, CPU)
    history = train(model, next_symbol, lanes, pieces, options, console=Console(file=io.StringIO()))
    return [one.detach().numpy().tobytes() for one in model.state_dict().values()], history


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def test_training_on_the_mapped_text_is_that_on_arrays_to_the_bit(text_file):
    first, rest = parted(TEXT, 0.1)
    codec = TextCodec("characters").fit([first])
    memory = fit(codec, Ragged.of([np.array([START, *codec.encode(first)])]), Ragged.of([codec.encode(rest)]), 1, 100)
    found = corpus(text_file, None, 0.1, SILENT)
    assert found.training.inputs.values.dtype == np.uint8
    mapped = fit(codec, found.training.inputs, found.validation.inputs, 1, 100)
    assert mapped[0] == memory[0]
    for name in ("training_loss", "validation_loss", "gradient_norm"):
        assert getattr(mapped[1].epochs[0], name) == getattr(memory[1].epochs[0], name)


def test_a_network_learns_more_than_how_frequent_symbols_are(text_file):
    found = corpus(text_file, None, 0.1, SILENT)
    _, history = fit(found.codec, found.training.inputs, found.validation.inputs, 6, 32)
    counts = np.bincount(found.training.inputs.values)
    entropy = -(counts[counts > 0] / counts.sum() * np.log(counts[counts > 0] / counts.sum())).sum()
    assert history.epochs[-1].training_loss < 0.95 * entropy
    frequencies = (counts + 1) / (counts + 1).sum()
    unigram = -np.log(frequencies[found.validation.inputs.values]).mean()
    assert history.epochs[-1].validation_loss < 0.95 * unigram
