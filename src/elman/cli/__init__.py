"""The command line: one file, one verb."""

from elman.cli.app import main

__all__ = ["main"]
