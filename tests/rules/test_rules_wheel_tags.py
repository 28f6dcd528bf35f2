"""LC501 and LC502 where more than a file's name decides: several layers, several places, the tags of wheels."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag

from check.made import Files, judge, module, of, told, view_of
from layercheck.rules import Fault
from layercheck.rules.python import EXTENSION_ABI_MISMATCH
from layercheck.rules.wheel_tags import (
    Wanted,
    fits_platform,
    fits_python,
    parts,
    surely_another_python,
    surely_fits_python,
)
from support.foreign_writer import build_macho
from support.zip_writer import simple_zip

X86 = "x86_64-linux-gnu.so"


def tagged(version: int | str, name: str = "pkg/_x", machine: str = "x86_64") -> str:
    return f"{name}.cpython-{version}-{machine}-linux-gnu.so"


def wheel(tag: str, *files: str, root: str = "python/", name: str = "pkg", record: bool = True) -> dict[str, bytes]:
    """An installed wheel with these files: what ends in .so is a module."""
    info = f"{root}{name}-1.0.dist-info"
    made = {root + path: module() if path.endswith(".so") else b"" for path in files}
    made[f"{info}/METADATA"] = f"Name: {name}\nVersion: 1.0\n".encode()
    made[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nTag: {tag}\n".encode()
    if record:
        made[f"{info}/RECORD"] = "".join([f"{path},,\n" for path in files]).encode()
    return made


def rules(files: Files, **options: Any) -> list[tuple[str, str, str | None]]:
    return [item for item in told(judge(files, **options)) if item[0] in ("LC501", "LC502", "LC301", "LC302", "LC305")]


ERROR = ("LC501", "error")
NAMES: Sequence[tuple[str, str, str, str | None]] = (
    ("an ABI with a letter", "pkg/_x.cpython-37m-" + X86, "python3.8", "CPython 3.7"),
    ("a debug build", tagged("312d"), "python3.12", "CPython 3.12 built for debugging"),
    ("without the GIL", tagged("313t"), "python3.13", "CPython 3.13 without the GIL"),
    ("no platform in the name", "pkg/_x.cpython-312.so", "python3.12", "another name (cpython-312, not"),
    ("another platform's name", "pkg/_x.cpython-312-x86_64-linux-musl.so", "python3.12", "another name"),
    ("PyPy", "pkg/_x.pypy310-pp73-" + X86, "python3.12", "pypy310-pp73"),
    ("abi3 with a platform, before 3.15", "pkg/_x.abi3-" + X86, "python3.14", "CPython 3.15 and newer"),
    ("abi3 with a platform", "pkg/_x.abi3-" + X86, "python3.15", None),
    ("abi3t, before 3.15", "pkg/_x.abi3t.so", "python3.14", "CPython 3.15 and newer"),
    ("abi3t", "pkg/_x.abi3t.so", "python3.15", None),
    ("abi3", "pkg/_x.abi3.so", "python3.15", None),
    ("a dot in a plain name", "pkg/_x.linux-x86_64.so", "python3.12", None),
)  # fmt: skip


@pytest.mark.parametrize(("path", "runtime", "words"), [case[1:] for case in NAMES], ids=[case[0] for case in NAMES])
def test_names(path: str, runtime: str, words: str | None) -> None:
    found = of(judge({f"python/{path}": module(), "python/pkg/__init__.py": b""}, runtime), "LC501")
    assert [finding.severity.value for finding in found] == ([] if words is None else ["error"])
    assert all(words in finding.fact for finding in found if words is not None)


def test_the_stable_abi_does_not_load_without_the_gil() -> None:
    """No runtime of Lambda is such a one; a captured environment could be."""
    files = {"python/pkg/_x.abi3.so": module(), f"python/{tagged('313t', 'pkg/_y')}": module()}
    view = view_of(files, "python3.13")
    free = view.runtime._replace(extension_suffixes={"x86_64": (f".cpython-313t-{X86}", ".so")})
    found = [item for item in EXTENSION_ABI_MISMATCH.run(view._replace(runtime=free)) if isinstance(item, Fault)]
    assert [(item.path, item.fact) for item in found] == [
        ("python/pkg/_x.abi3.so", "an extension module for Pythons with the GIL only; python3.13 does not import it")
    ]
    found = [item for item in EXTENSION_ABI_MISMATCH.run(view) if isinstance(item, Fault)]
    assert [item.path for item in found] == [f"python/{tagged('313t', 'pkg/_y')}"]


def test_one_layer_may_hold_what_another_lacks() -> None:
    old, new = {f"python/{tagged(311)}": module()}, {f"python/{tagged(312)}": module()}
    assert rules(old, layers=[simple_zip(new)]) == []
    assert rules(old, layers=[simple_zip({"python/a.py": b""})]) == [(*ERROR, f"python/{tagged(311)}")]


@pytest.mark.parametrize(
    ("layer", "function", "expected"),
    [
        # A function's package hides the layer's.
        ([tagged(311), "pkg/__init__.py"], [tagged(312), "pkg/__init__.py"], []),
        # A layer's package does not mend the function's.
        ([tagged(312), "pkg/__init__.py"], [tagged(311), "pkg/__init__.py"], [(*ERROR, tagged(311))]),
        # Modules that are in no package are sought in all directories, and so are the parts of namespaces.
        ([tagged(312, "_y")], [tagged(311, "_y")], []),
        (["_y.py"], [tagged(311, "_y")], []),
        ([tagged(312, "google/up/_y")], [tagged(311, "google/up/_y")], []),
        ([tagged(312, "google/up/_y")], [tagged(311, "google/up/_y"), "google/up/__init__.py"],
         [(*ERROR, tagged(311, "google/up/_y"))]),
    ],
)  # fmt: skip
def test_a_function_and_its_layer(layer: list[str], function: list[str], expected: list[tuple[str, ...]]) -> None:
    def made(paths: list[str], root: str) -> dict[str, bytes]:
        return {root + path: module() if path.endswith(".so") else b"" for path in paths}

    files = {"app.py": b"", **made(function, "")}
    assert rules(files, kind="function", layers=[simple_zip(made(layer, "python/"))]) == expected


def test_what_was_packed_by_mistake_is_not_imported() -> None:
    old = "venv/lib/python3.9/site-packages/" + tagged(39)
    files = {"app.py": b"", old: module(), "venv/pyvenv.cfg": b"home = /usr/bin\n"}
    assert rules(files, kind="function") == []
    path = {"PYTHONPATH": "/var/task/venv/lib/python3.9/site-packages"}
    assert rules(files, kind="function", env=path) == [(*ERROR, old)]
    del files["venv/pyvenv.cfg"]
    assert rules(files, kind="function") == [(*ERROR, old)]
    built = "build/lib.linux-x86_64-3.9/" + tagged(39)
    assert rules({"app.py": b"", tagged(312): module(), built: module()}, kind="function") == []


def test_one_directory_for_each_python() -> None:
    files = {f"python/pkg/cp{v}/_x.cpython-{v}-{X86}": module() for v in (311, 312)}
    assert rules(files) == []
    assert [item[0] for item in rules(files, runtime="python3.13")] == ["LC501", "LC501"]


WHEEL = "python/pkg-1.0.dist-info/WHEEL"
LINUX = "manylinux_2_17_x86_64"
TAGS: Sequence[tuple[str, dict[str, bytes], str, list[tuple[str, str, str | None]]]] = (
    ("fits", wheel(f"cp312-cp312-{LINUX}", tagged(312)), "python3.12", []),
    ("for any", wheel("py2.py3-none-any", "pkg/a.py"), "python3.12", []),
    ("a newer glibc, of which the files need nothing", wheel("cp311-cp311-manylinux_2_39_x86_64", tagged(311)),
     "python3.11", []),
    ("built here", wheel("cp312-cp312-linux_x86_64", "pkg/_x.so"), "python3.12", []),
    ("any binary for Linux", wheel("py3-none-manylinux1_x86_64", "pkg/tool.so"), "python3.12", []),
    ("an old stable ABI", wheel(f"cp36-abi3-{LINUX}", "pkg/_x.abi3.so"), "python3.14", []),
    ("a newer stable ABI", wheel(f"cp311-abi3-{LINUX}", "pkg/_x.abi3.so", "pkg/_y.abi3.so"), "python3.9",
     [("LC501", "warning", "python/pkg/_x.abi3.so")]),
    ("for another Python by the files' names", wheel(f"cp39-cp39-{LINUX}", tagged(39)), "python3.12",
     [(*ERROR, f"python/{tagged(39)}")]),
    ("for another Python, and the files do not tell", wheel(f"cp39-cp39-{LINUX}", "pkg/_x.so", "pkg.libs/liby.so"),
     "python3.12", [("LC502", "warning", WHEEL)]),
    ("the same without RECORD", wheel(f"cp39-cp39-{LINUX}", "pkg/_x.so", record=False), "python3.12",
     [("LC502", "warning", WHEEL)]),
    ("only libraries", wheel(f"cp39-cp39-{LINUX}", "pkg.libs/liby.so", "pkg/libz.so"), "python3.12", []),
    ("nothing compiled is left", wheel(f"cp39-cp39-{LINUX}", "pkg/a.py"), "python3.12", [("LC502", "warning", WHEEL)]),
    ("for macOS, and nothing compiled", wheel("cp312-cp312-macosx_11_0_arm64", "pkg/a.py"), "python3.12",
     [("LC502", "warning", WHEEL)]),
    ("for another machine, and nothing compiled", wheel("py3-none-manylinux2014_aarch64", "pkg/a.py"), "python3.12",
     [("LC502", "warning", WHEEL)]),
    ("said to be for another machine, but for this one", wheel("cp312-cp312-linux_aarch64", tagged(312)), "python3.12",
     []),
    ("a tool for macOS: told as that", {**wheel("py3-none-macosx_11_0_arm64", "pkg/a.py"), "python/pkg/_x.so":
                                        build_macho()}, "python3.12", [("LC302", "error", "python/pkg/_x.so")]),
    ("for Python 2", wheel("py2-none-any", "pkg/a.py"), "python3.12", [("LC502", "warning", WHEEL)]),
    ("for a newer Python", wheel("py313-none-any", "pkg/a.py"), "python3.12", [("LC502", "warning", WHEEL)]),
    ("for an older CPython, and pure", wheel("cp37-none-any", "pkg/a.py"), "python3.12", [("LC502", "info", WHEEL)]),
    ("for an older Python, and pure", wheel("py36-none-any", "pkg/a.py"), "python3.12", []),
    ("no tag at all", wheel("x", "pkg/a.py"), "python3.12", []),
    ("hidden: vendored", wheel("py2-none-any", "a.py", root="python/pip/_vendor/"), "python3.12", []),
    ("for Node.js", {**wheel("py2-none-any", "pkg/a.py"), "nodejs/node_modules/a/index.js": b""}, "nodejs22.x", []),
)  # fmt: skip


@pytest.mark.parametrize(("files", "runtime", "expected"), [case[1:] for case in TAGS], ids=[case[0] for case in TAGS])
def test_tags(files: dict[str, bytes], runtime: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert rules(files, runtime=runtime) == expected


@pytest.mark.parametrize(
    "tag",
    ["cp3" + "9" * 5000 + "-abi3-any", "-".join([".".join(["x"] * 3000)] * 3), "cp3²-abi3-any", "py3-none-any\nTag: x"],
)
def test_hostile_tags(tag: str) -> None:
    files = wheel(tag, "pkg/_x.abi3.so") | {"python/x-1.dist-info/WHEEL": b"Tag: a-b-c\n" * 80_000}
    assert {severity for _, severity, _ in rules(files)} <= {"warning"}


def test_what_is_told_can_be_acted_upon() -> None:
    (finding,) = of(judge(wheel(f"cp39-cp39-{LINUX}", "pkg/_x.so")), "LC502")
    assert "CPython 3.9" in finding.fact
    assert "pkg/_x.so has no tag in its name" in finding.fact
    assert finding.confidence.value == "likely"
    assert finding.fix is not None
    assert re.search(r"pip install .*--python-version 3\.12 .*'pkg>=1\.0'", finding.fix)
    (finding,) = of(judge(wheel("cp312-cp312-win_amd64", "pkg/a.py")), "LC502")
    assert "for Windows" in finding.fact


def test_a_cause_tells_of_the_tags_too() -> None:
    files = wheel(f"cp39-cp39-{LINUX}", tagged(39), "pkg/_plain.so")
    (finding,) = judge(files).findings
    assert (finding.rule, finding.details["consequences"]) == ("LC501", {"LC502": 1})


INTERPRETERS = st.sampled_from(["py3", "py2", "py312", "py313", "py38", "cp312", "cp311", "cp313", "cp27", "pp310"])
ABIS = st.sampled_from(["none", "abi3", "cp312", "cp311", "cp313t", "cp312t", "abi3t"])


@given(INTERPRETERS, ABIS)
def test_pythons_are_those_of_packaging(python: str, abi: str) -> None:
    version = (3, 12)
    known = {*cpython_tags(version, ["cp312"], ["any"]), *compatible_tags(version, "cp312", ["any"])}
    target, expected = Wanted(12, "x86_64", (2, 34)), Tag(python, abi, "any") in known
    assert fits_python(python, abi, target) == expected
    assert expected or not surely_fits_python(python, abi, target)
    assert not expected or not surely_another_python(python, abi, target)


def dotted(*words: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=3).map(".".join)


@given(dotted("py2", "py3", "CP312"), dotted("none", "abi3"), dotted("any", LINUX, "linux_x86_64"))
def test_parts_are_those_of_packaging(python: str, abi: str, platform: str) -> None:
    tag = f"{python}-{abi}-{platform}"
    assert set(parts(tag)) == {(item.interpreter, item.abi, item.platform) for item in parse_tag(tag)}


@pytest.mark.parametrize("tag", ["", "--", "py3-none", "py3-none-any-1", "py3..py2-none-any"])
def test_what_is_no_tag_has_no_parts(tag: str) -> None:
    assert parts(tag) == []


COMMON = ("py3-none-any", "py2.py3-none-any", f"cp312-cp312-{LINUX}", f"cp36-abi3-{LINUX}", f"py3-none-{LINUX}",
          f"cp38.cp312-abi3-{LINUX}", "py38-none-any")  # fmt: skip


def test_usual_wheels_are_told_without_packaging() -> None:
    """It takes 35 ms to load, a third of a small check."""
    code = (
        "import sys\nfrom layercheck import check\n"
        "report = check(sys.stdin.buffer, runtime='python3.12', architecture='x86_64')\n"
        "print([finding.rule for finding in report.findings], 'packaging' in sys.modules)\n"
    )
    files: dict[str, bytes] = {}
    for number, tag in enumerate(COMMON):
        files |= wheel(tag, f"p{number}/a.py", name=f"p{number}")
    told = subprocess.run([sys.executable, "-c", code], input=simple_zip(files), capture_output=True, check=True).stdout
    assert told == b"[] False\n", told


def test_platforms() -> None:
    target = Wanted(12, "aarch64", (2, 34))
    fitting = ("any", "linux_aarch64", "manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_39_aarch64")
    assert all(fits_platform(platform, target) for platform in fitting)
    for platform in ("linux_x86_64", "musllinux_1_1_aarch64", "macosx_11_0_arm64", "win_arm64", "aarch64"):
        assert not fits_platform(platform, target)
