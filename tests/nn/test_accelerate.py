"""`accelerate` exchanges torch's layers wherever they are, and everything else stays as it was."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import elman
from elman import InputError


class Tagger(nn.Module):
    """Layers at several depths, one of them shared, one behind a bidirectional one."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.below = nn.GRU(6, 4, 2, batch_first=True, bidirectional=True, dropout=0.5)
        self.blocks = nn.ModuleList([nn.RNN(8, 8, nonlinearity="relu", bias=False, batch_first=True)])
        self.blocks.append(self.blocks[0])
        self.above = nn.Sequential(nn.LSTM(8, 5, batch_first=True))
        self.linear = nn.Linear(5, 3)

    def forward(self, symbols):
        h, _ = self.below(self.embedding(symbols))
        for block in self.blocks:
            h, _ = block(h)
        h, (_, c_n) = self.above(h)
        return self.linear(h), c_n


def test_all_layers_are_exchanged_and_the_model_computes_the_same():
    torch.manual_seed(0)
    model = Tagger().eval()
    symbols = torch.randint(0, 20, (3, 9))
    before, keys = model(symbols), list(model.state_dict())
    parameters = dict(model.named_parameters())
    returned, report = elman.accelerate(model)
    assert returned is model
    assert [type(one) for one in (model.below, model.blocks[0], model.above[0])] == [elman.GRU, elman.RNN, elman.LSTM]
    assert model.blocks[0] is model.blocks[1]
    assert list(report.swapped) == ["below", "blocks.0", "above.0"]
    assert report.left == {}
    assert list(model.state_dict()) == keys
    assert all(parameters[name] is one for name, one in model.named_parameters())
    for ours, theirs in zip(model(symbols), before, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)
    assert not any(module.training for module in model.modules())
    model(symbols)[0].sum().backward()
    assert all(one.grad is not None for name, one in model.named_parameters() if "reverse" not in name)


def test_an_optimiser_goes_on():
    torch.manual_seed(0)
    theirs = Tagger()
    theirs.below.dropout = 0.0
    ours, symbols = copy.deepcopy(theirs), torch.randint(0, 20, (3, 9))

    def steps(model, count, optimiser):
        for _ in range(count):
            optimiser.zero_grad()
            model(symbols)[0].square().sum().backward()
            optimiser.step()
        return optimiser

    steps(theirs, 6, torch.optim.Adam(theirs.parameters(), 0.01))
    optimiser = steps(ours, 3, torch.optim.Adam(ours.parameters(), 0.01))
    elman.accelerate(ours)
    steps(ours, 3, optimiser)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)


def test_a_copy_leaves_the_model_alone():
    model = Tagger()
    other, report = elman.accelerate(model, copy=True)
    assert type(model.below) is nn.GRU
    assert type(other.below) is elman.GRU
    assert other.below.weight_hh_l0 is not model.below.weight_hh_l0
    assert torch.equal(other.below.weight_hh_l0, model.below.weight_hh_l0)
    assert len(report.swapped) == 3


def test_a_layer_itself():
    layer = nn.LSTM(3, 5, 2, dropout=0.3)
    ours, report = elman.accelerate(layer)
    assert type(ours) is elman.LSTM
    assert ours.dropout == 0.3
    assert ours.weight_ih_l1 is layer.weight_ih_l1
    assert str(report) == "the model itself is elman.LSTM(3, 5, num_layers=2, dropout=0.3) now"
    again, report = elman.accelerate(ours)
    assert again is ours
    assert str(report) == "no layer was exchanged"


def test_hooks_flags_and_what_the_user_set_stay():
    model = nn.Sequential(nn.GRU(3, 4))
    layer, calls = model[0], []
    handle = layer.register_forward_hook(lambda *_: calls.append("forward"))
    layer.register_forward_pre_hook(lambda *_, **__: calls.append("before"), with_kwargs=True)
    layer.register_full_backward_hook(lambda *_: calls.append("backward"))
    layer.weight_hh_l0.requires_grad_(False)
    layer.note = "mine"
    layer.eval()
    elman.accelerate(model)
    assert type(model[0]) is elman.GRU
    assert model.training
    assert not model[0].training
    assert model[0].note == "mine"
    assert not model[0].weight_hh_l0.requires_grad
    x = torch.randn(5, 2, 3, requires_grad=True)
    model(x)[0].sum().backward()
    assert calls == ["before", "forward", "backward"]
    handle.remove()
    model(x)
    assert calls[3:] == ["before"]


def test_what_stays_torchs_says_why():
    class Own(nn.LSTM):
        pass

    model = nn.ModuleDict({"projected": nn.LSTM(3, 4, proj_size=2), "own": Own(3, 4), "tied": nn.GRU(3, 4)})
    nn.utils.parametrizations.weight_norm(model["tied"], "weight_hh_l0")
    before = dict(model.items())
    _, report = elman.accelerate(model)
    assert all(model[name] is one for name, one in before.items())
    assert report.swapped == {}
    assert "proj_size=2" in report.left["projected"]
    assert "torch.nn.Linear" in report.left["projected"]
    assert "Own" in report.left["own"]
    assert "tied" in report.left
    assert str(report).startswith("no layer was exchanged\nprojected stays torch's: it has proj_size=2")
    with pytest.raises(InputError, match="model is a dict"):
        elman.accelerate({})


@pytest.mark.filterwarnings("ignore:.torch.nn.utils.weight_norm.:FutureWarning")
def test_weights_under_other_names_are_left():
    layer = nn.utils.weight_norm(nn.GRU(3, 4), "weight_hh_l0")
    same, report = elman.accelerate(layer)
    assert same is layer
    assert "weight_norm" in report.left["the model itself"]


def test_the_gain_is_measured_on_copies():
    torch.manual_seed(0)
    model = Tagger()
    model.linear = nn.Sequential(model.linear, nn.Unflatten(2, (3, 1)), nn.BatchNorm2d(9))
    kept = {name: one.clone() for name, one in model.state_dict().items()}
    random = torch.get_rng_state()
    model, report = elman.accelerate(model, torch.randint(0, 20, (3, 9), generator=torch.Generator()))
    assert report.gain > 0
    assert report.gain_training > 0
    assert 0 < report.difference < 1e-5
    assert "times as fast in training" in str(report)
    assert all(torch.equal(one, kept[name]) for name, one in model.state_dict().items())
    assert all(one.grad is None for one in model.parameters())
    assert torch.equal(torch.get_rng_state(), random)
    assert model.training


def test_inputs_of_every_form():
    x = torch.randn(5, 2, 3)
    for form in (x, (x, torch.zeros(1, 2, 4)), {"input": x}, pack_padded_sequence(x, [5, 3])):
        _, report = elman.accelerate(nn.GRU(3, 4).eval(), form)
        assert report.difference < 1e-6
        assert report.gain_training is None


def test_an_input_that_does_not_fit_changes_nothing():
    model = nn.Sequential(nn.GRU(3, 4))
    with pytest.raises(RuntimeError):
        elman.accelerate(model, torch.randn(5, 2, 7))
    assert type(model[0]) is nn.GRU
