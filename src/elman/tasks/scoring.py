"""How likely a model finds documents, symbol by symbol: the state goes through each from its beginning to its end."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import nn

from elman.codecs import Ragged
from elman.models import Feedforward
from elman.state import State
from elman.tasks.corpus import next_symbols
from elman.tasks.windowed import outputs_and_state
from elman.train import ordered_batches

ROWS = 64  # documents that are read together
SCORES = 2**24  # numbers that a model gives at once, about


class Scored(NamedTuple):
    """A batch of documents, scored.

    Shape:
        rows (B,), their numbers; log_probabilities: B of (T_i - 1,), natural, of each symbol but the first;
        after (B, V), the scores of what would follow the last.
    """

    rows: np.ndarray
    log_probabilities: list[np.ndarray]
    after: np.ndarray


def scored(model: nn.Module, documents: Ragged, device: torch.device) -> Iterator[Scored]:
    """Score documents in batches of like length, each cut into windows between which states are carried.

    Args:
        model: in step, in evaluation mode, on the device.
        documents: of (T_i,) symbols each, T_i at least 1.
        device: that of the model.
    """
    for rows in ordered_batches(documents.lengths, ROWS):
        starts, ends = documents.offsets[rows], documents.offsets[rows + 1]
        longest = int((ends - starts).max())
        window = longest if isinstance(model, Feedforward) else max(SCORES // (len(rows) * _outputs(model)), 1)
        found: list[list[np.ndarray]] = [[] for _ in rows]
        after: np.ndarray | None = None
        state: State | None = None
        for first in range(0, longest, window):
            bounds = np.minimum(np.stack([starts + first, starts + first + window], 1), ends[:, np.newaxis])
            batch = next_symbols(documents, device, bounds)
            scores, state = outputs_and_state(model, batch.inputs, batch.lengths, state)
            log_p = scores.log_softmax(-1).gather(2, batch.targets.unsqueeze(2)).squeeze(2).cpu().numpy()
            for one, row, length in zip(found, log_p, batch.target_lengths.tolist(), strict=True):  # type: ignore[union-attr]
                one.append(row[:length])
            last = scores[torch.arange(len(rows)), (batch.lengths - 1).clamp(min=0)].cpu().numpy()
            reached = (batch.lengths > 0).numpy()[:, np.newaxis]
            after = last if after is None else np.where(reached, last, after)
        yield Scored(rows, [np.concatenate(one).astype(np.float64) for one in found], np.asarray(after))


def symbol_log_probabilities(model: nn.Module, symbols: np.ndarray, device: torch.device | str) -> np.ndarray:
    """The natural logarithm of the probability of each symbol but the first of one sequence, (T - 1,)."""
    with torch.no_grad():
        found = next(scored(model, Ragged.of([symbols]), torch.device(device)))
    return found.log_probabilities[0]


def _outputs(model: nn.Module) -> int:
    """How many symbols it gives scores of."""
    return int(cast(Any, model).readout.out_features)
