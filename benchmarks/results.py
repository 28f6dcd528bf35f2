"""What one run of peers.py found, as JSON on disk; and the circumstances that its figures hold for."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from costs import Cost, Failure
from tools import PINS, Installed

VERSION_ARGUMENT = {"unzip": "-v"}


class Results(NamedTuple):
    """``layers``: by name, by tool: its costs, or why there are none. ``start``: the same of starting without a layer.

    ``absent``: tools that are not installed, with the reason. ``versions``: of everything that was measured.
    """

    date: str
    python: str
    machine: str
    load: tuple[float, float]
    rounds: int
    versions: Mapping[str, str]
    absent: Mapping[str, str]
    layers: Mapping[str, Mapping[str, list[Cost] | str]]
    start: Mapping[str, list[Cost]]


def outcome(found: list[Cost] | Failure) -> list[Cost] | str:
    """What is kept of a measurement."""
    if isinstance(found, Failure):
        return "printed too little" if found.status is None else f"ended with {found.status}"
    return found


def save(results: Results, path: Path) -> None:
    """Write them; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results._asdict(), indent=1) + "\n", encoding="utf-8")


def restore(path: Path) -> Results:
    """Read them. Raises OSError, ValueError for what is no JSON, TypeError for what ``save`` has not written."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["load"] = tuple(fields["load"])
    fields["start"] = {name: _costs(found) for name, found in fields["start"].items()}
    fields["layers"] = {
        layer: {tool: _costs(found) if isinstance(found, list) else found for tool, found in tools.items()}
        for layer, tools in fields["layers"].items()
    }
    return Results(**fields)


def _costs(found: list[list[float]]) -> list[Cost]:
    return [Cost(*cost) for cost in found]


def machine() -> str:
    """The processor by the name that the system gives to it, the cores, the system."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {platform.system()}"


def python() -> str:
    """The interpreter that runs this, and layercheck."""
    return f"{platform.python_implementation()} {platform.python_version()}"


def today() -> str:
    """As ISO date."""
    return date.today().isoformat()


def versions(there: Installed) -> dict[str, str]:
    """Of engines, libraries and programs."""
    found = {"zlib": zlib.ZLIB_RUNTIME_VERSION}
    if "deflate" in there.ours:
        found["deflate"] = there.ours["deflate"]
    found |= {name: there.peers[name] for name in sorted(there.peers) if name not in ("pip", "setuptools", "packaging")}
    found |= {name: _program_version(name) for name in sorted(there.programs) if name != "xargs"}
    return found


def _program_version(name: str) -> str:
    """That of its Debian package, or what the program says about itself."""
    package = PINS["debian"][name]
    if shutil.which("dpkg-query"):
        command = ["dpkg-query", "--show", "--showformat", "${Version}", package]
    else:
        command = [name, VERSION_ARGUMENT.get(name, "--version")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return version_in(said)


def version_in(said: str) -> str:
    """The first word with a digit and a dot, without brackets and commas; "?" if there is none."""
    words = [word.strip("(),v-") for word in said.split("\n", 1)[0].split()]
    numbers = [word for word in words if word[:1].isdigit() and "." in word]
    return numbers[0] if numbers else "?"
