"""LC101 to LC104: the shapes of layers and functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, module, of, static_program, told
from support.zip_writer import simple_zip

PKG = b"import os\n"
NODE: dict[str, Any] = {"runtime": "nodejs22.x", "kind": "layer"}
LAYER: dict[str, Any] = {"kind": "layer"}
JAVA: dict[str, Any] = {"runtime": "java21", "kind": "layer"}
RUBY: dict[str, Any] = {"runtime": "ruby3.4", "kind": "layer"}
SITE = "python/lib/python3.{}/site-packages/pkg/__init__.py"

CASES: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str, str | None]]]] = (
    ("python/", {"python/pkg/__init__.py": PKG}, LAYER, []),
    ("site-packages of the target", {SITE.format(12): PKG}, LAYER, []),
    ("bin and lib only", {"bin/x": (static_program(), 0o755), "lib/libx.so": module()}, LAYER, []),
    ("extensions only", {"extensions/x": (static_program(), 0o755)}, LAYER, []),
    ("a wrapper at the root beside python/", {"python/a.py": PKG, "wrap": (b"#!/bin/sh\n", 0o755)}, LAYER, []),
    ("packages at the root", {"pkg/__init__.py": PKG}, LAYER, [("LC101", "error", None)]),
    ("a module at the root", {"util.py": PKG}, LAYER, [("LC101", "error", None)]),
    ("only dist-info tells", {"attr-1.0.dist-info/METADATA": b"Name: attr", "attr/x.py": PKG}, LAYER,
     [("LC101", "error", None)]),
    ("libraries at the root", {"libx.so.1": module()}, LAYER, [("LC101", "error", None)]),
    ("Python/ with a capital", {"Python/pkg/__init__.py": PKG}, LAYER, [("LC101", "error", None)]),
    ("python3.12/", {"python3.12/pkg/__init__.py": PKG}, LAYER, [("LC101", "error", None)]),
    ("site-packages at the root", {"site-packages/pkg/__init__.py": PKG}, LAYER, [("LC101", "error", None)]),
    ("code for Node.js", {"nodejs/node_modules/a/index.js": b"1"}, LAYER, [("LC101", "error", None)]),
    ("code for both", {"nodejs/node_modules/a/index.js": b"1", "python/a.py": PKG}, LAYER, []),
    ("nothing but a readme", {"README.md": b"hello"}, LAYER, [("LC101", "error", None)]),
    ("a layer of fonts", {"fonts/a.ttf": b"font"}, LAYER, [("LC101", "info", None)]),
    ("a layer of a model", {"model.bin": b"weights"}, LAYER, [("LC101", "info", None)]),
    ("certificates", {"certs/ca.pem": b"-----BEGIN CERTIFICATE-----\n"}, LAYER, [("LC101", "info", None)]),
    ("a tool in a folder of its own", {"tool/bin/x": (static_program(), 0o755), "tool/lib/libx.so": module()}, LAYER,
     [("LC101", "info", None)]),
    ("the folder was zipped", {"layer/python/pkg/__init__.py": PKG}, LAYER, [("LC102", "error", "layer")]),
    ("python in python", {"python/python/pkg/__init__.py": PKG}, LAYER, [("LC102", "error", "python")]),
    ("a package that is called python", {"python/python/__init__.py": PKG, "python/a/__init__.py": PKG}, LAYER, []),
    ("hidden files beside the folder", {"layer/python/a.py": PKG, ".DS_Store": b"x"}, LAYER,
     [("LC102", "error", "layer"), ("LC120", "info", None)]),
    ("two folders", {"layer/python/a.py": PKG, "python/a.py": PKG}, LAYER, []),
    ("nodejs in a folder", {"my/nodejs/node_modules/a/index.js": b"1"}, NODE, [("LC102", "error", "my")]),
    ("site-packages of another Python", {SITE.format(11): PKG}, LAYER,
     [("LC103", "error", "python/lib/python3.11")]),
    ("for several Pythons", {SITE.format(11): PKG, SITE.format(12): PKG}, LAYER,
     [("LC103", "info", "python/lib/python3.11")]),
    ("no Python, no LC103", {SITE.format(11): PKG, "nodejs/node_modules/a/index.js": b"1"}, NODE, []),
    ("python/site-packages", {"python/site-packages/pkg/__init__.py": PKG}, LAYER,
     [("LC104", "error", "python/site-packages")]),
    ("python/lib/python3.12 without site-packages", {"python/lib/python3.12/pkg/__init__.py": PKG}, LAYER,
     [("LC104", "error", "python/lib/python3.12/pkg")]),
    ("node_modules at the root", {"node_modules/a/index.js": b"1"}, NODE, [("LC104", "error", "node_modules")]),
    ("a package in nodejs/", {"nodejs/a/package.json": b"{}", "nodejs/a/index.js": b"1"}, NODE,
     [("LC104", "error", "nodejs/a")]),
    ("nodejs/node22", {"nodejs/node22/node_modules/a/index.js": b"1"}, NODE, []),
    ("nodejs/node20 on 22", {"nodejs/node20/node_modules/a/index.js": b"1"}, NODE,
     [("LC104", "error", "nodejs/node20/node_modules")]),
    ("nodejs/node20 and node22", {f"nodejs/node{n}/node_modules/a/index.js": b"1" for n in (20, 22)}, NODE, []),
    ("node_modules of a package", {"nodejs/node_modules/a/node_modules/b/index.js": b"1"}, NODE, []),
    ("java/lib", {"java/lib/a.jar": simple_zip({"A.class": b"\xca\xfe\xba\xbe\0\0\0\x34"})}, JAVA, []),
    ("jars in java/", {"java/a.jar": b"x"}, JAVA, [("LC104", "error", "java")]),
    ("jars in lib/", {"lib/a.jar": b"x"}, JAVA, [("LC104", "error", "lib")]),
    ("gems", {"ruby/gems/3.4.0/gems/a-1/lib/a.rb": b"1"}, RUBY, []),
    ("ruby/lib", {"ruby/lib/a.rb": b"1"}, RUBY, []),
    ("gems in vendor/bundle", {"vendor/bundle/ruby/3.4.0/gems/a-1/lib/a.rb": b"1"}, RUBY,
     [("LC104", "error", "vendor/bundle/ruby/3.4.0")]),
    ("gems one folder too deep", {"ruby/gems/3.4.0/ruby/3.4.0/gems/a-1/lib/a.rb": b"1"}, RUBY,
     [("LC104", "error", "ruby/gems/3.4.0/ruby")]),
    ("functions have no layer roots", {"app.py": PKG, "pkg/__init__.py": PKG}, {"kind": "function"}, []),
    ("a function in a folder", {"proj/app.py": PKG}, {"handler": "app.handler"}, [("LC102", "error", "proj/app.py")]),
    ("the handler names the folder", {"proj/app.py": b"def handler(e, c): 1"}, {"handler": "proj/app.handler"}, []),
    ("other files beside the folder", {"proj/app.py": PKG, "x.txt": b"1"}, {"handler": "app.handler"},
     [("LC571", "error", "proj/app.py")]),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], expected: list[tuple[str, str, str | None]]) -> None:
    assert told(judge(files, **options)) == expected


def test_the_fix_names_the_place_where_it_belongs() -> None:
    (finding,) = of(judge({"pkg/__init__.py": PKG}, **LAYER), "LC101")
    assert "build/python" in (finding.fix or "")
    (finding,) = of(judge({"a/package.json": b"{}"}, **NODE), "LC101")
    assert "nodejs/node_modules" in (finding.fix or "")


def test_a_wheel_is_judged_as_installed_in_python() -> None:
    from support.zip_writer import simple_zip

    wheel = simple_zip({"pkg/__init__.py": PKG, "pkg-1.0.dist-info/RECORD": b"pkg/__init__.py,,\n"})
    found = told(judge(wheel, name="pkg-1.0-py3-none-any.whl"))
    assert [item for item in found if item[0].startswith("LC1")] == []


def test_a_layer_for_another_language_does_a_function_no_harm() -> None:
    layer = simple_zip({"nodejs/node_modules/a/index.js": b"1"})
    report = judge({"app.py": b"def handler(event, context): ...\n"}, handler="app.handler", layers=[layer])
    assert told(report) == [("LC101", "warning", None)]
    assert report.exit_code == 0
