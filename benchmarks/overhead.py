"""What the training loop costs over the same training written by hand in plain torch.

`python benchmarks/overhead.py [--only NAME] [--rounds N] [--steps N] [--json F]`

Both have the same model, data, batches in the same order, loss, AdamW, clipping, schedule and number of steps, and must
end with the same loss. They take turns on one thread; a ratio is between times of one round, and 1.03 says that
the loop costs 3 %. Times are those of the processor, which another process disturbs least; the clock's are in the file.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from speed import machine

MOST = 1.03  # of the median ratio
SAME = 1e-4  # relative difference of the last epoch's mean loss: sums in another order
MOST_EPOCHS = 50
LEARNING_RATE, CLIP, WARM_UP, FINAL = 0.002, 1.0, 0.05, 0.01


@dataclass(frozen=True)
class Case:
    """A training, twice.

    Args:
        name: of the case.
        what: it is, in words.
        steps: of one epoch.
        ours: trains a fresh model for so many epochs with `elman.train.train`; the mean loss of the last epoch.
        by_hand: the same in plain torch.
    """

    name: str
    what: str
    steps: int
    ours: Callable[[int], float]
    by_hand: Callable[[int], float]


def rate(part: float) -> float:
    """Warm-up and half a cosine, as a person writes it."""
    if part <= WARM_UP:
        return LEARNING_RATE * part / WARM_UP
    q = (part - WARM_UP) / (1 - WARM_UP)
    return LEARNING_RATE * (FINAL + (1 - FINAL) * (1 + math.cos(math.pi * q)) / 2)


def settings(epochs: int, batch_size: int) -> Any:
    """The same for `elman.train.train`."""
    from elman.train import Settings

    return Settings(epochs=epochs, batch_size=batch_size, learning_rate=LEARNING_RATE, clip=CLIP, warm_up=WARM_UP)


def run_ours(model: Any, loss: Any, data: Any, epochs: int, batch_size: int) -> float:
    """`elman.train.train`, with its progress written to nowhere."""
    from elman.train import train

    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        history = train(model, loss, data, None, settings(epochs, batch_size), console=Console(file=nowhere))
    return history.epochs[-1].training_loss


def run_by_hand(model: Any, epochs: int, steps: int, epoch: Callable[[int], Iterator[tuple[Any, int]]]) -> float:
    """The loop that a good engineer writes for one experiment.

    Args:
        model: a fresh one.
        epochs: passes over the data.
        steps: of an epoch.
        epoch: gives for each batch the mean loss and over how many values it is.
    """
    import torch

    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=0.0, fused=True)
    model.train()
    done, mean = 0, math.nan
    for number in range(1, epochs + 1):
        total, count = 0.0, 0
        for loss, values in epoch(number):
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, CLIP)
            done += 1
            for group in optimizer.param_groups:
                group["lr"] = rate(done / (epochs * steps))
            optimizer.step()
            total += loss.item() * values
            count += values
        mean = total / count
    return mean


def surnames() -> Case:
    """Separate sequences of symbols in batches by length."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    from elman import datasets
    from elman.codecs import LabelCodec, Ragged, TextCodec
    from elman.models import ManyToOne
    from elman.tasks.coded import Coded
    from elman.train import BatchLoss, LengthBatches, reproducible

    B = 64
    table = datasets.load("surnames").iloc[: 100 * B]
    text, label = TextCodec().fit(table["name"]), LabelCodec().fit(table["language"])
    rows = [text.encode(one) for one in table["name"]]
    targets = np.array([label.encode(one) for one in table["language"]])
    order = LengthBatches([len(row) for row in rows], B, seed=0)
    data = Coded(Ragged.of(rows), targets).examples(torch.device("cpu"))

    def model() -> ManyToOne:
        with reproducible(0):
            return ManyToOne(text.size, label.size, "gru", 128, embedding_size=64)

    def loss(net: Any, batch: Any) -> BatchLoss:
        return BatchLoss(
            F.cross_entropy(net(batch.inputs, batch.lengths), batch.targets, reduction="sum"), len(batch.targets)
        )

    batches = [list(order.epoch(number)) for number in range(1, MOST_EPOCHS + 1)]

    def by_hand(epochs: int) -> float:
        net = model()

        def epoch(number: int) -> Iterator[tuple[Any, int]]:
            for chosen in batches[number - 1]:
                batch = data.collate(chosen)  # NumPy's copies: pad_sequence would take longer
                yield F.cross_entropy(net(batch.inputs, batch.lengths), batch.targets), len(chosen)

        return run_by_hand(net, epochs, len(batches[0]), epoch)

    what = f"classify {len(rows):,} surnames: GRU, H 128, B {B}"
    return Case("surnames", what, len(batches[0]), lambda epochs: run_ours(model(), loss, data, epochs, B), by_hand)


def series(name: str, cell: str, hidden_size: int, lanes: int, window: int) -> Case:
    """Truncated backpropagation over as many series as lanes, so that by hand a lane is a row of a tensor."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    from elman.codecs import Ragged
    from elman.models import InStep
    from elman.tasks.coded import Coded
    from elman.train import BatchLoss, reproducible

    steps = 50
    generator = np.random.default_rng(0)
    values = generator.normal(size=(lanes, steps * window + 1, 1)).astype(np.float32).cumsum(1) / 10
    x, y = np.tanh(values[:, :-1]), np.tanh(values[:, 1:])
    data = Coded(Ragged.of(list(x)), Ragged.of(list(y))).lanes(window, torch.device("cpu"))
    X, Y, full = torch.from_numpy(x), torch.from_numpy(y), torch.full((lanes,), window)

    def model() -> InStep:
        with reproducible(0):
            return InStep(1, 1, cell, hidden_size)

    def loss(net: Any, batch: Any) -> BatchLoss:
        outputs, state = net(batch.inputs, batch.lengths, batch.state)
        return BatchLoss(F.mse_loss(outputs, batch.targets, reduction="sum"), batch.targets.numel(), state)

    def by_hand(epochs: int) -> float:
        net = model()

        def epoch(number: int) -> Iterator[tuple[Any, int]]:
            state = None
            for start in range(0, X.shape[1], window):
                here = slice(start, start + window)
                outputs, state = net(X[:, here], full, state)
                state = state.detach()
                yield F.mse_loss(outputs, Y[:, here]), lanes * window

        return run_by_hand(net, epochs, steps, epoch)

    what = f"{lanes} series in lanes: {cell}, H {hidden_size}, B {lanes}, window {window}"
    return Case(name, what, steps, lambda epochs: run_ours(model(), loss, data, epochs, lanes), by_hand)


CASES: dict[str, Callable[[], Case]] = {
    "surnames": surnames,
    "lanes": lambda: series("lanes", "lstm", 128, 32, 64),
    "small": lambda: series("small", "elman", 32, 16, 32),
}


def timed(train: Callable[[int], float], epochs: int) -> tuple[float, float, float]:
    """Seconds of the processor and of the clock, and the last loss."""
    clock, processor = time.perf_counter(), time.process_time()
    loss = train(epochs)
    return time.process_time() - processor, time.perf_counter() - clock, loss


def measure(case: Case, rounds: int, steps: int) -> dict[str, Any]:
    """Take turns, each first in every other round.

    Raises:
        SystemExit: they did not do the same.
    """
    import numpy as np

    epochs = min(max(round(steps / case.steps), 1), MOST_EPOCHS)
    contestants = {"ours": case.ours, "by_hand": case.by_hand}
    for train in contestants.values():
        train(1)  # compiled, loaded, warm
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name in sorted(contestants, reverse=bool(number % 2)):
            found[name].append(timed(contestants[name], epochs))
    processor, clock, losses = ({name: [row[k] for row in found[name]] for name in found} for k in range(3))
    a, b = losses["ours"][-1], losses["by_hand"][-1]
    if not abs(a - b) <= SAME * abs(b):
        raise SystemExit(f"{case.name}: the losses are {a} and {b} by hand: it is not the same training")
    ratios = np.divide(processor["ours"], processor["by_hand"])
    low, middle, high = np.percentile(ratios, (25, 50, 75)).tolist()
    per_step = 1e6 / (epochs * case.steps)
    return {
        "case": case.name,
        "what": case.what,
        "steps": epochs * case.steps,
        "ratio": middle,
        "ratio_quartiles": [low, high],
        "ratio_of_least": min(processor["ours"]) / min(processor["by_hand"]),
        "ratio_of_clock": float(np.median(np.divide(clock["ours"], clock["by_hand"]))),
        "us_per_step": {name: float(np.median(times)) * per_step for name, times in processor.items()},
        "losses": {"ours": a, "by_hand": b},
    }


def main(
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Of the cases; may be repeated")] = None,
    rounds: Annotated[int, typer.Option(min=2, help="In each of which both have a turn")] = 21,
    steps: Annotated[int, typer.Option(min=1, help="Of a training, about")] = 200,
    json: Annotated[Path | None, typer.Option(metavar="F", help="File to write")] = None,
) -> None:
    """Measure, print a table and write it as JSON; the exit status is 1 where the loop costs more than 3 %."""
    if unknown := set(only or ()) - CASES.keys():
        raise typer.BadParameter(f"--only is {min(unknown)}, expected of {', '.join(CASES)}")
    machine.prepare(1)
    import torch

    from speed import report

    torch.set_num_threads(1)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    rows = [measure(make(), rounds, steps) for name, make in CASES.items() if not only or name in only]
    Console().print(_table(rows))
    if json is not None:
        command = f"python benchmarks/overhead.py --rounds {rounds} --steps {steps}" + "".join(
            f" --only {one}" for one in only or ()
        )
        about = {**machine.names(), "load_average": load}
        report.save(json, {"rows": rows, "command": command, "machine": about})
    raise typer.Exit(int(any(row["ratio"] > MOST for row in rows)))


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("training", "steps", "elman µs/step", "by hand µs/step", "ratio (quartiles)", "of the least times")
    for row in rows:
        low, high = row["ratio_quartiles"]
        times = [f"{row['us_per_step'][name]:,.0f}" for name in ("ours", "by_hand")]
        ratio = f"{row['ratio']:.3f} ({low:.3f} to {high:.3f})"
        table.add_row(row["what"], str(row["steps"]), *times, ratio, f"{row['ratio_of_least']:.3f}")
    return table


if __name__ == "__main__":
    typer.run(main)
