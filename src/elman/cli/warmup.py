"""`elman warmup`: compile ahead what is otherwise compiled when it is first used."""

import time
from typing import Annotated

import typer


def warmup(
    cell: Annotated[
        list[str] | None,
        typer.Option(help="A cell, may be given several times: lstm, gru, elman, ...", show_default="all"),
    ] = None,
    dtype: Annotated[
        list[str] | None, typer.Option(help="float32 or float64, may be given several times", show_default="both")
    ] = None,
) -> None:
    """Compile the kernels of cells for this processor, once; later processes find them in the cache.

    The cache is $ELMAN_CACHE, or the user's own.
    """
    from elman.equations import CELLS
    from elman.errors import InputError
    from elman.kernels import pool
    from elman.kernels.compiled import compiled_cell, compiled_linear
    from elman.kernels.target import ITEMSIZE

    for name, given, known in (("cell", cell, CELLS), ("dtype", dtype, ITEMSIZE)):
        for one in given or []:
            if one not in known:
                raise InputError(f"--{name} is {one!r}, expected one of {', '.join(known)}")
    pool.prepare()
    for one in dtype or ITEMSIZE:
        compiled_linear(one)
        for each in cell or CELLS:
            began = time.perf_counter()
            library = compiled_cell(CELLS[each], one).library
            where = library.source or "in memory only, for want of a folder that can be written"
            typer.echo(f"{each:<18}  {one}  {time.perf_counter() - began:5.2f} s  {where}")
