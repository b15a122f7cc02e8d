"""How long the live page waits after a letter is typed: `read` and `states` together, over its WebSocket.

`python benchmarks/explore.py [--only NAME] [--rounds N] [--hidden-size H] [--json F]`

A sentence of 100 characters, of which each round changes a letter. The clock runs from sending both requests until both
answers are read. The server is a process of its own, as `elman explore` starts it, on its defaults.
"""

import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from speed import machine

SENTENCE = "the old man and the boy went down to the sea and looked at the ships that lay there in the evening sun"[
    :100
]
WARM = 3  # rounds that are not counted
GOAL = 100  # milliseconds


def generator(H: int) -> Any:
    """LSTM, a layer."""
    import elman

    return elman.Generator(cell="lstm", hidden_size=H, epochs=1, verbose=0).fit(SENTENCE * 20)


def classifier(H: int) -> Any:
    """GRU, two layers that read both ways."""
    import elman

    X = [SENTENCE[: 10 + k] for k in range(40)]
    y = [k % 3 for k in range(40)]
    return elman.Classifier(hidden_size=H, epochs=1, validation_fraction=0, verbose=0).fit(X, y)


def tagger(H: int) -> Any:
    """LSTM both ways over words and their letters, with a random field."""
    import elman

    X = [SENTENCE.split()[k : k + 8] for k in range(10)]
    y = [["A" if len(word) > 3 else "B" for word in one] for one in X]
    return elman.Tagger(hidden_size=H, epochs=1, validation_fraction=0, verbose=0).fit(X, y)


def translator(H: int) -> Any:
    """Encoder and decoder with attention; words to words, a beam of its own size."""
    import elman

    X = [" ".join(SENTENCE.split()[k : k + 4]) for k in range(16)] * 20
    model = elman.Translator(
        hidden_size=H, epochs=12, validation_fraction=0, verbose=0, source_level="words", target_level="words"
    )
    return model.fit(X, [one.upper() for one in X])


CASES: dict[str, Callable[[int], Any]] = {
    "generate": generator,
    "classify": classifier,
    "tag": tagger,
    "translate": translator,
}


@contextmanager
def explored(model: Path) -> Iterator[str]:
    """`elman explore MODEL` in a process of its own; the page's address."""
    command = [sys.executable, "-m", "elman", "explore", str(model), "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http\S+", process.stdout.readline())
            if found is None:
                raise SystemExit(f"elman explore {model} did not start")
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)


def waits(address: str, rounds: int) -> tuple[list[float], int]:
    """Milliseconds of each round, and the bytes of its answers."""
    from websockets.sync.client import connect

    origin = "/".join(address.split("/")[:3])
    found, size = [], 0
    with connect(address.replace("http", "ws", 1) + "ws", origin=origin, max_size=None, proxy=None) as socket:  # type: ignore[arg-type]
        for k in range(rounds + WARM):
            place = 37 * k % len(SENTENCE)
            text = SENTENCE[:place] + ("x" if SENTENCE[place] != "x" else "y") + SENTENCE[place + 1 :]
            began = time.perf_counter()
            socket.send(json.dumps({"id": 2 * k, "do": "read", "text": text}))
            socket.send(json.dumps({"id": 2 * k + 1, "do": "states"}))
            answers = [socket.recv(), socket.recv()]
            parsed = [json.loads(one) for one in answers]
            took = time.perf_counter() - began
            if any("is" not in one for one in parsed):
                raise SystemExit(f"the page answers {answers}")
            if k >= WARM:
                found.append(1000 * took)
                size = sum(map(len, answers))
    return found, size


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(CASES)}; repeatable")] = None,
    rounds: Annotated[int, typer.Option(min=2, help="Letters that are typed")] = 40,
    hidden_size: Annotated[int, typer.Option(min=1)] = 256,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there")] = None,
) -> None:
    """Measure the page's answers."""
    table = Table("model", "network", "median ms", "nine of ten ms", "kB", title=f"H = {hidden_size}, 100 characters")
    results = {}
    for name in only or CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.safetensors"
            CASES[name](hidden_size).save(path)
            with explored(path) as address:
                found, size = waits(address, rounds)
        median, ninth = statistics.median(found), statistics.quantiles(found, n=10)[-1]
        results[name] = {"median": median, "ninth": ninth, "bytes": size, "milliseconds": found}
        table.add_row(name, CASES[name].__doc__, f"{median:.1f}", f"{ninth:.1f}", f"{size / 1000:.0f}")
    Console(width=110).print(table)
    if json_file is not None:
        json_file.write_text(
            json.dumps({"machine": machine.names(), "hidden_size": hidden_size, "waits": results}, indent=1)
        )


if __name__ == "__main__":
    typer.run(main)
