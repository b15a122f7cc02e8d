"""What each of two ranks does, under torchrun: the trainings of test_ranks.py, their outcomes into a folder."""

import contextlib
import datetime
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from lanes_training import coded, content, fit, model, squares

from elman.errors import InputError
from elman.train import BatchLoss, ranks

KINDS = ("lanes", "sequences")


def equal(kind, dtype, **more):
    """100 steps and some, on sequences of unequal lengths, of which a batch may leave a rank with none."""
    net = model(dtype)
    data = coded((70, 1, 0, 33, 120, 8, 5), np.float64 if dtype.itemsize == 8 else np.float32)
    history = fit(kind, net, data, epochs=50, learning_rate=0.003, average=0.9, **more)[1]
    return net, history


def order(kind, folder, *, resume, stop_at, rank):
    """Train until batch `stop_at`, in which the last rank is told to stop; the rows that this rank read, in order."""
    calls, rows = [], []

    def loss(net, batch):
        calls.append(batch)
        if net.training:
            rows.append(sorted(batch.inputs[:, 0, 0].tolist()))
        if len(calls) == stop_at and rank:
            signal.raise_signal(signal.SIGINT)
        return squares(net, batch)

    data = coded((5, 9, 4, 7, 3, 8, 6, 2), np.float64)
    options = {"epochs": 6, "learning_rate": 0.001, "checkpoint_seconds": 1e9}
    net, history = fit(kind, data=data, window=3, checkpoints=folder / kind, resume=resume, loss=loss, **options)
    return rows, history.ended, content(net)


def wrong_on_the_last_rank(rank, **options):
    """From its third batch on, rank 1's loss is NaN."""
    calls = []

    def loss(net, batch):
        found = squares(net, batch)
        if net.training:
            calls.append(batch)
        bad = rank and len(calls) >= 3
        return BatchLoss(found.total * (float("nan") if bad else 1), found.count, found.state)

    net = model()
    try:
        fit("lanes", net, loss=loss, **options)
    except InputError as error:
        return content(net).hex(), str(error)
    return content(net).hex(), ""


if __name__ == "__main__":
    import torch

    out, rank = Path(sys.argv[1]), int(os.environ["RANK"])
    ranks.TIMEOUT = datetime.timedelta(seconds=2)
    time.sleep(4 * rank)  # it still reads its data
    together = contextlib.ExitStack()
    found = {"late": together.enter_context(ranks.joined(torch.device("cpu"))).sums(1)}
    for kind in KINDS:
        for dtype in (torch.float32, torch.float64):
            net, history = equal(kind, dtype)
            weights = {name: one.numpy() for name, one in net.state_dict().items()}
            np.savez(out / f"{kind}-{dtype.itemsize}-{rank}.npz", **weights)
            found[f"{kind} {dtype.itemsize}"] = [epoch.training_loss for epoch in history.epochs]
        found[f"order {kind}"] = order(kind, out, resume=True, stop_at=5, rank=rank)[:2]
    found["wrong"] = wrong_on_the_last_rank(rank, max_skipped=4)
    found["text"] = ranks.Ranks(rank, 2).text_from(1, "ä" * 3 if rank else "")
    try:
        fit("lanes", batch_size=3)
    except InputError as error:
        found["refused"] = str(error)
    (out / f"{rank}.json").write_text(json.dumps(found))
    together.close()
    os._exit(0)  # gloo's threads abort an orderly end now and then
