"""What `elman predict` shows for each task: a file for each."""

from elman.cli.predictions.prediction import Prediction, prediction_of

__all__ = ["Prediction", "prediction_of"]
