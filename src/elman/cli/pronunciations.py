"""What the demo does: spelling to sound, learned from a dictionary and compared with looking the nearest word up."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from elman import datasets
from elman.cli.demo_picture import draw
from elman.cli.shown import tell
from elman.equations.plain import plain_equations
from elman.errors import InputError
from elman.files import check_writable
from elman.nn.recurrent import find_cell
from elman.tasks import Translator
from elman.tasks.text_scores import edit_distance, error_rates, nearest_texts

TITLES = {"lstm": "LSTM", "gru": "GRU", "elman": "Elman (tanh)", "elman_relu": "Elman (ReLU)"}
SHOWN = 12  # examples


@dataclass(frozen=True)
class Words:
    """A dictionary in three parts, each with the columns word and phonemes; no word is in two of them."""

    training: pd.DataFrame
    validation: pd.DataFrame
    held_out: pd.DataFrame

    @property
    def references(self) -> dict[str, list[list[str]]]:
        """The pronunciations of each held-out word, as phonemes."""
        listed: dict[str, list[list[str]]] = {}
        for word, phonemes in zip(self.held_out["word"], self.held_out["phonemes"], strict=True):
            listed.setdefault(word, []).append(phonemes.split())
        return listed


@dataclass(frozen=True)
class Result:
    """One line of the last table: errors as fractions."""

    name: str
    phoneme_error: float
    word_accuracy: float
    parameters: int | None
    seconds: float


def demonstrate(
    folder: str | os.PathLike[str],
    cells: Sequence[str] = ("lstm", "elman"),
    *,
    force: bool = False,
    random_state: int = 0,
    num_threads: int | None = None,
    sizes: tuple[int, int, int] = (25_000, 500, 2_500),
    console: Console | None = None,
    **options: Any,
) -> list[Result]:
    """Train a translator from spelling to sound with each cell, show what it says, and compare.

    Args:
        folder: where models, histories and pictures go; made where it is missing.
        cells: names; an LSTM's model is `pronunciations`, another's has its cell's name behind that.
        force: whether the folder may hold something already.
        random_state: seed of the words chosen and of the training.
        num_threads: for torch; None: as it chooses.
        sizes: words for training, for validation and held out.
        console: where to print; None: stdout.
        options: other arguments of `Translator`.

    Returns:
        the lines of the last table.

    Raises:
        InputError: a cell is unknown, or the folder cannot be written or is not empty.
        KeyboardInterrupt: before the first network has finished an epoch.
    """
    for cell in cells:
        find_cell(cell)
    stems = [_stem(Path(folder), cell) for cell in cells]
    _prepare(Path(folder), stems, force)
    console = console or Console(highlight=False)
    words = chosen_words(sizes, random_state)
    console.print("[bold]Spelling to sound")
    console.print(f"{sizes[0]:,} English words to learn from ({len(words.training):,} with their variants),")
    console.print(f"{sizes[1]:,} to choose the best epoch by, {sizes[2]:,} held out.\n")
    results = [look_up(words)]
    for cell, stem in zip(cells, stems, strict=True):
        console.print(f"[bold]{_title(cell)}[/]")
        console.print("\n".join(f"  {line}" for line in plain_equations(find_cell(cell))), markup=False)
        given = {"random_state": random_state, "num_threads": num_threads, **options}
        started = time.perf_counter()
        translator = Translator(cell=cell, **given).fit(*pairs(words.training), validation=pairs(words.validation))
        seconds = time.perf_counter() - started
        if translator.history_.interrupted and not translator.history_.epochs:
            tell(f"interrupted before the end of the first epoch: nothing was written for {_title(cell)}")
            break
        predicted = dict(zip(words.references, translator.predict(list(words.references)), strict=True))
        results.append(_result(_title(cell), predicted, words, translator, seconds))
        console.print(_examples(predicted, words), "")
        translator.save(stem.with_suffix(".safetensors"))
        translator.history_.write(stem.with_suffix(".history.jsonl"))
        draw(translator, _title(cell), predicted, words.references, stem.with_suffix(".png"))
        if translator.history_.interrupted:
            break
    if len(results) == 1:  # no network among them
        raise KeyboardInterrupt
    console.print(_comparison(results, sizes[2]))
    first = stems[0].with_suffix(".safetensors")
    console.print(f"Look at [bold]{stems[0].with_suffix('.png')}[/]; try  elman predict {first} memory", soft_wrap=True)
    return results


def chosen_words(sizes: tuple[int, int, int], seed: int) -> Words:
    """A random part of the dictionary for each purpose, with all variants of each word; stress is left out."""
    table = datasets.load("pronunciations")
    table["phonemes"] = table["phonemes"].str.replace(r"\d", "", regex=True)
    table = table.drop_duplicates(["word", "phonemes"])
    spellings = np.array(sorted(set(table["word"])), dtype=object)
    order = np.random.default_rng(seed).permutation(spellings)
    parts = np.split(order[: sum(sizes)], np.cumsum(sizes)[:-1])
    return Words(*(table[table["word"].isin(set(part))] for part in parts))


def pairs(part: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Spellings, and how each is said."""
    return part["word"].tolist(), part["phonemes"].tolist()


def look_up(words: Words) -> Result:
    """How well it goes without learning: each word is said as the training word that is spelled most like it."""
    started = time.perf_counter()
    known = words.training.drop_duplicates("word")
    nearest = nearest_texts(list(words.references), known["word"].tolist())
    phonemes = known["phonemes"].to_numpy()
    predicted = {word: str(phonemes[row]) for word, row in zip(words.references, nearest, strict=True)}
    return _result("nearest training word", predicted, words, None, time.perf_counter() - started)


def _result(
    name: str, predicted: dict[str, str], words: Words, translator: Translator | None, seconds: float
) -> Result:
    rates = error_rates([text.split() for text in predicted.values()], list(words.references.values()))
    parameters = translator and sum(one.numel() for one in translator.model_.parameters())
    return Result(name, rates["symbol_error_rate"], rates["exact_match"], parameters, seconds)


def _examples(predicted: dict[str, str], words: Words) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    for heading in ("held-out word", "predicted", "true", ""):
        table.add_column(heading, no_wrap=True)
    step = max(1, len(predicted) // SHOWN)
    for word in list(predicted)[::step][:SHOWN]:
        phonemes = predicted[word].split()
        said, true = aligned(phonemes, nearest_reference(phonemes, words.references[word]))
        right = said == true
        spoken, listed = Text(), Text()
        for one, other in zip(said, true, strict=True):
            spoken.append(f"{one:3}", style="" if one == other else "red")
            listed.append(f"{other:3}", style="dim" if one == other else "bold")
        table.add_row(word, spoken, listed, Text("✓", "green") if right else Text("✗", "red"))
    return table


def _comparison(results: Sequence[Result], held_out: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=f"{held_out:,} held-out words", title_justify="left", title_style="bold")
    table.add_column("")
    for heading in ("phoneme error", "word accuracy", "parameters", "seconds"):
        table.add_column(heading, justify="right")
    for one in results:
        parameters = "–" if one.parameters is None else f"{one.parameters:,}"
        rates = (f"{one.phoneme_error:.1%}", f"{one.word_accuracy:.1%}")
        table.add_row(one.name, *rates, parameters, f"{one.seconds:.0f}")
    return table


def nearest_reference(predicted: Sequence[str], references: Sequence[list[str]]) -> list[str]:
    """The one of several pronunciations that is nearest to a predicted one."""
    return min(references, key=lambda reference: edit_distance(predicted, reference))


def aligned(a: Sequence[str], b: Sequence[str]) -> tuple[list[str], list[str]]:
    """Two sequences of the same length, "·" standing where one of them has nothing, by the fewest edits."""
    left, right = [], []
    i, j = len(a), len(b)
    while i or j:
        whole = edit_distance(a[:i], b[:j])
        if i and j and edit_distance(a[: i - 1], b[: j - 1]) + (a[i - 1] != b[j - 1]) == whole:
            i, j = i - 1, j - 1
            left.append(a[i])
            right.append(b[j])
        elif i and edit_distance(a[: i - 1], b[:j]) + 1 == whole:
            i -= 1
            left.append(a[i])
            right.append("·")
        else:
            j -= 1
            left.append("·")
            right.append(b[j])
    return left[::-1], right[::-1]


def _title(cell: str) -> str:
    return TITLES.get(cell, cell)


def _stem(folder: Path, cell: str) -> Path:
    return folder / ("pronunciations" if cell == "lstm" else f"pronunciations-{cell.replace('_', '-')}")


def _prepare(folder: Path, stems: Sequence[Path], force: bool) -> None:
    """Make the folder, or refuse it, before minutes of training."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give another folder with --output")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise InputError(
            f"the folder {folder} is not empty: give another one with --output, or write into it with --force"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be made: {error.strerror}; give another with --output") from error
    for stem in stems:
        for suffix in (".safetensors", ".history.jsonl", ".png"):
            check_writable(stem.with_suffix(suffix))
