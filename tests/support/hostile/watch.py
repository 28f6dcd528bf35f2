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
import time

_PATIENCE, _STEP = 300.0, 0.25
_QUIET = 0.0044
"""Seconds that ``_sample`` takes on the machine where the bounds were set, with nothing else running."""


def main(seconds: int, out: str, err: str, command: list[str]) -> None:
    with open(out, "wb") as output, open(err, "wb") as errors:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        ends, samples = time.monotonic() + _PATIENCE, [_sample()]
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            if time.monotonic() > ends:
                process.kill()
            samples.append(_sample())
            time.sleep(_STEP if len(samples) > 4 else 0.02)
    _, status, used = ended
    took = {
        "slowness": max(1.0, sum(samples) / len(samples) / _QUIET),
        "code": os.waitstatus_to_exitcode(status),
        "seconds": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024,
    }
    print(json.dumps(took))


def _sample() -> float:
    """How long plain Python takes now: on a busy or a weaker machine a second of processor time is worth less."""
    start = time.process_time()
    count = 0
    for number in range(50_000):
        count += number & 1
    return time.process_time() - start


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
