"""Writes small root filesystems to disk, and asks this machine's own loader about them."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

LD = "/lib64/ld-linux-x86-64.so.2"
CAN_ENTER = sys.platform == "linux" and platform.machine() == "x86_64" and os.access(LD, os.X_OK) and os.geteuid() == 0
"""Whether another root can be entered here and this machine's loader can run in it."""
REQUIRED = os.environ.get("LAYERCHECK_REQUIRE_LOADER") == "1"
"""A CI job that must not skip says so."""


def write_tree(root: Path, files: Mapping[str, bytes | str | None]) -> Path:
    """Bytes are a file (executable below bin and for programs alike), text a symlink, None a directory."""
    for path, file in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if file is None:
            place.mkdir()
        elif isinstance(file, str):
            place.symlink_to(file)
        else:
            place.write_bytes(file)
            place.chmod(0o755 if place.parent.name == "bin" else 0o644)
    return root


def enter(root: Path, cwd: str = "/") -> None:
    """For preexec_fn: nothing between this and the program may use the host's files."""
    os.chroot(root)
    os.chdir(cwd)


def copy_program(root: Path, programs: Iterable[str], at: str | None = None) -> list[str]:
    """Copy programs or libraries with all that this machine's loader loads for them; their libraries' names.

    Libraries go to where they lie here, or into the directory ``at``.
    """
    names = []
    for program in programs:
        done = subprocess.run(
            [LD, program], env={"LD_TRACE_LOADED_OBJECTS": "1"}, capture_output=True, text=True, timeout=30, check=True
        )
        for name, path in re.findall(r"^\t(\S+) => (/\S+) \(0x\w+\)$", done.stdout, re.M):
            place = root / (at or path.rpartition("/")[0]).lstrip("/") / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                shutil.copyfile(os.path.realpath(path), place)
                place.chmod(0o755)
            names.append(name)
    loader = root / LD.lstrip("/")
    loader.parent.mkdir(parents=True, exist_ok=True)
    if not loader.exists():
        shutil.copyfile(os.path.realpath(LD), loader)
        loader.chmod(0o755)
    return names


def trace(root: Path, program: str, library_path: str | None, cwd: str = "/var/task") -> tuple[list[str], set[str]]:
    """(paths of the objects behind the program, as opened and in order; names not found) by the loader in ``root``."""
    environment = {"LD_TRACE_LOADED_OBJECTS": "1"}
    if library_path:
        environment["LD_LIBRARY_PATH"] = library_path
    done = subprocess.run(
        [LD, program],
        env=environment,
        preexec_fn=partial(enter, root, cwd),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    lines = re.findall(r"^\t(?:\S+ => )?(\S+|not found)(?: \(0x\w+\))?$", done.stdout, re.M)
    missing = set(re.findall(r"^\t(\S+) => not found$", done.stdout, re.M))
    return [line for line in lines if line.startswith("/") and line != LD], missing
