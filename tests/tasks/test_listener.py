"""A sound that goes on gives the text of the whole file, however it is cut; so does a file that is read bit by bit."""

from pathlib import Path
from typing import Any

import morse
import numpy as np
import pytest
import soundfile
from morse import RATE

import elman
from elman.errors import InputError
from elman.tasks.listener import listened_to

OPTIONS: dict[str, Any] = {"hidden_size": 16, "num_layers": 1, "epochs": 4, "num_threads": 1, "verbose": 0}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    return morse.write_morse(tmp_path_factory.mktemp("morse"), 200, words=2, longest=2)


@pytest.fixture(scope="module")
def trained(data: tuple[list[Path], list[str]]) -> elman.Transcriber:
    """One that has learned little, but enough to write something."""
    return elman.Transcriber(
        **{**OPTIONS, "epochs": 30, "batch_size": 8, "learning_rate": 0.01}, bidirectional=False
    ).fit(*data)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A while in two channels at another rate."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    texts = ["".join(np.random.default_rng(k).choice(list("aeinot"), 3)) for k in range(20)]
    samples = np.concatenate([morse.tone(text, rate=11_025, dot=0.022) for text in texts])
    soundfile.write(path, np.stack([samples, 0.5 * samples], 1), 11_025)
    return path


@pytest.mark.parametrize("how", [{}, {"beam": 8}], ids=["greedy", "beam"])
@pytest.mark.parametrize("piece", [1600, 333, 40_000])
def test_text_as_it_comes_is_that_of_the_file(
    trained: elman.Transcriber, long: Path, piece: int, how: dict[str, Any]
) -> None:
    samples, rate = soundfile.read(long, dtype="float32")
    [[whole, *_]] = trained.hypotheses([long], **how)
    assert len(whole.text) > 10
    listener = trained.listen(rate, **how)
    parts = [listener.feed(samples[start : start + piece]) for start in range(0, len(samples), piece)]
    before = listener.text
    parts.append(listener.finish())
    assert "".join(parts) == listener.text == whole.text
    settled = 4 if how else 2  # a beam gives what all of its prefixes have in common
    assert len(before) > len(whole.text) // settled  # it did not wait for the end
    assert listener.finish() == ""


def test_single_samples_of_several_kinds_of_numbers(
    trained: elman.Transcriber, data: tuple[list[Path], list[str]]
) -> None:
    whole, _ = soundfile.read(data[0][0], dtype="int16")
    texts = []
    for samples in (whole, whole.astype(np.int32) << 16, whole / 32768, np.stack([whole, whole], 1)):
        listener = trained.listen()
        texts.append("".join([listener.feed(samples), listener.finish()]))
    assert texts == [trained.predict(data[0][:1])[0]] * 4
    listener = trained.listen()
    assert "".join([*(listener.feed(whole[k : k + 1]) for k in range(len(whole))), listener.finish()]) == texts[0]


def test_a_language_model_may_listen_too(trained: elman.Transcriber, data: tuple[list[Path], list[str]]) -> None:
    generator = elman.Generator(hidden_size=8, epochs=3, num_threads=1, verbose=0).fit(data[1])
    samples, _ = soundfile.read(data[0][0])
    listener = trained.listen(language_model=generator, beam=6)
    listener.feed(samples[:3000])
    listener.feed(samples[3000:])
    listener.finish()
    assert listener.text == trained.hypotheses(data[0][:1], language_model=generator, beam=6)[0][0].text


@pytest.mark.parametrize("level", ["words", "subwords"])
def test_words_and_subwords_come_with_their_blanks(data: tuple[list[Path], list[str]], level: str) -> None:
    texts = [f"{text} ß{text[0]}" for text in data[1]]
    trained = elman.Transcriber(
        **{**OPTIONS, "epochs": 8, "learning_rate": 0.02}, level=level, bidirectional=False, stack=1
    ).fit(data[0], texts)
    for path in data[0][:5]:
        samples, _ = soundfile.read(path)
        listener = trained.listen()
        for start in range(0, len(samples), 1000):
            listener.feed(samples[start : start + 1000])
        listener.finish()
        assert listener.text == trained.predict([path])[0]


def test_two_sounds_at_a_time_do_not_disturb_each_other(
    trained: elman.Transcriber, data: tuple[list[Path], list[str]]
) -> None:
    sounds = [soundfile.read(path)[0] for path in data[0][:2]]
    listeners = [trained.listen() for _ in sounds]
    for start in range(0, max(map(len, sounds)), 500):
        for listener, samples in zip(listeners, sounds, strict=True):
            listener.feed(samples[start : start + 500])
    for listener in listeners:
        listener.finish()
    assert [one.text for one in listeners] == trained.predict(data[0][:2])


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_damaged_file_gives_the_text_before_the_damage(
    data: tuple[list[Path], list[str]], trained: elman.Transcriber, long: Path, tmp_path: Path, bidirectional: bool
) -> None:
    if bidirectional:
        trained = elman.Transcriber(**OPTIONS).fit(*data)
    samples, rate = soundfile.read(long)
    path = tmp_path / "damaged.flac"
    soundfile.write(path, np.concatenate([samples] * 4), rate)
    contents = bytearray(path.read_bytes())
    contents[len(contents) * 3 // 4 :] = bytes(len(contents) - len(contents) * 3 // 4)
    path.write_bytes(contents)
    found: list[Any] = []
    with pytest.raises(InputError, match=r"damaged.flac cannot be read as audio after \d+\.\d\d s: ") as raised:
        found.extend(listened_to(trained, path))
    pieces, sounds = zip(*found, strict=True)
    assert len(pieces) == 1 if bidirectional else len(pieces) > 1
    assert sounds[:-1] == (None,) * (len(pieces) - 1)
    assert sounds[-1].traits == ("mixed", "resampled")
    seconds = float(str(raised.value).split(" after ")[1].split(" s")[0])
    whole, _ = soundfile.read(path, frames=round(seconds * rate))
    soundfile.write(tmp_path / "beginning.wav", whole, rate)
    assert "".join(pieces) == trained.predict([tmp_path / "beginning.wav"])[0]


def test_a_file_that_is_shorter_than_a_frame_is_refused_as_it_is_whole(
    trained: elman.Transcriber, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.wav"
    soundfile.write(path, np.full(50, 0.1), RATE)
    for hear in (lambda: trained.predict([path]), lambda: list(listened_to(trained, path))):
        with pytest.raises(InputError, match=r"tiny.wav lasts 6.25 ms, but a frame of sound spans 25 ms"):
            hear()


def test_what_cannot_listen_or_be_heard(data: tuple[list[Path], list[str]], trained: elman.Transcriber) -> None:
    with pytest.raises(InputError, match="this network hears the future, so it cannot listen"):
        elman.Transcriber(**{**OPTIONS, "epochs": 1}).fit(*data).listen()
    with pytest.raises(InputError, match="rate is 0, expected a whole number, at least 1"):
        trained.listen(0)
    listener = trained.listen()
    for samples, message in (
        (np.zeros((2, 2, 2)), "samples has shape"),
        (np.array([np.nan]), "not finite"),
        (np.zeros(3, np.uint8), "samples is uint8, expected"),
        ("sound", "samples is <U5, expected"),
    ):
        with pytest.raises(InputError, match=message):
            listener.feed(samples)
    assert listener.feed([]) == listener.feed(np.zeros(0)) == ""
    listener.finish()
    with pytest.raises(InputError, match="the sound has ended with finish: begin another one with listen"):
        listener.feed(np.zeros(8))
    assert trained.codecs_["input"].sample_rate == RATE
