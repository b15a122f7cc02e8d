"""The audio codec: one rate for all files, scaled channels, and bad files left out by name."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from elman.codecs.audio import AudioCodec, Sound, listen, listen_to_all
from elman.errors import InputError

RATE = 8000


def write(path: Path, *, seconds: float = 0.2, rate: int = RATE, channels: int = 1, gain: float = 0.3) -> Path:
    seed = sum(path.name.encode())
    samples = gain * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))
    soundfile.write(path, np.clip(samples, -1, 1), rate)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write(tmp_path / f"{name}.wav", seconds=0.1 + 0.05 * k) for k, name in enumerate("abcd")]


def test_the_training_files_have_mean_0_and_deviation_1(files: list[Path]) -> None:
    codec = AudioCodec().fit(files)
    found = codec.encode_all(files)
    assert found.values.dtype == np.float32
    assert found.lengths.tolist() == [8, 13, 18, 23]  # 25 ms, and 10 ms for each further one
    np.testing.assert_allclose(found.values.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(found.values.std(0), 1, atol=1e-5)
    np.testing.assert_allclose(codec.decode(found[1]), listen(files[1], RATE, 40).frames, atol=1e-5)


def test_files_that_were_read_need_not_be_read_again(files: list[Path]) -> None:
    codec = AudioCodec().fit(files)
    sounds = listen_to_all(files).items
    again = AudioCodec().fit(sounds)
    assert again.to_config() == codec.to_config()
    for path in files:
        path.unlink()
    np.testing.assert_array_equal(again.encode_all(sounds).values, codec.encode_all(sounds).values)
    other = Sound(files[0], sounds[0].frames, 16_000)
    with pytest.raises(InputError, match="was read at 16000 Hz into 40 channels, but the codec has 8000 Hz"):
        codec.encode(other)


def test_all_files_are_read_at_the_commonest_rate(tmp_path: Path, files: list[Path]) -> None:
    fast = write(tmp_path / "fast.wav", rate=16_000)
    assert AudioCodec().fit([fast, *files]).sample_rate == RATE
    assert AudioCodec().fit([fast, files[0]]).sample_rate == 16_000  # of equally many the higher
    heard = listen_to_all([fast, *files])
    assert heard.items[0].traits == ("resampled",)
    assert heard.notes() == [
        f"another sample rate, changed to 8000 Hz: 1 of 5 files ({fast})",
    ]


def test_what_is_odd_about_files_is_told(tmp_path: Path, files: list[Path]) -> None:
    heard = listen_to_all(
        [*files, write(tmp_path / "s.wav", channels=2), write(tmp_path / "t.wav", channels=2, gain=9)]
    )
    assert [one.traits for one in heard.items[4:]] == [("mixed",), ("mixed", "clipped")]
    mixed, clipped = heard.notes()
    assert mixed == f"several channels, mixed to one: 2 of 6 files ({tmp_path / 's.wav'}, ...)"
    assert clipped == f"clipped, a wave cut off at full scale: 1 of 6 files ({tmp_path / 't.wav'})"


def test_bad_files_are_left_out_by_name(tmp_path: Path, files: list[Path]) -> None:
    empty, short = tmp_path / "empty.wav", write(tmp_path / "short.wav", seconds=0.02)
    empty.touch()
    done: list[int] = []
    heard = listen_to_all([empty, *files, short], told=done.append)
    assert done == [1, 2, 3, 4, 5, 6]
    assert heard.rows == [1, 2, 3, 4]
    assert [one.path for one in heard.items] == files
    assert heard.notes() == [
        f"left out 2 of 6 files: {empty} is empty: it has 0 bytes; "
        f"{short} lasts 20 ms, but a frame of sound spans 25 ms",
    ]
    with pytest.raises(InputError, match=r"short\.wav lasts 20 ms"):
        listen_to_all([*files, short], strict=True)
    with pytest.raises(InputError, match=r"^none of 2 audio files can be read: .*empty"):
        listen_to_all([empty, tmp_path / "lost.wav"])
    with pytest.raises(InputError, match=rf"^{short} lasts 20 ms"):
        listen_to_all([short, short])
    with pytest.raises(InputError, match=rf"^{empty} is empty"):
        listen_to_all([empty])


def test_of_many_bad_files_some_are_named(tmp_path: Path, files: list[Path]) -> None:
    heard = listen_to_all([*files, *(tmp_path / f"{k}.wav" for k in range(9))])
    (note,) = heard.notes()
    assert note.startswith("left out 9 of 13 files: ")
    assert note.endswith(f"{tmp_path / '2.wav'} is not there: expected an audio file; and 6 more")


def test_the_codec_comes_back_from_its_description(files: list[Path]) -> None:
    codec = AudioCodec(24).fit(files)
    again = AudioCodec.from_config(json.loads(json.dumps(codec.to_config())))
    assert (again.size, again.sample_rate) == (24, RATE)
    np.testing.assert_array_equal(again.encode(files[2]), codec.encode(files[2]))
