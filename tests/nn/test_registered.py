"""Under torch.compile and torch.export a layer is one node, with the same values and gradients."""

import shutil

import pytest
import torch
from cases import EVERY, build, close, masks_of, randn, states
from torch._subclasses.fake_tensor import FakeTensorMode

import elman
from elman import State
from elman.nn import stack
from elman.nn.registered import unroll

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own
every_cell = pytest.mark.parametrize("name", EVERY)


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


class Counting:
    """A backend that compiles as `inner` does and notes what stands in each graph."""

    def __init__(self, inner="aot_eager"):
        self.inner, self.graphs = inner, []

    def __call__(self, graph, example_inputs):
        self.graphs.append(graph.graph)
        return torch._dynamo.lookup_backend(self.inner)(graph, example_inputs)

    def nodes(self):
        return [node for graph in self.graphs for node in elman_nodes(graph)]


def elman_nodes(graph):
    return [node for node in graph.nodes if node.op == "call_function" and "elman" in str(node.target)]


def run(function, layer, x, hx, lengths, masks):
    x = x.detach().requires_grad_()
    output, state, *_ = function(x, hx, lengths, masks)
    every = states(state)
    loss = output.square().sum() + sum((one * randn(*one.shape, seed=2, dtype=one.dtype)).sum() for one in every)
    return [output, *every], torch.autograd.grad(loss, [x, *layer.parameters()], allow_unused=True)


def check_equal(function, layer, *arguments):
    for ours, theirs in zip(run(function, layer, *arguments), run(layer, layer, *arguments), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert (one is None) == (other is None)
            assert one is None or close(one, other, 1e-6)


@every_cell
def test_compiled_whole_is_one_node_and_equal(name):
    layer, backend = build(name, 3, 4, 2, bidirectional=True, batch_first=True, train_initial_state=True), Counting()
    compiled = torch.compile(layer, fullgraph=True, backend=backend)
    x, lengths = randn(5, 6, 3), torch.tensor([6, 0, 3, 1, 6])
    check_equal(compiled, layer, x, None, lengths, masks_of(layer, 5))
    assert len(backend.graphs) == 1
    assert [str(node.target) for node in backend.nodes()] == ["elman.unroll.default"]


def test_compiled_without_lengths_with_a_state_and_with_lengths_as_a_list():
    layer = build("lstm", 3, 4, 2, batch_first=True)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = randn(5, 6, 3)
    check_equal(compiled, layer, x, None, None, None)
    check_equal(compiled, layer, x, None, [6, 0, 3, 1, 6], None)
    hx = State(h=randn(5, 2, 4), c=randn(5, 2, 4, seed=1))
    check_equal(compiled, layer, x, hx, torch.tensor([6, 0, 3, 1, 6]), None)
    assert isinstance(compiled(x, hx)[1], State)
    check_equal(compiled, layer, x, (randn(2, 5, 4), randn(2, 5, 4, seed=1)), None, None)


def test_compiled_once_for_all_batches_and_lengths():
    layer, backend = build("gru", 3, 4), Counting()
    compiled = torch.compile(layer, fullgraph=True, backend=backend, dynamic=True)
    for T, B in ((5, 4), (7, 3), (12, 9)):
        lengths = torch.arange(B).clamp(max=T)
        check_equal(compiled, layer, randn(T, B, 3), None, lengths, None)
    assert len(backend.nodes()) == 1  # one graph, never compiled again


def test_all_states_when_compiled():
    layer = build("peephole_lstm", 3, 4, 2, bidirectional=True, return_states=True)
    x = randn(5, 3, 3)
    ours = torch.compile(layer, fullgraph=True, backend="aot_eager")(x, lengths=torch.tensor([5, 0, 2]))[2]
    theirs = layer(x, lengths=[5, 0, 2])[2]
    assert all(close(ours[k], theirs[k], 1e-6) for k in "hc")


def test_dropout_when_compiled_drops_in_training_only():
    layer = build("gru", 3, 8, 2, dropout=0.5)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = randn(5, 3, 3)
    results = []
    for function in (compiled, layer):
        torch.manual_seed(0)
        results.append(function(x)[0])
    assert close(*results, 1e-6)
    assert not torch.allclose(compiled(x)[0], results[0])
    layer.eval()
    assert close(compiled(x)[0], layer(x)[0], 1e-6)


def test_transforms_inside_a_compiled_function_are_no_silent_zeros():
    layer = build("gru", 3, 4)
    x, direction = randn(5, 2, 3), randn(5, 2, 3, seed=1)

    def slope(x):
        return torch.func.jvp(lambda x: layer(x)[0], (x,), (direction,))[1]

    def gradient(x):
        return torch.func.grad(lambda x: layer(x)[0].square().sum())(x)

    for function in (slope, gradient):
        assert function(x).abs().max() > 1e-3
        assert close(torch.compile(function, backend="aot_eager")(x), function(x), 1e-5)


@every_cell
def test_exported_is_one_node_for_every_batch_and_time(name):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = build(name, 3, 4, 2, bidirectional=True, batch_first=True)

        def forward(self, x, lengths, masks):
            output, state = self.layer(x, lengths=lengths, masks=masks)
            return output, states(state)

    model = Model().eval()
    B, T = torch.export.Dim("B", min=1, max=64), torch.export.Dim("T", min=1, max=500)
    masks = masks_of(model.layer, 5)
    dynamic = {"x": {0: B, 1: T}, "lengths": {0: B}, "masks": masks and {"keep": {1: B}}}
    program = torch.export.export(model, (randn(5, 6, 3), torch.tensor([6, 0, 3, 1, 6]), masks), dynamic_shapes=dynamic)
    assert [str(node.target) for node in elman_nodes(program.graph)] == ["elman.unroll.default"]
    for batch, time in ((5, 6), (1, 1), (9, 20)):
        arguments = (randn(batch, time, 3), torch.arange(batch).clamp(max=time), masks_of(model.layer, batch))
        (ours, ours_last), (theirs, theirs_last) = program.module()(*arguments), model(*arguments)
        assert close(ours, theirs, 1e-6)
        assert all(close(a, b, 1e-6) for a, b in zip(ours_last, theirs_last, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("with_lengths", [True, False])
@every_cell
def test_opcheck(name, with_lengths, dtype):
    return_states = name in ("gru", "rich")
    layer = build(name, 2, 3, 2, bidirectional=True, dtype=dtype)
    arguments = (
        randn(4, 3, 2, dtype=dtype, requires_grad=True),
        [randn(4, 3, 3, seed=k, dtype=dtype, requires_grad=True) for k in range(len(layer.cell.state))],
        [one.detach().requires_grad_() for one in layer._weights()],
        list((masks_of(layer, 3) or {}).values()),
        [torch.ones(4, 3, 6, dtype=dtype)],
        torch.tensor([4, 0, 2]) if with_lengths else None,
        layer.cell.text,
        2,
        2,
        return_states,
    )
    torch.library.opcheck(unroll, arguments)


def test_the_operator_gives_gradients_to_masks_and_dropout_masks_too():
    layer = build("rich", 2, 3, 2, dtype=torch.float64)
    x, state = randn(4, 3, 2, dtype=torch.float64), [randn(2, 3, 3, dtype=torch.float64)] * 2
    keep = randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    drop = randn(4, 3, 3, seed=1, dtype=torch.float64, requires_grad=True)
    weights = [one.detach() for one in layer._weights()]
    ours = unroll(x, state, weights, [keep], [drop], None, layer.cell.text, 2, 1, False)[0]
    theirs = stack.unroll(layer.cell, x, state, weights, None, [keep], [drop], 2, 1, False).output
    for one, other in zip(*(torch.autograd.grad(y.square().sum(), [keep, drop]) for y in (ours, theirs)), strict=True):
        assert other.abs().max() > 0
        assert close(one, other)


@pytest.mark.long
@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # inductor's own
@pytest.mark.parametrize("name", ["lstm", "peephole_lstm"])
def test_inductor(name):
    layer = build(name, 3, 4, 2, bidirectional=True)
    compiled = torch.compile(layer, fullgraph=True)
    check_equal(compiled, layer, randn(6, 5, 3), None, torch.tensor([6, 0, 3, 1, 6]), None)


def test_networks_compile():
    net = elman.Network(3, 4, 2)
    x = randn(5, 6, 3)
    compiled = torch.compile(net, fullgraph=True, backend="aot_eager")
    y, state = compiled(x)
    assert close(y, net(x)[0], 1e-6)
    assert close(compiled(x, state.detach(), torch.tensor([6, 0, 2, 3, 1]))[0], net(x, state, [6, 0, 2, 3, 1])[0], 1e-6)


@pytest.mark.parametrize("lengths", [None, [6, 0, 3, 1, 6]])
@pytest.mark.parametrize("name", ["lstm", "gru", "leaky_elman"])
def test_compiled_under_autocast(name, lengths):
    layer = build(name, 3, 4, 2, dropout=0.5).eval()
    x, hx = randn(6, 5, 3), tuple(randn(2, 5, 4, seed=k) for k in range(len(layer.cell.state)))
    for model in (layer, torch.nn.Sequential(torch.nn.Linear(3, 3), layer)):
        arguments = (x, hx, lengths) if model is layer else (x,)
        torch._dynamo.reset()
        with torch.autocast("cpu", torch.bfloat16):
            ours, last = torch.compile(model, fullgraph=True, backend="aot_eager")(*arguments)
            theirs, last_of_theirs = model(*arguments)
        # torch's packed LSTM and its GRU compute in bfloat16 and give float32 on a CPU; compiled they stay in bfloat16
        assert ours.dtype == (torch.float32 if name == "leaky_elman" else torch.bfloat16)
        assert name == "gru" or lengths or ours.dtype == theirs.dtype
        for one, other in zip([ours, *states(last)], [theirs, *states(last_of_theirs)], strict=True):
            torch.testing.assert_close(one.float(), other.float(), rtol=0, atol=0.02)
        gradients = torch.autograd.grad(ours.float().square().sum(), [*model.parameters()])
        wanted = torch.autograd.grad(theirs.float().square().sum(), [*model.parameters()])
        for one, other in zip(gradients, wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0.05 * other.abs().max().item())


def test_what_autocast_leaves_alone_stays_in_float64_when_compiled():
    layer, x = build("gru", 3, 4, dtype=torch.float64), randn(5, 2, 3, dtype=torch.float64)
    with torch.autocast("cpu", torch.bfloat16):
        assert close(torch.compile(layer, fullgraph=True, backend="aot_eager")(x)[0], layer(x)[0])


@pytest.mark.parametrize("lengths", [None, [5, 2], torch.tensor([5, 2])])
@pytest.mark.parametrize("name", ["lstm", "gru", "peephole_lstm"])
def test_shapes_without_numbers(name, lengths):
    """On the meta device and with fake tensors."""
    options = {"num_layers": 2, "bidirectional": True, "return_states": True}

    def shapes(layer, x):
        output, state, every = layer(x, lengths=lengths)
        (output.sum() + sum(one.sum() for one in states(state))).backward()
        assert all(one.grad.shape == one.shape for one in layer.parameters())
        assert output.device == x.device
        return [tuple(one.shape) for one in (output, *states(state), *every.values())]

    wanted = shapes(elman.Recurrent(name, 3, 4, **options), torch.zeros(5, 2, 3))
    layer = elman.Recurrent(name, 3, 4, **options, device="meta")
    assert shapes(layer, torch.zeros(5, 2, 3, device="meta")) == wanted
    with torch.device("meta"):
        assert shapes(layer, torch.zeros(5, 2, 3)) == wanted
    if not isinstance(lengths, torch.Tensor):  # a fake mode refuses tensors with numbers
        with FakeTensorMode():
            assert shapes(elman.Recurrent(name, 3, 4, **options), torch.zeros(5, 2, 3)) == wanted
