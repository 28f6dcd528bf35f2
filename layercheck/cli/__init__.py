"""The command line: parses, calls the library, prints. No checking here."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

OK, FOUND, USAGE, COULD_NOT = 0, 1, 2, 3
"""Exit codes: passed, findings, wrong command line, could not check."""
_KEPT_BY_MALLOC = 31 << 20


def entry() -> None:
    """The console script."""
    # One check makes many small objects and hardly a cycle; looking for cycles costs 5 % of a run.
    gc.disable()
    # Freeing one large block, which is never touched, makes malloc keep what is freed after it: a third fewer page
    # faults, 3 % of a check (glibc, mallopt(3): the mmap threshold is dynamic).
    bytes(_KEPT_BY_MALLOC)
    code = main()
    # Nothing is left to clean up, and tearing down the modules takes longer than a small check.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or COULD_NOT
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Never raises for wrong input."""
    from .parser import parse

    try:
        options = parse(list(sys.argv[1:] if arguments is None else arguments))
        return int(options.command(options))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except BrokenPipeError:
        # The reader has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except MemoryError:
        _say("not enough memory for this input")
        return COULD_NOT


def _say(text: str) -> None:
    print(f"layercheck: {text}", file=sys.stderr)
