"""Small deployments for the loader: one mapping of absolute paths, split over layer, function and environment."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from typing import TypeAlias

from layercheck.artifact import open_artifact
from layercheck.elf import ElfImage, read_elf
from layercheck.environment.model import Environment, EnvironmentFile, Link, Loader, Named, Other, Versions
from layercheck.filesystem import OPT, TASK, Filesystem, Mount, Overlay
from layercheck.linker import GlibcLoader, Load
from support.zip_writer import simple_zip

LAMBDA_PATH = (
    "/var/lang/lib",
    "/lib64",
    "/usr/lib64",
    "/var/runtime",
    "/var/runtime/lib",
    "/var/task",
    "/var/task/lib",
    "/opt/lib",
)
AMAZON = ("/lib64", "/usr/lib64")
LOADERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}

File: TypeAlias = "bytes | str | EnvironmentFile"
"""Bytes are a file, text is the target of a symlink; the environment takes its own kinds of file too."""


def named(soname: str, *nodes: str, unverified: tuple[str, ...] = (), complete: bool = True) -> Named:
    return Named(soname, Versions(frozenset(nodes), frozenset(unverified), complete))


def environment_of(
    files: Mapping[str, EnvironmentFile],
    *,
    library_path: tuple[str, ...] = LAMBDA_PATH,
    defaults: tuple[str, ...] = AMAZON,
    version: str = "2.34",
    lib: str = "lib64",
    architecture: str = "x86_64",
) -> Environment:
    loader = Loader("glibc", version, LOADERS[architecture], defaults, lib)
    return Environment("made", architecture, None, loader, library_path, files, "made")


def environment_file(file: File) -> EnvironmentFile:
    if isinstance(file, str):
        return Link(file)
    if not isinstance(file, bytes):
        return file
    image = read_elf(file) if file.startswith(b"\x7fELF") else None
    return image if isinstance(image, ElfImage) else Other("text" if file else "empty")


def packed(files: Mapping[str, File], at: str) -> bytes:
    """The zip of what lies below ``at``."""
    members: dict[str, bytes | tuple[bytes, int]] = {}
    for path, file in files.items():
        if path.startswith(at + "/"):
            assert isinstance(file, (bytes, str))
            name = path[len(at) + 1 :]
            members[name] = file if isinstance(file, bytes) else (file.encode(), stat.S_IFLNK | 0o777)
    return simple_zip(members)


def filesystem_of(files: Mapping[str, File], environment: Environment | None = None) -> Filesystem:
    """/opt/... becomes a layer, /var/task/... the function, everything else the environment's."""
    own = {p: environment_file(f) for p, f in files.items() if not p.startswith((OPT + "/", TASK + "/"))}
    mounts = [
        Mount(open_artifact(packed(files, at)), at)
        for at in (OPT, TASK)
        if any(path.startswith(at + "/") for path in files)
    ]
    return Filesystem(Overlay(mounts), environment or environment_of(own))


def load(
    files: Mapping[str, File],
    target: str,
    *,
    library_path: tuple[str, ...] = LAMBDA_PATH,
    defaults: tuple[str, ...] = AMAZON,
    version: str = "2.34",
    lib: str = "lib64",
    cwd: str = "/var/task",
) -> Load:
    own = {p: environment_file(f) for p, f in files.items() if not p.startswith((OPT + "/", TASK + "/"))}
    environment = environment_of(own, library_path=library_path, defaults=defaults, version=version, lib=lib)
    return GlibcLoader(filesystem_of(files, environment), cwd=cwd).load_program(target)


def found(result: Load) -> list[str]:
    """The objects behind the program, as opened, in the loader's order."""
    return [item.path for item in result.objects[1:]]
