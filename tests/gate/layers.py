"""A good layer and a bad one, small enough for every test."""

from __future__ import annotations

from pathlib import Path

from support.elf_writer import build_elf
from support.zip_writer import simple_zip

TARGET = ("-r", "python3.12", "-a", "x86_64")


def good(path: Path) -> Path:
    """A layer that passes on python3.12, x86_64."""
    return _write(path, {"python/good.py": b"answer = 42\n"})


def bad(path: Path) -> Path:
    """A layer with an extension module that needs a library that is nowhere (LC401), on x86_64."""
    return _write(path, {"python/_x.abi3.so": build_elf(needed=["libnowhere.so.1", "libc.so.6"])})


def function(path: Path) -> Path:
    """A function whose handler is app.handler."""
    return _write(path, {"app.py": b"def handler(event, context):\n    return 1\n"})


def _write(path: Path, files: dict[str, bytes | tuple[bytes, int]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(simple_zip(files))
    return path
