"""The learning rate against the formula worked out by hand."""

import math

import pytest

from elman.train import Schedule


def test_values_by_hand():
    schedule = Schedule(0.1, 100, warm_up=0.1, final=0.01)
    assert schedule(0) == pytest.approx(0.01)
    assert schedule(4) == pytest.approx(0.05)
    assert schedule(9) == pytest.approx(0.1)
    assert schedule(54) == pytest.approx(0.1 * (0.01 + 0.99 / 2))  # half of the 90 steps of decay
    assert schedule(39) == pytest.approx(0.1 * (0.01 + 0.99 * 0.75))  # a third: cos 60° = 1/2
    assert schedule(99) == pytest.approx(0.001)


def test_short_trainings_have_no_warm_up():
    assert Schedule(1.0, 1)(0) == pytest.approx(0.01)
    assert Schedule(1.0, 2, final=0.0)(0) == pytest.approx((1 + math.cos(math.pi / 2)) / 2)
