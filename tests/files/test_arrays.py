"""Arrays in a folder: whole or not at all, and checked."""

import errno
import json

import numpy as np
import pytest

from elman.errors import InputError
from elman.files import FolderWriter, open_arrays, write_arrays
from elman.files.arrays import ArrayWriter


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / "cache" / "key")
    return tmp_path / "cache" / "key"


def fill(folder, value=0.0):
    with write_arrays(folder) as writer:
        numbers = writer.array("numbers", "f4", (2,))
        numbers.append(np.arange(6).reshape(3, 2))
        numbers.append(np.full((1, 2), value))
        writer.array("symbols", np.uint16).append(np.array([1, 65535]))
        writer.array("nothing", np.int64)
        writer.about = {"what": "é"}


def test_what_was_written_is_mapped(folder):
    found = open_arrays(folder)
    assert found.about == {"what": "é"}
    assert found.arrays["numbers"].tolist() == [[0, 1], [2, 3], [4, 5], [0, 0]]
    assert {name: (one.dtype.str, one.shape) for name, one in found.arrays.items()} == {
        "numbers": ("<f4", (4, 2)),
        "symbols": ("<u2", (2,)),
        "nothing": ("<i8", (0,)),
    }
    assert isinstance(found.arrays["numbers"].base, np.memmap)
    fill(folder, 7)
    assert open_arrays(folder).arrays["numbers"][-1].tolist() == [7, 7]
    assert open_arrays(folder).digests["numbers"] != found.digests["numbers"]
    assert open_arrays(folder).digests["symbols"] == found.digests["symbols"]


def test_damage_is_seen(folder):
    files = {path: path.read_bytes() for path in folder.iterdir()}
    for path, content in files.items():
        flipped = bytes([content[0] ^ 1]) + content[1:] if content else b"x"
        for bad in (content[:-1], content + b"\0", flipped, None):
            if bad == content:
                continue
            path.unlink() if bad is None else path.write_bytes(bad)
            assert open_arrays(folder) is None, (path.name, bad)
            path.write_bytes(content)
    assert open_arrays(folder) is not None
    about = json.loads(files[folder / "about.json"])
    about["content"]["arrays"]["symbols"]["shape"] = [1]
    (folder / "about.json").write_text(json.dumps(about))
    assert open_arrays(folder) is None
    assert open_arrays(folder.parent / "another") is None


def test_a_full_disk_leaves_nothing_and_what_was_there_stays(folder, monkeypatch):
    before = open_arrays(folder).digests
    append = ArrayWriter.append

    def full(self, values):
        append(self, values)
        if self.rows >= 4:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ArrayWriter, "append", full)
        with pytest.raises(InputError, match=r"key cannot be written: No space left on device$"):
            fill(folder, 1)
    monkeypatch.setattr(FolderWriter, "finish", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fill(folder.parent / "another", 1)
    assert [path.name for path in folder.parent.iterdir()] == ["key"]
    assert open_arrays(folder).digests == before
