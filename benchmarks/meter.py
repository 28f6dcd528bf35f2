"""A process that runs commands and tells what they took. It holds next to nothing itself.

What a process is charged for at its start includes the memory of the one that started it, so each measurement gets a
new meter (``python -I -S meter.py``). It reads one JSON object from standard input::

    {"steps": [{"command": ["unzip", "-tqq", "a.zip"], "accepted": [0], "input": null}], "environment": {...}}

and writes ``{"seconds": [user and system seconds of each step], "memory": peak in KiB, "failed": null}``. A step
that ends with a status that is not accepted is the last one; ``failed`` then is [its index, the status].
"""

from __future__ import annotations

import json
import os
import sys
from resource import RUSAGE_CHILDREN, getrusage


def _run(step: dict[str, object], environment: dict[str, str]) -> int:
    """The exit status of a command; minus the signal that ended it, 127 if it cannot be started."""
    command, source = step["command"], step.get("input")
    silent = [
        (os.POSIX_SPAWN_OPEN, 0, source or os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    try:
        child = os.posix_spawnp(command[0], command, environment, file_actions=silent)  # type: ignore[index,arg-type]
    except OSError:
        return 127
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _measure(order: dict[str, object]) -> dict[str, object]:
    seconds: list[float] = []
    failed = None
    spent = 0.0
    for index, step in enumerate(order["steps"]):  # type: ignore[arg-type, var-annotated]
        status = _run(step, order["environment"])  # type: ignore[arg-type]
        usage = getrusage(RUSAGE_CHILDREN)
        seconds.append(usage.ru_utime + usage.ru_stime - spent)
        spent += seconds[-1]
        if status not in step["accepted"]:
            failed = [index, status]
            break
    # macOS counts bytes, Linux KiB.
    peak = getrusage(RUSAGE_CHILDREN).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return {"seconds": seconds, "memory": peak, "failed": failed}


if __name__ == "__main__":
    json.dump(_measure(json.load(sys.stdin)), sys.stdout)
