"""From the library tables to an Environment.

The tables list names and, where known, version nodes; ``floor`` in a system's table replaces the records of libraries
that were older in the oldest listing of Lambda (a function pinned to an old runtime version keeps them).
"""

from __future__ import annotations

from functools import cache

from .catalogue import normalise_architecture, runtime
from .model import Environment, EnvironmentFile, Link, Loader, Named, Versions
from .store import read

LIBRARIES = ("newest", "floor")
_SYSTEM_DIRECTORY = "/usr/lib64"


def load(name: str, architecture: str, libraries: str = "newest") -> Environment:
    """The environment of one runtime on one architecture.

    ``libraries`` is ``newest`` (the newest inventory known) or ``floor`` (the oldest that a pinned function may have).
    Raises UnknownRuntime, or ValueError for an unknown architecture or inventory.
    """
    if libraries not in LIBRARIES:
        raise ValueError(f"{libraries!r} is not an inventory: {' or '.join(LIBRARIES)}")
    return _load(name, normalise_architecture(architecture), libraries)


@cache
def _load(name: str, architecture: str, libraries: str) -> Environment:
    found = runtime(name)
    if architecture not in found.architectures:
        raise ValueError(f"{name} does not run on {architecture}")
    system = read(f"libraries-{found.os}")
    layout = read("layout")["loader"]
    loader = Loader(
        kind="glibc",
        version=system["glibc"],
        path=system["loader"][architecture],
        default_directories=tuple(layout["default_directories"]),
        lib=layout["lib"],
    )
    own = read("runtime-libraries")["runtimes"][name][architecture]
    # The label is exact: it names the tables that the files come from, sets are unique (the validator sees to that),
    # and a system without a floor of its own is the same under both words.
    inventory = libraries if system["floor"]["libraries"] else "newest"
    return Environment(
        name=name,
        architecture=architecture,
        runtime=found,
        loader=loader,
        library_path=found.library_path,
        files=_system_files(found.os, architecture, libraries) | _own_files(own),
        inventory=f"{found.os}-{inventory} {architecture} {own} LD_LIBRARY_PATH={':'.join(found.library_path)}",
    )


@cache
def _system_files(os_name: str, architecture: str, libraries: str) -> dict[str, EnvironmentFile]:
    document = read(f"libraries-{os_name}")
    records = document["libraries"]
    if libraries == "floor":
        records = records | document["floor"]["libraries"]
    files: dict[str, EnvironmentFile] = {path: Link(target) for path, target in document["links"].items()}
    for soname, record in records.items():
        if architecture not in record.get("architectures", (architecture,)):
            continue
        key = record.get("versions")
        if isinstance(key, dict):
            key = key.get(architecture)
        named = Named(soname, _versions(f"libraries-{os_name}", key) if key else None)
        paths = record.get("paths")
        if paths is None:
            paths = [f"{_SYSTEM_DIRECTORY}/{name}" for name in record.get("names", (soname,))]
        _add(files, paths, named)
    return files


@cache
def _own_files(name: str) -> dict[str, EnvironmentFile]:
    files: dict[str, EnvironmentFile] = {}
    for directory, group in read("runtime-libraries")["sets"][name].items():
        for soname in group.get("plain", "").split():
            files[f"{directory}/{soname}"] = Named(soname, None)
        for soname, record in group.get("libraries", {}).items():
            key = record.get("versions")
            paths = [f"{directory}/{file}" for file in record.get("names", soname).split()]
            _add(files, paths, Named(soname, _versions("runtime-libraries", key) if key else None))
    return files


def _add(files: dict[str, EnvironmentFile], paths: list[str], named: Named) -> None:
    """The first path is the file itself; the others are links to it, so that identity is kept."""
    real = paths[0]
    files[real] = named
    directory, _, file = real.rpartition("/")
    for path in paths[1:]:
        files[path] = Link(file if path.rpartition("/")[0] == directory else real)


@cache
def _versions(name: str, key: str) -> Versions:
    record = read(name)["version_lists"][key]
    return Versions(
        frozenset(record["nodes"].split()),
        frozenset(record.get("unverified_nodes", "").split()),
        record["complete"],
    )
