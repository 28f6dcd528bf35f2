"""A root in which a real Python starts as Lambda starts it, and imports what a layer or a function holds.

This machine's Python 3.11 lies at the runtime's place with its standard library and, beside it, the real packages that
the runtime brings. What starts the handler there imports the same modules first as Lambda's own does, sets the same
search path, and then forks for each name, so that no import sees what another left behind. It runs without privileges.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from layercheck.environment.capture import capture
from layercheck.environment.capture_source import from_directory
from layercheck.environment.captured import from_document
from layercheck.environment.model import Environment
from real.import_wheels import IMPORTED, RUNTIME
from real.wheels import members_of
from support.root_tree import copy_program
from support.zip_writer import Member, build_zip

RUNTIME_NAME = "python3.11"
SUFFIX = ".cpython-311-x86_64-linux-gnu.so"
LAMBDA_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
NOBODY = 65534
LIBRARIES = (
    "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1",
    "libstdc++.so.6", "libutil.so.1",
)  # fmt: skip
FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64")
START = """
import importlib, json, logging, os, site, sys, time, traceback, warnings
import concurrent.futures, datetime, decimal, enum, math, simplejson
warnings.simplefilter("ignore")
names = json.loads(sys.argv[1])
version = "python%d.%d" % sys.version_info[:2]
own = "/opt/python/lib/" + version + "/site-packages"
sys.path[0] = "/var/runtime"
sys.path.remove("/var/lang/lib/" + version + "/site-packages")
sys.path[:0] = ["/var/task", own, "/opt/python", "/var/lang/lib/" + version + "/site-packages"]
for place in ("/var/task", own, "/opt/python"):
    site.addsitedir(place)
for steps in names:
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        wrong = []
        for step in steps:
            module, _, name = step.partition(":")
            try:
                found = importlib.import_module(module)
                if name:
                    getattr(found, name)
            except BaseException as error:
                wrong.append("%s: %s: %s" % (step, type(error).__name__, str(error).strip()[-200:]))
        os.write(writable, json.dumps(wrong).encode()[:60000])
        os._exit(0)
    os.close(writable)
    said = b""
    while piece := os.read(readable, 65536):
        said += piece
    os.close(readable)
    status = os.waitpid(child, 0)[1]
    print(json.dumps([steps[0], json.loads(said) if said else ["%s: ended with %d" % (steps[0], status)]]))
"""
"""Some standard modules come first, as in the runtime's bootstrap.py and its client: these no layer shadows."""


class Machine(NamedTuple):
    """The root and what layercheck is told about it."""

    root: Path
    environment: Environment


class File(NamedTuple):
    """One file of a layer: its content and permissions; ``link``: the content is a symlink's target."""

    data: bytes
    mode: int = 0o644
    link: bool = False


Tree = dict[str, File]
"""What is laid at /opt, or at /var/task."""


def interpreter() -> str | None:
    """A Python 3.11 of this machine."""
    return sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")


def machine(root: Path, python: str) -> Machine:
    """Make the root of ``python`` and capture it."""
    ask = "import json, sys, sysconfig as s; d = s.get_config_var('DESTSHARED'); "
    ask += "print(json.dumps([s.get_paths()['stdlib'], d, sys.executable]))"
    said = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=True).stdout
    library, shared, program = json.loads(said)
    (root / "usr/lib64").mkdir(parents=True)
    (root / "lib64").symlink_to("usr/lib64")
    program = os.path.realpath(program)
    copy_program(root, [program, *map(str, Path(shared).glob("*.so"))], at="/usr/lib64")
    for name in LIBRARIES:
        (source,) = [path for folder in FOLDERS for path in Path(folder).glob(name)][:1]
        shutil.copy2(os.path.realpath(source), root / "usr/lib64" / name)
    place = root / "var/lang/bin" / RUNTIME_NAME
    place.parent.mkdir(parents=True)
    shutil.copy2(program, place)
    skipped = shutil.ignore_patterns("test", "tests", "site-packages", "config-*", "idlelib", "*.a")
    home = root / "var/lang/lib" / RUNTIME_NAME
    shutil.copytree(library, home, ignore=skipped)
    lay(home / "site-packages", {path.removeprefix("python/"): file for path, file in tree_of(*RUNTIME).items()})
    (root / "var/runtime").mkdir()
    (root / "var/runtime/bootstrap.py").write_text(START)
    (root / "dev").mkdir()
    # Libraries that ask for random bytes or a sink when they are loaded.
    for name in ("null", "random", "urandom"):
        (root / "dev" / name).write_bytes(b"" if name == "null" else os.urandom(4096))
    (root / "tmp").mkdir(mode=0o777)
    _open(root)
    return Machine(root, from_document(capture(from_directory(str(root)), library_path=LAMBDA_PATH, symbols=True)))


def _open(root: Path) -> None:
    """Let anybody read what lies below: the process in the root is nobody."""
    root.chmod(0o755)
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.is_dir() else 0))


@cache
def _members(name: str) -> tuple[tuple[str, File], ...]:
    found = []
    for path, data, mode in members_of(IMPORTED[name]):
        found.append((path, File(data, mode)))
    return tuple(found)


def tree_of(*names: str) -> Tree:
    """The layer of these wheels, as pip lays it in python/."""
    return {path: file for name in names for path, file in _members(name)}


def zip_of(tree: Tree) -> bytes:
    """The archive that a layer is uploaded as."""
    return build_zip(
        Member(path, file.data, mode=file.mode, kind="symlink" if file.link else "file", level=1)
        for path, file in tree.items()
    )


def lay(place: Path, tree: Mapping[str, File]) -> None:
    """Write the files with their permissions, owned by root as Lambda's are."""
    for path, file in tree.items():
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link:
            target.symlink_to(file.data.decode())
        else:
            target.write_bytes(file.data)
            target.chmod(file.mode)


def outcome(machine: Machine, layer: Tree, steps: Iterable[list[str]], function: Tree | None = None) -> list[str]:
    """What goes wrong: for each list of ``module`` and ``module:attribute`` a process that takes them in turn."""
    for name, tree in (("opt", layer), ("var/task", function or {})):
        shutil.rmtree(machine.root / name, ignore_errors=True)
        (machine.root / name).mkdir(parents=True)
        lay(machine.root / name, tree)
        for folder, _, _ in os.walk(machine.root / name):
            os.chmod(folder, 0o755)
    done = subprocess.run(
        [f"/var/lang/bin/{RUNTIME_NAME}", "-B", "/var/runtime/bootstrap.py", json.dumps(list(steps))],
        env={"LD_LIBRARY_PATH": LAMBDA_PATH, "PYTHONHOME": "/var/lang", "LANG": "en_US.UTF-8", "HOME": "/tmp"},
        preexec_fn=lambda: _enter(machine.root),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return [wrong for _, said in answers for wrong in said]


def _enter(root: Path) -> None:
    os.chroot(root)
    os.chdir("/var/task")
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def steps_of(tree: Tree, home: str = "python/") -> list[list[str]]:
    """What to import: each module at the top, and behind it the extension modules below it."""
    tops: dict[str, list[str]] = {}
    for path, file in tree.items():
        inner = path.removeprefix(home)
        if inner == path or ".dist-info/" in inner or not stat.S_IMODE(file.mode):
            continue
        top, slash, rest = inner.partition("/")
        if rest in ("__init__.py", "__init__.pyc"):
            tops.setdefault(top, [])
        elif not slash and top.endswith((".py", ".pyc", SUFFIX, ".abi3.so")):
            tops.setdefault(top.split(".")[0], [])
    for path in tree:
        inner = path.removeprefix(home)
        suffix = next((end for end in (SUFFIX, ".abi3.so") if path.endswith(end)), None)
        if inner != path and suffix and inner.split("/")[0] in tops and "/tests/" not in inner and "/" in inner:
            tops[inner.split("/")[0]].append(inner.removesuffix(suffix).replace("/", "."))
    return [[top, *sorted(below)] for top, below in sorted(tops.items())]
