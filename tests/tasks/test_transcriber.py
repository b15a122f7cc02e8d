"""A transcriber learns Morse code; what is left out, searched for, aligned, and how rates are counted."""

import copy
import shutil
from pathlib import Path
from typing import Any

import jiwer
import morse
import numpy as np
import pytest
import soundfile
import torch

import elman
from elman.codecs.audio import AudioCodec, listen
from elman.errors import DataWarning, InputError
from elman.models.ctc import ctc_loss
from elman.tasks.baseline import fit_feedforward, parameters
from elman.tasks.report import training_report
from elman.tasks.transcript import Alignment

OPTIONS: dict[str, Any] = {
    "hidden_size": 24,
    "num_layers": 1,
    "learning_rate": 0.01,
    "epochs": 25,
    "batch_size": 8,
    "num_threads": 1,
    "verbose": 0,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("morse")


@pytest.fixture(scope="module")
def data(folder: Path) -> tuple[list[Path], list[str]]:
    return morse.write_morse(folder, 220, words=2, longest=2)


@pytest.fixture(scope="module")
def trained(data: tuple[list[Path], list[str]]) -> elman.Transcriber:
    return elman.Transcriber(**OPTIONS).fit(*data)


@pytest.fixture(scope="module")
def new(folder: Path) -> tuple[list[Path], list[str]]:
    return morse.write_morse(folder, 30, seed=5, words=2, longest=2)


@pytest.fixture(scope="module")
def words(data: tuple[list[Path], list[str]]) -> elman.Generator:
    return elman.Generator(hidden_size=16, epochs=10, num_threads=1, verbose=0).fit(data[1])


def small(X: list[Path], y: list[str], **more: Any) -> elman.Transcriber:
    return elman.Transcriber(**{**OPTIONS, "hidden_size": 8, "epochs": 2, **more}).fit(X[:40], y[:40])


def test_it_learns_morse_code(trained: elman.Transcriber, new: tuple[list[Path], list[str]]) -> None:
    measured = trained.evaluate(*new)
    assert measured["character_error_rate"] < 0.1
    assert trained.score(*new) == measured["exact_match"] > 0.5
    assert trained.history_.watched == "character error rate"
    assert not trained.history_.higher_is_better


def test_rates_are_those_of_jiwer(trained: elman.Transcriber, data: tuple[list[Path], list[str]]) -> None:
    X, y = data[0][:20], [text[::-1] for text in data[1][:20]]
    found, measured = trained.predict(X), trained.evaluate(X, y)
    assert measured["character_error_rate"] == pytest.approx(jiwer.cer(y, found))
    assert measured["word_error_rate"] == pytest.approx(jiwer.wer(y, found))


def test_rates_by_hand(trained: elman.Transcriber, data: tuple[list[Path], list[str]]) -> None:
    X = data[0][:2]
    one, two = trained.predict(X)
    measured = trained.evaluate(X, [one, f"{two} {two}"])
    size = len(one) + 2 * len(two) + 1
    assert measured == {
        "character_error_rate": pytest.approx((len(two) + 1) / size),
        "word_error_rate": pytest.approx(len(two.split()) / (len(one.split()) + 2 * len(two.split()))),
        "exact_match": 0.5,
    }


def test_characters_never_seen_count_as_errors_and_are_told(
    trained: elman.Transcriber, data: tuple[list[Path], list[str]]
) -> None:
    X = data[0][:2]
    texts = trained.predict(X)
    with pytest.warns(DataWarning, match=r"2 of \d+ characters of the texts were not seen in training \('Q', 'ß'\)"):
        measured = trained.evaluate(X, [f"{texts[0]}Q", f"{texts[1]}ß"])
    assert measured["character_error_rate"] == pytest.approx(2 / (sum(map(len, texts)) + 2))


def test_a_saved_model_is_the_same(
    trained: elman.Transcriber, new: tuple[list[Path], list[str]], tmp_path: Path
) -> None:
    trained.save(tmp_path / "a.safetensors")
    again = elman.load(tmp_path / "a.safetensors")
    assert isinstance(again, elman.Transcriber)
    assert again.hypotheses(new[0], beam=4) == trained.hypotheses(new[0], beam=4)
    assert again.codecs_["input"].stack == 3
    again.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_equal_seeds_give_equal_models_and_every_option_changes_them(data: tuple[list[Path], list[str]]) -> None:
    def weights(**more: Any) -> np.ndarray:
        model = small(*data, **more).model_
        return np.concatenate([one.detach().numpy().ravel() for one in model.parameters()])

    plain = weights()
    np.testing.assert_array_equal(weights(), plain)
    changes: list[dict[str, Any]] = [
        *({"stack": 2}, {"level": "words"}, {"frequency_masks": 0}, {"frequency_width": 20}, {"time_masks": 0}),
        *(
            {"time_width": 0.5},
            {"frequency_warp": 0.1},
            {"tempo": 0.2},
            {"noise": 30},
            {"bidirectional": False},
            {"learning_rate": 0.001},
            {"num_layers": 2},
            {"random_state": 1},
        ),
    ]
    for change in changes:
        other = weights(**change)
        assert other.shape != plain.shape or not np.array_equal(other, plain), change


def test_a_training_that_was_interrupted_goes_on_bit_for_bit(
    data: tuple[list[Path], list[str]], tmp_path: Path
) -> None:
    whole = small(*data, epochs=4, frequency_warp=0.1, noise=30, tempo=0.2, checkpoints=str(tmp_path / "all"))
    kept = sorted((tmp_path / "all").glob("step-*.safetensors"))
    assert len(kept) > 1
    (tmp_path / "part").mkdir()
    shutil.copy(kept[0], tmp_path / "part")
    options = {**OPTIONS, "hidden_size": 8, "epochs": 4, "frequency_warp": 0.1, "noise": 30, "tempo": 0.2}
    resumed = elman.Transcriber(**options, checkpoints=str(tmp_path / "part"))
    resumed.fit(data[0][:40], data[1][:40], resume=True)
    for one, other in zip(whole.model_.parameters(), resumed.model_.parameters(), strict=True):
        assert one.equal(other)


def test_masks_are_for_training_only(trained: elman.Transcriber, data: tuple[list[Path], list[str]]) -> None:
    coded = trained.coded([listen(path, morse.RATE, 40) for path in data[0][:4]], data[1][:4])
    batch = coded.examples(trained._device()).collate(np.arange(4))
    trained.model_.eval()
    assert trained.loss(trained.model_, batch).total.equal(trained.loss(trained.model_, batch).total)
    trained.model_.train()
    try:
        losses = [trained.loss(trained.model_, batch).total.item() for _ in range(2)]
    finally:
        trained.model_.eval()
    assert losses[0] != losses[1]


def test_a_text_that_is_too_long_for_its_sound_is_left_out_by_name(data: tuple[list[Path], list[str]]) -> None:
    X, y = list(data[0][:40]), list(data[1][:40])
    y[3], y[7] = "a" * 500, "tt" * 300
    with pytest.warns(DataWarning, match="left out 2 of 40 sounds that are too short for their text") as told:
        fitted = elman.Transcriber(**{**OPTIONS, "epochs": 1}, validation_fraction=0).fit(X, y)
    [message] = [str(one.message) for one in told]
    assert f"{X[3]} has " in message
    assert f"{X[7]} has " in message
    assert "its text of 500 characters needs at least 999" in message
    assert np.isfinite(fitted.history_.epochs[0].training_loss)
    with pytest.raises(
        InputError, match="its text of 500 characters needs at least 999: give a stack \\(--stack\\) below 3"
    ):
        elman.Transcriber(**OPTIONS, strict=True, validation_fraction=0).fit(X, y)
    with pytest.raises(InputError, match="no other sound fits its text either"):
        elman.Transcriber(**OPTIONS, validation_fraction=0).fit(X[:4], ["e" * 900] * 4)


def test_files_that_are_odd_or_cannot_be_read(data: tuple[list[Path], list[str]], tmp_path: Path) -> None:
    X, y = list(data[0][:30]), list(data[1][:30])
    samples, _ = soundfile.read(X[0])
    soundfile.write(tmp_path / "stereo.wav", np.stack([samples, samples], 1), morse.RATE)
    soundfile.write(tmp_path / "fast.wav", np.repeat(samples, 2), 2 * morse.RATE)
    soundfile.write(tmp_path / "silent.wav", 0 * samples, morse.RATE)
    soundfile.write(tmp_path / "loud.wav", np.clip(9 * samples, -1, 1), morse.RATE)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "corrupt.wav").write_bytes(b"RIFF" + bytes(99))
    X += [tmp_path / f"{name}.wav" for name in ("stereo", "fast", "silent", "loud", "empty", "corrupt")]
    with pytest.warns(DataWarning) as told:
        elman.Transcriber(**{**OPTIONS, "epochs": 1}).fit(X, [*y, *y[:6]])
    notes = "\n".join(str(one.message) for one in told)
    for note in (
        "several channels, mixed to one: 1 of 34",
        "another sample rate, changed to 8000 Hz: 1 of 34",
        "clipped, a wave cut off at full scale: 1 of 34",
        "silent, nothing above -80 dB: 1 of 34",
        f"left out 2 of 36 files: {tmp_path / 'empty.wav'} is empty",
        f"{tmp_path / 'corrupt.wav'} cannot be read as audio",
    ):
        assert note in notes


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["a text"], ["b"], "X holds texts, expected audio files"),
        ([Path("a.wav")], [1], "y holds|y is|y\\[0\\]"),
        ([Path("a.wav")], ["a", "b"], "X has 1 audio file, but y has 2 texts"),
        ([Path("a.txt")], ["a"], "X\\[0\\] is the file a.txt"),
        ([Path("lost.wav")], ["a"], "lost.wav is not there"),
    ],
)
def test_what_is_no_sound_or_no_text(X: list[Any], y: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        elman.Transcriber(**OPTIONS).fit(X, y)


def test_a_validation_set_may_be_given(data: tuple[list[Path], list[str]], new: tuple[list[Path], list[str]]) -> None:
    fitted = elman.Transcriber(**{**OPTIONS, "epochs": 2}).fit(data[0][:30], data[1][:30], validation=new)
    codec = AudioCodec(stack=3).fit(data[0][:30])
    np.testing.assert_array_equal(fitted.codecs_["input"].encode(new[0][0]), codec.encode(new[0][0]))
    assert fitted.history_.epochs[-1].metric is not None


def test_what_training_does_not_know_of_validation_texts_is_wrong(
    data: tuple[list[Path], list[str]], new: tuple[list[Path], list[str]]
) -> None:
    """The rate that decides which epoch is best is that of `evaluate`."""
    X, y = new[0], [f"{text}QQ" if k % 2 else text for k, text in enumerate(new[1])]
    fitted = elman.Transcriber(**{**OPTIONS, "epochs": 12}).fit(*data, validation=(X, y))
    with pytest.warns(DataWarning, match="30 of"):
        found = fitted.evaluate(X, y)["character_error_rate"]
    assert fitted.history_.best is not None
    assert fitted.history_.best.metric == found < 0.9


def test_validation_data_that_cannot_validate_are_refused(data: tuple[list[Path], list[str]]) -> None:
    X, y = data[0][:30], data[1][:30]
    one = elman.Transcriber(**{**OPTIONS, "hidden_size": 4, "epochs": 2})
    with pytest.raises(InputError, match=r"^the texts to validate with have no characters of those to learn from"):
        one.fit(X, y, validation=(X[:2], ["QQ", "XYZ"]))
    with pytest.raises(InputError, match=r"^to validate with: .*0\.wav has .* no other sound fits its text either$"):
        one.fit(X, y, validation=(X[:2], ["e" * 900] * 2))
    with pytest.raises(InputError, match=r"^to validate with: X holds texts, expected audio files"):
        one.fit(X, y, validation=(y, y))
    aside = one._split_pairs(y)[1]
    y = ["e" * 900 + text if row in aside else text for row, text in enumerate(y)]
    with (
        pytest.warns(DataWarning, match="left out"),
        pytest.raises(InputError, match=r"^no sound to validate with fits"),
    ):
        one.fit(X, y)


def test_learning_goes_on_from_part_to_part(data: tuple[list[Path], list[str]]) -> None:
    learner = elman.Transcriber(**{**OPTIONS, "hidden_size": 8})
    for _ in range(3):
        learner = learner.partial_fit(data[0][:30], data[1][:30])
    losses = [epoch.training_loss for epoch in learner.history_.epochs]
    assert losses[2] < losses[0]


def test_a_beam_finds_at_least_as_likely_texts(trained: elman.Transcriber, new: tuple[list[Path], list[str]]) -> None:
    greedy, beams = trained.hypotheses(new[0]), trained.hypotheses(new[0], beam=8)
    for one, several in zip(greedy, beams, strict=True):
        assert len(one) == 1
        assert len(several) == 8
        assert several[0].score >= one[0].score
        assert [each.score for each in several] == sorted((each.score for each in several), reverse=True)


def test_a_language_model_weighs_texts_as_it_says(
    trained: elman.Transcriber, words: elman.Generator, new: tuple[list[Path], list[str]], tmp_path: Path
) -> None:
    """Score by score against the generator itself and the loss, with a beam that misses next to nothing."""
    trained.set_params(language_weight=0.8, symbol_bonus=0.3)
    try:
        [wide] = trained.hypotheses(new[0][:1], beam=150, language_model=words)
        [scores] = trained._run(trained._encoded(new[0][:1]), trained._scores)
        for one in wide[:5]:
            target = torch.tensor(trained.codecs_["output"].encode(one.text) - 2)
            steps, symbols = torch.tensor([len(scores)]), torch.tensor([len(target)])
            heard = -ctc_loss(torch.tensor(scores)[None].double(), steps, target[None], symbols).item()
            told = float(words.log_probabilities([one.text])[0].sum())
            assert one.score == pytest.approx(heard + 0.8 * told + 0.3 * len(one.text), abs=2e-3)
        found = trained.hypotheses(new[0][:5], beam=20, language_model=words)
        greedy = trained.predict(new[0][:5])
        words.save(tmp_path / "words.safetensors")
        assert trained.hypotheses(new[0][:5], beam=20, language_model=tmp_path / "words.safetensors") == found
        trained.set_params(language_model=words)
        assert [one[0] for one in trained.hypotheses(new[0][:5], beam=20)] == [one[0] for one in found]
        assert len(trained.hypotheses(new[0][:1])[0]) == 16  # the beam where none is given
        trained.save(tmp_path / "searching.safetensors")  # the file leaves the generator out, and all of its options
        assert elman.load(tmp_path / "searching.safetensors").predict(new[0][:5]) == greedy
    finally:
        trained.set_params(language_weight=0.8, symbol_bonus=None, language_model=None)


def test_a_bonus_for_symbols_is_the_language_model_s(
    trained: elman.Transcriber, words: elman.Generator, new: tuple[list[Path], list[str]]
) -> None:
    def scores(bonus: float | None, model: elman.Generator | None) -> list[float]:
        one = copy.copy(trained).set_params(symbol_bonus=bonus)
        return [found[0].score for found in one.hypotheses(new[0][:5], beam=8, language_model=model)]

    assert scores(None, words) == scores(1.5, words) != scores(0.0, words)
    assert scores(None, None) == scores(0.0, None) != scores(1.5, None)


def test_few_sounds_are_learned_from_in_small_batches(data: tuple[list[Path], list[str]]) -> None:
    coded, _ = elman.Transcriber(validation_fraction=0, verbose=0).prepared(data[0][:2], data[1][:2])
    sizes = [elman.Transcriber().settings(coded.select([0] * rows)).batch_size for rows in (999, 1000, 6000)]
    assert sizes == [8, 32, 64]


def test_alignments_lie_where_the_letters_are(trained: elman.Transcriber, data: tuple[list[Path], list[str]]) -> None:
    """Later letters later, words in their half of the sound"""
    X, y = data
    for path, text, one in zip(X[:10], y[:10], trained.align(X[:10], y[:10]), strict=True):
        assert isinstance(one, Alignment)
        assert one.text == text
        assert [each.text for each in one.symbols] == list(text)
        assert [each.text for each in one.words] == text.split()
        times = [time for each in one.symbols for time in (each.start, each.end)]
        assert times == sorted(times)
        letters = [each for each in one.symbols if each.text != " "]
        assert (one.words[0].start, one.words[-1].end) == (letters[0].start, letters[-1].end)
        assert times[-1] <= soundfile.info(path).duration + 0.03
    assert [one.text for one in trained.align(X[:3])] == trained.predict(X[:3])
    first, second = trained.align(X[:1], y[:1])[0].words
    assert first.end <= second.start


def test_what_cannot_be_aligned_or_searched(
    trained: elman.Transcriber, data: tuple[list[Path], list[str]], tmp_path: Path
) -> None:
    X = data[0][:1]
    with pytest.raises(InputError, match=r"texts\[0\] has 'Q', which the model does not know"):
        trained.align(X, ["Q"])
    with pytest.raises(InputError, match=r"texts\[0\] cannot be aligned: a text of 900 symbols needs"):
        trained.align(X, ["e" * 900])
    with pytest.raises(InputError, match="X has 1 sound, but texts has 2"):
        trained.align(X, ["e", "e"])
    with pytest.raises(InputError, match="the language model: it was trained to transcribe, expected a Generator"):
        trained.hypotheses(X, language_model=trained)
    with pytest.raises(InputError, match="the language model: it is a int, expected a Generator"):
        trained.hypotheses(X, language_model=5)
    options = {"hidden_size": 8, "epochs": 1, "num_threads": 1, "verbose": 0}
    with pytest.raises(InputError, match="it writes words, expected characters, as the texts have"):
        trained.hypotheses(X, language_model=elman.Generator(level="words", **options).fit(["tea eat", "oat"] * 9))
    with pytest.raises(InputError, match="it knows none of 7 of the 7 characters of the texts"):
        trained.hypotheses(X, language_model=elman.Generator(**options).fit(["xyz", "zy"] * 9))
    with pytest.warns(DataWarning, match=r"does not know 2 of the 7 characters of the texts \((' ', 'n'|'n', ' ')\)"):
        trained.hypotheses(X, language_model=elman.Generator(**options).fit(["aeiot", "oat"] * 9))
    with pytest.raises(InputError, match="beam is 0"):
        trained.hypotheses(X, beam=0)


def test_levels(data: tuple[list[Path], list[str]]) -> None:
    by_words = small(*data, level="words")
    assert by_words.codecs_["output"].level == "words"
    assert by_words.history_.watched == "word error rate"
    [one] = by_words.align(data[0][:1], data[1][:1])
    assert one.words == one.symbols


def test_the_report_has_samples_and_pictures(trained: elman.Transcriber, new: tuple[list[Path], list[str]]) -> None:
    page = training_report(trained, trained.coded(*trained.pairs(*new)), data="morse").html()
    exact = round(trained.score(*new) * 30)
    assert f"{exact} of 30 are transcribed exactly" in page
    assert page.count("lies in its sound") == 2 * 2  # as title and as description
    assert page.count("<image") == 2
    assert "The worst: those with most errors" in page or exact == 30


def test_a_feedforward_network_on_a_window_around_each_step(
    data: tuple[list[Path], list[str]], new: tuple[list[Path], list[str]]
) -> None:
    quick = elman.Transcriber(**{**OPTIONS, "epochs": 4}).fit(*data)
    tried: list[int] = []
    plain = fit_feedforward(quick, *data, announce=lambda window, _: tried.append(window))
    assert tried[:3] == [1, 3, 7]
    assert plain.model_config_["centred"]
    assert plain.hears_the_future
    assert abs(parameters(plain.model_) / parameters(quick.model_) - 1) <= 0.02
    assert len(plain.predict(new[0])) == 30
