"""Imports by a module's text: the same as the syntax tree tells, for code as people write it."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck.artifact.python_imports import Import, confirms, imports_in, module_name


def told(text: str, package: str = "a.b") -> list[tuple[str, tuple[str, ...], bool]]:
    return [found[:3] for found in imports_in(text.encode(), package)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os", [("os", (), True)]),
        ("import os.path as p, sys # both", [("os.path", (), True), ("sys", (), True)]),
        ("from x import y as z, w", [("x", ("y", "w"), True)]),
        ("from x import (\n  y,  # why\n  z as q,\n)\n", [("x", ("y", "z"), True)]),
        ("from x import y, \\\n    z\n", [("x", ("y", "z"), True)]),
        ("from x import *", [("x", ("*",), True)]),
        ("from . import c", [("a.b", ("c",), True)]),
        ("from .c import d", [("a.b.c", ("d",), True)]),
        ("from ..c import d", [("a.c", ("d",), True)]),
        ("from ....c import d", []),
        ("try:\n    import json\nexcept ImportError: pass", [("json", (), False)]),
        ("import a; import_b = 1", [("a", (), True)]),
        ("import a\r\nfrom b import (c,\r\n d)\r\n", [("a", (), True), ("b", ("c", "d"), True)]),
        ("important = 1\nfromage = 2\nimport\n", []),
        ("from x import (never closed", []),
    ],
)
def test_statements(text: str, expected: list[tuple[str, tuple[str, ...], bool]]) -> None:
    assert told(text) == expected


def test_lines_are_counted_from_one() -> None:
    assert [found.line for found in imports_in(b"\nimport a\n\n\nfrom b import c\n", "")] == [2, 5]


def test_words_of_a_text_are_not_confirmed() -> None:
    code = b'"""Use it so:\n\nimport pkg\n"""\nimport other\nif 1:\n  import third\n'
    assert [(found.module, confirms(code, found.line)) for found in imports_in(code, "")] == [
        ("pkg", False),
        ("other", True),
        ("third", False),
    ]
    assert confirms(b"this is no python", 1)


def test_the_standard_library_is_read_as_its_syntax_tree_tells() -> None:
    folder = Path(ast.__file__).parent
    for path in sorted((folder / "json").glob("*.py")) + sorted((folder / "email").glob("*.py")):
        data = path.read_bytes()
        expected: set[tuple[str, tuple[str, ...], int]] = set()
        for node in ast.walk(ast.parse(data)):
            if isinstance(node, ast.Import):
                expected |= {(alias.name, (), node.lineno) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                plain = ".".join(["pkg", *([node.module] if node.module else [])]) if node.level else module
                expected.add((plain, tuple(alias.name for alias in node.names), node.lineno))
        found = {(item.module, item.names, item.line) for item in imports_in(data, "pkg")}
        # What is in a text is read too; nothing may be missed.
        assert expected <= found, path


@given(st.text(alphabet="from import.()\\\n,;#ax*", max_size=200))
def test_anything_is_read(text: str) -> None:
    for found in imports_in(text.encode(), "p"):
        assert isinstance(found, Import)
        assert found.line >= 1


@pytest.mark.parametrize("text", ["from a import (", "from a import b\\\n", "import a,", "from . import ("])
def test_much_of_it_takes_little_time(text: str) -> None:
    start = time.perf_counter()
    list(imports_in((text * 60_000).encode(), ""))
    list(imports_in(("\n" + text).encode() * 20_000 + b")", ""))
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("six.py", ("six", False)),
        ("a/__init__.py", ("a", True)),
        ("a/b/c.pyc", ("a.b.c", False)),
        ("a/_x.cpython-312-x86_64-linux-gnu.so", ("a._x", False)),
        ("a/_x.abi3.so", ("a._x", False)),
        ("a/x.so", ("a.x", False)),
        ("a/x.so.1", None),
        ("a.libs/libz-1234.so", None),
        ("a/libz-1.so", None),
        ("bin/run-it.py", None),
        ("a/x.pyi", None),
        ("a/x.also", None),
        ("__init__.py", None),
    ],
)
def test_names_of_modules(path: str, expected: tuple[str, bool] | None) -> None:
    assert module_name(path) == expected
