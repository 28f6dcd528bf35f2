"""Runs a command and tells what it took: ``python watch.py SECONDS OUT ERR COMMAND…`` prints one line of JSON.

SECONDS of processor time are all that it gets; on a busy machine the clock says little.

In a process of its own, since a child's peak memory counts from the fork: here that is a small one.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time

_PATIENCE = 300


_QUIET = 0.035
"""Seconds that ``_slowness`` counts on the machine where the bounds were set, with nothing else running."""


def _slowness() -> float:
    """How much slower a busy or a weaker machine is at plain Python, at least 1: its processor time is worth less."""
    took = []
    for _ in range(5):
        start = time.process_time()
        count = 0
        for number in range(400_000):
            count += number & 1
        took.append(time.process_time() - start)
    return max(1.0, sorted(took)[2] / _QUIET)


def main(seconds: int, out: str, err: str, command: list[str]) -> None:
    with open(out, "wb") as output, open(err, "wb") as errors:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        slowness = _slowness()
        clock = threading.Timer(_PATIENCE, process.kill)
        clock.start()
        _, status, used = os.wait4(process.pid, 0)
        clock.cancel()
    took = {
        "slowness": slowness,
        "code": os.waitstatus_to_exitcode(status),
        "seconds": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024,
    }
    print(json.dumps(took))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
