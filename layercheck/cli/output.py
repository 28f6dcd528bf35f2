"""Where a report goes: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import os
import stat
import sys

WIDEST, PROSE, UNTOLD = 160, 100, 100
"""Columns: a line with a path gains from more; whole paragraphs do not. The last where no terminal tells its own."""


class OutputError(Exception):
    """The report could not be written; the message says where and why."""


class Output:
    """Standard output, or the file at ``path``. A device or a pipe is written in place, never replaced."""

    def __init__(self, path: str | None) -> None:
        self._path = None if path in (None, "-") else path

    def terminal(self) -> bool:
        """Whether a person looks at it."""
        return self._path is None and sys.stdout is not None and sys.stdout.isatty()

    def width(self) -> int:
        """Columns of the terminal, at most 160; COLUMNS goes before. 100 elsewhere: a report is the same everywhere."""
        if not self.terminal():
            return UNTOLD
        told = os.environ.get("COLUMNS", "")
        columns = int(told) if told.isdecimal() and len(told) < 6 else 0
        if not columns:
            try:
                columns = os.get_terminal_size(sys.stdout.fileno()).columns
            except OSError:
                columns = 0
        # Terminals without a size (in containers, under script(1)) say 0.
        return max(40, min(WIDEST, columns or UNTOLD))

    def write(self, text: str) -> None:
        """Write it all. Raises OutputError for a file, BrokenPipeError when standard output's reader has gone."""
        data = text.encode("utf-8", "backslashreplace")
        if self._path is None:
            _write_standard(data)
            return
        try:
            if _is_special(self._path):
                with open(self._path, "wb") as file:
                    file.write(data)
            else:
                _replace(self._path, data)
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror or error}") from None


def _write_standard(data: bytes) -> None:
    if sys.stdout is None:
        raise OutputError("cannot write to standard output: it is closed")
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8"))
        return
    try:
        # With PYTHONUNBUFFERED this is the raw file, which may take less than all and say nothing of the rest.
        rest = memoryview(data)
        while rest:
            rest = rest[buffer.write(rest) or 0 :]
        buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from None


def _is_special(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False


def _replace(path: str, data: bytes) -> None:
    # Through a link, its target is replaced, not the link.
    path = os.path.realpath(path)
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "xb") as file:
            file.write(data)
        if os.path.exists(path):
            os.chmod(part, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise


def use_color(wish: str, terminal: bool) -> bool:
    """Whether to colour: the option first, then NO_COLOR (which beats FORCE_COLOR), TERM=dumb, the terminal."""
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"
