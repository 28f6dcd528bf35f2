"""What an application's .deps.json lists: its packages, and the native files that the .NET host looks for.

The format is that of the host's documentation (dotnet/sdk, documentation/specs/runtime-configuration-file.md): below
``targets``, files under ``native`` lie flat beside the application, those under ``runtimeTargets`` in the directory of
the system that they are for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ..named_tuple import TYPE_CHECKING
from .entry import DotnetDeps, NativeAsset

if TYPE_CHECKING:
    from typing import Any

MAX_DEPS = 4 << 20
"""Bytes of a .deps.json that are read; those of large applications take 300 KB."""
MAX_ASSETS = 5_000
TOO_LARGE = DotnetDeps(damage=f"it is larger than {MAX_DEPS >> 20} MiB")
RIDS = {
    "x86_64": ("linux-x64", "linux", "unix-x64", "unix", "any"),
    "arm64": ("linux-arm64", "linux", "unix-arm64", "unix", "any"),
}
"""Names of each target, from the most fitting on (dotnet/runtime, PortableRuntimeIdentifierGraph.json)."""
_SUFFIX = ".deps.json"


def is_deps(path: str) -> bool:
    """Whether the file is an application's list of dependencies, by its name."""
    return path.endswith(_SUFFIX)


def read_deps(data: bytes) -> DotnetDeps:
    """Read a .deps.json; whatever is not as it should be is left out, or named as the damage."""
    if len(data) > MAX_DEPS:
        return TOO_LARGE
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return DotnetDeps(damage="it is not JSON")
    target = _text(_table(_table(document).get("runtimeTarget")).get("name"))
    libraries = _table(_table(_table(document).get("targets")).get(target))
    kinds = _table(_table(document).get("libraries"))
    packages: dict[str, str] = {}
    projects: set[str] = set()
    needs: dict[str, tuple[str, ...]] = {}
    assets: list[NativeAsset] = []
    for key, value in libraries.items():
        name, _, version = key.partition("/")
        packages[name] = version
        if _table(kinds.get(key)).get("type") == "project":
            projects.add(name)
        needs[name] = tuple(_table(_table(value).get("dependencies")))
        if len(assets) < MAX_ASSETS:
            assets += _assets(name, _table(value))
    return DotnetDeps(
        target.partition("/")[2], packages, needs, tuple(assets[:MAX_ASSETS]), projects=frozenset(projects)
    )


def _assets(package: str, entry: Mapping[str, Any]) -> Iterator[NativeAsset]:
    for path in _table(entry.get("native")):
        yield NativeAsset(package, path, "", "native")
    for path, about in _table(entry.get("runtimeTargets")).items():
        rid, kind = _text(_table(about).get("rid")), _text(_table(about).get("assetType"))
        if rid and kind in ("native", "runtime"):
            yield NativeAsset(package, path, rid, kind)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
