"""What `launch` runs in its tests: ranks that add up numbers, and whatever the first argument says."""

import datetime
import json
import os
import signal
import sys
import time
from pathlib import Path

what, rank = sys.argv[1], int(os.environ["RANK"])
Path(f"{rank}.json").write_text(json.dumps({"pid": os.getpid(), "arguments": sys.argv[1:]}), encoding="utf-8")
print(f"rank {rank} writes", flush=True)
if what == "refuses":
    time.sleep(0.5 * (rank == int(sys.argv[2])))
    sys.stderr.write("elman: no such file: x.csv\n")
    sys.exit(2)

import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402

asked = torch.zeros(1)


def stop(number: int, _: object) -> None:
    asked.fill_(number)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
dist.init_process_group("gloo", timeout=datetime.timedelta(seconds=5))
for step in range(1000):
    agreed = asked.clone()
    try:
        dist.all_reduce(agreed, op=dist.ReduceOp.MAX)
    except RuntimeError:
        if what == "loses":
            sys.exit(75)
        raise
    if number := int(agreed):
        time.sleep(0.5 * (rank == 0))  # it writes a checkpoint
        if rank == 0:
            sys.stderr.write(f"stopped: {os.environ['ELMAN_RESUME']}\n")
        sys.exit(128 + number)
    if what == "raises" and rank == 1:
        raise ValueError("no more\nof this")
    if what == "ends" and step == 2:
        break
    if rank == 0 and step == 0:
        terminal = sys.stdout.isatty() and sys.stderr.isatty()
        print(f"terminal {terminal}, threads {torch.get_num_threads()}, begun", flush=True)
    time.sleep(0.05)
dist.destroy_process_group()
