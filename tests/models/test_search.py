"""Search against enumeration of every sequence, and against the same rules written as a plain loop."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from elman.errors import InputError
from elman.models.search import Hypothesis, search
from elman.state import State

START, END = 1, 0


class Table:
    """A decoder whose log-probabilities are read from a table, by source and by all symbols so far."""

    def __init__(self, sources: int, V: int, max_length: int, seed: int, grid: bool = False) -> None:
        generator = torch.Generator().manual_seed(seed)
        shape = (sources, V ** (max_length + 1), V)
        scores = torch.randn(shape, generator=generator, dtype=torch.float64)
        # On a grid of eighths equal scores are frequent, and sums are exact.
        self.log_probs = -(scores.abs() * 8).round() / 8 if grid else scores.log_softmax(-1)
        self.V, self.max_length = V, max_length
        self.steps = 0

    def step(self, ids: Tensor, state: State, memory: State) -> tuple[Tensor, State]:
        """The state counts the symbols so far as a number in base V; the memory says which source it is."""
        self.steps += 1
        first = state["h"][:, 0] < 0
        code = torch.where(first, 0, state["h"][:, 0] * self.V + ids)
        assert bool((ids[first] == START).all())
        # Prefixes of different lengths share a code only through leading zeros, and 0 is the end symbol.
        return self.log_probs[memory["source"], code], State(h=code.unsqueeze(1))

    def run(self, **options: float | Tensor) -> list[list[Hypothesis]]:
        sources = len(self.log_probs)
        state, memory = State(h=torch.full((sources, 1), -1)), State(source=torch.arange(sources))
        start = torch.full((sources,), START)
        options.setdefault("max_length", self.max_length)
        return search(self.step, state, memory, start, end=END, **options)  # type: ignore[arg-type]

    def log_prob(self, source: int, before: tuple[int, ...], symbol: int) -> float:
        code = 0
        for one in before:
            code = code * self.V + one
        return float(self.log_probs[source, code, symbol])

    def total(self, source: int, symbols: tuple[int, ...]) -> float:
        whole = (*symbols, END)
        return sum(self.log_prob(source, whole[:u], symbol) for u, symbol in enumerate(whole))


def by_hand(table: Table, source: int, beam: int, length_penalty: float) -> list[tuple[tuple[int, ...], float]]:
    """The rules of `search` for one source, with lists."""
    going_on: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    finished: list[tuple[tuple[int, ...], float]] = []
    for length in range(table.max_length + 1):
        candidates = [
            (symbols, symbol, total + table.log_prob(source, symbols, symbol))
            for symbols, total in going_on
            for symbol in range(table.V)
            if length < table.max_length or symbol == END
        ]
        candidates.sort(key=lambda one: -one[2])
        finished += [
            (symbols, total / (length + 1) ** length_penalty)
            for symbols, symbol, total in candidates[:beam]
            if symbol == END
        ]
        going_on = [((*symbols, symbol), total) for symbols, symbol, total in candidates if symbol != END][:beam]
        hope = max((total / (length + 1) ** length_penalty for _, total in going_on), default=-math.inf)
        if len(finished) >= beam and (beam == 1 or hope <= max(score for _, score in finished)):
            break
    return sorted(finished, key=lambda one: -one[1])[:beam]


@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(("V", "max_length"), [(2, 5), (3, 3), (4, 3), (5, 2), (3, 0)])
def test_wide_beam_finds_every_sequence_in_order(V: int, max_length: int, length_penalty: float) -> None:
    table = Table(3, V, max_length, seed=V)
    every = [s for n in range(max_length + 1) for s in itertools.product(range(1, V), repeat=n)]
    found = table.run(beam=len(every), length_penalty=length_penalty)
    for source, hypotheses in enumerate(found):
        worth = {s: table.total(source, s) / (len(s) + 1) ** length_penalty for s in every}
        assert [one.symbols for one in hypotheses] == sorted(every, key=lambda s: -worth[s])
        for one in hypotheses:
            assert one.log_probability == pytest.approx(table.total(source, one.symbols), rel=1e-12)
            assert one.score == pytest.approx(worth[one.symbols], rel=1e-12)


@settings(deadline=None, max_examples=100)
@given(
    sources=st.integers(1, 4),
    V=st.integers(2, 5),
    max_length=st.integers(0, 4),
    beam=st.integers(1, 7),
    length_penalty=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 10**6),
)
def test_search_is_the_plain_loop_with_ties(
    sources: int, V: int, max_length: int, beam: int, length_penalty: float, seed: int
) -> None:
    table = Table(sources, V, max_length, seed, grid=True)
    found = table.run(beam=beam, length_penalty=length_penalty)
    assert [[(one.symbols, one.score) for one in of_source] for of_source in found] == [
        by_hand(table, source, beam, length_penalty) for source in range(sources)
    ]


@settings(deadline=None, max_examples=30)
@given(limits=st.lists(st.integers(0, 4), min_size=1, max_size=5), beam=st.integers(1, 5), seed=st.integers(0, 99))
def test_each_source_has_its_own_max_length(limits: list[int], beam: int, seed: int) -> None:
    table = Table(len(limits), 3, 4, seed, grid=True)
    found = table.run(beam=beam, max_length=torch.tensor(limits))
    for source, limit in enumerate(limits):
        table.max_length = limit
        expected = by_hand(table, source, beam, 0.0)
        assert [(one.symbols, one.score) for one in found[source]] == expected


def test_beam_of_one_takes_the_likeliest_symbol_each_time() -> None:
    table = Table(50, 4, 4, seed=1)
    for source, (only,) in enumerate(table.run()):
        symbols: tuple[int, ...] = ()
        while len(symbols) < table.max_length:
            likeliest = max(range(table.V), key=lambda symbol: table.log_prob(source, symbols, symbol))
            if likeliest == END:
                break
            symbols = (*symbols, likeliest)
        assert only.symbols == symbols
        assert only.score == only.log_probability == pytest.approx(table.total(source, symbols))


def test_length_penalty_prefers_longer_sequences() -> None:
    table = Table(20, 3, 4, seed=3)
    lengths = [sum(len(found[0].symbols) for found in table.run(beam=31, length_penalty=p)) for p in (0.0, 1.0, 3.0)]
    assert lengths[0] < lengths[1] < lengths[2]


def test_stops_when_every_source_is_done() -> None:
    table = Table(2, 3, 6, seed=0)
    table.log_probs[...] = torch.tensor([0.9, 0.05, 0.05]).log().double()
    assert [[one.symbols for one in found] for found in table.run()] == [[()], [()]]
    assert table.steps == 1


def test_impossible_sequences_are_left_out() -> None:
    table = Table(1, 3, 2, seed=0)
    table.log_probs[..., 2] = -math.inf
    assert {one.symbols for one in table.run(beam=10)[0]} == {(), (1,), (1, 1)}


def test_no_source() -> None:
    assert Table(0, 3, 2, seed=0).run(beam=2) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": 0}, "beam is 0"),
        ({"max_length": -1}, "max_length is -1"),
        ({"max_length": 2.5}, "max_length is 2.5; it must be a whole number"),
        ({"max_length": 2.0}, "max_length is 2.0"),
        ({"max_length": math.nan}, "max_length is nan"),
        ({"max_length": True}, "max_length is True"),
        ({"max_length": "2"}, "max_length is '2'"),
        ({"max_length": torch.tensor([2.5])}, r"max_length is tensor\(\[2.5"),
    ],
)
def test_refuses_what_cannot_be(options: dict[str, float | Tensor], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Table(1, 3, 2, seed=0).run(**options)


def test_nan_is_an_error() -> None:
    table = Table(2, 3, 2, seed=0)
    table.log_probs[1, 0, 2] = math.nan
    with pytest.raises(InputError, match="NaN"):
        table.run(beam=2)
