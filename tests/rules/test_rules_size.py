"""LC201 to LC206 on both sides of each limit."""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from check.made import big, judge, module, noise, of, told, zipped
from layercheck import check
from layercheck.environment import Limits, limits
from support.zip_writer import Member, simple_zip

FULL = 262_144_000
LIMIT = FULL // 100
DIRECT = 52_428_800
PY = Member("python/a.py", b"1")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda with a hundredth of its limit: the same arithmetic, a hundredth of the inflating."""
    for module_name in ("deployment", "run"):
        less = limits()._replace(unzipped_total_bytes=LIMIT)
        monkeypatch.setattr(import_module(f"layercheck.check.{module_name}"), "limits", partial(identity, less))


def identity(value: Limits) -> Limits:
    return value


def test_the_limit_is_the_one_of_lambda() -> None:
    data = zipped(PY, big("python/one.bin", FULL // 2, 1), big("python/two.bin", FULL - FULL // 2, 2))
    report = judge(data)
    assert (report.limit_bytes, report.artifacts[0].unzipped_bytes) == (FULL, FULL + 1)
    assert told(report) == [("LC201", "error", None)]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (LIMIT * 9 // 10, []),
        (LIMIT * 9 // 10 + 1, [("LC204", "info", None)]),
        (LIMIT, [("LC204", "info", None)]),
        (LIMIT + 1, [("LC201", "error", None)]),
    ],
)
@pytest.mark.usefixtures("small")
def test_the_unzipped_limit(total: int, expected: list[tuple[str, str, None]]) -> None:
    half = total // 2
    data = zipped(PY, big("python/one.bin", half, 1), big("python/two.bin", total - half - 1, 2))
    report = judge(data)
    assert report.artifacts[0].unzipped_bytes == total
    assert told(report) == expected


@pytest.mark.usefixtures("small")
def test_over_the_limit_the_report_says_what_dominates_and_what_could_go() -> None:
    members = [
        big("python/fat/data.bin", 2_000_000, 1),
        big("python/thin/data.bin", 500_000, 2),
        big("python/thin/tests/data.bin", 300_000, 3),
        Member("python/fat-1.0.dist-info/RECORD", b"fat/data.bin,,\n"),
        Member("python/thin-2.0.dist-info/RECORD", b"thin/data.bin,,\n"),
    ]
    (finding,) = of(judge(zipped(*members)), "LC201")
    details = finding.details
    assert details["largest"][0] == {"name": "fat", "bytes": 2_000_000 + 15}
    assert details["largest"][1]["name"] == "thin"
    assert details["removable"] == {"tests": 300_000}
    assert details["over_bytes"] == details["total_bytes"] - LIMIT
    assert details["container_image"] is False
    assert "Without that it fits" in (finding.fix or "")


@pytest.mark.usefixtures("small")
def test_when_nothing_helps_a_container_image_is_named() -> None:
    members = [big("python/fat/one.bin", 2_000_000, 1), big("python/fat/two.bin", 2_000_000, 2)]
    (finding,) = of(judge(zipped(*members)), "LC201")
    assert finding.details["container_image"] is True
    assert "container image" in (finding.fix or "")


@pytest.mark.usefixtures("small")
def test_all_layers_count_together_and_an_absent_one_makes_it_at_least() -> None:
    layer = zipped(PY, big("python/one.bin", LIMIT // 2, 1))
    other = zipped(big("python/two.bin", LIMIT // 2, 2))
    (finding,) = of(judge(layer, layers=[other]), "LC201")
    assert finding.artifact is None
    arn = "arn:aws:lambda:eu-west-1:111122223333:layer:more:1"
    (finding,) = of(judge(layer, layers=[other, arn]), "LC201")
    assert finding.fact.startswith("at least ")


@pytest.mark.usefixtures("small")
def test_links_of_a_directory_are_also_counted_as_copies(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    with open(tmp_path / "lib" / "libx.so.1.2", "wb") as file:
        file.write(module())
        os.truncate(file.fileno(), LIMIT // 2)
    (tmp_path / "lib" / "libx.so.1").symlink_to("libx.so.1.2")
    (tmp_path / "lib" / "libx.so").symlink_to("libx.so.1")
    report = check(str(tmp_path), runtime="python3.12", architecture="x86_64")
    (finding,) = of(report, "LC201")
    assert (finding.severity.value, report.exit_code) == ("warning", 0)
    kept, followed = finding.details["kept_bytes"], finding.details["followed_bytes"]
    assert kept == LIMIT // 2 + len("libx.so.1.2") + len("libx.so.1")
    assert followed == 3 * (LIMIT // 2)
    assert report.artifacts[0].followed_bytes == followed


@pytest.mark.usefixtures("small")
def test_links_of_a_zip_are_kept_as_they_are() -> None:
    link = Member("lib/liby.so", b"libx.so", kind="symlink")
    data = zipped(Member("lib/libx.so", module()), big("lib/data.bin", LIMIT - 70_000, 1), link)
    assert [line for line in told(judge(data)) if line[0] == "LC201"] == []


@pytest.mark.parametrize(("extra", "rules"), [(0, []), (1, ["LC202"])])
def test_the_direct_upload_limit(extra: int, rules: list[str]) -> None:
    bare = len(zipped(PY, noise("python/n.bin", 100)))
    data = zipped(PY, noise("python/n.bin", DIRECT - bare + 100 + extra))
    assert len(data) == DIRECT + extra
    for upload, severity, code in (("s3", "info", 0), ("direct", "error", 1)):
        report = judge(data, upload=upload)
        assert told(report) == [(rule, severity, None) for rule in rules]
        assert report.exit_code == (code if rules else 0)


def test_five_layers_fit_and_six_do_not() -> None:
    layer, *more = [simple_zip({"python/a.py": b"1"}) for _ in range(6)]
    arn = "arn:aws:lambda:eu-west-1:111122223333:layer:more:1"
    assert of(judge(layer, layers=more[:4]), "LC203") == []
    assert of(judge({"app.py": b"1"}, kind="function", layers=[arn] * 5), "LC203") == []
    for layers in (more, [arn] * 5):
        (finding,) = of(judge(layer, layers=layers), "LC203")
        assert (finding.severity.value, "6 layers" in finding.fact) == ("error", True)


def copies(size: int, count: int) -> list[Member]:
    return [big(f"python/pkg/copy{number}.bin", size) for number in range(count)]


@pytest.mark.parametrize(("size", "expected"), [((1 << 20) - 1, []), (1 << 20, [("LC205", "info")])])
def test_duplicates_below_a_mebibyte_are_not_worth_telling(size: int, expected: list[tuple[str, str]]) -> None:
    report = judge(zipped(PY, *copies(size, 2)))
    assert [line[:2] for line in told(report)] == expected


def test_duplicates_add_up() -> None:
    (finding,) = of(judge(zipped(PY, *copies(400_000, 4))), "LC205")
    assert finding.details["wasted_bytes"] == 1_200_000
    assert finding.path == "python/pkg/copy0.bin"
    assert finding.fix is None


def test_copies_of_a_library_are_most_likely_flattened_links() -> None:
    members = [big(f"lib/libx.so{end}", 2_000_000) for end in ("", ".1")]
    (finding,) = of(judge(zipped(PY, *members)), "LC205")
    assert "zip -qry" in (finding.fix or "")


@pytest.mark.usefixtures("small")
def test_duplicates_that_break_the_limit_are_a_warning() -> None:
    report = judge(zipped(PY, *copies(LIMIT // 2 + 1, 2)))
    assert [line[:2] for line in told(report)] == [("LC201", "error"), ("LC205", "warning")]
    (finding,) = of(report, "LC205")
    assert "without them the limit would hold" in finding.fact


def test_own_budgets() -> None:
    data = zipped(Member("python/a.py", b"x" * 1000))
    size = len(data)
    assert told(judge(data, max_unzipped=1000, max_zip=size)) == []
    report = judge(data, max_unzipped=999, max_zip=size - 1)
    assert [line[:2] for line in told(report)] == [("LC206", "error")] * 2
    assert {finding.details["budget"] for finding in report.findings} == {999, size - 1}
    assert report.exit_code == 1
