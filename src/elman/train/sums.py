"""What adds up over some steps: over an epoch, or a stretch of the curve."""

from dataclasses import dataclass

from elman.train.history import Point


@dataclass
class Sums:
    """Sums over steps of gradient descent.

    Args:
        loss: over all valid steps of sequences.
        count: how many those are, or the sum of their weights.
        norm: of the gradients before clipping.
        largest_norm: of them.
        steps: of gradient descent.
        skipped: those that were, besides.
    """

    loss: float = 0.0
    count: float = 0.0
    norm: float = 0.0
    largest_norm: float = 0.0
    steps: int = 0
    skipped: int = 0

    def add(self, loss: float, count: float, norm: float) -> None:
        """Take in a step."""
        self.loss += loss
        self.count += count
        self.norm += norm
        self.largest_norm = max(self.largest_norm, norm)
        self.steps += 1

    def point(self, epoch: float, learning_rate: float) -> Point:
        """A point of the curve, with the means; `epoch` is how many epochs are done."""
        if not self.steps:
            return Point(epoch, None, learning_rate, None, None, self.skipped)
        means = self.loss / self.count, learning_rate, self.norm / self.steps
        return Point(epoch, *means, self.largest_norm, self.skipped)
