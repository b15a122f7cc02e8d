"""The captioner: that it learns what it sees, several captions of an image, modules of the user's, bad input."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from shapes import draw, write_shapes
from sklearn.base import clone
from torch import nn

import elman
from elman.files import read_model
from elman.tasks.text_scores import error_rates, overlaps

SIZES: dict[str, Any] = {"hidden_size": 6, "channels": 8, "image_size": 16}
QUICK: dict[str, Any] = {**SIZES, "epochs": 2, "batch_size": 4, "level": "words", "num_threads": 1, "verbose": 0}
DRAWN = [draw(seed) for seed in range(24)]
IMAGES, TEXTS = [np.asarray(image) for image, _ in DRAWN], [text for _, text in DRAWN]


def fitted(**options: Any) -> elman.Captioner:
    return elman.Captioner(**{**QUICK, **options}).fit(IMAGES, TEXTS)


def outcome(one: elman.Captioner) -> tuple[list[float], list[Any]]:
    losses = [epoch.training_loss for epoch in one.history_.epochs]
    return losses, [(found[0].text, found[0].score) for found in one.hypotheses(IMAGES)]


def test_it_learns_to_say_what_it_sees(tmp_path: Path) -> None:
    options: dict[str, Any] = {"image_size": 24, "channels": 32, "hidden_size": 32, "learning_rate": 0.005}
    paths, texts = write_shapes(tmp_path, 400)
    one = elman.Captioner(**{**QUICK, **options, "epochs": 40, "batch_size": 16, "dropout": 0.0}).fit(paths, texts)
    others, right = write_shapes(tmp_path, 40, seed=1)
    assert one.score(others, right) > 0.8
    looked = [found[0].attention for found in one.hypotheses(others, attention=True)]
    rows = [weights.reshape(-1, 6, 6).sum(2) for weights in looked]  # (U + 1, 6), by row of regions
    tops, bottoms = (np.mean([one[words, half].sum(-1).mean() for one in rows]) for words, half in (
        (slice(0, 3), slice(0, 3)), (slice(4, 7), slice(3, 6))
    ))  # fmt: skip
    assert min(tops, bottoms) > 0.6  # of "a red circle above a blue square"


def test_all_captions_of_an_image_lie_on_one_side() -> None:
    three = [f"{text} {more}" for text in TEXTS for more in ("one", "two", "three")]
    one = elman.Captioner(**{**QUICK, "validation_fraction": 0.3})
    training, validation = one.prepared([image for image in IMAGES for _ in range(3)], three)
    assert validation is not None
    sides = [{image.tobytes() for image in part.inputs} for part in (training, validation)]
    assert not sides[0] & sides[1]
    assert (len(training), len(validation)) == (3 * len(sides[0]), 3 * len(sides[1]))
    assert len(training.inputs.pixels) == len(sides[0]) + len(sides[1])  # kept once


def test_several_captions_of_an_image_are_references() -> None:
    one = fitted()
    said, other = one.predict(IMAGES[:2])
    worse = f"{said} indeed"
    right = [[worse, said], ["no such thing"]]
    expected = {
        **error_rates([said.split(), other.split()], [[text.split() for text in several] for several in right]),
        **overlaps([said, other], right),
    }
    assert one.evaluate([IMAGES[0], IMAGES[1], IMAGES[0].copy()], [worse, "no such thing", said]) == expected
    assert one.score([IMAGES[0], IMAGES[0]], [worse, said]) == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("channels", 16), ("image_size", 24), ("augment", 0.3), ("level", "characters"), ("embedding_size", 5)),
        *(("cell", "elman"), ("num_layers", 2), ("dropout", 0.6), ("hidden_size", 7), ("random_state", 1)),
        *(("validation_fraction", 0.4), ("max_length", 1), ("encoder", nn.Conv2d(3, 8, 8, 8))),
    ],
)
def test_an_option_changes_something(name: str, value: Any) -> None:
    torch.manual_seed(0)
    assert outcome(fitted(**{name: value})) != outcome(fitted())


def test_equal_trainings_are_equal_and_stay_equal_when_saved(tmp_path: Path) -> None:
    one, other = fitted(), fitted()
    assert outcome(one) == outcome(other)
    for k, each in enumerate((one, other)):
        each.save(tmp_path / f"{k}.safetensors")
    assert (tmp_path / "0.safetensors").read_bytes() == (tmp_path / "1.safetensors").read_bytes()
    again = elman.load(tmp_path / "0.safetensors")
    assert outcome(again) == outcome(one)
    np.testing.assert_array_equal(again.features(IMAGES), one.features(IMAGES))


def test_features_are_the_mean_of_the_regions() -> None:
    one = fitted()
    codec = one.codecs_["input"]
    inputs = torch.from_numpy(np.stack(list(codec.encode_all(IMAGES))))
    with torch.no_grad():
        expected = one.model_.encoder.regions(inputs).mean(1).numpy()
    np.testing.assert_allclose(one.features(IMAGES), expected, rtol=1e-4, atol=1e-5)


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution = nn.Conv2d(3, 8, 4, 4)
        self.normal = nn.BatchNorm2d(8)
        self.register_buffer("scale", torch.tensor(2.0), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.normal(self.convolution(images)) * self.scale


def test_a_module_of_one_s_own_is_learned_saved_and_needed_to_load(tmp_path: Path) -> None:
    own = Own()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    one = fitted(encoder=own)
    assert all(torch.equal(value, before[name]) for name, value in own.state_dict().items())
    assert not torch.equal(one.model_.encoder.module.convolution.weight, own.convolution.weight)
    assert one.model_.grid == (4, 4)
    path = tmp_path / "m.safetensors"
    one.save(path)
    assert "encoder" not in read_model(path).metadata["options"]
    assert outcome(elman.load(path, encoder=Own())) == outcome(one)
    assert clone(one).encoder is not own
    with pytest.raises(
        elman.InputError, match=r"m\.safetensors: it was trained with an encoder of your own, .*encoder="
    ):
        elman.load(path)
    with pytest.raises(elman.InputError, match=r"m\.safetensors has no tensor encoder\.module\.bias"):
        elman.load(path, encoder=nn.Conv2d(3, 8, 4, 4))
    fitted().save(path)
    with pytest.raises(elman.InputError, match="it was trained with elman's own encoder: leave encoder out"):
        elman.load(path, encoder=own)
    elman.Classifier(epochs=1, verbose=0, validation_fraction=0).fit(["a", "b"], [0, 1]).save(path)
    with pytest.raises(elman.InputError, match=r"was trained to classify, which has no encoder of your own"):
        elman.load(path, encoder=own)
    with pytest.raises(elman.InputError, match=r"encoder is a str, expected a torch\.nn\.Module"):
        fitted(encoder="resnet")


def test_a_frozen_module_is_not_learned() -> None:
    one = fitted(encoder=Own().requires_grad_(False))
    learned = one.model_.encoder.module.state_dict()
    assert all(torch.equal(value, learned[name]) for name, value in Own().state_dict().items())


def test_a_training_with_another_encoder_is_not_resumed(tmp_path: Path) -> None:
    options = {**QUICK, "checkpoints": str(tmp_path), "encoder": Own()}
    elman.Captioner(**options).fit(IMAGES, TEXTS)
    other = Own()
    with torch.no_grad():
        other.convolution.weight.add_(1)
    elman.Captioner(**options).fit(IMAGES, TEXTS, resume=True)
    with pytest.raises(elman.InputError, match="encoder"):
        elman.Captioner(**{**options, "encoder": other}).fit(IMAGES, TEXTS, resume=True)


def test_bad_images_and_empty_captions_are_left_out_and_named(tmp_path: Path) -> None:
    paths, texts = write_shapes(tmp_path, 12)
    good = elman.Captioner(**QUICK).fit(paths, texts)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        one = elman.Captioner(**QUICK).fit([bad, paths[3], *paths], ["bad", "  ", *texts])
    messages = [str(each.message) for each in told if each.category is elman.DataWarning]
    assert messages == [
        "left out 1 of 14 pairs, with an empty text",
        f"left out 1 of 13 files: {bad} cannot be read as an image: Pillow knows no such format",
    ]
    assert one.predict(paths) == good.predict(paths)
    with pytest.raises(elman.InputError, match=rf"^{bad} cannot be read as an image"):
        one.predict([bad])
    with pytest.raises(elman.InputError, match="there is no pair without an empty text: y has 12 texts"):
        elman.Captioner(**QUICK).fit(paths, [""] * 12)
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    with pytest.warns(elman.DataWarning, match=r"^transparent in places, laid over white: 1 of 1 files"):
        one.evaluate([tmp_path / "clear.png"], ["nothing"])


def test_what_is_no_data_for_a_captioner() -> None:
    one = elman.Captioner(**QUICK)
    with pytest.raises(elman.InputError, match="X holds texts, expected images: paths of files, or"):
        one.fit(TEXTS, TEXTS)
    with pytest.raises(elman.InputError, match="y holds images, expected texts"):
        one.fit(IMAGES, IMAGES)
    with pytest.raises(elman.InputError, match="X has 24 images, but y has 23 texts"):
        one.fit(IMAGES, TEXTS[:-1])
    grey = IMAGES[0][:, :, 0]
    with pytest.raises(
        elman.InputError, match=r"X holds sequences of numbers, .*\(of grey ones np.stack\(\[grey\] \* 3"
    ):
        one.fit([grey] * 2, TEXTS[:2])
    with pytest.raises(elman.InputError, match=r"X\[1\] is a ndarray, but others are images: expected .* \(H, W, 3\)"):
        one.fit([IMAGES[0], grey], TEXTS[:2])
    with pytest.raises(elman.InputError, match=r"X\[0\] has shape .*: an image is \(H, W, 3\) and of uint8"):
        one.fit([IMAGES[0] / 255] * 2, TEXTS[:2])
    with pytest.raises(elman.InputError, match=r"X\[0\] is the file a\.mov, expected one that ends in"):
        one.fit([Path("a.mov")], ["a"])
    with pytest.raises(elman.InputError, match="X holds texts, but this model was trained on images"):
        fitted().predict(["a.png"])


def test_pictures_of_attention_are_of_what_was_written() -> None:
    one = fitted()
    found = one.hypotheses(IMAGES[:1], attention=True)[0][0]
    assert found.attention is not None
    figure = one.picture(found, IMAGES[0])
    panels = [place for place in figure.axes if place.images]
    assert len(panels) == 1 + len(found.symbols) + 1
    np.testing.assert_allclose(panels[1].images[1].get_array().ravel(), found.attention[0])
    with pytest.raises(elman.InputError, match=r"no attention to draw: give what hypotheses\(X, attention=True"):
        one.picture(one.hypotheses(IMAGES[:1])[0][0], IMAGES[0])


def test_images_go_to_labels_row_by_row() -> None:
    """A combination that nobody planned: the class that reads sequences reads an image from above."""
    drawn, y = zip(*(draw(seed) for seed in range(150)), strict=True)
    X = [image.resize((64, 64)) for image in drawn]
    labels = [text.split()[1] for text in y]  # the colour of the upper one, which was read long ago
    one = elman.Classifier(hidden_size=32, num_layers=1, epochs=12, batch_size=8, num_threads=1, verbose=0, dropout=0.0)
    one.fit(X[:120], labels[:120])
    assert one.codecs_["input"].kind == "image"
    assert one.score(X[120:], labels[120:]) > 0.8


def test_validation_of_ones_own_is_what_training_stops_by() -> None:
    one = elman.Captioner(**QUICK)
    training, validation = one.prepared(IMAGES[:16], TEXTS[:16], (IMAGES[16:], TEXTS[16:]))
    assert validation is not None
    assert (len(training), len(validation)) == (16, 8)
    codec = one.codecs_["input"]
    assert np.array_equal(codec.decode(validation.inputs[0]), codec.decode(codec.encode(IMAGES[16])))
    one.fit(IMAGES[:16], TEXTS[:16], validation=(IMAGES[16:], TEXTS[16:]))
    assert one.history_.epochs[0].validation_loss is not None
