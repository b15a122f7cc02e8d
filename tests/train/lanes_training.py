"""A small training on lanes, and one on separate sequences, that tests run alone, killed, resumed and by two ranks."""

import io

import numpy as np
import torch
from rich.console import Console

from elman.codecs import Ragged
from elman.models import InStep
from elman.tasks.coded import Coded
from elman.train import BatchLoss, Settings, reproducible, train

CPU = torch.device("cpu")


def coded(lengths=(70, 1, 0, 33, 120, 8), dtype=np.float64, seed=0):
    """Sequences of noise, and what they were two steps before."""
    generator = np.random.default_rng(seed)
    inputs = [generator.normal(size=(T, 2)).astype(dtype) for T in lengths]
    targets = [np.concatenate([np.zeros((2, 1)), x[:, :1]])[: len(x)].astype(dtype) for x in inputs]
    return Coded(Ragged.of(inputs), Ragged.of(targets))


def squares(model, batch):
    """The squared error; steps past a row's end count nothing."""
    outputs, state = model(batch.inputs, batch.lengths, batch.state)
    valid = torch.arange(outputs.shape[1]) < batch.lengths.unsqueeze(1)
    error = (outputs - batch.targets)[valid]
    return BatchLoss(error.square().sum(), error.numel(), state)


def model(dtype=torch.float64, **more):
    """An LSTM with a value at every step."""
    with reproducible(3):
        options = {"train_initial_state": True, "dropout": 0.0, **more}
        return InStep(2, 1, "lstm", 5, **options).to(dtype)


def fit(kind, net=None, data=None, *, window=7, loss=squares, said=None, **options):
    """Train on lanes or on sequences; the model and its history. Options are those of `Settings` and of `train`."""
    net = model() if net is None else net
    data = coded() if data is None else data
    of_train = {"checkpoints", "resume", "overwrite", "identity", "log", "metric"}
    keywords = {name: options.pop(name) for name in of_train & options.keys()}
    chosen = {"epochs": 4, "batch_size": 4, "num_threads": 1, "verbose": 0, "learning_rate": 0.01, **options}
    training = data.lanes(window, CPU) if kind == "lanes" else data.examples(CPU)
    validation = coded((9, 30), data.inputs.values.dtype, seed=1).examples(CPU)
    console = Console(file=said or io.StringIO(), width=300)
    return net, train(net, loss, training, validation, Settings(**chosen), console=console, **keywords)


def content(net):
    """All weights as bytes."""
    return b"".join(one.detach().numpy().tobytes() for one in net.state_dict().values())
