"""What the processor runs: sums stay in registers while k goes by."""

import platform
import re

import pytest

from elman.kernels.compilation import assembly
from elman.kernels.emitter import Module
from elman.kernels.product import define_products
from elman.kernels.target import host

X86 = platform.machine() in ("x86_64", "AMD64")
AVX2 = host()._replace(cpu="haswell", features="", vector_bytes=32, registers=16, has_fma=True)


def inner_loops(text):
    """The instructions of each loop that has no other in it: from a label to the jump back to it."""
    lines = [line.strip() for line in text.splitlines()]
    labels = {}
    for number, line in enumerate(lines):
        if match := re.match(r"(\S+):", line):
            labels[match[1]] = number
        jump = re.match(r"j\w+\s+(\S+)", line)
        start = labels.get(jump[1]) if jump else None
        if start is not None:
            body = [one for one in lines[start + 1 : number] if one and not one.startswith(("#", "."))]
            if not any(one.startswith(("j", "call")) or one.endswith(":") for one in body):
                yield body


@pytest.mark.skipif(not X86, reason="reads x86's assembly")
@pytest.mark.parametrize("target", [host(), AVX2], ids=["here", "avx2"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_inner_loop_of_a_product_touches_the_stack(dtype, target):
    module = Module("products", dtype, target)
    define_products(module)
    products = [loop for loop in inner_loops(assembly(str(module.ir), target)) if any("vfmadd" in one for one in loop)]
    widest = max(sum("vfmadd" in one for one in loop) for loop in products)
    assert len(products) >= 60
    assert widest >= (24 if target.registers == 32 else 12)
    spilled = [loop for loop in products if any("(%rsp" in one for one in loop)]
    assert spilled == []
