"""The output layer of a recurrent network."""

import torch
from torch import nn


class Readout(nn.Linear):
    """The output layer: y_t = W_ho h_t + b_o, at every time step with the same weights.

    Shape:
        (..., H) -> (..., O)

    Args:
        hidden_size: H.
        output_size: O, the number of outputs.
        bias: whether there is b_o.
        device: of the parameters.
        dtype: of the parameters.

    Parameters:
        weight: W_ho, (O, H). bias: b_o, (O,).
    """

    def __init__(
        self,
        hidden_size: int,
        output_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(hidden_size, output_size, bias, device, dtype)
