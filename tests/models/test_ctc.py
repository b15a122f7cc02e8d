"""CTC against every path there is: the loss, the beam, the alignment; and language models that are tables."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
import torch

from elman.errors import InputError
from elman.models.ctc import collapsed, ctc_loss, steps_needed, steps_needed_by_each
from elman.models.ctc_alignment import aligned
from elman.models.ctc_search import GreedySearch, PrefixSearch
from elman.models.search import Hypothesis


def outputs(T: int, V: int, seed: int, sharp: float = 1.0) -> np.ndarray:
    scores = sharp * np.random.default_rng(seed).standard_normal((T, V))
    found: np.ndarray = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    return found


def brute(log_probabilities: np.ndarray) -> dict[tuple[int, ...], float]:
    """The log-probability of each text: the sum over all V^T paths."""
    T, V = log_probabilities.shape
    found: defaultdict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(V), repeat=T):
        text = tuple(symbol for symbol, _ in itertools.groupby(path) if symbol)
        found[text] += math.exp(sum(log_probabilities[t, k] for t, k in enumerate(path)))
    return {text: math.log(p) for text, p in found.items()}


class Bigrams:
    """A language model that knows the last symbol alone."""

    def __init__(self, table: np.ndarray, last: np.ndarray | None = None) -> None:
        self._table, self._last = table, np.zeros(1, int) if last is None else last
        self.log_probabilities = table[self._last]

    def follow(self, parents: np.ndarray, symbols: np.ndarray) -> "Bigrams":
        return Bigrams(self._table, np.where(symbols == 0, self._last[parents], symbols))

    def of(self, text: tuple[int, ...]) -> float:
        """The log-probability of a whole text, its end included."""
        return float(sum(self._table[a, b] for a, b in itertools.pairwise((0, *text, 0))))


def test_the_loss_is_that_of_all_paths() -> None:
    log_probabilities = outputs(5, 4, 0)
    scores = torch.tensor(log_probabilities).unsqueeze(0) + 3.0
    for text, expected in brute(log_probabilities).items():
        target = torch.tensor([text], dtype=torch.int64).view(1, -1)
        found = ctc_loss(scores, torch.tensor([5]), target, torch.tensor([len(text)]))
        assert found.item() == pytest.approx(-expected, rel=1e-9)


def test_the_loss_of_a_batch_is_its_sum_and_the_same_each_time() -> None:
    scores = torch.randn(3, 7, 4, dtype=torch.float64, requires_grad=True)
    lengths, targets = torch.tensor([7, 4, 6]), torch.tensor([[1, 1, 2], [3, 0, 0], [0, 0, 0]])
    sizes = torch.tensor([3, 1, 0])

    def gradient() -> torch.Tensor:
        return torch.autograd.grad(ctc_loss(scores, lengths, targets, sizes), scores)[0]

    alone = [
        ctc_loss(scores[k : k + 1, :T], torch.tensor([T]), targets[k : k + 1, :U], torch.tensor([U]))
        for k, (T, U) in enumerate(zip(lengths.tolist(), sizes.tolist(), strict=True))
    ]
    torch.testing.assert_close(ctc_loss(scores, lengths, targets, sizes), sum(alone))
    assert gradient().equal(gradient())
    assert (gradient()[1, 4:] == 0).all()  # past its end
    small = scores.detach()[:, :5].requires_grad_()
    short = torch.tensor([5, 4, 5])
    assert torch.autograd.gradcheck(lambda x: ctc_loss(x, short, targets, sizes), (small,))


def test_a_text_fits_its_steps_just_if_some_path_spells_it() -> None:
    for T in range(1, 5):
        spelt = set(brute(outputs(T, 3, T)))
        for U in range(6):
            for text in itertools.product((1, 2), repeat=U):
                assert (text in spelt) == (steps_needed(np.array(text, int)) <= T)


def test_a_path_collapses_to_its_text() -> None:
    for path in itertools.product(range(3), repeat=5):
        assert collapsed(path).tolist() == [symbol for symbol, _ in itertools.groupby(path) if symbol]


def ranked(found: list[Hypothesis]) -> list[tuple[int, ...]]:
    return [one.symbols for one in found]


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_probability_of_every_text(seed: int) -> None:
    log_probabilities = outputs(5, 4, seed)
    expected = brute(log_probabilities)
    search = PrefixSearch(2000)
    search.read(log_probabilities)
    found = search.found()
    assert ranked(found) == sorted(expected, key=lambda text: -expected[text])
    for one in found:
        assert one.log_probability == one.score == pytest.approx(expected[one.symbols], rel=1e-12)


@pytest.mark.parametrize(("weight", "bonus"), [(0.7, 0.0), (0.0, 0.9), (1.5, 0.4)])
def test_a_language_model_and_a_bonus_are_added_to_every_text(weight: float, bonus: float) -> None:
    log_probabilities, bigrams = outputs(5, 4, 7), Bigrams(outputs(4, 4, 8, sharp=2.0))
    expected = {
        text: value + weight * bigrams.of(text) + bonus * len(text) for text, value in brute(log_probabilities).items()
    }
    search = PrefixSearch(2000, bigrams, weight, bonus)
    search.read(log_probabilities)
    found = search.found()
    assert ranked(found) == sorted(expected, key=lambda text: -expected[text])
    for one in found:
        assert one.score == pytest.approx(expected[one.symbols], rel=1e-12)
    without = PrefixSearch(2000)
    without.read(log_probabilities)
    assert ranked(without.found())[0] != ranked(found)[0] or weight < 1


@pytest.mark.parametrize("beam", [1, 3, 16])
def test_pieces_give_what_the_whole_gives_and_what_is_settled_stays(beam: int) -> None:
    log_probabilities, bigrams = outputs(120, 6, 3, sharp=2.5), Bigrams(outputs(6, 6, 4))
    whole = PrefixSearch(beam, bigrams, 0.5, 0.2)
    whole.read(log_probabilities)
    for piece in (1, 7, 50):
        search, settled = PrefixSearch(beam, bigrams, 0.5, 0.2), 0
        for start in range(0, 120, piece):
            before = list(search.settled)
            search.read(log_probabilities[start : start + piece])
            assert search.settled[: len(before)] == before
            settled = max(settled, len(search.settled)) if start < 100 else settled
        assert search.found() == whole.found()
        assert 10 < settled <= len(search.found()[0].symbols)


def test_a_wider_beam_finds_a_better_score_than_a_greedy_path() -> None:
    better = 0
    for seed in range(20):
        log_probabilities = outputs(30, 5, seed, sharp=1.5)
        greedy, beam = GreedySearch(), PrefixSearch(16)
        greedy.read(log_probabilities)
        beam.read(log_probabilities)
        best = beam.found()[0].score
        assert best >= greedy.found()[0].score
        better += beam.found()[0].symbols != greedy.found()[0].symbols
    assert better > 5


def test_greedy_is_the_likeliest_path_in_pieces_too() -> None:
    log_probabilities = outputs(40, 4, 5)
    for piece in (1, 3, 40):
        search = GreedySearch()
        for start in range(0, 40, piece):
            search.read(log_probabilities[start : start + piece])
        assert search.settled == collapsed(log_probabilities.argmax(1)).tolist()
        assert search.found()[0].score == pytest.approx(log_probabilities.max(1).sum())


def test_the_alignment_is_the_likeliest_path_that_spells_the_text() -> None:
    for seed in range(5):
        log_probabilities = outputs(6, 3, seed)
        for text in ((), (1,), (2, 2), (1, 2, 1), (1, 1, 2, 2)):
            paths = [
                path
                for path in itertools.product(range(3), repeat=6)
                if tuple(symbol for symbol, _ in itertools.groupby(path) if symbol) == text
            ]
            best = max(paths, key=lambda path: sum(log_probabilities[t, k] for t, k in enumerate(path)))
            runs, t = [], 0
            for symbol, group in itertools.groupby(best):
                size = len(list(group))
                runs += [[t, t + size]] if symbol else []
                t += size
            assert aligned(log_probabilities, np.array(text, int)).tolist() == runs


def test_what_cannot_be() -> None:
    with pytest.raises(InputError, match="a text of 3 symbols needs at least 5 steps, but its sound has 4"):
        aligned(outputs(4, 3, 0), np.array([1, 1, 1]))
    with pytest.raises(InputError, match="beam is 0; it must be at least 1"):
        PrefixSearch(0)
    with pytest.raises(InputError, match="probabilities of the network are NaN"):
        PrefixSearch(4).read(np.full((2, 3), np.nan))


def test_steps_needed_by_each_row_are_those_of_it_alone() -> None:
    targets = torch.randint(1, 3, (40, 7), generator=torch.Generator().manual_seed(0))
    lengths = torch.arange(40) % 8
    expected = [steps_needed(row[:length].numpy()) for row, length in zip(targets, lengths, strict=True)]
    assert steps_needed_by_each(targets, lengths).tolist() == expected
    assert steps_needed_by_each(targets[:1, :0], torch.zeros(1, dtype=torch.long)).tolist() == [0]
