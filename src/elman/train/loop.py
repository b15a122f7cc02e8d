"""The training loop. It knows no task: batches, loss and metric are given to it."""

import os
import signal
from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from rich.console import Console
from torch import nn

from elman.errors import InputError
from elman.train.batches import Examples
from elman.train.checkpoints import Checkpoints
from elman.train.continuation import Continuation
from elman.train.history import History
from elman.train.lanes import Lanes
from elman.train.objective import Loss, Metric
from elman.train.progress import Progress
from elman.train.ranks import joined
from elman.train.reproducible import reproducible
from elman.train.run import Run
from elman.train.saving import Saving
from elman.train.settings import Settings
from elman.train.signals import Signals

Batch = TypeVar("Batch")
RESUME = "fit(..., resume=True)"


def train(
    model: nn.Module,
    loss: Loss[Batch],
    training: Examples[Batch] | Lanes[Batch],
    validation: Examples[Batch] | None,
    settings: Settings,
    *,
    metric: Metric | None = None,
    console: Console | None = None,
    checkpoints: str | os.PathLike[str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    identity: Mapping[str, Any] | None = None,
    log: str | os.PathLike[str] | None = None,
    how_to_resume: str = RESUME,
    continuation: Continuation | None = None,
) -> History:
    """Fit `model` by gradient descent, and leave it with the best weights, in evaluation mode.

    `loss(model, batch)` gives the *sum* of the losses over the valid steps of a batch and their number (or, of
    weighted losses, the sum of the weights).
    A step descends the mean over all valid steps of its batches (of its windows, of all ranks), and the means of an
    epoch are over all of its valid steps, however they fell into batches. A step without valid steps is passed over.
    A step whose loss or gradient is no finite number is skipped: nothing changes but a count.

    After every epoch the metric (without one: the validation loss) is measured; when `patience` epochs
    in a row have brought no better value, the training ends. Ctrl-C ends it too, between two steps; with
    `checkpoints` a checkpoint is written, and SIGTERM does the same before it ends the process.
    Either way, and after an error too, the model has the weights of the best epoch so far; without metric
    and validation data that is the last whole one. If the first epoch had not ended, the weights stay as
    they are.

    Killed at any moment and run again with `resume`, a training ends with the same bits as if nothing had happened:
    torch's random numbers follow from the position; where others are drawn (in `collate`, say), they must follow from
    the batch.
    Under torchrun every process has its share of each batch, and all end with the same weights; rank 0 shows and
    writes.

    The caller's random state and thread count are as before afterwards.

    Args:
        model: on its device; for lanes one with `initial_state(batch_size)`.
        loss: sum of the losses, a scalar tensor, how many steps it is over, and for lanes the state after them.
        training: separate sequences, or lanes.
        validation: None: no validation loss.
        settings: how long, how fast.
        metric: None: the validation loss decides.
        console: for the progress bar; None: stderr.
        checkpoints: the folder for them; None: there are none.
        resume: go on from the last checkpoint; without one from the beginning.
        overwrite: begin anew although there are checkpoints of a training that has not ended.
        identity: what has to be the same for that, besides the settings: data, codecs, configuration, as JSON.
        log: a file for the history, JSON lines, written after every epoch.
        how_to_resume: what to tell a person who interrupts it.
        continuation: of an earlier training, from which this one goes on, and into which it writes; not with
            checkpoints.

    Returns:
        The history; `history.interrupted` tells of a Ctrl-C.

    Raises:
        InputError: there is nothing to train, or nothing to train on; too many steps in a row were skipped; the metric
            is no finite number; or what is to be resumed was another training.

    Source: Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks (2013), for clipping.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise InputError("the model has no parameters to train: at least one that requires a gradient is needed")
    if resume and checkpoints is None:
        raise InputError("resume is True, but there are no checkpoints to go on from: say where they are (checkpoints)")
    device = parameters[0].device
    with joined(device) as ranks, reproducible(settings.seed, settings.num_threads, device), torch.enable_grad():
        run = Run(model, loss, training, validation, settings, metric, ranks, continuation)
        saving = Saving(run, Checkpoints(checkpoints) if checkpoints is not None else None, identity or {}, log)
        progress = Progress(settings.epochs, run.feed.units, settings.verbose, console, silent=not ranks.first)
        with saving.exclusive(), Signals(terminate=checkpoints is not None) as signals:
            try:
                saving.begin(resume, overwrite, progress)
                with progress:
                    run.go(progress, signals, saving)
            except KeyboardInterrupt:
                run.history.ended = "interrupted"
                if signals.at_rest:
                    saving()
            finally:
                run.leave()
            progress.finish(run.history, how_to_resume if checkpoints is not None else None)
    if signals.received == signal.SIGTERM:
        signal.raise_signal(signal.SIGTERM)
    return run.history
