"""Generated text on real data: how many bits a character of chapters takes that nobody has seen."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import elman
from elman import datasets
from elman.codecs import END, START, TextCodec
from elman.nn.initialise import initialise
from elman.nn.weights import Weights
from elman.train.schedule import Schedule
from quality.benchmark import Bar, Baseline, Benchmark, Metric, Run, Scores
from quality.kneser_ney import KneserNey

BITS = "bits per character"
HELD_OUT = 0.1  # of the chapters, the last ones
ORDER = 6
# Chosen with the chapters before the last tenth, learning from those before these; then all of them are learned from.
EPOCHS = 4  # under five minutes of one core, so that three seeds fit
OPTIONS: dict[str, Any] = {
    "hidden_size": 512,
    "embedding_size": 128,
    "dropout": 0.1,
    "batch_size": 16,
    "window": 64,
    "learning_rate": 0.004,
}
IGNORED = -100


@dataclass(frozen=True)
class Chapters:
    """Texts to learn from and texts held out; the alphabet is that of the first, and one symbol for all others."""

    rest: list[str]
    out: list[str]
    codec: TextCodec

    def numbers(self, texts: list[str]) -> list[np.ndarray]:
        """The symbols of each text and its end, which all contestants predict."""
        return [np.append(self.codec.encode(text), END) for text in texts]


def chapters(run: Run) -> tuple[Chapters, dict[str, int]]:
    """Moby Dick; with `rows` its first chapters."""
    texts = datasets.load("moby-dick")["text"].tolist()[: run.rows]
    held_out = round(HELD_OUT * len(texts))
    rest, out = texts[:-held_out], texts[-held_out:]
    split = Chapters(rest, out, TextCodec("characters").fit(rest))
    unknown = sum(len(split.codec.unknown(text)) for text in out)
    sizes = {"characters": sum(map(len, rest)), "held out": sum(map(len, out)), "unknown characters": unknown}
    return split, sizes


def moby_dick_ours(split: Chapters, run: Run) -> Scores:
    """elman.Generator."""
    generator = elman.Generator(**run.options(**OPTIONS, epochs=EPOCHS, validation_fraction=0))
    generator.fit(split.rest)
    return {BITS: generator.evaluate(split.out)["bits_per_character"]}


def kneser_ney(split: Chapters, _: Run) -> Scores:
    """All orders up to `ORDER`; symbols that stand nowhere have the probability of the uniform distribution below."""
    model = KneserNey(ORDER, split.codec.size, START).fit(split.numbers(split.rest))
    return {BITS: _bits([model.log_probabilities(one) for one in split.numbers(split.out)])}


def torch_lstm(split: Chapters, run: Run) -> Scores:
    """The same network in plain torch.nn, learning for as many seconds of the processor as elman did."""
    if run.elman_seconds is None:
        raise ValueError("torch.nn is given elman's time: run elman first")
    torch.manual_seed(run.seed)
    torch.set_num_threads(run.num_threads)
    model = Language(split.codec.size)
    optimizer = torch.optim.AdamW(model.parameters(), OPTIONS["learning_rate"], weight_decay=0.0, fused=True)
    schedule = Schedule(OPTIONS["learning_rate"])
    started, hidden = time.process_time(), None
    for x, y, begins in windows(split.numbers(split.rest)):
        part = (time.process_time() - started) / run.elman_seconds
        if part >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = schedule(max(part, 1e-3))
        scores, hidden = model(x, None if begins or hidden is None else tuple(one.detach() for one in hidden))
        optimizer.zero_grad()
        F.cross_entropy(scores.flatten(0, 1), y.flatten(), ignore_index=IGNORED).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return {BITS: _bits([_log_probabilities(model.eval(), one) for one in split.numbers(split.out)])}


class Language(nn.Module):
    """Embedding, LSTM and Linear of torch.nn, started as elman's."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size, OPTIONS["embedding_size"])
        self.lstm = nn.LSTM(OPTIONS["embedding_size"], OPTIONS["hidden_size"], batch_first=True)
        self.readout = nn.Linear(OPTIONS["hidden_size"], size)
        self.dropout = nn.Dropout(OPTIONS["dropout"])
        weights = Weights(*self.lstm.all_weights[0], [])
        initialise("orthogonal", [weights], OPTIONS["hidden_size"])

    def forward(self, x: Any, hidden: Any = None) -> Any:
        """Scores of the next symbols, and the state after them."""
        h, hidden = self.lstm(self.dropout(self.embedding(x)), hidden)
        return self.readout(self.dropout(h)), hidden


def windows(documents: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, torch.Tensor, bool]]:
    """Truncated backpropagation by hand, epoch after epoch: lanes side by side, window after window.

    Gives inputs, targets and whether an epoch begins. Shape: (lanes, window)

    The text is one row of symbols, START before each chapter, which is not to be predicted; states go on from chapter
    to chapter, where elman's begin anew.
    """
    whole = torch.from_numpy(np.concatenate([np.append(START, one) for one in documents]))
    lanes, window = OPTIONS["batch_size"], OPTIONS["window"]
    length = (len(whole) - 1) // lanes
    x = whole[: lanes * length].view(lanes, length)
    y = whole[1 : lanes * length + 1].view(lanes, length)
    y = y.masked_fill(y == START, IGNORED)
    while True:
        for start in range(0, length, window):
            yield x[:, start : start + window], y[:, start : start + window], start == 0


@torch.no_grad()
def _log_probabilities(model: nn.Module, document: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(np.append(START, document[:-1]))[None]
    scores, _ = model(x)
    found = scores[0].log_softmax(-1).gather(1, torch.from_numpy(document)[:, None])
    return found[:, 0].double().numpy()


def _bits(log_probabilities: list[np.ndarray]) -> float:
    """Of a character; a chapter's end counts as one."""
    return float(-np.concatenate(log_probabilities).mean() / log(2))


BENCHMARKS = (
    Benchmark(
        task="generate",
        dataset="moby-dick",
        what="How many bits a character of Moby Dick takes, after all before it in its chapter. The last tenth of the "
        "135 chapters is held out; sizes and rates were chosen on the 14 chapters before these, with those before to "
        "learn from, and then all but the held-out ones are learned from, by each contestant. All have the same "
        "alphabet (the characters to learn from, one for unknown ones, the end of a chapter) and predict all of it. "
        "torch.nn has the same network, data, lanes, optimiser and form of schedule, in a loop written by hand, and "
        "learns for as many seconds of one core as elman took.",
        metrics=(Metric(BITS, higher_is_better=False),),
        data=chapters,
        elman=moby_dick_ours,
        baselines={
            f"Kneser-Ney, {ORDER}-gram": Baseline(kneser_ney, by_seed=False),
            "torch.nn.LSTM, equal time": Baseline(torch_lstm, timed=True),
        },
        bars=(Bar(BITS, f"Kneser-Ney, {ORDER}-gram"), Bar(BITS, "torch.nn.LSTM, equal time", or_equal=True)),
        seeds=3,
    ),
)
