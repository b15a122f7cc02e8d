"""RNN, GRU and LSTM are torch.nn's: values, states and all gradients, on every path, packed and unpacked."""

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


def nearest_to_the_kink(case, theirs):
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
        _, _, every = probe(randn(*case.shape(), seed=case.seed).double(), hx, lengths_of(case))
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
    single, double, theirs = both_precisions(case)
    kink = nearest_to_the_kink(case, theirs) if case.kind == "relu" else 1.0
    for path in PATHS:
        if path != "kernel" and case.T > 20 and settings.default.max_examples < 500:
            continue  # the others take most of the time
        ours = ours_of(case, path, torch.float32)
        check_single(case, path, "forward", ours[0], single[0], double[0])
        if kink > 1e-5:
            check_single(case, path, "backward", ours[1], single[1], double[1])
        ours = ours_of(case, path, torch.float64)
        check_double(ours[0], double[0])
        if kink > 1e-14:
            check_double(ours[1], double[1])


def torchs_layer(case):
    torch.manual_seed(case.seed)
    return LAYERS[case.kind][1](case.I, case.H, **case.options())


def lengths_of(case):
    if case.form == "whole":
        return None
    lengths = torch.randint(1, case.T + 1, (case.B,), generator=torch.Generator().manual_seed(case.seed))
    lengths[0] = case.T  # torch's packing knows no longer padding
    return lengths.sort(descending=True).values if case.form == "sorted" else lengths.flip(0)


def both_precisions(case):
    """What torch's layer gives in single and in double precision: (forward, backward) each; and the layer."""
    theirs, lengths = torchs_layer(case), lengths_of(case)
    single = run(theirs, case, torch.float32, lengths, ours=False)
    return single, run(theirs.double(), case, torch.float64, lengths, ours=False), theirs


def ours_of(case, path, dtype):
    layer = LAYERS[case.kind][0](case.I, case.H, **case.options())
    layer.load_state_dict(torchs_layer(case).state_dict())
    with forced(path):
        return run(layer.to(dtype), case, dtype, lengths_of(case), ours=True)


def check_double(ours, exact):
    for one, truth in zip(ours, exact, strict=True):
        assert one.shape == truth.shape
        assert (one - truth).abs().max() <= 1e-7 * truth.abs().max() + 1e-14


def check_single(case, path, which, ours, theirs, exact):
    """The largest error is at most twice torch's and 1e-6 of the tensor's largest value.

    The largest error of a tensor of a few numbers is a matter of luck, ours and torch's, and of how near to 0 the
    numbers happen to be. So where the bound is broken, it is the bound of the tensors of many draws put together.
    """
    draws = [errors(which, ours, theirs, exact)]
    if within(draws):
        return
    for k in range(1, MORE_DRAWS + 1):
        other = case._replace(seed=case.seed + 2**20 * k)
        single, double, layer = both_precisions(other)
        if which == "backward" and case.kind == "relu" and nearest_to_the_kink(other, layer) <= 1e-5:
            continue
        number = ("forward", "backward").index(which)
        draws.append(errors(which, ours_of(other, path, torch.float32)[number], single[number], double[number]))
    assert within(draws), (path, which)


MORE_DRAWS = 30


def errors(which, ours, theirs, exact):
    """For each tensor our largest error, torch's, and the tensor's largest value.

    Of final states it is the output's: one number alone may be near 0 where all others are not.
    """
    largest = exact[0].abs().max() if which == "forward" else 0.0
    return [
        ((one - truth).abs().max(), (other - truth).abs().max(), max(truth.abs().max(), largest))
        for one, other, truth in zip(ours, theirs, exact, strict=True)
    ]


def within(draws):
    for of_one in zip(*draws, strict=True):
        error, torchs, largest = (max(values) for values in zip(*of_one, strict=True))
        if error > 2 * torchs + 1e-6 * largest + 1e-12:
            return False
    return True


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
