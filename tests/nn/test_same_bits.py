"""A row's result is the same, bit for bit, whatever the batch, padding, chunks, threads and the caller's mode.

Forward, the bits of NaN are compared too. Gradients are the same for any number of threads and from run to run, but
one NaN may stand for another there: which of two goes on is up to the instruction.
"""

import random
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import pytest
import torch
from cases import EVERY, build, randn
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

import elman
import elman.kernels.plan
from elman.kernels.target import host

pytestmark = pytest.mark.skipif(not host().has_fma, reason="kernels need fma")
every_cell = pytest.mark.parametrize("name", EVERY)
every_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])

CASES = 56
"""For each cell and dtype, 1,008 in all; in a long run ten times as many."""

SIZES = [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 65]
TINY = {torch.float32: 1e-20, torch.float64: 1e-155}


class Row(NamedTuple):
    """One sequence. Shape: x (n, I); state (L*D, H) for each state; masks (L*D, n, H) for each mask."""

    x: Tensor
    state: list[Tensor]
    masks: list[Tensor]

    def cut(self, start: int, stop: int, state: list[Tensor]) -> "Row":
        return Row(self.x[start:stop], state, [mask[:, start:stop] for mask in self.masks])


class Case:
    """A layer and rows for it, drawn from a seed."""

    def __init__(self, name, dtype, seed):
        self.draw = draw = random.Random(f"{name} {dtype} {seed}")
        sizes = [draw.choice(SIZES), draw.choice(SIZES), draw.choice([1, 1, 2])]
        self.layer = build(
            name, *sizes, seed=seed, dtype=dtype, bias=draw.random() < 0.8, bidirectional=draw.random() < 0.25,
            batch_first=draw.random() < 0.5, return_states=True,
        )  # fmt: skip
        self.longest = draw.randint(1, 12)
        kind = draw.choice(["plain", "plain", "large", "tiny", "special"])
        self.of_x, self.of_state = {"large": (30.0, 30.0), "tiny": (TINY[dtype], TINY[dtype] ** 2)}.get(
            kind, (1.0, 1.0)
        )
        self.special = kind == "special"
        if kind == "tiny":  # what is added up are denormals
            with torch.no_grad():
                for k, parameter in self.layer.named_parameters():
                    parameter.mul_(self.of_x if "weight_ih" in k else self.of_state if "bias" in k else 1.0)
        ragged = draw.random() < 0.6
        lengths = [draw.randint(0, self.longest) if ragged else self.longest for _ in range(draw.randint(1, 20))]
        self.rows = [self.row(length) for length in lengths]

    def row(self, length: int) -> Row:
        layer, seed = self.layer, self.draw.randrange(2**30)
        shape, dtype = (layer.num_layers * layer.num_directions, layer.hidden_size), layer.weight_hh_l0.dtype
        x = randn(length, layer.input_size, seed=seed, dtype=dtype) * self.of_x
        state = [randn(*shape, seed=seed + 1 + k, dtype=dtype) * self.of_state for k in range(len(layer.cell.state))]
        masks = [
            randn(shape[0], length, shape[1], seed=seed + 9, dtype=dtype).gt(0).to(dtype) for _ in layer.cell.masks
        ]
        if self.special:
            for one in (x, state[0]):
                if one.numel() and self.draw.random() < 0.3:
                    value = self.draw.choice([torch.nan, -torch.nan, torch.inf, -torch.inf, 0.0, -0.0, 1e30])
                    one.view(-1)[self.draw.randrange(one.numel())] = value
        return Row(x, state, masks)

    def run(self, rows: list[Row], T: int | None = None) -> list[list[Tensor]]:
        """For each row its outputs, its states at every step and its last states, of one call with all rows."""
        layer = self.layer
        lengths = [len(row.x) for row in rows]
        T = max(lengths) if T is None else T
        x = torch.full((T, len(rows), layer.input_size), torch.nan, dtype=rows[0].x.dtype)
        masks = {
            one: x.new_full((rows[0].state[0].shape[0], T, len(rows), layer.hidden_size), 0.5)
            for one in layer.cell.masks
        }
        for b, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            x[:length, b] = row.x
            for one, mask in zip(masks.values(), row.masks, strict=True):
                one[:, :length, b] = mask
        hx = tuple(torch.stack([row.state[k] for row in rows], 1) for k in range(len(layer.cell.state)))
        x = x.transpose(0, 1) if layer.batch_first else x
        output, last, every = layer(x, hx, None if set(lengths) == {T} else lengths, masks)
        output = output.transpose(0, 1) if layer.batch_first else output
        every = [one.transpose(1, 2) if layer.batch_first else one for one in every.values()]
        last = [last] if isinstance(last, Tensor) else last
        return [
            [output[:n, b], *(one[:, :n, b] for one in every), *(one[:, b] for one in last)]
            for b, n in enumerate(lengths)
        ]

    def in_chunks(self, rows: list[Row], cuts: list[int]) -> list[list[Tensor]]:
        """As `run`, but from each cut to the next in a call of its own, with the state carried over."""
        n_states, states, pieces = len(self.layer.cell.state), [row.state for row in rows], [[] for _ in rows]
        for start, stop in pairwise(cuts):
            chunk = [row.cut(start, stop, state) for row, state in zip(rows, states, strict=True)]
            for b, found in enumerate(self.run(chunk, stop - start)):
                pieces[b].append(found[:-n_states])
                states[b] = found[-n_states:]
        return [
            [torch.cat(piece, -2) for piece in zip(*found, strict=True)] + state
            for found, state in zip(pieces, states, strict=True)
        ]


def same_bits(ours: list[list[Tensor]], wanted: list[list[Tensor]]) -> bool:
    for found, truth in zip(ours, wanted, strict=True):
        for one, other in zip(found, truth, strict=True):
            integer = torch.int32 if one.dtype == torch.float32 else torch.int64
            one, other = one.detach().contiguous().view(integer), other.detach().contiguous().view(integer)
            if not torch.equal(one, other):
                return False
    return True


def of_one_nan(one: Tensor) -> Tensor:
    return torch.where(one.isnan(), torch.nan, one)


def each_alone(case):
    chosen = case.draw.sample(range(len(case.rows)), min(4, len(case.rows)))
    return [found for k in chosen for found in case.run([case.rows[k]])], chosen


def among_others(case):
    """In another order, some left out, with rows that were not there, and with more padding."""
    chosen = case.draw.sample(range(len(case.rows)), case.draw.randint(1, len(case.rows)))
    places = [k if case.draw.random() < 0.7 else None for k in chosen]
    rows = [case.row(case.draw.randint(0, case.longest + 3)) if k is None else case.rows[k] for k in places]
    longest = max(len(row.x) for row in rows)
    found = case.run(rows, longest + case.draw.choice([0, 0, 1, 5]) if longest else 2)
    return [one for one, k in zip(found, places, strict=True) if k is not None], [k for k in places if k is not None]


def in_chunks(case):
    cuts = [0, *sorted(case.draw.randint(0, case.longest) for _ in range(3)), case.longest]
    return case.in_chunks(case.rows, cuts), range(len(case.rows))


def step_by_step(case):
    return case.in_chunks(case.rows, list(range(case.longest + 1))), range(len(case.rows))


def step_by_step_alone(case):
    k = case.draw.randrange(len(case.rows))
    return case.in_chunks([case.rows[k]], list(range(len(case.rows[k].x) + 1))), [k] if len(case.rows[k].x) else []


def by_two_threads(case):
    torch.set_num_threads(2)
    try:
        return case.run(case.rows), range(len(case.rows))
    finally:
        torch.set_num_threads(1)


def with_denormals_flushed(case):
    torch.set_flush_denormal(True)
    try:
        return case.run(case.rows), range(len(case.rows))
    finally:
        torch.set_flush_denormal(False)


def with_gradients(case):
    with torch.enable_grad():
        found = case.run(case.rows)
        assert found[0][0].requires_grad
        return found, range(len(case.rows))


def after_another_call(case):
    """Whose numbers are left in memory that is used again."""
    other = Case(case.draw.choice(list(EVERY)), case.rows[0].x.dtype, case.draw.randrange(2**30))
    other.run(other.rows)
    return case.run(case.rows), range(len(case.rows))


def packed(case):
    chosen = [k for k, row in enumerate(case.rows) if len(row.x)]  # torch packs no empty sequence
    rows, layer = [case.rows[k] for k in chosen], case.layer
    if not rows or layer.cell.masks:
        return [], []
    x = pack_sequence([row.x for row in rows], enforce_sorted=False)
    hx = tuple(torch.stack([row.state[k] for row in rows], 1) for k in range(len(layer.cell.state)))
    output, last, every = layer(x, hx)
    output, lengths = pad_packed_sequence(output)
    every = [one.transpose(1, 2) if layer.batch_first else one for one in every.values()]
    last = [last] if isinstance(last, Tensor) else last
    return [
        [output[:n, b], *(one[:, :n, b] for one in every), *(one[:, b] for one in last)]
        for b, n in enumerate(lengths.tolist())
    ], chosen


CHUNKED = [in_chunks, step_by_step, step_by_step_alone]
VARIATIONS = [
    each_alone,
    among_others,
    by_two_threads,
    with_denormals_flushed,
    with_gradients,
    after_another_call,
    packed,
    *CHUNKED,
]


@pytest.fixture
def threads_for_little_work(monkeypatch):
    """So that small layers are shared by threads too, down to single rows."""
    monkeypatch.setattr(elman.kernels.plan, "_SERIAL_FLOPS", 0)
    monkeypatch.setattr(elman.kernels.plan, "_ROWS_OF_A_THREAD", 1)
    elman.kernels.plan.plan.cache_clear()
    yield
    elman.kernels.plan.plan.cache_clear()


@every_dtype
@every_cell
@pytest.mark.usefixtures("threads_for_little_work")
def test_forward_of_a_row(name, dtype, is_long):
    denormals = 0
    for seed in range(CASES * (10 if is_long else 1)):
        case = Case(name, dtype, seed)
        with torch.no_grad():
            wanted = case.run(case.rows)
            for variation in VARIATIONS:
                if variation in CHUNKED and case.layer.bidirectional:
                    continue
                found, numbers = variation(case)
                found = found if len(numbers) else []
                assert same_bits(found, [wanted[k] for k in numbers]), (variation.__name__, seed, case.layer)
        denormals += sum(int(((y != 0) & (y.abs() < torch.finfo(dtype).tiny)).sum()) for y, *_ in wanted)
    assert denormals > 100 or name == "logarithmic"


@every_dtype
@every_cell
@pytest.mark.usefixtures("threads_for_little_work")
def test_gradients_for_any_number_of_threads_and_from_run_to_run(name, dtype, is_long):
    for seed in range(8 * (10 if is_long else 1)):
        case = Case(name, dtype, seed)
        leaves = [one.requires_grad_() for row in case.rows for one in (row.x, *row.state)] + list(
            case.layer.parameters()
        )
        results = []
        for threads in (1, 2, 2, 1):
            torch.set_num_threads(threads)
            try:
                found = [one for row in case.run(case.rows) for one in row]
                weights = [randn(*one.shape, seed=k, dtype=dtype) for k, one in enumerate(found)]
                results.append(torch.autograd.grad(found, leaves, weights, allow_unused=True))
            finally:
                torch.set_num_threads(1)
        results = [[torch.zeros(()) if one is None else of_one_nan(one) for one in result] for result in results]
        assert all(same_bits([result], [results[0]]) for result in results[1:]), (seed, case.layer)


@every_cell
def test_large_batches_are_shared_by_threads_without_being_asked(name):
    """At sizes where a call is shared by two threads of itself: blocks of time, groups of rows, parts of gradients."""
    layer = build(name, 24, 96, 2, bidirectional=True)
    x = randn(40, 24, 24, requires_grad=True)
    lengths = [40 - (7 * b) % 41 for b in range(24)]
    masks = {one: randn(4, 40, 24, 96, seed=9).gt(0).float() for one in layer.cell.masks}
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            output, _ = layer(x, lengths=lengths, masks=masks)
            gradients = torch.autograd.grad(output, [x, *layer.parameters()], randn(*output.shape, seed=3))
            results.append([[output, *gradients]])
        finally:
            torch.set_num_threads(1)
    assert same_bits(*results)


@every_dtype
@pytest.mark.parametrize("name", [name for name, cell in EVERY.items() if not cell.masks])  # a network gives none
def test_a_network_with_its_output_layer(name, dtype):
    for B, I, H, O in ((1, 1, 1, 1), (5, 3, 17, 2), (70, 9, 33, 41)):  # noqa: E741
        net = elman.Network(I, H, O, EVERY[name]).to(dtype)
        x = randn(B, 6, I, dtype=dtype)
        y, last = net(x)
        for b in {0, B // 2, B - 1}:
            alone, state = net(x[[b]])
            assert same_bits([[alone[0], state["h"][0]]], [[y[b], last["h"][b]]])
            pieces, state = [], None
            for t in range(6):
                piece, state = net(x[[b], t : t + 1], state)
                pieces.append(piece)
            assert same_bits([[torch.cat(pieces, 1)[0], state["h"][0]]], [[y[b], last["h"][b]]])


def chain(start: float, factors: list[tuple[float, float]]) -> float:
    """`start` and the products added one after another, each product and sum rounded once, as a fraction can be."""
    total = start
    for a, b in factors:
        total = float(Fraction(a) * Fraction(b) + Fraction(total))
    return total


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(("I", "H"), [(1, 1), (5, 3), (9, 17)])
def test_a_pre_activation_is_one_chain_of_bias_input_and_state(split, I, H):  # noqa: E741
    """The chain that a step, a chunk and a batch can all keep to."""
    apart = elman.cell(gates="z", split="z")(lambda z_x, z_h, h_prev: z_x - z_h)
    whole = elman.cell(gates="z")(lambda z, h_prev: z)
    layer = elman.Recurrent(apart if split else whole, I, H, dtype=torch.float64)
    x, h = randn(3, 2, I, dtype=torch.float64), randn(1, 2, H, seed=1, dtype=torch.float64)
    output, _ = layer(x, h)
    W_ih, W_hh, b_ih, b_hh = (one.tolist() for one in layer.parameters())
    for b in range(2):
        state = h[0, b].tolist()
        for t in range(3):
            from_x = [list(zip(row, x[t, b].tolist(), strict=True)) for row in W_ih]
            from_h = [list(zip(row, state, strict=True)) for row in W_hh]
            if split:
                state = [chain(b_ih[j], from_x[j]) - chain(b_hh[j], from_h[j]) for j in range(H)]
            else:
                state = [chain(b_ih[j] + b_hh[j], from_x[j] + from_h[j]) for j in range(H)]
            assert output[t, b].tolist() == state
