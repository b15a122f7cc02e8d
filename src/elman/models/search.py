"""Greedy and beam search: from a decoder's function of one step to the best whole sequences, many at once."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Protocol, Self, TypeVar

import torch
from torch import Tensor

from elman.errors import InputError


class Rows(Protocol):
    """Something that a decoder carries or looks at for each row of a batch: a `State`, a `Memory`."""

    def select(self, rows: Tensor) -> Self:
        """The rows named, in that order; a row may come several times."""
        ...


StateT = TypeVar("StateT", bound=Rows)
MemoryT = TypeVar("MemoryT", bound=Rows)


@dataclass(frozen=True)
class Hypothesis:
    """A whole sequence that the search found.

    Args:
        symbols: without the end symbol.
        log_probability: of the symbols and the end symbol after them, given the source.
        score: `log_probability / (len(symbols) + 1) ** length_penalty`; the search looks for the highest.
        attention: what each step looked at, where it was asked for. Shape: (len(symbols) + 1, T).
        copied: of each unknown symbol among them, in order, which step of the input it stands for.
    """

    symbols: tuple[int, ...]
    log_probability: float
    score: float
    attention: Tensor | None = None
    copied: tuple[int, ...] = ()


@torch.no_grad()
def search(
    step: Callable[[Tensor, StateT, MemoryT], tuple[Tensor, StateT]],
    state: StateT,
    memory: MemoryT,
    start: Tensor,
    *,
    end: int,
    beam: int = 1,
    max_length: int | Tensor,
    length_penalty: float = 0.0,
) -> list[list[Hypothesis]]:
    """The best sequences that a decoder gives, for every source of a batch.

    A hypothesis is always whole: one that has `max_length` symbols must take the end symbol next. The `beam`
    best unfinished hypotheses of a source go on; one that takes the end symbol while it is among the
    `beam` best of its step is finished. A source is done when it has `beam` finished hypotheses and no unfinished one
    has, so far, a better score than the best of them: of a decoder that is sure of itself all others end early, and are
    nothing to stop for. With `beam=1` that is greedy search: the likeliest symbol at each step. Of equal scores the
    earlier hypothesis and the smaller symbol win, so that the same input gives the same output.

    Shape:
        start: (B,)

    Args:
        step: `step(ids, state, memory) -> (log_probs, state)` with ids (R,) and log_probs (R, V), for R rows.
        state: the decoder's state before the first step, B rows.
        memory: what the decoder looks at, B rows.
        start: what each source's first step reads.
        end: the symbol that ends a sequence.
        beam: hypotheses that go on side by side.
        max_length: the most symbols that a sequence may have, one number or one for each source, (B,). A decoder that
            repeats itself writes as many, so keep it close to what is plausible.
        length_penalty: power of the length that divides log-probabilities. 0: a hypothesis is worth its
            log-probability, which favours short ones; 1: the mean per symbol.

    Returns:
        for each source up to `beam` hypotheses, the best first; those of probability 0 are left out.

    Raises:
        InputError: an argument is out of range, or the decoder gives NaN.

    Source: Wu et al., Google's Neural Machine Translation System (2016), section 7, with the simpler
    normalisation by a power of the length.
    """
    if beam < 1:
        raise InputError(f"beam is {beam}; it must be at least 1")
    whole = isinstance(max_length, Integral | Tensor)
    limits = torch.as_tensor(max_length if whole else torch.nan, device=start.device)
    if limits.dtype == torch.bool or limits.is_floating_point() or limits.is_complex():
        raise InputError(f"max_length is {max_length!r}; it must be a whole number, or one for each source")
    limits = limits.expand(len(start))
    if bool((limits < 0).any()):
        raise InputError(f"max_length is {int(limits.min())}; it must not be negative")
    finished: list[list[Hypothesis]] = [[] for _ in range(len(start))]
    active = torch.arange(len(start), device=start.device)  # (A,), the sources that go on
    rows = active.repeat_interleave(beam)
    state, memory, ids = state.select(rows), memory.select(rows), start[rows]
    symbols = ids.new_empty(len(start), beam, 0)
    totals: Tensor | None = None  # (A, beam), log-probabilities

    length = 0
    while len(active):
        log_probs, state = step(ids, state, memory)
        log_probs = log_probs.view(len(active), beam, -1)
        V = log_probs.shape[-1]
        if totals is None:
            # All rows of a source are alike before the first symbol: only one of them counts.
            totals = log_probs.new_full((len(active), beam), -torch.inf)
            totals[:, 0] = 0
        scores = totals.unsqueeze(-1) + log_probs
        must_end = (limits[active] == length).view(-1, 1, 1)
        scores = scores.masked_fill(must_end & (torch.arange(V, device=scores.device) != end), -torch.inf)

        # At most `beam` of these end a sequence, so at least `beam` go on.
        values, places = _highest(scores.flatten(1), min(2 * beam, beam * V))
        parents, ids = places // V, places % V
        ends = ids == end
        for row, place in (ends & values.isfinite())[:, :beam].nonzero().tolist():
            found = symbols[row, parents[row, place]].tolist()
            log_probability = values[row, place].item()
            finished[int(active[row])].append(
                Hypothesis(tuple(found), log_probability, log_probability / (length + 1) ** length_penalty)
            )

        going_on = ends.to(torch.uint8).argsort(dim=1, stable=True)[:, :beam]
        totals = values.masked_fill(ends, -torch.inf).gather(1, going_on)
        parents, ids = parents.gather(1, going_on), ids.gather(1, going_on)
        symbols = torch.cat([symbols.gather(1, parents.unsqueeze(-1).expand_as(symbols)), ids.unsqueeze(-1)], -1)

        enough = torch.tensor([len(finished[source]) >= beam for source in active.tolist()], device=ids.device)
        best = [max((one.score for one in finished[source]), default=-torch.inf) for source in active.tolist()]
        hopes = totals.max(1).values / (length + 1) ** length_penalty
        full = enough & ((hopes <= hopes.new_tensor(best)) | (beam == 1))
        kept = (~full & (totals > -torch.inf).any(1)).nonzero().squeeze(1)
        state = state.select((kept.unsqueeze(1) * beam + parents[kept]).flatten())
        if len(kept) < len(active):
            every = torch.arange(beam, device=kept.device)
            memory = memory.select((kept.unsqueeze(1) * beam + every).flatten())
        active, totals, symbols, ids = active[kept], totals[kept], symbols[kept], ids[kept].flatten()
        length += 1

    return [sorted(found, key=lambda h: -h.score)[:beam] for found in finished]


def _highest(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k highest scores of each row in falling order, of equal ones the leftmost; topk promises no order.

    Shape: (A, N) -> values (A, k), places (A, k).
    """
    threshold = scores.topk(k).values[:, -1:]
    if bool(scores.isnan().any()):
        raise InputError("the decoder's probabilities are NaN: its weights or its input are no finite numbers")
    above, equal = scores > threshold, scores == threshold
    chosen = above | (equal & (equal.cumsum(1) <= k - above.sum(1, keepdim=True)))
    places = chosen.nonzero()[:, 1].view(len(scores), k)
    values, order = scores.gather(1, places).sort(dim=1, descending=True, stable=True)
    return values, places.gather(1, order)
