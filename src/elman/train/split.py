"""Setting rows aside for validation."""

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from elman.errors import InputError, counted

Indices = npt.NDArray[np.int64]


def split(
    rows: int,
    fraction: float,
    seed: int,
    *,
    groups: Sequence[Hashable] | None = None,
    labels: Sequence[Hashable] | None = None,
) -> tuple[Indices, Indices]:
    """Part the rows 0 … `rows` - 1 into training and validation.

    A group is never parted: all its rows lie on one side. With labels, every class gives nearly
    `fraction` of its rows (a group belongs to the class of its first row), and keeps at least one group
    in training. Both sides get at least one group.

    Args:
        rows: how many rows there are.
        fraction: of the rows, for validation; between 0 and 1.
        seed: not negative; equal seeds give equal splits.
        groups: one name per row; rows of one name stay together. None: each row is a group.
        labels: one class per row. None: no classes.

    Returns:
        Indices of the training rows and of the validation rows, each ascending.

    Raises:
        InputError: `fraction` is out of range, or there are fewer than two groups.
    """
    if not 0 < fraction < 1:
        raise InputError(f"validation_fraction is {fraction}; it must lie between 0 and 1, as in 0.1")
    members: dict[Hashable, list[int]] = {}
    for row, name in enumerate(range(rows) if groups is None else groups):
        members.setdefault(name, []).append(row)
    units = list(members.values())
    if len(units) < 2:
        kinds = counted(rows, "rows") + ("" if groups is None else f" of {counted(len(units), 'groups')}")
        raise InputError(
            f"there is too little data to set some aside for validation: {kinds}, at least 2 are needed; "
            "give more data or validation_fraction=0"
        )

    generator = np.random.default_rng(seed)
    by_class: dict[Hashable, list[list[int]]] = {}
    for position in generator.permutation(len(units)):
        unit = units[position]
        by_class.setdefault(None if labels is None else labels[unit[0]], []).append(unit)

    # One pass over the classes: a group is taken when a random part of it is owed (were it half of it, no large group
    # among single rows would ever be), and what is owed is carried into the next class, so that the total is right
    # even when classes are tiny. The first group of each class stays in training.
    taken: list[int] = []
    owed = 0.0
    for first, *others in by_class.values():
        owed += fraction * len(first)
        for unit in others:
            owed += fraction * len(unit)
            if owed >= len(unit) * generator.random():
                taken += unit
                owed -= len(unit)
    if not taken:
        spare = [unit for _, *others in by_class.values() for unit in others]
        smallest = min(spare or units, key=len)
        taken += smallest
    held_out = np.zeros(rows, dtype=np.bool_)
    held_out[taken] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
