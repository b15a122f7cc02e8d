"""The network for several steps ahead: against its equation, and that it sees no future."""

import torch
import torch.nn.functional as F

from elman.models import StepsAhead

SIZES = {"input_size": 4, "output_size": 2, "horizon": 3, "known_size": 2, "seasonal_size": 2, "decoder_size": 5}


def model(**more):
    torch.manual_seed(0)
    one = StepsAhead(**SIZES, cell="lstm", hidden_size=6, **more)
    for parameter in one.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return one.eval()


def inputs(B=2, T=7):
    torch.manual_seed(1)
    return torch.randn(B, T, 4), torch.full((B,), T), torch.randn(B, T + 2, 2), torch.randn(B, T, 3, 2)


def test_it_is_its_equation_written_out():
    one = model()
    x, lengths, ahead, seasonal = inputs()
    outputs, _ = one(x, lengths, ahead, seasonal)
    hidden, _ = one.read(x, lengths)
    for t in (0, 6):
        context = (hidden[:, t] @ one.readout.weight.T + one.readout.bias).view(2, 3, 5)
        for k in range(3):
            z = context[:, k] + ahead[:, t + k] @ one.known.weight.T + seasonal[:, t, k] @ one.seasonal.weight.T
            z = F.silu(z)
            z = z + F.silu(one.mixed(z))
            torch.testing.assert_close(outputs[:, t, k], z @ one.output.weight.T + one.bias[k])


def test_what_comes_later_changes_no_earlier_output():
    one = model()
    x, lengths, ahead, seasonal = inputs()
    before, _ = one(x, lengths, ahead, seasonal)
    x[:, 4:], ahead[:, 6:], seasonal[:, 4:] = 9.0, 9.0, 9.0
    after, _ = one(x, lengths, ahead, seasonal)
    assert torch.equal(before[:, :4], after[:, :4])
    assert not torch.equal(before[:, 4:], after[:, 4:])


def test_the_state_goes_on():
    one = model()
    x, _, ahead, seasonal = inputs()
    whole, _ = one(x, torch.tensor([7, 7]), ahead, seasonal)
    first, state = one(x[:, :3], torch.tensor([3, 3]), ahead[:, :5], seasonal[:, :3])
    second, _ = one(x[:, 3:], torch.tensor([4, 4]), ahead[:, 3:], seasonal[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)


def test_before_training_it_gives_the_bias_alone():
    one = StepsAhead(**SIZES, cell="lstm", hidden_size=6)
    torch.nn.init.normal_(one.bias)
    outputs, _ = one(*inputs())
    assert torch.equal(outputs, one.bias.expand(2, 7, 3, 2))


def test_without_memory_it_sees_its_window_only():
    one = model(window=2)
    x, lengths, ahead, seasonal = inputs()
    before, _ = one(x, lengths, ahead, seasonal)
    x[:, 0] = 9.0
    after, _ = one(x, lengths, ahead, seasonal)
    assert torch.equal(before[:, 2:], after[:, 2:])
    assert not torch.equal(before[:, 1], after[:, 1])
