"""A stream has the bits of the layer and its readout, however the sequence comes in, and says what does not fit."""

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
import torch
from cases import EVERY, build, randn

import elman
from elman import InputError, Parameter, State, Stream, cell, sigmoid, tanh


@cell(
    gates="z r n",
    split="n r",
    state="h c d",
    params={"slope": Parameter(1.3, range=(0, None), per="layer"), "leak": Parameter(0.4, range=(0, 1))},
    constants={"tau": 0.7},
)
def three_states(z, r_x, r_h, n_x, n_h, h_prev, c_prev, d_prev, slope, leak, tau):
    """States that are written in another order than they are read."""
    c = tau * d_prev + slope * tanh(n_x + sigmoid(r_x - r_h) * n_h)
    return (1 - leak) * h_prev + leak * tanh(z + c), c, c_prev


CELLS = {name: one for name, one in EVERY.items() if not one.masks} | {"three_states": three_states}
T, I, H, O = 37, 7, 13, 5  # noqa: E741


def network(name, dtype, **options):
    with mock.patch.dict(EVERY, CELLS):
        layer = build(name, I, H, options.pop("num_layers", 2), batch_first=True, dtype=dtype, **options)
    torch.manual_seed(1)
    return layer, elman.Readout(H, O, dtype=dtype)


@torch.no_grad()
def whole(layer, head, x):
    """What the network gives for whole sequences: outputs, and the last state by name."""
    h, state = layer(x, layer.initial_state(len(x)))
    return (h if head is None else head(h)).numpy(), {name: one.numpy() for name, one in state.items()}


def same(a, b):
    assert a.dtype == b.dtype
    return np.array_equal(a, b, equal_nan=True)


def ends(stream, last):
    return all(same(stream.state[name], one) for name, one in last.items())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_bits_of_the_layer_whatever_the_chunks(name, dtype):
    for B in (1, 3, 8):
        layer, head = network(name, dtype, num_layers=1 + B % 3, train_initial_state=B > 1)
        for end in (head, None):
            x = randn(B, T, I, dtype=dtype, seed=B)
            y, last = whole(layer, end, x)
            stream = Stream.from_torch(layer, end, batch_size=B)
            stepped = np.stack([stream.step(x[:, t].numpy()) for t in range(T)], 1)
            assert same(stepped, y)
            assert ends(stream, last)
            for cuts in ((0, T), (0, 1, 2, 9, 30, T)):
                stream.reset()
                found = [stream.step_block(x[:, a:b].numpy()) for a, b in pairwise(cuts)]
                assert same(np.concatenate(found, 1), y)
                assert ends(stream, last)


def test_long_blocks_and_steps_that_are_mixed():
    layer, head = network("lstm", torch.float32)
    x = randn(3, 1000, I)
    y, last = whole(layer, head, x)
    stream, x = Stream.from_torch(layer, head, batch_size=3), x.numpy()
    parts = [stream.step_block(x[:, :517]), stream.step(x[:, 517])[:, np.newaxis], stream.step_block(x[:, 518:])]
    assert same(np.concatenate(parts, 1), y)
    assert ends(stream, last)
    assert stream.step_block(x[:, :0]).shape == (3, 0, O)
    assert ends(stream, last)


def test_one_stream_in_both_shapes_and_other_kinds_of_numbers():
    layer, head = network("gru", torch.float32)
    x = randn(1, 4, I).round()
    y, _ = whole(layer, head, x)
    one, x = Stream.from_torch(layer, head), x[0].numpy()
    assert same(one.step(x[0].astype(np.float64)), y[0, 0])  # (I,)
    assert same(one.step(x[1:2].tolist()), y[:, 1])  # (1, I)
    assert same(one.step_block(x[2:3].astype(int)), y[0, 2:3])  # (n, I)
    assert same(one.step_block(np.asfortranarray(x)[np.newaxis, 3:]), y[:, 3:])  # (1, n, I)


def test_steps_leave_earlier_results_alone():
    layer, _ = network("elman", torch.float32)
    stream = Stream.from_torch(layer)
    first = stream.step(np.ones(I))
    kept, state = first.copy(), stream.state
    before = state["h"].copy()
    stream.step(np.zeros(I))
    assert same(first, kept)
    assert same(state["h"], before)


def test_torch_layers_are_streamed_too():
    for kind, options in (("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {"bias": False}), ("LSTM", {})):
        theirs = getattr(torch.nn, kind)(I, H, 2, batch_first=True, **options)
        linear = torch.nn.Linear(H, O, bias=options == {})
        x = randn(2, T, I)
        with torch.no_grad():
            expected = linear(theirs(x)[0])
        found = Stream.from_torch(theirs, linear, batch_size=2).step_block(x.numpy())
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_network_is_streamed_whole():
    for name in ("elman", "lstm", "gru"):
        network = elman.Network(I, H, O, cell=name)
        x = randn(2, T, I)
        with torch.no_grad():
            expected, _ = network(x)
        assert same(Stream.from_torch(network, batch_size=2).step_block(x.numpy()), expected.numpy())


def test_symbols_are_looked_up():
    layer, head = network("lstm", torch.float32)
    embedding = torch.nn.Embedding(11, I)
    symbols = torch.randint(0, 11, (3, T), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = head(layer(embedding(symbols))[0]).numpy()
    stream, symbols = Stream.from_torch(layer, head, embedding, batch_size=3), symbols.numpy()
    assert same(stream.step(symbols[:, 0]), expected[:, 0])
    assert same(stream.step_block(symbols[:, 1:]), expected[:, 1:])
    one = Stream.from_torch(layer, head, embedding)
    assert same(one.step(int(symbols[0, 0])), expected[0, 0])
    assert same(one.step(symbols[0, 1]), expected[0, 1])
    assert same(one.step_block(symbols[0, 2:]), expected[0, 2:])
    assert repr(one) == "Stream(lstm: 11 symbols -> 7 -> 13 -> 13 -> 5; batch_size=1, float32)"


def test_state_is_taken_and_given_back():
    layer, head = network("lstm", torch.float32)
    x = randn(3, T, I).numpy()
    stream = Stream.from_torch(layer, head, batch_size=3)
    stream.step_block(x[:, :9])
    state = stream.state
    expected = stream.step_block(x[:, 9:])
    other = Stream.from_torch(layer, head, batch_size=3)
    other.state = state
    assert same(other.step_block(x[:, 9:]), expected)
    other.state = State(**{name: torch.from_numpy(one) for name, one in state.items()})
    assert same(other.step_block(x[:, 9:]), expected)
    # One of them begins anew while the others go on.
    other.state = state
    other.reset([1])
    mixed = other.step_block(x[:, 9:])
    assert same(mixed[[0, 2]], expected[[0, 2]])
    fresh = Stream.from_torch(layer, head)
    assert same(mixed[1], fresh.step_block(x[1, 9:]))


def test_reset_goes_back_to_the_trained_start():
    layer, _ = network("lstm", torch.float32, train_initial_state=True)
    stream = Stream.from_torch(layer, batch_size=2)
    start = {name: layer.initial_state(2)[name].detach().numpy() for name in ("h", "c")}
    assert ends(stream, start)
    stream.step(np.ones((2, I)))
    assert not ends(stream, start)
    stream.reset(slice(0, 1))
    assert same(stream.state["c"][0], start["c"][0])
    assert not same(stream.state["c"][1], start["c"][1])


def test_weights_are_copied():
    layer, head = network("elman", torch.float32)
    stream = Stream.from_torch(layer, head)
    before = stream.step(np.ones(I))
    with torch.no_grad():
        for one in [*layer.parameters(), *head.parameters()]:
            one.zero_()
    stream.reset()
    assert same(stream.step(np.ones(I)), before)


def test_copies_go_on_by_themselves():
    layer, head = network("gru", torch.float32)
    stream = Stream.from_torch(layer, head)
    stream.step(np.ones(I))
    copies = [copy.copy(stream), copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))]
    expected = stream.step(np.zeros(I))
    for one in copies:
        assert same(one.step(np.zeros(I)), expected)
    assert same(copies[0].step(np.zeros(I)), stream.step(np.zeros(I)))


def test_nan_goes_through_one_row_only():
    layer, head = network("elman_relu", torch.float32)
    x = randn(3, T, I).numpy()
    clean = Stream.from_torch(layer, head, batch_size=3).step_block(x)
    x[1, 5, 2] = np.nan
    stream = Stream.from_torch(layer, head, batch_size=3)
    found = np.stack([stream.step(x[:, t]) for t in range(T)], 1)
    assert same(found[[0, 2]], clean[[0, 2]])
    assert same(found[1, :5], clean[1, :5])
    assert np.isnan(found[1, 5:]).all()


def test_denormal_numbers_are_kept_where_the_caller_flushes_them():
    layer, head = network("elman", torch.float32)
    x = np.full(I, 1e-40, np.float32)
    with torch.no_grad():
        for one in (*layer.parameters(), head.bias):
            if one.dim() == 1:
                one.zero_()
    expected = Stream.from_torch(layer, head).step(x)
    assert 0 < np.abs(expected).max() < 1e-38
    if torch.set_flush_denormal(True):
        try:
            found = Stream.from_torch(layer, head).step(x)
        finally:
            torch.set_flush_denormal(False)
        assert found.tobytes() == expected.tobytes()


def test_threads_with_a_stream_each():
    layer, head = network("lstm", torch.float32)
    wide = elman.GRU(64, 256)  # whose steps let go of Python's lock
    for module, end, size in ((layer, head, I), (wide, None, 64)):
        x = randn(50, size).numpy()

        def run(module=module, end=end, x=x):
            stream = Stream.from_torch(module, end)
            return np.stack([stream.step(one) for one in x])

        with ThreadPoolExecutor(4) as threads:
            found = [one.result() for one in [threads.submit(run) for _ in range(4)]]
        assert all(same(one, run()) for one in found)


def test_what_does_not_fit_is_said():
    layer, head = network("lstm", torch.float32)
    embedding = torch.nn.Embedding(11, I)
    one, three = Stream.from_torch(layer, head), Stream.from_torch(layer, head, batch_size=3)
    of_symbols = Stream.from_torch(layer, head, embedding)
    for message, call in {
        r"x has shape \(6,\), expected \(7,\) or \(1, 7\)": lambda: one.step(np.zeros(6)),
        r"x has shape \(2, 7\), expected \(3, 7\)": lambda: three.step(np.zeros((2, 7))),
        r"x has shape \(7,\), expected \(n, 7\) or \(1, n, 7\)": lambda: one.step_block(np.zeros(7)),
        "x is complex128, expected numbers that can be float32": lambda: one.step(np.zeros(7, complex)),
        "x is <U1": lambda: one.step(["a"] * 7),
        "no array of numbers": lambda: one.step([[1.0], [1.0, 2.0]]),
        "x has the symbol 11, expected numbers from 0 to 10": lambda: of_symbols.step(11),
        "x has the symbol -1": lambda: of_symbols.step_block([3, -1]),
        "x is float64, expected whole numbers": lambda: of_symbols.step(3.0),
        "x is bool, expected whole numbers": lambda: of_symbols.step(True),
        "batch_size is 0": lambda: Stream.from_torch(layer, batch_size=0),
        "rows goes from 3 to 3": lambda: three.reset([3]),
        "state is a dict": lambda: setattr(one, "state", {}),
        "State of h, but this stream has h, c": lambda: setattr(one, "state", State(h=np.zeros((1, 2, H)))),
        r"h has shape \(3, 2, 13\), expected \(1, 2, 13\)": lambda: setattr(one, "state", three.state),
    }.items():
        with pytest.raises(InputError, match=message):
            call()
    assert same(one.step(np.ones(I)), Stream.from_torch(layer, head).step(np.ones(I)))  # none of that did harm


def test_a_saved_stream_starts_without_torch_or_sympy(tmp_path):
    path = tmp_path / "stream.safetensors"
    stream = Stream.from_torch(torch.nn.RNN(3, 8))
    stream.save(path)
    expected = stream.step(np.ones(3)).tobytes().hex()
    program = (
        "import sys, numpy as np, elman\n"
        f"print(elman.Stream.load({str(path)!r}).step(np.ones(3)).tobytes().hex())\n"
        "print(sorted({'torch', 'sympy', 'numba', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    for _ in range(2):  # the first may compile
        found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert found.stdout.split("\n")[:2] == [expected, "[]"]
