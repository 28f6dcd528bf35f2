"""Python code of some kilobytes that once took a minute or a gigabyte to read: each ends in a report, soon."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import process_time

import pytest

from check.made import Files, big, judge, zipped
from layercheck.artifact.metadata import RecordRow, record_rows
from layercheck.finding import Report

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


INFO = "python/a-1.dist-info/"
METADATA = b"Metadata-Version: 2.1\nName: a\nVersion: 1\n"
NEEDS = METADATA + b"Requires-Dist: b\n"


def package(modules: Files, metadata: bytes, *lost: str) -> Files:
    """A distribution a, and the rows of its RECORD: its modules, and files that are not there."""
    rows = "".join([f"{path},,9\n" for path in (*modules, *lost)])
    placed = {f"python/{path}": data for path, data in modules.items()}
    return {**placed, INFO + "METADATA": metadata, INFO + "RECORD": rows.encode()}


def peak_of(files: Files) -> tuple[int, Report]:
    """The bytes that judging them takes at most."""
    tracemalloc.start()
    try:
        report = judge(files)
        return tracemalloc.get_traced_memory()[1], report
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("metadata", [False, True])
def test_a_dense_module_is_not_parsed(metadata: bool) -> None:
    dense = b"a;" * 250_000 + b"\n"
    if metadata:
        files: Files = {"python/a/__init__.py": b"import importlib.metadata\nimportlib.metadata.version('a')\n" + dense}
    else:
        files = package({"a/__init__.py": b"import b\n" + dense}, NEEDS)
    peak, report = peak_of(files)
    assert peak < 50 << 20
    # As of a module that is larger than what is read.
    told = [(finding.rule, finding.severity.value) for finding in report.findings if finding.rule != "LC202"]
    assert told == ([] if metadata else [("LC505", "warning")])


def test_a_large_module_that_people_write_is_parsed() -> None:
    text = '"""\nimport b\n"""\ndef function(argument):\n' + " return argument.attribute[0] + argument\n" * 15_000
    report = judge(package({"a/__init__.py": f"{text}import b\n".encode()}, NEEDS))
    (found,) = [finding for finding in report.findings if finding.rule == "LC505"]
    assert "importing a raises" in found.message


def test_a_chain_of_dense_modules_ends_soon() -> None:
    chain = {f"a/m{at}.py": f"import a.m{at + 1}\n".encode() + b"a;" * 131_000 for at in range(40)}
    files = package({"a/__init__.py": b"import a.m0\n", **chain, "a/m40.py": b"import b\n"}, NEEDS)
    start = process_time()
    report = judge(files)
    assert process_time() - start < SECONDS
    (found,) = [finding for finding in report.findings if finding.rule == "LC505"]
    assert "function" not in found.message.split("neither")[1].split("; the function")[0]


def empty_packages() -> Files:
    there: Files = {f"b{at}.py": b"" for at in range(15_000)}
    return package(there, METADATA, *[f"a{at}/__init__.py" for at in range(15_000)])


def circle() -> Files:
    """Each module at the top imports the next, and only a test is gone."""
    modules = {f"b{at}.py": f"import b{(at + 1) % 2_500}\n".encode() for at in range(2_500)}
    return package(modules, METADATA, "tests/x.py")


def many_needs() -> Files:
    modules = {f"a/m{at}.py": "".join([f"import x{i}\n" for i in range(4_000)]).encode() for at in range(4)}
    needs = "".join([f"Requires-Dist: b{at}\n" for at in range(2_000)])
    return package({"a/__init__.py": b"import a.m0\n", **modules}, METADATA + needs.encode())


@pytest.mark.parametrize(
    ("make", "rule", "count"), [(empty_packages, "LC503", 1), (circle, "LC503", 0), (many_needs, "LC505", 2_000)]
)
def test_what_a_distribution_lacks_is_told_soon(make: Callable[[], Files], rule: str, count: int) -> None:
    files = make()
    start = process_time()
    report = judge(files)
    assert process_time() - start < SECONDS
    assert [finding.rule for finding in report.findings].count(rule) == count


def test_imports_take_little_memory() -> None:
    line = "from q import " + ",".join([f"n{at}" for at in range(1_000)]) + "\n"
    modules = {f"a/m{at}.py": (f"import a.m{at + 1}\n" + line * 200).encode() for at in range(10)}
    peak, report = peak_of(package({"a/__init__.py": b"import a.m0\n", **modules}, NEEDS))
    assert peak < 100 << 20
    assert [finding.severity.value for finding in report.findings if finding.rule == "LC505"] == ["warning"]


def test_quotes_of_a_record_take_little_memory() -> None:
    files = {"python/a.py": b"1", INFO + "METADATA": METADATA, INFO + "RECORD": b'"' * (4 << 20)}
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    judge(files)
    # What a pattern keeps is not traced, so that all that the process took is asked for.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


@pytest.mark.parametrize("pairs", [0, 1, 999, 1_000, 1_001, 5_000])
def test_quotes_of_a_record_are_read_as_ever(pairs: int) -> None:
    data = b'"x' + b'""' * pairs + b',\n/y",sha256=1,2,3,"4"\nz,"",5'
    assert list(record_rows(data)) == [
        RecordRow("x" + '"' * pairs + ",\n/y", "sha256=1", 2),
        RecordRow("z", "", 5),
    ]


def test_a_jar_is_searched_in_pieces() -> None:
    data = zipped(big("lib/a.jar", 100 << 20))
    tracemalloc.start()
    try:
        judge(data, "java21", handler="a.B::c", kind="function")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30 << 20
