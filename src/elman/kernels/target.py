"""The processor that kernels are compiled for: its vectors, its registers, its name."""

from functools import cache
from typing import NamedTuple

import llvmlite.binding as llvm


class Target(NamedTuple):
    """What a kernel's shape depends on.

    Args:
        cpu: LLVM's name of the processor.
        features: LLVM's list of what it can do, "+avx2,-avx512f,...".
        triple: LLVM's name of architecture and system.
        vector_bytes: the width of a vector register.
        registers: how many of them there are.
        has_fma: whether it multiplies and adds with one rounding; without that there are no kernels.
    """

    cpu: str
    features: str
    triple: str
    vector_bytes: int
    registers: int
    has_fma: bool

    def lanes(self, dtype: str) -> int:
        """W, the numbers in one vector."""
        return self.vector_bytes // ITEMSIZE[dtype]

    @property
    def architecture(self) -> str:
        """The first part of the triple: "x86_64", "aarch64", "arm64", ..."""
        return self.triple.split("-")[0]


ITEMSIZE = {"float32": 4, "float64": 8}
"""The dtypes that there are kernels for, and their bytes."""


@cache
def host() -> Target:
    """The machine that runs this process."""
    triple = llvm.get_process_triple()
    features = llvm.get_host_cpu_features()
    architecture = triple.split("-")[0]
    if architecture in ("aarch64", "arm64"):
        shape = (16, 32, True)  # NEON
    elif features.get("avx512f") and features.get("avx512vl"):
        shape = (64, 32, True)
    else:
        shape = (32, 16, bool(features.get("fma") and features.get("avx2")))
    return Target(llvm.get_host_cpu_name(), features.flatten(), triple, *shape)
