"""Root directories that a real loader can be asked in, each with the environment that has exactly the same files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from layercheck.elf import ElfImage, read_elf
from layercheck.environment import load
from layercheck.environment.capture import capture
from layercheck.environment.capture_source import from_directory
from layercheck.environment.captured import from_document
from layercheck.environment.model import Environment, EnvironmentFile, Link, Named, Other, Versions
from linker.oracle import ask, plant
from linker.random_trees import Question
from linker.real_glibc import ARM64, X86_64, Machine, RealLoader, machine_of
from support.elf_writer import build_elf

LAMBDA_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
TREE_TOPS = ("bin", "lib", "lib64", "sbin")
PROGRAMS = ("/bin/sh", "/bin/ls", "/usr/bin/apt-get", "/usr/bin/git", "/usr/bin/perl")


class System(NamedTuple):
    """A root, the loader in it with its options, and what layercheck is told about it.

    ``library_paths``: the LD_LIBRARY_PATHs to ask with; empty: not set.
    """

    name: str
    root: Path
    loader: RealLoader
    options: tuple[str, ...]
    environment: Environment
    machine: Machine
    library_paths: tuple[str, ...]

    def trace(self, path: str, library_path: str) -> subprocess.CompletedProcess[str]:
        """Ask the real loader what it loads for a file of the root."""
        question = Question({}, library_path or None, "/var/task", path, False)
        command = [*self.loader.command, *self.options, path]
        return ask(self.root, question, command, {"LD_TRACE_LOADED_OBJECTS": "1"})


def machine_system(root: Path) -> System:
    """This machine's own libraries, Python and some programs, with a cache that ldconfig makes, captured."""
    machine = machine_of(X86_64)
    for top in TREE_TOPS:
        link = Path("/", top)
        if link.is_symlink():
            target = os.path.realpath(link)[1:]
            (root / target).mkdir(parents=True, exist_ok=True)
            (root / top).symlink_to(target)
    for directory in (*machine.oracle.defaults, "/usr/local/lib"):
        _copy(root, sorted(Path(directory).glob("*.so*")))
    _copy(root, [Path(program) for program in PROGRAMS if Path(program).exists()])
    _copy(root, [Path(os.path.realpath(sys.executable))])
    plant(root, Question({}, None, "/", "/", False), X86_64.programs)
    _directories(root)
    (root / "etc").mkdir()
    (root / "etc/ld.so.conf").write_text("/usr/local/lib\n")
    subprocess.run(["ldconfig", "-r", str(root)], check=True, capture_output=True, env={"PATH": "/usr/sbin:/sbin"})
    environment = from_document(capture(from_directory(str(root)), name="machine"))
    assert environment.loader.cache, "ldconfig made no cache, or it was not read"
    # A trace takes each file for the program; modules are opened into Python in tests of their own.
    environment = environment._replace(interpreters={})
    return System("machine", root, X86_64, (), environment, machine, ("", LAMBDA_PATH))


def cross_system(root: Path) -> System:
    """The C and C++ libraries of the other architecture, captured."""
    machine = machine_of(ARM64)
    home = root / machine.oracle.defaults[0][1:]
    home.mkdir(parents=True)
    for path in sorted(Path(ARM64.source).parent.glob("*.so*")):
        shutil.copy2(path, home, follow_symlinks=False)
    plant(root, Question({}, None, "/", "/", False), ARM64.programs)
    _directories(root)
    emulator = root / ARM64.command[0][1:]
    hidden = emulator.rename(root.parent / "emulator")
    environment = from_document(capture(from_directory(str(root)), name="cross"))
    hidden.rename(emulator)
    return System("cross", root, ARM64, ("--inhibit-cache",), environment, machine, ("", LAMBDA_PATH))


def lambda_system(root: Path, runtime: str, loader: RealLoader) -> System:
    """What is known of a runtime's libraries, as files with their names and version nodes and nothing else in them.

    The loader is the real one, so it is this release's rules that count; a library whose nodes are not known defines
    none.
    """
    known, machine = load(runtime, loader.architecture), machine_of(loader)
    links = {path: file.target for path, file in known.files.items() if isinstance(file, Link)}
    files: dict[str, EnvironmentFile] = {}
    tree: dict[str, bytes | str] = dict(links)
    for path, file in known.files.items():
        if isinstance(file, Named):
            nodes = sorted(file.versions.nodes | file.versions.unverified_nodes) if file.versions is not None else None
            tree[path] = build_elf(machine=loader.machines[0], soname=file.soname, verdef=nodes)
            versions = None if nodes is None else Versions(frozenset([*nodes, file.soname]), frozenset(), True)
            files[path] = Named(file.soname, versions)
        else:
            files[path] = file
            assert isinstance(file, (Link, Other)), path
    # Links first: what they lead to is written through them.
    ordered = sorted(tree.items(), key=lambda item: (item[0].count("/"), isinstance(item[1], bytes)))
    plant(root, Question(dict(ordered), None, "/", "/", False), {})
    plant(root, Question({}, None, "/", "/", False), loader.programs)
    _directories(root)
    real = os.path.realpath(root / loader.path[1:])
    image = read_elf(Path(real).read_bytes())
    assert isinstance(image, ElfImage)
    files["/" + os.path.relpath(real, root)] = image
    directories, lib = machine.oracle.defaults, machine.lib
    facts = known.loader._replace(version=machine.release, default_directories=directories, lib=lib)
    environment = known._replace(files=files, loader=facts)
    return System(runtime, root, loader, ("--inhibit-cache",), environment, machine, (":".join(known.library_path),))


def _directories(root: Path) -> None:
    for name in ("var/task", "opt"):
        (root / name).mkdir(parents=True, exist_ok=True)


def _copy(root: Path, paths: Iterable[Path]) -> None:
    """Copy files to the same places; links stay links."""
    for path in paths:
        place = root / str(path)[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(place) and (path.is_file() or path.is_symlink()):
            shutil.copy2(path, place, follow_symlinks=False)
