"""Sound in, the text that is spoken in it out."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from elman.codecs import NUM_SPECIAL, AudioCodec, Ragged, TextCodec
from elman.errors import DataWarning, InputError, counted, listed
from elman.models.ctc import collapsed, ctc_loss, log_softmax, steps_needed, steps_needed_by_each
from elman.models.ctc_alignment import aligned
from elman.models.ctc_search import GreedySearch, PrefixSearch, Search
from elman.models.noise import add_noise
from elman.models.spec_augment import spec_augment
from elman.models.warp import change_tempo, warp_frequencies
from elman.stream import Stream
from elman.tasks.coded import Batch, Coded, text_codec
from elman.tasks.language_model import LanguageModel
from elman.tasks.learning import Learner
from elman.tasks.listener import Listener
from elman.tasks.options import TranscriberOptions
from elman.tasks.text_scores import error_rates, symbols
from elman.tasks.to_text import ToText
from elman.tasks.transcript import Alignment, Transcript, alignment
from elman.tasks.unseen import warn_of_unseen
from elman.tasks.windowed import outputs_and_state
from elman.tasks.writing import check_whole
from elman.train import BatchLoss, Examples, Metric

BEAM, BONUS = 16, 1.5  # where a language model is given, and no beam or no bonus for symbols
FEW = 1000  # sounds, below which a batch has 8
SHIFT = NUM_SPECIAL - 1  # from the network's outputs, where 0 is the blank, to the numbers of the text codec


class Transcriber(ToText, TranscriberOptions):
    """Sound to text, learned from recordings and what is said in each, without being told when.

    Log-mel frames, several to a step, are read by a recurrent network whose outputs are characters or a blank; CTC sums
    over all ways in which the text could lie in the sound. With `bidirectional=False` it can listen while somebody
    speaks. Arguments are keyword-only and listed in `TranscriberOptions`. It needs `elman[speech]`.

    After `fit`: `model_`, `codecs_`, `history_`.

    Example:
        >>> import elman, soundfile
        >>> from pathlib import Path
        >>> time = np.arange(4000) / 8000
        >>> for name, pitch in (("low", 300), ("high", 900)):
        ...     soundfile.write(f"{name}.wav", np.sin(2 * np.pi * pitch * time) / 2, 8000)
        >>> files, texts = [Path("low.wav"), Path("high.wav")], ["low", "high"]
        >>> transcriber = elman.Transcriber(hidden_size=8, epochs=2, validation_fraction=0, verbose=0)
        >>> [type(text) for text in transcriber.fit(files, texts).predict(files)]  # one second teaches nothing
        [<class 'str'>, <class 'str'>]
        >>> sorted(transcriber.evaluate(files, texts))
        ['character_error_rate', 'exact_match', 'word_error_rate']
    """

    task = "transcribe"
    input_codecs = ("audio",)

    def prepared(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        sounds, texts = self.pairs(X, y)
        aside = np.zeros(len(texts), bool)
        if validation is None:
            aside[self._split_pairs(texts)[1]] = True
        learned = np.flatnonzero(~aside)
        codec = AudioCodec(stack=int(self.stack)).fit([sounds[row] for row in learned])
        self.codecs_ = {"input": codec, "output": text_codec([texts[row] for row in learned], self.level)}
        coded, rows = self._feasible(sounds, texts)
        training, held_out = (coded.select(np.flatnonzero(aside[rows] == side)) for side in (False, True))
        if validation is not None:
            held_out = self.coded_aside(*validation)
        elif not aside.any():
            return training, None
        for part, use in ((training, "learn from"), (held_out, "validate with")):
            if not len(part):
                raise InputError(f"no sound to {use} fits its text: give more data, or stack=1 (--stack 1)")
        if not len(cast(Ragged, held_out.targets).values):
            raise InputError(
                f"the texts to validate with have no {self.level} of those to learn from: give more data, or "
                "validation_fraction=0 (--validation-fraction 0)"
            )
        return training, held_out

    def _split_pairs(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Rows for training and for validation; where most texts stand once, those that are equal stay together."""
        return self._split(texts if 2 * len(set(texts)) > len(texts) else range(len(texts)))

    def learners(self, text: bool) -> dict[str, Learner]:
        """None: a transcriber does not learn from a stream."""
        raise InputError("a transcriber learns from audio files: do not stream the table (--no-stream)")

    def coded(self, X: Sequence[Any], y: Sequence[str], *, in_step: bool = False) -> Coded:
        """Sounds as frames and texts as outputs of the network, of the pairs that are feasible."""
        return self._feasible(X, y)[0]

    def _feasible(self, X: Sequence[Any], y: Sequence[str]) -> tuple[Coded, np.ndarray]:
        """Sounds and texts as arrays, of those whose text is not too long for its sound, and which these are."""
        targets = [self._outputs(text) for text in y]
        inputs = self.codecs_["input"].encode_all(X)
        needed = np.array([steps_needed(one) for one in targets])
        rows = np.flatnonzero(inputs.lengths >= needed)
        if len(rows) < len(targets):
            self._tell_infeasible(X, inputs.lengths, needed, targets)
        texts = [(y[row],) for row in rows.tolist()]
        return Coded(inputs.select(rows), Ragged.of([targets[row] for row in rows]), texts=texts), rows

    def _outputs(self, text: str) -> np.ndarray:
        """The outputs that a text is, (U,); what the codec does not know is left out, since no sound can teach it."""
        numbers = self.codecs_["output"].encode(text) - SHIFT
        known: np.ndarray = numbers[numbers > 0]
        return known

    def _tell_infeasible(
        self, X: Sequence[Any], steps: np.ndarray, needed: np.ndarray, targets: list[np.ndarray]
    ) -> None:
        rows = np.flatnonzero(steps < needed).tolist()
        milliseconds = f"{self.codecs_['input'].step * 1000:g} ms"
        reasons = [
            f"{getattr(X[row], 'path', X[row])} has {counted(steps[row], 'steps')} of {milliseconds}, but its text of "
            f"{counted(len(targets[row]), self.level)} needs at least {needed[row]}"
            for row in rows
        ]
        remedy = f"give a stack (--stack) below {self.stack}, or mend the text" if self.stack > 1 else "mend the text"
        if self.strict or len(rows) == len(X):
            raise InputError(
                f"{reasons[0]}: {remedy}" + ("" if self.strict else "; no other sound fits its text either")
            )
        warnings.warn(
            f"left out {len(rows):,} of {len(X):,} sounds that are too short for their text: "
            f"{listed(reasons)} ({remedy})",
            DataWarning,
            stacklevel=4,
        )

    def ends(self) -> dict[str, int]:
        """The numbers of a step, and the blank with all symbols of the transcripts."""
        return {"input_size": self.codecs_["input"].size, "output_size": self.codecs_["output"].size - SHIFT}

    def wiring(self, training: Coded) -> dict[str, Any]:
        """In step."""
        return {"kind": "InStep", **self.ends(), **self._network(len(training))}

    def rows(self, training: Coded) -> int:
        """Few, so that CTC has enough steps of descent to leave the blanks."""
        return 8 if self.pieces(training) < FEW else super().rows(training)

    @property
    def hears_the_future(self) -> bool:
        """Whether what it writes depends on what comes later, so that it cannot listen to a sound that goes on."""
        return self.model_config_["kind"] != "InStep" or bool(self.model_config_["bidirectional"])

    @property
    def keeps_state(self) -> bool:
        """A text lies anywhere in its sound, so that it cannot be learned from a part of it."""
        return False

    def data_of_part(self, part: Coded, device: torch.device, *, each: bool) -> Examples[Batch]:
        """Whole sounds."""
        return part.examples(device)

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Minus the log probability of the texts, over the number of their symbols; varied in training."""
        target_lengths = batch.target_lengths
        assert target_lengths is not None
        least = steps_needed_by_each(batch.targets, target_lengths)
        inputs, lengths = self._varied(batch, least) if model.training else (batch.inputs, batch.lengths)
        scores, _ = outputs_and_state(model, inputs, lengths)
        loss = ctc_loss(scores, lengths, batch.targets, target_lengths)
        return BatchLoss(loss, int(target_lengths.sum()))

    def _varied(self, batch: Batch, least: Tensor) -> tuple[Tensor, Tensor]:
        """Sounds as other voices might make them, with noise and masks, and their lengths, `least` or more."""
        codec: AudioCodec = self.codecs_["input"]
        inputs, lengths = batch.inputs, batch.lengths
        centres, mean, std = (inputs.new_tensor(one) for one in (codec.centres, *codec.scale))
        if self.tempo:
            inputs, lengths = change_tempo(inputs, lengths, least, codec.bins, self.tempo)
        if self.frequency_warp:
            inputs = warp_frequencies(inputs, centres, self.frequency_warp)
        if self.noise is not None:
            inputs = add_noise(inputs, lengths, mean, std, self.noise)
        masked = spec_augment(
            inputs,
            lengths,
            codec.bins,
            frequency_masks=self.frequency_masks,
            frequency_width=self.frequency_width,
            time_masks=self.time_masks,
            time_width=self.time_width,
        )
        return masked, lengths

    def metric(self, validation: Coded) -> Metric:
        """The rate of wrong symbols, read greedily; those that training does not know are never right."""
        assert validation.texts is not None
        right = [[(self.codecs_["output"].encode(text) - SHIFT).tolist()] for (text,) in validation.texts]

        def measure(_: nn.Module) -> float:
            found = [one.tolist() for one in self._run(validation.inputs, self._greedy)]
            return error_rates(found, right)["symbol_error_rate"]

        return Metric(f"{self.level.removesuffix('s')} error rate", measure, higher_is_better=False)

    def _scores(self, batch: Tensor, lengths: Tensor) -> list[np.ndarray]:
        """What the network gives at each step of each sound, before the softmax, (T_i, V)."""
        scores, _ = outputs_and_state(self.model_, batch, lengths)
        return [row[:length] for row, length in zip(scores.cpu().numpy(), lengths.tolist(), strict=True)]

    def _greedy(self, batch: Tensor, lengths: Tensor) -> list[np.ndarray]:
        """The likeliest output at each step of each sound, collapsed."""
        return [collapsed(one.argmax(1)) for one in self._scores(batch, lengths)]

    def hypotheses(self, X: Any, *, beam: int | None = None, language_model: Any = None) -> list[list[Transcript]]:
        """The texts of each sound that the search holds at its end, the best first; a greedy one holds one.

        Args:
            X: paths of audio files, or sounds that were read.
            beam: prefixes that are carried; None for the estimator's own.
            language_model: a `Generator`, or the path of its file; None for the estimator's own.

        Raises:
            InputError: a file cannot be read, or the language model does not fit.
        """
        return self.searched(self._encoded(X), beam, language_model)

    def searched(
        self, inputs: Sequence[np.ndarray], beam: int | None = None, language_model: Any = None
    ) -> list[list[Transcript]]:
        """The hypotheses of encoded sounds."""
        search = self._search(beam, language_model)

        def found(scores: np.ndarray) -> list[Transcript]:
            one = search()
            one.read(log_softmax(scores))
            return [Transcript(self.text(each.symbols), each.score) for each in one.found()]

        return self._run(inputs, lambda *batch: [found(scores) for scores in self._scores(*batch)])

    def text(self, outputs: Sequence[int] | np.ndarray) -> str:
        """The text of outputs without blanks, (U,)."""
        text: str = self.codecs_["output"].decode(np.asarray(outputs, np.int64) + SHIFT)
        return text

    def _search(self, beam: int | None, language_model: Any) -> Callable[[], Search]:
        """Makes a search for a sound."""
        beam = self.beam if beam is None else beam
        generator = self.language_model if language_model is None else language_model
        if generator is None:
            return GreedySearch if beam in (None, 1) else lambda: PrefixSearch(beam, bonus=self.symbol_bonus or 0.0)
        known = isinstance(generator, LanguageModel)
        model = generator if known else LanguageModel(generator, self.codecs_["output"])
        width = BEAM if beam is None else beam
        bonus = BONUS if self.symbol_bonus is None else self.symbol_bonus
        return lambda: PrefixSearch(width, model.before(width), self.language_weight, bonus)

    def align(self, X: Any, texts: Sequence[str] | None = None) -> list[Alignment]:
        """When each symbol and each word of a text is said, in the likeliest way in which it lies in its sound.

        Networks that are trained by CTC speak up for a symbol at one moment within it, or shortly after it where they
        do not hear the future; so a symbol's time is rather a point, and a word's may begin late and end early.

        Args:
            X: paths of audio files, or sounds that were read.
            texts: what is said in each; None: what `predict` gives.

        Raises:
            InputError: a file cannot be read, or a text does not fit: it is too long for its sound, or has symbols that
                the model does not know.
        """
        inputs = self._encoded(X)
        texts = [found[0].text for found in self.searched(inputs)] if texts is None else list(texts)
        if len(texts) != len(inputs):
            raise InputError(f"X has {counted(len(inputs), 'sounds')}, but texts has {len(texts)}")
        codec: TextCodec = self.codecs_["output"]
        for row, text in enumerate(texts):
            if unknown := codec.unknown(text):
                raise InputError(f"texts[{row}] has {unknown[0]!r}, which the model does not know: leave it out")
        return self.aligned(inputs, texts)

    def aligned(self, inputs: Sequence[np.ndarray], texts: Sequence[str]) -> list[Alignment]:
        """When the texts of encoded sounds are said."""
        codec: TextCodec = self.codecs_["output"]
        scores = self._run(inputs, self._scores)
        found = []
        for row, (own, text) in enumerate(zip(scores, texts, strict=True)):
            numbers = codec.encode(text)
            try:
                steps = aligned(log_softmax(own), numbers - SHIFT)
            except InputError as error:
                raise InputError(f"texts[{row}] cannot be aligned: {error}") from error
            found.append(alignment(codec, numbers, steps, self.codecs_["input"].stack))
        return found

    def listen(self, rate: int | None = None, *, beam: int | None = None, language_model: Any = None) -> Listener:
        """Begin to transcribe a sound that goes on: feed it samples, and it gives the text as it comes.

        Args:
            rate: samples of a second of what it will hear; None: the rate that the model was trained at.
            beam: as for `hypotheses`.
            language_model: as for `hypotheses`.

        Returns:
            A session: `feed(samples)` and at the end `finish()` give what is new, `text` is all of it. Other sounds
            have other sessions, which may go on at the same time.

        Raises:
            InputError: the network hears the future (`bidirectional`), or an argument does not fit.
        """
        self._check_fitted()
        if self.hears_the_future:
            raise InputError(
                "this network hears the future, so it cannot listen to a sound that goes on: train one with "
                "bidirectional=False (--no-bidirectional)"
            )
        model: Any = self.model_
        rate = self.codecs_["input"].sample_rate if rate is None else rate
        check_whole("rate", rate, 1)
        stream = Stream.from_torch(model.recurrent, model.readout)
        search = self._search(beam, language_model)()
        return Listener(stream, self.codecs_["input"], self.codecs_["output"], search, rate, SHIFT)

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """Character error rate, word error rate and exact matches.

        An error rate is the number of insertions, deletions and substitutions over that of the characters, or words,
        that are right. Characters that were not in the training texts cannot be written: they count as errors, and a
        `DataWarning` says how many there are. Files that cannot be read are left out, which is said as well.

        Raises:
            InputError: no file can be read, or there is not one text for each.
        """
        self._check_fitted()
        codec: TextCodec = self.codecs_["output"]
        sounds, texts = self.pairs(X, y, self.codecs_["input"])
        unseen = Counter(one for text in texts for one in codec.unknown(text))
        total = sum(len(symbols(text, codec.level)) for text in texts)
        warn_of_unseen(unseen, total, f"{codec.level} of the texts were", "counted as errors")
        predicted = self.predict(sounds)

        def rates(level: str) -> dict[str, float]:
            return error_rates([symbols(one, level) for one in predicted], [[symbols(one, level)] for one in texts])

        characters, words = rates("characters"), rates("words")
        return {
            "character_error_rate": characters["symbol_error_rate"],
            "word_error_rate": words["symbol_error_rate"],
            "exact_match": characters["exact_match"],
        }

    def score(self, X: Any, y: Any) -> float:
        """The share of sounds whose text is exactly right."""
        return self.evaluate(X, y)["exact_match"]
