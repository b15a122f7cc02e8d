"""The numbers of a call that its shapes decide: pitches, blocks of time, shares of threads, where memory is."""

from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from elman.kernels.compiled import CompiledCell
from elman.kernels.rows import Rows
from elman.kernels.scratch_places import ROWS_OF_A_TASK, backward_places, forward_places, gradient_places
from elman.kernels.target import ITEMSIZE

_Z_BYTES: Final = 128 * 1024  # a block of pre-activations stays in the second cache
_LEAST_ROWS: Final = 32  # of a block, so that W_ih is not read anew for a few
_PANEL_NUMBERS: Final = 128 * 1024  # a block of x or h that gradients of weights are summed over
_STRETCH_BYTES: Final = 4 * 1024 * 1024
_SERIAL_FLOPS: Final = 1e7  # below about 50 microseconds of work it does not pay to wake a second thread
_ROWS_OF_A_THREAD: Final = 4
_LINE: Final = 64
_MOST_PLACES: Final = 16


class Plan:
    """How one layer is run over inputs of one shape, by a number of threads.

    Args:
        compiled: the functions.
        T: time steps.
        B: rows.
        I: features of the input.
        H: hidden units.
        directions: for each direction 0, or 1 for the reverse one.
        count: the sum of the lengths.
        threads: how many may be used; it changes no bit of a result.
    """

    def __init__(
        self,
        compiled: CompiledCell,
        T: int,
        B: int,
        I: int,  # noqa: E741
        H: int,
        directions: tuple[int, ...],
        count: int,
        threads: int,
    ) -> None:
        self.compiled, self.directions = compiled, len(directions)
        D = len(directions)
        cell, W = compiled.cell, compiled.lanes
        G, S, P, states = len(cell.gates), len(cell.split), len(cell.parameters), len(cell.state)
        self.itemsize = itemsize = ITEMSIZE[compiled.dtype]
        self.h_pitch = _up(H, W)
        # Split gates' part of x stands behind the columns that W_hh h adds to. These end with a whole vector, so that
        # what is added to fill it up, 0 times a number that may be infinite, is not added to that part.
        front = -G * H % W if S else 0
        self.z_pitch = _odd(front + max(S * H + _up(G * H, W), (G + S - 1) * H + self.h_pitch), W)
        self.dz_pitch = _odd(max((G + S + P) * H, S * H + _up(G * H, W)), W)
        self.x_pitch = _up(I, W)
        self.kept_pitch = self.h_pitch * (compiled.kept_values + compiled.kept_states)
        self.kept_numbers = count * self.kept_pitch
        self.sums_numbers = self.dz_pitch + W

        work = 2 * G * H * (I + H) * count * D
        threads = threads if work > _SERIAL_FLOPS else 1
        self.groups = max(1, min(-(-threads // D), B // _ROWS_OF_A_THREAD))
        self.gradient_parts = max(1, -(-threads // D))
        self.tasks, self.gradient_tasks = self.groups * D, self.gradient_parts * D
        self.threads = min(threads, self.tasks)
        self.threads_back = min(threads, max(self.tasks, self.gradient_tasks))

        rows = -(-B // self.groups)
        block = max(_Z_BYTES // max(1, rows * self.z_pitch * itemsize), -(-_LEAST_ROWS // max(1, rows)))
        block = max(1, min(block, T))
        batch = max(128, min(256, _PANEL_NUMBERS // max(self.x_pitch, self.h_pitch)))
        self.gradient_block = max(1, batch // max(1, B))
        vectors = -(-G * H // W)

        forward = Memory()
        backward = Memory()
        panel = vectors * W
        for memory in (forward, backward):
            memory.add("packed_parameters", D, P * self.h_pitch * itemsize)
        forward.add("packed_bias", D, (self.z_pitch + W) * itemsize)
        forward.add("packed_ih", D, panel * I * itemsize)
        forward.add("packed_hh", D, panel * H * itemsize)
        self.forward_scratch = forward_places(rows, block, self.h_pitch, self.z_pitch, states, itemsize)["end"]
        forward.add_shared("scratch", _up(self.forward_scratch, _LINE), self.tasks)
        backward.add("packed_ih_back", D, self.x_pitch * G * H * itemsize)
        backward.add("packed_hh_back", D, self.h_pitch * G * H * itemsize)
        # dz is read again for the gradients of the weights: while it is in the cache, unless they are large themselves.
        at_once = max(_STRETCH_BYTES, 4 * G * H * (I + H) * itemsize)
        of_a_block = self.gradient_block * B * self.dz_pitch * itemsize
        blocks_at_once = max(1, at_once // of_a_block)
        kept_dz = min(count, blocks_at_once * self.gradient_block * B)
        backward.add("dz", D, (kept_dz * self.dz_pitch + W) * itemsize)
        scratch = backward_places(rows, block, self.h_pitch, self.x_pitch, states, itemsize)["end"]
        backward.add_shared("scratch", _up(scratch, _LINE), self.tasks)
        of_a_task = _up(-(-G * H // self.gradient_parts), ROWS_OF_A_TASK) + ROWS_OF_A_TASK
        batch = self.gradient_block * B
        size = gradient_places(of_a_task, batch, self.x_pitch, self.h_pitch, itemsize)["end"]
        backward.add_shared("gradient_scratch", _up(size, _LINE), self.gradient_tasks)
        self.forward_memory, self.backward_memory = forward, backward

        numbers = {
            "block_bytes": 8 * len(compiled.names),
            "steps": T, "rows": B, "input_size": I, "hidden_size": H, "gates": G, "split": S,
            "directions": D, "groups": self.groups, "gate_order": compiled.gate_order_address,
            "front": front, "vectors": vectors,
            "z_pitch": self.z_pitch, "h_pitch": self.h_pitch, "kept_pitch": self.kept_pitch,
            "block": block, "dz_pitch": self.dz_pitch,
            "blocks_at_once": blocks_at_once,
            "gradient_block": self.gradient_block, "gradient_tasks": self.gradient_parts,
            **compiled.shared,
        }  # fmt: skip
        for k, parameter in enumerate(cell.parameters.values()):
            numbers[f"parameter_per_unit_{k}"] = int(parameter.per == "unit")
        blocks = [[{**numbers, "reverse": one}.get(name, 0) for name in compiled.names] for one in directions]
        self._template = array("q", [number for block in blocks for number in block])
        self._placed: dict[int, tuple[Call, Call]] = {}

    def calls(self, address: int) -> "tuple[Call, Call]":
        """The arguments of a forward and of a backward call whose memory begins at an address, to be copied."""
        found = self._placed.get(address)
        if found is None:
            found = Call(self, self._template[:]), Call(self, self._template[:])
            found[0].place(self.forward_memory, address)
            found[1].place(self.backward_memory, address)
            if len(self._placed) >= _MOST_PLACES:
                self._placed.clear()
            self._placed[address] = found
        return found


class Memory:
    """Parts of one piece of memory: where they begin, in bytes."""

    def __init__(self) -> None:
        self.size = 0
        self.places: list[tuple[int, str, int]] = []  # direction, name, place; with direction -1 for all
        self.sizes: dict[str, int] = {}

    def add(self, name: str, directions: int, size: int) -> None:
        """A part for each direction."""
        for direction in range(directions):
            self.places.append((direction, name, self.size))
            self.size += _up(size, _LINE)

    def add_shared(self, name: str, size: int, count: int) -> None:
        """A part for each task, of a size that the tasks are told."""
        self.places.append((-1, name, self.size))
        self.sizes[f"{name}_bytes"] = size
        self.size += size * count


class Call:
    """The blocks of `arguments` of one call."""

    __slots__ = ("numbers", "plan")

    def __init__(self, plan: Plan, numbers: "array[int]") -> None:
        self.plan, self.numbers = plan, numbers

    def copy(self, rows: Rows) -> "Call":
        """Another call with the same numbers, on a batch."""
        call = Call(self.plan, self.numbers[:])
        for direction in range(self.plan.directions):
            call.write(direction, "order", rows.numbers)
        return call

    def write(self, direction: int, first: str, values: Sequence[int]) -> None:
        """Numbers of one direction that stand together, from a name on."""
        compiled = self.plan.compiled
        start = direction * len(compiled.names) + compiled.index[first]
        self.numbers[start : start + len(values)] = array("q", values)

    def place(self, memory: Memory, start: int) -> None:
        """Lay a piece of memory out, which begins at an address."""
        for direction, name, place in memory.places:
            for d in range(self.plan.directions) if direction < 0 else [direction]:
                self.write(d, name, [start + place])
        for d in range(self.plan.directions):
            for name, size in memory.sizes.items():
                self.write(d, name, [size])

    @property
    def address(self) -> int:
        """Where the blocks are."""
        return self.numbers.buffer_info()[0]


plan = lru_cache(maxsize=512)(Plan)
"""The plan for a shape, made once; the arguments are those of `Plan`."""


def _up(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def _odd(size: int, W: int) -> int:
    """An odd number of vectors: rows at powers of two from each other would push each other out of the cache."""
    vectors = -(-size // W)
    return (vectors + 1 - vectors % 2) * W
