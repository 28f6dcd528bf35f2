"""Decisions that one resource of a project takes about itself, and the same report however a run is split."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.made import GOOD, LACKING
from layercheck.check import Job, Options, run_jobs
from layercheck.check.overrides import Accepted, Baseline, Exemption, Overrides
from layercheck.config import overrides
from layercheck.finding import Report, Severity, Source
from layercheck.report import render

ONE, TWO = Source("template.yaml", 3, "One"), Source("template.yaml", 9, "Two")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, data in {"one": LACKING, "two": LACKING + b"", "three": GOOD}.items():
        (tmp_path / f"{name}-layer.zip").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def job(name: str, origin: Source | None, *decided: Overrides) -> Job:
    options = Options(runtimes=("python3.12",), architectures=("x86_64",), overrides=decided)
    return Job(f"{name}-layer.zip", options, origin)


def counting(report: Report) -> list[tuple[str | None, str]]:
    return [(finding.artifact, finding.severity.value) for finding in report.findings]


def test_what_a_resource_decides_holds_for_its_own_findings_only(folder: Path) -> None:
    for decided, expected in (
        ({"ignore": ["LC401"]}, [("a2", "error")] * 2),
        ({"severity": {"LC401": "info"}}, [("a2", "error")] * 2 + [("a1", "info")] * 2),
        (
            {"exceptions": [{"rule": "LC4", "reason": "r", "path": "python/a"}]},
            [("a1", "error")] + [("a2", "error")] * 2,
        ),
        ({"per-path-ignores": {"python/**": "LC401"}}, [("a2", "error")] * 2),
    ):
        report = run_jobs([job("one", ONE, overrides(decided, ONE)), job("two", TWO)], Options())
        assert counting(report) == expected
        assert report.remarks == ()


def test_what_it_decides_beats_what_is_decided_for_all(folder: Path) -> None:
    mine = overrides({"severity": {"LC4": "warning"}}, ONE)
    everywhere = Overrides(severity=(("LC401", Severity.INFO),))
    report = run_jobs([job("one", ONE, mine), job("two", TWO)], Options(overrides=(everywhere,)))
    assert counting(report) == [("a1", "warning")] * 2 + [("a2", "info")] * 2


def test_its_unused_exception_is_told_where_it_stands(folder: Path) -> None:
    mine = overrides({"exceptions": [{"rule": "LC402", "reason": "r"}]}, ONE)
    [remark] = run_jobs([job("one", ONE, mine), job("two", TWO)], Options()).remarks
    assert (remark.kind, remark.source) == ("unused-exception", ONE)


def test_in_a_project_a_baseline_goes_by_the_resource(folder: Path) -> None:
    here = str(folder)
    found = run_jobs([job("one", ONE)], Options(baseline=Baseline("b", None, here, here)))
    assert [taken.by for taken in found.suppressed] == ["baseline"] * 2
    prints = [taken.finding.fingerprint for taken in found.suppressed]
    entries = tuple(Accepted(print_, "LC401", "another-name.zip", "One") for print_ in prints)
    gone = Accepted("0" * 16, "LC401", "x", "Two")
    baseline = Baseline("b", (*entries, gone), here, here)
    assert counting(run_jobs([job("two", ONE)], Options(baseline=baseline))) == []
    both = run_jobs([job("one", ONE), job("two", TWO)], Options(baseline=baseline))
    assert counting(both) == [("a2", "error")] * 2
    assert [remark.kind for remark in both.remarks] == ["gone-from-baseline"]


def test_the_report_is_the_same_however_the_run_is_split(folder: Path) -> None:
    here = str(folder)
    exceptions = (
        Exemption(("LC401",), "one-layer.zip:python/a", "known", None, Source("c.toml", 1)),
        Exemption(("LC401",), "python/b", "old", "2020-01-01", Source("c.toml", 2)),
        Exemption(("LC402",), None, "unused", None, Source("c.toml", 3)),
        Exemption(("LC401",), "three-layer.zip:**", "unused here", None, Source("c.toml", 4)),
        Exemption(("LC401",), "elsewhere.zip:**", "not met", None, Source("c.toml", 5)),
    )
    decided = Overrides(severity=(("LC4", Severity.WARNING),), exceptions=exceptions, base=here, cwd=here)
    baseline = Baseline("b.json", (Accepted("f" * 16, "LC401", "two-layer.zip"),), here, here)
    options = Options(overrides=(decided,), baseline=baseline, fail_on=Severity.WARNING)
    jobs = [job("one", None), job("two", TWO), job("three", None), job("one", ONE)]
    alone = run_jobs(jobs, options)
    with ThreadPoolExecutor(3) as executor:
        split = run_jobs(jobs, options, executor=executor)
    assert render(split, "json") == render(alone, "json")
    assert split == alone
    assert [remark.kind for remark in alone.remarks] == [
        "expired-exception",
        "unused-exception",
        "unused-exception",
        "gone-from-baseline",
    ]
