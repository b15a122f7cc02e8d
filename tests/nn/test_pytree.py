"""A State goes in and out of torch.export, torch.vmap and torch.func."""

import pytest
import torch
from cases import build, close, randn

import elman
from elman import State

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own


def test_exported_with_a_state_and_without():
    net, x, state = elman.Network(3, 4, 2), randn(5, 6, 3), State(h=randn(5, 1, 4))
    y, last = torch.export.export(net, (x,)).module()(x)
    assert close(y, net(x)[0], 1e-6)
    assert isinstance(last, State)
    B = torch.export.Dim("B", min=1, max=64)
    program = torch.export.export(net, (x, state), dynamic_shapes={"x": {0: B}, "state": [{0: B}]})
    for rows in ([0, 1, 2, 3, 4], [2, 0]):
        y, last = program.module()(x[rows], state.select(rows))
        assert close(y, net(x[rows], state.select(rows))[0], 1e-6)
        assert close(last["h"], net(x[rows], state.select(rows))[1]["h"], 1e-6)
    assert torch.export.export(build("lstm", 3, 4), (randn(6, 2, 3), build("lstm", 3, 4).initial_state(2)))


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_mapped_with_a_state_and_without(cell):
    net, x = elman.Network(3, 4, 2, cell), randn(7, 5, 6, 3)
    y, last = torch.vmap(net)(x)
    assert close(y[3], net(x[3])[0], 1e-6)
    assert last["h"].shape == (7, 5, 1, 4)
    y, again = torch.vmap(net)(x, last)
    assert close(again["h"][3], net(x[3], State(**{k: last[k][3] for k in last}))[1]["h"], 1e-6)
    shared = State(**{k: last[k][0] for k in last})
    assert close(torch.vmap(net, in_dims=(0, None))(x, shared)[0][3], net(x[3], shared)[0], 1e-6)


def test_gradients_of_a_state_are_a_state():
    net, x, state = elman.Network(3, 4, 2), randn(5, 6, 3), State(h=randn(5, 1, 4, requires_grad=True))
    found = torch.func.grad(lambda state: net(x, state)[0].square().sum())(state.detach())
    (wanted,) = torch.autograd.grad(net(x, state)[0].square().sum(), [state["h"]])
    assert close(found["h"], wanted, 1e-5)


def test_the_leaves_have_the_names():
    leaves, spec = torch.utils._pytree.tree_flatten_with_path(State(h=torch.zeros(1), c=torch.ones(1)))
    assert [torch.utils._pytree.keystr(path) for path, _ in leaves] == ["['h']", "['c']"]
    text = torch.utils._pytree.treespec_dumps(spec)
    assert torch.utils._pytree.treespec_loads(text) == spec
