"""Directories with links in circles, and with what is neither a file nor a directory."""

from __future__ import annotations

import os
from pathlib import Path


def loops(target: Path) -> None:
    """Links to themselves, to each other, and to the directory that they lie in."""
    lib = target / "lib"
    lib.mkdir()
    (lib / "self.so").symlink_to("self.so")
    (lib / "one.so").symlink_to("two.so")
    (lib / "two.so").symlink_to("one.so")
    (lib / "here").symlink_to(".")
    (lib / "up").symlink_to("../lib/up/up")
    (lib / "libz.so.1").write_bytes(b"x = 1\n")


def special(target: Path) -> None:
    """A pipe that nobody writes to, beside a module."""
    os.mkfifo(target / "pipe")
    (target / "python").mkdir()
    (target / "python" / "a.py").write_text("x = 1\n", "utf-8")
    os.mkfifo(target / "python" / "b.py")


def deep(target: Path, depth: int) -> None:
    """Directories below one another, further than any path may be long."""
    here = os.getcwd()
    try:
        os.chdir(target)
        for _ in range(depth):
            os.mkdir("directory")
            os.chdir("directory")
        Path("f.py").write_text("x = 1\n", "utf-8")
    finally:
        os.chdir(here)


def odd_names(target: Path) -> None:
    """Names that a file system takes and a terminal should not."""
    (target / "python").mkdir()
    for name in (b"line\nfeed.py", b"\x1b[31mred.py", b"\xff\xfe.py", "\u202eyp.exe".encode(), b"-rf", b" ", b"\\a.py"):
        with open(os.path.join(os.fsencode(target), b"python", name), "wb") as file:
            file.write(b"x = 1\n")
