"""LC110 to LC121, and the links: LC010 to LC014."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, link, module, of, program, static_program, told, zipped
from support.zip_writer import Member, simple_zip

PY = {"python/a.py": b"import os\n"}
KEY = b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
ELF = static_program()
SCRIPT = b"#!/bin/sh\nexec true\n"

CASES: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str, str | None]]]] = (
    ("0600", {"python/b.py": (b"1", 0o600)}, {}, [("LC110", "error", "python/b.py")]),
    ("0640", {"python/b.py": (b"1", 0o640)}, {}, [("LC110", "error", "python/b.py")]),
    ("0604", {"python/b.py": (b"1", 0o604)}, {}, []),
    ("directory 0700", {"python/d/": (b"", 0o700)}, {}, [("LC110", "info", "python/d")]),
    ("link modes mean nothing", {"python/l": (b"a.py", 0o120600)}, {}, []),
    ("bootstrap 0644", {"bootstrap": ELF}, {"runtime": "provided.al2023", "kind": "function"},
     [("LC111", "error", "bootstrap")]),
    ("bootstrap 0755", {"bootstrap": (ELF, 0o755)}, {"runtime": "provided.al2023", "kind": "function"}, []),
    ("bootstrap 0754", {"bootstrap": (ELF, 0o754)}, {"runtime": "provided.al2023", "kind": "function"},
     [("LC111", "error", "bootstrap")]),
    ("extension 0644", {"extensions/e": SCRIPT}, {}, [("LC111", "error", "extensions/e")]),
    ("what an extension brings need not be started", {"extensions/e": (ELF, 0o755), "extensions/e.d/conf": b"1"}, {},
     []),
    ("program in bin 0644", {"bin/x": ELF}, {}, [("LC111", "error", "bin/x")]),
    ("script in bin 0644", {"bin/x": SCRIPT}, {}, [("LC111", "error", "bin/x")]),
    ("data in bin", {"bin/x.dat": b"\0data"}, {}, []),
    ("library in bin", {"bin/libx.so": module()}, {}, []),
    ("program elsewhere", {"python/pkg/tool": ELF}, {}, [("LC111", "warning", "python/pkg/tool")]),
    ("program of a function's bin", {"app.py": b"1", "bin/x": ELF}, {"kind": "function"},
     [("LC111", "warning", "bin/x")]),
    ("module", {"python/pkg/_x.so": module()}, {}, []),
    ("scripts of pip", {"python/bin/f2py": (b"#!/home/me/venv/bin/python\n", 0o755)}, {}, []),
    ("scripts of pip without the bit", {"python/bin/f2py": b"#!/home/me/venv/bin/python\n"}, {},
     [("LC111", "warning", "python/bin/f2py")]),
    ("object file", {"python/pkg/x.o": program()}, {}, []),
    ("python module with #!", {"python/pkg/cli.py": b"#!/usr/bin/env python\n"}, {}, []),
    ("debris", {"__MACOSX/python/._a.py": b"x", "python/.DS_Store": b"x"}, {}, [("LC120", "info", None)]),
    ("a package that is called tests", {"python/tests_helper/a.py": b"x", "python/latest/b.py": b"1"}, {}, []),
    ("key", {"python/conf/server.key": KEY}, {}, [("LC121", "warning", "python/conf/server.key")]),
    ("key of a package's tests", {"python/pkg/tests/server.key": KEY}, {}, []),
    ("key in test data", {"nodejs/node_modules/x/test/fixtures/k.pem": KEY, "nodejs/node_modules/x/i.js": b"1"},
     {"runtime": "nodejs22.x"}, []),
    ("CA bundle", {"python/certifi/cacert.pem": b"-----BEGIN CERTIFICATE-----\nMII\n"}, {}, []),
    ("public key", {"python/conf/pub.pem": b"-----BEGIN PUBLIC KEY-----\nMII\n"}, {}, []),
    (".env", {"python/app/.env": b"TOKEN=1"}, {}, [("LC121", "warning", "python/app/.env")]),
    ("an empty .env", {"python/app/.env": b""}, {}, []),
    (".env.example", {"python/app/.env.example": b"TOKEN="}, {}, []),
    ("a package called env", {"python/env/__init__.py": b"x = 1"}, {}, []),
    ("AWS credentials", {"python/.aws/credentials": b"[default]"}, {},
     [("LC121", "warning", "python/.aws/credentials")]),
    ("broken link", {"lib/libx.so": link("libx.so.9")}, {}, [("LC010", "warning", "lib/libx.so")]),
    ("broken link that is needed", {"python/m.so": module("libx.so"), "lib/libx.so": link("libx.so.9")}, {},
     [("LC010", "error", "lib/libx.so")]),
    ("links that live at run time", {"python/cache": link("/tmp/cache"), "python/null": link("/dev/null")}, {}, []),
    ("a link into the function", {"python/conf": link("/var/task/conf")}, {}, [("LC010", "warning", "python/conf")]),
    ("a link to a system library", {"lib/libz.so": link("/lib64/libz.so.1")}, {}, []),
    ("a link to what is not listed", {"lib/zone": link("/usr/share/zoneinfo/UTC")}, {}, []),
    ("a link to the build machine", {"python/pkg": link("/home/me/pkg")}, {}, [("LC011", "error", "python/pkg")]),
    ("up and out", {"python/x": link("../../../../build/x")}, {}, [("LC011", "error", "python/x")]),
    ("up within", {"python/x": link("../lib/libx.so"), "lib/libx.so": module()}, {}, []),
    ("flattened library", {"lib/libx.so.1": b"libx.so.1.2", "lib/libx.so.1.2": module()}, {},
     [("LC012", "error", "lib/libx.so.1")]),
    ("flattened library that is needed, told once",
     {"python/m.so": module("libx.so.1"), "lib/libx.so.1": b"libx.so.1.2", "lib/libx.so.1.2": module()}, {},
     [("LC012", "error", "lib/libx.so.1")]),
    ("flattened command", {"nodejs/node_modules/.bin/x": b"../x/cli.js", "nodejs/node_modules/x/cli.js": b"1"},
     {"runtime": "nodejs22.x"}, [("LC012", "error", "nodejs/node_modules/.bin/x")]),
    ("command as a script", {"nodejs/node_modules/.bin/x": (b"#!/usr/bin/env node\n", 0o755),
                             "nodejs/node_modules/x/cli.js": b"1"}, {"runtime": "nodejs22.x"}, []),
    ("command as a link", {"nodejs/node_modules/.bin/x": link("../x/cli.js"), "nodejs/node_modules/x/cli.js": b"1"},
     {"runtime": "nodejs22.x"}, []),
    ("a text that names a library", {"python/pkg/LIBRARY": b"libx.so.1", "python/pkg/name.txt": b"libx.so"}, {}, []),
    ("file and directory", {"python/x": b"1", "python/x/y.py": b"1"}, {}, [("LC014", "error", "python/x")]),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], expected: list[tuple[str, str, str | None]]) -> None:
    base = PY if options.get("kind") != "function" and "runtime" not in options else {}
    assert told(judge({**base, **files}, **options)) == expected


def test_a_wrapper_must_be_executable_and_only_when_it_is_named() -> None:
    files: Files = {**PY, "wrap": SCRIPT, "other": SCRIPT}
    report = judge(files, env={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"})
    severities = {path: severity for rule, severity, path in told(report) if rule == "LC111"}
    assert severities["wrap"] == "error"
    assert severities.get("other") != "error"


def test_archives_without_modes_say_so_and_what_must_start_is_an_error() -> None:
    data = zipped(Member("python/a.py", b"1", host=0), Member("extensions/e", SCRIPT, host=0))
    assert told(judge(data)) == [("LC111", "error", "extensions/e"), ("LC112", "info", None)]
    assert told(judge(zipped(Member("python/a.py", b"1", host=0)))) == [("LC112", "info", None)]


def test_debris_counts_bytes_by_kind() -> None:
    files: Files = {**PY, "python/pkg/__pycache__/a.pyc": b"x" * 100_000, "python/pkg/tests/t.py": b"y" * 5}
    (finding,) = of(judge(files), "LC120")
    assert finding.details == {"bytecode caches": {"files": 1, "bytes": 100_000}, "tests": {"files": 1, "bytes": 5}}
    assert finding.fact.startswith("100,005 bytes")


def test_a_little_debris_is_not_worth_telling_but_junk_of_macos_is() -> None:
    assert of(judge({**PY, "python/pkg/__pycache__/a.pyc": b"x" * 99_999}), "LC120") == []
    assert len(of(judge({**PY, "__MACOSX/._python": b"x"}), "LC120")) == 1


def test_two_layers_that_clash_are_both_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("layers")
    for name, files in {"one": {"python/x": b"1"}, "two": {"python/x/y.py": b"1"}}.items():
        (folder / f"{name}.zip").write_bytes(simple_zip(files))
    for first, second in (("one", "two"), ("two", "one")):
        report = judge_paths(str(folder / f"{first}.zip"), str(folder / f"{second}.zip"))
        (finding,) = of(report, "LC014")
        assert "one.zip" in finding.fact
        assert "two.zip" in finding.fact


def judge_paths(artifact: str, layer: str) -> Any:
    from layercheck import check

    return check(artifact, runtime="python3.12", architecture="x86_64", layers=[layer])


def test_a_link_is_followed_across_layers() -> None:
    layer = simple_zip({"lib/libx.so.1": module()})
    assert told(judge({**PY, "lib/libx.so": link("libx.so.1")}, layers=[layer])) == []
