"""What `elman predict` shows of a translator."""

from elman.cli.predictions.written import written

PREDICTION = written("translation")
