"""Asking a real loader: a root directory that holds a tree and the loader, and nothing else."""

from __future__ import annotations

import os
import platform
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from linker.random_trees import Question

IS_X86_LINUX = sys.platform == "linux" and platform.machine() == "x86_64"
# A CI job that must not skip says so.
REQUIRED = os.environ.get("LAYERCHECK_REQUIRE_LOADER") == "1"


def can_ask(loader: str) -> bool:
    return IS_X86_LINUX and os.access(loader, os.X_OK) and os.geteuid() == 0


def fresh_seed() -> int:
    seed = int(os.environ.get("LAYERCHECK_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"LAYERCHECK_SEED={seed}")
    return seed


def plant(root: Path, question: Question, programs: Mapping[str, str]) -> None:
    """Write the tree, and copy the ``programs`` into it: {path in the root: file here}."""
    for path, file in question.tree.items():
        place = root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file, str):
            place.symlink_to(file)
        else:
            assert isinstance(file, bytes)
            place.write_bytes(file)
            place.chmod(0o755)
    for path, source in programs.items():
        copy = root / path[1:]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.realpath(source), copy)


def ask(
    root: Path, question: Question, command: list[str], variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    environment = dict(variables)
    if question.library_path is not None:
        environment["LD_LIBRARY_PATH"] = question.library_path
    # The variables must reach the loader alone: hence the root is changed in the child, right before it.
    return subprocess.run(
        command,
        env=environment,
        preexec_fn=partial(enter, root, question.cwd),
        capture_output=True,
        text=True,
        # No loader takes a second; a machine that is busy with other things may.
        timeout=60,
    )


def enter(root: Path, cwd: str) -> None:
    os.chroot(root)
    os.chdir(cwd)
