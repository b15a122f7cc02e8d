"""Surroundings: equal inside, untouched outside."""

import pytest
import torch

from elman.train import reproducible


def test_random_state_and_threads_are_the_callers_again():
    torch.manual_seed(7)
    expected = torch.rand(3)
    threads = torch.get_num_threads()
    torch.manual_seed(7)
    draws = []

    def draw_and_fail(seed):
        with reproducible(seed, num_threads=threads + 1):
            assert torch.get_num_threads() == threads + 1
            draws.append(torch.rand(3))
            raise KeyError

    for seed in (1, 1, 2):
        with pytest.raises(KeyError):
            draw_and_fail(seed)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
