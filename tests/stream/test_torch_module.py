"""What of torch's modules a stream takes, and what it says of others."""

import pytest
import torch
from cases import build
from torch import nn

import elman
from elman import InputError, Stream


def test_what_is_no_layer_of_a_stream_says_what_is():
    lstm, linear = nn.LSTM(3, 4), nn.Linear(4, 2)
    for message, arguments in {
        "module is a Linear, expected torch.nn.RNN, GRU or LSTM": (linear,),
        "module is a LSTMCell": (nn.LSTMCell(3, 4),),
        "bidirectional": (nn.GRU(3, 4, bidirectional=True),),
        "proj_size=2, expected 0": (nn.LSTM(3, 4, proj_size=2),),
        "head is a LSTM": (lstm, lstm),
        "head reads 5 numbers, but the layer below it gives 4": (lstm, nn.Linear(5, 2)),
        "its own output layer": (elman.Network(3, 4, 2), linear),
        "embedding is a Linear": (lstm, linear, linear),
        "embedding gives 5 numbers, but the layer above it reads 3": (lstm, linear, nn.Embedding(7, 5)),
        "max_norm=1.0": (lstm, linear, nn.Embedding(7, 3, max_norm=1.0)),
        "_l0 is bfloat16": (nn.LSTM(3, 4, dtype=torch.bfloat16),),
        r"head\.weight is float64": (lstm, nn.Linear(4, 2, dtype=torch.float64)),
        "masks": (build("rich", 3, 4),),
    }.items():
        with pytest.raises(InputError, match=message):
            Stream.from_torch(*arguments)


def test_parametrized_weights_are_read_as_they_are_used():
    layer, linear = elman.GRU(3, 4), nn.Linear(4, 2)
    nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0")
    nn.utils.parametrizations.weight_norm(linear)
    x = torch.randn(5, 1, 3)
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original0.mul_(2)
        expected = linear(layer(x)[0])[:, 0]
    found = Stream.from_torch(layer, linear).step_block(x[:, 0].numpy())
    torch.testing.assert_close(torch.from_numpy(found), expected)
