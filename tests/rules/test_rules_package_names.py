"""LC104 for compiled packages whose directory cannot be imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import SUFFIX, Files, judge, link, module, of
from support.zip_writer import simple_zip

INIT = b"x = 1\n"
LAYER = {"kind": "layer"}
FUNCTION = {"kind": "function"}


def package(directory: str) -> dict[str, bytes | tuple[bytes, int]]:
    return {f"{directory}/__init__.py": INIT, f"{directory}/_x{SUFFIX}": module()}


CASES: Sequence[tuple[str, Files, dict[str, Any], list[str | None]]] = (
    ("in a function", package("pkg-3.12"), FUNCTION, ["pkg-3.12"]),
    ("in a layer", package("python/pkg-1.0.2"), LAYER, ["python/pkg-1.0.2"]),
    ("in site-packages", package("python/lib/python3.12/site-packages/pkg-1.0"), LAYER,
     ["python/lib/python3.12/site-packages/pkg-1.0"]),
    ("two", {**package("a-1.0"), **package("b-2")}, FUNCTION, ["a-1.0", "b-2"]),
    ("not compiled", {"pkg-3.12/__init__.py": INIT}, FUNCTION, []),
    ("no package", {f"pkg-3.12/_x{SUFFIX}": module(), "a.py": INIT}, FUNCTION, []),
    ("a name that can be imported", package("pkg_312"), FUNCTION, []),
    ("a hyphen without a version", package("my-package"), FUNCTION, []),
    ("the package is there too", {**package("pkg-3.11"), **package("pkg")}, FUNCTION, []),
    ("a module of the name is there", {**package("pkg-3.12"), "pkg.py": INIT}, FUNCTION, []),
    ("a link of the name is there", {**package("pkg-3.12"), "pkg.py": link("pkg-3.12/__init__.py")}, FUNCTION, []),
    ("deeper, where somebody may put it on sys.path", package("vendor/pkg-3.12"), FUNCTION, []),
    ("on another language", {**package("pkg-3.12"), "index.js": b"1"}, FUNCTION | {"runtime": "nodejs22.x"}, []),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "paths"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], paths: list[str | None]) -> None:
    assert [finding.path for finding in of(judge(files, **options), "LC104")] == paths


def test_a_layer_may_bring_the_package() -> None:
    layer = simple_zip(package("python/pkg"))
    assert of(judge(package("pkg-3.11"), layers=[layer], **FUNCTION), "LC104") == []


def test_the_fix_names_both_directories() -> None:
    (finding,) = of(judge(package("python/pkg-1.0"), **LAYER), "LC104")
    assert "mv python/pkg-1.0 python/pkg && rm -f" in (finding.fix or "")
    assert finding.confidence.value == "likely"
