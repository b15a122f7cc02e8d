"""State: the same answers from NumPy arrays and torch tensors, and nothing changes in place."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.state import State


@pytest.fixture(params=["numpy", "torch"])
def make(request):
    """A state whose row b holds b in h and 10 + b in c, (B, 2, 3)."""

    def build(batch_size=4):
        rows = np.arange(batch_size, dtype=np.float32)[:, None, None] + np.zeros((2, 3), np.float32)
        arrays = {"h": rows, "c": rows + 10}
        if request.param == "torch":
            arrays = {name: torch.tensor(array) for name, array in arrays.items()}
        return State(**arrays)

    return build


def rows(state):
    """Which rows of `make` a state holds; h and c have to agree."""
    h, c = state["h"], state["c"]
    assert type(h) is type(c)
    assert (np.asarray(c) == np.asarray(h) + 10).all()
    return np.asarray(h)[:, 0, 0].tolist()


def test_what_it_is(make):
    state = make()
    assert state.names == ("h", "c")
    assert state.batch_size == 4
    assert state.nbytes == 2 * 4 * 2 * 3 * 4
    assert repr(state).startswith("State(h: (4, 2, 3) ")
    assert (state == state, state == make(), len({state, state})) == (True, False, 1)
    with pytest.raises(TypeError):
        state["h"] = state["c"]
    with pytest.raises(AttributeError):
        state.h = state["c"]
    assert rows(pickle.loads(pickle.dumps(state))) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ([2, 0], [2, 0]),
        ([1, 1, 3, -1], [1, 1, 3, 3]),
        ([], []),
        ([True, False, False, True], [0, 3]),
        (slice(1, None), [1, 2, 3]),
        (np.array([3, 1]), [3, 1]),
        (torch.tensor([3, 1]), [3, 1]),
        (torch.tensor([False, True, True, False]), [1, 2]),
    ],
    ids=str,
)
def test_select_and_reset_take_the_same_rows(make, index, expected):
    state = make()
    assert rows(state.select(index)) == expected
    fresh = state.reset(index)
    zero = {row for row in range(4) if row in expected}
    assert [bool(np.asarray(fresh["c"])[row].any()) for row in range(4)] == [row not in zero for row in range(4)]
    assert rows(state.reset(index, make(8).select([7]))) == [7 if row in zero else row for row in range(4)]
    assert rows(state) == [0, 1, 2, 3]


def test_reset_takes_a_row_for_each(make):
    assert rows(make().reset([2, 0], make(8).select([6, 5]))) == [5, 1, 6, 3]


@given(sizes=st.lists(st.integers(0, 3), max_size=5))
def test_split_undoes_cat(sizes):
    whole = State(h=np.arange(sum(sizes)), c=np.arange(sum(sizes)) + 10)
    parts = whole.split(sizes)
    assert [part.batch_size for part in parts] == sizes
    if parts:
        np.testing.assert_array_equal(State.cat(parts)["c"], whole["c"])


def test_cat_goes_by_name(make):
    state = make(2)
    turned = State(c=state["c"], h=state["h"])
    assert rows(State.cat([state, turned, make(0)])) == [0, 1, 0, 1]


def test_an_empty_batch(make):
    state = make(0)
    assert (state.batch_size, rows(state.select([])), rows(state.reset([])), state.split([])) == (0, [], [], [])


def test_replace(make):
    state = make()
    assert rows(state.replace(h=state["h"] * 2, c=state["c"] + state["h"])) == [0, 2, 4, 6]


def test_zeros():
    state = State.zeros({"h": (2, 3), "c": (5,)}, 4)
    assert {name: (a.shape, a.dtype, a.any()) for name, a in state.items()} == {
        "h": ((4, 2, 3), np.float32, False),
        "c": ((4, 5), np.float32, False),
    }
    assert State.zeros({"h": (2,)}, 0, like=np.zeros(1))["h"].dtype == np.float64
    like = torch.zeros(1, dtype=torch.float64, device="meta")
    tensor = State.zeros({"h": (2,)}, 3, like=like)["h"]
    assert (tuple(tensor.shape), tensor.dtype, tensor.device) == ((3, 2), torch.float64, like.device)


def test_gradients_go_through_until_detached():
    h = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
    state = State(h=h)
    out = State.cat([state.select([2, 2, 0]).reset([0]), *state.split([1, 2])])["h"]  # 0 3 1 1 2 3
    (out[:, 0] * torch.arange(6.0)).sum().backward()
    assert h.grad.flatten().tolist() == [2 + 3, 4, 1 + 5]
    assert not state.detach()["h"].requires_grad
    assert state["h"].requires_grad


def test_save_and_load(make, tmp_path):
    make().save(tmp_path / "s.safetensors")
    state = State.load(tmp_path / "s.safetensors")
    assert state.names == ("h", "c")
    assert rows(state) == [0, 1, 2, 3]
    assert isinstance(state["h"], np.ndarray)
    tensors = State.load(str(tmp_path / "s.safetensors"), like=torch.zeros(1, dtype=torch.float64))
    assert (rows(tensors), tensors["h"].dtype) == ([0, 1, 2, 3], torch.float64)
    with pytest.raises(InputError, match="exists already"):
        state.save(tmp_path / "s.safetensors", overwrite=False)


def test_bfloat16_is_saved_as_float32_with_the_same_values(tmp_path):
    h = torch.tensor([[1 / 3], [-1e30]], dtype=torch.bfloat16, requires_grad=True)
    State(h=h).save(tmp_path / "s")
    assert State(h=h).to_arrays()["h"].dtype == State.load(tmp_path / "s")["h"].dtype == np.float32
    assert torch.equal(State.load(tmp_path / "s", like=h)["h"], h)


def test_nan_is_not_saved(tmp_path):
    with pytest.raises(InputError, match="tensor 'h' holds NaN, expected finite numbers"):
        State(h=np.array([np.nan])).save(tmp_path / "s")


def test_subclasses_of_tensors_and_arrays_are_kept():
    class Tensor(torch.Tensor):
        pass

    class Array(np.ndarray):
        pass

    for array, kind in ((torch.ones(3, 2).as_subclass(Tensor), Tensor), (np.ones((3, 2)).view(Array), Array)):
        state = State(h=array)
        assert type(state.select([0])["h"]) is kind
        assert state.reset([1])["h"].tolist() == [[1, 1], [0, 0], [1, 1]]
        assert State.cat([state, state]).batch_size == 6


def test_load_refuses_a_model(tmp_path):
    from elman.files import write_model

    write_model(tmp_path / "m", {"h": np.zeros(2)}, {"task": "classify"})
    with pytest.raises(InputError, match="holds no state"):
        State.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda s: State(), "at least one array"),
        (lambda s: State(h=torch.nn), "state h is a module: expected"),
        (lambda s: State(h=torch.nn.Identity()), "state h is a Identity: expected"),
        (lambda s: State(h=[[0.0]]), "state h is a list: expected a NumPy array or a torch tensor"),
        (lambda s: State(h=np.float32(1)), "first dimension has to be the batch"),
        (lambda s: State(h=np.zeros((2, 1)), c=np.zeros((3, 1))), r"differ in batch size .*: h has 2, c has 3"),
        (lambda s: s.replace(z=s["h"]), "the state has no z: it has h, c"),
        (lambda s: s.replace(h=s["h"][:1]), "differ in batch size"),
        (lambda s: s.select([4]), "rows goes from 4 to 4, but the state's batch is 4"),
        (lambda s: s.select([-5]), "rows goes from -5"),
        (lambda s: s.select(3), r"rows is 3: expected a list of row numbers"),
        (lambda s: s.select([0.5]), "expected a list of row numbers"),
        (lambda s: s.reset([True]), "rows has 1 booleans, but the state's batch is 4"),
        (lambda s: s.reset([0], State(h=s["h"][:1])), "initial is a State of h, but this state has h, c"),
        (
            lambda s: s.reset([0], s),
            r"initial: h has shape \(4, 2, 3\), expected \(1, 2, 3\), or one row of that for all",
        ),
        (
            lambda s: s.reset([0], s._map(lambda _, a: a[:1, :1])),
            r"initial: h has shape \(1, 1, 3\), expected \(1, 2, 3",
        ),
        (lambda s: s.split([1, 2]), r"sizes \[1, 2\] add up to 3, but the state's batch is 4"),
        (lambda s: s.split([5, -1]), "add up to 4"),
        (lambda s: State.cat([]), "at least one state"),
        (lambda s: State.cat([s, State(h=s["h"])]), "state 1 has h, but state 0 has h, c"),
    ],
)
def test_refusals(make, wrong, message):
    with pytest.raises(InputError, match=message):
        wrong(make())


def test_torch_is_not_imported():
    program = "import sys, numpy; from elman.state import State; State(h=numpy.zeros((2, 1))).select([0]).detach()"
    program += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
