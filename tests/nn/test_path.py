"""The one rule that says which implementation runs, and why."""

import re
from unittest import mock

import pytest
import torch
from cases import EVERY, build, masks_of, randn
from torch.nn.utils.rnn import pack_padded_sequence

import elman
from elman import InputError
from elman.nn import reference, torch_operator
from elman.nn.torch_operator import OPERATORS


def test_built_in_cells_take_torchs_operator_and_others_the_loop():
    for name, one in EVERY.items():
        path = elman.explain(build(name, 3, 4), randn(5, 2, 3), masks_of(build(name, 3, 4), 2))
        assert path.name == ("torch" if one in OPERATORS else "reference")
    assert set(OPERATORS) == {EVERY[name] for name in ("elman", "elman_relu", "lstm", "gru")}


@pytest.mark.parametrize(
    ("layer", "x", "words"),
    [
        (elman.GRU(3, 4), randn(5, 2, 3), r"torch \(PyTorch's own operator\): PyTorch has an operator for .* 'gru'"),
        (elman.GRU(3, 4), randn(5, 3), "torch"),
        (build("leaky_elman", 3, 4), randn(5, 2, 3), "reference .*PyTorch has no operator for the cell 'leaky_elman'"),
        (elman.LSTM(3, 4, return_states=True), randn(5, 2, 3), "reference .*return_states: .* only h at every step"),
        (elman.GRU(3, 4, return_states=True), randn(5, 2, 3), "torch"),
        (elman.GRU(3, 4), randn(0, 2, 3), "reference .*the input is empty"),
        (elman.GRU(3, 4, batch_first=True), randn(0, 2, 3), "reference .*the input is empty"),
    ],
)
def test_the_reason_is_told(layer, x, words):
    assert re.match(words, str(elman.explain(layer, x)))


@pytest.mark.parametrize("batch_first", [True, False])
def test_explains_whatever_forward_takes(batch_first):
    layer = elman.GRU(3, 4, batch_first=batch_first)
    packed = pack_padded_sequence(randn(2, 5, 3), [5, 2], batch_first=True)
    assert elman.explain(layer, packed).name == "torch"
    assert elman.explain(layer, randn(5, 3)).name == "torch"
    assert elman.explain(elman.Network(3, 4, 2), randn(2, 5, 3)).name == "torch"
    assert "leaky_elman" in elman.explain(elman.Network(3, 4, 2, "leaky_elman"), randn(2, 5, 3)).reason
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


@pytest.mark.parametrize("name", EVERY)
def test_the_path_that_is_told_is_the_path_that_runs(name):
    layer, x = build(name, 3, 4, 2), randn(5, 2, 3)
    masks = masks_of(layer, 2)
    with (
        mock.patch.object(reference, "unroll", wraps=reference.unroll) as loop,
        mock.patch.object(torch_operator, "unroll", wraps=torch_operator.unroll) as operator,
    ):
        layer(x, masks=masks)
    counts = {"reference": loop.call_count, "torch": operator.call_count}
    assert counts.pop(elman.explain(layer, x, masks).name) == 2
    assert set(counts.values()) == {0}
