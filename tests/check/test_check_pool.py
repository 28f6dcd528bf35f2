"""Many artifacts on processes, threads and Dask: the same reports, the same bytes."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from importlib import import_module
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import pytest

from check.fleet import fleet
from check.made import module
from layercheck import check, check_many, open_artifact
from layercheck.check import Absent, Input, Job, Options, run_jobs
from layercheck.check.plan import Batch, plan, processors, worthwhile
from layercheck.check.pool import WorkerLost, processes
from layercheck.environment.captured import load_file
from layercheck.finding import Report
from layercheck.report import render
from support.zip_writer import simple_zip

TARGET: dict[str, Any] = {"runtime": ["python3.12", "provided.al2023"], "architecture": "x86_64"}
OPTIONS = Options(runtimes=("python3.12",), architectures=("x86_64",))


def written(reports: list[Report]) -> list[str]:
    return [render(report, form) for report in reports for form in ("json", "text", "concise")]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    found = []
    for number, data in enumerate(fleet(12)):
        found.append(str(tmp_path / f"{number}.zip"))
        Path(found[-1]).write_bytes(data)
    return found


class Here(Executor):
    """Does the work at once, but sends it and its result through pickle."""

    def __init__(self) -> None:
        self.sent = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.sent += 1
        done: Future[Any] = Future()
        work, mine, more = pickle.loads(pickle.dumps((fn, args, kwargs)))
        done.set_result(pickle.loads(pickle.dumps(work(*mine, **more))))
        return done


def _threads() -> Executor:
    return ThreadPoolExecutor(2)


def _spawned() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.mark.parametrize("made", [Here, _threads, _spawned])
def test_many_are_the_same_on_any_executor(made: Callable[[], Executor], paths: list[str]) -> None:
    items: list[Input] = [*paths, *fleet(12), Path(paths[0])]
    expected = check_many(items, **TARGET)
    with made() as executor:
        got = check_many(items, executor=executor, **TARGET)
    assert got == expected
    assert written(got) == written(expected)


@pytest.mark.slow
def test_two_hundred_on_dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder) -> None:
    distributed: Any = import_module("distributed")
    working = tmp_path / "working directory"
    working.mkdir()
    monkeypatch.chdir(working)
    items = fleet(200)
    expected = check_many(items, **TARGET)
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    )
    with cluster, distributed.Client(cluster) as client:
        got = check_many(items, executor=client.get_executor(), **TARGET)
        jobs = [Job(item, OPTIONS) for item in items[:40]]
        joined = run_jobs(jobs, OPTIONS, executor=client.get_executor())
    assert got == expected
    assert written(got) == written(expected)
    assert {report.exit_code for report in got} == {0, 1}
    assert len({finding.rule for report in got for finding in report.findings}) > 10
    assert render(joined, "json") == render(run_jobs(jobs, OPTIONS), "json")
    assert os.listdir(working) == []
    assert [str(warning.message) for warning in recwarn] == []


def test_reports_of_all_kinds_survive_pickle(tmp_path: Path) -> None:
    for report in check_many(fleet(24), **TARGET) + [check(data) for data in fleet(12)]:
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(report, protocol))
            assert again == report
            assert hash(again.targets) == hash(report.targets)
            assert [type(finding) for finding in again.findings] == [type(finding) for finding in report.findings]
        assert written([pickle.loads(pickle.dumps(report))]) == written([report])
        assert report != report._replace(exit_code=2)


@pytest.mark.parametrize("workers", [2, 3])
def test_processes_give_the_report_of_one(paths: list[str], workers: int) -> None:
    options = OPTIONS._replace(layers=(paths[3], Absent("a layer")))
    jobs = [Job(path, options) for path in (*paths, paths[0])]
    assert written([run_jobs(jobs, options, workers=workers)]) == written([run_jobs(jobs, options)])
    assert active_children() == []


def test_a_captured_environment_goes_along(paths: list[str], capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from layercheck.cli import main

    root = tmp_path / "root" / "lib64"
    root.mkdir(parents=True)
    (root / "ld-linux-x86-64.so.2").write_bytes(module(soname="ld-linux-x86-64.so.2"))
    (root / "libc.so.6").write_bytes(module(soname="libc.so.6"))
    assert main(["capture", str(tmp_path / "root"), "-o", str(tmp_path / "env.json")]) == 0
    options = Options(environment=load_file(str(tmp_path / "env.json")))
    jobs = [Job(path, options) for path in paths[:4]]
    assert written([run_jobs(jobs, options, executor=Here())]) == written([run_jobs(jobs, options)])


def test_progress_is_told_here_and_ends_at_all(paths: list[str]) -> None:
    told: list[tuple[int, int]] = []
    options = OPTIONS._replace(progress=lambda done, total: told.append((done, total)))
    run_jobs([Job(path, options) for path in paths], options, executor=Here())
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 0


def test_what_only_this_process_can_read_stays_here(paths: list[str]) -> None:
    def jobs() -> Iterator[Job]:
        for path in paths[:4]:
            yield Job(path, OPTIONS)
        yield Job(io.BytesIO(fleet(1)[0]), OPTIONS, name="stream")
        yield Job(artifact, OPTIONS)
        yield Job(paths[0], OPTIONS._replace(layers=(artifact,)))

    with open_artifact(fleet(3)[2]) as artifact:
        remote = Here()
        got = run_jobs(list(jobs()), OPTIONS, executor=remote)
        assert written([got]) == written([run_jobs(list(jobs()), OPTIONS)])
    assert remote.sent == 3


@pytest.mark.parametrize("executor", [None, Here()])
def test_the_first_that_cannot_be_read_is_told(paths: list[str], executor: Executor | None) -> None:
    names = [paths[0], "gone-1.zip", paths[1], "gone-2.zip", paths[2]]
    # The costliest are judged first, which must not decide.
    Path(paths[2]).write_bytes(simple_zip({"a": os.urandom(4 << 20)}))
    with pytest.raises(FileNotFoundError, match=r"gone-1\.zip"):
        run_jobs([Job(name, OPTIONS) for name in names], OPTIONS, workers=2, executor=executor)
    assert active_children() == []


def _die(*_: object) -> None:
    os._exit(9)


def test_a_process_that_is_killed_is_told(paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Deadly(Here):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            return pool.submit(_die)

    with processes(2) as pool, pytest.raises(WorkerLost, match="has been ended"):
        run_jobs([Job(path, OPTIONS) for path in paths], OPTIONS, executor=Deadly())
    assert active_children() == []


def batches(jobs: list[Job], workers: int = 2) -> list[tuple[int, ...]]:
    return sorted(batch.jobs for batch in plan(jobs, workers))


def test_jobs_that_share_little_are_judged_apart(tmp_path: Path) -> None:
    names = [str(tmp_path / f"{number}.zip") for number in range(5)]
    for number, name in enumerate(names):
        Path(name).write_bytes(bytes((number + 1) << 20))
    assert batches([Job(name, OPTIONS) for name in names]) == [(0,), (1,), (2,), (3,), (4,)]
    order = [batch.jobs for batch in plan([Job(name, OPTIONS) for name in names], 2)]
    assert order == [(4,), (3,), (2,), (1,), (0,)]
    # Two of the same artifact: to open it twice would not end sooner.
    assert batches([Job(names[4], OPTIONS), Job(names[0], OPTIONS), Job(names[4], OPTIONS)]) == [(0, 2), (1,)]
    # A small layer of all: each process opens it.
    shared = OPTIONS._replace(layers=(names[0],))
    assert len(batches([Job(name, shared) for name in names[1:]])) == 2
    # A large one of two small functions.
    shared = OPTIONS._replace(layers=(names[4],))
    assert batches([Job(names[0], shared), Job(names[1], shared)]) == [(0, 1)]


def test_every_job_is_in_one_batch(tmp_path: Path) -> None:
    data, stream = fleet(1)[0], io.BytesIO()
    sources: list[Input | None] = ["gone.zip", data, data, stream, None, tmp_path, "gone.zip", stream]
    jobs = [Job(source, OPTIONS) for source in sources]
    for workers in (1, 2, 7):
        made = plan(jobs, workers)
        assert sorted(number for batch in made for number in batch.jobs) == list(range(len(jobs)))
        local = {batch.jobs for batch in made if batch.local}
        assert local == {(3, 7)}
    assert isinstance(plan(jobs, 2)[0], Batch)


def test_a_pool_is_started_where_it_pays(tmp_path: Path) -> None:
    small, large, folder = tmp_path / "small.zip", tmp_path / "large.zip", tmp_path / "folder"
    small.write_bytes(b"1")
    large.write_bytes(bytes(16 << 20))
    folder.mkdir()
    for number in range(2100):
        (folder / str(number)).touch()
    assert worthwhile([Job(str(large), OPTIONS)]) == 1
    assert worthwhile([Job(str(small), OPTIONS), Job("gone.zip", OPTIONS)]) == 1
    assert worthwhile([Job(str(small), OPTIONS), Job(str(large), OPTIONS)]) == min(2, processors())
    assert worthwhile([Job(str(small), OPTIONS), Job(folder, OPTIONS)]) == min(2, processors())
    assert worthwhile([Job(str(small), OPTIONS)] * 100) == min(100, processors())
