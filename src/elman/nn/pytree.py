"""A State as a node of torch's trees: torch.export, torch.vmap and torch.func take it in and give it out."""

from collections.abc import Iterable
from typing import Any

from torch.utils._pytree import MappingKey, register_pytree_node

from elman.state import State


def _flatten(state: State) -> tuple[list[Any], list[str]]:
    return list(state.values()), list(state)


def _flatten_with_keys(state: State) -> tuple[list[tuple[Any, Any]], list[str]]:
    return [(MappingKey(name), one) for name, one in state.items()], list(state)


def _unflatten(leaves: Iterable[Any], names: list[str]) -> State:
    state = State.__new__(State)  # unchecked: a tree also holds dimensions or None where the arrays stand
    state._arrays = dict(zip(names, leaves, strict=True))
    return state


register_pytree_node(
    State,
    _flatten,
    _unflatten,
    serialized_type_name="elman.State",
    flatten_with_keys_fn=_flatten_with_keys,
)
