"""The cache of encoded data: made once, found again, never half."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from elman.errors import InputError
from elman.tasks import encoded_files
from elman.tasks.encoded_files import clear_encoded, encoded_file, encoded_folder, encoded_folders, folder_size
from elman.tasks.encoding_progress import EncodingProgress, as_bytes

SILENT = EncodingProgress(0)
# writes the values 0 ... 999 slowly and says in a log when it begins
WRITES = """
import sys, time
import numpy as np
from elman.tasks.encoded_files import encoded_file
from elman.tasks.encoding_progress import EncodingProgress

def write(writer):
    with open("log", "a") as log:
        log.write("begun\\n")
    array = writer.array("values", np.int32)
    for k in range(1000):
        array.append(np.array([k]))
        array._file.flush()
        time.sleep(float(sys.argv[1]))

found, folder = encoded_file("data", {}, write, EncodingProgress(0))
print(folder, found.arrays["values"].sum())
"""


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("data").write_bytes(b"abc")


def write(writer):
    writer.array("values", np.uint8).append(np.frombuffer(Path("data").read_bytes(), np.uint8))


def never(writer):
    raise AssertionError("it is there already")


def test_what_is_there_is_made_no_second_time():
    found, folder = encoded_file("data", {"level": 1}, write, SILENT)
    again, same = encoded_file("data", {"level": 1}, never, SILENT)
    assert same == folder
    assert again.arrays["values"].tobytes() == found.arrays["values"].tobytes() == b"abc"
    Path("data").rename("moved")
    Path("data").write_bytes(b"abc")
    assert encoded_file("moved", {"level": 1}, never, SILENT)[1] == folder
    others = {encoded_file("data", {"level": 2}, write, SILENT)[1]}
    Path("data").write_bytes(b"abd")
    others.add(encoded_file("data", {"level": 1}, write, SILENT)[1])
    assert len(others | {folder}) == 3
    assert set(encoded_folders()) == others | {folder}


def test_a_file_that_did_not_change_is_not_read_again(monkeypatch):
    read = []
    reading = EncodingProgress.reading
    monkeypatch.setattr(EncodingProgress, "reading", lambda self, *what: read.append(what[0]) or reading(self, *what))
    monkeypatch.setattr(encoded_files, "RACY", -(10**12))  # as if the file were old
    encoded_file("data", {}, write, SILENT)
    encoded_file("data", {}, never, SILENT)
    assert read == ["hashing data"]
    Path("data").write_bytes(b"abd")
    os.utime("data", ns=(1, 1))
    encoded_file("data", {}, write, SILENT)
    assert read == ["hashing data"] * 2
    monkeypatch.setattr(encoded_files, "RACY", 10**12)  # as if it were new: it may change once more and look the same
    for _ in range(2):
        Path("data").write_bytes(b"abe")
        encoded_file("data", {}, write, SILENT)
    assert read == ["hashing data"] * 4


@pytest.mark.parametrize("damage", ["cut", "flipped", "unfinished"])
def test_what_is_damaged_is_made_again(damage):
    _, folder = encoded_file("data", {}, write, SILENT)
    values = folder / "values.bin"
    if damage == "unfinished":
        (folder / "about.json").unlink()
    else:
        values.write_bytes(b"ab" if damage == "cut" else b"abb")
    said = io.StringIO()
    found, _ = encoded_file("data", {}, write, EncodingProgress(1, console=Console(file=said)))
    assert found.arrays["values"].tobytes() == b"abc"
    assert "are damaged: they are made again" in said.getvalue()
    encoded_file("data", {}, never, SILENT)


def test_a_file_that_changes_meanwhile_is_refused():
    def change(writer):
        write(writer)
        Path("data").write_bytes(b"abcd")

    with pytest.raises(InputError, match="data changed while it was read"):
        encoded_file("data", {}, change, SILENT)
    assert encoded_folders() == []


def process(pause: float) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", WRITES, str(pause)], stdout=subprocess.PIPE, text=True)


def wait_for(values: int) -> None:
    """Until a process has written so many."""
    for _ in range(2000):
        sizes = [path.stat().st_size for path in encoded_folder().glob("*.part/values.bin")]
        if sizes and sizes[0] >= 4 * values:
            return
        time.sleep(0.01)
    raise AssertionError("nobody writes")


def test_of_several_processes_one_encodes():
    running = [process(0.001) for _ in range(3)]
    said = {one.communicate(timeout=60)[0].strip() for one in running}
    assert said == {f"{encoded_folders()[0]} {sum(range(1000))}"}
    assert Path("log").read_text() == "begun\n"


def test_a_killed_process_leaves_nothing_that_is_taken_for_whole():
    for killed in range(3):
        running = process(0.01)
        wait_for(killed + 1)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert [one.suffix for one in encoded_folders()] == [".part"]
    assert encoded_file("data", {"another": "key"}, write, SILENT)[1].is_dir()
    assert [one.suffix for one in encoded_folders()] == [""]  # what was left is removed by the next that writes
    said = process(0).communicate(timeout=60)[0]
    assert said.split()[1] == str(sum(range(1000)))


def test_it_is_seen_and_cleared_but_for_what_is_being_written():
    _, folder = encoded_file("data", {"another": "key"}, write, SILENT)
    assert folder_size(folder) == 3 + (folder / "about.json").stat().st_size
    running = process(0.01)
    wait_for(1)
    assert clear_encoded() > 3
    assert [one.suffix for one in encoded_folders()] == [".part"]
    running.kill()
    running.communicate()
    clear_encoded()
    assert encoded_folders() == []


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (2.5e6, "2.5 MB"), (7e12, "7000.0 GB")]
)
def test_sizes_are_written_as_people_do(size, shown):
    assert as_bytes(size) == shown


def test_a_terminal_sees_a_bar_and_a_file_a_line():
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    with EncodingProgress(1, console=console).reading("encoding f.csv", 4000) as told:
        told(1000)
        console.print("x")  # draws the bar
    assert "encoding f.csv" in shown.getvalue()
    assert "1.0/4.0 kB" in shown.getvalue()
    plain = io.StringIO()
    with EncodingProgress(1, console=Console(file=plain)).reading("encoding f.csv", 4000) as told:
        told(1000)
    assert plain.getvalue() == "elman: encoding f.csv: 4.0 kB in 0.0 s\n"


def test_a_cache_that_cannot_be_written_serves_what_it_has_and_says_what_to_do(monkeypatch):
    encoded_file("data", {}, write, SILENT)

    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("filelock.FileLock.acquire", read_only)
        assert encoded_file("data", {}, never, SILENT)[0].arrays["values"].tobytes() == b"abc"
        remedy = r"free space \(elman data cache --clear\), or name another folder in .* XDG_CACHE_HOME"
        for act in (lambda: encoded_file("data", {"level": 3}, write, SILENT), clear_encoded):
            with pytest.raises(InputError, match=rf"cannot be written \(Read-only file system\): {remedy}"):
                act()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(InputError, match=rf"No space left on device.*{remedy}"):
        encoded_file("data", {"level": 4}, write, SILENT)
