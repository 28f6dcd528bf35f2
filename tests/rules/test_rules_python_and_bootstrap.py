"""LC501 and LC561 to LC563."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import SUFFIX, Files, judge, module, of, program, static_program, told
from support.zip_writer import simple_zip

TAGGED = f"python/pkg/_x{SUFFIX}"
BOOT = (static_program(), 0o755)
FUNCTION: dict[str, Any] = {"runtime": "provided.al2023", "kind": "function"}

CASES: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str, str | None]]]] = (
    ("tag of 3.12 on 3.11", {TAGGED: module()}, {"runtime": "python3.11"}, [("LC501", "error", TAGGED)]),
    ("tag of 3.12 on 3.13", {TAGGED: module()}, {"runtime": "python3.13"}, [("LC501", "error", TAGGED)]),
    ("tag of 3.12 on 3.12", {TAGGED: module()}, {}, []),
    ("tag of 3.12 in a Node.js layer", {TAGGED: module(), "nodejs/node_modules/a/index.js": b"1"},
     {"runtime": "nodejs22.x"}, []),
    ("abi3 on any", {"python/pkg/_x.abi3.so": module()}, {"runtime": "python3.9"}, []),
    ("no tag on any", {"python/pkg/_x.so": module()}, {"runtime": "python3.9"}, []),
    ("no GIL", {"python/pkg/_x.cpython-313t-x86_64-linux-gnu.so": module()}, {"runtime": "python3.13"},
     [("LC501", "error", "python/pkg/_x.cpython-313t-x86_64-linux-gnu.so")]),
    ("PyPy", {"python/pkg/_x.pypy310-pp73-x86_64-linux-gnu.so": module()}, {},
     [("LC501", "error", "python/pkg/_x.pypy310-pp73-x86_64-linux-gnu.so")]),
    ("one for each Python", {TAGGED: module(), TAGGED.replace("312", "311"): module()}, {"runtime": "python3.11"}, []),
    ("one for each Python, none for this", {TAGGED: module(), TAGGED.replace("312", "311"): module()},
     {"runtime": "python3.13"}, [("LC501", "error", TAGGED.replace("312", "311")), ("LC501", "error", TAGGED)]),
    ("tagged beside abi3", {TAGGED: module(), "python/pkg/_x.abi3.so": module()}, {"runtime": "python3.11"}, []),
    ("not below a searched directory", {f"share/x{SUFFIX}": module(), "python/a.py": b"1"}, {"runtime": "python3.11"},
     []),
    ("in the directory of its own Python", {f"python/lib/python3.12/site-packages/_x{SUFFIX}": module(),
                                            "python/lib/python3.11/site-packages/a.py": b"1"},
     {"runtime": "python3.11"}, [("LC103", "info", "python/lib/python3.12")]),
    ("for another machine: told as that", {TAGGED.replace("x86_64", "aarch64"): module(machine="aarch64")},
     {"runtime": "python3.11"}, [("LC301", "error", TAGGED.replace("x86_64", "aarch64"))]),
    ("in a function", {"app.py": b"1", f"_x{SUFFIX}": module()}, {"runtime": "python3.11", "kind": "function"},
     [("LC501", "error", f"_x{SUFFIX}")]),
    ("bootstrap at its place", {"bootstrap": BOOT}, FUNCTION, []),
    ("bootstrap as a script", {"bootstrap": (b"#!/bin/sh\nexec x\n", 0o755)}, FUNCTION, []),
    ("no program at all", {"handler.php": b"<?php"}, FUNCTION, [("LC561", "error", None)]),
    ("no bootstrap, but the runtime brings one", {"handler.php": b"<?php"}, {**FUNCTION, "runtime": "nodejs22.x"}, []),
    ("misnamed", {"main": BOOT}, FUNCTION, [("LC562", "error", "main")]),
    ("too deep", {"bin/bootstrap": BOOT, "readme": b"x"}, FUNCTION, [("LC562", "error", "bin/bootstrap")]),
    ("in one folder: told as one thing", {"build/bootstrap": BOOT}, FUNCTION, [("LC562", "error", "build/bootstrap")]),
    ("two programs: neither is meant for sure", {"one": BOOT, "two": BOOT}, FUNCTION, [("LC561", "error", None)]),
    ("bootstrap with CR LF", {"bootstrap": (b"#!/bin/sh\r\nexec x\r\n", 0o755)}, FUNCTION,
     [("LC563", "error", "bootstrap")]),
    ("extension with CR LF", {"extensions/e": (b"#!/bin/sh\r\n", 0o755), "python/a.py": b"1"}, {},
     [("LC563", "error", "extensions/e")]),
    ("script in bin with CR LF", {"bin/run": (b"#!/bin/sh\r\n", 0o755)}, {}, [("LC563", "warning", "bin/run")]),
    ("script of a package with CR LF", {"python/pkg/a.py": b"#!/usr/bin/env python\r\n"}, {},
     [("LC563", "info", "python/pkg/a.py")]),
    ("CR LF without #!", {"python/pkg/a.py": b"import os\r\n"}, {}, []),
    ("CR LF only behind the first line", {"bootstrap": (b"#!/bin/sh\nexec x\r\n", 0o755)}, FUNCTION, []),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], expected: list[tuple[str, str, str | None]]) -> None:
    assert told(judge(files, **options)) == expected


def test_bootstrap_may_come_from_a_layer_or_from_one_that_is_not_at_hand() -> None:
    function = {"handler.php": b"<?php"}
    layer = simple_zip({"bootstrap": BOOT})
    assert told(judge(function, layers=[layer], **FUNCTION)) == []
    arn = "arn:aws:lambda:eu-west-1:534081306603:layer:php-83:42"
    report = judge(function, layers=[arn], **FUNCTION)
    assert told(report) == []


def test_a_wrapper_with_crlf_is_an_error() -> None:
    files: Files = {"wrap": (b'#!/bin/sh\r\nexec "$@"\r\n', 0o755), "python/a.py": b"1"}
    assert told(judge(files, env={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"})) == [("LC563", "error", "wrap")]


@pytest.mark.parametrize(
    ("runtime", "pin", "not_pin"), [("python3.13", ">=1.5", "<=1.5"), ("python3.11", "<=1.5", ">=1.5")]
)
def test_the_fix_of_an_abi_mismatch_can_be_installed(runtime: str, pin: str, not_pin: str) -> None:
    """A newer Python needs this release or a newer one; an older Python perhaps an older release."""
    files = {TAGGED: module(), "python/pkg-1.5.dist-info/RECORD": f"pkg/_x{SUFFIX},,\n".encode()}
    (finding,) = of(judge(files, runtime), "LC501")
    assert "CPython 3.12" in finding.fact
    for word in (f"--python-version {runtime.removeprefix('python')}", "manylinux", "--target python"):
        assert word in (finding.fix or "")
    assert f"pkg{pin}" in (finding.fix or "") or "'pkg<=1.5'" in (finding.fix or "")
    assert not_pin not in (finding.fix or "")


def test_a_program_with_a_foreign_name_is_named_in_the_fix() -> None:
    (finding,) = of(judge({"main": (program(), 0o755)}, **FUNCTION), "LC562")
    assert "cp main bootstrap" in (finding.fix or "")
