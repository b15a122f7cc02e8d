"""Compiled recurrences: SIMD code for this machine, emitted from a cell's equation."""
