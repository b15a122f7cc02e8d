"""Masks over frames: what they cover, that they differ from row to row, and that they follow from the seed."""

import torch

from elman.models.spec_augment import spec_augment

NOTHING = {"frequency_masks": 0, "frequency_width": 8, "time_masks": 0, "time_width": 0.5}


def masked(**how: float) -> torch.Tensor:
    torch.manual_seed(0)
    lengths = torch.tensor([60, 20] * 400)
    found = spec_augment(torch.ones(800, 60, 2 * 10), lengths, 10, **{**NOTHING, **how})  # type: ignore[arg-type]
    return found == 0


def runs(line: torch.Tensor) -> list[int]:
    """How long each stretch of true values is."""
    found, size = [], 0
    for one in [*line.tolist(), False]:
        found += [size] if size and not one else []
        size = size + 1 if one else 0
    return found


def test_without_masks_nothing_is_covered() -> None:
    assert not masked().any()
    assert not masked(frequency_masks=2, frequency_width=0, time_masks=2, time_width=0.0).any()


def test_bands_are_as_wide_as_asked_and_the_same_in_all_frames_of_a_sound() -> None:
    under = masked(frequency_masks=1, frequency_width=4)
    assert (under == under[:, :1]).all()  # at every step
    bands = under[:, 0].view(800, 2, 10)
    assert (bands[:, 0] == bands[:, 1]).all()  # in both frames of a step
    widths = [runs(row) for row in bands[:, 0]]
    assert all(len(one) <= 1 for one in widths)
    assert {sum(one) for one in widths} == {0, 1, 2, 3, 4}
    assert bands[:, 0].any(0).all()  # no band is safe
    assert max(len(runs(row)) for row in masked(frequency_masks=3, frequency_width=2)[:, 0, :10]) == 3


def test_stretches_lie_in_the_sound_and_are_a_part_of_its_length() -> None:
    under = masked(time_masks=1, time_width=0.25)
    assert (under == under[:, :, :1]).all()  # in all bands
    steps = under[:, :, 0]
    assert not steps[1::2, 20:].any()
    assert steps[1::2, :20].any(0).all()
    assert steps[::2].any(0).all()
    assert {sum(runs(row)) for row in steps[1::2]} == {0, 1, 2, 3, 4, 5}
    assert max(sum(runs(row)) for row in steps[::2]) == 15


def test_equal_seeds_give_equal_masks() -> None:
    how = {"frequency_masks": 2, "time_masks": 2}
    assert masked(**how).equal(masked(**how))
    lengths = torch.full((4,), 60)
    some = [spec_augment(torch.ones(4, 60, 20), lengths, 10, **{**NOTHING, **how}) for _ in range(2)]  # type: ignore[arg-type]
    assert not some[0].equal(some[1])
