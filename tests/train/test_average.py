"""The running average of the weights: against its recurrence by hand, and gone again after measuring."""

import torch

from elman.train.average import Average


def test_average_is_the_recurrence_written_out() -> None:
    weight = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    average = Average([weight], decay=0.5)
    by_hand = [0.0, 0.0]
    for n, step in enumerate([(1.0, -2.0), (3.0, 5.0), (-1.0, 0.5)] * 3):
        with torch.no_grad():
            weight.copy_(torch.tensor(step))
        average.update()
        decay = min(0.5, (1 + n) / (10 + n))
        by_hand = [decay * a + (1 - decay) * w for a, w in zip(by_hand, step, strict=True)]
    with average.in_place():
        torch.testing.assert_close(weight.detach(), torch.tensor(by_hand, dtype=torch.float64))
    assert weight.tolist() == [-1.0, 0.5]


def test_without_a_decay_the_weights_are_measured_themselves() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    average = Average([weight], decay=0.0)
    average.update()
    with average.in_place():
        assert weight.tolist() == [1.0, 1.0]
