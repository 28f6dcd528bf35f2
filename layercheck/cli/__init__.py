"""The command line: parses, calls the library, prints. No checking here."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

OK, FOUND, USAGE, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: passed, findings, wrong command line, could not check, ended by Ctrl-C (what shells report for it)."""
_KEPT_BY_MALLOC = 31 << 20


def entry() -> None:
    """The console script."""
    try:
        # One check makes many small objects and hardly a cycle; looking for cycles costs 5 % of a run.
        gc.disable()
        # Freeing one large block, which is never touched, makes malloc keep what is freed after it: a third fewer page
        # faults, 3 % of a check (glibc, mallopt(3): the mmap threshold is dynamic).
        try:
            bytes(_KEPT_BY_MALLOC)
        except MemoryError:
            pass
        if sys.stderr is None:
            # Closed (2>&-). print() would take standard output instead.
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - it stays open
        code = main()
    except KeyboardInterrupt:
        # While modules are imported, or a second one while the first is told.
        code = INTERRUPTED
    # Nothing is left to clean up, and tearing down the modules takes longer than a small check.
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        code = code if code in (USAGE, INTERRUPTED) else COULD_NOT
    try:
        sys.stderr.flush()
    except OSError:
        # The verdict stands, though a remark got lost.
        pass
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Never raises for wrong input."""
    try:
        from .parser import parse

        options = parse(list(sys.argv[1:] if arguments is None else arguments))
        return int(options.command(options))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except OSError as error:
        # What no command has words for: the working directory itself is gone.
        say(f"{error.strerror or error}{': ' + repr(error.filename) if error.filename is not None else ''}")
        return COULD_NOT
    except MemoryError:
        say("not enough memory for this input")
        return COULD_NOT


def say(text: str) -> None:
    """A remark to standard error; one that cannot be written there changes nothing."""
    try:
        print(f"layercheck: {text}", file=sys.stderr, flush=True)
    except OSError:
        pass
