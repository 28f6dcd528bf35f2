"""The command, in a process that ends with code 99 as soon as something writes a file, makes one, or runs a program."""

from __future__ import annotations

import os
import sys
from typing import Any

_FORBIDDEN = frozenset((
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate",
    "os.utime", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen",
    "socket.connect", "shutil.rmtree", "tempfile.mkstemp", "tempfile.mkdtemp",
))  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)
    if writes or event in _FORBIDDEN:
        os.write(2, f"{event} {arguments!r}\n".encode("utf-8", "backslashreplace"))
        os._exit(99)


def main() -> None:
    """Run ``layercheck`` with this process's arguments."""
    from layercheck.cli import entry

    sys.addaudithook(_watch)
    entry()


if __name__ == "__main__":
    main()
