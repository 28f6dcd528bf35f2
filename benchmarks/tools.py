"""The tools that are compared: whether each is installed here, and the commands that are its work on one layer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import NamedTuple

from costs import Step
from layers import target
from ours import DROP_IN, ENGINES

HERE = Path(__file__).parent
PINS: dict[str, dict[str, str]] = json.loads((HERE / "peers.json").read_text(encoding="utf-8"))
UNIT = "unzip -tqq"
OURS = "layercheck, "
FOUND_SOMETHING = (0, 1)
# xargs ends with 123 when a command that it ran ended with 1 to 125: lddtree and readelf do so for files they dislike.
DISLIKED = (0, 123)
LEAST_ABOUT_A_FILE = 20
"""Bytes; its name alone is longer."""


class Layer(NamedTuple):
    """A zip, the folder that extraction makes anew, and files that stand ready: the ELF files' names, a wheel."""

    path: Path
    tree: Path
    elf_list: Path
    wheel: Path
    elf_files: int


class Installed(NamedTuple):
    """What there is: programs by name; packages and their versions in ours and in the peers' environment."""

    programs: Mapping[str, str]
    ours: Mapping[str, str]
    peers: Mapping[str, str]
    peer_python: str
    peer_site: str


class Tool(NamedTuple):
    """``needs``: programs. ``package``: of the peers' environment. ``elf``: there is no work without ELF files."""

    name: str
    steps: Callable[[Layer, Installed], list[Step]]
    needs: tuple[str, ...] = ()
    package: str | None = None
    elf: bool = True


def _unzip(layer: Layer, _: Installed) -> list[Step]:
    return [Step(("unzip", "-tqq", str(layer.path)))]


def _zipfile(layer: Layer, _: Installed) -> list[Step]:
    return [Step((sys.executable, "-m", "zipfile", "-t", str(layer.path)))]


def _extracted(*command: str, by_peer: bool = False) -> Callable[[Layer, Installed], list[Step]]:
    """Extraction, a command that gets the names of all ELF files, and removal: a check leaves nothing behind.

    ``by_peer``: the command is a Python program, whose own interpreter may lack what it imports.
    """

    def steps(layer: Layer, there: Installed) -> list[Step]:
        work = [Step(("unzip", "-qqo", str(layer.path), "-d", str(layer.tree)))]
        if command:
            full = (there.peer_python, there.programs[command[0]], *command[1:]) if by_peer else command
            # It also ends so where it broke down at once: then it has not told of each file.
            least = LEAST_ABOUT_A_FILE * layer.elf_files
            work.append(Step(("xargs", "-0", "-s", "1000000", *full), DISLIKED, str(layer.elf_list), least))
        return [*work, Step(("rm", "-rf", str(layer.tree)))]

    return steps


def _library(work: str) -> Callable[[Layer, Installed], list[Step]]:
    def steps(layer: Layer, there: Installed) -> list[Step]:
        return [Step((there.peer_python, str(HERE / "peer_work.py"), work, str(layer.path)))]

    return steps


def _auditwheel(layer: Layer, there: Installed) -> list[Step]:
    return [Step((there.peer_python, "-m", "auditwheel", "show", str(layer.wheel)))]


def layercheck(engine: str, layer: Layer, there: Installed, output: str) -> Step:
    """A complete check with its JSON report.

    Without the configuration of the folder that this is run in: looking for it ends at the checkout's own
    pyproject.toml, and reading that would cost what no other project pays.
    """
    site = there.peer_site if engine in DROP_IN else "-"
    start = (sys.executable, str(HERE / "ours.py"), engine, site)
    return Step(
        (*start, str(layer.path), *target(layer.path.stem), "--no-config", "-f", "json", "-o", output), FOUND_SOMETHING
    )


def _ours(engine: str) -> Callable[[Layer, Installed], list[Step]]:
    return lambda layer, there: [layercheck(engine, layer, there, os.devnull)]


def reports_differ(layer: Layer, there: Installed, engines: list[str]) -> str | None:
    """Whether all engines lead to one and the same report, once and uncounted: what is wrong if not.

    A program of Python that breaks down ends with 1, as one does that has found something.
    """
    first = b""
    for engine in engines:
        out = layer.tree.with_suffix(".json")
        out.unlink(missing_ok=True)
        subprocess.run(layercheck(engine, layer, there, str(out)).command, stdout=subprocess.DEVNULL, check=False)
        if not out.exists():
            return f"no report with {engine} about {layer.path.name}"
        report = out.read_bytes()
        first = first or report
        if report != first:
            return f"another report with {engine} about {layer.path.name}"
    return None


TOOLS = (
    Tool(UNIT, _unzip, needs=("unzip",), elf=False),
    *(
        Tool(f"{OURS}{engine}", _ours(engine), package=engine if engine in DROP_IN else None, elf=False)
        for engine in ENGINES
    ),
    Tool("python -m zipfile -t", _zipfile, elf=False),
    Tool("extraction alone", _extracted(), needs=("unzip",), elf=False),
    Tool(
        "extraction + readelf -dV",
        _extracted("readelf", "-dV"),
        needs=("unzip", "xargs", "readelf"),
    ),
    Tool(
        "extraction + eu-readelf -d -V",
        _extracted("eu-readelf", "-d", "-V"),
        needs=("unzip", "xargs", "eu-readelf"),
    ),
    Tool(
        "extraction + lddtree -l",
        _extracted("lddtree", "-l", by_peer=True),
        needs=("unzip", "xargs", "lddtree"),
        package="pyelftools",
    ),
    Tool("elfdeps", _library("elfdeps"), package="elfdeps"),
    Tool("LIEF, default", _library("lief"), package="lief"),
    Tool("LIEF, lean", _library("lief-lean"), package="lief"),
    Tool("pyelftools", _library("pyelftools"), package="pyelftools"),
    Tool("auditwheel show", _auditwheel, package="auditwheel"),
)


def missing(tool: Tool, there: Installed) -> str | None:
    """Why it cannot be measured here; None when it can."""
    for program in tool.needs:
        if program not in there.programs:
            return f"{program} is not installed (Debian: {PINS['debian'][program]})"
    if tool.package is not None and tool.package not in there.peers:
        return f"{tool.package} is not in the peers' environment"
    if tool.name == f"{OURS}deflate" and "deflate" not in there.ours:
        return "deflate is not installed (extra fast)"
    return None


def select(words: list[str]) -> list[Tool]:
    """The tools whose names hold one of the words, and the unit; all without words. Raises ValueError."""
    for word in words:
        if not any(word in tool.name for tool in TOOLS):
            raise ValueError(f"no tool has {word!r} in its name: {'; '.join(tool.name for tool in TOOLS)}")
    chosen = [tool for tool in TOOLS if any(word in tool.name for word in words)]
    return [tool for tool in TOOLS if not words or tool.name == UNIT or tool in chosen]


def look_around(peers: Path) -> Installed:
    """What is installed on this machine and in the peers' environment (a folder that may not be there)."""
    python = peers / "bin" / "python"
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = peers / "lib" / version / "site-packages"
    return Installed(
        programs={name: path for name in PINS["debian"] if (path := shutil.which(name))},
        ours=_packages(sys.path),
        peers=_packages([str(site)]),
        peer_python=str(python),
        peer_site=str(site),
    )


def _packages(path: list[str]) -> dict[str, str]:
    return {found.metadata["Name"].lower().replace("_", "-"): found.version for found in distributions(path=path)}


def install(peers: Path) -> None:
    """Make the peers' environment from the pins, once for each set of them. Raises CalledProcessError."""
    done = peers / "pins"
    pins = "\n".join(PINS["packages"])
    if done.exists() and done.read_text(encoding="utf-8") == pins:
        return
    subprocess.run([sys.executable, "-m", "venv", str(peers)], check=True)
    pip = [str(peers / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--only-binary=:all:", *PINS["packages"]], check=True)
    done.write_text(pins, encoding="utf-8")


def prepare(path: Path, scratch: Path) -> Layer:
    """What stands ready before anything is measured, in ``scratch``."""
    layer = Layer(path, scratch / path.stem, scratch / f"{path.stem}.elf", scratch / _wheel_name(path), 0)
    shutil.rmtree(layer.tree, ignore_errors=True)
    names = []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                if member.read(4) == b"\x7fELF":
                    names.append(info.filename)
    layer.elf_list.write_bytes(b"".join([os.fsencode(layer.tree / name) + b"\0" for name in names]))
    pack_wheel(layer)
    return layer._replace(elf_files=len(names))


def _wheel_name(path: Path) -> str:
    machine = "aarch64" if path.stem.endswith("_arm64") else "x86_64"
    return f"{path.stem}-1.0-cp312-cp312-linux_{machine}.whl"


def pack_wheel(layer: Layer) -> None:
    """The layer as a wheel: the same members, and what makes a zip a wheel."""
    shutil.copyfile(layer.path, layer.wheel)
    name = layer.path.stem
    tag = layer.wheel.stem.split("-", 2)[2]
    with zipfile.ZipFile(layer.wheel, "a", zipfile.ZIP_DEFLATED) as wheel:
        info = f"{name}-1.0.dist-info"
        # auditwheel looks at the files that RECORD names, and at no others.
        record = "".join([f'"{member.filename}",,\n' for member in wheel.infolist() if not member.is_dir()])
        wheel.writestr(
            f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: benchmark\nRoot-Is-Purelib: false\nTag: {tag}\n"
        )
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/RECORD", record)
