"""What a caller hands to a layer beside the input: lengths, masks and a state, checked and brought into one form."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from elman.equations import Cell
from elman.errors import InputError
from elman.state import State

WHOLE_NUMBERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def under_autocast(x: Tensor) -> bool:
    """Whether autocast is on for the tensor's device."""
    return not x.is_meta and torch.is_autocast_enabled(x.device.type)  # of the meta device torch does not say


def read_lengths(lengths: Tensor | Sequence[int], B: int) -> Tensor:
    """The lengths as a tensor (B,) of whole numbers; whether they are in range, `check_range` says.

    Raises:
        InputError: they are something else.
    """
    if not isinstance(lengths, Tensor):
        try:
            lengths = torch.as_tensor(lengths, device="cpu")  # on the CPU under `with torch.device(...)` too
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(
                f"lengths is a {type(lengths).__name__} that cannot be read as numbers, expected whole numbers, "
                f"one for each of the {B} sequences"
            ) from error
    if lengths.shape != (B,) or (B > 0 and lengths.dtype not in WHOLE_NUMBERS):  # torch takes [] for floating point
        raise InputError(
            f"lengths has shape {tuple(lengths.shape)} and dtype {lengths.dtype}, expected whole numbers, "
            f"one for each of the {B} sequences"
        )
    return lengths


def check_range(lengths: Tensor, T: int) -> Tensor | None:
    """The lengths as int64 on the CPU, or None if all sequences have T steps.

    Raises:
        InputError: a length is negative or larger than T.
    """
    lengths = lengths.detach().to("cpu", torch.int64)
    if len(lengths) == 0:
        return None
    shortest, longest = int(lengths.min()), int(lengths.max())
    if shortest < 0 or longest > T:
        wrong = shortest if shortest < 0 else longest
        raise InputError(f"lengths has {wrong}, expected numbers from 0 to {T}, the time steps of the input")
    return None if shortest == T else lengths


def check_batch_sizes(batch_sizes: Tensor, rows: int) -> None:
    """Refuse a PackedSequence whose parts do not fit together.

    Raises:
        InputError: the batch sizes rise, are less than 1, or do not add up to the rows of its data.
    """
    sizes = batch_sizes.tolist()
    if not sizes or min(sizes) < 1 or sum(sizes) != rows or sizes != sorted(sizes, reverse=True):
        raise InputError(
            f"the PackedSequence has batch_sizes {str(sizes)[:60]} for {rows} rows of data, expected sizes that never "
            "rise and add up to the rows: make it with torch.nn.utils.rnn.pack_padded_sequence"
        )


def read_masks(masks: Mapping[str, Tensor] | None, cell: Cell, LD: int, H: int, x: Tensor) -> list[Tensor]:
    """The masks in the order of the cell's, (L*D, B, H) or (L*D, T, B, H) each, in the dtype of x if they are bool.

    Raises:
        InputError: one is missing, or has another shape, dtype or device than x (T, B, I) asks for.
    """
    if masks is None and not cell.masks:
        return []
    if masks is not None and not isinstance(masks, Mapping):
        raise InputError(f"masks is a {type(masks).__name__}, expected a dict of tensors: {list(cell.masks)}")
    masks = {} if masks is None else masks
    if set(masks) != set(cell.masks):
        raise InputError(f"masks has {sorted(masks)}, but the cell {cell.name!r} has {list(cell.masks)}")
    T, B = x.shape[:2]
    for name, mask in masks.items():
        if not isinstance(mask, Tensor):
            raise InputError(f"mask {name!r} is a {type(mask).__name__}, expected a tensor: torch.as_tensor(mask)")
        shape = tuple(mask.shape)
        if shape not in ((LD, B, H), (LD, T, B, H)):
            raise InputError(f"mask {name!r} has shape {shape}, expected {(LD, B, H)} or {(LD, T, B, H)}")
        mixed = under_autocast(x) and mask.is_floating_point()
        if mask.dtype not in (torch.bool, x.dtype) and not mixed:
            raise InputError(
                f"mask {name!r} is {mask.dtype}, expected torch.bool, or {x.dtype} as the input: mask.to({x.dtype})"
            )
        _check_device(f"mask {name!r}", mask, x)
    ordered = [masks[name] for name in cell.masks]
    return [mask.to(x.dtype) if mask.dtype == torch.bool else mask for mask in ordered]


def read_state(
    hx: object, names: Sequence[str], LD: int, H: int, x: Tensor, dtype: torch.dtype, batched: bool
) -> list[Tensor]:
    """The states, (L*D, B, H) each and in the order of their names, from a State, a tensor or a tuple of tensors.

    Args:
        hx: what the caller gave.
        names: of the cell's states.
        LD: layers times directions.
        H: the hidden size.
        x: the input, (T, B, I).
        dtype: of the weights.
        batched: whether tensors have a batch dimension; a `State` has one always.

    Raises:
        InputError: it is something else, or a shape, a dtype or a device does not fit.
    """
    B = x.shape[1]
    shape, words = (LD, B, H) if batched else (LD, H), "layers x directions, batch, hidden_size"
    if isinstance(hx, State):
        if set(hx.names) != set(names):
            raise InputError(f"hx is a State of {', '.join(hx.names)}, but this layer has {', '.join(names)}")
        check_tensors("hx", hx)
        given = [hx[name] for name in names]
        shape, words = (B, LD, H), "batch, layers x directions, hidden_size"
    elif isinstance(hx, Tensor | tuple | list):
        given = [hx] if isinstance(hx, Tensor) else list(hx)
    else:
        raise InputError(f"hx is a {type(hx).__name__}, expected {_forms(names)}")
    if len(given) != len(names):
        raise InputError(f"hx has {len(given)} tensor(s), expected {len(names)}: {', '.join(names)}")
    for name, one in zip(names, given, strict=True):
        if not isinstance(one, Tensor):
            raise InputError(f"hx: {name} is a {type(one).__name__}, expected a tensor; hx is {_forms(names)}")
        if tuple(one.shape) != shape:
            words = words if len(shape) == 3 else "layers x directions, hidden_size"
            raise InputError(f"hx: {name} has shape {tuple(one.shape)}, expected {shape}: {words}")
        if one.dtype != dtype and not under_autocast(one):
            raise InputError(f"hx: {name} is {one.dtype}, but the weights are {dtype}: convert one of them")
        _check_device(f"hx: {name}", one, x)
    if isinstance(hx, State):
        return [one.transpose(0, 1) for one in given]
    return given if batched else [one.unsqueeze(1) for one in given]


def check_tensors(argument: str, state: State) -> None:
    """Refuse a State of NumPy arrays.

    Raises:
        InputError: it is one.
    """
    if not all(isinstance(one, Tensor) for one in state.values()):
        raise InputError(
            f"{argument} is a State of NumPy arrays, expected one of tensors: a file gives it with "
            "State.load(path, like=tensor)"
        )


def _forms(names: Sequence[str]) -> str:
    tensors = "a tensor" if len(names) == 1 else f"a tuple of tensors ({', '.join(names)})"
    return f"None for the start, {tensors} or a State"


def _check_device(what: str, one: Tensor, x: Tensor) -> None:
    if one.device != x.device:
        raise InputError(f"{what} is on {one.device}, but the input on {x.device}: move one with .to(...)")
