"""Audio to labels and to numbers: what is learned, what is left out, and what is said of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tones import write_tone, write_tones

import elman

OPTIONS: dict[str, Any] = {"hidden_size": 16, "num_layers": 1, "dropout": 0, "num_threads": 1, "verbose": 0}


def test_a_direction_is_heard_in_files_of_any_rate(tmp_path: Path) -> None:
    files, labels = write_tones(tmp_path, 100)
    one = elman.Classifier(**OPTIONS, epochs=30, batch_size=16, learning_rate=0.01).fit(files, labels)
    others, truth = write_tones(tmp_path, 20, seed=1)
    assert one.score(others, truth) > 0.9
    odd = [write_tone(tmp_path / f"odd-{k}.wav", k % 2 == 0, 99 + k, rate=11_025, channels=2) for k in range(10)]
    assert one.predict(odd).tolist() == ["up", "down"] * 5
    one.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(elman.load(tmp_path / "m.safetensors").predict_proba(odd), one.predict_proba(odd))


def test_bad_files_are_left_out_and_named(tmp_path: Path) -> None:
    files, labels = write_tones(tmp_path, 12)
    good = elman.Classifier(**OPTIONS, epochs=1).fit(files, labels)
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    with_bad, with_label = [*files[:3], bad, *files[3:]], [*labels[:3], "up", *labels[3:]]
    with pytest.warns(elman.DataWarning, match=rf"^left out 1 of 13 files: {bad} cannot be read as audio"):
        one = elman.Classifier(**OPTIONS, epochs=1).fit(with_bad, with_label)
    np.testing.assert_array_equal(one.predict_proba(files), good.predict_proba(files))
    with pytest.warns(elman.DataWarning, match="^left out 1 of 13 files"):
        assert one.evaluate(with_bad, with_label) == good.evaluate(files, labels)
    with pytest.raises(elman.InputError, match=rf"^{bad} cannot be read as audio"):
        one.predict(with_bad)  # an array has no place for a result that is none
    with pytest.raises(
        elman.InputError, match=rf"^none of 2 audio files can be read: .*; {bad} cannot be read as audio"
    ):
        one.fit([tmp_path / "lost.wav", bad], ["up", "down"])


def test_a_refit_learns_the_rate_anew(tmp_path: Path) -> None:
    files, labels = write_tones(tmp_path, 12)
    one = elman.Classifier(**OPTIONS, epochs=1).fit(files, labels)
    faster = [write_tone(tmp_path / f"fast-{k}.wav", k % 2 == 0, k, rate=16_000) for k in range(12)]
    one.fit(faster, labels)
    assert one.codecs_["input"].sample_rate == 16_000
    with pytest.warns(elman.DataWarning, match="^another sample rate, changed to 16000 Hz: 12 of 12 files"):
        one.partial_fit(files, labels)


def test_a_number_is_heard(tmp_path: Path) -> None:
    files = [write_tone(tmp_path / f"{k}.wav", True, k) for k in range(40)]
    seconds = [len(elman.codecs.audio.listen(path, 8000, 40).frames) / 100 for path in files]
    one = elman.Regressor(**OPTIONS, epochs=60, batch_size=8, learning_rate=0.01, pooling="last").fit(files, seconds)
    assert one.score(files, seconds) > 0.75  # always saying the mean would give 0
    with pytest.raises(elman.InputError, match="per is 'step', but X holds audio files"):
        elman.Regressor(per="step", verbose=0).fit(files, seconds)


def test_a_model_of_texts_refuses_sounds(tmp_path: Path) -> None:
    files, labels = write_tones(tmp_path, 6)
    texts = elman.Classifier(**OPTIONS, epochs=1, validation_fraction=0).fit(["a", "b"] * 3, labels)
    for measure in (texts.predict, lambda X: texts.evaluate(X, labels)):
        with pytest.raises(elman.InputError, match="X holds audio files, but this model was trained on texts"):
            measure(files)
