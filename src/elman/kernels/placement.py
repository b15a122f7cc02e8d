"""On which processor a worker wakes: not on the caller's.

Linux often wakes a thread on the processor of the thread that wakes it, though another one is idle, and parts the two
only milliseconds later. Until then a worker is in the way: with two processors, calls of 0.1 ms took 0.1 to 0.7 ms with
two threads, and take 0.05 ms since a caller, before it wakes a worker, strikes its own processor from those that the
worker may use. Other systems have no such call.
"""

import ctypes
import sys

from llvmlite import ir

from elman.kernels import control as words
from elman.kernels.emitter import Body, Module
from elman.kernels.values import INT, Int, Pointer

_MASK_BYTES = 128


def system_calls() -> list[int]:
    """The addresses of sched_getcpu, sched_getaffinity and sched_setaffinity; 0 where they are missing."""
    names = ("sched_getcpu", "sched_getaffinity", "sched_setaffinity")
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not all(hasattr(library, name) for name in names):
        return [0, 0, 0]
    return [ctypes.cast(library[name], ctypes.c_void_p).value or 0 for name in names]


def define_keep_apart(module: Module) -> Body:
    """Emit `run_keep_apart(control*, line*)`: the sleeping worker of `line` shall not wake on this processor.

    If nothing is left then, or the system says no, all stays as it was.
    """
    with module.function("run_keep_apart", "control* line*") as body:
        control, line = body.control, body.line
        with body.when(control.int_at(words.GET_CPU).differs(0)):
            cpu = _result_of(control.pointer_at(words.GET_CPU))
            with body.when(cpu > -1), body.when(line.int_at(words.APART_FROM).differs(cpu + 1)):
                line.set_int(words.APART_FROM, cpu + 1)
                mask = Pointer(body, body.start.alloca(INT, _MASK_BYTES // 8))
                found = _result_of(control.pointer_at(words.GET_AFFINITY), 0, _MASK_BYTES, mask)
                with body.when(found.equals(0)):
                    _clear(mask, cpu)
                    _result_of(control.pointer_at(words.SET_AFFINITY), line.int_at(words.THREAD), _MASK_BYTES, mask)
    return body


def _clear(mask: Pointer, cpu: Int) -> None:
    """Clear a bit, counted as in C's `unsigned long`s."""
    build = mask.body.build
    bit = build.shl(mask.body.integer(1).raw, (cpu % 64).raw)
    rest = build.and_(mask.int_at(cpu // 64).raw, build.not_(bit))
    mask.set_int(cpu // 64, Int(mask.body, rest))


def _result_of(function: Pointer, *arguments: Pointer | Int | int) -> Int:
    """Call a function of C that returns an int."""
    body, build = function.body, function.body.build
    given = [body.integer(one).raw if isinstance(one, int) else one.raw for one in arguments]
    kind = ir.FunctionType(ir.IntType(32), [one.type for one in given])
    number = build.ptrtoint(function.raw, INT)  # llvmlite asks for an address that knows the function's type
    return Int(body, build.sext(build.call(build.inttoptr(number, kind.as_pointer()), given), INT))
