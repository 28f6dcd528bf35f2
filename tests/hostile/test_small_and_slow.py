"""Inputs of some kilobytes that once took minutes or gigabytes: each ends in a report, soon."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from check.made import Files, judge
from cli.runs import TARGET, environment
from support.zip_writer import simple_zip

SECONDS = 10
"""What no input may take (CPU time); these took 30 to 100, and take less than two now."""
METADATA = b"Name: a\nVersion: 1\n"


def long_line() -> Files:
    return {"python/m.py": b"\nimport collections\nx=1\n" + b"collections.Mapping " * 200_000}


def folds() -> Files:
    info = {f"python/a{i}-1.dist-info/METADATA": METADATA + b"Summary: x\n" + b" \n" * 510_000 for i in range(5)}
    return {"python/a.py": b"1", **info}


def drivers() -> Files:
    return {f"python/{i}/odbc.ini": b"Driver=/a\n" * 6_500 for i in range(300)}


def attributes() -> Files:
    return {"python/m.py": b"import importlib.metadata\nimportlib" + b".a" * 400 + b'.version("x")\n'}


def prefixes() -> Files:
    info = "python/a-1.dist-info/"
    return {"python/a.py": b"1", info + "METADATA": METADATA, info + "RECORD": b"a/" * 50_000 + b"x,,\n"}


@pytest.mark.parametrize("make", [long_line, folds, drivers, attributes, prefixes])
def test_it_ends_soon(make: Callable[[], Files]) -> None:
    files = make()
    start = process_time()
    judge(files)
    assert process_time() - start < SECONDS


def test_a_path_of_many_parts_takes_no_memory() -> None:
    files = prefixes()
    tracemalloc.start()
    try:
        judge(files)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 << 20


def command(*arguments: str, directory: Path) -> subprocess.CompletedProcess[bytes]:
    whole = (sys.executable, "-m", "layercheck", *arguments)
    return subprocess.run(whole, capture_output=True, timeout=60, check=False, cwd=directory, env=environment())


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="a device of Unix")
def test_a_device_without_end_is_no_archive(tmp_path: Path) -> None:
    with open("/dev/zero", "rb") as endless:
        ended = subprocess.run(
            (sys.executable, "-m", "layercheck", "-", *TARGET),
            stdin=endless, capture_output=True, timeout=60, check=False, env=environment(),
        )  # fmt: skip
    assert ended.returncode in (1, 3)
    assert command("/dev/zero", *TARGET, directory=tmp_path).returncode in (1, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="a directory that is gone can be the working one")
@pytest.mark.parametrize("option", ["--config", "--baseline", "--write-baseline", "-o"])
def test_a_working_directory_that_is_gone_is_told(tmp_path: Path, option: str) -> None:
    layer, gone = tmp_path / "layer.zip", tmp_path / "gone"
    layer.write_bytes(simple_zip({"python/a.py": b"1"}))
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && exec "$@"'
    whole = (sys.executable, "-m", "layercheck", str(layer), *TARGET, option, "report")
    ended = subprocess.run(
        ("sh", "-c", script, "sh", *whole), capture_output=True, timeout=60, check=False, env=environment()
    )
    assert ended.returncode in (2, 3)
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.startswith(b"layercheck: ")


def test_what_is_no_option_is_shown_escaped(tmp_path: Path) -> None:
    ended = command("layer.zip", "--\x1b[31m\u202e\u2028", directory=tmp_path)
    assert ended.returncode == 2
    assert b"\x1b" not in ended.stderr
    assert "\u202e" not in ended.stderr.decode()
