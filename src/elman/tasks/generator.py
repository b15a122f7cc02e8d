"""Texts in, more text like them out: a network learns what comes next, and writes by drawing it."""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import log
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from elman.codecs import END, TextCodec
from elman.codecs.unicode import check_unicode
from elman.errors import InputError
from elman.models import InStep
from elman.models.inside import inside
from elman.stream import Stream
from elman.tasks.coded import Batch, Coded
from elman.tasks.corpus import corpus, next_symbol_lanes, next_symbol_pieces
from elman.tasks.documents import (
    Document,
    as_documents,
    coded_documents,
    learned_symbols,
    parted,
    symbols_per_character,
)
from elman.tasks.encoding_progress import EncodingProgress
from elman.tasks.estimator import Estimator
from elman.tasks.learning import MOST_WORDS, Learner, TextLearner
from elman.tasks.options import GeneratorOptions, check
from elman.tasks.scoring import SCORES, Scored, scored
from elman.tasks.windowed import outputs_and_state
from elman.tasks.word_vectors import network_options, vector_file
from elman.tasks.writing import Writing, check_whole, fresh_seed
from elman.train import BatchLoss, Examples, Lanes, Metric, Settings, reproducible
from elman.train.ranks import here

WINDOWS = 4  # of a piece that a network without memory learns from: what comes before the piece it does not see
IGNORED = -100  # a step without a target
LANES, STEPS_OF_AN_EPOCH = 32, 64
HIDDEN_SIZES = {32: 10_000, 64: 50_000, 128: 250_000, 256: 1_000_000}  # where it is left open: up to so many symbols
LARGEST = 512
PIECE = 4000  # steps of validation data that are read from an initial state, at most


class Generator(Estimator, GeneratorOptions):
    """Writes text: characters, words or subwords, each drawn from what a network has learned to come next.

    It learns from documents, a list of texts, with their start and end, and stops where a document would end; or from
    one long text, which it goes on writing for as long as asked. Many to many in step, by truncated backpropagation
    through time: lanes of the text are read window by window, states go on from window to window and begin anew with
    each document. Of several documents some are set aside for validation, of one text its end. Arguments are
    keyword-only and listed in `GeneratorOptions`.

    After `fit`: `model_`, `codecs_`, `history_`.

    Example:
        >>> import elman
        >>> names = ["Rossi", "Russo", "Ferrari", "Bianchi", "Romano", "Ricci", "Marino", "Greco", "Bruno", "Gallo"]
        >>> generator = elman.Generator(hidden_size=16, epochs=2, verbose=0).fit(names)
        >>> generator.generate("R", length=8, seed=0).startswith("R")
        True
        >>> sorted(generator.evaluate(["Riccardi", "Rosso"]))
        ['bits_per_character', 'perplexity']
    """

    task = "generate"
    input_codecs = ("text",)
    output_codec = None
    learned = {"ends_": int}

    ends_: int  # 1 where documents have an end that is learned, 0 where the text has none

    def fit(self, X: Any, y: Any = None, *, resume: bool = False) -> Self:
        """Train on texts.

        Ctrl-C ends the training and keeps the best model so far.

        Args:
            X: a list of texts, each a document; one long text; or a `Path` of a plain text in UTF-8, .gz or not, of any
                size, which is encoded in a stream.
            y: nothing; it is there for scikit-learn.
            resume: go on from the last checkpoint.

        Raises:
            InputError: the data or an option does not fit.
        """
        check(self)
        return self.fit_coded(*self.prepared(X, y), resume=resume)

    def partial_fit(self, X: Any, y: Any = None, *, goes_on: bool = False) -> Self:
        """Learn from texts that arrive in time, as `Estimator.partial_fit` does; the symbols are those of the first.

        Args:
            X: as for `fit`, but no file.
            y: nothing.
            goes_on: not for a generator, whose documents begin anew.

        Raises:
            InputError: the data or an option does not fit.
        """
        if goes_on:
            raise InputError("goes_on is True, but every text of a generator begins anew: leave it out")
        if isinstance(X, Path):
            raise InputError(f"X is the file {X}, expected texts: fit learns from files")
        return super().partial_fit(X, y)

    def prepared(self, X: Any, y: Any = None) -> tuple[Coded, Coded | None]:
        """Learn the symbols; give the texts as arrays, for training and for validation."""
        self._refuse(y)
        if isinstance(X, Path):
            progress = EncodingProgress(self.verbose, silent=here() != 0)
            codec, training, validation = corpus(
                str(X), self.level, self.validation_fraction, progress, vector_file(self)
            )
            self.codecs_, self.ends_ = {"input": codec}, 0
            return training, validation
        documents = as_documents(X)
        parts = parted(documents, self.validation_fraction, self.random_state)
        codec, _ = learned_symbols(self.level, lambda: (one.text for one in parts[0] or documents), vector_file(self))
        self.codecs_, self.ends_ = {"input": codec}, int(documents[0].ends)
        coded = coded_documents(codec, parts[0], "for training")
        return coded, coded_documents(codec, parts[1], "for validation") if self.validation_fraction else None

    def _refuse(self, y: Any) -> None:
        """Refuse what other tasks have and this one has not."""
        if self.window < 1:
            raise InputError(f"window is {self.window}, expected at least 1 step: a text has no end to learn it from")
        if y is not None:
            raise InputError("y is given, but a generator learns from texts alone: leave it out")
        if self.tie_embeddings and self.word_vectors is not None and not self.tune_vectors:
            raise InputError(
                "tie_embeddings is True and tune_vectors False: the output layer would have to learn what the word "
                "vectors must not: give one of tie_embeddings=False (--no-tie-embeddings) and tune_vectors=True "
                "(--tune-vectors)"
            )
        if self.bidirectional:
            raise InputError("bidirectional is True, but a generator writes forwards: leave it out")

    def checked(self, X: Any, y: Any) -> tuple[list[Any], list[Any], bool]:
        """Documents, with an end if those of the model have one."""
        self._refuse(y)
        return [one._replace(ends=bool(self.ends_)) for one in as_documents(X)], [], False

    def learners(self, text: bool) -> dict[str, Learner]:
        """Of the symbols."""
        self.ends_ = 1
        return {"input": TextLearner(self.level, MOST_WORDS, vector_file(self))}

    def coded(self, X: Sequence[Any], y: Sequence[Any] = (), *, in_step: bool = False) -> Coded:
        """Documents as numbers."""
        return coded_documents(
            self.codecs_["input"], [one if isinstance(one, Document) else Document(one) for one in X]
        )

    def ends(self) -> dict[str, int]:
        """The number of symbols, at both ends of the model."""
        return dict.fromkeys(("input_size", "output_size"), self.codecs_["input"].size)

    def wiring(self, training: Coded) -> dict[str, Any]:
        """In step."""
        symbols = len(training.inputs.values)
        network = self._network(len(training))
        if self.hidden_size is None:
            hidden_size = next((size for size, most in HIDDEN_SIZES.items() if symbols <= most), LARGEST)
            network |= {"hidden_size": hidden_size, "embedding_size": int(self.embedding_size or hidden_size // 2)}
            network |= network_options(self, self.codecs_["input"])
        return {"kind": "InStep", **self.ends(), **network, "tie_embeddings": bool(self.tie_embeddings)}

    def pieces(self, training: Coded) -> int:
        """How many windows there are."""
        return -(-len(training.inputs.values) // self.window)

    def most_steps(self, training: Coded) -> int:
        """No more than the window, which documents may be much longer than."""
        return min(super().most_steps(training), int(self.window))

    def rows(self, training: Coded) -> int:
        """Fewer lanes of a short text, so that an epoch has some steps of gradient descent."""
        lanes = min(LANES, max(self.pieces(training) // STEPS_OF_AN_EPOCH, 1))
        without_memory = getattr(self, "model_config_", {}).get("kind") == "Feedforward"
        return max(lanes // WINDOWS, 1) if without_memory else lanes

    def settings(self, training: Coded, **changes: Any) -> Settings:
        """Also so few steps of a batch of validation that the scores of all symbols fit into memory."""
        most = max(SCORES // self.codecs_["input"].size, 1)
        return super().settings(training, **{"batch_steps": min(self.batch_steps, most), **changes})

    def training_data(self, training: Coded, device: torch.device) -> Examples[Batch] | Lanes[Batch]:
        """Lanes; pieces for a network without memory."""
        if self.model_config_["kind"] == "Feedforward":
            return next_symbol_pieces(training.inputs, WINDOWS * int(self.window), device)
        return next_symbol_lanes(training.inputs, int(self.window), device)

    def data_of_part(self, part: Coded, device: torch.device, *, each: bool) -> Lanes[Batch]:
        """Lanes, as in `fit`."""
        return next_symbol_lanes(part.inputs, int(self.window), device)

    def validation_data(self, validation: Coded, device: torch.device) -> Examples[Batch]:
        """Pieces, long enough that what an initial state costs at their beginnings does not count."""
        symbols = self.codecs_["input"].size
        return next_symbol_pieces(validation.inputs, min(PIECE, max(SCORES // symbols, int(self.window))), device)

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Cross-entropy of each next symbol."""
        scores, state = outputs_and_state(model, batch.inputs, batch.lengths, batch.state)
        lengths = cast(torch.Tensor, batch.target_lengths).to(scores.device)
        targets = batch.targets.masked_fill(~inside(lengths, scores.shape[1], scores.device), IGNORED)
        total = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")
        return BatchLoss(total, int(lengths.sum()), state)

    def metric(self, validation: Coded) -> Metric:
        """Bits per character: the validation loss in units in which characters, words and subwords compare."""
        factor = symbols_per_character(validation) / log(2)
        return Metric("bits per character", None, higher_is_better=False, of_loss=lambda loss: loss * factor)

    def _scored(self, documents: Sequence[Document]) -> tuple[Coded, Iterator[Scored]]:
        self._check_fitted()
        coded, device = coded_documents(self.codecs_["input"], documents), self._device()

        def batches() -> Iterator[Scored]:
            self.model_.eval()
            with reproducible(self.random_state, self.num_threads, device), torch.no_grad():
                yield from scored(self.model_, coded.inputs, device)

        return coded, batches()

    def log_probabilities(self, X: Any) -> list[np.ndarray]:
        """The natural logarithm of the probability of each symbol of each text, after those before it.

        Where documents have an end, the end's comes last. A symbol that is not known counts as the unknown one.

        Args:
            X: a list of texts, or one text that has no end.

        Shape:
            returns N of (T_i,)
        """
        return self._log_probabilities(X)[1]

    def _log_probabilities(self, X: Any) -> tuple[Coded, list[np.ndarray]]:
        self._check_fitted()
        coded, batches = self._scored([one._replace(ends=one.ends and bool(self.ends_)) for one in as_documents(X)])
        found: list[Any] = [None] * len(coded)
        for rows, values, _ in batches:
            for row, one in zip(rows, values, strict=True):
                found[row] = one
        return coded, found

    def bits_per_character(self, X: Any) -> np.ndarray:
        """How many bits each text takes for each of its characters (its end is one); the fewer, the better known; (N,).

        Characters, words and subwords compare in it, but for unknown words: all of them are one symbol, and cheap.
        """
        coded, found = self._log_probabilities(X)
        bits = np.array([-one.sum() / log(2) for one in found])
        bits /= np.maximum(np.asarray(coded.targets), 1)
        return bits

    def evaluate(self, X: Any, y: Any = None) -> dict[str, float]:
        """Bits per character, and the perplexity of a symbol: exp of its mean negative log-probability.

        Args:
            X: a list of texts, or one text.
            y: nothing.
        """
        self._refuse(y)
        coded, found = self._log_probabilities(X)
        values = np.concatenate(found)
        if not len(values):
            raise InputError("X has no symbol to measure the model on: give a text that is not empty")
        bits = -float(values.sum()) / log(2) / int(np.asarray(coded.targets).sum())
        return {"bits_per_character": bits, "perplexity": float(np.exp(-values.mean()))}

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the bits per character, so that more is better."""
        return -self.evaluate(X, y)["bits_per_character"]

    @property
    def symbols_(self) -> list[str]:
        """What each number is: "" for the start and the end of a document, \N{REPLACEMENT CHARACTER} for unknown."""
        self._check_fitted()
        codec = cast(TextCodec, self.codecs_["input"])
        return [codec.decode([number]) if number != END else "" for number in range(codec.size)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """How likely each symbol is to come next after each text, by its number, as `symbols_` lists them; (N, V)."""
        documents = [one._replace(ends=False) for one in as_documents(X)]
        coded, batches = self._scored(documents)
        probabilities = np.zeros((len(coded), self.codecs_["input"].size), np.float32)
        for rows, _, after in batches:
            probabilities[rows] = torch.from_numpy(after).softmax(-1).numpy()
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest next symbol of each text, (N,); "" for the end."""
        predicted: np.ndarray = np.array(self.symbols_, object)[self.predict_proba(X).argmax(1)]
        return predicted

    def writing(
        self,
        prompt: str = "",
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: Any = None,
    ) -> Writing:
        """An iterator over a text as it is written, symbol by symbol; its state can be kept, and the text changed.

        Args:
            prompt: what the text begins with; it is read and not given again.
            temperature: below 1 safer, above 1 bolder; 0: always the likeliest symbol.
            top_k: draw from the so many likeliest symbols alone.
            top_p: draw from the fewest likeliest symbols that together have this probability.
            seed: of the random numbers, as for NumPy's `default_rng`; equal ones give equal texts.

        Raises:
            InputError: an argument is out of its range, or the model has no state to go on from.

        Example:
            >>> import elman
            >>> generator = elman.Generator(hidden_size=16, epochs=2, verbose=0).fit("abcabd" * 50)
            >>> writing = generator.writing("ab", seed=0)
            >>> before = writing.state
            >>> text = next(writing) + next(writing)
            >>> writing.state = before  # back to after "ab"
            >>> writing.read("c")       # and on with another symbol
            >>> writing.probabilities.shape
            (7,)
        """
        self._check_fitted()
        model = self.model_
        if not isinstance(model, InStep):
            raise InputError("a network without memory has no state to write from: generate with a recurrent one")
        if not isinstance(prompt, str):
            raise InputError(f"prompt is {prompt!r}, expected a text")
        check_unicode(prompt, "prompt")
        stream = Stream.from_torch(model.recurrent, model.readout, model.input.whole())
        how: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        writing = Writing(stream, self.codecs_["input"], ends=bool(self.ends_), **how)
        writing.read(prompt)
        return writing

    def generate(
        self,
        prompt: str = "",
        length: int = 200,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        count: int | None = None,
    ) -> Any:
        """Write texts.

        Args:
            prompt: what each begins with.
            length: symbols that are added to it at most; fewer where the document ends.
            temperature: see `writing`, as for `top_k`, `top_p`.
            top_k: see `writing`.
            top_p: see `writing`.
            seed: not negative; equal ones give equal texts. None: others each time.
            count: how many texts; None: one, which is given alone.

        Returns:
            The text with its prompt; with `count` a list of them, of which none depends on how many there are.

        Raises:
            InputError: an argument is out of its range.
        """
        for name, value, least in (("length", length, 1), ("count", count, 1), ("seed", seed, 0)):
            if value is not None or name == "length":
                check_whole(name, value, least)
        how: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        own = fresh_seed() if seed is None else int(seed)
        texts = []
        for k in range(1 if count is None else int(count)):
            writing = self.writing(prompt, **how, seed=[k, own])
            texts.append("".join([prompt, *islice(writing, int(length)), writing.held]))
        return texts[0] if count is None else texts
