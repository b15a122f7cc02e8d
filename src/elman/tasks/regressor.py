"""Sequence in, numbers out: one value per step, or one for the whole sequence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from torch import Tensor, nn

from elman.codecs import KINDS, Ragged, SeriesCodec, as_sequences, kind_of
from elman.errors import InputError, counted
from elman.models.inside import inside
from elman.tasks.coded import Batch, Coded, input_codec
from elman.tasks.learning import Learner, SeriesLearner, input_learner
from elman.tasks.media import readable
from elman.tasks.options import RegressorOptions
from elman.tasks.windowed import Windowed, outputs_and_state, parts_by_time
from elman.tasks.word_vectors import vector_file
from elman.train import BatchLoss


class Regressor(RegressorMixin, Windowed, RegressorOptions):  # type: ignore[misc]
    """Numbers from sequences: of vectors or texts, of any lengths; a value per step, or one per sequence.

    In step (`per="step"`) every hidden state gives an output; for a whole sequence the last one does. Inputs and
    targets are scaled inside; missing inputs (NaN) are marked, steps whose target is missing are not learned from.
    Fewer than ten long sequences are validated on their last part in time. Arguments are keyword-only and listed in
    `RegressorOptions`. The default cell is the LSTM, which PyTorch runs fastest on a CPU.

    After `fit`: `model_`, `codecs_`, `history_`.

    Example:
        >>> import elman, numpy as np
        >>> X = [np.random.rand(T, 2) for T in (5, 9, 7)]
        >>> y = [x.sum(1).cumsum() for x in X]  # a value per step
        >>> regressor = elman.Regressor(epochs=1, validation_fraction=0, verbose=0).fit(X, y)
        >>> [len(values) for values in regressor.predict(X)]
        [5, 9, 7]
    """

    task = "regress"
    input_codecs = ("text", "audio", "image", "series")
    output_codec = "series"

    def prepared(self, X: Any, y: Any) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        sequences: Sequence[Any] = as_sequences(X)
        targets, in_step = as_targets(sequences, y, self.per)
        sequences, targets = readable(list(sequences), targets, verbose=self.verbose)
        scored = [k for k, target in enumerate(targets) if not np.isnan(target).all()]
        if not scored:
            raise InputError("y has no value that is not missing: there is nothing to learn from")
        sequences, targets = [sequences[k] for k in scored], [targets[k] for k in scored]
        if self.by_time(sequences, in_step):
            scored_steps = [np.flatnonzero(~np.isnan(target).all(1)) for target in targets]
            parts = parts_by_time(sequences, targets, scored_steps, self.validation_fraction, self.unscored)
            training, validation = parts
        else:
            rows = self._split(sequences)
            training, validation = ([(sequences[k], targets[k]) for k in part] for part in rows)
        codec = input_codec([one for one, _ in training], self.level, vector_file(self))
        self.codecs_ = {"input": codec, "output": SeriesCodec().fit([target for _, target in training])}

        def coded(part: list[tuple[Any, np.ndarray]]) -> Coded:
            return self.coded([one for one, _ in part], [target for _, target in part], in_step=in_step)

        return coded(training), coded(validation) if validation else None

    def checked(self, X: Any, y: Any) -> tuple[list[Any], list[Any], bool]:
        """Sequences, and a target for each or for each of its steps, as the fitted model gives them."""
        sequences = list(as_sequences(X))
        targets, in_step = as_targets(sequences, y, "step" if self.in_step else "sequence")
        return *readable(sequences, targets, self.codecs_["input"], verbose=self.verbose), in_step

    def learners(self, text: bool) -> dict[str, Learner]:
        """Of what it reads, and of the numbers that it gives."""
        return {"input": input_learner(text, self.level, vector_file(self)), "output": SeriesLearner()}

    def coded(self, X: Sequence[Any], y: Sequence[np.ndarray], *, in_step: bool = False) -> Coded:
        """Sequences and their targets, scaled."""
        scaled = Ragged.of([self._scaled(target) for target in y])
        return Coded(self.codecs_["input"].encode_all(X), scaled if in_step else scaled.values)

    def unscored(self, target: np.ndarray) -> np.ndarray:
        """Missing values, which are not learned from."""
        return np.full_like(target, np.nan)

    def _scaled(self, target: np.ndarray) -> np.ndarray:
        """A target in units of the training data's deviation, float32, with NaN where it is missing."""
        codec: SeriesCodec = self.codecs_["output"]
        scaled = codec.encode(target)[:, : codec.input_size]
        return np.where(np.isnan(target), np.float32(np.nan), scaled)

    def ends(self) -> dict[str, int]:
        """The sizes of the model's two ends; a missing target needs no output that marks it."""
        return {"input_size": self.codecs_["input"].size, "output_size": self.codecs_["output"].input_size}

    def wiring(self, training: Coded) -> dict[str, Any]:
        """In step for a value per step, many to one for one per sequence."""
        network = self._network(self.pieces(training))
        network["train_initial_state"] = bool(self.train_initial_state)
        if isinstance(training.targets, Ragged):
            return {"kind": "InStep", **self.ends(), **network}
        return {"kind": "ManyToOne", **self.ends(), "pooling": self.pooling, **network}

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Squared error, over the values that are not missing."""
        outputs, state = outputs_and_state(model, batch.inputs, batch.lengths, batch.state)
        error = outputs - batch.targets
        valid = ~batch.targets.isnan()
        if batch.target_lengths is not None:
            valid &= inside(batch.target_lengths, batch.targets.shape[1], valid.device).unsqueeze(2)
        return BatchLoss(error[valid].square().sum(), int(valid.sum()), state)

    def predict(self, X: Any) -> Any:
        """The values: (N,) or (N, O) for one per sequence; a list of (T_i,) or (T_i, O) arrays for one per step.

        One (N, T, I) array gives one (N, T) or (N, T, O) array.
        """
        inputs = self._encoded(X)
        codec: SeriesCodec = self.codecs_["output"]

        def run(batch: Tensor, lengths: Tensor) -> list[np.ndarray]:
            outputs = codec.decode(outputs_and_state(self.model_, batch, lengths)[0].cpu().numpy())
            outputs = outputs[..., 0] if codec.input_size == 1 else outputs
            if not self.in_step:
                return list(outputs)
            return [one[:length] for one, length in zip(outputs, lengths.tolist(), strict=True)]

        values = self._run(inputs, run)
        if self.in_step:
            return np.array(values) if isinstance(X, np.ndarray) and X.dtype != object else values
        return np.array(values).reshape(len(values), *([codec.input_size] if codec.input_size > 1 else []))

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """R squared, mean absolute error and root of the mean squared error, over the values that are not missing.

        Of several outputs these are the means (of errors before the root), and those of each follow: `r2_1`, or with
        the name of the output in place of its number.
        """
        self._check_fitted()
        sequences, targets, _ = self.checked(X, y)
        predicted = self.predict(sequences)
        size = self.codecs_["output"].input_size
        truth = np.concatenate(targets) if targets else np.zeros((0, size))
        values = np.concatenate([np.asarray(one).reshape(-1, size) for one in predicted]) if targets else truth
        if truth.shape[1] != size:
            raise InputError(f"y has {truth.shape[1]} values at a time, but this model was trained on {size}")
        measured = []
        for true, value in zip(truth.T, values.T, strict=True):
            valid = ~np.isnan(true)
            if valid.sum() < 2:
                raise InputError(f"y has {valid.sum()} values that are not missing, expected at least 2 of each output")
            ends = true[valid], value[valid]
            measured.append([measure(*ends) for measure in (r2_score, mean_absolute_error, mean_squared_error)])
        rows = {"": np.mean(measured, 0).tolist()}
        if size > 1:
            rows |= {f"_{self.codecs_['output'].channel(k)}": row for k, row in enumerate(measured)}
        return {
            f"{name}{output}": value
            for output, (r2, mae, mse) in rows.items()
            for name, value in (("r2", r2), ("mae", mae), ("rmse", mse**0.5))
        }

    def score(self, X: Any, y: Any) -> float:
        """R squared."""
        return self.evaluate(X, y)["r2"]


def as_targets(sequences: Sequence[Any], y: Any, per: str | None) -> tuple[list[np.ndarray], bool]:
    """Targets in one form, and whether there is one for every step.

    Args:
        sequences: N sequences.
        y: one value or one vector for each sequence, or for each step of each sequence; NaN is a missing value.
        per: "step", "sequence", or None to tell by the shapes: per step where every target has as many rows as its
            sequence has steps. Texts have a target per sequence.

    Returns:
        N arrays, (T_i, O) for a target per step or (1, O) for one per sequence.

    Raises:
        InputError: the numbers of targets do not fit.
    """
    if per not in (None, "step", "sequence"):
        raise InputError(f"per is {per!r}, expected 'step' or 'sequence'")
    if len(y) != len(sequences):
        raise InputError(f"X has {len(sequences)} sequences, but y has {len(y)} targets")
    try:
        arrays = [np.asarray(one, np.float64) for one in y]
    except (TypeError, ValueError) as error:
        raise InputError(f"y cannot be read as numbers ({error}): give a number, or an array, per sequence") from error
    kind = kind_of(sequences)
    if per == "step" and kind != "series":
        raise InputError(
            f"per is 'step', but X holds {KINDS[kind]}: give sequences of numbers, or one target for each of them"
        )
    fits_steps = kind == "series" and all(
        one.ndim in (1, 2) and len(one) == len(x) for one, x in zip(arrays, sequences, strict=True)
    )
    fits_sequence = len({one.shape for one in arrays}) == 1 and arrays[0].ndim < 2
    in_step = fits_steps and per != "sequence"
    if kind != "series" and not fits_sequence:
        raise InputError("y has targets of several shapes: expected one number (or vector of one size) for each of X")
    if (per == "step" and not fits_steps) or (not in_step and not fits_sequence):
        k = next((k for k, one in enumerate(arrays) if one.ndim not in (1, 2) or len(one) != len(sequences[k])), 0)
        raise InputError(
            f"y[{k}] has shape {arrays[k].shape}, but X[{k}] has {counted(len(sequences[k]), 'steps')}: "
            "expected one target for each step, or one number (or vector of one size) for each sequence"
        )
    if not in_step:
        if missing := [k for k, one in enumerate(arrays) if np.isnan(one).any()]:
            raise InputError(f"y[{missing[0]}] is missing: leave its sequence out")
        return [one.reshape(1, -1) for one in arrays], False
    widths = [one.size // len(one) if len(one) else None for one in arrays]
    size = next((width for width in widths if width is not None), 1)
    for k, width in enumerate(widths):
        if width not in (size, None):
            raise InputError(f"y[{k}] has {width} values for each step, but those before it have {size}")
    return [one.reshape(len(one), size) for one in arrays], True
