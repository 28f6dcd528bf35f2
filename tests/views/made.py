"""Artifacts for the views, and what the commands answer about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema

from check.made import module
from layercheck.check import Options
from layercheck.check.options import Input
from layercheck.inspect.advise import advise
from layercheck.inspect.diff import Diff, diff
from layercheck.inspect.diff_json import document as diff_document
from layercheck.inspect.opened import Opened
from layercheck.inspect.size import Sizes, measure, size
from layercheck.inspect.size_json import document as size_document
from layercheck.report.schema import schema
from support.zip_writer import STORED, Member, build_zip

Content = "bytes | tuple[bytes, int]"


def stored(files: Mapping[str, bytes | tuple[bytes, int]]) -> bytes:
    """A zip whose members are stored: its sizes are the same wherever it is made."""
    members = []
    for name, content in files.items():
        data, mode = content if isinstance(content, tuple) else (content, 0o644)
        kind = "symlink" if mode & 0o170000 == 0o120000 else "file"
        members.append(Member(name, data, mode=mode & 0o7777, kind=kind, method=STORED))
    return build_zip(members)


def package(name: str, version: str, files: Mapping[str, bytes], root: str = "python/") -> dict[str, bytes]:
    """An installed Python distribution with its RECORD."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    rows = [*files, f"{info}/METADATA", f"{info}/RECORD"]
    record = "".join(f"{row},,\n" for row in rows).encode()
    return {
        root + path: data for path, data in {**files, f"{info}/METADATA": metadata, f"{info}/RECORD": record}.items()
    }


def layer(version: str = "1.0", needed: tuple[str, ...] = ("libz.so.1",), more: bytes = b"") -> dict[str, bytes]:
    """A layer of two packages, a file of its own and a library of its own."""
    return {
        **package(
            "alpha",
            version,
            {
                "alpha/__init__.py": b"x = 1\n" * 50,
                "alpha/_fast.cpython-312-x86_64-linux-gnu.so": module(*needed),
                "alpha/tests/test_alpha.py": b"assert True\n" * 100,
                "alpha/__pycache__/__init__.cpython-312.pyc": b"\xcb\r\r\n" + bytes(500),
                "alpha/core.h": b"int x;\n" * 30,
                "alpha/core.pyi": b"x: int\n",
            },
        ),
        **package("beta", "2.5", {"beta/__init__.py": b"y = 2\n" + more}),
        "python/mine.py": b"z = 3\n",
        "lib/libown.so.1": module(soname="libown.so.1"),
    }


def sized(source: Input, **options: Any) -> Sizes:
    return size(source, Options(**options))


def size_json(source: Input, top: int | None = None, functions: int | None = None, **options: Any) -> dict[str, Any]:
    """The document, which keeps to its schema; with advice when ``functions`` is given (0: not known)."""
    wanted = Options(**options)
    with Opened(source, wanted) as deployment:
        sizes = measure(deployment)
        advice = None if functions is None else advise(deployment, sizes, wanted, functions or None)
    document: dict[str, Any] = json.loads(json.dumps(size_document(sizes, advice, top)))
    keeps_to("size", document)
    return document


def differ(old: Input, new: Input, **options: Any) -> Diff:
    return diff(old, new, Options(**options))


def diff_json(old: Input, new: Input, **options: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(diff_document(differ(old, new, **options))))
    keeps_to("diff", document)
    return document


def keeps_to(name: str, document: Any) -> None:
    """Validates, and sees that the schema describes every key."""
    described = schema(name)
    jsonschema.Draft202012Validator(described).validate(document)
    head = [key for key in described["properties"] if key not in ("deployments", "unchecked")]
    part = described["$defs"]["deployment" if name == "size" else "difference"]
    if "deployments" in document:
        assert list(document) == [*head, "deployments", "unchecked"]
    else:
        assert list(document) == [*head, *part["properties"]]
