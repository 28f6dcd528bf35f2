"""Jobs judged apart and joined give the report of one process, byte for byte, however they are divided."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from check.fleet import fleet
from check.made import link, module
from layercheck.check import Input, Job, Options, run, run_jobs
from layercheck.check.job import names_of
from layercheck.check.join import join
from layercheck.check.part import Part
from layercheck.check.run import judge_batch
from layercheck.finding import Report, Severity, Source, Unchecked
from layercheck.report import render
from support.recipes import build, load_cases
from support.zip_writer import simple_zip

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:metrics:3"
TARGETS: Sequence[dict[str, Any]] = (
    {"runtimes": ("python3.12", "nodejs22.x"), "architectures": ("x86_64",)},
    {"runtimes": ("python3.13",)},
    {"architectures": ("arm64",)},
    {},
)
MORE: Sequence[dict[str, Any]] = (
    {},
    {"layers": (ARN,)},
    {"strict": True, "ignore": ("LC2",)},
    {"fail_on": Severity.WARNING, "min_severity": Severity.WARNING},
    {"fail_on": None, "select": ("LC3", "LC4")},
    {"handler": "app.handler", "max_unzipped": 100},
)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Artifacts of the corpus, of many groups, and some made here."""
    folder = tmp_path_factory.mktemp("inputs")
    cases = load_cases()
    small = [case for case in cases if case.group != "size"]
    found = [str(build(case, folder / case.group / case.id).artifact) for case in small[:: len(small) // 28]]
    for number, data in enumerate(fleet(12)):
        path = folder / f"fleet{number}.zip"
        path.write_bytes(data)
        found.append(str(path))
    return found


def apart(jobs: Sequence[Job], options: Options, batches: Sequence[Sequence[int]]) -> Report:
    """As processes would do it: each batch by itself, its parts sent through pickle."""
    parts: dict[int, Part] = {}
    for number, places in enumerate(batches):
        done = judge_batch(number, [jobs[place] for place in places], options, names_of(jobs))
        assert done.error is None
        parts.update(zip(places, pickle.loads(pickle.dumps(done)).parts, strict=True))
    return join([parts[place] for place in range(len(jobs))], options)


def same(jobs: Sequence[Job], options: Options, batches: Sequence[Sequence[int]]) -> Report:
    """The report, the same however the jobs are judged."""
    expected, got = run_jobs(jobs, options), apart(jobs, options, batches)
    for form in ("json", "text", "concise"):
        assert render(got, form) == render(expected, form)
    assert got == expected
    return got


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_division_of_any_inputs_is_the_same(inputs: list[str], data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(inputs), min_size=1, max_size=4), "inputs")
    layers = tuple(data.draw(st.lists(st.sampled_from(inputs), max_size=2), "layers"))
    more = data.draw(st.sampled_from(MORE), "more")
    options = Options(**{**data.draw(st.sampled_from(TARGETS), "target"), **more})
    options = options._replace(layers=(*layers, *options.layers))
    where = data.draw(st.lists(st.integers(0, 3), min_size=len(names), max_size=len(names)), "batches")
    batches = [[place for place, mine in enumerate(where) if mine == number] for number in range(4)]
    same([Job(name, options) for name in names], options, [batch for batch in batches if batch])


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_jobs_with_options_of_their_own(inputs: list[str], data: st.DataObject) -> None:
    jobs = []
    for number in range(data.draw(st.integers(1, 4), "count")):
        own = Options(**data.draw(st.sampled_from(TARGETS)), layers=(data.draw(st.sampled_from(inputs)),))
        jobs.append(
            Job(
                data.draw(st.sampled_from(inputs)),
                own._replace(kind=data.draw(st.sampled_from(("auto", "layer", "function")))),
                data.draw(st.none() | st.just(Source("template.yaml", number + 1, f"Fn{number}"))),
                data.draw(st.none() | st.just(f"function {number}")),
                (Unchecked("the value of X", "it is a parameter"),) if number % 2 else (),
            )
        )
    where = data.draw(st.lists(st.integers(0, 1), min_size=len(jobs), max_size=len(jobs)))
    batches = [[place for place, mine in enumerate(where) if mine == number] for number in range(2)]
    same(jobs, data.draw(st.sampled_from([Options(), Options(strict=True)])), [batch for batch in batches if batch])


def test_an_artifact_given_twice_is_one_artifact_with_two_targets(tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip({"python/_m.abi3.so": module("libgone.so.1"), "../x": b"1"}))
    options = Options(runtimes=("python3.12",), architectures=("x86_64",))
    report = same([Job(str(path), options)] * 2, options, [[0], [1]])
    assert [item.id for item in report.artifacts] == ["a1"]
    assert [(target.id, target.layers) for target in report.targets] == [("t1", ("a1",)), ("t2", ("a1",))]
    told = [(item.rule, item.targets) for item in report.findings if item.severity is Severity.ERROR]
    assert told == [("LC003", ()), ("LC401", ("t1", "t2"))]


def test_a_layer_of_all_inputs_is_told_of_once(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.zip", "two.zip", "layer.zip")]
    paths[0].write_bytes(simple_zip({"app.py": b"1"}))
    paths[1].write_bytes(simple_zip({"app.py": b"2"}))
    paths[2].write_bytes(simple_zip({"python/_m.abi3.so": module(machine="aarch64"), "../x": b"1"}))
    options = Options(runtimes=("python3.12",), architectures=("x86_64",), layers=(str(paths[2]),))
    report = same([Job(str(path), options) for path in paths[:2]], options, [[0], [1]])
    assert [(item.id, item.path) for item in report.artifacts] == [
        ("a1", str(paths[0])),
        ("a2", str(paths[2])),
        ("a3", str(paths[1])),
    ]
    told = [(item.rule, item.artifact, item.targets) for item in report.findings if item.severity is Severity.ERROR]
    assert told == [("LC003", "a2", ()), ("LC301", "a2", ("t1", "t2"))]


def test_a_fault_explains_nothing_in_another_input() -> None:
    """The broken link of one deployment is not why another lacks a library of that name."""
    broken = simple_zip({"python/a.py": b"1", "lib/libx.so.1": link("libx.so.1.2")})
    lacking = simple_zip({"python/_m.abi3.so": module("libx.so.1")})
    options = Options(runtimes=("python3.12",), architectures=("x86_64",))
    alone = [item.rule for item in run([lacking], options).findings]
    both = [item.rule for item in run([broken, lacking], options).findings if item.artifact == "a2"]
    assert "LC401" in alone
    assert both == alone


def test_what_is_folded_under_a_shared_layers_fault_is_counted_once_for_each_target(tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    files = {"python/_m.abi3.so": module("libx.so.1"), "lib/libx.so.1": b"libx.so.1.2", "lib/libx.so.1.2": module()}
    path.write_bytes(simple_zip(files))
    options = Options(runtimes=("python3.12",), architectures=("x86_64",))
    (alone,) = [item for item in run([str(path)], options).findings if item.rule == "LC012"]
    report = same([Job(str(path), options)] * 3, options, [[0, 2], [1]])
    (thrice,) = [item for item in report.findings if item.rule == "LC012"]
    assert set(alone.details["consequences"]) == set(thrice.details["consequences"])
    assert thrice.details["consequences"]["LC405"] == 3 * alone.details["consequences"]["LC405"]


def test_bounds_are_those_of_each_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("layercheck.check.collect.MAX_FAULTS", 5)
    paths = []
    for number in range(3):
        paths.append(str(tmp_path / f"{number}.zip"))
        Path(paths[-1]).write_bytes(simple_zip({**{f"../{number}x{n}": b"1" for n in range(9)}, "python/a.py": b"1"}))
    options = Options(runtimes=("python3.12",), architectures=("x86_64",))
    jobs = [Job(path, options._replace(layers=(paths[2],))) for path in (*paths[:2], paths[0])]
    report = same(jobs, options, [[0], [1], [2]])
    assert len([item for item in report.findings if item.rule == "LC003"]) == 15
    assert [(item.what, item.targets) for item in report.unchecked] == [("12 more errors LC003", ())]


def test_notes_end_whoever_made_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layercheck.check.notes.MAX_NOTES", 3)
    files = {f"python/_m{n}.abi3.so": module(f"libgone{n}.so.1") for n in range(3)}
    options = Options(runtimes=("python3.12",), architectures=("x86_64",), layers=(ARN,))
    sources: list[Input] = [simple_zip(files), simple_zip({**files, "a": b"1"})]
    report = same([Job(source, options) for source in sources], options, [[0], [1]])
    assert [item.what for item in report.unchecked][-1] == "3 more things"
    assert len(report.unchecked) == 4
