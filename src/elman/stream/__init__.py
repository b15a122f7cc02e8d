"""A trained network one step at a time, without PyTorch."""

from elman.stream.stream import Stream

__all__ = ["Stream"]
