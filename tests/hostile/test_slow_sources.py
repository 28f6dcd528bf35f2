"""Python sources and packages of some kilobytes that once took minutes or gigabytes: each ends in a report, soon."""

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
_CTYPES = b"import ctypes\n"


def _module(source: bytes) -> Files:
    return {"python/m.py": source}


def calls_of_a_helper() -> Files:
    helper = b"def f(x):\n ctypes.CDLL(x)\n " + b";".join([b"a"] * 24_000)
    return _module(_CTYPES + b'L=ctypes.CDLL("libfoo.so.1")\n' + helper + b"\n" + b"f()\n" * 10_000)


def functions() -> Files:
    rows = b"".join([b"def f%d():1\n" % number for number in range(12_000)])
    return _module(_CTYPES + b'ctypes.CDLL("a.so")\n' + rows)


def loops() -> Files:
    heads = b"".join([b" " * depth + b"while x:\n" for depth in range(90)])
    return _module(_CTYPES + heads + b" " * 90 + b"a=" * 70_000 + b'ctypes.CDLL("x.so")\n')


def guards() -> Files:
    heads = b"".join([b" " * depth + b"try: x\n" + b" " * depth + b"except ImportError:\n" for depth in range(90)])
    return _module(b"import collections\ncollections.Mapping\n" + heads + b" " * 90 + b"a=" * 70_000 + b"1\n")


def helpers() -> Files:
    chain = b"".join([b"def f%02d(): f%02d()\n" % (number, number + 1) for number in range(49)])
    source = b'import ctypes\ndef f49(): ctypes.CDLL("x.so")\n' + chain + b"a\n" * 90_000
    return {f"python/m{number}.py": source for number in range(20)}


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


@pytest.mark.parametrize(
    "make", [calls_of_a_helper, functions, loops, guards, helpers, lost_packages, lost_tests], ids=lambda f: f.__name__
)
def test_it_ends_soon(make: Callable[[], Files]) -> None:
    files = make()
    start = process_time()
    judge(files)
    assert process_time() - start < SECONDS


def quotes() -> Files:
    return {_INFO + "METADATA": METADATA, _INFO + "RECORD": b'"' + b'""' * (4 << 20) + b'",,\n'}


def statements() -> Files:
    """A distribution whose module must be read again, because it lost what that imports."""
    source = b"import gone\n" + b"a;" * 500_000 + b"\n"
    return {
        _INFO + "METADATA": METADATA + b"Requires-Dist: gone\n",
        _INFO + "RECORD": b"a.py,,\nb.py,,\n",
        "python/a.py": b"from b import x\n" + source,
        "python/m.py": source[: 250 << 10],
    }


def conditions() -> Files:
    """Many uses in a function that runs under a condition of many names."""
    asked = b" and ".join([b"a%d" % number for number in range(9_000)])
    uses = b"".join([b"  if b%d: collections.Mapping\n" % number for number in range(4_000)])
    return _module(b"import collections\ndef f():\n if x:\n" + uses + b"if " + asked + b":\n f()\n")


def long_import() -> Files:
    return {
        _INFO + "METADATA": METADATA + b"Requires-Dist: gone\n",
        _INFO + "RECORD": b"a.py,,\nb.py,,\n",
        "python/a.py": b"import " + b"a." * 120_000 + b"a\n",
    }


@pytest.mark.parametrize("make", [quotes, statements, conditions, long_import], ids=lambda f: f.__name__)
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
