"""Where numbers went non-finite first, and the likely cause."""

from elman.train.diagnosis.causes import too_fast as too_fast
from elman.train.diagnosis.search import Diagnosis as Diagnosis
from elman.train.diagnosis.search import diagnose as diagnose

__all__ = ["Diagnosis", "diagnose", "too_fast"]
