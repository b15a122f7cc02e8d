"""The pool: parallel is serial bit for bit, whoever calls and from wherever; asleep it costs nothing."""

import ctypes
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from elman.kernels import control as words
from elman.kernels import pool
from elman.kernels.atomics import pause
from elman.kernels.compilation import Library, compile_object
from elman.kernels.emitter import Module
from elman.kernels.parallel import define_run, define_workers
from elman.kernels.target import Target, host

HAS_FORK = "fork" in multiprocessing.get_all_start_methods()
pytestmark = [
    pytest.mark.skipif(not host().has_fma, reason="kernels need fma"),
    # Python 3.12 and later warn of each fork of a process with threads, which is what these tests are about.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
W = host().lanes("float32")


def emit_trial(target):
    """`trial(control*, arguments*, count)`: task i counts that it was run, works a while, and multiplies W numbers."""
    module = Module("trial", "float32", target)
    with module.function("task", "arguments* index") as body:
        out, x, y, runs = (body.arguments.pointer_at(k) for k in range(4))
        runs.set_int(body.index, runs.int_at(body.index) + 1)
        turns = body.arguments.int_at(4) + body.arguments.int_at(5) * body.index
        at = body.index * module.lanes
        with body.loop(turns):
            pause(body)  # which the compiler must leave in
        out.store(at, x.vector(at) * y.vector(at))
    run = define_run(module)
    with module.function("trial", "control* arguments* count", public=True) as trial:
        trial.call(run, trial.control, trial.address_of(body), trial.arguments, trial.count)
    return module


@cache
def trial():
    library = Library(compile_object(str(emit_trial(host()).ir), host()))
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    return library, kind(library.address("trial"))


@pytest.fixture(autouse=True, scope="module")
def _compiled_before_threads_ask_for_it():
    trial()


def run(threads, count, turns=0, more=0, pool=pool):
    """The products by a session, their count of runs, and how the session was.

    Args:
        threads: how many shall work.
        count: how many tasks there are.
        turns: how much work is in a task, 1 to 50 ns each.
        more: how much more than in the one before.
        pool: whose workers.
    """
    x, y = (np.random.default_rng(seed).standard_normal(count * W).astype("f") for seed in (1, 2))
    out, runs = np.full(count * W, np.nan, "f"), np.zeros(count, np.int64)
    x[:1], y[:1] = 1e-20, 1e-20  # whose product is a denormal number, which only the default mode gives
    arguments = np.array([out.ctypes.data, x.ctypes.data, y.ctypes.data, runs.ctypes.data, turns, more], np.int64)
    control = pool.enter(threads)
    try:
        trial()[1](control, arguments.ctypes.data, count)
    finally:
        pool.leave(control)
    return out, runs, control != 0


def expected(count):
    x, y = (np.random.default_rng(seed).standard_normal(count * W).astype("f") for seed in (1, 2))
    products = x * y
    products[:1] = np.float32(1e-20) * np.float32(1e-20)
    return products


def is_right(found):
    out, runs, _ = found
    return bool((runs == 1).all()) and out.tobytes() == expected(len(runs)).tobytes()


@pytest.fixture
def other_pool():
    """A pool whose workers nobody has started yet."""
    made = pool.Pool()
    yield made
    made.end()


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("elman-")]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
@pytest.mark.parametrize("threads", [0, 1, 2, 4])
def test_each_task_runs_once(threads, count):
    found = run(threads, count, turns=100)
    assert is_right(found)
    assert found[2] == (threads > 1)


def test_many_jobs_with_workers_awake_asleep_and_between():
    old = []
    for number in range(1500):
        old.append(run(3, 1 + number % 5, turns=number % 300))
        if number % 7 == 0:
            time.sleep(number % 4 * 50e-6)  # up to well beyond the moment in which a worker falls asleep
    # A worker that came late to a job would write into it after it was returned.
    assert all(is_right(found) for found in old)


def test_a_caller_that_waits_long_sleeps():
    # While the caller does index 0, the worker takes index 1, which is much more; then the caller has nothing to do.
    took = []
    for _ in range(5):
        began, cpu = time.perf_counter(), time.thread_time()
        assert is_right(run(2, 2, turns=20_000, more=300_000))
        took.append((time.perf_counter() - began, time.thread_time() - cpu))
    wall, cpu = min(took, key=lambda pair: pair[1])
    assert cpu < wall / 2


def test_threads_that_call_at_once(other_pool):
    def caller(seed):
        found = [run(3, 1 + (seed + k) % 6, turns=2000, pool=other_pool) for k in range(50)]
        return all(map(is_right, found)), sum(parallel for *_, parallel in found)

    before = len(workers())
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(caller, range(8)))
    assert [right for right, _ in results] == [True] * 8
    assert sum(parallel for _, parallel in results) > 0
    assert len(workers()) - before == 2


def test_a_second_caller_works_alone_and_a_second_session_of_a_thread_does_not_lock_it_out():
    control = pool.enter(2)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(run, 2, 5).result()[2] is False
        # As if Ctrl-C had come before `leave`: the same thread can still call.
        found = run(2, 5)
        assert found[2]
        assert is_right(found)
        pool.leave(control)
        assert other.submit(run, 2, 5).result()[2] is True


def test_workers_are_as_many_as_were_asked_for(other_pool):
    before = len(workers())
    for threads, expected_workers in [(1, 0), (2, 1), (4, 3), (3, 3)]:
        assert is_right(run(threads, 10, pool=other_pool))
        assert len(workers()) - before == expected_workers
    other_pool.end()
    assert len(workers()) == before
    with ThreadPoolExecutor(1) as other:
        assert other.submit(run, 2, 5, pool=other_pool).result()[2] is False


def test_a_system_that_gives_no_threads(other_pool, monkeypatch):
    def fail(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        found = run(2, 5, pool=other_pool)
    assert not found[2]
    assert is_right(found)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(run, 2, 5, pool=other_pool).result()[2] is True


def test_workers_asleep_take_no_time():
    run(3, 10)
    began = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - began < 0.03


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone wakes a worker where its caller runs")
def test_a_worker_does_not_wake_on_its_caller_s_processor(other_pool):
    ours = os.sched_getaffinity(0)
    if len(ours) == 1:
        pytest.skip("one processor")
    before = workers()
    run(2, 2, pool=other_pool)
    time.sleep(0.05)  # now it sleeps
    run(2, 2, pool=other_pool)
    (worker,) = set(workers()) - set(before)
    left = os.sched_getaffinity(worker.native_id)
    assert left < ours
    assert len(left) == len(ours) - 1
    assert os.sched_getaffinity(0) == ours


def test_floating_point_mode_of_the_caller_does_not_matter_and_is_not_lost(other_pool):
    def flushes():
        return bool((torch.full((64,), 1e-20) * torch.full((64,), 1e-20) == 0).all())

    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush")
    try:
        # Workers, started now, begin in the caller's mode.
        found = [run(threads, count, 1000, pool=other_pool) for threads in (1, 2, 3) for count in (1, 2, 20)]
        still = flushes()
    finally:
        torch.set_flush_denormal(False)
    assert still
    assert not flushes()
    assert all(map(is_right, found))


def in_child(results):
    """Run in a forked child: right, parallel, and with a worker of its own."""
    found = [run(2, count, turns=100) for count in (2, 20, 2)]
    results.put((all(map(is_right, found)), [parallel for *_, parallel in found], len(workers())))


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
@pytest.mark.parametrize("busy", [False, True])
def test_forked_child(busy):
    fork = multiprocessing.get_context("fork")
    results = fork.SimpleQueue()
    run(4, 20)
    control = pool.enter(2) if busy else 0  # a session that the child inherits
    child = fork.Process(target=in_child, args=(results,))
    child.start()
    pool.leave(control)
    child.join(20)
    assert child.exitcode == 0
    assert results.get() == (True, [True] * 3, 1)
    assert is_right(run(4, 20))


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
def test_session_that_a_child_inherits():
    control = pool.enter(3)
    child = os.fork()
    if child == 0:
        # The parent's workers are not here: the caller does all, and may leave.
        out, runs = np.zeros(5 * W, "f"), np.zeros(5, np.int64)
        x = np.ones(5 * W, "f")
        arguments = np.array([out.ctypes.data, x.ctypes.data, x.ctypes.data, runs.ctypes.data, 0, 0], np.int64)
        trial()[1](control, arguments.ctypes.data, 5)
        pool.leave(control)
        os._exit(0 if (runs == 1).all() and is_right(run(2, 5)) else 1)
    pool.leave(control)
    assert os.waitpid(child, 0)[1] == 0


class Runs(Dataset):
    """Items that need the pool."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return is_right(run(2, 2 + index, turns=100))


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
def test_worker_of_a_data_loader():
    run(3, 20)
    loader = DataLoader(Runs(), num_workers=1, multiprocessing_context="fork")
    assert [bool(item) for item in loader] == [True] * 6
    assert is_right(run(3, 20))


EXIT = """
import sys
sys.path[:0] = [{tests!r}]
from test_pool import ThreadPoolExecutor, is_right, pool, run, threading
assert is_right(run(3, 20, turns=1000))
threading.Thread(target=lambda: [run(2, 9, 10**4) for _ in iter(int, 1)], daemon=True).start()
pool.enter(3)
"""


def test_the_interpreter_ends_while_workers_are_awake():
    code = EXIT.format(tests=str(Path(__file__).parent))
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin", "riscv64-unknown-linux-gnu"])
def test_code_for_other_processors(triple):
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        machine = llvm.Target.from_triple(triple).create_target_machine(
            cpu="generic" if "64-" not in triple[4:] else ""
        )
    except RuntimeError:
        pytest.skip("LLVM was built without it")
    target = Target("", "", triple, 16, 32, True)
    module = emit_trial(target)
    pooled = Module("pool", "float32", target)
    define_workers(pooled)
    for emitted in (module, pooled):
        parsed = llvm.parse_assembly(str(emitted.ir))
        parsed.verify()
        assembly = machine.emit_assembly(parsed).lower()
        assert ("fpcr" in assembly) == (not triple.startswith("riscv"))
        if emitted is pooled:
            assert ("yield" in assembly) == (not triple.startswith("riscv"))
            assert "rouse" in assembly


def test_what_two_threads_write_is_on_two_cache_lines():
    caller, worker = words.NEXT // words.LINE, (words.FIRST_WORKER + words.JOB) // words.LINE
    assert len({words.WORKERS // words.LINE, words.TASK // words.LINE, caller, worker}) == 4
    control = pool.enter(2)
    pool.leave(control)
    assert control % 128 == 0
