"""The model file: same content, same bytes; anything damaged is refused in one line."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from elman.errors import InputError
from elman.files import Model, check_tensors, read_model, write_model

TENSORS = {
    "weight_ih": np.arange(6, dtype=np.float32).reshape(2, 3),
    "bias": np.array([0.1, -0.0]),
    "scale": np.array(2.5, np.float32),
    "ids": np.array([1, 2], np.int64),
    "none": np.zeros((0, 4), np.float32),
    "flags": np.array([True, False]),
}
METADATA = {
    "task": "translate",
    "symbols": ["é", "日", "\n", '"'],
    "nested": {"b": 1.5, "a": None, "lr": 1e-3},
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    write_model(path, TENSORS, METADATA)
    return path


def same(model, tensors=TENSORS, metadata=METADATA):
    return (
        model.metadata == metadata
        and model.tensors.keys() == tensors.keys()
        and all(
            found.dtype == tensors[name].dtype
            and found.shape == tensors[name].shape
            and found.tobytes() == tensors[name].tobytes()
            for name, found in model.tensors.items()
        )
    )


def refused(path, message):
    with pytest.raises(InputError, match=message) as caught:
        read_model(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_round_trip(written):
    assert same(read_model(written))
    assert read_model(str(written)).tensors["weight_ih"].flags.writeable


def test_the_format_as_it_is_written_down(written):
    content = written.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    assert list(header["__metadata__"]) == ["elman"]
    text = header["__metadata__"]["elman"]
    metadata = json.loads(text)
    assert text == json.dumps(metadata, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert (metadata["package"], metadata["version"]) == ("elman", 1)


def test_equal_content_gives_equal_bytes(written, tmp_path):
    """In another process with another hash seed, in another order, from arrays laid out otherwise."""
    again = tmp_path / "again"
    tensors = {name: np.asarray(array, order="F") for name, array in reversed(TENSORS.items())}
    write_model(again, tensors, dict(reversed(METADATA.items())))
    assert again.read_bytes() == written.read_bytes()
    program = (
        "import sys; from elman.files import *; m = read_model(sys.argv[1]);"
        "write_model(sys.argv[2], m.tensors, m.metadata)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run(
        [sys.executable, "-c", program, written, tmp_path / "third"], check=True, env=environment, timeout=60
    )
    assert (tmp_path / "third").read_bytes() == written.read_bytes()


def test_views_and_other_byte_orders_are_written_as_they_read(tmp_path):
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    write_model(tmp_path / "m", {"t": matrix.T, "s": matrix[::2, ::-1], "big": matrix.astype(">f4")}, {})
    tensors = read_model(tmp_path / "m").tensors
    np.testing.assert_array_equal(tensors["t"], matrix.T)
    np.testing.assert_array_equal(tensors["s"], matrix[::2, ::-1])
    np.testing.assert_array_equal(tensors["big"], matrix)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path, bad):
    with pytest.raises(
        InputError, match=r"tensor 'w' holds (NaN|an infinity), expected finite numbers: after training"
    ):
        write_model(tmp_path / "m", {"w": np.array([1.0, bad])}, {})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_model(tmp_path / "m", {}, {"loss": bad})
    assert not any(tmp_path.iterdir())
    (tmp_path / "raw").write_bytes(raw({"w": np.array([bad], np.float32)}, {"package": "elman", "version": 1}))
    refused(tmp_path / "raw", "tensor 'w' holds (NaN|an infinity)")


def test_writing_refuses_what_would_not_read_back(tmp_path):
    with pytest.raises(ValueError, match="reserved key 'version'"):
        write_model(tmp_path / "m", {}, {"version": 3})
    with pytest.raises(TypeError):
        write_model(tmp_path / "m", {}, {"size": np.int64(3)})
    write_model(tmp_path / "m", {}, {"by_length": {1: (2, 3)}})
    assert read_model(tmp_path / "m") == Model({"by_length": {"1": [2, 3]}}, {})
    with pytest.raises(InputError, match="exists already"):
        write_model(tmp_path / "m", {}, {}, overwrite=False)


def raw(tensors, metadata):
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    return save(tensors, metadata={"elman": text})


ONE = {"w": np.zeros(1, np.float32)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x00", "damaged, cut short"),
        (b"PK\x03\x04 a zip file, as torch.save writes it", "not a safetensors file"),
        (b"name,language\nSmith,English\n", "not a safetensors file"),
        (struct.pack("<Q", 2**63 - 1) + b"{}", "damaged, cut short"),
        (struct.pack("<Q", 10**9) + b'{"a":', "damaged, cut short"),
        (struct.pack("<Q", 2) + b"{}", "not one of elman's"),
        (struct.pack("<Q", 3) + b"{1}", "damaged, cut short"),
        (struct.pack("<Q", 100_001) + b"{" + b"[" * 100_000, "damaged, cut short"),
        (save(ONE), "not one of elman's: it has no metadata key 'elman'"),
        (save(ONE, metadata={"format": "pt"}), "not one of elman's"),
        (raw(ONE, "not json"), "metadata is not JSON"),
        (raw(ONE, "[" * 100_000), "metadata is not JSON"),
        (raw(ONE, '{"version": NaN}'), "metadata is not JSON"),
        (raw(ONE, '{"version": 1e999}'), "metadata is not JSON"),
        (raw(ONE, r'{"task": "\ud800"}'), "metadata is not JSON"),
        (raw(ONE, '{"version": 1, "version": 2}'), "duplicate key 'version'"),
        (raw(ONE, '{"a": ' + "9" * 5000 + "}"), "metadata is not JSON"),
        (raw(ONE, "[1]"), "JSON list, expected an object"),
        (raw(ONE, {"version": 1}), "names the package None"),
        (raw(ONE, {"package": "elman"}), "format version is None"),
        (raw(ONE, {"package": "elman", "version": "1"}), "format version is '1'"),
        (raw(ONE, {"package": "elman", "version": True}), "format version is True"),
        (
            raw(ONE, {"package": "elman", "version": 7}),
            r"written by a newer elman \(format 7; this one reads up to 1\): upgrade elman",
        ),
        (raw(ONE, {"package": "elman", "version": 1}), "does not match its checksum"),
    ],
)
def test_files_that_are_not_ours(tmp_path, content, message):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    refused(path, message)


@pytest.mark.parametrize(
    ("dtype", "shape", "size"),
    [("BF16", [2], 4), ("F8_E4M3", [4], 4), ("F32", [2**62, 0], 0), ("F32", [2**64, 0], 0), ("F32", [-1], 4)],
)
def test_tensors_that_numpy_cannot_hold(tmp_path, dtype, shape, size):
    header = {"__metadata__": {"elman": json.dumps({"package": "elman", "version": 1})}}
    header["w"] = {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}
    encoded = json.dumps(header).encode()
    path = tmp_path / "m"
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + bytes(size))
    refused(path, "damaged")


def test_paths_that_are_no_files(tmp_path):
    refused(tmp_path / "none", "there is no such file")
    refused(tmp_path, "is a directory")
    if os.name == "posix":
        refused("/dev/null", "not a regular file")


def test_check_tensors_names_the_tensor():
    model = Model({}, {"a": np.zeros((2, 3)), "b": np.zeros(4)})
    check_tensors({"a": (2, 3), "b": (4,)}, model, "m")
    with pytest.raises(InputError, match="m has no tensor c"):
        check_tensors({"a": (2, 3), "b": (4,), "c": ()}, model, "m")
    with pytest.raises(InputError, match=r"m has a tensor b of shape \(4,\), which"):
        check_tensors({"a": (2, 3)}, model, "m")
    with pytest.raises(InputError, match=r"m: tensor a has shape \(2, 3\), but its configuration asks for \(3, 2\)"):
        check_tensors({"a": (3, 2), "b": (4,)}, model, "m")


def hostile(content, path):
    """Whatever a file holds, reading gives the model that was written, or one clear error."""
    path.write_bytes(content)
    try:
        model = read_model(path)
    except InputError as error:
        right = "\n" not in str(error)
    else:
        right = same(model)
    assert right


def test_every_truncation_is_refused(written, tmp_path):
    content = written.read_bytes()
    for length in range(len(content)):
        (tmp_path / "m").write_bytes(content[:length])
        refused(tmp_path / "m", "damaged|empty")


@given(data=st.data())
def test_flipped_bytes_never_give_another_model(written, data):
    content = bytearray(written.read_bytes())
    places = st.integers(0, len(content) - 1)
    for place, value in data.draw(st.dictionaries(places, st.integers(0, 255), min_size=1, max_size=6)).items():
        content[place] = value
    hostile(bytes(content), written.with_name("flipped"))


@given(data=st.data())
def test_edited_headers_never_give_another_model(written, data):
    """Insertions and deletions with a header length that fits, so that they reach the JSON readers."""
    content = written.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = content[8 : 8 + size]
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, min(size, start + 20)))
    pieces = st.sampled_from([b"", b'"', b"{", b"}", b"0", b"-1", b",", b"\\u0000", b"1e999", b"null", b'"w":{},'])
    edited = header[:start] + data.draw(pieces | st.binary(max_size=10)) + header[end:]
    hostile(struct.pack("<Q", len(edited)) + edited + content[8 + size :], written.with_name("edited"))


def test_the_checksum_covers_every_weight(written, tmp_path):
    content = written.read_bytes()
    size = 8 + struct.unpack("<Q", content[:8])[0]
    for place in range(size, len(content)):
        (tmp_path / "m").write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refused(tmp_path / "m", "damaged")


def test_a_file_of_format_1_still_loads():
    """`golden/format1.safetensors` was written when format 1 was new, and stays as it is."""
    assert same(read_model(Path(__file__).parent / "golden" / "format1.safetensors"))
