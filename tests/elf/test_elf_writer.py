"""Judges the writer of test files by the system's own dynamic loader: files that it refuses would test nothing."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.elf_writer import build_elf

LOADER = "/lib64/ld-linux-x86-64.so.2"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() != "x86_64" or not Path(LOADER).exists(),
        reason="asks the glibc loader of x86_64 Linux",
    ),
]


def put(folder: Path, name: str, **fields: Any) -> Path:
    path = folder / name
    path.write_bytes(build_elf(**fields))
    path.chmod(0o755)
    return path


def trace(path: Path) -> subprocess.CompletedProcess[str]:
    """What the loader would load; relocates too, and names undefined symbols."""
    environment = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_WARN": "yes", "LD_BIND_NOW": "yes"}
    return subprocess.run([LOADER, str(path)], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("pad_to", [0, 200_000])
def test_versions_symbols_and_search_path_are_understood(tmp_path: Path, split: bool, pad_to: int) -> None:
    library = put(tmp_path, "liba.so", soname="liba.so", verdef=["A_1", "A_2"], syms=["f", ["g", "A_2"]], split=split)
    program = put(
        tmp_path,
        "program",
        etype="pie",
        interp=LOADER,
        needed=["liba.so"],
        runpath="$ORIGIN",
        verneed={"liba.so": ["A_1", ["A_8", 2], "A_9"]},
        undef=["f", ["g", "liba.so", "A_2"]],
        undef_weak=["absent"],
        jump_slot=["h"],
        abi_note=(0, 2, 6, 32),
        isa_needed=1,
        go_note=True,
        split=split,
        pad_to=pad_to,
        pad_random=True,
    )
    answer = trace(program)
    assert f"liba.so => {library} (" in answer.stdout
    assert "weak version `A_8' not found" in answer.stderr
    assert ": version `A_9' not found" in answer.stderr
    assert "A_1" not in answer.stderr
    assert "A_2" not in answer.stderr
    assert "undefined symbol: h" in answer.stderr
    assert answer.stderr.count("undefined symbol") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"etype": "exec", "dynamic": False},
        {"etype": "exec", "dynamic": False, "osabi": 3},
        {"etype": "exec", "interp": LOADER},
        {"etype": "pie", "interp": LOADER, "needed": ["liba.so"], "rpath": "$ORIGIN", "undef": ["f"]},
        {"etype": "pie", "interp": LOADER, "split": True, "pad_to": 100_000},
    ],
    ids=["static", "static of the GNU system", "exec", "pie", "two segments"],
)
def test_programs_start_and_exit_with_0(tmp_path: Path, fields: dict[str, Any]) -> None:
    put(tmp_path, "liba.so", syms=["f"])
    assert subprocess.run([put(tmp_path, "program", **fields)], check=False).returncode == 0


def test_a_misaligned_segment_is_refused(tmp_path: Path) -> None:
    answer = trace(put(tmp_path, "library.so", misaligned=True))
    assert answer.returncode != 0
    assert "not page-aligned" in answer.stderr
