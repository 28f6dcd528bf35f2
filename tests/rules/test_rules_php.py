"""LC591 and LC592: extensions that PHP is told to load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, link, module, of, program, told
from support.zip_writer import simple_zip

OPTIONS: dict[str, Any] = {"runtime": "provided.al2023", "kind": "layer"}
API = "API20240924,NTS"
DIRECTORY = "/opt/bref/lib/php/extensions/no-debug-non-zts-20240924"
INI = "bref/etc/php/conf.d/x.ini"
HERE: list[tuple[str, str, str | None]] = [("LC591", "error", INI)]
EXT = module(syms=[API])


def php(*texts: str) -> tuple[bytes, int]:
    return program(syms=[API, *texts]), 0o755


PLAIN: Files = {"bin/php": php()}
COMPILED: Files = {"bin/php": php(DIRECTORY)}
CASES: Sequence[tuple[str, Files, list[tuple[str, str, str | None]]]] = (
    ("a path that is there", {**PLAIN, "x/gd.so": EXT, INI: b"extension=/opt/x/gd.so\n"}, []),
    ("a path that is not there", {**PLAIN, INI: b"extension=/opt/x/gd.so\n"}, HERE),
    ("a directory", {**PLAIN, "x/gd.so/a": b"1", INI: b"extension=/opt/x/gd.so\n"}, HERE),
    ("a path without .so is not completed", {**PLAIN, "x/gd.so": EXT, INI: b"extension=/opt/x/gd\n"}, HERE),
    ("through a link", {**PLAIN, "x/gd.so": EXT, "y": link("x"), INI: b"extension=/opt/y/gd.so\n"}, []),
    ("a dead link is the cause", {**PLAIN, "x/gd.so": link("gone.so"), INI: b"extension=/opt/x/gd.so\n"},
     [("LC010", "error", "x/gd.so")]),
    ("may not be read: told as that", {**PLAIN, "x/gd.so": (EXT, 0o600), INI: b"extension=/opt/x/gd.so\n"},
     [("LC110", "error", "x/gd.so")]),
    ("a name in the compiled directory", {**COMPILED, f"{DIRECTORY[5:]}/gd.so": EXT, INI: b"extension=gd\n"}, []),
    ("a name with .so", {**COMPILED, f"{DIRECTORY[5:]}/gd.so": EXT, INI: b"extension=gd.so\n"}, []),
    ("zend_extension", {**COMPILED, INI: b"zend_extension=xdebug\n"}, HERE),
    ("a name in another directory", {**COMPILED, "ext/gd.so": EXT, INI: b"extension=gd\n"}, HERE),
    ("a name in extension_dir", {**COMPILED, "ext/gd.so": EXT, INI: b"extension_dir=/opt/ext/\nextension=gd\n"}, []),
    ("extension_dir takes the place of the compiled one",
     {**COMPILED, f"{DIRECTORY[5:]}/gd.so": EXT, INI: b"extension_dir=/opt/ext\nextension=gd\n"}, HERE),
    ("a directory that is not known", {**PLAIN, "ext/gd.so": EXT, INI: b"extension=gd\n"}, []),
    ("a name that is nowhere", {**PLAIN, INI: b"extension=gd\n"}, HERE),
    ("commented out", {**PLAIN, INI: b";extension=gd\n"}, []),
    ("PHP is not here: nobody knows", {"a/x": b"1", INI: b"extension=gd\n"}, []),
    ("PHP is not here, nor the path", {"a/x": b"1", INI: b"extension=/opt/x/gd.so\n"}, []),
    ("PHP is not here, but the file is elsewhere", {"ext/gd.so": EXT, INI: b"extension=/opt/x/gd.so\n"}, HERE),
    ("a variable", {**PLAIN, INI: b"extension=${HOME}/gd.so\n"}, []),
    ("another program's file", {"etc/conf.d/app.ini": b"extension=/no/where\n", "etc/a.so": EXT}, []),
    ("a sample of a package", {**PLAIN, "vendor/x/php.ini": b"extension=no.so\n"}, []),
    ("a sample for tests", {**PLAIN, "tests/php.ini": b"extension=no.so\n"}, []),
    ("of another PHP", {**PLAIN, "ext/gd.so": module(syms=["API20210902,NTS"]), INI: b"extension=/opt/ext/gd.so\n"},
     [("LC592", "error", "ext/gd.so")]),
    ("with thread safety", {**PLAIN, "ext/gd.so": module(syms=["API20240924,TS"]), INI: b"extension=/opt/ext/gd.so\n"},
     [("LC592", "error", "ext/gd.so")]),
    ("of another PHP, by its name", {**COMPILED, f"{DIRECTORY[5:]}/gd.so": module(syms=["API20210902,NTS"]),
     INI: b"extension=gd\n"}, [("LC592", "error", f"{DIRECTORY[5:]}/gd.so")]),
    ("of another PHP, and nothing loads it", {**PLAIN, "bref/x/gd.so": module(syms=["API20210902,NTS"])}, []),
    ("an extension that tells no API", {**PLAIN, "x/gd.so": module(), INI: b"extension=/opt/x/gd.so\n"}, []),
    ("two kinds of PHP", {**PLAIN, "bin/php8.1": (program(syms=["API20210902,NTS"]), 0o755),
     "php/gd.so": module(syms=["API20210902,NTS"]), INI: b"extension=/opt/php/gd.so\n"}, []),
)  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdicts(files: Files, expected: list[tuple[str, str, str | None]]) -> None:
    found = [line for line in told(judge(files, **OPTIONS)) if line[1] != "info"]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_what_is_not_known_is_unchecked() -> None:
    report = judge({"a/x": b"1", INI: b"\nextension=gd\nextension=${X}\nextension=/opt/y/z.so\n"}, **OPTIONS)
    assert [(item.what, item.path) for item in report.unchecked] == [
        ("extension=${X} (line 3)", INI),
        ("extension=/opt/y/z.so (line 4)", INI),
        ("extension=gd (line 2)", INI),
    ]


def test_a_layer_that_is_not_at_hand_may_have_it() -> None:
    function = simple_zip({"index.php": b"<?php", "php/conf.d/php.ini": b"extension=/opt/bref-extra/gd.so\n"})
    arn = "arn:aws:lambda:eu-west-3:403367587399:layer:gd-php-84:5"
    options = {**OPTIONS, "kind": "function"}
    report = judge(function, layers=[simple_zip(COMPILED), arn], **options)
    assert of(report, "LC591") == []
    assert "gd.so, which it needs" in [item.what for item in report.unchecked]
    (finding,) = of(judge(function, layers=[simple_zip(COMPILED)], **options), "LC591")
    assert finding.path == "php/conf.d/php.ini"
    assert "sed -i 1d" in (finding.fix or "") or "sed -i '1d'" in (finding.fix or "")


def test_where_it_lies_and_where_php_looks_are_told() -> None:
    files: Files = {**COMPILED, "ext/gd.so": EXT, INI: b"; pictures\nextension=gd\n"}
    (finding,) = of(judge(files, **OPTIONS), "LC591")
    for word in ("extension=gd (line 2)", DIRECTORY, "it lies at /opt/ext/gd.so"):
        assert word in finding.message
    assert "extension=/opt/ext/gd.so" in (finding.fix or "")
    assert finding.details["found"] == ["/opt/ext/gd.so"]


def test_both_apis_are_told() -> None:
    files: Files = {**PLAIN, "ext/gd.so": module(syms=["API20210902,NTS"]), INI: b"extension=/opt/ext/gd.so\n"}
    (finding,) = of(judge(files, **OPTIONS), "LC592")
    for word in ("20210902,NTS", "/opt/bin/php has 20240924,NTS", INI):
        assert word in finding.message
    assert "/opt/bin/php -i" in (finding.fix or "")
