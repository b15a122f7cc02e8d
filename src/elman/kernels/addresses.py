"""Calls of functions whose address is known only when the code runs: tasks of a job, functions of the system."""

from typing import Any

from llvmlite import ir

from elman.kernels.values import INT, VOID, Int, Pointer

_C_INT = ir.IntType(32)


def call_address(function: Pointer, *arguments: Pointer | Int | int) -> None:
    """Call a function without result, or one whose result does not matter."""
    _call(function, VOID, arguments)


def result_of(function: Pointer, *arguments: Pointer | Int | int) -> Int:
    """Call a function of C that returns an int."""
    return Int(function.body, function.body.build.sext(_call(function, _C_INT, arguments), INT))


def _call(function: Pointer, result: ir.Type, arguments: tuple[Pointer | Int | int, ...]) -> Any:
    body = function.body
    given = [body.integer(one).raw if isinstance(one, int) else one.raw for one in arguments]
    kind = ir.FunctionType(result, [one.type for one in given]).as_pointer()
    # llvmlite wants the function's type, which an address has not; for LLVM the cast is none.
    typed = ir.instructions.CastInstr(body.build.block, "bitcast", function.raw, kind)
    body.build._insert(typed)
    return body.build.call(typed, given)
