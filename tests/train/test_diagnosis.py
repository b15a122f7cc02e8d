"""The report on a step that failed, against failures planted at known places."""

import pytest
import torch
from torch import nn

import elman
from elman.models import EncoderDecoder, InStep, ManyToOne
from elman.train.diagnosis import diagnose, replay

LENGTHS = torch.tensor([5, 3, 4])


@elman.cell(gates="z", state="h")
def linear(z, h_prev):
    return 1.0 * z


def randn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def model_of(kind, *sizes, seed=0, **options):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind(*sizes, **options)


def squares(model, *arguments):
    def run():
        found = model(*arguments)
        return (found[0] if isinstance(found, tuple) else found).square().sum()

    return run


def scaled_to_radius(weight, radius):
    with torch.no_grad():
        weight.mul_(radius / torch.linalg.eigvals(weight).abs().max())


def first_overflow(W_xh, W_hh, b, xs, initial):
    """By a plain loop of h = relu(W_xh x + W_hh h + b) over `xs` (T, B, I): the first step and row, and the outputs."""
    h, outputs = initial, []
    for x in xs:
        h = torch.relu(x @ W_xh.T + h @ W_hh.T + b)
        outputs.append(h)
    bad = ~torch.isfinite(torch.stack(outputs)).all(-1)
    return (*bad.nonzero()[0].tolist(), torch.stack(outputs)) if bad.any() else (None, None, torch.stack(outputs))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_bad_number_in_the_data(dtype, value):
    model = model_of(ManyToOne, 4, 2, "lstm", 6).to(dtype)
    x = randn(3, 5, 4, dtype=dtype)
    x[2, 3, 1] = value
    found = diagnose(model, squares(model, x, LENGTHS), 0.01)
    assert found.place == "the input, time step 3, row 2, feature 1, counting from 0"
    assert found.row == 2
    named = "NaN" if value != value else "inf"
    assert found.cause.startswith(f"feature 1 of the data is {named} there: ")
    assert str(found) == f"NaN or infinity came up first in {found.place}; likely cause: {found.cause}"
    assert "\n" not in str(found)


def test_garbage_in_padding_is_no_place():
    model = model_of(ManyToOne, 4, 2, "gru", 6)
    x = randn(3, 5, 4)
    x[1, 3:] = torch.nan
    assert diagnose(model, squares(model, x, LENGTHS), 0.01).place == ""
    x[2, 3, 0] = torch.nan
    assert diagnose(model, squares(model, x, LENGTHS), 0.01).row == 2


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("sick", [0, 1])
def test_relu_with_a_large_radius_overflows_where_a_plain_loop_does(batch_first, sick):
    layer = model_of(elman.Recurrent, "elman_relu", 3, 8, 2, batch_first=batch_first)
    for number in (0, 1):
        weight = getattr(layer, f"weight_hh_l{number}")
        with torch.no_grad():
            weight.abs_()
        scaled_to_radius(weight, 1.5 if number == sick else 0.5)
    xs = randn(260, 4, 3)
    outputs = xs
    for number in range(sick + 1):
        W_xh, W_hh, b_xh, b_hh = layer.all_weights[number]
        t, row, outputs = first_overflow(W_xh, W_hh, b_xh + b_hh, outputs, torch.zeros(4, 8))
    assert 150 < t < 259
    found = diagnose(layer, squares(layer, xs.transpose(0, 1) if batch_first else xs), 0.01)
    where = f"recurrent layer {sick + 1} of 2 (the model), time step {t}, row {row}, counting from 0"
    assert (found.place, found.row) == (where, row)
    assert f"weight_hh_l{sick} has spectral radius 1.50, above 1, and with relu states grow by 1.50" in found.cause
    assert "init='identity'" in found.cause


def test_the_reverse_direction_goes_from_each_rows_own_end():
    model = model_of(InStep, 2, 1, "elman_relu", 4, bidirectional=True)
    layer = model.recurrent
    with torch.no_grad():
        layer.weight_hh_l0_reverse.abs_()
    scaled_to_radius(layer.weight_hh_l0, 0.5)
    scaled_to_radius(layer.weight_hh_l0_reverse, 2.0)
    lengths = torch.tensor([60, 200, 170])
    x = randn(3, 200, 2)
    W_xh, W_hh, b_xh, b_hh = layer.all_weights[1]
    steps = []
    for row, length in enumerate(lengths.tolist()):
        done, _, _ = first_overflow(W_xh, W_hh, b_xh + b_hh, x[row, :length].flip(0).unsqueeze(1), torch.zeros(1, 4))
        steps += [] if done is None else [(done, row, length - 1 - done)]
    _, row, t = min(steps)
    x[0, 60:] = torch.nan
    found = diagnose(model, squares(model, x, lengths), 0.01)
    assert found.place == (
        f"recurrent layer 1 of 1 (recurrent), reverse direction, time step {t}, row {row}, counting from 0"
    )
    assert "weight_hh_l0_reverse has spectral radius 2.00" in found.cause


def test_an_lstm_with_huge_weights():
    """Its gates saturate, so that its states stay finite; where they are all 0 its gradients do not."""
    T, model, theirs = 12, model_of(InStep, 2, 1, "lstm", 4), nn.LSTM(2, 4, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        model.recurrent.bias_ih_l0.zero_()
        model.recurrent.bias_hh_l0.zero_()
        model.recurrent.weight_hh_l0.mul_(1e10)
    theirs.load_state_dict(model.recurrent.state_dict())
    for steps in range(1, T):
        h, c = (torch.zeros(1, 1, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
        last = theirs(torch.zeros(1, steps, 2, dtype=torch.float64), (h, c))[0][:, -1]
        (last.float() @ model.readout.weight.T).sum().backward()
        if h.grad.abs().max() > torch.finfo(torch.float32).max:
            break
    assert 2 < steps < T - 1
    x = torch.zeros(1, T, 2)
    found = diagnose(model, lambda: model(x, torch.tensor([T]))[0][0, -1, 0] + 0, 0.5)
    assert found.place == (
        "the gradient on its way back through recurrent layer 1 of 1 (recurrent), "
        f"time step {T - 1 - steps}, row 0, counting from 0"
    )
    assert "weight_hh_l0 holds weights as large as 5e+09: learning_rate=0.5 is too high, try 0.05" in found.cause


def test_a_parameter_that_is_not_finite():
    model = model_of(ManyToOne, 9, 2, "elman", 4, embedding_size=3)
    with torch.no_grad():
        model.input.embedding.weight[7, 2] = torch.inf
    symbols = torch.tensor([[1, 2, 3], [4, 5, 7], [7, 1, 1]])
    found = diagnose(model, squares(model, symbols, torch.tensor([3, 3, 3])), 0.01)
    assert found.place.startswith("the output of input.embedding (Embedding), time step 0, row 2, feature 2")
    assert found.cause.startswith("the parameter input.embedding.weight is inf at [7, 2], before this step already")


def test_the_state_that_a_window_begins_with():
    model = model_of(InStep, 2, 1, "elman_relu", 4)
    x, lengths = randn(2, 3, 2), torch.tensor([3, 3])
    h = torch.zeros(2, 1, 4)
    h[1, 0, 2] = torch.inf
    found = diagnose(model, squares(model, x, lengths, elman.State(h=h)), 0.01)
    assert found.place == "the state h, layer 1 of 1, row 1, unit 2, counting from 0"
    assert found.cause.startswith("the state was inf already when this window began")
    h[1, 0, 2] = 3e38
    with torch.no_grad():
        model.recurrent.weight_hh_l0.copy_(1.5 * torch.eye(4))
    found = diagnose(model, squares(model, x, lengths, elman.State(h=h)), 0.01)
    assert found.place == "recurrent layer 1 of 1 (recurrent), time step 0, row 1, counting from 0"
    assert "the state was as large as 3e+38 already when the window began" in found.cause
    found = diagnose(model, squares(model, x, lengths, elman.State(h=0.1 * h)), 0.01)
    assert found.place == "the loss, while all that the modules give is finite"
    assert found.cause.startswith("the state was as large as 3e+37 already when the window began: recurrent.weight_hh")


def test_dropout_is_drawn_again_as_it_was():
    """Only where a unit of the first layer is kept does the second overflow."""
    layer = model_of(elman.Recurrent, "elman_relu", 1, 3, 2, dropout=0.9, batch_first=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.0)
        layer.weight_ih_l0.fill_(1.0)
        layer.weight_ih_l1.fill_(2e38)
    x = torch.ones(2, 40, 1)

    def run(seed=11):
        torch.manual_seed(seed)
        return layer(x)[0].sum()

    torch.manual_seed(11)
    kept = nn.functional.dropout(torch.ones(40, 2, 3), 0.9) != 0
    t, row = kept.any(-1).nonzero()[0].tolist()
    assert t > 0
    found = diagnose(layer, run, 0.01)
    assert found.place == f"recurrent layer 2 of 2 (the model), time step {t}, row {row}, counting from 0"


@pytest.mark.parametrize("memory", [1, replay.MEMORY])
def test_a_gradient_that_grows_without_end(monkeypatch, memory):
    """Finite states and loss; by hand, the gradient by h_t is 1.5^(T-1-t) times that by the last state."""
    monkeypatch.setattr(replay, "MEMORY", memory)
    T, scale = 100, 1e25
    layer = model_of(elman.Recurrent, "elman", 1, 2, batch_first=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.0)
        layer.weight_hh_l0.copy_(1.5 * torch.eye(2))
    x = torch.zeros(3, T, 1)
    lengths = torch.tensor([20, T, 90])
    x[0, 20:] = torch.nan

    def run():
        output = layer(x, lengths=lengths)[0]
        return (output[[0, 1, 2], lengths - 1] * scale * torch.tensor([[1.0], [1.0], [100.0]])).sum()

    steps = next(n for n in range(T) if 100 * scale * 1.5**n > torch.finfo(torch.float32).max)
    found = diagnose(layer, run, 0.01)
    assert found.place == (
        "the gradient on its way back through recurrent layer 1 of 1 (the model), "
        f"time step {90 - 1 - steps}, row 2, counting from 0"
    )
    assert "gradients grow by 1.50 at each time step on the way there" in found.cause


def test_the_gradient_of_the_second_layer_passes_the_first_by():
    """The output layer of a stack sees the gradient first; below it there is nothing to find any more."""
    layer = model_of(elman.Recurrent, linear, 1, 2, 2, bidirectional=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.0)
        layer.weight_ih_l1.fill_(1.0)
        layer.weight_ih_l1_reverse.fill_(1.0)
        layer.weight_hh_l1_reverse.copy_(2 * torch.eye(2))
    x = torch.zeros(50, 1, 1)

    def run():
        return (layer(x)[0][0] * 1e30).sum()

    steps = next(n for n in range(50) if 1e30 * 2.0**n > torch.finfo(torch.float32).max)
    found = diagnose(layer, run, 0.01)
    assert found.place == (
        "the gradient on its way back through recurrent layer 2 of 2 (the model), reverse direction, "
        f"time step {steps}, row 0, counting from 0"
    )


def test_gradients_that_are_finite_while_their_norm_is_not():
    model = nn.Linear(2, 1)
    found = diagnose(model, lambda: model(torch.ones(3, 2)).sum() * 1e25, 0.01)
    assert found.place.startswith("the norm of the gradients, which are finite but as large as 3e+25 in weight")


def test_states_and_gradients_whose_product_overflows():
    """All states, 1.5^t, and the gradients by them, 2e30 1.5^(39-t), are finite; that of W_hh sums their products."""
    layer = model_of(elman.Recurrent, "elman_relu", 1, 1, batch_first=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.0)
        layer.weight_hh_l0.fill_(1.5)
    x, start = torch.zeros(2, 40, 1), torch.ones(1, 2, 1)

    found = diagnose(layer, lambda: layer(x, start)[0][1, -1, 0] * 2e30, 0.1)
    assert found.place == (
        "the gradient of weight_hh_l0; gradients are largest at "
        "recurrent layer 1 of 1 (the model), time step 0, row 1, counting from 0"
    )
    assert "weight_hh_l0 has spectral radius 1.50, above 1, and with relu gradients grow" in found.cause


class Net(nn.Module):
    """A module of torch's own parts, and arithmetic between them."""

    def __init__(self, between=torch.tanh):
        super().__init__()
        self.first, self.second, self.norm = nn.Linear(3, 4), nn.Linear(4, 2), nn.BatchNorm1d(2)
        self.between = between

    def forward(self, x):
        return self.norm(self.second(self.between(self.first(x))))


def test_any_module():
    x = randn(5, 3)
    model = model_of(Net, lambda z: (z - z[2, 1]).reciprocal())
    found = diagnose(model, squares(model, x), 0.01)
    assert found.place == (
        "the computation between first (Linear) and second (Linear), row 2, feature 1, counting from 0"
    )
    model = model_of(Net, lambda z: (z - z.detach()[2, 1]).sqrt().nan_to_num(0.0))
    found = diagnose(model, squares(model, x), 0.01)
    assert found.place.startswith("the gradient on its way back from second (Linear) to first (Linear), row ")
    model = model_of(Net, torch.relu)
    with torch.no_grad():
        model.second.weight.mul_(100)
    found = diagnose(model, squares(model, 1e38 * x), 0.01)
    assert found.cause.startswith("the data are as large as 2e+38")
    with torch.no_grad():
        model.second.weight.fill_(3e38)
    found = diagnose(model, squares(model, 10 * x), 0.01)
    assert found.place.startswith("the output of second (Linear), row ")
    assert "second.weight holds weights as large as 3e+38" in found.cause


def test_a_bad_target():
    model, x = model_of(InStep, 2, 1, "gru", 4), randn(3, 5, 2)
    found = diagnose(model, lambda: (model(x, LENGTHS)[0] - torch.inf).square().sum(), 0.01)
    assert found.place == "the loss, while all that the modules give is finite"
    assert found.cause.startswith("the targets hold NaN, infinite or")
    found = diagnose(model, lambda: (model(x, LENGTHS)[0] * 0).sqrt().sum(), 0.01)
    assert found.place.startswith("the gradient on its way back from the loss to readout (Readout), time step 4")
    assert "derivative" in found.cause


def test_an_equation_that_is_not_finite_everywhere():
    @elman.cell(gates="z", state="h")
    def logarithmic(z, h_prev):
        return elman.tanh(elman.log(z))

    layer = model_of(elman.Recurrent, logarithmic, 1, 1)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.0)
        layer.weight_ih_l0.fill_(1.0)
    x = torch.ones(6, 2, 1)
    x[3, 1] = -1.0
    found = diagnose(layer, squares(layer, x), 0.01)
    assert found.place == "recurrent layer 1 of 1 (the model), time step 3, row 1, counting from 0"
    assert "the equation of the cell 'logarithmic' has log" in found.cause


def test_packed_sequences_and_a_decoder():
    layer = model_of(elman.LSTM, 2, 3, batch_first=True)
    x = randn(3, 5, 2)
    x[0, 4, 1] = torch.nan
    packed = nn.utils.rnn.pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    found = diagnose(layer, lambda: layer(packed)[0].data.sum() + 0, 0.01)
    assert found.place == "the input, time step 4, row 0, feature 1, counting from 0"
    model = model_of(EncoderDecoder, 9, 7, hidden_size=4, embedding_size=3)
    with torch.no_grad():
        model.decoder.combination.weight.fill_(torch.nan)
    symbols = torch.tensor([[3, 4, 5], [6, 1, 0]])
    found = diagnose(model, squares(model, symbols, torch.tensor([3, 1]), symbols[:, :2]), 0.01)
    assert found.place.startswith("the output of decoder.combination (Linear), time step 0, row 0, feature 0")
    assert "decoder.combination.weight is NaN at [0, 0]" in found.cause


def test_a_step_of_ones_own_and_weights_that_are_parametrized():
    class Step(nn.Module):
        def __init__(self):
            super().__init__()
            self.product = nn.Linear(3, 3, bias=False)

        def forward(self, x, state):
            return elman.State(h=self.product(state["h"]) + x)

    model = nn.Sequential(elman.Unroll(Step(), {"h": 3}))
    with torch.no_grad():
        model[0].step.product.weight.copy_(1e10 * torch.eye(3))
    found = diagnose(model, squares(model, torch.ones(2, 9, 3)), 0.01)
    assert found.place == "the output of 0 (Unroll), time step 4, row 0, feature 0, counting from 0"
    assert found.cause.startswith("0.step.product.weight holds weights as large as 1e+10")

    layer = model_of(elman.Recurrent, "elman_relu", 3, 3, batch_first=True)
    nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0")
    with torch.no_grad():
        layer.weight_hh_l0 = 1e10 * torch.eye(3)
        layer.weight_ih_l0.copy_(torch.eye(3))
    found = diagnose(layer, squares(layer, 10 * torch.ones(2, 9, 3)), 0.01)
    assert found.place == "recurrent layer 1 of 1 (the model), time step 4, row 0, counting from 0"
    assert "weight_hh_l0 has spectral radius 1e+10" in found.cause


@pytest.mark.parametrize("first", ["the input", "recurrent layer 2 of 2", "the norm of the gradients", ""])
def test_nothing_is_left_behind(first):
    model = model_of(Net)
    model.recurrent = model_of(elman.Recurrent, linear, 3, 3, 2, dropout=0.5, batch_first=True)
    model.second.eval()
    if first == "recurrent layer 2 of 2":
        with torch.no_grad():
            model.recurrent.weight_hh_l1.copy_(1e4 * torch.eye(3))
    x = randn(4, 12, 3)
    x[2, 5, 1] = torch.nan if first == "the input" else 0.0
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)

    def run():
        torch.manual_seed(5)
        return (model(model.recurrent(x)[0][:, -1]) * (1e30 if first == "the norm of the gradients" else 1.0)).sum()

    def tensors():
        return [*model.parameters(), *model.buffers(), *(one.grad for one in model.parameters()), torch.get_rng_state()]

    def others():
        kinds = ("_forward_hooks", "_forward_pre_hooks", "_forward_hooks_with_kwargs", "_forward_pre_hooks_with_kwargs")
        hooks = [len(getattr(one, kind)) for one in model.modules() for kind in kinds]
        identities = [id(one) for one in tensors()[:-1]]
        return hooks, identities, [one.training for one in model.modules()], torch.is_grad_enabled()

    before, others_before = [one.clone() for one in tensors()], others()
    found = diagnose(model, run, 0.01)
    assert found.place.startswith(first)
    assert bool(found.place) == bool(first)
    assert all(torch.equal(one, other) for one, other in zip(tensors(), before, strict=True))
    assert others() == others_before
