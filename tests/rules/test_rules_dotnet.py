"""LC581: native libraries that .NET assemblies call, and what .deps.json lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from check.made import Files, judge, module, of, told
from layercheck.rules import dotnet
from support.foreign_writer import build_pe
from support.zip_writer import simple_zip

DLL = build_pe("i386", managed=True)
OPTIONS: dict[str, Any] = {"runtime": "dotnet8", "kind": "function"}
APP: Files = {"App.dll": DLL, "App.runtimeconfig.json": b"{}"}


def deps(libraries: Mapping[str, object], rid: str = "") -> bytes:
    target = ".NETCoreApp,Version=v8.0" + (f"/{rid}" if rid else "")
    return json.dumps({"runtimeTarget": {"name": target}, "targets": {target: libraries}}).encode()


def assets(*rids: str, kind: str = "native", file: str = "libn.so") -> dict[str, object]:
    return {
        "Native/1.2.3": {
            "runtimeTargets": {f"runtimes/{rid}/native/{file}": {"rid": rid, "assetType": kind} for rid in rids}
        }
    }


def listed(
    libraries: Mapping[str, object], rid: str = "", architecture: str = "x86_64", files: Files | None = None
) -> list[str]:
    """The paths that LC581 says are listed and missing."""
    everything = {**APP, "App.deps.json": deps(libraries, rid), **(files or {})}
    findings = of(judge(everything, architecture=architecture, **OPTIONS), "LC581")
    assert {finding.path for finding in findings} <= {"App.deps.json"}
    return [path for finding in findings for path in finding.details["files"]]


def test_the_files_of_the_best_fitting_system_are_wanted() -> None:
    every = assets("linux-x64", "linux-arm64", "linux-musl-x64", "linux", "win-x64", "osx")
    assert listed(every) == ["runtimes/linux-x64/native/libn.so"]
    assert listed(every, architecture="arm64") == ["runtimes/linux-arm64/native/libn.so"]
    assert listed(assets("unix", "linux", "win")) == ["runtimes/linux/native/libn.so"]
    assert listed(assets("any")) == ["runtimes/any/native/libn.so"]
    assert listed(assets("unix", "win", kind="runtime")) == ["runtimes/unix/native/libn.so"]
    assert listed(assets("win-x64", "osx", "alpine-x64")) == []
    assert listed(assets("linux-x64", file="_._")) == []


def test_a_file_anywhere_is_good_enough() -> None:
    every = assets("linux-x64")
    assert listed(every, files={"libn.so": module(soname="libn.so")}) == []
    files = {**APP, "App.deps.json": deps(every)}
    layer = simple_zip({"lib/libn.so": module(soname="libn.so")})
    assert of(judge(files, layers=[layer], **OPTIONS), "LC581") == []


def test_what_is_published_for_one_system_lies_flat() -> None:
    flat: dict[str, object] = {
        "Native/1": {"native": {"runtimes/linux-x64/native/libn.so": {}, "runtimes/linux-x64/native/libm.so": {}}}
    }
    assert len(listed(flat, "linux-x64")) == 2
    assert listed(flat, "linux-x64", files={"libn.so": module()}) == ["runtimes/linux-x64/native/libm.so"]
    assert listed(flat, "win-x64") == []


def test_an_assembly_for_one_system_counts_where_it_is_listed() -> None:
    """The host takes no other file of that name: the one at the root is for all other systems."""
    asset = assets("unix", "win", kind="runtime", file="Microsoft.Data.SqlClient.dll")
    path = "runtimes/unix/native/Microsoft.Data.SqlClient.dll"
    assert listed(asset, files={"Microsoft.Data.SqlClient.dll": DLL}) == [path]
    assert listed(asset, files={"Microsoft.Data.SqlClient.dll": DLL, path: DLL}) == []
    store = simple_zip({f"dotnetcore/store/x64/net8.0/native/1.2.3/{path}": DLL})
    files = {**APP, "App.deps.json": deps(asset)}
    assert of(judge(files, layers=[store], **OPTIONS), "LC581") == []


def test_what_a_tool_beside_the_application_lists_is_no_error() -> None:
    files = {**APP, "tools/t.deps.json": deps(assets("linux-x64"))}
    (finding,) = of(judge(files, **OPTIONS), "LC581")
    assert (finding.path, finding.severity.value) == ("tools/t.deps.json", "warning")


def test_a_finding_tells_the_package_and_what_to_type() -> None:
    files = {**APP, "App.deps.json": deps(assets("linux-arm64"))}
    (finding,) = of(judge(files, architecture="arm64", **OPTIONS), "LC581")
    assert (finding.severity.value, finding.confidence.value) == ("error", "likely")
    assert "runtimes/linux-arm64/native/libn.so of Native 1.2.3" in finding.message
    assert "dotnet publish -c Release -r linux-arm64" in (finding.fix or "")


def test_what_could_be_in_a_layer_that_is_not_at_hand_is_unchecked() -> None:
    files = {**APP, "App.deps.json": deps(assets("linux-x64")), "SkiaSharp.dll": DLL}
    report = judge(files, layers=["arn:aws:lambda:eu-west-1:123456789012:layer:native:3"], **OPTIONS)
    assert of(report, "LC581") == []
    assert {"libn.so, which it needs", "libSkiaSharp.so, which it needs"} <= {item.what for item in report.unchecked}


def test_a_damaged_list_is_unchecked() -> None:
    report = judge({**APP, "App.deps.json": b"{"}, **OPTIONS)
    assert told(report) == []
    assert [(item.path, item.why) for item in report.unchecked] == [("App.deps.json", "it is not JSON")]


@pytest.mark.parametrize("known", dotnet._table(), ids=lambda known: str(known["assembly"]))
def test_every_known_assembly_wants_its_library(known: Mapping[str, Any]) -> None:
    assembly = known["assembly"].replace("*", "Q8-x64")
    files = {**APP, assembly: DLL}
    (finding,) = of(judge(files, **OPTIONS), "LC581")
    assert (finding.path, finding.severity.value, finding.confidence.value) == (assembly, known["severity"], "likely")
    assert known["text"] in (finding.fix or "")
    library = known["libraries"][0].replace("*", "Q8-x64")
    for place in (library, f"runtimes/linux-x64/native/{library}"):
        assert of(judge({**files, place: module(soname=library)}, **OPTIONS), "LC581") == []


def test_the_table_of_assemblies_is_whole() -> None:
    optional = {"add", "same_version", "windows_only_from", "plumbing", "except"}
    required = {"assembly", "package", "libraries", "severity", "text", "source", "confidence"}
    for known in dotnet._table():
        assert required <= set(known) <= required | optional, known["assembly"]
        assert known["confidence"] in ("high", "medium", "low")
        assert known["source"].startswith(("https://github.com/", "github "))
        assert known["severity"] in ("error", "warning")
        assert known["libraries"]


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("4.7.2", "DllNotFoundException"),
        ("6.0.0", "EnableUnixSupport"),
        ("8.0.1", "works on Windows only: "),
        ("", "Dll"),
    ],
)
def test_system_drawing_by_its_version(version: str, words: str) -> None:
    files = {
        **APP,
        "System.Drawing.Common.dll": DLL,
        "App.deps.json": deps(
            {f"System.Drawing.Common/{version}": {}, "Draw/1": {"dependencies": {"System.Drawing.Common": version}}}
        ),
    }
    (finding,) = of(judge(files, **OPTIONS), "LC581")
    assert finding.severity.value == "warning"
    assert words in finding.message
    with_library = of(judge({**files, "libgdiplus.so": module()}, **OPTIONS), "LC581")
    assert len(with_library) == (version == "8.0.1")


@pytest.mark.parametrize(
    ("users", "severity"),
    [
        (("System.Windows.Extensions",), "info"),
        (("System.Windows.Extensions", "App"), "warning"),
        ((), "warning"),
    ],
)
def test_who_asks_for_it_decides_how_bad_it_is(users: tuple[str, ...], severity: str) -> None:
    libraries = {f"{user}/1": {"dependencies": {"System.Drawing.Common": "5.0.0"}} for user in users}
    files = {**APP, "System.Drawing.Common.dll": DLL, "App.deps.json": deps(libraries)}
    (finding,) = of(judge(files, **OPTIONS), "LC581")
    assert finding.severity.value == severity


def test_other_runtimes_and_lone_layers_are_left_alone() -> None:
    files = {**APP, "SkiaSharp.dll": DLL}
    assert of(judge(files, "python3.12", kind="function"), "LC581") == []
    assert of(judge(files, "dotnet8", kind="layer"), "LC581") == []
    assert len(of(judge(files, "provided.al2023", kind="function"), "LC581")) == 1


def test_one_cause_is_told_once() -> None:
    """What .deps.json lists and is lost is not told again for the assembly that calls it."""
    files = {**APP, "SkiaSharp.dll": DLL, "App.deps.json": deps(assets("linux-x64", file="libSkiaSharp.so"))}
    assert [finding.path for finding in of(judge(files, **OPTIONS), "LC581")] == ["App.deps.json"]


def test_windows_separators_are_the_cause() -> None:
    files = {**APP, "SkiaSharp.dll": DLL, "runtimes\\linux-x64\\native\\libSkiaSharp.so": module()}
    assert [line[0] for line in told(judge(files, **OPTIONS)) if line[1] == "error"] == ["LC004"]


def test_assemblies_below_runtimes_are_alternatives() -> None:
    assert of(judge({**APP, "runtimes/win/lib/net8.0/System.Drawing.Common.dll": DLL}, **OPTIONS), "LC581") == []
