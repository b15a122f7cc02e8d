"""Linear-chain conditional random field: scores of sequences of tags, in which a tag depends on the one before."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from elman.errors import InputError
from elman.models.inside import inside

ILLEGAL = -1e9  # in place of -inf, whose gradient is NaN; exp of it is 0, and no score of a network comes near


class CRF(nn.Module):
    """Scores sequences of tags: score(y) = sum_t (x_t[y_t] + A[y_{t-1}, y_t]) + a[y_1] + e[y_T].

    x are a network's outputs, one for each tag and step; A, a and e are learned: what follows what, what begins and
    what ends. p(y) = exp(score(y)) / Z, where Z adds up all sequences of that length. Illegal steps are no sequences.

    Args:
        legal: K + 1 texts of 1 and 0, which may and may not: first which of the K tags may begin a sequence, then for
            each tag which may follow it, and whether it may end one: K + 1 characters.

    Raises:
        InputError: `legal` is something else, or nothing may begin.

    Example:
        >>> crf = CRF(["11", "111", "111"])  # two tags, everything may be
        >>> scores = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [5.0, 0.0]]])
        >>> crf.best(scores, torch.tensor([2]))
        [[0, 1]]

    Source: Lafferty, McCallum and Pereira, Conditional Random Fields (2001); Viterbi (1967).
    """

    def __init__(self, legal: Sequence[str]) -> None:
        super().__init__()
        K = len(legal) - 1
        sizes = [len(row) for row in legal]
        if K < 1 or sizes != [K] + [K + 1] * K or set("".join(legal)) - {"0", "1"} or "1" not in legal[0]:
            raise InputError("legal has to be K characters 0 or 1, a 1 among them, and then K times K + 1 of them")
        # no buffer: it stands in the configuration of the model, not among its weights
        self._illegal = np.array([[mark == "0" for mark in row] for row in [legal[0] + "1", *legal[1:]]]) * ILLEGAL
        self.transitions = nn.Parameter(torch.zeros(K, K))
        self.start = nn.Parameter(torch.zeros(K))
        self.end = nn.Parameter(torch.zeros(K))

    def _scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Begin (K,), between (K, K) and end (K,), with what is illegal."""
        illegal = torch.from_numpy(self._illegal).to(self.start)
        return self.start + illegal[0, :-1], self.transitions + illegal[1:, :-1], self.end + illegal[1:, -1]

    def log_likelihood(
        self, scores: Tensor, tags: Tensor, lengths: Tensor, before: Tensor | None = None, goes_on: Tensor | None = None
    ) -> Tensor:
        """The log probability of the tags of each sequence, by the forward algorithm; 0 for an empty one.

        Shape:
            scores (B, T, K), tags (B, T), lengths (B,), before (B,), goes_on (B,) -> (B,)

        Args:
            scores: x, a network's outputs; what is past a sequence's end does not count.
            tags: of each step.
            lengths: of the sequences, from 0.
            before: the tag before the first step, for pieces of longer sequences; -1 at the beginning of one.
            goes_on: whether the sequence goes on after the last step; None: none does.
        """
        begin, between, end = self._scores()
        B, T = tags.shape
        if T == 0:
            return scores.new_zeros(B)
        lengths = lengths.to(scores.device)
        if before is not None:
            begin = torch.where((before < 0).unsqueeze(1), begin, between[before.clamp(min=0)])
        else:
            begin = begin.expand(B, -1)
        ends = end if goes_on is None else end * (~goes_on).unsqueeze(1)
        valid = inside(lengths, T, scores.device)  # (B, T)
        tags = tags.clamp(min=0)

        own = scores.gather(2, tags.unsqueeze(2)).squeeze(2) * valid
        steps = between[tags[:, :-1], tags[:, 1:]] * valid[:, 1:]
        last = tags.gather(1, (lengths.unsqueeze(1) - 1).clamp(min=0))
        score = own.sum(1) + steps.sum(1) + begin.gather(1, tags[:, :1]).squeeze(1)
        score = score + ends.expand(B, -1).gather(1, last).squeeze(1)

        reached = begin + scores[:, 0]  # (B, K), the log of the sum over all ways to be at a tag
        for t in range(1, int(lengths.max())):
            further = torch.logsumexp(reached.unsqueeze(2) + between, 1) + scores[:, t]
            reached = torch.where(valid[:, t].unsqueeze(1), further, reached)
        likelihood: Tensor = score - torch.logsumexp(reached + ends, 1)
        return torch.where(lengths > 0, likelihood, 0.0)

    @torch.no_grad()
    def best(self, scores: Tensor, lengths: Tensor) -> list[list[int]]:
        """The likeliest tags of each sequence, by Viterbi's algorithm; of equal ones the smaller number wins.

        Shape:
            scores (B, T, K), lengths (B,) -> B lists of T_i tags
        """
        begin, between, end = self._scores()
        T = int(lengths.max()) if len(lengths) else 0
        if T == 0:
            return [[] for _ in lengths]
        valid = inside(lengths, T, scores.device)
        reached = begin + scores[:, 0]
        origins = []  # of each step but the first: the best tag before each tag, (B, K)
        for t in range(1, T):
            value, origin = (reached.unsqueeze(2) + between).max(1)
            reached = torch.where(valid[:, t].unsqueeze(1), value + scores[:, t], reached)
            origins.append(origin)
        tag = (reached + end).argmax(1)
        found = [tag]  # from the end; past a sequence's end its last tag is repeated
        for t in range(T - 1, 0, -1):
            before = origins[t - 1].gather(1, tag.unsqueeze(1)).squeeze(1)
            tag = torch.where(valid[:, t], before, tag)
            found.append(tag)
        rows = torch.stack(found[::-1], 1).tolist()
        return [row[:length] for row, length in zip(rows, lengths.tolist(), strict=True)]
