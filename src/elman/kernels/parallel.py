"""What the pool's workers and their callers do, as compiled code.

`run` divides a job over the caller and the workers of a session. A worker waits for the next job by looking, for a
moment only, then asleep; neither needs Python's lock. All meet in the control block (`control`):

- The caller writes the job, posts it to each worker, and wakes those that sleep. All take indices from one counter.
  Then the caller takes back the posts that nobody took up, and waits for the workers that did: one that wakes late
  finds nothing, and none can touch a job that is over.
- A worker sleeps on a lock of its own. Whoever changes its AWAKE from 0 to 1, itself or a caller, answers for the lock:
  it is released once for each sleep, and no call to wake is lost.
"""

from elman.kernels import control as words
from elman.kernels.atomics import add, exchange, load, pause, replace
from elman.kernels.emitter import Body, Module
from elman.kernels.floating_point_mode import enter_default_mode, restore_mode
from elman.kernels.placement import define_keep_apart
from elman.kernels.values import Int, Pointer, minimum


def define_run(module: Module) -> Body:
    """Emit `run(control*, task*, arguments*, count)`, to be called by other functions of this module.

    It calls task(arguments, index) for each index below `count`, and returns when all are done: by several threads if
    `control` is a session's and there is more than one index, in turn if `control` is 0. Tasks run in the default
    floating-point mode. A task must not call `run` with the same control; it may with 0.
    """
    take_tasks = _define_take_tasks(module)
    share = _define_share(module, take_tasks)
    with module.function("run", "control* task* arguments* count") as body:
        saved = enter_default_mode(body)
        workers = body.variable(0)
        with body.when(body.control.address().differs(0)), body.when(body.count > 1):
            workers.set(body.control.int_at(words.WORKERS))
        with body.choose(workers.get() > 0) as (several, one):
            with several:
                body.call(share, body.control, body.task, body.arguments, body.count, workers.get())
            with one, body.loop(body.count) as index:
                body.call(body.task, body.arguments, index)
        restore_mode(body, saved)
    return body


def define_workers(module: Module) -> None:
    """Emit what the pool itself calls.

    `worker(control*, number)` serves until STOP. `rouse(control*, count)` wakes the first workers.
    `spin(control*, turns)` waits as a worker does, to measure how long a turn takes.
    """
    take_tasks = _define_take_tasks(module)
    sleep, wake = _define_sleep(module), _define_wake(module)
    with module.function("worker", "control* number", public=True) as body:
        _worker(body, take_tasks, sleep)
    with module.function("rouse", "control* count", public=True) as body, body.loop(body.count) as number:
        body.call(wake, body.control, _line(body, number))
    with module.function("spin", "control* turns", public=True) as body, body.loop(body.turns):
        pause(body)
        with body.when(load(body.control, words.FIRST_WORKER + words.JOB).equals(words.POSTED)):
            pause(body)


def _line(body: Body, number: Int) -> Pointer:
    control: Pointer = body.control
    return control.bytes_on((number * words.LINE + words.FIRST_WORKER) * words.WORD)


def _define_wake(module: Module) -> Body:
    """Wake a worker, if it sleeps."""
    keep_apart = define_keep_apart(module)
    with module.function("run_wake", "control* line*") as body, body.when(load(body.line, words.AWAKE).equals(0)):
        body.call(keep_apart, body.control, body.line)
        with body.when(exchange(body.line, words.AWAKE, 1).equals(0)):
            body.call(body.control.pointer_at(words.RELEASE), body.line.pointer_at(words.LOCK))
    return body


def _define_take_tasks(module: Module) -> Body:
    """Run tasks of the posted job until all are taken."""
    with module.function("run_take_tasks", "control*") as body:
        task, arguments = body.control.pointer_at(words.TASK), body.control.pointer_at(words.ARGUMENTS)
        count = body.control.int_at(words.COUNT)
        index = body.variable(add(body.control, words.NEXT, 1))
        with body.repeat_while(lambda: index.get() < count):
            body.call(task, arguments, index.get())
            index.set(add(body.control, words.NEXT, 1))
    return body


def _define_share(module: Module, take_tasks: Body) -> Body:
    """The caller's part of a job that several threads do."""
    wait, wake = _define_wait(module), _define_wake(module)
    with module.function("run_share", "control* task* arguments* count workers") as body:
        control = body.control
        control.set_pointer(words.TASK, body.task)
        control.set_pointer(words.ARGUMENTS, body.arguments)
        control.set_int(words.COUNT, body.count)
        control.set_int(words.NEXT, 0)
        workers = minimum(body.workers, body.count - 1)
        with body.loop(workers) as number:
            line = _line(body, number)
            exchange(line, words.JOB, words.POSTED)
            body.call(wake, control, line)
        body.call(take_tasks, control)
        with body.loop(workers) as number:
            body.call(wait, control, _line(body, number))
    return body


def _define_wait(module: Module) -> Body:
    """Take a post back, or wait until the worker that took it up is done."""
    with module.function("run_wait", "control* line*") as body:
        control, line = body.control, body.line
        replace(line, words.JOB, words.POSTED, words.NONE)
        turns = body.variable(0)
        patience = control.int_at(words.SPIN_OPEN)
        with body.repeat_while(lambda: load(line, words.JOB).equals(words.RUNNING)):
            pause(body)
            turns.set(turns.get() + 1)
            with body.when(turns.get() > patience), body.when(replace(line, words.JOB, words.RUNNING, words.AWAITED)):
                body.call(control.pointer_at(words.ACQUIRE), control.pointer_at(words.CALLER_LOCK), 1)
    return body


def _worker(body: Body, take_tasks: Body, sleep: Body) -> None:
    control, line = body.control, _line(body, body.number)
    turns, limit = body.variable(0), body.variable(0)
    with (
        body.repeat_while(lambda: load(control, words.STOP).equals(0)),
        body.choose(load(line, words.JOB).equals(words.POSTED)) as (posted, nothing),
    ):
        with posted:
            turns.set(0)
            with body.when(replace(line, words.JOB, words.POSTED, words.RUNNING)):
                _take_up(body, control, line, take_tasks)
        with nothing:
            pause(body)
            turns.set(turns.get() + 1)
            limit.set(control.int_at(words.SPIN))
            with body.when(load(control, words.OPEN).differs(0)):
                limit.set(control.int_at(words.SPIN_OPEN))
            with body.when(turns.get() > limit.get()):
                body.call(sleep, control, line)
                turns.set(0)


def _take_up(body: Body, control: Pointer, line: Pointer, take_tasks: Body) -> None:
    saved = enter_default_mode(body)
    body.call(take_tasks, control)
    restore_mode(body, saved)
    with body.when(exchange(line, words.JOB, words.NONE).equals(words.AWAITED)):
        body.call(control.pointer_at(words.RELEASE), control.pointer_at(words.CALLER_LOCK))


def _define_sleep(module: Module) -> Body:
    with module.function("worker_sleep", "control* line*") as body:
        control, line = body.control, body.line
        acquire, lock = control.pointer_at(words.ACQUIRE), line.pointer_at(words.LOCK)
        exchange(line, words.AWAKE, 0)
        # What was posted before that was posted without waking: look once more.
        called = load(line, words.JOB).equals(words.POSTED) | load(control, words.STOP).differs(0)
        with body.choose(called) as (stay, go):
            with stay, body.when(exchange(line, words.AWAKE, 1).equals(1)):
                body.call(acquire, lock, 1)  # a caller has released it since
            with go:
                body.call(acquire, lock, 1)
    return body
