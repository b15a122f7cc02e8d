"""The learning rate against the formulas worked out by hand."""

import pytest

from elman.train import Schedule


@pytest.mark.parametrize(
    ("decay", "third", "half"), [("cosine", 0.75, 0.5), ("linear", 2 / 3, 0.5), ("none", None, None)]
)
def test_values_by_hand(decay, third, half):
    schedule = Schedule(0.1, warm_up=0.1, decay=decay, final=0.01)
    assert [schedule(part) for part in (0.01, 0.05, 0.1)] == pytest.approx([0.01, 0.05, 0.1])
    expected = [0.1 if left is None else 0.1 * (0.01 + 0.99 * left) for left in (third, half)]
    assert [schedule(0.4), schedule(0.55)] == pytest.approx(expected)  # cos 60° = 1/2
    assert schedule(1.0) == pytest.approx(0.1 if decay == "none" else 0.001)


def test_a_training_of_one_step_ends_at_the_final_rate():
    assert Schedule(1.0)(1.0) == pytest.approx(0.01)
    assert Schedule(1.0, warm_up=0.0)(1e-9) == pytest.approx(1.0)
