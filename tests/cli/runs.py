"""Running the command, in another process or in this one."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from layercheck.cli import main

TARGET = ("-r", "python3.12", "-a", "x86_64")


class Run(NamedTuple):
    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what decides colours."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONHASHSEED")}
    return {**kept, "TERM": "xterm", **changes}


def command(*arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None, **more: Any) -> Run:
    """``python -m layercheck`` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "layercheck", *arguments],
        input=stdin if stdin is not None else b"",
        capture_output=True,
        env=environment(**(env or {})),
        timeout=120,
        **more,
    )
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def here(*arguments: str) -> Run:
    """The command's main in this process, with what it prints."""
    raw, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(raw, "utf-8", newline="")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
        out.flush()
    return Run(code, raw.getvalue().decode(), err.getvalue())
