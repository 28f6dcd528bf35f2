"""Build layercheck.pyz: one file that any Python from 3.10 on runs, with what layercheck needs of others inside.

Run it as ``python release/pyz.py OUT.pyz``; pip fetches what ``pyz.txt`` lists. The same sources give the same bytes
on every Python with the same zlib: what is compiled is left out, names are sorted and times are fixed. So each start
compiles what it imports, half a second of CPU; bytecode would fit one Python only and triple the size.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "release"
SHEBANG = b"#!/usr/bin/env python3\n"
TIME = (2026, 1, 1, 0, 0, 0)
SUFFIXES = frozenset((".py", ".json", ".js", ".sh"))
"""Of what runs. All that pip leaves beside it (compiled modules, C sources, stubs for type checkers) has others."""
LEFT_OUT = ("_yaml", "bin")
"""PyYAML's name for its compiled part of old, and the commands of packages."""


def members(installed: Path) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the archive, from the sources and from where pip has installed the others."""
    yield "__main__.py", (HERE / "pyz_main.py").read_bytes()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()
    for folder in (ROOT, HERE / "standins", installed):
        for path in _files(folder / "layercheck" if folder == ROOT else folder):
            name = path.relative_to(folder).as_posix()
            if _is_wanted(name):
                yield name, path.read_bytes()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _is_wanted(name: str) -> bool:
    top, _, rest = name.partition("/")
    if top.endswith(".dist-info"):
        # For those who ask whose it is, and on what terms.
        return rest == "METADATA" or rest.startswith(("licenses/", "LICENSE", "NOTICE"))
    return top not in LEFT_OUT and Path(name).suffix in SUFFIXES and "__pycache__" not in name


def install(target: Path) -> None:
    """Have pip put the packages of pyz.txt into ``target``. Raises CalledProcessError when it cannot."""
    # Isolated: the GitHub action runs this in the repository that it checks, which may hold a pip.py.
    pip = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    where = ["--no-deps", "--no-compile", "--target", str(target), "--requirement", str(HERE / "pyz.txt")]
    subprocess.run([*pip, *where], check=True)


def write(path: Path, installed: Path) -> None:
    """Write the archive, executable; it appears whole or not at all. Raises ValueError for a name that comes twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    held: dict[str, bytes] = {}
    for name, data in members(installed):
        if name in held:
            raise ValueError(f"{name} comes twice")
        held[name] = data
    with part.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w") as archive:
            for name in sorted(held):
                info = zipfile.ZipInfo(name, TIME)
                info.create_system, info.external_attr = 3, 0o100644 << 16
                archive.writestr(info, held[name], zipfile.ZIP_DEFLATED, 9)
    part.chmod(0o755)
    os.replace(part, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, metavar="OUT.pyz")
    output: Path = parser.parse_args().output
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        write(output, Path(folder))
    print(f"{output}: {output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
