"""Saving killed, full disks and damaged files: what is read afterwards is what was written, or is refused."""

import json
import os
import resource
import shutil
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from elman.errors import InputError
from elman.train.checkpoints import Checkpoint, Checkpoints
from reliability.kills import MODEL, data, words
from reliability.processes import Forked, Marks

SHAPES = {"model/W": (64, 300), "optimizer/exp_avg": (64, 300), "state/h": (7,)}  # 150 kB, as of a small model
LIMIT = 4096  # bytes of a file, where no small disk can be had
Say = Callable[[str], None]


def all_of(folder: Path, kills: int, damages: int, epochs: int, seed: int, say: Say) -> dict[str, Any]:
    """Everything, as JSON; `lost` and `silently_wrong` count what must not happen, `failures` says what did."""
    generator = np.random.default_rng(seed)
    failures: list[str] = []
    saving = kills_while_saving(folder / "saving", kills, generator, failures)
    say(f"killed while saving: {saving}")
    trained = train(folder / "whole", epochs)
    damaged = {}
    for name, damage in (("cut short", cut_short), ("bit flipped", flip)):
        damaged[name] = damages_of(folder / name, trained, damage, damages, generator, failures)
        say(f"{name}: {damaged[name]}")
    resumed = resumed_after_damage(folder, trained, epochs, generator, failures)
    say(f"resumed after damage: {resumed}")
    disk = full_disk(folder, trained, epochs, failures)
    say(f"full disk: {disk}")
    for failure in failures:
        say(f"FAILED: {failure}")
    outcomes = [saving, *(one for by_region in damaged.values() for one in by_region.values())]
    return {
        "saving": saving,
        "damaged": damaged,
        "resumed": resumed,
        "full_disk": disk,
        "lost": sum(one["lost"] for one in outcomes),
        "silently_wrong": sum(one["wrong"] for one in outcomes),
        "failures": failures,
    }


# Killed while saving


def _save_for_ever(folder: Path, marks: Marks) -> None:
    """Write checkpoint after checkpoint, each full of its own number, and mark those that are safely there."""
    checkpoints = Checkpoints(folder)
    found, _ = checkpoints.latest()
    step = found.metadata["step"] if found else 0
    while True:
        step += 1
        tensors = {name: np.full(shape, step, np.float32) for name, shape in SHAPES.items()}
        checkpoints.write(step, tensors, {"step": step})
        marks.write(0, 0, step)


def kills_while_saving(folder: Path, kills: int, generator: np.random.Generator, failures: list[str]) -> dict[str, int]:
    """Kill, look, go on; the folder is the same for all kills."""
    folder.mkdir()
    counts = Counter(kills=0, half_a_file=0, in_place_not_told=0, lost=0, wrong=0)
    checkpoints, halves = Checkpoints(folder), 0
    while counts["kills"] < kills:
        marks = Marks(1)
        first = marks.read(0)[1]
        job = Forked(folder, [], before=lambda marks=marks: _save_for_ever(folder, marks))
        while marks.read(0)[1] == first and job.running():
            time.sleep(1e-4)
        time.sleep(generator.uniform(0, 0.02))
        if not job.kill():
            raise SystemExit(f"the process that saves failed: {job.said()}")
        counts["kills"] += 1
        safe = marks.read(0)[1]
        left = len(list(folder.glob(".elman-*")))
        counts["half_a_file"] += left > halves
        halves = left
        try:
            found, complaints = checkpoints.latest()
        except InputError as error:
            counts["lost"] += 1
            failures.append(f"after kill {counts['kills']} while saving: {error}")
            continue
        step = found.metadata["step"] if found else -1
        counts["in_place_not_told"] += step == safe + 1
        if complaints or step not in (safe, safe + 1):
            counts["lost"] += 1
            failures.append(f"kill {counts['kills']} while saving: {safe} was safe, {step} is there, {complaints}")
        elif any((one != step).any() for one in found.tensors.values()):  # type: ignore[union-attr]
            counts["wrong"] += 1
            failures.append(f"kill {counts['kills']} while saving: the content is not that of step {step}")
    return dict(counts)


# Damaged files


def train(folder: Path, epochs: int) -> Path:
    """A training that ends well; gives its folder, with two checkpoints and the model."""
    data(folder)
    status, said = _run(folder, words(epochs))
    if status:
        raise SystemExit(f"the undisturbed training failed: {said}")
    return folder


def _run(
    folder: Path, command: list[str], before: Callable[[], None] = int, output: Path | None = None
) -> tuple[int, str]:
    job = Forked(folder, command, before=before, output=output)
    return job.wait(), job.said()


def regions(content: bytes) -> dict[str, range]:
    """The bytes of a checkpoint: the length of the header, the tensors' names and places, metadata, numbers."""
    (header,) = struct.unpack("<Q", content[:8])
    text = content[8 : 8 + header]
    about = json.dumps(json.loads(text)["__metadata__"]["elman"], ensure_ascii=False).encode()
    at = 8 + text.index(about)
    end = at + len(about)
    return {
        "length": range(8),
        "names": range(end, 8 + header),
        "metadata": range(at, end),
        "tensors": range(8 + header, len(content)),
    }


def cut_short(content: bytes, places: range, generator: np.random.Generator) -> bytes:
    """A file that ends somewhere in a region."""
    return content[: generator.choice(places)]


def flip(content: bytes, places: range, generator: np.random.Generator) -> bytes:
    """A file with one bit of a region the other way."""
    changed = bytearray(content)
    changed[generator.choice(places)] ^= 1 << int(generator.integers(8))
    return bytes(changed)


def damages_of(
    folder: Path,
    trained: Path,
    damage: Callable[[bytes, range, np.random.Generator], bytes],
    damages: int,
    generator: np.random.Generator,
    failures: list[str],
) -> dict[str, dict[str, int]]:
    """Damage the newest of two checkpoints in each region, and read: the one before, or the same content."""
    shutil.copytree(trained / "m.checkpoints", folder)
    older, newest = sorted(folder.glob("step-*"))
    content = newest.read_bytes()
    whole, before = Checkpoints(folder).latest()[0], _content(older)
    found = {}
    for region, places in regions(content).items():
        counts = Counter(damaged=0, fell_back=0, harmless=0, lost=0, wrong=0)
        for _ in range(damages // 4):
            newest.write_bytes(damage(content, places, generator))
            counts["damaged"] += 1
            try:
                latest, complaints = Checkpoints(folder).latest()
            except Exception as error:  # of any kind: it would end a resumed training
                counts["lost"] += 1
                failures.append(f"{damage.__name__} in the {region}: {error!r}")
                continue
            if latest is not None and latest.path == older and len(complaints) == 1 and _same(latest, before):
                counts["fell_back"] += 1
            elif not complaints and _same(latest, whole):
                counts["harmless"] += 1
            else:
                counts["wrong"] += 1
                failures.append(f"{damage.__name__} in the {region}: other content was read, {complaints}")
        found[region] = dict(counts)
    return found


def _content(path: Path) -> Checkpoint:
    from elman.files import read_model

    return Checkpoint(*read_model(path), path)


def _same(one: Checkpoint | None, other: Checkpoint | None) -> bool:
    if one is None or other is None or one.metadata != other.metadata or one.tensors.keys() != other.tensors.keys():
        return False
    pairs = [(one.tensors[name], other.tensors[name]) for name in one.tensors]
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def resumed_after_damage(
    folder: Path, trained: Path, epochs: int, generator: np.random.Generator, failures: list[str]
) -> dict[str, int]:
    """The command itself, killed before its end, the newest checkpoint damaged: it says so and ends with equal bits."""
    counts = Counter(resumed=0, same_bytes=0)
    for damage in (cut_short, flip):
        for region in ("length", "names", "metadata", "tensors"):
            place = folder / f"resumed {damage.__name__} {region}"
            half_trained(place, epochs)
            newest = max((place / "m.checkpoints").glob("step-*"))
            content = newest.read_bytes()
            newest.write_bytes(damage(content, regions(content)[region], generator))
            counts["resumed"] += 1
            status, said = _run(place, [*words(epochs), "--resume"])
            lines = [
                line for line in said.splitlines() if newest.name in line and "going on from the one before" in line
            ]
            same = status == 0 and (place / MODEL).read_bytes() == (trained / MODEL).read_bytes()
            counts["same_bytes"] += same
            if not same or len(lines) != 1:
                failures.append(f"resumed after {damage.__name__} in the {region}: status {status}, said {said!r}")
    return dict(counts)


def half_trained(folder: Path, epochs: int) -> None:
    """A training killed in its middle, with two checkpoints."""
    data(folder)
    job = Forked(folder, words(epochs))
    while job.running() and len(list(folder.glob("m.checkpoints/step-*"))) < 2:
        time.sleep(0.001)
    if not job.kill():
        raise SystemExit(f"the training in {folder} was not to end: {job.said()}")


# A full disk


def full_disk(folder: Path, trained: Path, epochs: int, failures: list[str]) -> dict[str, Any]:
    """Killed, resumed on a disk that has become full, resumed when there is room again."""
    counts: dict[str, Any] = {"trainings": 0, "same_bytes": 0}
    with _small_disk(folder / "disk") as (disk, kind):
        counts["kind"] = kind
        for free in (0, 30_000) if kind == "tmpfs" else (LIMIT,):
            place = disk / f"free-{free}"
            half_trained(place, epochs)
            kept = sorted(one.name for one in place.glob("m.checkpoints/step-*"))
            counts["trainings"] += 1
            ballast = disk / "ballast"
            if kind == "tmpfs":
                _fill(ballast, free)
            before = int if kind == "tmpfs" else _limit
            status, said = _run(place, [*words(epochs), "--resume"], before, output=folder)
            ballast.unlink(missing_ok=True)
            now = sorted(one.name for one in place.glob("m.checkpoints/step-*"))
            told = "training goes on, and what was saved before stands" in said
            last = said.splitlines()[-1] if said else ""
            # the page on the training comes last, and is larger than the model
            whole = (place / "m.report.html").exists()
            ended = status == 0 if whole else status == 2 and last.startswith("elman: ")
            if not told or now != kept or not ended:
                failures.append(f"disk full ({free} bytes free): status {status}, {kept} became {now}, said {said!r}")
            status, said = _run(place, [*words(epochs), "--resume"])
            same = status == 0 and (place / MODEL).read_bytes() == (trained / MODEL).read_bytes()
            counts["same_bytes"] += same
            if not same:
                failures.append(f"resumed after a full disk: status {status}, said {said!r}")
            shutil.rmtree(place)
    return counts


@contextmanager
def _small_disk(folder: Path) -> Iterator[tuple[Path, str]]:
    """A small tmpfs where one can be mounted; else a folder, and files will be limited in their size."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "elman", str(folder)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield folder, "tmpfs" if mounted else "a limit on the size of files (no right to mount a tmpfs)"
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def _fill(ballast: Path, free: int) -> None:
    """Leave so many bytes."""
    status = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        file.write(bytes(max(status.f_bavail * status.f_frsize - free, 0)))


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def tables(found: dict[str, Any]) -> list[Table]:
    """For the screen."""
    saving = Table(*found["saving"], title="killed while checkpoints were saved as fast as it goes")
    saving.add_row(*map(str, found["saving"].values()))
    regional = Table("damage", "region", *("damaged", "fell back", "harmless", "lost", "wrong"), title="damaged files")
    for name, by_region in found["damaged"].items():
        for region, counts in by_region.items():
            regional.add_row(name, region, *map(str, counts.values()))
    runs = Table("commands resumed", "how often", "ended with the same bytes", title="with the command itself")
    runs.add_row("newest checkpoint damaged", *map(str, found["resumed"].values()))
    disk = found["full_disk"]
    runs.add_row(f"disk full: {disk['kind']}", str(disk["trainings"]), str(disk["same_bytes"]))
    return [saving, regional, runs]
