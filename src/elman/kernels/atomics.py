"""64-bit integers that several threads read and write: each access is whole, and all threads see one order of them."""

from typing import Any, Final

from llvmlite import ir

from elman.kernels.emitter import Body
from elman.kernels.values import INT, VOID, Bool, Int, Pointer

_ORDER: Final = "seq_cst"


def load(place: Pointer, index: int) -> Int:
    """The integer there."""
    body = place.body
    return Int(body, body.build.load_atomic(_word(place, index), _ORDER, 8, typ=INT))


def exchange(place: Pointer, index: int, value: int) -> Int:
    """Write an integer; what stood there before."""
    body = place.body
    return Int(body, body.build.atomic_rmw("xchg", _word(place, index), body.integer(value).raw, _ORDER))


def add(place: Pointer, index: int, value: int) -> Int:
    """Add to an integer; what stood there before."""
    body = place.body
    return Int(body, body.build.atomic_rmw("add", _word(place, index), body.integer(value).raw, _ORDER))


def replace(place: Pointer, index: int, old: int, new: int) -> Bool:
    """Write `new` if `old` stands there; whether it did."""
    body = place.body
    found = body.build.cmpxchg(_word(place, index), body.integer(old).raw, body.integer(new).raw, _ORDER)
    return Bool(body, body.build.extract_value(found, 1))


def pause(body: Body) -> None:
    """Tell the processor that this thread waits for another one."""
    architecture = body.module.target.architecture
    if architecture == "x86_64":
        body.intrinsic("llvm.x86.sse2.pause", VOID, [])
    elif architecture in ("aarch64", "arm64"):
        body.intrinsic("llvm.aarch64.hint", VOID, [ir.Constant(ir.IntType(32), 1)])


def _word(place: Pointer, index: int) -> Any:
    return place.bytes_on(8 * index).raw
