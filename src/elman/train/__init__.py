"""Training: one loop that no task owns, and the parts it is made of."""

from elman.train.batches import Examples as Examples
from elman.train.batches import LengthBatches as LengthBatches
from elman.train.batches import Lengths as Lengths
from elman.train.batches import ordered_batches as ordered_batches
from elman.train.continuation import Continuation as Continuation
from elman.train.history import Epoch as Epoch
from elman.train.history import History as History
from elman.train.history import Point as Point
from elman.train.history import read_history as read_history
from elman.train.lanes import Lanes as Lanes
from elman.train.loop import train as train
from elman.train.objective import BatchLoss as BatchLoss
from elman.train.objective import Loss as Loss
from elman.train.objective import Metric as Metric
from elman.train.progress import Progress as Progress
from elman.train.reproducible import reproducible as reproducible
from elman.train.schedule import Schedule as Schedule
from elman.train.settings import Settings as Settings
from elman.train.split import split as split

__all__ = [
    "BatchLoss",
    "Continuation",
    "Epoch",
    "Examples",
    "History",
    "Lanes",
    "LengthBatches",
    "Lengths",
    "Loss",
    "Metric",
    "Point",
    "Progress",
    "Schedule",
    "Settings",
    "ordered_batches",
    "read_history",
    "reproducible",
    "split",
    "train",
]
