"""One to many: the encoder's regions and first state by hand, modules of the user's, augmentation, and the search."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.errors import InputError
from elman.models.image_encoder import Convolutions, ImageEncoder, _moved
from elman.models.one_to_many import OneToMany
from elman.state import State

SIZES: dict[str, Any] = {"side": 16, "target_size": 9, "hidden_size": 6, "embedding_size": 4, "channels": 8}
IMAGES = torch.randn(3, 16, 48, generator=torch.Generator().manual_seed(0))
LENGTHS = torch.full((3,), 16)


def model(**options: Any) -> OneToMany:
    torch.manual_seed(0)
    return OneToMany(**{**SIZES, **options}).eval()


@pytest.mark.parametrize(("side", "regions"), [(8, 4), (16, 8), (24, 6), (32, 8), (47, 12), (64, 8), (100, 7)])
def test_there_are_about_8_by_8_regions(side: int, regions: int) -> None:
    found = Convolutions(side, 24)(torch.zeros(1, 3, side, side))
    assert found.shape == (1, 24, found.shape[2], found.shape[2])
    assert abs(found.shape[2] - regions) <= 4
    assert found.shape[2] <= 12


def test_convolutions_by_hand() -> None:
    torch.manual_seed(0)
    one = Convolutions(16, 8)
    images = torch.randn(2, 3, 16, 16)
    halving, staying = one.halving[0], one.staying[0]
    first = F.silu(F.conv2d(images, halving[0].weight, halving[0].bias, stride=2, padding=1))
    normal = F.group_norm(F.conv2d(first, staying[0].weight, padding=1), 8, staying[1].weight, staying[1].bias)
    torch.testing.assert_close(one(images), first + F.silu(normal))


def test_what_colour_an_image_has_is_seen() -> None:
    """An image that is all of one colour would be nothing but zeros if its first convolution were normalised."""
    one = Convolutions(16, 8)
    grey, white = (one(torch.full((1, 3, 16, 16), value)) for value in (0.5, 1.5))
    assert (grey - white).abs().max() > 0.05


def test_regions_keep_their_places_and_colours() -> None:
    """The rows of an encoded image are taken apart rightly: with the identity as encoder, regions are its pixels."""
    encoder = ImageEncoder(4, "gru", 5, 2, 0.0, 8, module=nn.Identity()).eval()
    assert (encoder.grid, encoder.memory_size) == ((4, 4), 3)
    images = torch.randn(2, 4, 4, 3)  # (B, row, column, colour)
    torch.testing.assert_close(encoder.regions(images.reshape(2, 4, 12)), images.reshape(2, 16, 3))
    state, memory = encoder(images.reshape(2, 4, 12), torch.tensor([4, 4]))
    torch.testing.assert_close(memory.values, images.reshape(2, 16, 3) + encoder.places)
    assert memory.lengths.tolist() == [16, 16]
    mean = images.mean((1, 2)) @ encoder.bridge["h"].weight.T + encoder.bridge["h"].bias
    torch.testing.assert_close(state["h"], mean.tanh().reshape(2, 2, 5))


def test_an_lstm_starts_from_the_image_too() -> None:
    one = model(num_layers=2)
    state, _ = one.encoder(IMAGES, LENGTHS)
    assert state.names == ("h", "c")
    assert state["c"].shape == (3, 2, 6)
    assert not torch.equal(state["c"][0], state["c"][1])


def test_teacher_forcing_is_step_by_step() -> None:
    one = model(cell="gru")
    target = torch.tensor([[3, 4, 5], [6, 7, 8], [4, 4, 4]])
    logits = one(IMAGES, LENGTHS, target)
    state, memory = one.encoder(IMAGES, LENGTHS)
    ids = torch.full((3,), one.start)
    for u in range(4):
        found, state = one.step(ids, state, memory)
        allowed = [k for k in range(9) if k not in (one.start, one.unknown)]
        torch.testing.assert_close(found[:, allowed], logits[:, u, allowed].log_softmax(-1))
        ids = target[:, min(u, 2)]
    assert isinstance(state, State)


def test_the_search_tells_where_it_looked() -> None:
    for several in model().search(IMAGES, LENGTHS, beam=2, max_length=4, attention=True):
        for one in several:
            assert one.attention is not None
            assert one.attention.shape == (len(one.symbols) + 1, 64)
            torch.testing.assert_close(one.attention.sum(1), torch.ones(len(one.symbols) + 1))


class Strips(nn.Module):
    """(B, N, M): four strips of the image, each as its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.linear(images.mean(3).unflatten(2, (4, -1)).mean(3).transpose(1, 2))


def test_a_module_of_the_user_s() -> None:
    own = Strips()
    one = model(module=own, own_encoder=True)
    assert (one.grid, one.encoder.memory_size) == ((1, 4), 5)
    assert one(IMAGES, LENGTHS, torch.tensor([[3], [4], [5]])).shape == (3, 2, 9)
    with torch.no_grad():
        one.encoder.module.linear.weight.zero_()
    assert own.linear.weight.abs().sum() > 0  # it is copied
    wide = nn.Conv2d(3, 7, 3, stride=(4, 8), padding=1)
    assert model(module=wide, own_encoder=True).grid == (4, 2)


def test_a_frozen_module_stays_as_it_is() -> None:
    own = nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.BatchNorm2d(4), nn.Dropout(0.5))
    learned = model(module=own, own_encoder=True).train()
    assert learned.encoder.module[1].training
    frozen = model(module=own.requires_grad_(False), own_encoder=True).train()
    assert not frozen.encoder.module[1].training
    assert frozen.decoder.training
    before = frozen.encoder.module[1].running_mean.clone()
    torch.testing.assert_close(frozen.encoder.regions(IMAGES), frozen.encoder.regions(IMAGES))
    assert torch.equal(frozen.encoder.module[1].running_mean, before)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (nn.Flatten(), r"encoder gives shape \(2, 768\) for images \(2, 3, 16, 16\), expected \(B, M, R, R\)"),
        (nn.Linear(5, 5), r"encoder takes no images \(B, 3, 16, 16\): .*; expected a module that gives"),
        (nn.LSTM(16, 3), r"encoder takes no images"),
        (nn.AdaptiveMaxPool2d(4, return_indices=True), r"encoder gives a tuple for images"),
    ],
)
def test_a_module_that_does_not_fit(module: nn.Module, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        model(module=module, own_encoder=True)


def test_augmentation_moves_images_in_training_alone() -> None:
    one, still = model(augment=0.2), model()
    torch.testing.assert_close(one.encoder.regions(IMAGES), still.encoder.regions(IMAGES))
    one.train()
    torch.manual_seed(1)
    first = one.encoder.regions(IMAGES)
    assert not torch.equal(first, one.encoder.regions(IMAGES))
    torch.manual_seed(1)
    assert torch.equal(first, one.encoder.regions(IMAGES))


def test_an_image_is_moved_by_so_much_at_most() -> None:
    images = torch.zeros(200, 3, 20, 20)
    images[:, :, 8:12, 8:12] = 1  # its middle is at 9.5
    moved = _moved(images, 0.2)
    across = torch.arange(20.0)
    middles = (moved[:, 0].sum(1) * across).sum(1) / moved[:, 0].sum((1, 2))
    furthest = (middles - 9.5).abs().max()
    assert 3 < furthest < 5.1  # 0.2 of 20 pixels, and larger images move by more
    sizes = moved[:, 0].sum((1, 2)) / 16
    assert 0.6 < sizes.min() < 0.9
    assert 1.1 < sizes.max() < 1.6
    torch.testing.assert_close(_moved(images, 0.0), images)
    bright = _moved(torch.ones(20, 3, 20, 20), 0.2)
    torch.testing.assert_close(bright, torch.ones_like(bright))  # what comes in is like the edge
