"""The gradients of all parameters in one flat array: summed over batches and ranks, averaged and clipped in one go."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from elman.errors import InputError
from elman.train.ranks import Ranks


class Gradients:
    """Where backpropagation adds its gradients up: each parameter's `grad` is a piece of one flat tensor.

    A parameter that a loss does not depend on has the gradient 0, on every rank, so that all ranks reduce the same; so
    weight decay moves it too.

    Args:
        parameters: on one device, of one dtype.

    Raises:
        InputError: they differ in device or dtype.
    """

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        kinds = {(one.dtype, one.device) for one in parameters}
        if len(kinds) > 1:
            found = " and ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds))
            raise InputError(f"the model's parameters are {found}: move them to one device and dtype with model.to")
        self._parameters = parameters
        self._flat = parameters[0].new_zeros(sum(one.numel() for one in parameters))
        pieces = torch.split(self._flat, [one.numel() for one in parameters])
        self._pieces = [piece.view_as(one) for piece, one in zip(pieces, parameters, strict=True)]

    def zero(self) -> None:
        """Begin a step."""
        self._flat.zero_()
        for parameter, piece in zip(self._parameters, self._pieces, strict=True):
            parameter.grad = piece

    def release(self) -> None:
        """Let go of the parameters."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def reduce(self, ranks: Ranks, count: float, clip: float) -> float:
        """Turn the sums of all ranks into the mean over `count` steps, of a norm of at most `clip`.

        Args:
            ranks: whose gradients are added up, in the order of the parameters, in one call.
            count: valid steps, or the sum of their weights, over all ranks.
            clip: the largest norm; 0: any.

        Returns:
            The norm of the mean before clipping.

        Source: Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks (2013).
        """
        for parameter, piece in zip(self._parameters, self._pieces, strict=True):
            if parameter.grad is not piece:  # something replaced it: model.zero_grad() in a loss, a hook
                piece.zero_() if parameter.grad is None else piece.copy_(parameter.grad)
                parameter.grad = piece
        ranks.sum_(self._flat)
        self._flat.div_(count)
        norm = float(torch.linalg.vector_norm(self._flat))
        if math.isfinite(norm) and 0 < clip < norm:
            self._flat.mul_(clip / (norm + 1e-6))  # as torch.nn.utils.clip_grad_norm_
        return norm
