"""Products of matrices, the arithmetic of everything: C[r] += sum over k of A[r, k] B[k], k ascending, each an fma.

Every number of C is one chain: it starts with what stands in C, and takes one fma for each k in order. So its bits do
not depend on the rows beside it, on how many columns are done at once, or on where the sum over k is cut.

`added_product` starts its chains at 0 and adds them to C at the end: what stands in C may be large beside the products,
and would round each of them. `transposed_product` does so too and reads A by columns: sums over all steps and rows.

The columns of B are packed: W at a time, and for those all k one after another (`packing`). A tile of R rows and V
times W columns is kept in registers while k goes by.
"""

from collections.abc import Callable
from typing import NamedTuple

from elman.kernels.emitter import Body, Module
from elman.kernels.scratch_places import ADDRESS_BYTES
from elman.kernels.values import Int, Pointer, Vector, choose, fma, maximum

MOST_ROWS = 8
MOST_VECTORS = 8


def tile_shape(rows: int, registers: int) -> int:
    """V, the vectors of columns that go with a number of rows.

    The sums, the smaller of rows and vectors, and one more have to be in registers.
    """
    sums = registers - 8 if registers >= 32 else registers - 4
    return max(1, min(MOST_VECTORS, sums // rows))


def most_rows(registers: int) -> int:
    """R, the most rows of a tile."""
    return MOST_ROWS if registers >= 32 else 6


class Kind(NamedTuple):
    """How a product reads A, and how its chains begin."""

    name: str
    transposed: bool
    added: bool


KINDS = (
    Kind("product", transposed=False, added=False),
    Kind("added_product", transposed=False, added=True),
    Kind("transposed_product", transposed=True, added=True),
)


def define_products(module: Module) -> None:
    """Emit the functions of `KINDS`."""
    registers = module.target.registers
    for kind in KINDS:
        heights = range(1, most_rows(registers) + 1)
        _define_product(module, kind, [_define_rows(module, kind, R, tile_shape(R, registers)) for R in heights])


def _define_rows(module: Module, kind: Kind, R: int, V: int) -> Body:
    """R rows of C, the columns from vector `first` to `end`.

    a: the addresses of the rows of A; transposed, one address, of A[0, 0], where A[r, k] is r + k * a_stride on.
    c: the addresses of the rows of C. b: the packed columns, `b_stride` from one W columns to the next.
    """
    with module.function(f"{kind.name}_{R}", "a* a_stride c* b* b_stride K first end") as body:
        a = [body.a] if kind.transposed else [body.a.pointer_at(r) for r in range(R)]
        c = [body.c.pointer_at(r) for r in range(R)]

        def tile(j: Int, count: Int) -> None:
            for v in range(1, V + 1):
                with body.when(count.equals(v)):
                    _tile(body, kind, a, c, body.first + j, R, v)

        _in_groups(body, body.end - body.first, V, tile)
    return body


def _in_groups(body: Body, whole: Int, most: Int | int, visit: Callable[[Int, Int], None]) -> None:
    """Divide into groups of nearly the same size, at most `most`: 4 are 2 and 2, not 3 and 1; `visit(begin, count)`."""
    groups = (whole + most - 1) // most
    with body.when(whole > 0):
        size, larger = whole // groups, whole % groups
        begin = body.variable(0)
        with body.loop(groups) as group:
            count = size + (group < larger).as_int()
            visit(begin.get(), count)
            begin.set(begin.get() + count)


def _tile(body: Body, kind: Kind, a: list[Pointer], c: list[Pointer], j: Int, R: int, V: int) -> None:
    W = body.module.lanes
    zero = body.vector(0.0)
    sums = [[body.variable(zero if kind.added else c[r].vector((j + v) * W)) for v in range(V)] for r in range(R)]
    b = [body.b + (j + v) * body.b_stride for v in range(V)]

    def turn(k: Int) -> None:
        def row(r: int) -> Vector:
            return a[0].broadcast(k * body.a_stride + r) if kind.transposed else a[r].broadcast(k)

        # Held in registers are the fewer: the rows' numbers or the columns' vectors. The others come one by one.
        if R < V:
            held = [row(r) for r in range(R)]
            for v in range(V):
                w = b[v].vector(k * W)
                for r in range(R):
                    sums[r][v].set(fma(held[r], w, sums[r][v].get()))
        else:
            held = [b[v].vector(k * W) for v in range(V)]
            for r in range(R):
                x = row(r)
                for v in range(V):
                    sums[r][v].set(fma(x, held[v], sums[r][v].get()))

    # Few chains wait for each other, and the loop's own work would show.
    at_once = 4 if R * V <= 4 and not kind.transposed else 1
    whole = body.K // at_once * at_once
    with body.loop(whole, step=at_once) as k:
        for ahead in range(at_once):
            turn(k + ahead)
    if at_once > 1:
        with body.loop(body.K, start=whole) as k:
            turn(k)
    for r in range(R):
        for v in range(V):
            place, total = (j + v) * W, sums[r][v].get()
            c[r].store(place, c[r].vector(place) + total if kind.added else total)


def _define_product(module: Module, kind: Kind, by_rows: list[Body]) -> None:
    """All of C. Tiles of nearly the same height, so that no last one is slow.

    The columns of one tile go by all rows before the next: a B that is larger than the caches comes from memory once.
    Transposed, where there are many rows and few columns, it is the other way round.
    """
    most = len(by_rows)
    with module.function(kind.name, "a* a_stride c* b* b_stride K rows vectors", public=True) as body:

        def all_rows(first: Int, end: Int) -> None:
            def tile(row: Int, count: Int) -> None:
                a = body.a + row if kind.transposed else body.a.bytes_on(row * ADDRESS_BYTES)
                c = body.c.bytes_on(row * ADDRESS_BYTES)
                for R in range(1, most + 1):
                    with body.when(count.equals(R)):
                        body.call(by_rows[R - 1], a, body.a_stride, c, body.b, body.b_stride, body.K, first, end)

            _in_groups(body, body.rows, most, tile)

        if kind.transposed:
            all_rows(body.integer(0), body.vectors)
        else:
            tiles = (body.rows + (most - 1)) // most
            highest = (body.rows + tiles - 1) // maximum(tiles, 1)
            width = body.integer(1)
            for R in range(1, most + 1):
                width = choose(highest.equals(R), body.integer(tile_shape(R, module.target.registers)), width)
            _in_groups(body, body.vectors, width, lambda j, count: all_rows(j, j + count))
