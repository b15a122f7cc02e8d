"""How a thread rounds: threads may differ in it, and kernels must not.

A program may have told its thread to take denormal numbers for 0 (`torch.set_flush_denormal`) or to round upwards. Jobs
set the mode that IEEE 754 begins with, round to nearest and nothing flushed, and give the thread its own back.
"""

from typing import Any, Final

from llvmlite import ir

from elman.kernels.emitter import Body
from elman.kernels.values import INT, VOID

_MXCSR_DEFAULT: Final = 0x1F80
_WORD: Final = ir.IntType(32)


def enter_default_mode(body: Body) -> Any:
    """Set the default mode.

    Returns:
        The mode that was set before, for `restore_mode`.
    """
    architecture = body.module.target.architecture
    if architecture == "x86_64":
        saved, default = body.start.alloca(_WORD), body.start.alloca(_WORD)
        body.intrinsic("llvm.x86.sse.stmxcsr", VOID, [saved])
        body.build.store(ir.Constant(_WORD, _MXCSR_DEFAULT), default)
        body.intrinsic("llvm.x86.sse.ldmxcsr", VOID, [default])
        return saved
    if architecture in ("aarch64", "arm64"):
        saved = body.intrinsic("llvm.aarch64.get.fpcr", INT, [])
        body.intrinsic("llvm.aarch64.set.fpcr", VOID, [ir.Constant(INT, 0)])
        return saved
    return None


def restore_mode(body: Body, saved: Any) -> None:
    """Set the mode that `enter_default_mode` found."""
    architecture = body.module.target.architecture
    if architecture == "x86_64":
        body.intrinsic("llvm.x86.sse.ldmxcsr", VOID, [saved])
    elif architecture in ("aarch64", "arm64"):
        body.intrinsic("llvm.aarch64.set.fpcr", VOID, [saved])
