"""The machine that measures: its threads, its peak, and whether anybody else is using it."""

import ctypes
import os
import platform
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []  # before anybody is pinned
PACKAGES = ("elman", "torch", "numpy", "llvmlite", "jax", "onnxruntime")
CHAINS = 16  # independent sums: more than an fma's latency times its throughput on any processor of today
TURNS = 40_000
UNROLLED = 4
TWO_COPIES = 1.7  # below this, two cores do not do the work of two
OTHERS = 0.2  # cores that others use, from which on a row is marked


def prepare(threads: int) -> None:
    """Give this process so many threads and as many cores; before numpy, torch or jax are imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["JAX_PLATFORMS"] = "cpu"
    eigen = "true" if threads > 1 else "false"
    flags = (os.environ.get("XLA_FLAGS", ""), f"--xla_cpu_multi_thread_eigen={eigen}")
    os.environ["XLA_FLAGS"] = " ".join(one for one in flags if one)
    if CORES:
        os.sched_setaffinity(0, CORES[:threads])


def describe(threads: int, missing: list[str]) -> dict[str, Any]:
    """What a reader of the results has to know about the machine; measures the peak, two copies and the floor."""
    import torch

    torch.set_num_threads(threads)
    return names() | {
        "threads": threads,
        "pinned": bool(CORES),
        "not_installed": missing,
        "peak_gflops": peak(threads),
        "two_copies": two_copies(),
        "autograd_floor_us": autograd_floor(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def names() -> dict[str, Any]:
    """Processor, system and versions."""
    return {
        "cpu": _cpu_name(),
        "cores": len(CORES) or os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **_versions()},
    }


def warnings(machine: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    """Why the figures are not to be trusted; nothing on an idle machine."""
    found = []
    if machine["two_copies"] is not None and machine["two_copies"] < TWO_COPIES:
        found.append(f"two copies do only {machine['two_copies']:.2f} times the work of one")
    if (machine["load_average"] or 0) > 1:
        found.append(f"the load average was {machine['load_average']:.1f} at the start")
    disturbed = [row for row in rows if (row["others"] or 0) > OTHERS]
    if disturbed:
        most = max(row["others"] for row in disturbed)
        found.append(f"others computed during {len(disturbed)} of {len(rows)} rows, on up to {most:.1f} cores")
    return found


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu_name() -> str:
    place = Path("/proc/cpuinfo")
    lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


class _Fmas:
    """A loop of fmas that never leaves the registers."""

    def __init__(self) -> None:
        from elman.kernels.compilation import Library, compile_object
        from elman.kernels.emitter import Module
        from elman.kernels.target import host
        from elman.kernels.values import fma

        target = host()
        module = Module("peak", "float32", target)
        W, self.chains = module.lanes, min(CHAINS, target.registers - 4)
        with module.function("peak", "numbers* turns", public=True) as body:
            factor, term = body.numbers.vector(0), body.numbers.vector(W)
            sums = [body.variable(body.numbers.vector((2 + i) * W)) for i in range(self.chains)]
            with body.loop(body.turns):
                for _ in range(UNROLLED):
                    for one in sums:
                        one.set(fma(one.get(), factor, term))
            for i, one in enumerate(sums):
                body.numbers.store((2 + i) * W, one.get())
        self.flops = 2.0 * W * self.chains * UNROLLED * TURNS
        self.size = (2 + self.chains) * W
        self._library = Library(compile_object(str(module.ir), target))  # kept: the code lives as long as it
        self._call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(self._library.address("peak"))

    def numbers(self) -> Any:
        """What it works on: all different, or LLVM would see that the sums are one."""
        W = self.size // (2 + self.chains)
        return (ctypes.c_float * self.size)(*([0.5] * 2 * W), *range(self.chains * W))

    def run(self, numbers: Any) -> None:
        """Do `flops` operations; other Python threads go on meanwhile."""
        self._call(ctypes.addressof(numbers), TURNS)


_fmas = cache(_Fmas)


def _seconds(threads: int, cores: list[int]) -> float:
    """How long so many threads take that each do the loop once, the best of some; pinned if there are `cores`."""
    fmas, times = _fmas(), []
    for _ in range(8):
        begin = threading.Barrier(threads)
        spans: list[tuple[float, float]] = []

        def work(k: int, begin: threading.Barrier = begin, spans: list[tuple[float, float]] = spans) -> None:
            numbers = fmas.numbers()
            if cores:
                os.sched_setaffinity(0, {cores[k]})  # of this thread alone
            begin.wait()
            started = time.perf_counter()
            fmas.run(numbers)
            spans.append((started, time.perf_counter()))

        workers = [threading.Thread(target=work, args=(k,)) for k in range(threads)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        times.append(max(end for _, end in spans) - min(start for start, _ in spans))
    return min(times)


def peak(threads: int) -> float:
    """The GFLOP/s of fmas in float32 that so many threads reach."""
    cores = CORES[:threads] if len(CORES) >= threads else []
    return threads * _fmas().flops / _seconds(threads, cores) / 1e9


def two_copies() -> float | None:
    """What two independent copies of a loop do together, in units of what one does; None on a single core."""
    if (len(CORES) or os.cpu_count() or 1) < 2:
        return None
    return 2 * _seconds(1, CORES[:1]) / _seconds(2, CORES[:2])


def autograd_floor() -> float:
    """Microseconds of a forward and backward pass that compute nothing: what any autograd.Function costs."""
    import torch

    class Empty(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(*tensors)
            return torch.empty(1)

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(ctx.saved_tensors)

    leaves = [torch.zeros(1, requires_grad=True) for _ in range(5)]  # x and the weights and biases of a layer
    one = torch.ones(1)
    call: Callable[[], Any] = lambda: torch.autograd.grad(Empty.apply(*leaves), leaves, one)  # noqa: E731
    times = []
    for _ in range(20):
        started = time.perf_counter()
        for _ in range(100):
            call()
        times.append((time.perf_counter() - started) * 1e4)
    return sorted(times)[len(times) // 2]


class Others:
    """How many cores others use, from one moment on; known on Linux."""

    def __init__(self) -> None:
        self._start = self._read()

    @staticmethod
    def _read() -> tuple[float, float, float] | None:
        place = Path("/proc/stat")
        if not place.exists():
            return None
        user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, place.read_text("ascii").split()[1:9])
        busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        return busy, time.process_time(), time.perf_counter()

    def cores(self) -> float | None:
        """The number of cores, in the mean."""
        now = self._read()
        if now is None or self._start is None:
            return None
        busy, own, wall = (after - before for after, before in zip(now, self._start, strict=True))
        return max(0.0, busy - own) / wall
