"""Benchmarks of the task translate: spelling to sound, and English to German in an interface's texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer

import elman
from elman import datasets
from elman.tasks.text_scores import error_rates, nearest_texts, overlaps
from quality.benchmark import Bar, Baseline, Benchmark, Metric, Run, Scores
from quality.plain_translator import PlainTranslator

HELD_OUT = 0.1  # of the words, of the components
WORD, PHONEME = "word error", "phoneme error"
NEAREST_WORD = "nearest word by spelling"
# Size and dropout were chosen on words set aside from those to learn from, by 12 and 20 epochs.
PRONUNCIATION: dict[str, Any] = {
    "source_level": "characters",
    "target_level": "words",
    "hidden_size": 256,
    "dropout": 0.2,
    "epochs": 18,
    "validation_fraction": 0,
    "beam": 5,
    "length_penalty": 0.0,
}

COPY, NEAREST, PLAIN = "the source itself", "nearest source, TF-IDF", "torch.nn, equal time"
FEWEST, MOST = 3, 30  # words of a text that is scored; shorter ones are names of things, and many stand everywhere
BLOCK = 500  # sources looked up at a time
# Chosen on components set aside from those to learn from.
INTERFACE: dict[str, Any] = {
    "source_level": "subwords",
    "target_level": "subwords",
    "vocabulary_size": 2000,
    "hidden_size": 256,
    "embedding_size": 128,
    "dropout": 0.3,
    "batch_size": 32,
    "learning_rate": 0.003,
    "epochs": 20,
    "beam": 6,
}


@dataclass(frozen=True)
class Pairs:
    """Sources and targets to learn from; and sources held out, each with its right targets."""

    X: list[str]
    y: list[str]
    out: list[str]
    references: list[list[str]]


def pronunciations(run: Run) -> tuple[Pairs, dict[str, int]]:
    """All words of the dictionary, a tenth of them held out with all their variants; stress is left out."""
    table = datasets.load("pronunciations-full")
    table["phonemes"] = table["phonemes"].str.replace(r"\d", "", regex=True)
    table = table.drop_duplicates()
    words = np.random.default_rng(run.seed).permutation(np.array(sorted(set(table["word"])), dtype=object))
    words = words[: run.rows]
    aside = round(HELD_OUT * len(words))
    rest = table[table["word"].isin(set(words[aside:]))]
    variants = table[table["word"].isin(set(words[:aside]))].groupby("word", sort=True)["phonemes"].agg(list)
    split = Pairs(rest["word"].tolist(), rest["phonemes"].tolist(), variants.index.tolist(), variants.tolist())
    return split, {"words": len(words), "held out": aside, "pronunciations to learn from": len(rest)}


def say(split: Pairs, run: Run) -> Scores:
    """elman.Translator, from letters to phonemes."""
    translator = elman.Translator(**run.options(**PRONUNCIATION)).fit(split.X, split.y)
    return _pronounced(translator.predict(split.out), split)


def nearest_word(split: Pairs, _: Run) -> Scores:
    """Each word as the one to learn from that is spelled most like it; of several pronunciations the first."""
    said = dict(zip(reversed(split.X), reversed(split.y), strict=True))
    known = list(dict.fromkeys(split.X))
    return _pronounced([said[known[place]] for place in nearest_texts(split.out, known)], split)


def _pronounced(predicted: Sequence[str], split: Pairs) -> Scores:
    rates = error_rates(
        [text.split() for text in predicted], [[text.split() for text in several] for several in split.references]
    )
    return {WORD: 1 - rates["exact_match"], PHONEME: rates["symbol_error_rate"]}


def interface(run: Run) -> tuple[Pairs, dict[str, int]]:
    """English and German; a tenth of the components held out, and of those the texts that no other component has."""
    table = datasets.load("home-assistant").dropna(subset=["en", "de"])
    components = np.random.default_rng(run.seed).permutation(np.array(sorted(set(table["component"])), dtype=object))
    if run.rows is not None:  # about so many
        components = components[: max(run.rows * len(components) // len(table), 10)]
    aside = round(HELD_OUT * len(components))
    return by_component(table, components[aside:].tolist(), components[:aside].tolist())


def by_component(table: Any, rest: list[str], out: list[str]) -> tuple[Pairs, dict[str, int]]:
    """Different pairs of some components; of the others the longer texts that stand in none of these."""
    learned = table[table["component"].isin(rest)].drop_duplicates(["en", "de"])
    known = set(learned["en"].str.casefold())
    held = table[table["component"].isin(out)].drop_duplicates(["en", "de"])
    size = held["en"].str.split().str.len()
    held = held[(size >= FEWEST) & (size <= MOST)]
    unseen = held[~held["en"].str.casefold().isin(known)]
    references = unseen.groupby("en", sort=True)["de"].agg(list)
    split = Pairs(learned["en"].tolist(), learned["de"].tolist(), references.index.tolist(), references.tolist())
    sizes = {"components": len(rest) + len(out), "held out": len(out), "pairs to learn from": len(learned)}
    left_out = held["en"].nunique() - len(references)
    return split, {**sizes, "texts held out": len(references), "left out since they stand elsewhere": left_out}


def translate(split: Pairs, run: Run) -> Scores:
    """elman.Translator."""
    translator = elman.Translator(**run.options(**INTERFACE, validation_fraction=0)).fit(split.X, split.y)
    return _translated(translator.predict(split.out), split)


def copied(split: Pairs, _: Run) -> Scores:
    """Each text as it is."""
    return _translated(split.out, split)


def nearest_source(split: Pairs, _: Run) -> Scores:
    """The translation of the text to learn from whose parts of 2 to 5 characters are most alike (TF-IDF, cosine)."""
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, dtype=np.float32)
    known = vectors.fit_transform(split.X).T.tocsr()
    asked = vectors.transform(split.out)
    blocks = (asked[start : start + BLOCK] @ known for start in range(0, len(split.out), BLOCK))
    nearest = np.concatenate([np.asarray(one.argmax(axis=1)).ravel() for one in blocks])
    return _translated([split.y[row] for row in nearest], split)


def plain(split: Pairs, run: Run) -> Scores:
    """The same network, codecs and batches in plain torch.nn, learning for as long as elman did."""
    if run.elman_seconds is None:
        raise ValueError("torch.nn is given elman's time: run elman first")
    torch.set_num_threads(run.num_threads)
    own = elman.Translator(**run.options(**INTERFACE, validation_fraction=0))
    coded, _ = own.prepared(split.X, split.y)
    codecs = own.codecs_
    model = PlainTranslator((codecs["input"].size, codecs["output"].size), INTERFACE, run.seed)
    model.fit(coded.inputs, coded.targets, run.elman_seconds)  # type: ignore[arg-type] # of texts they are ragged
    asked = codecs["input"].encode_all(split.out)
    found = model.search(asked, beam=own.beam, length_penalty=own.length_penalty, longer=own.longer_)
    return _translated([codecs["output"].decode(one.symbols) for one in found], split)


def _translated(predicted: Sequence[str], split: Pairs) -> Scores:
    found = overlaps(predicted, split.references)
    return {"BLEU": found["bleu"], "chrF": found["chrf"]}


BENCHMARKS = (
    Benchmark(
        task="translate",
        dataset="pronunciations-full",
        what="How a word is said, from its spelling: letters to phonemes, stress left out as published work does. A "
        "tenth of the words of the CMU Pronouncing Dictionary is held out with all their variants, and any listed "
        "variant counts as right; the phoneme error is that to the nearest variant. All options were chosen on words "
        "set aside from the others. For this dictionary 33.9 % of words wrong are reported of Phonetisaurus; on the "
        "easier split of 2007 28.6 % of an encoder-decoder LSTM, and with attention 21.7 %.",
        metrics=(Metric(WORD, higher_is_better=False), Metric(PHONEME, higher_is_better=False)),
        data=pronunciations,
        elman=say,
        baselines={NEAREST_WORD: Baseline(nearest_word)},
        bars=(Bar(WORD, 0.28), Bar(PHONEME, 0.07), Bar(WORD, NEAREST_WORD), Bar(PHONEME, NEAREST_WORD)),
        seeds=1,
    ),
    Benchmark(
        task="translate",
        dataset="home-assistant",
        what="English to German, texts of an interface as people translated them. A tenth of the components is held "
        f"out. Of their texts those of {FEWEST} to {MOST} words are scored that stand in no other component, whatever "
        "their capitals: the same sentences, such as that a device is configured already, stand in hundreds of "
        "components, and to know them by heart is no translation. Where one text has several translations among the "
        "held-out ones, all are references. BLEU and chrF are sacrebleu's with its defaults. Options were chosen on "
        "components set aside from the others. torch.nn has the same network (LSTMs, Luong's attention, sizes, "
        "dropout, start), subwords, batches, optimiser and form of schedule, in a loop written by hand, learns for as "
        "many seconds of one core as elman took, and is searched with the same beam.",
        metrics=(Metric("BLEU", higher_is_better=True), Metric("chrF", higher_is_better=True)),
        data=interface,
        elman=translate,
        baselines={
            COPY: Baseline(copied),
            NEAREST: Baseline(nearest_source),
            PLAIN: Baseline(plain, timed=True),
        },
        bars=tuple(
            Bar(metric, than, or_equal=than == PLAIN) for than in (COPY, NEAREST, PLAIN) for metric in ("BLEU", "chrF")
        ),
        seeds=1,
        why="By BLEU torch.nn is ahead by 0.3, by chrF elman by 0.5: one seed, and the two are as good as equal. The "
        "time that torch.nn learns for is all of elman's, its search included.",
    ),
)
