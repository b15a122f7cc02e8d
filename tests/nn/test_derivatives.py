"""Derivatives of every kind and order: gradcheck, double backward, functorch, forward mode."""

import pytest
import torch
from cases import EVERY_PATH, SMOOTH, build, close, forced, masks_of, randn, states
from torch.autograd import forward_ad

every_path = pytest.mark.parametrize(("name", "path"), [one for one in EVERY_PATH if one[0] in SMOOTH])
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own
every_cell = pytest.mark.parametrize("name", SMOOTH)


def as_function(layer, lengths, masks):
    """The layer as a function of the input, the initial states and its parameters."""
    names, n = [name for name, _ in layer.named_parameters()], len(layer.cell.state)

    def function(x, *others):
        parameters = dict(zip(names, others[n:], strict=True))
        arguments = (x, others[:n], lengths, masks)
        output, state = torch.func.functional_call(layer, parameters, arguments)
        return output, *states(state)

    return function


def case(name, num_layers=2, dtype=torch.float64):
    layer = build(name, 2, 2, num_layers, bidirectional=True, dtype=dtype, seed=5)
    x = randn(4, 3, 2, dtype=dtype, requires_grad=True)
    hx = [randn(2 * num_layers, 3, 2, seed=k, dtype=dtype, requires_grad=True) for k in range(len(layer.cell.state))]
    inputs = [x, *hx, *(one.detach().clone().requires_grad_() for one in layer.parameters())]
    return as_function(layer, [4, 0, 2], masks_of(layer, 3)), inputs


@every_path
def test_gradcheck(name, path, is_long):
    with forced(path):
        assert torch.autograd.gradcheck(*case(name), fast_mode=path != "kernel" and not is_long)


@every_path
def test_gradgradcheck(name, path, is_long):
    with forced(path):
        function, inputs = case(name, num_layers=1)
        assert torch.autograd.gradgradcheck(function, inputs, fast_mode=name == "rich" or not is_long)


@every_path
@pytest.mark.parametrize("lengths", [None, [4, 1, 2]])
def test_create_graph_in_single_precision(name, path, lengths):
    results = []
    for dtype in (torch.float32, torch.float64):
        layer = build(name, 2, 3, 2, dtype=dtype)
        x = randn(4, 3, 2, dtype=dtype, requires_grad=True)
        with forced(path if dtype == torch.float32 else "reference"):
            output, _ = layer(x, lengths=lengths, masks=masks_of(layer, 3))
            (first,) = torch.autograd.grad(output.tanh().sum(), x, create_graph=True)
            second = torch.autograd.grad(first.square().sum(), [x, *layer.parameters()], allow_unused=True)
        results.append([torch.zeros(()) if one is None else one for one in second])
    assert max(one.abs().max() for one in results[1]) > 1e-3
    for single, double in zip(*results, strict=True):
        assert close(single.double(), double.double(), 1e-4)


@every_cell
def test_functorch_gives_what_autograd_gives(name):
    layer = build(name, 2, 3, 2, bidirectional=True, dtype=torch.float64)
    x, lengths, masks = randn(4, 3, 2, dtype=torch.float64, requires_grad=True), [4, 0, 2], masks_of(layer, 3)

    def loss(x):
        return layer(x, lengths=lengths, masks=masks)[0].square().sum()

    (wanted,) = torch.autograd.grad(loss(x), x)
    plain, direction = x.detach(), randn(4, 3, 2, seed=3, dtype=torch.float64)
    assert close(torch.func.grad(loss)(plain), wanted)
    value, slope = torch.func.jvp(loss, (plain,), (direction,))
    assert close(value, loss(plain))
    assert close(slope, (wanted * direction).sum())
    many = randn(5, 4, 3, 2, seed=4, dtype=torch.float64)
    each = torch.stack([loss(one) for one in many])
    assert close(torch.vmap(loss)(many), each)
    assert close(torch.vmap(torch.func.grad(loss))(many)[2], torch.func.grad(loss)(many[2]))


@every_cell
def test_forward_mode_gives_the_right_tangent(name):
    layer = build(name, 2, 3, dtype=torch.float64)
    x, direction = randn(4, 3, 2, dtype=torch.float64), randn(4, 3, 2, seed=3, dtype=torch.float64)
    masks = masks_of(layer, 3)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, direction)
        tangent = forward_ad.unpack_dual(layer(dual, lengths=[4, 0, 2], masks=masks)[0]).tangent
    step = 1e-6
    above, below = (layer(x + sign * step * direction, lengths=[4, 0, 2], masks=masks)[0] for sign in (1, -1))
    assert tangent.abs().max() > 1e-3
    assert close(tangent, (above - below) / (2 * step), 1e-6)


@every_cell
def test_an_ensemble_by_vmap_over_the_parameters(name):
    layers = [build(name, 2, 3, dtype=torch.float64, seed=k) for k in range(3)]
    parameters, _ = torch.func.stack_module_state(layers)
    x, masks = randn(4, 3, 2, dtype=torch.float64), masks_of(layers[0], 3)

    def run(parameters):
        return torch.func.functional_call(layers[0], parameters, (x,), {"lengths": [4, 1, 2], "masks": masks})[0]

    wanted = torch.stack([layer(x, lengths=[4, 1, 2], masks=masks)[0] for layer in layers])
    assert close(torch.vmap(run)(parameters), wanted)
