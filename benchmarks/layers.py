"""Rebuild the benchmark layers from the registries, pinned in layers.json.

Run it as ``python benchmarks/layers.py small seed entries_10000``. ``entries_N`` has N tiny members and needs no
registry; ``many`` needs npm. Each layer is made once and its counts are printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from build_layer import LayerZip, build_layer

RECIPES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("layers.json").read_text(encoding="utf-8"))
ENTRIES = "entries_"
PYTHON = "3.12"


def make(name: str, folder: Path) -> Path:
    """Make ``folder``/NAME.zip unless it is there. Raises KeyError for an unknown name, CalledProcessError."""
    out = folder / f"{name}.zip"
    if out.exists():
        return out
    if name.startswith(ENTRIES):
        make_entries(out, int(name.removeprefix(ENTRIES)))
    elif name in RECIPES["npm"]:
        make_npm(out, folder / "trees" / name, RECIPES["npm"][name]["packages"])
    else:
        recipe = RECIPES["wheels"][name]
        cache = folder / "wheels" / name
        build_layer(out, cache, recipe["packages"], recipe["machine"], PYTHON, recipe["root"])
    return out


def make_entries(out: Path, count: int) -> None:
    """A layer of ``count`` small modules, a hundred in each package."""
    with LayerZip(out) as layer:
        for number in range(count):
            name = f"python/package{number // 100:05d}/module{number % 100:02d}.py"
            layer.add(name, b"# filler\n" + b"value = 1\n" * (number % 20))


def make_npm(out: Path, tree: Path, packages: Sequence[str]) -> None:
    """A layer with nodejs/node_modules as npm installs it for Linux on x86_64, without running any install script."""
    if not (tree / "done").exists():
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        (tree / "package.json").write_text("{}\n", encoding="utf-8")
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        target = ["--os=linux", "--cpu=x64", "--ignore-scripts", "--legacy-peer-deps", "--force"]
        subprocess.run(["npm", "install", *quiet, *target, *packages], cwd=tree, check=True, stdout=subprocess.DEVNULL)
        (tree / "done").touch()
    with LayerZip(out) as layer:
        layer.add_tree(tree / "node_modules", "nodejs/node_modules")


def counts(layer: Path) -> str:
    """What a figure must be read with: files, ELF files and bytes."""
    files = elf_files = size = 0
    with zipfile.ZipFile(layer) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                elf_files += member.read(4) == b"\x7fELF"
            files += 1
            size += info.file_size
    zipped = layer.stat().st_size / 1e6
    return f"{layer.stem}: {files:,} files, {elf_files} ELF files, {zipped:.1f} MB zipped, {size / 1e6:.1f} MB unzipped"


def main() -> None:
    known = [*RECIPES["wheels"], *RECIPES["npm"]]
    parser = argparse.ArgumentParser(description="Rebuild the benchmark layers.", epilog=f"names: {' '.join(known)}")
    parser.add_argument("names", nargs="+", metavar="NAME", help="see below, or entries_N")
    parser.add_argument("--output", type=Path, default=Path(".cache/layers"))
    options = parser.parse_args()
    for name in options.names:
        if name not in known and not name.removeprefix(ENTRIES).isdecimal():
            parser.error(f"no layer is called {name}")
    if "many" in options.names and shutil.which("npm") is None:
        sys.exit("many needs npm")
    for name in options.names:
        print(counts(make(name, options.output)), flush=True)


if __name__ == "__main__":
    main()
