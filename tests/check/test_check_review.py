"""Verdicts that a review of the whole found wrong: each once, on the smallest artifact that shows it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest

import layercheck
from check.made import Files, judge, link, module, told
from layercheck.check.judge import fingerprint
from support.zip_writer import Member, build_zip, simple_zip

SUFFIX = ".cpython-312-x86_64-linux-gnu.so"
TAGGED = f"python/pkg/_x{SUFFIX}"


@pytest.mark.parametrize(("runtime", "architecture"), [("python3.11", "x86_64"), ("python3.12", "arm64")])
@pytest.mark.parametrize("twin", ["python/pkg/_x.py", None])
def test_an_extension_with_a_twin_in_python_is_done_without(runtime: str, architecture: str, twin: str | None) -> None:
    files: Files = {TAGGED: module(), **({twin: b"1"} if twin else {})}
    report = judge(files, runtime, architecture=architecture)
    assert [severity for _, severity, _ in told(report)] == ["warning" if twin else "error"]
    assert report.exit_code == (0 if twin else 1)


def test_a_known_accelerator_is_done_without() -> None:
    name = "python/zope/interface/_zope_interface_coptimizations"
    report = judge({f"{name}{SUFFIX}": module(), "python/zope/interface/__init__.py": b"1"}, "python3.11")
    assert [(rule, severity) for rule, severity, _ in told(report)] == [("LC501", "warning")]


def test_builds_for_several_pythons_at_the_root_of_a_function_fit() -> None:
    files: Files = {f"_x{SUFFIX}": module(), f"_x{SUFFIX.replace('312', '311')}": module(), "app.py": b"1"}
    assert told(judge(files, "python3.12", kind="function")) == []


def test_an_error_is_never_folded_under_an_oddity() -> None:
    damaged = module()[:200]
    data = build_zip([Member("python/x.so", damaged), Member("python/a.py", b"1", before=bytes(60))])
    found = told(judge(data))
    assert ("LC303", "error", "python/x.so") in found
    assert any(rule == "LC002" and severity == "info" for rule, severity, _ in found)


def test_a_cause_is_as_bad_as_what_it_explains() -> None:
    inner = simple_zip({"bootstrap": b"1"})
    report = judge({"inner.zip": inner}, "provided.al2023", kind="function")
    assert told(report) == [("LC009", "error", "inner.zip")]
    assert report.exit_code == 1


def test_an_archive_without_files_is_told_whatever_else_is_odd() -> None:
    data = build_zip([Member("python/", kind="directory")], trailing=b"more")
    assert ("LC008", "error", None) in told(judge(data))


def test_what_may_be_declared_does_not_depend_on_thresholds_and_selections() -> None:
    data = simple_zip({TAGGED: module()})
    plain = layercheck.check(data).compatibility
    assert [(item.architecture, item.runtimes) for item in plain] == [("x86_64", ("python3.12",))]
    options: dict[str, Any]
    for options in ({"fail_on": None}, {"ignore": ["LC3", "LC5"]}, {"select": ["LC2"]}):
        assert layercheck.check(data, **options).compatibility == plain


@pytest.mark.parametrize(
    "options",
    [{"select": ["LC999"]}, {"ignore": [""]}, {"upload": "x"}, {"kind": "x"}, {"libraries": "x"}, {"max_zip": -1}],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options)) + "|no rule"):
        layercheck.check(simple_zip({"python/a.py": b"1"}), **options)


def test_of_two_entries_of_one_path_the_last_is_judged() -> None:
    data = build_zip([Member("python/x.so", module(machine="aarch64")), Member("./python/x.so", b"text, not code")])
    found = {rule for rule, _, _ in told(judge(data))}
    assert "LC005" in found
    assert "LC301" not in found


def test_the_data_directory_of_a_wheel_is_judged_where_it_is_installed() -> None:
    files: Files = {
        "x-1.data/platlib/x/e.abi3.so": module("libq.so.1", rpath="$ORIGIN/../x.libs"),
        "x-1.data/platlib/x.libs/libq.so.1": module(soname="libq.so.1"),
        "x-1.dist-info/RECORD": b"",
    }
    found = told(judge(simple_zip(files), name="x-1-py3-none-any.whl"))
    assert [item for item in found if item[0] > "LC002"] == []


def test_a_layer_that_is_attached_twice_counts_once() -> None:
    layer = simple_zip({"python/a.py": b"1" * 1000})
    with layercheck.open_artifact(layer) as artifact:
        report = layercheck.check(
            artifact, layers=[artifact], runtime="python3.12", architecture="x86_64", max_unzipped=1500
        )
    assert [finding.rule for finding in report.findings] == []


def test_links_through_links_are_counted_as_the_copies_they_would_become() -> None:
    files: Files = {"python/real/a.bin": b"x" * 1000, "python/alias": link("real"), "python/c": link("alias/a.bin")}
    with layercheck.open_artifact(simple_zip(files)) as artifact:
        assert artifact.followed_bytes() == 3000


def test_directory_entries_are_a_habit_of_the_packager_and_no_content() -> None:
    file = Member("python/a/b.py", b"1")
    builds = ([file], [Member("python/", kind="directory"), file], [Member("python/a/", kind="directory"), file])
    digests = set()
    for build in builds:
        with layercheck.open_artifact(build_zip(build)) as artifact:
            digests.add(artifact.content_sha256)
    assert len(digests) == 1


def test_fingerprints_tell_names_apart_and_not_builds() -> None:
    names = [f"python/_SHA{bits}.abi3.so" for bits in (1, 224, 256, 384, 512)]
    assert len({fingerprint("LC301", name, "same") for name in names}) == 5
    assert fingerprint("LC401", "a", "needs libssl.so.1.1") != fingerprint("LC401", "a", "needs libssl.so.7")
    builds = ["x.libs/libq-0a1b2c3d.so.5.0.0", "x.libs/libq-99aabbcc.so.5.1.0"]
    assert len({fingerprint("LC301", name, "same") for name in builds}) == 1
    assert fingerprint("LC120", None, "1,234,567 bytes") == fingerprint("LC120", None, "89 bytes")


@pytest.mark.parametrize("name", ["bin/$(touch PWNED) x", "bin/a'b", "bin/a\nrm -rf ~"])
def test_a_command_to_paste_takes_no_name_for_shell_syntax(name: str) -> None:
    (finding,) = judge({"python/a.py": b"1", name: (b"#!/bin/sh\n", 0o644)}).findings
    line = (finding.fix or "").split(" && ")[0]
    assert "\n" not in (finding.fix or "")
    shown = subprocess.run(["sh", "-c", line.replace("chmod +x", "printf %s", 1)], capture_output=True, text=True)
    assert shown.stdout == (name if name.isprintable() else "FILE")


@pytest.mark.parametrize("first", ["check_many, check", "check, check_many", "Report, check"])
def test_check_can_be_sent_to_another_process_whatever_was_imported_first(first: str) -> None:
    code = f"from layercheck import {first}; import pickle; pickle.loads(pickle.dumps(check))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
    assert callable(pickle.loads(pickle.dumps(layercheck.check)))
