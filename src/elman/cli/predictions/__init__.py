"""What `elman predict` shows for each task: a file for each."""

from elman.cli.predictions.prediction import Prediction, flags_of, prediction_of

__all__ = ["Prediction", "flags_of", "prediction_of"]
