"""The one rule that says which implementation runs, and why."""

import re
from unittest import mock

import pytest
import torch
from cases import EVERY, build, masks_of, randn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.utils.rnn import pack_padded_sequence

import elman
from elman import InputError
from elman.kernels.target import host
from elman.nn import kernel, reference, torch_operator
from elman.nn.torch_operator import OPERATORS


def test_every_cell_takes_the_kernels_on_a_cpu():
    for name in EVERY:
        for dtype in (torch.float32, torch.float64):
            layer = build(name, 3, 4, dtype=dtype)
            assert elman.explain(layer, randn(5, 2, 3, dtype=dtype), masks_of(layer, 2)).name == "kernel"


def test_where_there_are_no_kernels_torchs_operator_runs_the_cells_it_has_and_the_loop_the_others():
    for name, one in EVERY.items():
        layer = build(name, 3, 4, dtype=torch.bfloat16)
        path = elman.explain(layer, randn(5, 2, 3, dtype=torch.bfloat16), masks_of(layer, 2))
        assert path.name == ("torch" if one in OPERATORS else "reference")
    assert set(OPERATORS) == {EVERY[name] for name in ("elman", "elman_relu", "lstm", "gru")}


HALF = {"dtype": torch.bfloat16}


@pytest.mark.parametrize(
    ("layer", "x", "words"),
    [
        (elman.GRU(3, 4), randn(5, 2, 3), r"kernel \(elman's compiled kernels\): torch.float32 on the CPU"),
        (elman.GRU(3, 4), randn(5, 3), "kernel"),
        (build("leaky_elman", 3, 4), randn(5, 2, 3), "kernel"),
        (elman.GRU(3, 4), randn(0, 2, 3), "reference .*the input is empty"),
        (elman.GRU(3, 4, batch_first=True), randn(0, 2, 3), "reference .*the input is empty"),
        (
            elman.GRU(3, 4, **HALF),
            randn(5, 2, 3, **HALF),
            r"torch \(PyTorch's own operator\): .* no torch.bfloat16, .*'gru'",
        ),
        (build("leaky_elman", 3, 4, **HALF), randn(5, 2, 3, **HALF), "reference .*no operator for .*'leaky_elman'"),
        (elman.LSTM(3, 4, return_states=True, **HALF), randn(5, 2, 3, **HALF), "reference .* only h at every step"),
        (elman.GRU(3, 4, return_states=True, **HALF), randn(5, 2, 3, **HALF), "torch"),
    ],
)
def test_the_reason_is_told(layer, x, words):
    assert re.match(words, str(elman.explain(layer, x)))


def test_a_mask_that_wants_a_gradient_takes_the_loop():
    layer, x = build("rich", 3, 4), randn(5, 2, 3)
    masks = {name: mask.requires_grad_() for name, mask in masks_of(layer, 2).items()}
    assert re.match("reference .*a mask requires a gradient", str(elman.explain(layer, x, masks)))


def test_a_processor_without_fma_has_no_kernels(monkeypatch):
    monkeypatch.setattr(elman.nn.path, "host", lambda: host()._replace(has_fma=False))
    assert re.match("torch .*no fused multiply-add", str(elman.explain(elman.GRU(3, 4), randn(5, 2, 3))))


@pytest.mark.parametrize("batch_first", [True, False])
def test_explains_whatever_forward_takes(batch_first):
    layer = elman.GRU(3, 4, batch_first=batch_first)
    packed = pack_padded_sequence(randn(2, 5, 3), [5, 2], batch_first=True)
    assert elman.explain(layer, packed).name == "kernel"
    assert elman.explain(layer, randn(5, 3)).name == "kernel"
    assert elman.explain(elman.Network(3, 4, 2), randn(2, 5, 3)).name == "kernel"
    with pytest.raises(InputError, match="input has 4 features"):
        elman.explain(layer, randn(2, 5, 4))


def test_transforms_and_forward_mode_take_the_loop():
    layer, found = elman.GRU(3, 4), []

    def note(x):
        found.append(str(elman.explain(layer, x)))
        return x

    torch.vmap(note)(randn(2, 5, 2, 3))
    with torch.autograd.forward_ad.dual_level():
        note(randn(5, 2, 3))
    assert "functorch transform" in found[0]
    assert "forward-mode" in found[1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", EVERY)
def test_the_path_that_is_told_is_the_path_that_runs(name, dtype):
    layer, x = build(name, 3, 4, 2, dtype=dtype), randn(5, 2, 3, dtype=dtype)
    masks = masks_of(layer, 2)
    with (
        mock.patch.object(reference, "unroll", wraps=reference.unroll) as loop,
        mock.patch.object(torch_operator, "unroll", wraps=torch_operator.unroll) as operator,
        mock.patch.object(kernel, "unroll", wraps=kernel.unroll) as kernels,
    ):
        layer(x, masks=masks)
    # The first two are called once for each layer.
    counts = {"reference": loop.call_count, "torch": operator.call_count, "kernel": 2 * kernels.call_count}
    assert counts.pop(elman.explain(layer, x, masks).name) == 2
    assert set(counts.values()) == {0}


def traced(function, x):
    return torch.jit.trace(function, (x,), check_trace=False)


@pytest.mark.filterwarnings("ignore")  # torch's own, of what it has for tracing
@pytest.mark.parametrize("record", [traced, lambda function, x: make_fx(function)(x)])
@pytest.mark.parametrize("name", ["gru", "rich"])
def test_a_recorded_call_is_right_for_other_input(name, record):
    """What the kernels write no recording sees: it would give memory that nobody wrote."""
    layer = build(name, 3, 4, 2, bidirectional=True).requires_grad_(False)
    masks = masks_of(layer, 2)
    with torch.no_grad():
        recorded = record(lambda x: layer(x, masks=masks)[0], randn(5, 2, 3))
        x = randn(5, 2, 3, seed=3)
        torch.testing.assert_close(recorded(x), layer(x, masks=masks)[0], rtol=0, atol=1e-6)
