"""Build a Python layer from wheels of the registry: downloaded by pip, laid below one directory of a zip.

Run it as ``python benchmarks/build_layer.py OUT.zip numpy==2.5.5 Pillow==13.0.0``. The same wheels give the same zip.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

SYSTEMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux2014", "manylinux_2_17")
"""What Amazon Linux 2023 (glibc 2.34) loads for certain."""
TIME = (2026, 1, 1, 0, 0, 0)
STORED_BELOW = 40
"""Bytes; deflate gains nothing on less."""


class LayerZip:
    """A zip that is written member by member and appears at ``path`` when all went well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._zip = zipfile.ZipFile(self._part, "w")

    def __enter__(self) -> LayerZip:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._zip.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink()

    def add(self, name: str, data: bytes, mode: int = 0o100644) -> None:
        """Add one member; ``mode`` holds the kind of file too, as st_mode does."""
        info = zipfile.ZipInfo(name, TIME)
        info.create_system = 3
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED if len(data) > STORED_BELOW else zipfile.ZIP_STORED
        self._zip.writestr(info, data, compresslevel=6)

    def add_wheel(self, wheel: Path, root: str) -> None:
        """Lay an unpacked wheel below ``root``, the parts of its .data directory where ``pip --target`` puts them."""
        with zipfile.ZipFile(wheel) as source:
            for info in sorted(source.infolist(), key=lambda info: info.filename):
                place = _place(info.filename)
                if place is not None and not info.is_dir():
                    executable = info.external_attr >> 16 & 0o100
                    self.add(f"{root}/{place}", source.read(info), 0o100755 if executable else 0o100644)

    def add_tree(self, folder: Path, root: str) -> None:
        """Lay a folder below ``root``, with its links kept as links."""
        for path in _walk(folder):
            name = f"{root}/{path.relative_to(folder).as_posix()}"
            if path.is_symlink():
                self.add(name, os.fsencode(path.readlink()), 0o120777)
            else:
                self.add(name, path.read_bytes(), 0o100755 if path.stat().st_mode & 0o100 else 0o100644)


def _place(name: str) -> str | None:
    """Where a member of a wheel is installed; None for what a layer has no use for."""
    folder, _, rest = name.partition("/")
    if not folder.endswith(".data"):
        return name
    scheme, _, rest = rest.partition("/")
    return {"purelib": rest, "platlib": rest, "data": rest, "scripts": f"bin/{rest}"}.get(scheme)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def download(folder: Path, requirements: Sequence[str], machine: str, python: str) -> list[Path]:
    """The wheels of exactly these requirements, fetched into ``folder`` once. Raises CalledProcessError."""
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) < len(requirements):
        platforms = [word for system in SYSTEMS for word in ("--platform", f"{system}_{machine}")]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        target = ["--only-binary=:all:", *platforms, "--python-version", python, "--implementation", "cp"]
        subprocess.run([*pip, *target, "--dest", str(folder), *requirements], check=True)
        wheels = sorted(folder.glob("*.whl"))
    return wheels


def build_layer(out: Path, cache: Path, requirements: Sequence[str], machine: str, python: str, root: str) -> None:
    """Make the layer at ``out``; ``cache`` keeps its wheels, and only them."""
    with LayerZip(out) as layer:
        for wheel in download(cache, requirements, machine, python):
            layer.add_wheel(wheel, root)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build a Python layer from wheels.")
    parser.add_argument("out", type=Path)
    parser.add_argument("requirements", nargs="+", metavar="NAME==VERSION")
    parser.add_argument("--machine", default="x86_64", help="x86_64 or aarch64")
    parser.add_argument("--python", default="3.12")
    parser.add_argument("--root", default="python", help="the directory inside the layer")
    options = parser.parse_args()
    cache = options.out.with_suffix(".wheels")
    build_layer(options.out, cache, options.requirements, options.machine, options.python, options.root)


if __name__ == "__main__":
    main()
