"""Sequence in, numbers out: one value per step, or one for the whole sequence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from torch import Tensor, nn

from elman.codecs import SeriesCodec, as_sequences
from elman.errors import InputError
from elman.tasks.coded import Batch, Coded, text_codec
from elman.tasks.estimator import Estimator
from elman.tasks.options import RegressorOptions

FEW = 10  # with fewer sequences than this, validation is their end and not some of them
WARM_UP = 0.25  # of a window: steps before a piece that are read and not scored, so that its state is not 0


class Regressor(RegressorMixin, Estimator, RegressorOptions):  # type: ignore[misc]
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

    def prepared(self, X: Any, y: Any) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        sequences = as_sequences(X)
        targets, in_step = as_targets(sequences, y, self.per)
        by_time = in_step and len(sequences) < FEW and self.validation_fraction > 0
        if by_time:
            training, validation = self._parts_by_time(sequences, targets)
        else:
            texts = [str(one) for one in sequences] if isinstance(sequences[0], str) else None
            rows = self._split(len(sequences), groups=texts)
            training, validation = ([(sequences[k], targets[k]) for k in part] for part in rows)
        known = [one for one, _ in training]
        codec = text_codec(known, self.level) if isinstance(known[0], str) else SeriesCodec().fit(known)
        self.codecs_ = {"input": codec, "output": SeriesCodec().fit([target for _, target in training])}

        def coded(part: list[tuple[Any, np.ndarray]]) -> Coded:
            ends = [(codec.encode(one), self._scaled(target)) for one, target in part]
            return Coded([one for one, _ in ends], [target if in_step else target[0] for _, target in ends], in_step)

        pieces = coded(training)
        if in_step and self.window:
            pieces = cut(pieces, self.window)
        return pieces, coded(validation) if validation else None

    def _parts_by_time(self, sequences: Any, targets: list[np.ndarray]) -> tuple[list[Any], list[Any]]:
        """Each sequence's beginning to train on, and the whole of it to validate on with only its end scored."""
        training, validation = [], []
        for one, target in zip(sequences, targets, strict=True):
            end = round(len(target) * (1 - self.validation_fraction))
            training.append((one[:end], target[:end]))
            later = target.copy()
            later[:end] = np.nan
            validation.append((one, later))
        return training, validation

    def _scaled(self, target: np.ndarray) -> np.ndarray:
        """A target in units of the training data's deviation, float32, with NaN where it is missing."""
        codec: SeriesCodec = self.codecs_["output"]
        scaled = codec.encode(target)[:, : codec.input_size]
        return np.where(np.isnan(target), np.float32(np.nan), scaled)

    def wiring(self, n: int) -> dict[str, Any]:
        """In step for a value per step, many to one for one per sequence."""
        output: SeriesCodec = self.codecs_["output"]
        ends = {"input_size": self.codecs_["input"].size, "output_size": output.input_size}
        network = self._network(n, symbols=self.codecs_["input"].kind == "text")
        if self._in_step:
            return {"kind": "InStep", **ends, **network}
        return {"kind": "ManyToOne", **ends, "pooling": self.pooling, **network}

    def _fit(self, training: Coded, validation: Coded | None, wiring: dict[str, Any] | None = None) -> "Regressor":
        self._in_step = training.sequence_targets
        return super()._fit(training, validation, wiring)

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """Squared error, over the values that are not missing."""
        error = _outputs(model, batch.inputs, batch.lengths) - batch.targets
        valid = ~batch.targets.isnan()
        if batch.target_lengths is not None:
            steps = np.arange(batch.targets.shape[1])
            inside = batch.target_lengths.new_tensor(steps) < batch.target_lengths.unsqueeze(1)  # (B, T)
            valid &= inside.unsqueeze(2).to(valid.device)
        return error[valid].square().sum(), int(valid.sum())

    def predict(self, X: Any) -> Any:
        """The values: (N,) or (N, O) for one per sequence; a list of (T_i,) or (T_i, O) arrays for one per step.

        One (N, T, I) array gives one (N, T) or (N, T, O) array.
        """
        inputs = self._encoded(X)
        codec: SeriesCodec = self.codecs_["output"]

        def run(batch: Tensor, lengths: Tensor) -> list[np.ndarray]:
            outputs = codec.decode(_outputs(self.model_, batch, lengths).cpu().numpy())
            outputs = outputs[..., 0] if codec.input_size == 1 else outputs
            if batch.shape[:2] != outputs.shape[:2] or self._many_to_one:
                return list(outputs)
            return [one[:length] for one, length in zip(outputs, lengths.tolist(), strict=True)]

        values = self._run(inputs, run)
        return values if not self._many_to_one and not isinstance(X, np.ndarray) else np.array(values)
