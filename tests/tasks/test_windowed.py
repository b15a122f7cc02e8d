"""Long sequences in pieces."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.codecs import Ragged
from elman.tasks.coded import Coded
from elman.tasks.windowed import WARM_UP, cut, parts_by_time

NAN = float("nan")


@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    window=st.integers(1, 20),
)
def test_cut_scores_every_step_once_and_reads_what_is_around(sizes: list[int], window: int) -> None:
    """Against the description: pieces of `window` steps, between so many that are read and not scored."""
    starts = np.cumsum([0, *sizes])
    inputs = [
        np.arange(start, start + T, dtype=np.float32)[:, np.newaxis] for start, T in zip(starts, sizes, strict=False)
    ]
    targets = [np.stack([x[:, 0], -x[:, 0]], 1) for x in inputs]
    pieces = cut(Coded(Ragged.of(inputs), Ragged.of(targets)), window, lambda one: np.full_like(one, np.nan))
    scored = []
    for x, target in zip(pieces.inputs, pieces.targets, strict=True):
        assert len(x) == len(target)
        valid = np.flatnonzero(~np.isnan(target).any(1))
        np.testing.assert_array_equal(np.diff(valid), 1)
        np.testing.assert_array_equal(target[valid], np.concatenate([x, -x], 1)[valid])
        np.testing.assert_array_equal(np.diff(x[:, 0]), 1)  # consecutive steps
        if len(x):
            first, last = int(x[valid[0], 0]), int(x[valid[-1], 0])
            k = int(np.searchsorted(starts, first, side="right")) - 1  # whose piece it is
            around = max(round(WARM_UP * window), 1) if sizes[k] > window else 0
            assert len(valid) <= window
            assert int(x[0, 0]) == max(first - around, starts[k])
            assert int(x[-1, 0]) == min(last + around, starts[k + 1] - 1)
        scored += x[valid, 0].tolist()
    assert sorted(scored) == list(range(sum(sizes)))
    for one, target in zip(inputs, targets, strict=True):  # the originals are as they were
        np.testing.assert_array_equal(target[:, 0], one[:, 0])


def test_parts_by_time_score_each_step_with_a_target_on_one_side() -> None:
    target = np.array([1.0, NAN, 2, 3, NAN, 4])
    ((x, y),), ((whole, later),) = parts_by_time(
        [np.arange(6)], [target], [np.flatnonzero(~np.isnan(target))], 0.5, lambda one: np.full_like(one, NAN)
    )
    assert x.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(y, [1, NAN, 2])
    assert whole.tolist() == list(range(6))
    np.testing.assert_array_equal(later, [NAN, NAN, NAN, 3, NAN, 4])
