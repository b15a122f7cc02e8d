"""What holds for every cell: lengths, state, chunks, padding, input forms, options, and what bad input is told."""

import copy
import json
import math
import re

import numpy as np
import pytest
import torch
from cases import EVERY, EVERY_PATH, build, close, forced, masks_of, randn, states
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import elman
from elman import InputError, State

NAMES = list(EVERY)
every_cell = pytest.mark.parametrize("name", NAMES)
every_path = pytest.mark.parametrize(("name", "path"), EVERY_PATH)
pytestmark = pytest.mark.usefixtures("poisoned_memory")


def backward(output, state, layer, *inputs):
    loss = sum(
        (one * randn(*one.shape, seed=k, dtype=one.dtype)).sum() for k, one in enumerate([output, *states(state)])
    )
    return torch.autograd.grad(loss, [*inputs, *(one for one in layer.parameters())])


@every_path
@pytest.mark.parametrize("step_masks", [True, False])
def test_padded_batch_is_each_sequence_alone(name, path, step_masks):
    layer = build(name, 3, 4, 2, bidirectional=True, dtype=torch.float64)
    lengths = [3, 0, 6, 1, 6, 2]
    x = randn(7, 6, 3, dtype=torch.float64)
    masks = masks_of(layer, 6, 7 if step_masks else None)
    with forced(path):
        output, state = layer(x, lengths=lengths, masks=masks)
        for row, length in enumerate(lengths):
            assert output[length:, row].abs().sum() == 0
            if length:
                alone = masks and {k: m[..., row, :].unsqueeze(-2) for k, m in masks.items()}
                alone = alone and {k: m[:, :length] if step_masks else m for k, m in alone.items()}
                one, last = layer(x[:length, [row]], masks=alone)
                assert close(output[:length, [row]], one)
                assert all(close(a[:, [row]], b) for a, b in zip(states(state), states(last), strict=True))


@every_path
def test_nothing_in_the_padding_reaches_anything(name, path):
    layer = build(name, 3, 4, 2, bidirectional=True)
    lengths = torch.tensor([3, 6, 0, 1])
    masks = masks_of(layer, 4, 7)
    results = []
    for garbage in (0.0, torch.nan, torch.inf):
        x = randn(7, 4, 3)
        for row, length in enumerate(lengths):
            x[length:, row] = garbage
            for mask in (masks or {}).values():
                mask[:, length:, row] = garbage
        x.requires_grad_()
        with forced(path):
            output, state = layer(x, lengths=lengths, masks=masks)
            results.append([output, *states(state), *backward(output, state, layer, x)])
    for result in results[1:]:
        assert all(torch.equal(one, clean) for one, clean in zip(result, results[0], strict=True))
    assert all(one.isfinite().all() for one in results[0])


@every_path
def test_chunks_with_the_state_carried_are_the_whole(name, path):
    layer = build(name, 3, 4, 2, batch_first=True, dtype=torch.float64)
    x, masks = randn(5, 9, 3, dtype=torch.float64), masks_of(layer, 5)
    with forced(path):
        whole, last = layer(x, lengths=[9, 4, 0, 5, 9], masks=masks)
        state, pieces = layer.initial_state(5), []
        for start, stop in ((0, 4), (4, 5), (5, 9)):
            lengths = (torch.tensor([9, 4, 0, 5, 9]) - start).clamp(0, stop - start)
            piece, state = layer(x[:, start:stop], state, lengths, masks)
            assert isinstance(state, State)
            assert state.batch_size == 5
            pieces.append(piece)
    assert close(torch.cat(pieces, 1), whole)
    for ours, one in zip(states(state), states(last), strict=True):
        assert close(ours.transpose(0, 1), one)


@every_path
def test_the_reverse_direction_reads_each_sequence_from_its_own_end(name, path):
    layer = build(name, 3, 4, bidirectional=True, dtype=torch.float64)
    forward = build(name, 3, 4, dtype=torch.float64)
    for one in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", *layer.cell.parameters):
        getattr(forward, f"{one}_l0").data.copy_(getattr(layer, f"{one}_l0_reverse"))
    x, lengths, masks = randn(6, 3, 3, dtype=torch.float64), [6, 2, 4], masks_of(layer, 3)
    flipped = torch.stack([torch.cat([x[:n, k].flip(0), x[n:, k]]) for k, n in enumerate(lengths)], 1)
    with forced(path):
        output, state = layer(x, lengths=lengths, masks=masks)
        back, last = forward(flipped, lengths=lengths, masks=masks and {k: m[1:] for k, m in masks.items()})
    for k, n in enumerate(lengths):
        assert close(output[:n, k, 4:], back[:n, k].flip(0))
    assert all(close(a[1:], b) for a, b in zip(states(state), states(last), strict=True))


@every_cell
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed_in_is_packed_out(name, batch_first, enforce_sorted):
    layer = build(name, 3, 4, 2, bidirectional=True, batch_first=batch_first, return_states=True)
    lengths = torch.tensor([5, 4, 2] if enforce_sorted else [2, 5, 4])
    x = randn(3, 5, 3) if batch_first else randn(5, 3, 3)
    hx = tuple(randn(4, 3, 4, seed=k) for k in range(len(layer.cell.state)))
    masks = masks_of(layer, 3)
    packed = pack_padded_sequence(x, lengths, batch_first, enforce_sorted)
    output, state, every = layer(packed, hx, masks=masks)
    wanted, last, padded = layer(x, hx, lengths, masks)
    again, found = pad_packed_sequence(output, batch_first)
    assert torch.equal(again, wanted)
    assert torch.equal(found, lengths)
    assert all(torch.equal(a, b) for a, b in zip(states(state), states(last), strict=True))
    assert all(torch.equal(every[k], padded[k]) for k in layer.cell.state)
    with pytest.raises(InputError, match="lengths is given with a PackedSequence"):
        layer(packed, hx, lengths)


@every_path
def test_the_state_goes_in_and_out_in_three_forms(name, path):
    layer = build(name, 3, 4, 2, bidirectional=True)
    x, masks = randn(5, 3, 3), masks_of(layer, 3)
    given = [randn(4, 3, 4, seed=k) for k in range(len(layer.cell.state))]
    named = State(**{k: one.transpose(0, 1) for k, one in zip(layer.cell.state, given, strict=True)})
    with forced(path):
        output, state = layer(x, tuple(given), masks=masks)
        assert torch.equal(layer(x, list(given), masks=masks)[0], output)
        same, last = layer(x, named, masks=masks)
        zero, _ = layer(x, masks=masks)
        if len(given) == 1:
            assert torch.equal(layer(x, given[0], masks=masks)[0], output)
    assert isinstance(state, torch.Tensor if len(given) == 1 else tuple)
    assert isinstance(last, State)
    assert torch.equal(same, output)
    assert not torch.allclose(zero, output)
    for one, other in zip(states(state), states(last), strict=True):
        assert one.shape == (4, 3, 4)
        assert torch.equal(one, other.transpose(0, 1))


@every_cell
def test_one_sequence_alone(name):
    layer = build(name, 3, 4, 2, bidirectional=True, batch_first=True, return_states=True)
    x, masks = randn(5, 3), masks_of(layer, 1)
    output, state, every = layer(x, masks=masks)
    batched, last, whole = layer(x[None], masks=masks)
    assert torch.equal(output, batched[0])
    assert all(torch.equal(a, b[:, 0]) for a, b in zip(states(state), states(last), strict=True))
    assert all(torch.equal(every[k], whole[k][:, 0]) for k in layer.cell.state)
    named, goes_on = layer.initial_state(1), None
    output, goes_on, _ = layer(x, named, masks=masks)
    assert torch.equal(output, batched[0])
    assert goes_on.batch_size == 1


@every_cell
@pytest.mark.parametrize(("T", "B"), [(0, 3), (4, 0), (0, 0)])
def test_no_steps_and_no_sequences(name, T, B):
    layer = build(name, 3, 4, 2, bidirectional=True, return_states=True)
    x = torch.ones(T, B, 3, requires_grad=True)
    hx = tuple(randn(4, B, 4, seed=k) for k in range(len(layer.cell.state)))
    for lengths in (None, [0] * B):
        output, state, every = layer(x, hx, lengths, masks_of(layer, B, T))
        assert output.shape == (T, B, 8)
        assert every["h"].shape == (4, T, B, 4)
        if T == 0:
            assert all(torch.equal(a, b) for a, b in zip(states(state), hx, strict=True))
    (output.sum() + sum(one.sum() for one in states(state))).backward()


@every_path
def test_input_that_is_not_contiguous(name, path):
    layer = build(name, 3, 4, batch_first=True)
    wide = randn(6, 5, 10)
    x, masks = wide[::2, :, 1::3], masks_of(layer, 3)
    assert not x.is_contiguous()
    with forced(path):
        assert torch.equal(
            layer(x, lengths=[5, 2, 3], masks=masks)[0], layer(x.contiguous(), None, [5, 2, 3], masks)[0]
        )


@every_path
def test_backward_twice_gives_the_same_gradients(name, path):
    layer = build(name, 3, 4, 2, bidirectional=True)
    x = randn(5, 3, 3, requires_grad=True)
    with forced(path):
        output, _ = layer(x, lengths=[5, 0, 3], masks=masks_of(layer, 3))
    loss = output.square().sum()
    first = torch.autograd.grad(loss, [x, *layer.parameters()], retain_graph=True)
    second = torch.autograd.grad(loss, [x, *layer.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@every_path
def test_return_states_is_what_running_step_by_step_gives(name, path):
    layer = build(name, 3, 4, 3, dropout=0.9, return_states=True, batch_first=True, dtype=torch.float64).eval()
    x, masks = randn(2, 5, 3, dtype=torch.float64), masks_of(layer, 2)
    context = forced("reference") if path == "torch" and len(layer.cell.state) > 1 else forced(path)
    with context:
        output, _, every = layer(x, lengths=[5, 3], masks=masks)
        state = layer.initial_state(2)
        assert list(every) == list(layer.cell.state)
        for t in range(5):
            _, state, _ = layer(x[:, [t]], state, masks=masks)
            for k in layer.cell.state:
                assert close(every[k][:, 0, t], state[k][0])
                if t < 3:
                    assert close(every[k][:, 1, t], state[k][1])
    assert all(every[k][:, 1, 3:].abs().max() == 0 for k in layer.cell.state)
    assert torch.equal(every["h"][-1], output)


@every_path
def test_a_trained_initial_state_is_used_and_learns(name, path):
    layer = build(name, 3, 4, 2, bidirectional=True, train_initial_state=True)
    x, masks = randn(5, 3, 3), masks_of(layer, 3)
    starts = [getattr(layer, f"{k}_0") for k in layer.cell.state]
    assert all(one.shape == (4, 4) for one in starts)
    with forced(path):
        output, state = layer(x, lengths=[5, 0, 2], masks=masks)
        given, _ = layer(x, tuple(one[:, None].expand(4, 3, 4) for one in starts), [5, 0, 2], masks)
        zeros, _ = layer(x, tuple(torch.zeros(4, 3, 4) for _ in starts), [5, 0, 2], masks)
    assert torch.equal(output, given)
    assert not torch.allclose(output, zeros)
    assert all(torch.equal(one[:, 1], start) for one, start in zip(states(state), starts, strict=True))
    output.sum().backward()
    assert all(one.grad.abs().max() > 0 for one in starts)
    assert elman.RNN(3, 4, train_initial_state=True).h_0.abs().max() == 0


def test_every_other_option_changes_something():
    x = randn(5, 3, 3)

    def output(**options):
        torch.manual_seed(0)
        layer = elman.GRU(3, 4, **{"num_layers": 2, **options})
        torch.manual_seed(1)
        return layer(x)[0]

    plain = output()
    assert output(num_layers=1).shape == plain.shape
    for options in (
        {"num_layers": 1},
        {"bias": False},
        {"batch_first": True},
        {"dropout": 0.5},
        {"init": "orthogonal"},
    ):
        assert not torch.allclose(output(**options), plain)
    both = elman.Recurrent("lstm", 3, 4, 2, bidirectional=True)
    one = elman.Recurrent("lstm", 3, 4, 2, bidirectional=True, single_bias=True)
    both.load_state_dict({k: one.state_dict().get(k, torch.zeros_like(v)) for k, v in both.state_dict().items()})
    assert [k for k in both.state_dict() if k not in one.state_dict()] == [
        k for k in both.state_dict() if "bias_hh" in k
    ]
    assert torch.equal(one(x)[0], both(x)[0])
    assert [len(weights) for weights in one.all_weights] == [3] * 4
    assert output(bidirectional=True).shape == (5, 3, 8)
    assert output(dtype=torch.float32).dtype == torch.float32
    assert elman.GRU(3, 4, device="meta").weight_hh_l0.is_meta
    assert elman.GRU(3, 4, dtype=torch.float64).bias_hh_l0.dtype == torch.float64
    torch.manual_seed(0)
    tanh, rectified = elman.RNN(3, 4), elman.RNN(3, 4, nonlinearity="relu")
    rectified.load_state_dict(tanh.state_dict())
    assert not torch.allclose(tanh(x)[0], rectified(x)[0])


@every_cell
def test_masks_parameters_and_constants_are_read(name):
    layer = build(name, 3, 4, dtype=torch.float64)
    x, masks = randn(5, 3, 3, dtype=torch.float64), masks_of(layer, 3)
    before, _ = layer(x, masks=masks)
    for one in layer.cell.parameters:
        changed = copy.deepcopy(layer)
        getattr(changed, f"{one}_l0").data.add_(0.5)
        assert not torch.allclose(changed(x, masks=masks)[0], before)
    for one in layer.cell.masks:
        assert not torch.allclose(layer(x, masks={**masks, one: 1 - masks[one]})[0], before)
        by_step = masks[one].unsqueeze(1).expand(1, 5, 3, 4).clone()
        assert torch.equal(layer(x, masks={**masks, one: by_step})[0], before)
        by_step[:, 3] = 1 - by_step[:, 3]
        after = layer(x, masks={**masks, one: by_step})[0]
        assert torch.equal(after[:3], before[:3])
        assert not torch.allclose(after[3:], before[3:])


@every_cell
def test_copies_and_saved_weights_give_the_same_bits(name, tmp_path):
    layer = build(name, 3, 4, 2, bidirectional=True, train_initial_state=True)
    x, masks = randn(5, 3, 3), masks_of(layer, 3)
    wanted = layer(x, masks=masks)[0]
    assert torch.equal(copy.deepcopy(layer)(x, masks=masks)[0], wanted)
    torch.save(layer.state_dict(), tmp_path / "weights.pt")
    other = elman.Recurrent(EVERY[name], 3, 4, 2, bidirectional=True, train_initial_state=True)
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert torch.equal(other(x, masks=masks)[0], wanted)
    again = elman.Recurrent(
        elman.Cell.from_config(layer.cell.to_config()), 3, 4, 2, bidirectional=True, train_initial_state=True
    )
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again(x, masks=masks)[0], wanted)


@every_cell
def test_functional_call_and_parametrization_replace_the_parameters(name):
    layer = build(name, 3, 4, train_initial_state=True)
    x, masks = randn(5, 3, 3), masks_of(layer, 3)
    other = {k: v.detach() * 0.5 for k, v in layer.named_parameters()}
    result = torch.func.functional_call(layer, other, (x,), {"masks": masks})[0]
    torch.nn.utils.parametrize.register_parametrization(layer, "weight_hh_l0", Half())
    assert not torch.allclose(layer(x, masks=masks)[0], result)
    plain = build(name, 3, 4, train_initial_state=True)
    plain.load_state_dict(other)
    assert torch.equal(plain(x, masks=masks)[0], result)


class Half(torch.nn.Module):
    def forward(self, weight):
        return weight / 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lstn", 3, 4), "cell is 'lstn', expected a cell or one of elman, elman_relu, lstm"),
        (("lstm", 0, 4), "input_size is 0, expected a whole number of at least 1"),
        (("lstm", 3, 4.0), r"hidden_size is 4\.0, expected a whole number"),
        (("lstm", 3, 4, 0), "num_layers is 0"),
        (("lstm", 3, True), "hidden_size is True"),
        (("lstm", 3, 4, 2, True, False, 1.5), r"dropout is 1\.5, expected a probability"),
        (("lstm", 3, 4, 2, True, False, "0.1"), r"dropout is '0\.1', expected a probability"),
        (("lstm", 3, 4, 2, True, False, 0.1, "no"), "bidirectional is 'no', expected True or False"),
        (("lstm", 3, 4, 2, None), "bias is None, expected True or False"),
    ],
)
def test_wrong_sizes_are_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        elman.Recurrent(*arguments)


def test_wrong_options_are_refused():
    with pytest.raises(InputError, match=r"proj_size is 2, expected 0: put a torch\.nn\.Linear behind"):
        elman.LSTM(3, 4, proj_size=2)
    with pytest.raises(InputError, match="nonlinearity is 'sin', expected 'tanh' or 'relu'"):
        elman.RNN(3, 4, nonlinearity="sin")
    with pytest.raises(InputError, match="init is 'xavier', expected one of torch, orthogonal, identity"):
        elman.RNN(3, 4, init="xavier")
    with pytest.raises(InputError, match=r"init='identity' is for cells with one gate.*use init='orthogonal'"):
        elman.LSTM(3, 4, init="identity")
    with pytest.warns(UserWarning, match=r"dropout=0\.5 has no effect with num_layers=1"):
        elman.GRU(3, 4, dropout=0.5)
    one = elman.cell(gates="z", params="k")(lambda z, h_prev, k: z + k)
    one = elman.Cell.from_config(json.loads(one.text.replace('"k"', '"bias_ih"')))
    with pytest.raises(InputError, match="has a parameter 'bias_ih', as the layer does: rename it"):
        elman.Recurrent(one, 3, 4)


X, H0 = torch.zeros(5, 2, 3), torch.zeros(1, 2, 4)
STATE_OF_ARRAYS = State(h=np.zeros((2, 1, 4), np.float32), c=np.zeros((2, 1, 4), np.float32))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1.0]],), "input is a list, expected a tensor or a PackedSequence"),
        ((torch.zeros(3),), "input has 1 dimensions, expected 3, or 2 for one sequence alone"),
        ((torch.zeros(1, 5, 2, 3),), "input has 4 dimensions"),
        ((torch.zeros(5, 2, 7),), "input has 7 features, but this LSTM was built with input_size=3"),
        ((X.double(),), r"input is torch\.float64, but the weights are torch\.float32: convert one"),
        ((X.to("meta"),), "input is on meta, but the weights on cpu: move one with"),
        ((X.long(),), r"input is torch\.int64, but the weights"),
        ((X, H0), "hx has 1 tensor.s., expected 2: h, c"),
        ((X, (H0, H0, H0)), "hx has 3 tensor.s., expected 2: h, c"),
        ((X, (H0, H0[:, :1])), re.escape("hx: c has shape (1, 1, 4), expected (1, 2, 4): layers x directions, batch")),
        ((X, (H0.double(), H0)), r"hx: h is torch\.float64, but the weights are torch\.float32"),
        ((X, State(h=H0.transpose(0, 1))), "hx is a State of h, but this layer has h, c"),
        ((X[:, 0], (H0, H0)), "hx: h has shape"),
        ((X, None, [5, 6]), "lengths has 6, expected numbers from 0 to 5, the time steps of the input"),
        ((X, None, [-1, 5]), "lengths has -1, expected numbers from 0 to 5"),
        ((X, None, [5]), r"lengths has shape \(1,\) .* one for each of the 2 sequences"),
        ((X, None, [5.0, 4.0]), r"dtype torch\.float32, expected whole numbers"),
        ((X, None, 5), r"lengths has shape \(\)"),
        (
            (X, None, "52"),
            "lengths is a str that cannot be read as numbers, expected whole numbers, one for each of the 2",
        ),
        ((X, None, ["5", "2"]), "lengths is a list that cannot be read as numbers"),
        ((X, None, [None, 2]), "lengths is a list that cannot be read as numbers"),
        ((X, None, [True, True]), r"dtype torch\.bool, expected whole numbers"),
        ((X, None, [5j, 2]), r"dtype torch\.complex64, expected whole numbers"),
        (
            (X, (None, None)),
            r"hx: h is a NoneType, expected a tensor; hx is None for the start, a tuple of tensors \(h, c",
        ),
        ((X, {"h": H0, "c": H0}), r"hx is a dict, expected None for the start, a tuple of tensors \(h, c\) or a State"),
        ((X, 0), "hx is a int, expected None"),
        ((X, H0.numpy()), "hx is a ndarray, expected None"),
        ((X, (H0.numpy(), H0)), "hx: h is a ndarray, expected a tensor"),
        (
            (X, STATE_OF_ARRAYS),
            r"hx is a State of NumPy arrays, .*: a file gives it with State\.load\(path, like=tensor\)",
        ),
        (
            (X, State(h=H0, c=H0)),
            re.escape("hx: h has shape (1, 2, 4), expected (2, 1, 4): batch, layers x directions"),
        ),
        ((X, State(h=torch.zeros(2), c=torch.zeros(2))), r"hx: h has shape \(2,\), expected \(2, 1, 4\)"),
        ((X, (H0.to("meta"), H0)), "hx: h is on meta, but the input on cpu: move one with"),
        ((X[:, 0], (H0, H0)), r"hx: h has shape \(1, 2, 4\), expected \(1, 4\): layers x directions, hidden_size"),
        ((X, None, None, X), r"masks is a Tensor, expected a dict of tensors: \[\]"),
        ((X[:, 0], None, [5]), "lengths is given with one sequence alone: cut the sequence to its length"),
        ((X, None, None, {"keep": X}), r"masks has \['keep'\], but the cell 'lstm' has \[\]"),
    ],
)
def test_bad_input_is_told_what_is_wrong_and_what_was_expected(arguments, words):
    with pytest.raises(InputError, match=words) as caught:
        elman.LSTM(3, 4)(*arguments)
    assert "\n" not in str(caught.value)


def test_wrong_masks_are_refused():
    layer = build("rich", 3, 4)
    with pytest.raises(InputError, match=r"masks has \[\], but the cell 'rich' has \['keep'\]"):
        layer(X)
    with pytest.raises(InputError, match=re.escape("mask 'keep' has shape (2, 4), expected (1, 2, 4) or (1, 5, 2, 4)")):
        layer(X, masks={"keep": torch.zeros(2, 4)})
    for keep, words in (
        (H0.numpy(), "mask 'keep' is a ndarray, expected a tensor"),
        (H0.long(), r"mask 'keep' is torch\.int64, expected torch\.bool, or torch\.float32 as the input: mask\.to\("),
        (H0.double(), r"mask 'keep' is torch\.float64, expected"),
        (H0.to("meta"), "mask 'keep' is on meta, but the input on cpu: move one with"),
    ):
        with pytest.raises(InputError, match=words):
            layer(X, masks={"keep": keep})


def test_masks_of_true_and_false_are_of_one_and_zero():
    layer, x = build("rich", 3, 4, dtype=torch.float64), randn(5, 2, 3, dtype=torch.float64)
    keep = masks_of(layer, 2)["keep"]
    assert torch.equal(layer(x, masks={"keep": keep.bool()})[0], layer(x, masks={"keep": keep})[0])


def test_numbers_of_a_cell_stay_in_their_range():
    layer = elman.Recurrent(EVERY["rich"], 3, 4, 2, bidirectional=True)
    values = layer.cell_parameters(1, reverse=True)
    torch.testing.assert_close(values["slope"], torch.full((1,), 1.3))
    torch.testing.assert_close(values["leak"], torch.full((4,), 0.4))
    with torch.no_grad():
        layer.leak_l1_reverse.fill_(-50)
        layer.slope_l1_reverse.fill_(-5)
    values = layer.cell_parameters(1, reverse=True)
    assert 0 <= values["leak"].min() < 1e-10
    assert 0 < values["slope"].item() < 0.01


def test_constants_keep_the_precision_of_the_layer():
    one = elman.cell(gates="z", constants={"k": 0.1})(lambda z, h_prev, k: elman.where(z < 0, 0.1, 0.3) + elman.exp(k))
    layer = elman.Recurrent(one, 1, 1, bias=False, dtype=torch.float64)
    output, _ = layer(torch.zeros(1, 1, 1, dtype=torch.float64))
    assert output.dtype == torch.float64
    assert output.item() == pytest.approx(0.3 + math.exp(0.1), rel=1e-15)
