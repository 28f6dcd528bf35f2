"""Jobs: deployments with options of their own, and what a project says of them."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from check.made import module
from layercheck import open_artifact
from layercheck.check import Absent, Job, Options, ProjectFault, deployment, run_jobs
from layercheck.check.options import Layer
from layercheck.finding import Report, Severity, Source, Unchecked
from layercheck.rules import Fault, Rule, all_rules
from layercheck.rules.base import Unsure, rule
from support.zip_writer import simple_zip

ON_3_12 = Options(runtimes=("python3.12",), architectures=("x86_64",))
ON_NODE = Options(runtimes=("nodejs22.x",), architectures=("arm64",))
LAYER = simple_zip({"python/_m.abi3.so": module("libgone.so.1"), "../x": b"1"})
CODE = simple_zip({"app.py": b"def handler(event, context): pass\n"})
FN, OTHER, SHARED = Source("app/t.yaml", 3, "Fn"), Source("app/t.yaml", 9, "Other"), Source("app/t.yaml", 20, "Layer")


def errors(report: Report) -> list[tuple[str, tuple[str, ...], Source | None]]:
    return [(f.rule, f.targets, f.source) for f in report.findings if f.severity is Severity.ERROR]


def written(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


@pytest.fixture
def layer(tmp_path: Path) -> str:
    return written(tmp_path, "layer.zip", LAYER)


@pytest.fixture
def code(tmp_path: Path) -> str:
    return written(tmp_path, "code.zip", CODE)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the artifacts that are opened; a minus when one is closed."""
    names: list[str] = []

    def recording(source: Any, **options: Any) -> Any:
        artifact = open_artifact(source, **options)
        close = artifact.close

        def closing() -> None:
            names.append("-" + artifact.name)
            close()

        names.append(artifact.name)
        monkeypatch.setattr(artifact, "close", closing)
        return artifact

    monkeypatch.setattr(deployment, "open_artifact", recording)
    return names


def test_each_job_has_targets_of_its_own(layer: str) -> None:
    report = run_jobs([Job(layer, ON_3_12, FN), Job(layer, ON_NODE, OTHER)], Options())
    assert [(t.id, t.runtime, t.architecture, t.layers, t.source) for t in report.targets] == [
        ("t1", "python3.12", "x86_64", ("a1",), FN),
        ("t2", "nodejs22.x", "arm64", ("a1",), OTHER),
    ]
    assert report.gate
    assert len(report.artifacts) == 1


def test_a_file_that_two_share_is_told_once_and_a_deployment_each_time(layer: str, code: str) -> None:
    own = ON_3_12._replace(layers=(layer,), handler="gone.handler")
    report = run_jobs([Job(code, own, FN), Job(code, own, OTHER), Job(layer, ON_3_12, SHARED)], Options())
    assert errors(report) == [
        ("LC003", (), SHARED),
        ("LC401", ("t1", "t2", "t3"), SHARED),
        ("LC571", ("t1",), FN),
        ("LC571", ("t2",), OTHER),
    ]


def test_a_layer_that_is_declared_nowhere_is_told_with_its_function(layer: str, code: str) -> None:
    report = run_jobs([Job(code, ON_3_12._replace(layers=(layer,)), FN)], Options())
    assert {source for _, _, source in errors(report)} == {FN}


def test_artifacts_are_opened_once_and_closed_when_no_job_needs_them(layer: str, code: str, opened: list[str]) -> None:
    with_layer = ON_3_12._replace(layers=(layer,))
    run_jobs([Job(code, with_layer), Job(layer, ON_3_12), Job(CODE, ON_3_12), Job(code, ON_NODE)], Options())
    assert opened == [code, layer, "-" + layer, "<bytes>", "-<bytes>", "-" + code]


def test_what_was_opened_is_closed_when_a_job_fails(layer: str, opened: list[str]) -> None:
    with pytest.raises(FileNotFoundError):
        run_jobs([Job(layer, ON_3_12), Job("gone.zip", ON_3_12), Job(layer, ON_3_12)], Options())
    assert opened == [layer, "-" + layer]


def test_an_artifact_that_is_open_stays_so_and_a_stream_is_read_once() -> None:
    with open_artifact(LAYER) as artifact:
        stream = io.BytesIO(LAYER)
        report = run_jobs([Job(artifact, ON_3_12), Job(stream, ON_3_12), Job(artifact, ON_3_12)], Options())
        assert artifact.read(artifact.entries[0], 4) == b"\x7fELF"
    assert [target.layers for target in report.targets] == [("a1",), ("a2",), ("a1",)]
    both = ON_3_12._replace(layers=(io.BytesIO(LAYER),))
    report = run_jobs([Job(CODE, both), Job(CODE + b"", both)], Options())
    assert {target.layers for target in report.targets} == {("a2",)}


def test_the_first_name_is_the_name(layer: str, code: str) -> None:
    jobs = [
        Job(code, ON_3_12._replace(layers=(layer,)), name="Fn"),
        Job(layer, ON_3_12, name="Layer"),
        Job(code, ON_3_12, name="Other"),
    ]
    report = run_jobs(jobs, Options())
    assert [item.path for item in report.artifacts] == ["Fn", "Layer"]


@pytest.mark.parametrize("absent", [Absent("the parameter MetricsLayer"), "arn:aws:lambda:eu-west-1::layer:x:1"])
def test_a_layer_that_is_not_at_hand_opens_the_deployment(absent: Layer) -> None:
    name = absent.name if isinstance(absent, Absent) else str(absent)
    data = simple_zip({"python/_m.abi3.so": module("libgone.so.1")})
    report = run_jobs([Job(data, ON_3_12._replace(layers=(absent,)))], Options())
    assert errors(report) == []
    assert report.targets[0].open == (name,)
    assert [(item.what, item.why) for item in report.unchecked] == [
        ("libgone.so.1, which it needs", f"could be in {name}, which is not at hand")
    ]


def test_what_is_unchecked_concerns_the_targets_of_its_job(layer: str) -> None:
    said = (Unchecked("the value of X", "no default"), Unchecked("its mode", "unknown", path="python/a"))
    report = run_jobs([Job(layer, ON_NODE), Job(layer, ON_3_12, FN, unchecked=said)], Options())
    told = [(i.what, i.targets, i.artifact, i.path) for i in report.unchecked]
    assert told == [("the value of X", ("t2",), None, None), ("its mode", ("t2",), "a1", "python/a")]
    alone = run_jobs([Job(None, ON_3_12, FN, unchecked=said[:1])], Options(strict=True))
    assert [(i.what, i.targets) for i in alone.unchecked] == [("the value of X", ())]
    assert (alone.exit_code, alone.targets, alone.artifacts) == (3, (), ())


@rule("LC799", "declared-wrongly", Severity.WARNING, "project", what="w", why="w", fix="f", example="e", sources=("s",))
def declared_wrongly(view: Any) -> Iterable[Fault | Unsure]:
    return ()


@pytest.fixture
def project_rule(monkeypatch: pytest.MonkeyPatch) -> Rule:
    # The module, not the function of that name.
    module = importlib.import_module("layercheck.check.run")
    monkeypatch.setattr(module, "all_rules", lambda: (*all_rules(), declared_wrongly))
    return declared_wrongly


def test_faults_of_the_project_are_findings_at_their_place(layer: str, project_rule: Rule) -> None:
    faults = (
        ProjectFault("LC799", Fault("it is wrong", severity=Severity.ERROR)),
        ProjectFault("LC799", Fault("it is wrong, too", details={"a": 1}), SHARED),
        ProjectFault("LC799", Fault("it is wrong there"), on_targets=True),
    )
    jobs = [Job(CODE, ON_NODE, OTHER), Job(CODE, ON_3_12, FN, faults=faults)]
    report = run_jobs(jobs, Options())
    said = [(f.message, f.severity.value, f.targets, f.artifact, f.source, dict(f.details)) for f in report.findings]
    assert said == [
        ("Fn: it is wrong", "error", (), None, FN, {}),
        ("Fn: it is wrong there", "warning", ("t2",), None, FN, {}),
        ("Layer: it is wrong, too", "warning", (), None, SHARED, {"a": 1}),
    ]
    # What lies in the template alone does not keep a function from running.
    assert [target.passed for target in report.targets] == [True, True]
    assert report.exit_code == 1
    strict = run_jobs(jobs, Options(fail_on=Severity.WARNING))
    assert [target.passed for target in strict.targets] == [True, False]
    assert len({finding.fingerprint for finding in report.findings}) == 3


def test_the_same_fault_of_two_resources_is_two(project_rule: Rule) -> None:
    fault = ProjectFault("LC799", Fault("it is wrong"))
    report = run_jobs([Job(None, ON_3_12, place, faults=(fault,)) for place in (FN, OTHER)], Options())
    assert [(f.source, f.message) for f in report.findings] == [(FN, "Fn: it is wrong"), (OTHER, "Other: it is wrong")]
    assert len({finding.fingerprint for finding in report.findings}) == 2
    assert report.exit_code == 0


def test_a_rule_that_does_not_exist_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="LC999"):
        run_jobs([Job(None, ON_3_12, FN, faults=(ProjectFault("LC999", Fault("x")),))], Options())


def test_a_wrong_option_of_any_job_is_told_before_anything_is_opened(opened: list[str], layer: str) -> None:
    with pytest.raises(ValueError, match="cobol"):
        run_jobs([Job(layer, ON_3_12), Job(layer, Options(runtimes=("cobol",)))], Options())
    assert opened == []


def test_jobs_without_a_target_do_not_hide_the_failure_of_others() -> None:
    table = Options()
    bad = simple_zip({"python/_m.abi3.so": module("libgone.so.1")})
    works = simple_zip({"python/a.py": b"1"})
    report = run_jobs([Job(works, table), Job(bad, ON_3_12)], Options())
    assert (report.gate, report.exit_code) == (True, 1)
    # A table fails when nothing works anywhere; a stated target by itself.
    only_x86 = simple_zip({"python/_m.abi3.so": module()})
    assert run_jobs([Job(only_x86, table), Job(works, ON_3_12)], Options()).exit_code == 0
    assert run_jobs([Job(only_x86, table)], Options()).gate is False
