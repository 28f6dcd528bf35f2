"""Verdicts on real wheels, each known from what happens with it in Lambda."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from check.made import of, told
from cli.runs import TARGET, here
from layercheck import check
from layercheck.finding import Report
from real.wheels import fetch, layer, unpacked

pytestmark = pytest.mark.registry

ALL_THREE = ("numpy", "scipy", "pillow")


def judged(names: Sequence[str], runtime: str = "python3.12", architecture: str = "x86_64") -> Report:
    # The wheels stand alone, without what they require.
    return check(layer(*names), runtime=runtime, architecture=architecture, ignore=["LC505"])


def loud(report: Report) -> list[tuple[str, str, str | None]]:
    return [line for line in told(report) if line[1] != "info"]


GOOD = (
    ALL_THREE, ("opencv headless",), ("psycopg2",), ("pydantic",), ("orjson",), ("lxml",), ("pyarrow",), ("grpcio",),
    ("cryptography",), ("numpy", "opencv headless"),
)  # fmt: skip


@pytest.mark.parametrize("names", GOOD, ids="+".join)
def test_good_layers_pass_without_a_warning(names: Sequence[str]) -> None:
    report = judged(names)
    assert (loud(report), report.exit_code) == ([], 0)
    assert report.unchecked == ()


@pytest.mark.parametrize("names", [("numpy arm64",), ("pillow arm64",)], ids="+".join)
def test_good_layers_of_arm64_pass(names: Sequence[str]) -> None:
    assert loud(judged(names, architecture="arm64")) == []
    assert judged(names).exit_code == 1


def test_every_elf_file_of_another_architecture_is_named() -> None:
    report = judged(ALL_THREE, architecture="arm64")
    (artifact,) = report.artifacts
    assert artifact.elf_files > 150
    found = of(report, "LC301")
    assert len({finding.path for finding in found}) == len(found) == artifact.elf_files
    assert {line[0] for line in loud(report)} == {"LC301"}
    fixes = {finding.fix for finding in found}
    assert len(fixes) == 1
    for pin in ("numpy==2.2.6", "scipy==1.15.3", "pillow==11.2.1", "manylinux_2_28_aarch64"):
        assert pin in str(fixes)


def test_the_report_on_another_architecture_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(layer(*ALL_THREE))
    run = here(str(path), "-r", "python3.12", "-a", "arm64")
    assert run.code == 1
    assert len(run.out.splitlines()) < 40
    assert "numpy" in run.out
    table = here(str(path))
    assert "--compatible-runtimes python3.12 --compatible-architectures x86_64" in table.out
    assert len(table.out.splitlines()) < 45


def test_another_python_finds_no_module() -> None:
    report = judged(ALL_THREE, "python3.13")
    assert {line[0] for line in loud(report)} == {"LC501"}
    tagged = [finding.path or "" for finding in of(report, "LC501")]
    assert all(".cpython-312-" in path for path in tagged)
    assert len(tagged) > 100


def test_opencv_needs_a_library_for_screens() -> None:
    report = judged(["opencv"])
    errors = [finding for finding in report.findings if finding.severity.value == "error"]
    assert {(finding.rule, finding.path) for finding in errors} == {("LC401", "python/cv2/cv2.abi3.so")}
    (finding,) = errors
    assert "libGL.so.1" in finding.message
    assert "opencv-python-headless" in (finding.fix or "")


def test_what_only_a_plugin_for_screens_needs_stays_short() -> None:
    """Eleven X libraries that a Qt plugin needs are no news for each library that asks for each of them."""
    warnings = [line for line in loud(judged(["opencv"])) if line[1] == "warning"]
    assert {line[2] for line in warnings} <= {"python/cv2/qt/plugins/platforms/libqxcb.so"}
    assert len(warnings) <= 12


def test_cryptography_for_glibc_234_does_not_load_on_amazon_linux_2() -> None:
    report = judged(["cryptography"], "python3.11")
    (finding,) = of(report, "LC402")
    assert [line[0] for line in loud(report)] == ["LC402"]
    assert finding.path == "python/cryptography/hazmat/bindings/_rust.abi3.so"
    versions = {version["version"] for version in finding.details["versions"]}
    assert versions == {"GLIBC_2.28", "GLIBC_2.33", "GLIBC_2.34"}
    assert all(version in finding.message for version in versions)
    assert "manylinux2014_x86_64" in (finding.fix or "")


@pytest.mark.parametrize("name", ["cryptography musl", "markupsafe musl"])
def test_musl_wheels(name: str) -> None:
    report = judged([name])
    assert {line[:2] for line in loud(report)} == {("LC305", "error")}
    assert all("manylinux" in (finding.fix or "") for finding in of(report, "LC305"))


@pytest.mark.parametrize(
    ("name", "architecture", "suffix"),
    [("markupsafe macOS", "arm64", "-darwin.so"), ("markupsafe Windows", "x86_64", ".pyd")],
)
def test_wheels_of_other_systems(name: str, architecture: str, suffix: str) -> None:
    report = judged([name], architecture=architecture)
    ((rule, severity, path),) = loud(report)
    assert (rule, severity) == ("LC302", "error")
    assert (path or "").endswith(suffix)
    assert "markupsafe==3.0.2" in (of(report, "LC302")[0].fix or "")


def test_without_a_target_the_truth_about_each() -> None:
    for names, expected in (
        (ALL_THREE, {"x86_64": ("python3.12",)}),
        (("numpy arm64",), {"arm64": ("python3.12",)}),
        (("cryptography",), {"x86_64": ("python3.14", "python3.13", "python3.12")}),
        (("markupsafe macOS",), {}),
    ):
        report = check(layer(*names))
        assert {item.architecture: item.runtimes for item in report.compatibility} == expected, names
        assert report.exit_code == (0 if expected else 1)


def test_the_wheel_itself_is_an_input_too(tmp_path: Path) -> None:
    for name, code in (("orjson", 0), ("markupsafe musl", 1)):
        path = tmp_path / f"{name.replace(' ', '-')}-1-py3-none-any.whl"
        path.write_bytes(fetch(name).read_bytes())
        assert here(str(path), *TARGET).code == code


@pytest.mark.parametrize("name", ["psycopg2", "cryptography musl"])
def test_the_unpacked_layer_is_judged_alike(name: str, tmp_path: Path) -> None:
    reports = [
        check(source, runtime="python3.12", architecture="x86_64", name="it")
        for source in (layer(name), unpacked(tmp_path, name))
    ]
    lists = [[(*line, f.message) for line, f in zip(told(r), r.findings, strict=True)] for r in reports]
    assert lists[0] == lists[1]
    assert reports[0].artifacts[0].unzipped_bytes == reports[1].artifacts[0].unzipped_bytes
