"""Real loaders of glibc that can be asked here: this machine's own, and that of arm64 through an emulator."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from typing import NamedTuple

from layercheck.linker import Load
from linker.random_trees import Oracle


class RealLoader(NamedTuple):
    """``path`` is the loader's place in every root, ``source`` its file here; ``emulator`` runs its machine's code.

    ``legacy``: the machine-dependent subdirectories that it may search. ``install`` says how to get what is missing.
    """

    architecture: str
    path: str
    source: str
    emulator: str | None
    machines: tuple[str, str, str]
    hwcaps: tuple[str, ...]
    legacy: tuple[str, ...]
    install: str

    @property
    def is_here(self) -> bool:
        """Whether it can be asked: the machine fits, the files are there, and another root can be entered."""
        fits = sys.platform == "linux" and platform.machine() == "x86_64" and os.geteuid() == 0
        return fits and all(os.access(file, os.X_OK) for file in self.programs.values())

    @property
    def programs(self) -> dict[str, str]:
        """What a root must hold to ask it there: {path in the root: file here}."""
        return {self.path: self.source, **({_EMULATOR: self.emulator} if self.emulator else {})}

    @property
    def command(self) -> list[str]:
        """How it is run inside a root."""
        return [_EMULATOR, self.path] if self.emulator else [self.path]

    def told(self, option: str) -> str:
        """What it says of itself."""
        command = [self.emulator, self.source, option] if self.emulator else [self.source, option]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


_EMULATOR = "/emulator"
X86_64 = RealLoader(
    "x86_64",
    "/lib64/ld-linux-x86-64.so.2",
    "/lib64/ld-linux-x86-64.so.2",
    None,
    ("x86_64", "aarch64", "i386"),
    tuple(f"glibc-hwcaps/x86-64-v{number}" for number in (2, 3, 4)),
    # Those of other platforms (haswell) are not known well enough: this one is a name like any other.
    ("tls", "x86_64", "tls/x86_64", "tls/x86_64/x86_64", "haswell"),
    "it is part of every Linux with glibc; root is needed to enter another root",
)
ARM64 = RealLoader(
    "arm64",
    "/lib/ld-linux-aarch64.so.1",
    "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1",
    "/usr/bin/qemu-aarch64-static",
    ("aarch64", "x86_64", "arm"),
    (),
    ("tls", "aarch64", "atomics", "tls/aarch64", "aarch64/atomics", "tls/aarch64/atomics"),
    "as root: apt-get install qemu-user-static libc6-arm64-cross libgcc-s1-arm64-cross libstdc++6-arm64-cross",
)


class Machine(NamedTuple):
    """What a loader says of itself."""

    oracle: Oracle
    release: str
    lib: str
    cpu_level: str


def machine_of(loader: RealLoader) -> Machine:
    # The default directories stand in the loader's data as consecutive strings that end in a slash.
    with open(loader.source, "rb") as file:
        runs: list[bytes] = re.findall(rb"(?:/[a-z0-9_/-]+/\0){2,}", file.read())
    defaults = tuple(text.decode().rstrip("/") for text in max(runs, key=len).split(b"\0") if text)
    release = re.search(r"version (\d+\.\d+)", loader.told("--version"))
    assert release is not None
    levels = re.findall(r"(x86-64-v\d) \(supported, searched\)", loader.told("--help"))
    has_legacy = "dl_platform=" + f'"{loader.machines[0]}"' in loader.told("--list-diagnostics")
    subdirectories = (*loader.hwcaps, *(loader.legacy if has_legacy else ()))
    multiarch = next((directory[1:] for directory in defaults if directory.endswith("-linux-gnu")), "lib64")
    name = loader.path.rpartition("/")[2]
    oracle = Oracle(tuple(dict.fromkeys(defaults)), subdirectories, name, loader.machines)
    return Machine(oracle, release[1], multiarch, max(levels, default=""))


class Answer(NamedTuple):
    """What a loader did: objects in order, names not found, versions missing (weak ones too) and not told at all;
    ``fatal`` when it gave up."""

    fatal: bool
    objects: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    versions: frozenset[tuple[str, str, str, bool]] = frozenset()
    unversioned: frozenset[tuple[str, str]] = frozenset()

    @property
    def loads(self) -> bool:
        """Whether nothing stood in the way."""
        return not (self.fatal or self.missing or any(not weak for *_, weak in self.versions))


def real_answer(done: subprocess.CompletedProcess[str], loader: RealLoader) -> Answer:
    """What a run with LD_TRACE_LOADED_OBJECTS=1 says."""
    if done.returncode:
        return Answer(True)
    # Lines without an arrow are files that were opened by path; their place in the order is that of the listing.
    lines = re.findall(r"^\t(?:(.+?) => )?(.+?)(?: \(0x\w+\))?$", done.stdout, re.M)
    lines = [(name, path) for name, path in lines if path not in (loader.path, "linux-vdso.so.1", "statically linked")]
    versions = re.findall(r": (\S+): (weak )?version [`'](.+?)' not found \(required by (.+?)\)", done.stderr)
    unversioned = re.findall(r": (\S+): no version information available \(required by (.+?)\)", done.stderr)
    return Answer(
        False,
        tuple(path for _, path in lines if path != "not found"),
        frozenset(name for name, path in lines if path == "not found"),
        frozenset((path, node, requirer, bool(weak)) for path, weak, node, requirer in versions),
        frozenset(unversioned),
    )


def our_answer(result: Load) -> Answer:
    """The same of our loader."""
    if result.error is not None:
        return Answer(True)
    facts = [(fact, False) for fact in result.missing_versions] + [(fact, True) for fact in result.weak]
    return Answer(
        False,
        tuple(item.path for item in result.objects[1:]),
        frozenset(lookup.name for lookup in result.missing),
        frozenset((fact.path, fact.version, fact.required_by, weak) for fact, weak in facts),
        frozenset(result.unversioned),
    )
