"""How compiled code reads the blocks of `arguments`, and where a row of a sequence is."""

from collections.abc import Callable, Sequence

from elman.kernels.emitter import Body
from elman.kernels.values import Int, Pointer, Vector

Visit = Callable[[Int, Int | None], None]
"""What is emitted for the W units from a place on, all of them or a count."""


class Block:
    """The block of one direction, in a compiled function."""

    def __init__(self, body: Body, arguments: Pointer, names: Sequence[str], number: Int | int = 0) -> None:
        self.body, self._places = body, {name: k for k, name in enumerate(names)}
        self._start = arguments.bytes_on(body.integer(number) * (8 * len(names)))

    def int(self, name: str) -> Int:
        """A number."""
        return self._start.int_at(self._places[name])

    def set(self, name: str, value: Int) -> None:
        """Write a number."""
        self._start.set_int(self._places[name], value)

    def pointer(self, name: str) -> Pointer:
        """An address."""
        return self._start.pointer_at(self._places[name])


class Steps:
    """A caller's array with a place for each row and step: input, states or their gradients."""

    def __init__(self, block: Block, name: str, number: int | None = None) -> None:
        end = "" if number is None else f"_{number}"
        self.start = block.pointer(name + end)
        self.is_given = self.start.address().differs(0)
        self._step, self.row = block.int(f"{name}_step{end}"), block.int(f"{name}_row{end}")

    def at(self, start: Int, row: Int) -> Pointer:
        """Where a row is at the step that `starts` gives."""
        return self.start + (start * self._step + row * self.row)


class Units:
    """Walks over the units of a row, W at a time; the last few are a count."""

    def __init__(self, body: Body, size: Int) -> None:
        self.body, self.W = body, body.module.lanes
        self.whole = (size // self.W) * self.W
        self.rest = size % self.W

    def each(self, visit: Visit) -> None:
        """Emit `visit(u, count)` in a loop over whole vectors (count is None), and once for the rest."""
        with self.body.loop(self.whole, step=self.W) as u:
            visit(u, None)
        with self.body.when(self.rest > 0):
            visit(self.whole, self.rest)

    def copy_in(self, target: Pointer, source: Pointer) -> None:
        """From a caller's row into one of ours, which is filled up with 0."""
        self.each(lambda u, count: target.store(u, source.vector(u, count)))

    def copy_out(self, target: Pointer, source: Pointer) -> None:
        """From one of our rows into a caller's."""
        self.each(lambda u, count: target.store(u, source.vector(u), count))

    def spread(self, target: Pointer, rows: Int, source: Pointer) -> None:
        """From a caller's row into packed columns of so many rows."""
        self.each(lambda u, count: (target + u * rows).store(0, source.vector(u, count)))

    def fill(self, target: Pointer, value: Vector) -> None:
        """One number everywhere, up to a whole vector."""
        self.each(lambda u, count: target.store(u, value))
