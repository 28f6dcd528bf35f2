"""Python code of some kilobytes that once took a minute or a gigabyte to read: each ends in a report, soon."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import process_time

import pytest

from check.made import Files, judge

SECONDS = 10
"""What no input may take (CPU time); these took more, and take less than two now."""


def module(text: str) -> Files:
    return {"python/m.py": text.encode()}


def nested(statement: str, deep: int, inner: str) -> str:
    return "".join([" " * at + statement + "\n" for at in range(deep)]) + " " * deep + inner + "\n"


def calls_of_a_long_function() -> Files:
    function = "def f(x):\n ctypes.CDLL(x)\n " + "a;" * 24_000 + "a\n"
    return module('import ctypes\nL=ctypes.CDLL("libfoo.so.1")\n' + function + "f()\n" * 10_000)


def many_functions() -> Files:
    return module('import ctypes\nctypes.CDLL("a.so")\n' + "".join([f"def f{i}():1\n" for i in range(7_000)]))


def nested_loops() -> Files:
    text = "import ctypes\n" + nested("while x:", 90, "a=" * 40_000 + 'ctypes.CDLL("x.so")')
    return {f"python/m{at}.py": text.encode() for at in range(5)}


def chains_of_helpers() -> Files:
    chain = "".join([f"def g{i:02}_(x):\n return g{i + 1:02}_(x)\n" for i in range(48)])
    text = "import ctypes\n" + chain + "def g48_(x):\n return ctypes.CDLL('libq.so.1')\n" + "#" + "g" * 94_000
    return {f"python/m{at}.py": text.encode() for at in range(20)}


OPENING = [calls_of_a_long_function, many_functions, nested_loops, chains_of_helpers]


@pytest.mark.parametrize("make", OPENING)
def test_libraries_are_told_soon(make: Callable[[], Files]) -> None:
    files = make()
    start = process_time()
    report = judge(files)
    assert process_time() - start < SECONDS
    assert "LC407" in [finding.rule for finding in report.findings]


def nested_handlers() -> str:
    """Statements as deep in one another as Python allows, and many names at the bottom."""
    tries = "".join([f"{' ' * at}try:\n{' ' * at} import x\n{' ' * at}except ImportError:\n" for at in range(90)])
    return tries + " " * 90 + "a=" * 110_000 + "1\n"


def test_what_nested_handlers_set_is_found_soon() -> None:
    files = {f"m{at}.py": f"from m{at + 1} import f\n{nested_handlers()}".encode() for at in range(3)}
    start = process_time()
    judge(files, handler="m0.f")
    assert process_time() - start < SECONDS


def test_uses_at_one_place_share_it() -> None:
    text = "import sys\ndef f():\n " + "sys.a;" * 43_000 + "\ntry:\n f()\nexcept ImportError:\n pass\n"
    tracemalloc.start()
    try:
        judge({"m.py": text.encode()}, handler="m.f")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 125 << 20
