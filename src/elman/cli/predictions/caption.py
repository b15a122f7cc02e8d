"""What `elman predict` shows of a captioner."""

from elman.cli.predictions.written import written

PREDICTION = written("caption")
