"""How much memory and time training on a large file takes: it must not grow with the file.

`python benchmarks/large_data.py [--format F] [--size GB] [--seconds S] [--json F]`

A table of texts and labels is made (seeded, of real surnames), and `elman train classify` runs on it in a process of
its own: it hashes the file, learns the codecs, encodes into the cache, and trains. After `--seconds` of training it is
interrupted, as by Ctrl-C: an epoch of 2 GB takes long, and its memory is that of its first steps. Of a plain text a
small LSTM learns the next character, in lanes, for 300 steps. The highest memory is the largest of many samples, taken
all the time: of the process's own memory (RssAnon), which is what must stay flat, and of all that is resident (VmRSS),
mapped pages of the cache included, which the system takes back when others need them.
"""

import json as files
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from speed import machine, report

Format = StrEnum("Format", ["csv", "jsonl", "parquet", "text"])
GB, MB = 10**9, 10**6
ROWS = 20_000  # are made at a time
LABELS = ("north", "east", "south", "west")
SAMPLE = 0.02  # seconds between two samples
STEPS = 300  # of training on a plain text
LANES, WINDOW, HIDDEN_SIZE = 64, 64, 64
QUICK = "--hidden-size 16 --num-layers 1 --no-bidirectional --cell elman --batch-size 256 --epochs 1 --num-threads 1"


def blocks(seed: int = 0) -> Iterator[tuple[list[str], list[str]]]:
    """Texts of 4 to 40 surnames, and the class that the first one says."""
    from elman.datasets import load

    words = np.array(load("surnames")["name"].unique(), dtype=object)
    generator = np.random.default_rng(seed)
    while True:
        lengths = generator.integers(4, 41, ROWS)
        drawn = generator.zipf(1.3, lengths.sum()) % len(words)
        ends = lengths.cumsum()
        cut = [words[drawn[end - length : end]] for end, length in zip(ends, lengths, strict=True)]
        yield (
            [" ".join(one) for one in cut],
            [LABELS[drawn[end - length] % 4] for end, length in zip(ends, lengths, strict=True)],
        )


def make(kind: Format, size: float, path: Path) -> int:
    """Write a file of about `size` bytes; how many rows it has."""
    rows = 0
    source = blocks()
    if kind == Format.parquet:
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Parquet packs texts of few words tightly: its size is that of what it holds
        schema = pa.schema([("text", pa.string()), ("label", pa.string())])
        with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
            while path.stat().st_size < size:
                texts, labels = next(source)
                writer.write_table(pa.table({"text": texts, "label": labels}, schema))
                rows += len(texts)
        return rows
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if kind == Format.csv:
            file.write("text,label\n")
        while file.tell() < size:
            texts, labels = next(source)
            for text, label in zip(texts, labels, strict=True):
                if kind == Format.csv:
                    file.write(f'"{text}",{label}\n')
                elif kind == Format.jsonl:
                    file.write(files.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
                else:
                    file.write(text + "\n")
            rows += len(texts)
    return rows


class Memory(threading.Thread):
    """The highest memory of a process for as long as it lives, in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self.own = self.resident = 0
        self.start()

    def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                lines = self._status.read_text(encoding="ascii").splitlines()
            except OSError:
                return
            found = dict(line.split(":", 1) for line in lines)
            if "RssAnon" not in found:  # it has ended
                return
            self.own = max(self.own, 1024 * int(found["RssAnon"].split()[0]))
            self.resident = max(self.resident, 1024 * int(found["VmRSS"].split()[0]))
            time.sleep(SAMPLE)


def measure(kind: Format, size: float, seconds: float, folder: Path) -> dict[str, Any]:
    """Make a file, train on it in a process of its own, and tell what that took."""
    path = folder / f"large.{'txt' if kind == Format.text else kind}"
    rows = make(kind, size, path)
    command = [sys.executable, "-u", __file__, "--alone", str(path)]
    if kind != Format.text:
        command = [sys.executable, "-u", "-m", "elman", "train", "classify", str(path), "--text", "text"]
        command += ["--label", "label", "-o", str(folder / "m.safetensors"), "--force", "--stream", *QUICK.split()]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment)
    memory = Memory(process.pid)
    found: dict[str, Any] = {"format": str(kind), "bytes": path.stat().st_size, "rows": rows, "seconds": {}}
    said = []
    for line in process.stderr or ():
        said.append(line.rstrip())
        if passed := re.match(r"elman: (\w+) .*: .* in ([\d.]+) s$", line):
            found["seconds"][passed[1]] = float(passed[2])
        if line.startswith("elman: encoded data"):
            found["before_training_bytes"] = memory.own
            if kind != Format.text:
                threading.Timer(seconds, lambda: process.send_signal(signal.SIGINT)).start()
    if process.wait() not in (0, 130) or "encoding" not in found["seconds"]:
        raise SystemExit("\n".join(said))
    memory.join()
    found |= {"own_bytes": memory.own, "resident_bytes": memory.resident}
    if kind == Format.text:
        found |= {"trained_seconds": found["seconds"].pop("training"), "steps": STEPS}
    else:
        found["trained_seconds"] = seconds
    path.unlink()
    return found


def train_on_text(path: Path) -> None:
    """Encode a plain text, and train a small LSTM for some steps to tell the next character."""
    import torch
    from torch.nn.functional import cross_entropy

    from elman.models import InStep
    from elman.tasks.corpus import corpus, next_symbol_lanes
    from elman.train import BatchLoss, Settings, train

    codec, training, _ = corpus(str(path))
    steps = 0

    def loss(model: InStep, batch: Any) -> BatchLoss:
        nonlocal steps
        if steps == STEPS:
            raise KeyboardInterrupt
        steps += 1
        logits, state = model(batch.inputs, batch.lengths, batch.state)
        inside = torch.arange(logits.shape[1]) < batch.target_lengths.unsqueeze(1)
        return BatchLoss(
            cross_entropy(logits[inside], batch.targets[inside], reduction="sum"), int(inside.sum()), state
        )

    model = InStep(codec.size, codec.size, "lstm", HIDDEN_SIZE, embedding_size=HIDDEN_SIZE)
    lanes = next_symbol_lanes(training, WINDOW, torch.device("cpu"))
    started = time.perf_counter()
    train(model, loss, lanes, None, Settings(epochs=1, batch_size=LANES, num_threads=1, verbose=0))
    print(f"elman: training {path}: {steps} steps in {time.perf_counter() - started:.1f} s", file=sys.stderr)


def main(
    format: Annotated[list[Format] | None, typer.Option(help="May be repeated  [default: all]")] = None,
    size: Annotated[list[float] | None, typer.Option(help="In GB; may be repeated  [default: 0.25 and 2]")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Of training, after which it is interrupted")] = 30,
    json: Annotated[Path | None, typer.Option(metavar="F", help="File to write; other formats' rows stay")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where the files are made  [default: a temporary one]")] = None,
    alone: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure, print a table and write it as JSON."""
    if not Path("/proc/self/status").exists():
        raise SystemExit("only Linux tells the memory of a process while it runs: /proc is missing here")
    machine.prepare(1)
    if alone is not None:
        train_on_text(alone)
        return
    sizes, kinds = size or [0.25, 2.0], format or list(Format)
    rows = []
    for kind in kinds:
        for one in sizes:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                rows.append(measure(kind, one * GB, seconds, Path(place)))
                Console(stderr=True).print(rows[-1])
    if json is not None:
        earlier = files.loads(json.read_text(encoding="utf-8"))["rows"] if json.exists() else []
        rows = [row for row in earlier if row["format"] not in kinds] + rows
        given = [f"--format {one}" for one in format or ()] + [f"--size {one:g}" for one in size or ()]
        command = " ".join([f"python benchmarks/large_data.py --seconds {seconds:g}", *given])
        report.save(json, {"rows": rows, "command": command, "machine": machine.names()})
    Console().print(_table(rows))


def _table(rows: list[dict[str, Any]]) -> Table:
    heads = ("format", "GB", "rows", "hashing s", "learning s", "encoding s", "own MB", "all resident MB")
    table = Table(*heads, title="a large file: time, and highest memory")
    number: Callable[[dict[str, Any], str], str] = lambda row, name: f"{row['seconds'].get(name, 0):.1f}"  # noqa: E731
    for row in rows:
        spent = [number(row, name) for name in ("hashing", "learning", "encoding")]
        memory = [f"{row[name] / MB:,.0f}" for name in ("own_bytes", "resident_bytes")]
        table.add_row(row["format"], f"{row['bytes'] / GB:.2f}", f"{row['rows']:,}", *spent, *memory)
    return table


if __name__ == "__main__":
    typer.run(main)
