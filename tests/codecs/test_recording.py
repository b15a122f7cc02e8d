"""Audio files: samples against what was written, frames against a plain NumPy formula, and files that are no sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from elman.codecs.recording import log_mel, read_rate, read_recording, resampled
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


def test_a_tone_keeps_its_pitch_at_another_rate() -> None:
    tone = np.sin(np.arange(16_000) * 2 * np.pi * 440 / 16_000).astype(np.float32)
    found = resampled(tone, 16_000, RATE)
    assert len(found) == RATE
    expected = np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE)
    np.testing.assert_allclose(found[200:-200], expected[200:-200], atol=1e-3)  # the filter needs what is before
    assert resampled(tone, 16_000, 16_000) is tone


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
