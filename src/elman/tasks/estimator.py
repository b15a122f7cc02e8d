"""What all estimators share: build, train, predict in batches, save and load; scikit-learn's protocol."""

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from torch import Tensor, nn

from elman.codecs import KINDS, InputCodec, Ragged, as_sequences, codec_from_config, kind_of
from elman.codecs.padding import pad
from elman.equations import CELLS, Cell
from elman.errors import InputError
from elman.files import Model, check_tensors, write_model
from elman.models import EncoderDecoder, Feedforward, InStep, ManyToOne, OneToMany, StepsAhead
from elman.nn.recurrent import Recurrent, find_cell
from elman.tasks.coded import Batch, Coded
from elman.tasks.learning import Learner
from elman.tasks.online import learn
from elman.tasks.options import Options, check
from elman.tasks.word_vectors import add_words, network_options, put_vectors, vectors_digest
from elman.train import (
    BatchLoss,
    Continuation,
    Examples,
    History,
    Lanes,
    Metric,
    Settings,
    ordered_batches,
    reproducible,
    split,
    train,
)

MODELS: dict[str, type[nn.Module]] = {
    model.__name__: model for model in (EncoderDecoder, Feedforward, InStep, ManyToOne, OneToMany, StepsAhead)
}
STEPS = 6000  # of gradient descent; where `epochs` is not given, about so many are planned
BATCH_SIZES = {8: 100, 16: 500, 32: 5000, 64: math.inf}  # where `batch_size` is not given: up to so many sequences
PREDICTION_BATCH = 256
# options that are not the model's: its file has none of them
OF_THE_MACHINE = {
    "language_model",
    "encoder",
    "word_vectors",
    "device",
    "num_threads",
    "verbose",
    "memory_budget",
    "checkpoints",
    "checkpoint_seconds",
}
FREE = {
    "max_skipped",
    "beam",
    "length_penalty",
    "max_length",
    "language_weight",
    "symbol_bonus",
}  # options that a resumed training may have otherwise


class Estimator(BaseEstimator, Options, ABC):  # type: ignore[misc]
    """A task: a wiring of the network, a codec at each end, a loss and a metric.

    After `fit` or `elman.load`: `model_`, a torch module; `codecs_`, by end; `history_`; `model_config_`.
    """

    task: ClassVar[str]
    input_codecs: ClassVar[tuple[str, ...]]  # the kinds of codecs that it may have
    output_codec: ClassVar[str | None]  # None: it writes in the symbols that it reads
    learned: ClassVar[dict[str, type]] = {}  # further attributes of `fit` that belong to the model, and what they are

    model_: nn.Module
    codecs_: dict[str, Any]
    history_: History
    continuation_: Continuation  # of `partial_fit`
    model_config_: dict[str, Any]

    @abstractmethod
    def prepared(self, X: Any, y: Any) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""

    @abstractmethod
    def checked(self, X: Any, y: Any) -> tuple[list[Any], list[Any], bool]:
        """Raw data in the one form that `coded` takes, and whether there is a target for each step."""

    @abstractmethod
    def learners(self, text: bool) -> dict[str, Learner]:
        """What learns the codec of each end from a stream; `text`: whether the input is text."""

    @abstractmethod
    def coded(self, X: Sequence[Any], y: Sequence[Any], *, in_step: bool = False) -> Coded:
        """Raw sequences, and what each is to give, through the codecs; `in_step`: at each of its steps."""

    def take_in(self, training: Coded) -> None:
        """Learn from training data what belongs to the model besides codecs and weights."""
        return

    def ends(self) -> dict[str, int]:
        """The sizes of the model's two ends, by the names of its arguments."""
        return {"input_size": self.codecs_["input"].size, "output_size": self.codecs_["output"].size}

    @abstractmethod
    def wiring(self, training: Coded) -> dict[str, Any]:
        """The configuration of the model for this training data: the name of its class and its arguments."""

    @abstractmethod
    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """The sum of the losses of a batch, and over how many values; of a window of lanes the state after it too."""

    @abstractmethod
    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """The task's metrics on raw data, by name."""

    @property
    def in_step(self) -> bool:
        """Whether the fitted model gives an output for each step."""
        return self.model_config_["kind"] == "InStep" or bool(self.model_config_.get("in_step"))

    @property
    def further_numbers(self) -> int:
        """How many more numbers than its codecs have symbols may stand in coded texts."""
        return 0

    @property
    def keeps_state(self) -> bool:
        """Whether it gives an output for each step and reads forwards only, so that its state can be carried on."""
        config = getattr(self, "model_config_", {})
        return config.get("kind") == "InStep" and not config["bidirectional"] and not config.get("crf")

    def parts(self) -> dict[str, Any]:
        """Modules that the model is made of and its configuration cannot describe, by the names of its arguments."""
        return {}

    def metric(self, validation: Coded) -> Metric | None:
        """What decides which epoch was best; None for the validation loss."""
        return None

    def pieces(self, training: Coded) -> int:
        """How many pieces there are to learn from: sequences, or windows of long ones."""
        return len(training)

    def most_steps(self, training: Coded) -> int:
        """How many steps a network without memory may see at most."""
        return int(training.inputs.lengths.max())

    def training_data(self, training: Coded, device: torch.device) -> Examples[Batch] | Lanes[Batch]:
        """The form in which the training loop reads them."""
        return training.examples(device)

    def data_of_part(self, part: Coded, device: torch.device, *, each: bool) -> Examples[Batch] | Lanes[Batch]:
        """The form in which `partial_fit` reads them; `each`: every sequence a lane, so that its state can be kept."""
        if not each:
            return part.examples(device)
        return part.lanes(getattr(self, "window", 0) or int(part.inputs.lengths.max()), device, each=True)

    def validation_data(self, validation: Coded, device: torch.device) -> Examples[Batch]:
        """The form in which validation data are read."""
        return validation.examples(device)

    def fit(self, X: Any, y: Any, *, resume: bool = False) -> Self:
        """Train on sequences X and what each is to give, y.

        Ctrl-C ends the training and keeps the best model so far.

        Args:
            X: the sequences.
            y: what each is to give.
            resume: go on from the last checkpoint in the folder `checkpoints`, with the same data and options, as if
                nothing had happened; without one from the beginning.

        Raises:
            InputError: the data or an option does not fit.
        """
        check(self)
        if y is None:
            raise InputError("y is None: give what each sequence of X is to give")
        return self.fit_coded(*self.prepared(X, y), resume=resume)

    def fit_coded(
        self,
        training: Coded,
        validation: Coded | None,
        wiring: dict[str, Any] | None = None,
        *,
        resume: bool = False,
        overwrite: bool = False,
        log: str | os.PathLike[str] | None = None,
        how_to_resume: str = "fit(..., resume=True)",
    ) -> Self:
        """Train on data that `prepared` gave.

        Args:
            training: to learn from.
            validation: for early stopping.
            wiring: another one than the task's own.
            resume: go on from the last checkpoint.
            overwrite: begin anew although there are checkpoints of a training that has not ended.
            log: a file for the history, which grows with every epoch.
            how_to_resume: what to tell a person who interrupts it.
        """
        self.__dict__.pop("continuation_", None)
        device = self.build_model(training, wiring)
        with self.unfitted_on_error():
            self.history_ = train(
                self.model_,
                self.loss,
                self.training_data(training, device),
                self.validation_data(validation, device) if validation else None,
                self.settings(training),
                metric=self.metric(validation) if validation else None,
                checkpoints=self.checkpoints,
                resume=resume,
                overwrite=overwrite,
                identity=self._identity(training, validation) if self.checkpoints is not None else None,
                log=log,
                how_to_resume=how_to_resume,
            )
        return self

    @contextmanager
    def unfitted_on_error(self) -> Iterator[None]:
        """Leave no model behind that looks trained and is not."""
        try:
            yield
        except BaseException:
            for name in ("model_", "history_", "model_config_"):
                self.__dict__.pop(name, None)
            raise

    def partial_fit(self, X: Any, y: Any, *, goes_on: bool = False) -> Self:
        """Learn from data that arrives in time: one pass over X and y, from where the last call ended.

        The first call fits the codecs, so let it have enough data to know symbols and scales by. Nothing is set aside
        for validation, and the learning rate stays as it is (`warm_up`, `decay` and `patience` are for `fit`).
        The optimiser goes on from call to call; a model that was saved and loaded begins with a fresh one.

        Args:
            X: sequences.
            y: what each is to give.
            goes_on: whether each sequence goes on where that of the last call ended: the hidden state does too. For a
                value at each step, not bidirectional.

        Raises:
            InputError: the data or an option does not fit.

        Example:
            >>> import elman, numpy as np
            >>> regressor = elman.Regressor(hidden_size=4, per="step", verbose=0)
            >>> for part in np.split(np.sin(np.arange(600.0)), 6):
            ...     regressor = regressor.partial_fit([part[:-1]], [part[1:]], goes_on=hasattr(regressor, "model_"))
            >>> len(regressor.history_.epochs)
            6
        """
        check(self)
        learn(self, X, y, None, goes_on)
        return self

    def add_words(self, path: str | os.PathLike[str], X: Sequence[Any]) -> int:
        """Let a model that was trained with word vectors read words that only their file knows.

        Those words of X that are new to the model get their vectors; nothing else of it changes. Save it to keep them.

        Args:
            path: the file of word vectors that the model was trained with.
            X: sequences of words.

        Returns:
            How many words are new.

        Raises:
            InputError: the file is not as it should be or is another one, or the model was trained without word
                vectors, or it writes the words that it reads.
        """
        self._check_fitted()
        return add_words(self, path, X)

    def rows(self, training: Coded) -> int:
        """How many sequences a batch has, or lanes, where `batch_size` leaves it open."""
        return next(size for size, most in BATCH_SIZES.items() if self.pieces(training) <= most)

    def settings(self, training: Coded, **changes: Any) -> Settings:
        """How to train on this data: the options, and where they leave it open what the size of the data suggests."""
        pieces = self.pieces(training)
        batch_size = self.batch_size or self.rows(training)
        steps = -(-pieces // (batch_size * self.accumulate))
        own = {
            "epochs": self.epochs or min(max(round(STEPS / steps), 10), 300),
            "batch_size": batch_size,
            "seed": self.random_state,
        }
        same = {field.name: getattr(self, field.name) for field in fields(Settings) if field.name not in own}
        return Settings(**{**own, **same, **changes})

    def build_model(self, training: Coded, wiring: dict[str, Any] | None = None) -> torch.device:
        """Make the model for this data, with fresh weights; give the device that it is on."""
        device = self._device()
        self.model_config_ = wiring or self.wiring(training)
        with reproducible(self.random_state, self.num_threads, device):
            self.model_ = build(self.model_config_, **self.parts()).to(device)
            put_vectors(self)
        for module in self.model_.modules():
            if isinstance(module, Recurrent):
                module.memory_budget = self.memory_budget
        return device

    def _identity(self, training: Coded, validation: Coded | None) -> dict[str, Any]:
        """What makes a training this one: a resumed one has to have the same."""
        return {
            "task": self.task,
            "options": {name: value for name, value in self._own_options().items() if name not in FREE},
            "data": [training.digest, validation.digest if validation else None],
            "model": self.model_config_,
            "codecs": {end: codec.to_config() for end, codec in self.codecs_.items()},
            **vectors_digest(self.codecs_["input"]),
        }

    def _own_options(self) -> dict[str, Any]:
        """The options that are the model's, as JSON."""
        cell = find_cell(self.cell)
        given = self.get_params(deep=False)  # deep: with those of an estimator that is an option
        options = {name: _as_json(value) for name, value in given.items() if name not in OF_THE_MACHINE}
        return {**options, "cell": cell.name if CELLS.get(cell.name) == cell else cell.to_config()}

    def _split(
        self, sequences: Sequence[Any], labels: Sequence[Hashable] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows for training and for validation; rows of one text stay together."""
        if self.validation_fraction == 0:
            return np.arange(len(sequences)), np.arange(0)
        groups = sequences if kind_of(sequences) == "text" else None
        return split(len(sequences), self.validation_fraction, self.random_state, groups=groups, labels=labels)

    def _device(self) -> torch.device:
        try:
            device = torch.device(self.device)
            torch.zeros(1, device=device).tolist()  # what is not there shows only when it is used
        except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(
                f"device is {self.device!r}, expected one that is there, such as cpu, cuda or mps: {reason}"
            ) from error
        return device

    def _network(self, n: int) -> dict[str, Any]:
        """The part of a model's configuration that all recurrent wirings share, sized for `n` sequences."""
        hidden_size = int(self.hidden_size or 0) or (64 if n < 1000 else 128 if n < 50_000 else 256)
        embedding_size = int(self.embedding_size or max(hidden_size // 2, 4))
        return {
            "cell": find_cell(self.cell).to_config(),
            "hidden_size": hidden_size,
            "num_layers": int(self.num_layers),
            "bidirectional": bool(self.bidirectional),
            "dropout": float(self.dropout),
            "embedding_size": embedding_size if self.codecs_["input"].symbolic else 0,
            "init": "orthogonal",
            **network_options(self, self.codecs_["input"]),
        }

    def _run(self, inputs: Sequence[np.ndarray], run: Callable[[Tensor, Tensor], Sequence[Any]]) -> list[Any]:
        """Run the model over inputs in batches of like length; the results are in the order of the inputs."""
        results: list[Any] = [None] * len(inputs)
        device = self._device()
        self.model_.eval()
        with reproducible(self.random_state, self.num_threads, device), torch.no_grad():
            lengths = inputs.lengths if isinstance(inputs, Ragged) else [len(one) for one in inputs]
            for indices in ordered_batches(lengths, PREDICTION_BATCH):
                batch, own = pad([inputs[row] for row in indices])
                for row, result in zip(indices, run(batch.to(device), own), strict=True):
                    results[row] = result
        return results

    def _encoded(self, X: Any, name: str = "X") -> Sequence[np.ndarray]:
        """Raw sequences through the codec of the input end."""
        self._check_fitted()
        codec: InputCodec = self.codecs_["input"]
        if hasattr(X, "__len__") and getattr(X, "ndim", 1) != 0 and not isinstance(X, str) and len(X) == 0:
            return []
        sequences = as_sequences(X, name)
        if (kind := kind_of(sequences, name)) != codec.kind:
            raise InputError(f"{name} holds {KINDS[kind]}, but this model was trained on {KINDS[codec.kind]}")
        return codec.encode_all(sequences, name)

    def _check_fitted(self) -> None:
        if not hasattr(self, "model_"):
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet: call fit, or elman.load a model")

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True, **more: Any) -> None:
        """Write the model to one `.safetensors` file: weights, configuration, codecs and history; no pickle.

        Args:
            path: the file.
            overwrite: whether a file that is there is replaced.
            more: further things to keep in the file, as JSON.

        Raises:
            InputError: the path cannot be written.
        """
        self._check_fitted()
        description = {
            "task": self.task,
            "options": self._own_options(),
            "model": self.model_config_,
            "codecs": {end: codec.to_config() for end, codec in self.codecs_.items()},
            "history": self.history_.to_config(),
            "learned": {name: getattr(self, name) for name in self.learned},
            **more,
        }
        tensors = {name: one.detach().cpu().numpy() for name, one in self.model_.state_dict().items()}
        write_model(path, tensors, description, overwrite=overwrite)

    @classmethod
    def restored(cls, model: Model, path: str | os.PathLike[str], **given: Any) -> Self:
        """The estimator that `save` wrote, from its file as `elman.files.read_model` gives it.

        Args:
            model: what the file holds.
            path: for messages.
            given: options that the file does not hold.

        Raises:
            InputError: something in the file is damaged or does not fit together.
        """
        about = model.metadata
        try:
            options = dict(about["options"])
            if not isinstance(options["cell"], str):
                options["cell"] = Cell.from_config(options["cell"])
            one = cls(**options, **given)
            check(one)
            find_cell(one.cell)
            one.codecs_ = {end: codec_from_config(config) for end, config in about["codecs"].items()}
            one.history_ = History.from_config(about["history"])
            one.model_config_ = dict(about["model"])
            for name, kind in cls.learned.items():
                if name in about["learned"] or not hasattr(cls, name):  # with a default: older files have it not
                    setattr(one, name, kind(about["learned"][name]))
            one._check_ends()
            parts = one.parts()
            # Neither memory nor random numbers for weights that are read anyway; but parts have what no file holds.
            with torch.device("cpu" if parts else "meta"):
                network = build(one.model_config_, **parts)
        except InputError as error:
            raise InputError(f"{Path(path)}: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise InputError(f"{Path(path)}: the description of the model is damaged: {error!r}") from error
        check_tensors({name: tuple(value.shape) for name, value in network.state_dict().items()}, model, path)
        network = network if parts else network.to_empty(device="cpu")
        network.load_state_dict({name: torch.from_numpy(array) for name, array in model.tensors.items()})
        one.model_ = network.eval()
        return one

    def _check_ends(self) -> None:
        """Refuse codecs that are not this task's, or that do not fit the model."""
        ends = {"input": self.input_codecs, **({} if self.output_codec is None else {"output": (self.output_codec,)})}
        for end, kinds in ends.items():
            if (kind := self.codecs_[end].kind) not in kinds:
                raise InputError(f"the {end} codec is a {kind} codec, expected {' or '.join(kinds)}")
        for name, size in self.ends().items():
            if self.model_config_[name] != size:
                raise InputError(f"the model has {name}={self.model_config_[name]}, but its codec has {size}")


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(_as_json(key)): _as_json(one) for key, one in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def build(config: dict[str, Any], **parts: nn.Module) -> nn.Module:
    """The model that a configuration describes, with fresh weights, and made of these parts."""
    arguments = dict(config)
    kind = arguments.pop("kind")
    if kind not in MODELS:
        raise InputError(f"the model is a {kind!r}, expected one of {', '.join(MODELS)}")
    if "cell" in arguments:
        arguments["cell"] = Cell.from_config(arguments["cell"])
    return MODELS[kind](**arguments, **parts)
