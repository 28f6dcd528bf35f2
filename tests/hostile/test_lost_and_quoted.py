"""Packages with long RECORDs that once took minutes or gigabytes: each ends in a report, soon."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from check.made import Files, judge
from cli.runs import TARGET, environment
from support.zip_writer import simple_zip

SECONDS = 10
MEMORY = 400 << 20
METADATA = b"Name: a\nVersion: 1\n"
_INFO = "python/a-1.dist-info/"


def lost_packages() -> Files:
    rows = b"".join([b"a%d/__init__.py,,\nb%d.py,,\n" % (number, number) for number in range(25_000)])
    there = {f"python/b{number}.py": b"" for number in range(25_000)}
    return {_INFO + "METADATA": METADATA, _INFO + "RECORD": rows, **there}


def lost_tests() -> Files:
    names = [b"b%d.py" % number for number in range(3_000)]
    rows = b"".join([name + b",,\n" for name in names]) + b"tests/x.py,,\n"
    source = b"".join([b"import b%d\n" % number for number in range(0, 3_000, 10)])
    there = {"python/" + name.decode(): source for name in names}
    return {_INFO + "METADATA": METADATA, _INFO + "RECORD": rows, **there}


@pytest.mark.parametrize("make", [lost_packages, lost_tests], ids=lambda f: f.__name__)
def test_it_ends_soon(make: Callable[[], Files]) -> None:
    files = make()
    start = process_time()
    judge(files)
    assert process_time() - start < SECONDS


def quotes() -> Files:
    return {_INFO + "METADATA": METADATA, _INFO + "RECORD": b'"' + b'""' * (4 << 20) + b'",,\n'}


@pytest.mark.parametrize("make", [quotes], ids=lambda f: f.__name__)
def test_it_takes_little_memory(make: Callable[[], Files], tmp_path: Path) -> None:
    artifact = tmp_path / "layer.zip"
    artifact.write_bytes(simple_zip(make()))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * 2, SECONDS * 2))

    whole = (sys.executable, "-m", "layercheck", str(artifact), *TARGET)
    ended = subprocess.run(
        whole, capture_output=True, timeout=60, check=False, env=environment(), preexec_fn=limited, cwd=tmp_path
    )
    assert ended.returncode in (0, 1), ended
    assert b"Traceback" not in ended.stderr
    assert b"emory" not in ended.stderr
