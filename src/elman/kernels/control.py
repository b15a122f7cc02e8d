"""The control block: the words through which callers and workers of the pool tell each other what to do.

Words that different threads write at the same time stand on cache lines of their own.
"""

from typing import Final

WORD: Final = 8
LINE: Final = 16
"""Words of a cache line; of two on x86, which fetches them in pairs."""

# Line 0, written by the caller when a session begins and ends.
WORKERS: Final = 0  # how many of the workers belong to this session
OPEN: Final = 1  # 1 while a session lasts
STOP: Final = 2  # 1 when workers are to end
SPIN: Final = 3  # for how many turns a worker waits for a job before it sleeps ...
SPIN_OPEN: Final = 4  # ... and while a session lasts, and a caller for workers
ACQUIRE: Final = 5  # addresses: acquire(lock, wait) and release(lock)
RELEASE: Final = 6
CALLER_LOCK: Final = 7  # on which a caller sleeps
GET_CPU: Final = 8  # addresses of system calls, 0 where there are none: see `placement`
GET_AFFINITY: Final = 9
SET_AFFINITY: Final = 10

# Line 1, the job.
TASK: Final = LINE
ARGUMENTS: Final = LINE + 1
COUNT: Final = LINE + 2

# Line 2.
NEXT: Final = 2 * LINE  # the index that is taken next

# A line for each worker, from line 3 on; the words counted from its begin.
FIRST_WORKER: Final = 3 * LINE
JOB: Final = 0
AWAKE: Final = 1  # 0 from when it goes to sleep; who sets it to 1 again wakes it
LOCK: Final = 2  # on which it sleeps
THREAD: Final = 3  # its number in the system
APART_FROM: Final = 4  # 1 + the processor that it may not use, the caller's; 0 at first

# What JOB says.
NONE: Final = 0
POSTED: Final = 1  # by the caller, who takes it back unless the worker
RUNNING: Final = 2  # has begun; then the caller waits, and when that takes long
AWAITED: Final = 3  # sleeps, to be woken by the worker

MOST_WORKERS: Final = 255
WORDS: Final = FIRST_WORKER + MOST_WORKERS * LINE
