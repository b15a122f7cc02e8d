"""Audio files: samples against what was written, frames against a plain NumPy formula, and files that are no sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from elman.codecs.recording import BLOCK, Frames, Playback, centres, log_mel, read_rate, read_recording
from elman.errors import InputError

RATE = 8000


def noise(S: int = 4000, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, (S, channels))


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_samples_come_back(tmp_path: Path, name: str) -> None:
    tone = 0.5 * np.sin(np.arange(4000) * 0.2)
    soundfile.write(tmp_path / name, tone, RATE)
    found = read_recording(tmp_path / name)
    assert (found.rate, found.channels, found.clipped, read_rate(tmp_path / name)) == (RATE, 1, False, RATE)
    lossy = name.endswith("ogg")
    np.testing.assert_allclose(found.samples, tone, atol=0.05 if lossy else 2**-15)


def test_channels_are_mixed_to_their_mean(tmp_path: Path) -> None:
    stereo = noise(channels=2)
    soundfile.write(tmp_path / "a.wav", stereo, RATE, subtype="FLOAT")
    found = read_recording(tmp_path / "a.wav")
    assert found.channels == 2
    np.testing.assert_allclose(found.samples, stereo.astype(np.float32).mean(1), atol=1e-7)


def test_a_wave_that_is_cut_off_is_told_from_one_that_is_loud(tmp_path: Path) -> None:
    wave = np.sin(np.arange(RATE) * 2 * np.pi * 100 / RATE)
    for name, factor, clipped in (("loud.wav", 1.0, False), ("cut.wav", 1.5, True)):
        soundfile.write(tmp_path / name, np.clip(factor * wave, -1, 1), RATE)
        assert read_recording(tmp_path / name).clipped is clipped


def test_samples_are_brought_to_another_rate_before() -> None:
    samples = noise(16_000)[:, 0].astype(np.float32)
    frames = Frames(16_000, RATE, 40)
    found = np.concatenate([frames.feed(samples), frames.finish()])
    np.testing.assert_array_equal(found, log_mel(soxr.resample(samples, 16_000, RATE), RATE, 40))
    tone = np.sin(np.arange(16_000) * 2 * np.pi * 440 / 16_000).astype(np.float32)
    frames = Frames(16_000, RATE, 40)
    found = np.concatenate([frames.feed(tone), frames.finish()])
    expected = log_mel(np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE).astype(np.float32), RATE, 40)
    assert (found.argmax(1) == expected.argmax(1)).all()  # its pitch


@pytest.mark.parametrize(("rate", "bins"), [(8000, 40), (16_000, 40), (16_000, 23)])
def test_a_tone_at_the_centre_of_a_band_is_heard_there(rate: int, bins: int) -> None:
    time = np.arange(rate // 4) / rate
    tones = [np.sin(2 * np.pi * centre * time).astype(np.float32) for centre in centres(rate, bins)]
    assert [log_mel(tone, rate, bins).mean(0).argmax() for tone in tones] == list(range(bins))


@pytest.mark.parametrize("rate", [RATE, 11_025])
@pytest.mark.parametrize("piece", [1, 333, 5000])
def test_frames_do_not_depend_on_the_pieces(piece: int, rate: int) -> None:
    samples = noise(6000)[:, 0].astype(np.float32)
    whole = Frames(rate, RATE, 40)
    expected = np.concatenate([whole.feed(samples), whole.finish()])
    frames = Frames(rate, RATE, 40)
    pieces = [frames.feed(samples[start : start + piece]) for start in range(0, len(samples), piece)]
    np.testing.assert_array_equal(np.concatenate([*pieces, frames.finish()]), expected)


def test_a_file_is_read_bit_by_bit(tmp_path: Path) -> None:
    written = noise(BLOCK + 1000, 2)
    written[BLOCK - 1 : BLOCK + 2] = 1.0  # cut off where one block ends and the next begins
    soundfile.write(tmp_path / "a.wav", written, RATE, subtype="FLOAT")
    playback = Playback(tmp_path / "a.wav")
    assert playback.silent
    blocks = list(playback.blocks())
    assert [len(one) for one in blocks] == [BLOCK, 1000]
    np.testing.assert_array_equal(np.concatenate(blocks), read_recording(tmp_path / "a.wav").samples)
    assert (playback.samples, playback.clipped, playback.silent) == (BLOCK + 1000, True, False)
    soundfile.write(tmp_path / "b.wav", 5e-5 * noise(), RATE, subtype="FLOAT")
    playback = Playback(tmp_path / "b.wav")
    list(playback.blocks())
    assert playback.silent


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.flac", r"cannot be read as audio after \d+\.\d\d s: "),
        ("a.ogg", r"is damaged: of 24.58 s only \d+\.\d\d s can be read"),
    ],
)
def test_damage_is_named_in_seconds_and_what_comes_before_is_given(tmp_path: Path, name: str, reason: str) -> None:
    written = 0.2 * np.sin(np.arange(196_608) * 0.2)
    soundfile.write(tmp_path / name, written, RATE)
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2 : len(data) * 3 // 4] = bytes(len(data) * 3 // 4 - len(data) // 2)
    (tmp_path / name).write_bytes(data)
    read: list[np.ndarray] = []
    with pytest.raises(InputError, match=reason):
        read.extend(Playback(tmp_path / name).blocks())
    given = np.concatenate(read)
    assert 0 < len(given) < len(written)
    np.testing.assert_allclose(given[:30_000], written[:30_000], atol=0.05)


@pytest.mark.parametrize(
    ("name", "lasts"), [("a.wav", 1.0), ("a.aiff", 1.0), ("a.au", 1.0), ("a.rf64", 1.0), ("a.w64", 0.99)]
)
def test_a_file_that_was_cut_off_is_damaged(tmp_path: Path, name: str, lasts: float) -> None:
    written = 0.2 * np.sin(np.arange(8000) * 0.2)
    soundfile.write(tmp_path / name, written, RATE)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    read: list[np.ndarray] = []
    with pytest.raises(InputError, match=rf"is damaged: of {lasts:.2f} s only 0.50 s can be read"):
        read.extend(Playback(tmp_path / name).blocks())
    np.testing.assert_allclose(np.concatenate(read), written[: len(read[0])], atol=2**-15)


def test_a_file_that_is_replaced_while_it_is_read_is_no_error_of_the_library(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(), RATE)
    playback = Playback(tmp_path / "a.wav")
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match=r"a\.wav cannot be read as audio: "):
        list(playback.blocks())


@pytest.mark.parametrize("size", [16_001, 16_044, 0x7FFFF000, 0xFFFFFFFF])
def test_a_header_that_does_not_know_the_size_is_no_damage(tmp_path: Path, size: int) -> None:
    soundfile.write(tmp_path / "a.wav", noise(8000), RATE)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[40:44] = size.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    assert len(read_recording(tmp_path / "a.wav").samples) == 8000


def plain_log_mel(samples: np.ndarray, rate: int, bins: int) -> np.ndarray:
    """As Kaldi describes it, in float64: frame, mean off, pre-emphasis, window, power spectrum, triangles, log."""
    span, step = rate * 25 // 1000, rate // 100
    points = 1 << (span - 1).bit_length()
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(span) / (span - 1))) ** 0.85

    def mel(frequency: np.ndarray | float) -> np.ndarray:
        return 1127 * np.log(1 + np.asarray(frequency) / 700)

    corners = np.linspace(mel(20), mel(rate / 2), bins + 2)
    places = mel(np.arange(points // 2) * rate / points)
    rising = (places - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - places) / np.diff(corners)[1:, None]
    triangles = np.maximum(np.minimum(rising, falling), 0)
    frames = []
    for start in range(0, len(samples) - span + 1, step):
        frame = samples[start : start + span].astype(np.float64)
        frame = frame - frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        power = np.abs(np.fft.rfft(frame * window, points))[: points // 2] ** 2
        frames.append(np.log(np.maximum(triangles @ power, np.finfo(np.float32).eps)))
    return np.array(frames)


@pytest.mark.parametrize(("rate", "bins"), [(8000, 40), (16_000, 80)])
def test_frames_are_those_of_the_formula(rate: int, bins: int) -> None:
    samples = noise(rate // 3)[:, 0].astype(np.float32)
    found = log_mel(samples, rate, bins)
    expected = plain_log_mel(samples, rate, bins)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-3)  # of float32 FFTs, in logarithms
    np.testing.assert_array_equal(found, log_mel(samples, rate, bins))


def test_a_frame_needs_25_ms() -> None:
    samples = noise(279)[:, 0].astype(np.float32)
    assert [log_mel(samples[:S], RATE, 40).shape for S in (0, 199, 200, 279)] == [(0, 40), (0, 40), (1, 40), (1, 40)]


def bad(folder: Path) -> dict[str, Path]:
    """Files that are no sound."""
    (folder / "zero.wav").touch()
    (folder / "text.wav").write_text("hello " * 100, encoding="utf-8")
    (folder / "header.flac").write_bytes(b"fLaC" + bytes(100))
    soundfile.write(folder / "none.wav", np.zeros(0), RATE)
    soundfile.write(folder / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    (folder / "folder.wav").mkdir()
    return {
        name: folder / name for name in ("zero.wav", "text.wav", "header.flac", "none.wav", "nan.wav", "folder.wav")
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("zero.wav", "is empty: it has 0 bytes"),
        ("text.wav", "cannot be read as audio: "),
        ("header.flac", "cannot be read as audio: "),
        ("none.wav", "is empty: it has no samples"),
        ("nan.wav", "has samples that are no finite numbers"),
        ("folder.wav", "is a folder: expected an audio file"),
        ("lost.wav", "is not there: expected an audio file"),
    ],
)
def test_a_file_that_is_no_sound_is_named(tmp_path: Path, name: str, reason: str) -> None:
    bad(tmp_path)
    with pytest.raises(InputError) as raised:
        read_recording(tmp_path / name)
    assert str(raised.value).startswith(f"{tmp_path / name} {reason}")
    assert "\n" not in str(raised.value)


def test_little_is_lost_before_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 8000 * 14), 8000)
    data = bytearray(path.read_bytes())
    half = len(data) // 2
    data[half : half + 3000] = bytes(3000)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"cannot be read as audio after [56]\.\d\d s: "):
        list(Playback(path).blocks())
