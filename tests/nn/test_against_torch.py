"""RNN, GRU and LSTM are torch.nn's: values, states and all gradients, on every path, packed and unpacked."""

import copy
import math
from typing import NamedTuple

import pytest
import torch
from cases import close, forced, randn, states
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import elman
from elman import cell, relu

LAYERS = {
    "tanh": (elman.RNN, torch.nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (elman.RNN, torch.nn.RNN, {"nonlinearity": "relu"}),
    "gru": (elman.GRU, torch.nn.GRU, {}),
    "lstm": (elman.LSTM, torch.nn.LSTM, {}),
}
PATHS = ("kernel", "torch", "reference")


@cell(gates="z", state="h z_of")
def relu_and_what_goes_in(z, h_prev, z_of_prev):
    return relu(z), z


class Case(NamedTuple):
    kind: str
    T: int
    B: int
    H: int
    I: int  # noqa: E741
    L: int
    bidirectional: bool = False
    bias: bool = True
    batch_first: bool = False
    form: str = "whole"  # "lengths", "packed", "sorted"
    given_state: bool = True
    seed: int = 0

    def options(self):
        more = LAYERS[self.kind][2]
        names = ("bidirectional", "bias", "batch_first")
        return {"num_layers": self.L, **{name: getattr(self, name) for name in names}, **more}

    def shape(self):
        return (self.B, self.T, self.I) if self.batch_first else (self.T, self.B, self.I)


def sizes(largest):
    """Over the whole range in a long run; else mostly small, so that the run is short."""
    if settings.default.max_examples >= 500:
        return st.integers(1, largest)
    return st.one_of(st.integers(1, min(9, largest)), st.integers(1, largest))


cases = st.builds(
    Case,
    kind=st.sampled_from(sorted(LAYERS)),
    T=sizes(200),
    B=sizes(64),
    H=sizes(160),
    I=sizes(130),
    L=st.integers(1, 3),
    bidirectional=st.booleans(),
    bias=st.booleans(),
    batch_first=st.booleans(),
    form=st.sampled_from(["whole", "lengths", "packed", "sorted"]),
    given_state=st.booleans(),
    seed=st.integers(0, 2**20),
)


def run(layer, case, dtype, lengths, ours):
    """Output (padded), states and all gradients of one call, as float64."""
    x = randn(*case.shape(), seed=case.seed, requires_grad=True)
    if dtype == torch.float64:
        x = x.detach().double().requires_grad_()
    D = 2 if case.bidirectional else 1
    n_states = 2 if case.kind == "lstm" else 1
    hx = [
        randn(case.L * D, case.B, case.H, seed=case.seed + 1 + k).to(dtype).requires_grad_()
        for k in range(n_states if case.given_state else 0)
    ]
    layer.zero_grad()
    arguments = [] if not hx else [hx[0] if n_states == 1 else tuple(hx)]
    if case.form == "whole":
        output, state = layer(x, *arguments)
    elif case.form == "lengths" and ours:
        output, state = layer(x, *arguments, lengths=lengths)
    else:
        packed = pack_padded_sequence(x, lengths, case.batch_first, enforce_sorted=case.form == "sorted")
        output, state = layer(packed, *arguments)
        assert isinstance(output, PackedSequence)
        output, _ = pad_packed_sequence(output, case.batch_first, total_length=case.T)
    loss = (output * randn(*output.shape, seed=case.seed + 4).to(dtype)).sum()
    for k, one in enumerate(states(state)):
        loss = loss + (one * randn(*one.shape, seed=case.seed + 5 + k).to(dtype)).sum()
    loss.backward()
    forward = [output, *states(state)]
    backward = [one.grad for one in (x, *hx, *layer.parameters())]
    return [one.detach().double() for one in forward], [one.double() for one in backward]


def nearest_to_the_kink(case, lengths, theirs):
    """The smallest pre-activation of a ReLU layer, as a part of the largest."""
    probe = elman.Recurrent(
        relu_and_what_goes_in, case.I, case.H, case.L, case.bias, case.batch_first, 0.0, case.bidirectional,
        return_states=True, dtype=torch.float64,
    )  # fmt: skip
    probe.load_state_dict(theirs.state_dict())
    hx = None
    if case.given_state:
        h = randn(case.L * probe.num_directions, case.B, case.H, seed=case.seed + 1).double()
        hx = (h, torch.zeros_like(h))
    with torch.no_grad():
        _, _, every = probe(randn(*case.shape(), seed=case.seed).double(), hx, lengths)
    z = every["z_of"].abs()
    z = z[z != 0]  # past a sequence's end
    return (z.min() / z.max()).item() if z.numel() else 1.0


LARGEST = (200, 64, 160, 130)


@settings(max_examples=max(100, settings.default.max_examples))
@example(Case("tanh", *LARGEST, 1, form="lengths"))
@example(Case("relu", *LARGEST, 1, bidirectional=True))
@example(Case("gru", *LARGEST, 1, form="packed", batch_first=True))
@example(Case("lstm", *LARGEST, 1, form="lengths", bias=False))
@example(Case("lstm", 3, 2, 1, 1, 3, bidirectional=True, form="sorted", given_state=False))
@example(Case("relu", 1, 1, 1, 1, 1))
@given(cases)
def test_equal_to_torch_on_every_path(case):
    our_class, torch_class, _ = LAYERS[case.kind]
    torch.manual_seed(case.seed)
    theirs = torch_class(case.I, case.H, **case.options())
    ours = our_class(case.I, case.H, **case.options())
    ours.load_state_dict(theirs.state_dict())
    lengths = None
    if case.form != "whole":
        lengths = torch.randint(1, case.T + 1, (case.B,), generator=torch.Generator().manual_seed(case.seed))
        lengths[0] = case.T  # torch's packing knows no longer padding
        lengths = lengths.sort(descending=True).values if case.form == "sorted" else lengths.flip(0)

    single_forward, single_backward = run(theirs, case, torch.float32, lengths, ours=False)
    exact_forward, exact_backward = run(theirs.double(), case, torch.float64, lengths, ours=False)
    beside_forward, beside_backward = run(nearly(theirs), case, torch.float64, lengths, ours=False)
    kink = nearest_to_the_kink(case, lengths, theirs) if case.kind == "relu" else 1.0
    for path in PATHS:
        if path != "kernel" and case.T > 20 and settings.default.max_examples < 500:
            continue  # the others take most of the time
        with forced(path):
            forward, backward = run(ours.float(), case, torch.float32, lengths, ours=True)
            check_single(forward, single_forward, exact_forward, beside_forward, below=math.inf)
            if kink > 1e-5:
                # Where there are few units in all, all may be saturated: 1 - tanh^2 has few digits then.
                below = math.inf if case.T * case.B * case.H < 100 else 10
                check_single(backward, single_backward, exact_backward, beside_backward, below)
            forward, backward = run(ours.double(), case, torch.float64, lengths, ours=True)
            check_double(forward, exact_forward)
            if kink > 1e-14:
                check_double(backward, exact_backward)


def check_double(ours, exact):
    for one, truth in zip(ours, exact, strict=True):
        assert one.shape == truth.shape
        assert (one - truth).abs().max() <= 1e-7 * truth.abs().max() + 1e-14


def nearly(layer):
    """The layer with weights that are a rounding off in single precision."""
    other, generator = copy.deepcopy(layer), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for one in other.parameters():
            one.mul_(1 + 2**-24 * (2 * torch.rand(one.shape, generator=generator, dtype=one.dtype) - 1))
    return other


def check_single(ours, theirs, exact, beside, below=10):
    """No error much larger than torch's; or than what a rounding of the weights makes, where that is large.

    Args:
        ours: what is checked; theirs: torch's; exact: in double precision.
        beside: exact too, of `nearly` the same layer.
        below: tensors of fewer numbers are measured by the largest number of all of them: those of one number may be
            near 0 where nothing that they are a sum of is.
    """
    of_all = max(truth.abs().max() for truth in exact)
    for one, other, truth, moved in zip(ours, theirs, exact, beside, strict=True):
        error, torchs, least = ((value - truth).abs().max() for value in (one, other, moved))
        largest = truth.abs().max() if truth.numel() >= below else of_all
        assert error <= 2 * torchs + max(1e-6 * largest, 10 * least) + 1e-12


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", LAYERS)
def test_a_sequence_of_length_zero_keeps_its_initial_state(kind, path):
    layer = LAYERS[kind][0](3, 4, 2, bidirectional=True, **LAYERS[kind][2])
    x = randn(5, 4, 3)
    hx = [randn(4, 4, 4, seed=k) for k in range(len(layer.cell.state))]
    with forced(path):
        output, state = layer(x, tuple(hx), lengths=[0, 5, 0, 2])
        assert output[:, [0, 2]].abs().max() == 0
        for one, before in zip(states(state), hx, strict=True):
            assert torch.equal(one[:, [0, 2]], before[:, [0, 2]])
        others, last = layer(x[:, [1, 3]], tuple(one[:, [1, 3]] for one in hx), lengths=[5, 2])
        assert close(output[:, [1, 3]], others, 1e-6)
        for one, other in zip(states(state), states(last), strict=True):
            assert close(one[:, [1, 3]], other, 1e-6)
        output, state = layer(x, tuple(hx), lengths=[0, 0, 0, 0])
        assert output.shape == (5, 4, 8)
        assert output.abs().max() == 0
        assert all(torch.equal(one, before) for one, before in zip(states(state), hx, strict=True))


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_same_seed_gives_torchs_weights_bit_for_bit_and_state_dict_goes_both_ways(kind, bias, bidirectional):
    our_class, torch_class, more = LAYERS[kind]
    options = {"num_layers": 2, "bias": bias, "bidirectional": bidirectional, **more}
    torch.manual_seed(3)
    theirs = torch_class(5, 7, **options)
    torch.manual_seed(3)
    ours = our_class(5, 7, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert [[one.shape for one in every] for every in ours.all_weights] == [
        [one.shape for one in every] for every in theirs.all_weights
    ]
    torch.manual_seed(4)
    ours.reset_parameters()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    x = randn(4, 3, 5)
    assert close(ours(x)[0], theirs(x)[0], 1e-6)


def test_positional_arguments_are_torchs():
    assert repr(elman.RNN(2, 3, 2, "relu", False, True, 0.5, True)) == repr(
        torch.nn.RNN(2, 3, 2, "relu", False, True, 0.5, True)
    ).replace(")", ", nonlinearity=relu)")
    for ours, theirs in ((elman.GRU, torch.nn.GRU), (elman.LSTM, torch.nn.LSTM)):
        assert repr(ours(2, 3, 2, False, True, 0.5, True)) == repr(theirs(2, 3, 2, False, True, 0.5, True))


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("p", [0.3, 1.0])
def test_dropout_with_the_same_seed_is_torchs(kind, batch_first, p):
    our_class, torch_class, more = LAYERS[kind]
    options = {"num_layers": 3, "dropout": p, "bidirectional": True, "batch_first": batch_first, **more}
    torch.manual_seed(0)
    ours, theirs = our_class(3, 4, **options), torch_class(3, 4, **options)
    theirs.load_state_dict(ours.state_dict())
    x = randn(5, 6, 3)
    results = []
    for layer in (ours, theirs):
        torch.manual_seed(1)
        results.append(layer(x)[0])
    assert close(*results, 1e-6)
    assert not torch.allclose(ours(x)[0], ours.eval()(x)[0])
    assert close(ours(x)[0], theirs.eval()(x)[0], 1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_unbatched_input_is_torchs(kind):
    our_class, torch_class, more = LAYERS[kind]
    ours, theirs = our_class(3, 4, 2, batch_first=True, **more), torch_class(3, 4, 2, batch_first=True, **more)
    theirs.load_state_dict(ours.state_dict())
    x = randn(5, 3)
    hx = tuple(randn(2, 4, seed=k) for k in range(len(ours.cell.state)))
    hx = hx if len(hx) > 1 else hx[0]
    for arguments in ((x,), (x, hx)):
        (output, state), (wanted, last) = ours(*arguments), theirs(*arguments)
        assert close(output, wanted, 1e-6)
        assert all(close(one, other, 1e-6) for one, other in zip(states(state), states(last), strict=True))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", LAYERS)
def test_other_dtypes_run_torchs_operator(kind, dtype):
    our_class, torch_class, more = LAYERS[kind]
    ours, theirs = our_class(3, 4, dtype=dtype, **more), torch_class(3, 4, dtype=dtype, **more)
    theirs.load_state_dict(ours.state_dict())
    x = randn(5, 2, 3, dtype=dtype)
    assert torch.equal(ours(x)[0], theirs(x)[0])


@pytest.mark.parametrize("kind", LAYERS)
def test_autocast_gives_what_torch_gives(kind):
    our_class, torch_class, more = LAYERS[kind]
    ours, theirs = our_class(3, 4, **more), torch_class(3, 4, **more)
    theirs.load_state_dict(ours.state_dict())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ours(randn(5, 2, 3))[0], theirs(randn(5, 2, 3))[0])


@pytest.mark.parametrize("kind", LAYERS)
def test_nan_in_the_input_passes_through_as_in_torch(kind):
    our_class, torch_class, more = LAYERS[kind]
    ours, theirs = our_class(3, 4, **more), torch_class(3, 4, **more)
    theirs.load_state_dict(ours.state_dict())
    x = randn(5, 2, 3)
    x[2, 1, 0] = torch.nan
    for path in PATHS:
        with forced(path):
            output, wanted = ours(x)[0], theirs(x)[0]
            assert torch.equal(output.isnan(), wanted.isnan())
            assert wanted.isnan().sum() == 3 * 4


@pytest.mark.parametrize("kind", LAYERS)
def test_the_attributes_that_code_reads_of_torchs(kind):
    ours, theirs, options = LAYERS[kind]
    ours, theirs = ours(3, 4, 2, bidirectional=True, **options), theirs(3, 4, 2, bidirectional=True, **options)
    names = ("mode", "proj_size", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout")
    for name in (*names, "bidirectional"):
        assert getattr(ours, name) == getattr(theirs, name), name
