"""Real shells, asked what they complete."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

REQUIRED = os.environ.get("LAYERCHECK_REQUIRE_SHELLS") == "1"
_PATIENCE = 30


def shell(name: str) -> str:
    """The path of a shell; the test is skipped where it is missing, and fails where it must be there."""
    path = shutil.which(name)
    if path is None and REQUIRED:
        pytest.fail(f"{name} is not installed")
    if path is None:
        pytest.skip(f"needs {name}")
    return path


def ask_bash(script: Path, words: Sequence[str], folder: Path) -> list[str]:
    """What bash offers for the last of ``words``; readline's own file names are not among it."""
    line = " ".join("'" + word + "'" for word in words)
    code = (
        f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _layercheck; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [shell("bash"), "--norc", "-c", code], capture_output=True, text=True, cwd=folder, timeout=_PATIENCE
    )
    assert done.stderr == ""
    return [word for word in done.stdout.split("\n") if word]


def ask_fish(script: Path, line: str, folder: Path) -> list[str]:
    """What fish offers at the end of ``line``, without the descriptions."""
    code = f"source {script}; complete -C {line!r}"
    home = {
        **os.environ,
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    done = subprocess.run(
        [shell("fish"), "-N", "-c", code], capture_output=True, text=True, cwd=folder, env=home, timeout=_PATIENCE
    )
    assert done.stderr == ""
    return [offer.split("\t")[0] for offer in done.stdout.splitlines()]


def ask_zsh(script: Path, lines: Sequence[str], folder: Path) -> list[str]:
    """Each line as zsh completes it when Tab is pressed at its end, typed into a terminal."""
    path = shell("zsh")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(TERM="dumb", HOME=str(folder), ZDOTDIR=str(folder), COLUMNS="200")
        os.execv(path, [path, "-f", "-i"])
    try:
        setup = (
            "PROMPT= RPROMPT=; unsetopt prompt_cr prompt_sp beep; autoload -Uz compinit; compinit -D -u; "
            f"source {script}; layercheck() {{ print -r -- \"GOT<$*>\" }}; print REA''DY\n"
        )
        os.write(terminal, setup.encode())
        _until(terminal, "READY")
        found = []
        for line in lines:
            os.write(terminal, line.encode() + b"\t\n")
            found.append(_until(terminal, "GOT<", ">").strip())
        return found
    finally:
        os.close(terminal)
        os.kill(child, 9)
        os.waitpid(child, 0)


def _until(terminal: int, start: str, end: str = "") -> str:
    """What the terminal shows between two marks."""
    seen, last = "", time.monotonic() + _PATIENCE
    while time.monotonic() < last:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65_536).decode("utf-8", "replace")
        if start in seen and end in seen.partition(start)[2]:
            return seen.partition(start)[2].partition(end)[0] if end else ""
    raise AssertionError(f"{start} never came: {seen!r}")
