"""Samples of what a model predicts on validation data, beside what is right: a file for each task."""

from elman.tasks.samples.samples import add_samples

__all__ = ["add_samples"]
