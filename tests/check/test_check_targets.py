"""Which runtimes and architectures are judged, what is a layer, and what the run as a whole says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import SUFFIX, Files, judge, link, module, of, program, static_program, told, zipped
from layercheck.artifact import open_artifact
from layercheck.check import Options, run
from layercheck.environment import Named, UnknownRuntime, data_version, limits, load, runtimes
from layercheck.finding import Report
from support.elf_writer import build_elf
from support.foreign_writer import build_macho, build_pe
from support.zip_writer import simple_zip

PY: Files = {"python/a.py": b"1"}
M = "python/pkg/_m.abi3.so"
X86: Files = {M: module()}
ARM: Files = {M: module(machine="aarch64")}
BAD: Files = {M: build_macho()}
TAGGED: Files = {f"python/pkg/_m{SUFFIX}": module()}
ARN = "arn:aws:lambda:eu-west-1:111122223333:layer:more:7"


def targets(report: Report) -> list[tuple[str, str]]:
    return [(target.runtime, target.architecture) for target in report.targets]


KINDS: Sequence[tuple[str, Files, dict[str, Any], str, str]] = (
    ("python/", PY, {}, "layer", "python/"),
    ("nodejs/", {"nodejs/node_modules/a/i.js": b"1"}, {}, "layer", "nodejs/"),
    ("java/lib", {"java/lib/a.jar": b"1"}, {}, "layer", "java/lib"),
    ("ruby/", {"ruby/lib/a.rb": b"1"}, {}, "layer", "ruby/"),
    ("extensions/", {"extensions/e": b"#!/bin/sh\n"}, {}, "layer", "extensions/"),
    ("python/ and bootstrap", {**PY, "bootstrap": b"#!/bin/sh\n"}, {}, "layer", "python/"),
    ("python/ and a handler", {**PY, "app.py": b"1"}, {}, "function", "app.py"),
    ("a module", {"app.py": b"1"}, {}, "function", "app.py"),
    ("a bootstrap", {"bootstrap": b"#!/bin/sh\n"}, {}, "function", "bootstrap"),
    ("packages at the root", {"requests/__init__.py": b"1"}, {}, "function", "packages"),
    ("node_modules alone, which holds no handler", {"node_modules/a/i.js": b"1"}, {}, "layer", "installed packages"),
    ("node_modules beside a handler", {"node_modules/a/i.js": b"1", "index.mjs": b"1"}, {}, "function", "index.mjs"),
    ("installed packages alone", {"a/__init__.py": b"1", "a-2.dist-info/RECORD": b"a/__init__.py,,\n"}, {},
     "layer", "installed packages"),
    ("installed packages and an own one",
     {"a/__init__.py": b"1", "a-2.dist-info/RECORD": b"a/x,,\n", "app/__init__.py": b"1"}, {}, "function", "packages"),
    ("a bootstrap in a folder", {"app/bootstrap": program()}, {}, "function", "bootstrap"),
    ("a wrapper that is named", {"wrapper": b"#!/bin/sh\n"}, {"env": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}},
     "layer", "WRAPPER"),
    ("bin and lib", {"bin/x": b"1", "lib/y": b"2"}, {}, "layer", "bin, lib"),
    ("a folder around a layer", {"my/python/a.py": b"1"}, {}, "layer", "below my/"),
    ("a program under another name", {"main": program()}, {}, "function", "program"),
    ("data only", {"model.bin": b"\0"}, {}, "layer", "no code"),
    ("a handler was given", PY, {"handler": "a.b"}, "function", "handler"),
    ("as given", {"app.py": b"1"}, {"kind": "layer"}, "layer", "as given"),
    ("the name says layer", {"app.py": b"1"}, {"name": "my-layer.zip"}, "layer", "file name"),
    ("a wheel", {"app/__init__.py": b"1"}, {"name": "app-1-py3-none-any.whl"}, "layer", "wheel"),
    ("a jar", {"a/B.class": b"1"}, {"name": "app.jar", "runtime": "java21"}, "function", "jar"),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "kind", "reason"), [c[1:] for c in KINDS], ids=[c[0] for c in KINDS])
def test_kinds(files: Files, options: dict[str, Any], kind: str, reason: str) -> None:
    (artifact,) = judge(files, **options).artifacts
    assert (artifact.kind, reason in artifact.kind_reason) == (kind, True), artifact.kind_reason


INFERRED: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str]]]] = (
    ("both given", X86, {"runtime": "python3.12", "architecture": "amd64"}, [("python3.12", "x86_64")]),
    ("aarch64 is arm64", ARM, {"runtime": "python3.12", "architecture": "aarch64"}, [("python3.12", "arm64")]),
    ("from the ELF files", ARM, {"runtime": "python3.12"}, [("python3.12", "arm64")]),
    ("they disagree", {**X86, "python/o.abi3.so": module(machine="aarch64")}, {"runtime": "python3.12"},
     [("python3.12", "x86_64"), ("python3.12", "arm64")]),
    ("there are none", PY, {"runtime": "python3.12"}, [("python3.12", "x86_64"), ("python3.12", "arm64")]),
    ("each with each", PY, {"runtime": ["python3.12", "python3.13"], "architecture": ["x86_64", "arm64"]},
     [(r, a) for r in ("python3.12", "python3.13") for a in ("x86_64", "arm64")]),
    ("said twice", PY, {"runtime": ["python3.12", "python3.12"], "architecture": ["x86_64", "amd64"]},
     [("python3.12", "x86_64")]),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "expected"), [c[1:] for c in INFERRED], ids=[c[0] for c in INFERRED])
def test_inference(files: Files, options: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    report = judge(files, **{"runtime": None, "architecture": None, **options})
    assert targets(report) == expected
    assert report.gate
    assert all(target.reason for target in report.targets)


def test_only_an_architecture_takes_every_supported_runtime_of_the_language() -> None:
    report = judge(PY, None, "arm64")
    names = [name for name, _ in targets(report)]
    supported = {r.identifier for r in runtimes() if r.language == "python" and r.state(data_version()) == "supported"}
    assert set(names) == supported
    assert names[0] == max(supported, key=lambda name: int(name.partition(".")[2]))


def test_unknown_names_raise() -> None:
    with pytest.raises(UnknownRuntime, match=r"python3\.12") as caught:
        judge(PY, "python3.12x")
    assert "python3.12" in caught.value.nearest
    with pytest.raises(ValueError, match="architecture"):
        judge(PY, "python3.12", "sparc")
    for wrong in ({"kind": "cake"}, {"libraries": "oldest"}, {"fail_on": "bad"}):
        with pytest.raises(ValueError):
            judge(PY, **wrong)


def test_every_stated_target_must_pass() -> None:
    report = judge(TAGGED, ["python3.12", "python3.13"], "x86_64")
    assert [(target.runtime, target.passed) for target in report.targets] == [
        ("python3.12", True), ("python3.13", False),
    ]  # fmt: skip
    assert report.exit_code == 1


def test_equal_findings_of_several_targets_are_one() -> None:
    report = judge(ARM, ["python3.12", "python3.13"], "x86_64")
    (finding,) = of(report, "LC301")
    assert finding.targets == ("t1", "t2")
    assert of(judge(ARM), "LC301")[0].targets == ("t1",)


def test_a_finding_of_the_archive_concerns_no_target_and_fails_all() -> None:
    report = judge({"python/a.py": (b"1", 0o600)}, ["python3.12", "python3.13"])
    assert [finding.targets for finding in report.findings] == [()]
    assert not any(target.passed for target in report.targets)


# Without a target: on which does it work?


def test_the_table_covers_every_runtime_of_the_language_on_both_architectures() -> None:
    report = judge(TAGGED, None, None)
    assert not report.gate
    names = [r.identifier for r in runtimes() if r.language == "python"]
    assert sorted(targets(report)) == sorted((n, a) for n in names for a in ("x86_64", "arm64"))
    passed = [(target.runtime, target.architecture) for target in report.targets if target.passed]
    assert passed == [("python3.12", "x86_64")]
    assert [(c.architecture, c.runtimes) for c in report.compatibility] == [("x86_64", ("python3.12",))]
    assert report.exit_code == 0


def test_compatibility_is_newest_first_supported_and_by_architecture() -> None:
    report = judge({**X86, "bin/x": (build_elf(etype="pie", needed=["libc.so.6"]), 0o755)}, None, None)
    (only,) = report.compatibility
    assert only.architecture == "x86_64"
    minors = [int(name.removeprefix("python3.")) for name in only.runtimes]
    assert minors == sorted(minors, reverse=True)
    states = {target.runtime: target.state for target in report.targets}
    assert {states[name] for name in only.runtimes} == {"supported"}


def test_compatibility_names_no_more_than_aws_takes() -> None:
    report = judge({"fonts/a.ttf": b"1"}, None, None)
    assert {target.runtime for target in report.targets} == {r.identifier for r in runtimes()}
    for compatibility in report.compatibility:
        assert 0 < len(compatibility.runtimes) <= 15 == limits().compatible_runtimes


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (X86, 0),
        (BAD, 1),
        ({**PY, "python/b.py": (b"1", 0o600)}, 1),
        ({**PY, "lib/libp.so": module("libnone.so.1")}, 0),
    ],
    ids=["works somewhere", "works nowhere", "bad everywhere", "a warning"],
)
def test_exit_codes_without_a_target(files: Files, code: int) -> None:
    assert judge(files, None, None).exit_code == code


def test_it_must_work_on_a_runtime_that_is_still_supported() -> None:
    old = {f"python/pkg/_m{SUFFIX.replace('312', '38')}": module()}
    report = judge(old, None, None)
    assert [target.runtime for target in report.targets if target.passed] == ["python3.8"]
    assert report.compatibility == ()
    assert report.exit_code == 1


def test_the_date_decides_what_is_supported() -> None:
    old = {f"python/pkg/_m{SUFFIX.replace('312', '38')}": module()}
    report = judge(old, None, None, date="2024-01-01")
    assert [c.runtimes for c in report.compatibility] == [("python3.8",)]
    assert (report.exit_code, report.date) == (0, "2024-01-01")


# Several inputs and layers


def test_inputs_are_deployments_of_their_own() -> None:
    options = Options(runtimes=("python3.12",), architectures=("x86_64",))
    report = run([simple_zip(X86), simple_zip(ARM)], options)
    assert [target.layers for target in report.targets] == [("a1",), ("a2",)]
    assert [target.passed for target in report.targets] == [True, False]
    assert report.exit_code == 1


def test_without_a_target_each_input_must_work_somewhere() -> None:
    assert run([simple_zip(X86), simple_zip(ARM)], Options()).exit_code == 0
    assert run([simple_zip(X86), simple_zip(BAD)], Options()).exit_code == 1


def test_the_same_path_given_twice_is_read_once(tmp_path: Any) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip(X86))
    report = run([str(path), str(path)], Options(runtimes=("python3.12",), architectures=("x86_64",)))
    assert [artifact.id for artifact in report.artifacts] == ["a1"]


def test_layers_are_stacked_in_order_below_the_function() -> None:
    first, second = simple_zip({"lib/libx.so.1": module("libgone.so")}), simple_zip({"lib/libx.so.1": module()})
    function: Files = {"app.py": b"1", "_m.abi3.so": module("libx.so.1")}
    assert judge(function, layers=[first, second]).exit_code == 0
    report = judge(function, layers=[second, first])
    assert ("LC401", "error", "_m.abi3.so") in told(report)
    assert report.targets[0].function == "a1"
    assert report.targets[0].layers == ("a2", "a3")


def test_an_open_deployment_leaves_open_what_the_absent_layer_may_bring() -> None:
    files: Files = {M: module("libnone.so.1")}
    assert judge(files).exit_code == 1
    report = judge(files, layers=[ARN])
    assert (told(report), report.exit_code) == ([], 0)
    assert report.targets[0].open == (ARN,)
    (unchecked,) = report.unchecked
    assert "libnone.so.1" in unchecked.what
    assert ARN in unchecked.why
    assert (unchecked.path, unchecked.targets) == (M, ("t1",))
    assert judge(files, layers=[ARN], strict=True).exit_code == 3


def test_an_absent_layer_excuses_nothing_else() -> None:
    assert told(judge(ARM, layers=[ARN])) == [("LC301", "error", M)]


@pytest.mark.parametrize("arn", ["arn:aws-cn:lambda:cn-north-1:123456789012:layer:x:1", f"{ARN[:-2]}", ARN])
def test_arns_are_known_by_their_form(arn: str) -> None:
    assert judge(PY, layers=[arn]).targets[0].open == (arn,)


# What is not known, and options that change the verdict


def unknown_version() -> Files:
    # libcurl's versions are known by name only where a runtime's table lists it without nodes.
    return {M: build_elf(needed=["libcurl.so.4"], verneed={"libcurl.so.4": ["CURL_NEVER_HEARD_OF"]})}


def test_what_is_not_known_is_counted_and_never_called_missing() -> None:
    report = judge(unknown_version())
    if of(report, "LC402"):
        pytest.fail("a version that is not known was called missing")
    assert [item.path for item in report.unchecked] == [M]
    assert "CURL_NEVER_HEARD_OF" in report.unchecked[0].what
    assert report.exit_code == 0
    assert judge(unknown_version(), strict=True).exit_code == 3


def test_strict_without_unchecked_parts_changes_nothing() -> None:
    assert judge(X86, strict=True).exit_code == 0
    assert judge(ARM, strict=True).exit_code == 1


def test_library_path_of_the_function_changes_the_verdict() -> None:
    files: Files = {M: module("libx.so.1"), "vendor/libx.so.1": module()}
    assert told(judge(files)) == [("LC404", "error", M)]
    path = "/var/lang/lib:/lib64:/usr/lib64:/opt/lib:/opt/vendor"
    assert told(judge(files, env={"LD_LIBRARY_PATH": path})) == []
    # glibc takes the semicolon too.
    assert told(judge(files, env={"LD_LIBRARY_PATH": "/lib64;/opt/vendor"})) == []


def test_an_empty_library_path_is_none_at_all() -> None:
    files: Files = {"app.py": b"1", "_m.abi3.so": module("libx.so.1"), "libx.so.1": module()}
    assert told(judge(files, kind="function")) == []
    assert told(judge(files, kind="function", env={"LD_LIBRARY_PATH": ""})) == [("LC404", "error", "_m.abi3.so")]


def floor_case() -> tuple[str, str]:
    """A library and a node of it that the newest inventory has and the floor certainly lacks."""
    newest, floor = (
        {file.soname: file for file in load("python3.12", "x86_64", which).files.values() if isinstance(file, Named)}
        for which in ("newest", "floor")
    )
    return next(
        (soname, node)
        for soname, file in sorted(newest.items())
        for node in sorted(file.versions.nodes if file.versions else ())
        if floor[soname].state(node) == "missing"
    )


def test_what_fails_only_on_old_libraries_is_an_info_and_with_floor_an_error() -> None:
    soname, node = floor_case()
    files: Files = {M: build_elf(needed=[soname], verneed={soname: [node]})}
    report = judge(files)
    assert told(report) == [("LC402", "info", M)]
    assert "old runtime version" in report.findings[0].fact
    assert report.exit_code == 0
    assert told(judge(files, libraries="floor")) == [("LC402", "error", M)]


def test_select_ignore_and_fail_on() -> None:
    files: Files = {**ARM, "python/b.py": (b"1", 0o600), "lib/l": link("gone")}
    rules = [line[0] for line in told(judge(files))]
    assert rules == ["LC110", "LC301", "LC010"]
    assert [f.rule for f in judge(files, select=["LC3"]).findings] == ["LC301"]
    assert [f.rule for f in judge(files, select=["lc3", "unreadable-file"]).findings] == ["LC110", "LC301"]
    assert [f.rule for f in judge(files, ignore=["LC1", "LC3"]).findings] == ["LC010"]
    assert [f.rule for f in judge(files, select=["LC"], ignore=["broken-symlink"]).findings] == ["LC110", "LC301"]
    mild: Files = {"python/a.py": b"1", "lib/l": link("gone")}
    assert [judge(mild, fail_on=level).exit_code for level in ("error", "warning", "info", None)] == [0, 1, 1, 0]
    assert judge(files, fail_on=None).exit_code == 0
    assert judge(files, ignore=["LC1", "LC3"]).exit_code == 0
    assert judge(files, ignore=["LC1", "LC3"]).targets[0].passed


def test_min_severity_hides_but_still_counts() -> None:
    from layercheck.finding import Severity

    options = Options(("python3.12",), ("x86_64",), fail_on=Severity.INFO, min_severity=Severity.ERROR)
    report = run([simple_zip({"python/a.py": b"1", "python/.DS_Store": b"1"})], options)
    assert (report.findings, report.exit_code) == ((), 1)


def test_fingerprints_outlive_a_rebuild_and_tell_faults_apart() -> None:
    def prints(tag: str, node: str, other: str = "libnone.so.1") -> list[str]:
        library = f"liba-{tag}.so.1.2.{node}"
        files: Files = {
            M: module(library, rpath="$ORIGIN"),
            f"python/pkg/{library}": module(other),
        }
        return [finding.fingerprint for finding in judge(files).findings]

    assert prints("0d5c1a2b", "3") == prints("ffeeddcc", "4")
    assert prints("0d5c1a2b", "3") != prints("0d5c1a2b", "3", "libmissing.so.1")
    assert all(len(text) == 16 for text in prints("0d5c1a2b", "3"))
    assert of(judge(ARM), "LC301")[0].fingerprint == of(judge(ARM, "python3.13"), "LC301")[0].fingerprint


def test_each_member_is_inflated_once_however_many_targets() -> None:
    members = {f"python/pkg/m{n}.py": b"x = 1\n" * 50 for n in range(20)}
    data = simple_zip({**members, **X86, "lib/libz.so.1": module(), "lib/l": link("libz.so.1"), "fonts/": b""})
    with open_artifact(data) as artifact:
        report = run([artifact], Options(runtimes=tuple(r.identifier for r in runtimes()),
                                         architectures=("x86_64", "arm64")))  # fmt: skip
        assert len(report.targets) == 2 * len(runtimes()) == 62
        inflated = [entry for entry in artifact.entries if entry.kind != "directory"]
        assert len(inflated) == 23
        # The module for x86_64 does not load on arm64: the sources of its package are read once more, for a guard.
        assert artifact.inflate_count == len(inflated) + len(members)


def test_a_check_leaves_a_given_artifact_open_and_closes_its_own() -> None:
    with open_artifact(simple_zip(X86)) as artifact:
        first = run([artifact], Options(("python3.12",), ("x86_64",)))
        again = run([artifact], Options(("python3.12",), ("x86_64",)))
        assert artifact.read(artifact.entries[0], 4) == b"\x7fELF"
    assert first == again


def test_a_pe_in_a_dotnet_function_is_its_business() -> None:
    files: Files = {"app.dll": build_pe(managed=True), "app.runtimeconfig.json": b"{}"}
    report = judge(files, None, None)
    assert {target.runtime[:6] for target in report.targets} == {"dotnet"}
    assert report.exit_code == 0


def test_an_archive_without_a_single_file_is_one_error() -> None:
    assert [line[:2] for line in told(judge(zipped()))] == [("LC008", "error")]


def test_a_static_bootstrap_runs_on_every_os_only_runtime() -> None:
    report = judge({"bootstrap": (static_program(), 0o755)}, None, None)
    assert {target.runtime for target in report.targets} == {
        r.identifier for r in runtimes() if r.language == "provided"
    }
    assert [c.architecture for c in report.compatibility] == ["x86_64"]
