"""The output layer: torch's Linear in all but its bits, which do not depend on the batch."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, vmap

import elman

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


def readout(H, O, dtype=torch.float32, bias=True):  # noqa: E741
    torch.manual_seed(0)
    return elman.Readout(H, O, bias, dtype=dtype)


@DTYPES
@pytest.mark.parametrize(("H", "O"), [(1, 1), (64, 10), (33, 64), (7, 63), (200, 1000)])
def test_values_and_gradients_are_those_of_linear(H, O, dtype):  # noqa: E741
    ours = readout(H, O, dtype)
    for shape in ((5, 9), (4,), (), (2, 3, 2)):
        x = torch.randn(*shape, H, dtype=dtype, requires_grad=True)
        d_y = torch.randn(*shape, O, dtype=dtype)
        wide = x.detach().double().requires_grad_()
        weight, bias = (one.detach().double().requires_grad_() for one in ours.parameters())
        y, expected = ours(x), F.linear(wide, weight, bias)
        found = torch.autograd.grad(y, (x, *ours.parameters()), d_y)
        wanted = torch.autograd.grad(expected, (wide, weight, bias), d_y.double())
        for a, b in zip((y, *found), (expected, *wanted), strict=True):
            assert a.dtype == dtype
            torch.testing.assert_close(a.double(), b, rtol=1e-5, atol=1e-5 if dtype == torch.float32 else 1e-13)


@DTYPES
@pytest.mark.parametrize(("H", "O"), [(200, 37), (64, 64), (3, 1000)])
def test_bits_of_a_row_do_not_depend_on_its_batch(H, O, dtype):  # noqa: E741
    ours = readout(H, O, dtype)
    x = torch.randn(64, 3, H, dtype=dtype)
    with torch.no_grad():
        y = ours(x)
        for rows in (slice(0, 1), slice(63, 64), slice(5, 12), slice(10, 59)):
            assert torch.equal(ours(x[rows]), y[rows])
        assert torch.equal(ours(x[17, 2]), y[17, 2])
        assert torch.equal(ours(x.transpose(0, 1)), y.transpose(0, 1))
        assert torch.equal(ours(x[:, ::2]), y[:, ::2])
        torch.set_num_threads(2)
        try:
            assert torch.equal(ours(x), y)
        finally:
            torch.set_num_threads(1)
    assert torch.equal(ours(x), y)


def test_numbers_that_do_not_stand_together():
    ours = readout(6, 5)
    wide = torch.randn(4, 12)
    with torch.no_grad():
        assert torch.equal(ours(wide[:, ::2]), ours(wide[:, ::2].contiguous()))
        expanded = torch.randn(1, 6).expand(7, 6)
        assert torch.equal(ours(expanded), ours(expanded.contiguous()))
        same = ours(wide[:, :6])
        ours.weight = nn.Parameter(ours.weight.t().contiguous().t())
        assert torch.equal(ours(wide[:, :6]), same)


def test_gradients_are_the_same_from_run_to_run_and_for_two_threads():
    ours = readout(65, 33)
    x = torch.randn(700, 3, 65, requires_grad=True)

    def gradients():
        return torch.autograd.grad(ours(x).square().sum(), (x, *ours.parameters()))

    first = gradients()
    again = gradients()
    torch.set_num_threads(2)
    try:
        by_two = gradients()
    finally:
        torch.set_num_threads(1)
    for found in (again, by_two):
        assert all(torch.equal(a, b) for a, b in zip(first[:2], found[:2], strict=True))
    assert torch.equal(first[2], again[2])  # that of the bias is torch's own sum


def test_gradients_that_come_in_other_forms():
    """Expanded, transposed, or with a hole: what autograd hands to backward is not always one piece."""
    ours = readout(61, 50, torch.float64)
    x = torch.randn(40, 3, 61, dtype=torch.float64, requires_grad=True)
    whole = torch.randn(50, 3, 80, dtype=torch.float64)
    for d_y in (torch.ones(1, 1, 1).double().expand(40, 3, 50), whole.permute(2, 1, 0)[::2]):
        found = torch.autograd.grad(ours(x), (x, ours.weight), d_y)
        wanted = torch.autograd.grad(F.linear(x, ours.weight, ours.bias), (x, ours.weight), d_y.contiguous())
        torch.testing.assert_close(found, wanted)


def test_only_the_gradients_that_are_asked_for():
    ours = readout(3, 2)
    ours.weight.requires_grad_(False)
    ours(torch.randn(4, 3)).sum().backward()
    assert ours.weight.grad is None
    assert torch.equal(ours.bias.grad, torch.full((2,), 4.0))


def test_derivatives_of_every_order():
    ours = readout(3, 2, torch.float64)
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

    def run(x, weight, bias):
        return functional_call(ours, {"weight": weight, "bias": bias}, (x,))

    tensors = x, ours.weight, ours.bias
    assert torch.autograd.gradcheck(run, tensors)
    assert torch.autograd.gradgradcheck(run, tensors)
    # Here torch's own Linear is taken.
    assert torch.autograd.gradcheck(run, tensors, check_forward_ad=True)
    with torch.no_grad():
        torch.testing.assert_close(vmap(ours)(x), ours(x))
    torch.func.grad(lambda one: run(*one).sum())(tensors)


def test_where_torchs_linear_serves():
    ours = readout(3, 2)
    theirs = nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(4, 3)
    with torch.autocast("cpu", torch.bfloat16):
        assert ours(x).dtype == torch.bfloat16
    assert ours.bfloat16()(x.bfloat16()).dtype == torch.bfloat16
    ours.float()
    assert ours(torch.empty(0, 3)).shape == (0, 2)
    assert elman.Readout(3, 2, device="meta")(torch.empty(4, 3, device="meta")).shape == (4, 2)
    for wrong in (torch.randn(4, 5), torch.randn(4, 3).double()):
        with pytest.raises(RuntimeError) as ours_says:
            ours(wrong)
        with pytest.raises(RuntimeError) as theirs_says:
            theirs(wrong)
        assert str(ours_says.value) == str(theirs_says.value)


def test_it_is_exported_as_a_linear():
    ours = readout(3, 2)
    x = torch.randn(4, 3)
    program = torch.export.export(ours, (x,))
    assert "linear" in str(program.graph)
    torch.testing.assert_close(program.module()(x), ours(x))


def test_it_is_a_linear_to_those_who_look():
    ours = readout(3, 2, bias=False)
    assert isinstance(ours, nn.Linear)
    assert list(ours.state_dict()) == ["weight"]
    x = torch.randn(4, 3)
    torch.testing.assert_close(ours(x), x @ ours.weight.t())
    assert torch.equal(copy.deepcopy(ours)(x), ours(x))


def test_nan_stays_in_its_row():
    ours = readout(5, 3)
    x = torch.randn(9, 5)
    with torch.no_grad():
        clean = ours(x)
        x[4, 2] = torch.nan
        y = ours(x)
    assert y[4].isnan().all()
    assert torch.equal(y[:4], clean[:4])
    assert torch.equal(y[5:], clean[5:])


def test_what_records_operations_sees_those_of_the_output_layer():
    from torch.fx.experimental.proxy_tensor import make_fx

    readout = elman.Readout(64, 64).requires_grad_(False)
    recorded = make_fx(readout)(torch.randn(100, 64))
    x = torch.randn(100, 64)
    torch.testing.assert_close(recorded(x), readout(x))


def test_many_gradients_of_the_output_layer_in_one_go():
    readout, x = elman.Readout(64, 64), torch.randn(100, 64, requires_grad=True)
    y, outside = readout(x), torch.randn(3, 100, 64)
    many = torch.autograd.grad(y, [x, *readout.parameters()], outside, is_grads_batched=True, retain_graph=True)
    for k, one in enumerate(outside):
        alone = torch.autograd.grad(y, [x, *readout.parameters()], one, retain_graph=True)
        for of_all, single in zip(many, alone, strict=True):
            torch.testing.assert_close(of_all[k], single, rtol=1e-4, atol=1e-4)
