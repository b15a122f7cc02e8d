"""torch modules: recurrent layers, the output layer, and the recurrent network as it is taught."""

from elman.nn.accelerate import Acceleration, accelerate
from elman.nn.explanation import explain
from elman.nn.gru import GRU
from elman.nn.lstm import LSTM
from elman.nn.network import Network
from elman.nn.path import Path
from elman.nn.readout import Readout
from elman.nn.recurrent import Recurrent
from elman.nn.rnn import RNN
from elman.nn.unroll import Unroll

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Acceleration",
    "Network",
    "Path",
    "Readout",
    "Recurrent",
    "Unroll",
    "accelerate",
    "explain",
]
