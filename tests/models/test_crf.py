"""The conditional random field beside all sequences written out, in float64."""

from itertools import pairwise, product

import pytest
import torch

from elman.errors import InputError
from elman.models.crf import CRF

LEGAL = ["110", "1111", "1010", "0111"]  # tag 1 is followed by 0 or 2 and may not end; 2 begins nothing, 0 not after it
LENGTHS = torch.tensor([4, 1, 0, 3])


def crf_and_scores() -> tuple[CRF, torch.Tensor]:
    torch.manual_seed(0)
    crf = CRF(LEGAL).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf, torch.randn(4, 4, 3, dtype=torch.float64) * 2


def is_legal(path: tuple[int, ...], before: int = -1, goes_on: bool = False) -> bool:
    steps = zip((before, *path), path, strict=False)
    return all(LEGAL[a + 1][b] == "1" for a, b in steps) and (goes_on or LEGAL[path[-1] + 1][3] == "1")


@torch.no_grad()
def score(crf: CRF, x: torch.Tensor, path: tuple[int, ...], before: int = -1, goes_on: bool = False) -> float:
    first = crf.start[path[0]] if before < 0 else crf.transitions[before, path[0]]
    total = first + (0 if goes_on else crf.end[path[-1]]) + sum(x[t, k] for t, k in enumerate(path))
    return float(total + sum(crf.transitions[a, b] for a, b in pairwise(path)))


def paths(length: int, **piece: int | bool) -> list[tuple[int, ...]]:
    return [one for one in product(range(3), repeat=length) if is_legal(one, **piece)]


@pytest.mark.parametrize(("before", "goes_on"), [(-1, False), (1, False), (-1, True), (2, True)])
def test_likelihood_is_that_of_all_legal_sequences(before: int, goes_on: bool) -> None:
    crf, x = crf_and_scores()
    piece = {"before": before, "goes_on": goes_on}
    tags = torch.full((4, 4), -7)  # what is past the end is not looked at
    expected = []
    for row, length in enumerate(LENGTHS.tolist()):
        if not length:
            expected.append(0.0)
            continue
        legal = paths(length, **piece)
        tags[row, :length] = torch.tensor(legal[-1])
        scores = torch.tensor([score(crf, x[row], one, **piece) for one in legal], dtype=torch.float64)
        expected.append(float(scores[-1] - scores.logsumexp(0)))
    padded = x.masked_fill(torch.arange(4).view(1, 4, 1) >= LENGTHS.view(4, 1, 1), 1e6)
    found = crf.log_likelihood(padded, tags, LENGTHS, torch.full((4,), before), torch.full((4,), goes_on))
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-12)


def test_probabilities_add_up_to_one() -> None:
    crf, x = crf_and_scores()
    legal = torch.tensor(paths(4))
    found = crf.log_likelihood(x[:1].expand(len(legal), -1, -1), legal, torch.full((len(legal),), 4))
    assert found.exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_best_is_the_best_of_all_legal_sequences() -> None:
    crf, x = crf_and_scores()
    for seed in range(20):
        x = torch.randn(4, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2
        expected = [
            list(max(paths(n), key=lambda one, row=row: score(crf, x[row], one))) if n else []
            for row, n in enumerate(LENGTHS.tolist())
        ]
        assert crf.best(x, LENGTHS) == expected


def test_gradients_are_those_of_finite_differences() -> None:
    crf, x = crf_and_scores()
    tags = torch.tensor([[0, 1, 2, 2], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])

    def loss(x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        names = dict(zip(("transitions", "start", "end"), weights, strict=True))
        return torch.func.functional_call(_Loss(crf), {f"crf.{name}": one for name, one in names.items()}, (x, tags))

    assert torch.autograd.gradcheck(loss, (x.requires_grad_(), crf.transitions, crf.start, crf.end))


class _Loss(torch.nn.Module):
    def __init__(self, crf: CRF) -> None:
        super().__init__()
        self.crf = crf

    def forward(self, x: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
        return self.crf.log_likelihood(x, tags, LENGTHS)


def test_an_illegal_step_is_not_taken_however_high_its_score() -> None:
    crf = CRF(LEGAL)
    x = torch.zeros(1, 2, 3)
    x[0, 0, 2] = x[0, 1, 1] = 1e4  # 2 begins nothing, 1 ends nothing
    (found,) = crf.best(x, torch.tensor([2]))
    assert is_legal(tuple(found))


def test_empty_batches_and_sequences() -> None:
    crf = CRF(LEGAL)
    assert crf.best(torch.zeros(2, 0, 3), torch.tensor([0, 0])) == [[], []]
    assert crf.best(torch.zeros(0, 0, 3), torch.zeros(0, dtype=torch.long)) == []
    nothing = crf.log_likelihood(torch.zeros(2, 0, 3), torch.zeros(2, 0, dtype=torch.long), torch.tensor([0, 0]))
    assert nothing.tolist() == [0, 0]


@pytest.mark.parametrize("legal", [["1"], ["11", "11", "11"], ["00", "111", "111"], ["1x", "111", "111"]])
def test_a_table_of_another_form_is_refused(legal: list[str]) -> None:
    with pytest.raises(InputError, match="legal has to be"):
        CRF(legal)
