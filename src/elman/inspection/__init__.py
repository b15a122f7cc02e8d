"""What a recurrent network does inside: states, gradients by lag, memory, dynamics; numbers first, drawing apart."""

from elman.inspection.reading import Reading, Unrolled

__all__ = ["Reading", "Unrolled"]
