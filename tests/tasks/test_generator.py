"""A generator: what it learns, how likely it finds texts, and that what it writes is drawn from just that."""

from math import log

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import elman
from elman.codecs import END, START, UNKNOWN, TextCodec
from elman.errors import InputError
from elman.models.sampling import drawn, sampled_from
from elman.tasks.documents import Document, coded_documents, parted

QUICK = {"hidden_size": 8, "embedding_size": 6, "epochs": 2, "num_threads": 1, "verbose": 0}
NAMES = ["Rossi", "Russo", "Ferrari", "Bianchi", "Romano", "Ricci", "Marino", "Greco", "Bruno", "Gallo", "Conti", "R"]
TEXT = "the cat sat on the mat. the dog sat on the log.\n" * 12


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("elman.tasks.encoded_files.encoded_folder", lambda: tmp_path / "cache")


@pytest.fixture(scope="module")
def names():
    return elman.Generator(**QUICK).fit(NAMES)


@pytest.fixture(scope="module")
def text():
    return elman.Generator(**QUICK).fit(TEXT)


def by_hand(generator, ids):
    """Natural log-probabilities of ids[1:], by the whole sequence in one call, in float64 from the scores on."""
    with torch.no_grad():
        scores, _ = generator.model_(torch.tensor([ids]), torch.tensor([len(ids)]))
    scores = scores[0].double().numpy()
    log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    return log_p[np.arange(len(ids) - 1), ids[1:]]


def test_scores_are_the_networks_symbol_by_symbol(names, text, monkeypatch):
    monkeypatch.setattr("elman.tasks.scoring.SCORES", 3 * 17)  # windows of a few steps, which texts end within
    codec = names.codecs_["input"]
    for one, found in zip(NAMES, names.log_probabilities(NAMES), strict=True):
        np.testing.assert_allclose(found, by_hand(names, [START, *codec.encode(one), END]), atol=2e-6)
    (found,) = text.log_probabilities(TEXT[:50])
    np.testing.assert_allclose(found, by_hand(text, [START, *text.codecs_["input"].encode(TEXT[:50])]), atol=2e-6)


def test_metrics_are_sums_of_those(names, text):
    log_p = names.log_probabilities(NAMES)
    bits = [-one.sum() / log(2) for one in log_p]
    np.testing.assert_allclose(
        names.bits_per_character(NAMES), [b / (len(n) + 1) for b, n in zip(bits, NAMES, strict=True)]
    )
    found = names.evaluate(NAMES)
    assert found["bits_per_character"] == pytest.approx(sum(bits) / sum(len(name) + 1 for name in NAMES))
    assert found["perplexity"] == pytest.approx(2 ** found["bits_per_character"])
    assert names.score(NAMES) == -found["bits_per_character"]
    assert text.evaluate(TEXT[:30])["perplexity"] == pytest.approx(2 ** text.evaluate(TEXT[:30])["bits_per_character"])


def test_words_are_measured_by_their_characters():
    words = elman.Generator(**QUICK, level="words").fit(TEXT)
    (log_p,) = words.log_probabilities(TEXT)
    assert len(log_p) == len(TEXT.split())
    assert words.evaluate(TEXT)["bits_per_character"] == pytest.approx(-log_p.sum() / log(2) / len(TEXT))
    assert words.evaluate(TEXT)["perplexity"] == pytest.approx(np.exp(-log_p.mean()))
    watched = words.history_.epochs[-1]
    codec, (_, validation) = words.codecs_["input"], words.prepared(TEXT)
    symbols, characters = len(validation.inputs.values), int(validation.targets.sum())
    assert codec.decode(validation.inputs.values) == " ".join(TEXT[-characters:].split())
    assert watched.metric == pytest.approx(watched.validation_loss / log(2) * symbols / characters)


def test_what_comes_next_is_predicted_from_all_before(names):
    codec = names.codecs_["input"]
    with torch.no_grad():
        ids = torch.tensor([[START, *codec.encode("Ros")]])
        scores, _ = names.model_(ids, torch.tensor([4]))
    expected = scores[0, -1].softmax(-1).numpy()
    np.testing.assert_allclose(names.predict_proba(["R", "Ros", ""])[1], expected, atol=1e-6)
    assert names.predict(["Ros"]).tolist() == [names.symbols_[int(expected.argmax())]]
    np.testing.assert_allclose(names.writing("Ros").probabilities, expected, atol=1e-6)
    assert names.symbols_[:4] == ["\N{REPLACEMENT CHARACTER}", "", "", codec.symbols[0]]


@pytest.mark.parametrize("level", ["characters", "words", "subwords"])
def test_what_is_written_is_drawn_from_the_networks_distribution(level):
    """The text is that of a loop by hand: the network on all symbols so far, the draw, the next symbol."""
    if level == "subwords":
        pytest.importorskip("tokenizers")
    generator = elman.Generator(**QUICK, level=level, tie_embeddings=level == "words").fit(TEXT)
    codec = generator.codecs_["input"]
    how = {"temperature": 0.8, "top_k": 7, "top_p": 0.9}
    prompt = "the dog"
    random, ids = np.random.default_rng([0, 3]), [START, *codec.encode(prompt)]
    for _ in range(25):
        with torch.no_grad():
            scores, _ = generator.model_(torch.tensor([ids]), torch.tensor([len(ids)]))
        p = sampled_from(scores[0, -1].numpy(), never=(START, UNKNOWN, END), **how)
        ids.append(drawn(p, random.random()))
    assert generator.generate(prompt, 25, seed=3, **how) == codec.decode(ids[1:])


def test_texts_do_not_depend_on_how_many_there_are(names):
    three, five = (names.generate("R", 9, seed=4, count=count) for count in (3, 5))
    assert three == five[:3]
    assert three[0] == names.generate("R", 9, seed=4)
    assert len(set(names.generate("", 9, seed=4, count=20))) > 10
    assert names.generate("", 40, count=3) != names.generate("", 40, count=3)


def test_a_document_ends_and_a_text_does_not(names, text):
    assert names.ends_ == 1
    assert text.ends_ == 0
    with torch.no_grad():
        for generator in (names, text):
            generator.model_.readout.bias[END] += 30
    try:
        assert names.generate("Ro", 50, seed=0) == "Ro"
        assert len(text.generate("the", 50, seed=0)) == 53
        writing = names.writing("Ro", seed=0)
        assert list(writing) == []
        assert writing.ended
    finally:
        with torch.no_grad():
            for generator in (names, text):
                generator.model_.readout.bias[END] -= 30


def test_a_state_is_kept_changed_and_gone_on_from(names, tmp_path):
    writing = names.writing("Ma", seed=1)
    kept = writing.state
    kept.save(tmp_path / "state.safetensors")
    after_ma = writing.probabilities
    writing.read("ri")
    np.testing.assert_array_equal(writing.probabilities, names.writing("Mari").probabilities)
    writing.state = elman.State.load(tmp_path / "state.safetensors")
    np.testing.assert_array_equal(writing.probabilities, after_ma)
    writing.read("r")
    np.testing.assert_array_equal(writing.probabilities, names.writing("Mar").probabilities)
    with pytest.raises(InputError, match="expected one that `state` of a Writing gave"):
        writing.state = elman.State(h=np.zeros((1, 1, 8)))


def test_temperature_0_is_the_likeliest_symbol_each_time(text):
    so_far = "the"
    for _ in range(10):
        so_far += text.predict([so_far])[0]
    assert so_far == text.generate("the", 10, temperature=0, seed=9)
    assert so_far == text.generate("the", 10, top_k=1, seed=1)


def test_a_saved_generator_writes_the_same(names, tmp_path):
    names.save(tmp_path / "m.safetensors")
    again = elman.load(tmp_path / "m.safetensors")
    assert again.generate("R", 9, seed=0, count=5) == names.generate("R", 9, seed=0, count=5)
    assert again.ends_ == 1
    stream = elman.Stream.load(tmp_path / "m.safetensors")
    ids = [START, *names.codecs_["input"].encode("Ros")]
    np.testing.assert_array_equal(stream.step_block(np.array(ids))[-1], names.writing("Ros").state["scores"][0])


def test_it_learns_what_there_is_to_learn():
    """Of a text whose every symbol follows from two before, the last 10 % are known."""
    generator = elman.Generator(hidden_size=16, epochs=25, batch_size=4, learning_rate=0.02, num_threads=1, verbose=0)
    generator.fit("abcabd" * 300)
    assert generator.evaluate("abcabd" * 20)["bits_per_character"] < 0.1
    assert generator.generate("abcab", 12, temperature=0) == "abcab" + "dabcabdabcab"
    names = elman.Generator(
        hidden_size=32, epochs=60, learning_rate=0.02, validation_fraction=0, num_threads=1, verbose=0
    )
    names.fit([f"{a}: {b}" for a, b in (("big", "AAAA"), ("few", "bb")) for _ in range(40)])
    assert set(names.generate("big: ", 20, count=9, seed=0, temperature=0.1)) == {"big: AAAA"}
    assert set(names.generate("few: ", 20, count=9, seed=0, temperature=0.1)) == {"few: bb"}


def test_a_file_is_learned_from_as_the_text_is(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(TEXT, encoding="utf-8")
    file, text = elman.Generator(**QUICK).fit(path), elman.Generator(**QUICK).fit(TEXT)
    assert file.generate("the", 30, seed=0) == text.generate("the", 30, seed=0)
    assert [one.metric for one in file.history_.epochs] == [one.metric for one in text.history_.epochs]


@settings(max_examples=30)
@given(texts=st.lists(st.text("ab ", min_size=1, max_size=9), min_size=1, max_size=14), seed=st.integers(0, 3))
def test_parts_are_whole_documents(texts, seed):
    if len(set(texts)) < 2:
        return
    documents = [Document(one) for one in texts]
    training, validation = parted(documents, 0.3, seed)
    assert sorted(training + validation) == sorted(documents)
    assert {one.text for one in training}.isdisjoint(one.text for one in validation)


@given(text=st.text("ab ", min_size=1, max_size=20))
def test_parts_of_a_single_document_are_its_beginning_and_its_end(text):
    training, validation = parted([Document(text)], 0.3, 0)
    assert "".join(one.text for one in (*training, *validation)) == text
    parts = [*training, *validation]
    assert [(one.starts, one.ends) for one in parts] == (
        [(True, True)] if len(parts) == 1 else [(True, False), (False, True)]
    )


def test_few_documents_teach_how_they_end():
    texts = [f"{first} {second}" for first in ("ab", "cd", "ef") for second in ("gh", "ij", "kl")]  # nine
    generator = elman.Generator(**{**QUICK, "epochs": 60, "hidden_size": 32, "validation_fraction": 0.2}).fit(texts)
    assert generator.predict_proba(texts)[:, END].mean() > 0.4  # 0.06 where ends are only validated on
    assert generator.predict_proba([one[:3] for one in texts])[:, END].mean() < 0.1


def test_an_end_counts_as_a_character_and_a_part_has_only_its_own():
    codec = TextCodec().fit(["abc"])
    coded = coded_documents(codec, [Document("ab"), Document("c", ends=False), Document("ba", starts=False)])
    assert [one.tolist() for one in coded.inputs] == [[START, 3, 4, END], [START, 5], [4, 3, END]]
    assert coded.targets.tolist() == [3, 1, 3]


def test_texts_that_arrive_in_time_are_learned_from():
    parts = [[f"{name}{k}" for name in NAMES] for k in range(8)]
    generator = elman.Generator(**{**QUICK, "learning_rate": 0.03})
    for part in parts * 6:
        generator.partial_fit(part)
    losses = [one.training_loss for one in generator.history_.epochs]
    assert len(losses) == 48
    assert losses[-1] < 0.7 * losses[0]
    assert generator.ends_ == 1
    assert generator.evaluate(NAMES)["bits_per_character"] < log(26) / log(2)
    with pytest.raises(InputError, match="every text of a generator begins anew"):
        generator.partial_fit(NAMES, goes_on=True)


REFUSED = {
    "the text has 0 characters for training": lambda: elman.Generator(**QUICK).fit(""),
    "the text has 1 characters for training": lambda: elman.Generator(**QUICK, validation_fraction=0).fit("a"),
    "for validation, expected at least 2: give more text or validation_fraction=0": lambda: elman.Generator(
        **QUICK
    ).fit("abcd"),
    "X holds sequences of numbers, expected texts": lambda: elman.Generator(**QUICK).fit([[1.0, 2.0]]),
    "a generator learns from texts alone": lambda: elman.Generator(**QUICK).fit(NAMES, NAMES),
    "a generator writes forwards": lambda: elman.Generator(**QUICK, bidirectional=True).fit(NAMES),
    "level is 'letters'": lambda: elman.Generator(**QUICK, level="letters").fit(NAMES),
    "X is not valid Unicode": lambda: elman.Generator(**QUICK).fit("ab\ud800c"),
    "window is 0": lambda: elman.Generator(**QUICK, window=0).fit(NAMES),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_learned_from_is_refused(said):
    with pytest.raises(InputError, match=said) as raised:
        REFUSED[said]()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"length": 0}, "length is 0, expected a whole number, at least 1"),
        ({"count": 0}, "count is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"temperature": -1}, "temperature is -1"),
        ({"top_p": 2}, "top_p is 2"),
        ({"top_k": 0}, "top_k is 0"),
        ({"prompt": "\udc80"}, "prompt is not valid Unicode"),
    ],
)
def test_what_nothing_can_be_written_with_is_refused(names, options, said):
    with pytest.raises(InputError, match=said):
        names.generate(**options)


def test_tied_embeddings_are_in_the_equations(tmp_path):
    from elman.tasks.description import network_equations

    found = [
        network_equations(None, elman.Generator(**{**QUICK, **own}, tie_embeddings=True).fit(NAMES).model_config_)[-1]
        for own in ({}, {"embedding_size": 8})
    ]
    assert found == [f"y_t = E {p}h_t + b_o, with E the embedding" for p in ("P ", "")]
