"""LC407 for .NET: libraries that assemblies call, sought as the runtime seeks them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from check.made import Files, judge, module, of
from layercheck.linker.native_calls import variants
from layercheck.rules import native_calls
from support.foreign_writer import build_pe
from support.zip_writer import simple_zip

OPTIONS: dict[str, Any] = {"runtime": "dotnet8", "kind": "function"}
MANY = [f"f{number}" for number in range(12)]
Calls = Mapping[str, Sequence[str]]


def dll(calls: Calls, **fields: Any) -> bytes:
    return build_pe("i386", managed=True, calls=calls, **fields)


def deps(libraries: Mapping[str, object], projects: Sequence[str] = (), rid: str = "") -> bytes:
    target = ".NETCoreApp,Version=v8.0" + (f"/{rid}" if rid else "")
    kinds = {key: {"type": "project" if key.split("/")[0] in projects else "package"} for key in libraries}
    document = {"runtimeTarget": {"name": target}, "targets": {target: libraries}, "libraries": kinds}
    return json.dumps(document).encode()


def app(calls: Calls, **fields: Any) -> Files:
    """A function with one package that calls native code."""
    return {"App.dll": dll({}), "App.runtimeconfig.json": b"{}", "Wrapper.dll": dll(calls, **fields)}


def said(files: Files, **options: Any) -> list[tuple[str, str, str]]:
    """(path, severity, library) of each finding."""
    findings = of(judge(files, **{**OPTIONS, **options}), "LC407")
    assert {finding.confidence.value for finding in findings} <= {"likely"}
    return [(finding.path or "", finding.severity.value, finding.details["library"]) for finding in findings]


MISSING = [("Wrapper.dll", "warning", "libfoo.so")]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("foo", ("foo.so", "libfoo.so", "foo", "libfoo")),
        ("libfoo", ("libfoo.so", "liblibfoo.so", "libfoo", "liblibfoo")),
        ("foo.dll", ("foo.dll.so", "libfoo.dll.so", "foo.dll", "libfoo.dll")),
        ("foo.so", ("foo.so", "libfoo.so", "foo.so.so", "libfoo.so.so")),
        ("foo.so.6", ("foo.so.6", "libfoo.so.6", "foo.so.6.so", "libfoo.so.6.so")),
        ("foo.sock", ("foo.sock.so", "libfoo.sock.so", "foo.sock", "libfoo.sock")),
        ("x/foo", ("x/foo.so", "x/foo")),
        ("/usr/lib/foo", ("/usr/lib/foo",)),
    ],
)
def test_the_names_that_the_runtime_tries(name: str, files: tuple[str, ...]) -> None:
    """https://learn.microsoft.com/dotnet/standard/native-interop/native-library-loading."""
    assert variants(name) == files


def test_what_nothing_provides_is_told_with_what_to_type() -> None:
    (finding,) = of(judge(app({"libfoo": MANY}), **OPTIONS), "LC407")
    assert (finding.path, finding.severity.value, finding.confidence.value) == ("Wrapper.dll", "warning", "likely")
    assert "declares 12 functions of libfoo (P/Invoke), and nothing provides libfoo.so" in finding.message
    assert "DllNotFoundException (Unable to load shared library)" in finding.message
    assert "dotnet publish -c Release -r linux-x64" in (finding.fix or "")
    assert any(line.startswith("/var/task/libfoo.so: ") for line in finding.details["tried"])


@pytest.mark.parametrize("name", ["foo", "libfoo", "libfoo.so", "foo.so"])
@pytest.mark.parametrize("place", ["libfoo.so", "lib/libfoo.so"])
def test_a_library_where_the_runtime_looks_is_found(name: str, place: str) -> None:
    assert said({**app({name: MANY}), place: module(soname="libfoo.so")}) == []


def test_a_layer_brings_it_and_a_missing_layer_might() -> None:
    files = app({"foo": MANY})
    assert said(files, layers=[simple_zip({"lib/libfoo.so": module()})]) == []
    report = judge(files, layers=["arn:aws:lambda:eu-west-1:123456789012:layer:native:3"], **OPTIONS)
    assert of(report, "LC407") == []
    assert ("libfoo.so, which it needs", "Wrapper.dll") in {(item.what, item.path) for item in report.unchecked}


def test_libraries_of_other_systems_and_of_the_runtime_say_nothing() -> None:
    names = ["kernel32", "KERNEL32.dll", "User32.DLL", "advapi32", "api-ms-win-core-winrt-l1-1-0.dll", "QCall", "ntdll"]
    names += ["/System/Library/Frameworks/Security.framework/Security", "libobjc.dylib", "libSystem.Native", "libc"]
    names += ["System.Security.Cryptography.Native.OpenSsl", "libhostpolicy", "__Internal", "c", "libc.so.6", "gdiplus"]
    assert said(app({name: [f"{name}_{one}" for one in MANY] for name in names})) == []


def test_of_names_for_several_systems_one_is_enough() -> None:
    calls = {"foo-win": MANY, "foo-osx": MANY, "libfoo": MANY}
    assert said({**app(calls), "libfoo.so": module()}) == []
    assert said(app(calls)) == [("Wrapper.dll", "warning", "libfoo-win.so")]
    assert said(app({"kernel32": MANY, "libfoo": MANY})) == MISSING


def test_a_package_that_calls_a_few_functions_besides_gets_an_info() -> None:
    assert said(app({"libsecret-1.so.0": MANY[:3]})) == [("Wrapper.dll", "info", "libsecret-1.so.0")]


def test_the_own_code_means_what_it_calls() -> None:
    files: Files = {
        "App.dll": dll({"libfoo": ["f"]}),
        "Wrapper.dll": dll({"libbar": ["f"]}),
        "App.deps.json": deps({"App/1.0.0": {}, "Wrapper/2.0.0": {}}, projects=["App"]),
    }
    assert said(files) == [("App.dll", "warning", "libfoo.so"), ("Wrapper.dll", "info", "libbar.so")]


def test_windows_names_beside_one_for_linux_are_windows_own() -> None:
    assert said({**app({"libfoo": MANY, "libEGL.dll": [f"egl{one}" for one in MANY]}), "libfoo.so": module()}) == []
    assert said(app({"pdfium.dll": MANY})) == [("Wrapper.dll", "info", "pdfium.dll.so")]
    assert said({**app({"Magic.Native.dll": MANY}), "Magic.Native.dll.so": module()}) == []


def test_native_files_of_the_list_are_found_where_they_lie() -> None:
    path = "runtimes/linux-x64/native/libfoo.so"
    asset = {"Wrapper/1.0.0": {"runtimeTargets": {path: {"rid": "linux-x64", "assetType": "native"}}}}
    files = {**app({"foo": MANY}), path: module()}
    assert said({**files, "App.deps.json": deps(asset)}) == []
    (finding,) = of(judge(files, **OPTIONS), "LC407")
    assert f"/var/task/{path} is that library, but lies where .NET does not look" in finding.message
    assert finding.fix is not None
    assert f"cp {path} libfoo.so" in finding.fix


def test_a_copy_for_another_machine_is_no_use() -> None:
    files = {**app({"foo": MANY}), "libfoo.so": module(machine="aarch64")}
    report = judge(files, **OPTIONS)
    # LC301 tells the cause.
    (cause,) = of(report, "LC301")
    assert cause.details["consequences"] == {"LC407": 1}
    assert of(report, "LC407") == []


def test_another_version_of_it_is_named() -> None:
    (finding,) = of(judge({**app({"foo": MANY}), "lib/libfoo.so.3": module()}, **OPTIONS), "LC407")
    assert "/var/task/lib/libfoo.so.3 is that library" in finding.message
    (finding,) = of(judge(app({"libdl": MANY}), **OPTIONS), "LC407")
    assert "Lambda has it as libdl.so.2" in finding.message
    assert "lib/libdl.so" in (finding.fix or "")


def test_only_what_the_runtime_loads_by_itself_is_judged() -> None:
    wrapper = dll({"libfoo": MANY})
    for place in ("plugins/Wrapper.dll", "runtimes/win/lib/net8.0/Wrapper.dll", "wwwroot/_framework/Wrapper.dll"):
        assert said({"App.dll": dll({}), place: wrapper}) == []
    unix = "runtimes/unix/lib/net8.0/Wrapper.dll"
    listed = deps({"Wrapper/1.0.0": {"runtimeTargets": {unix: {"rid": "unix", "assetType": "runtime"}}}})
    files = {"App.dll": dll({}), "App.deps.json": listed}
    assert said({**files, "Wrapper.dll": wrapper, unix: dll({})}) == []
    assert said({**files, "Wrapper.dll": dll({}), unix: wrapper}) == [(unix, "warning", "libfoo.so")]


def test_who_seeks_beside_itself_alone_does_not_see_layers() -> None:
    layer = simple_zip({"lib/libfoo.so": module()})
    files = app({"foo": MANY}, search_paths=2)
    (finding,) = of(judge(files, layers=[layer], **OPTIONS), "LC407")
    assert "/opt/lib/libfoo.so is that library" in finding.message
    assert "DllImportSearchPath.AssemblyDirectory" in finding.message
    assert said({**files, "libfoo.so": module()}) == []
    assert said(app({"foo": MANY}, search_paths=0x802), layers=[layer]) == []


def test_who_finds_libraries_its_own_way_is_unchecked() -> None:
    files = app({"foo": MANY}, mentions=["NativeLibrary"])
    report = judge(files, **OPTIONS)
    assert of(report, "LC407") == []
    assert ("libfoo.so, which it calls", "Wrapper.dll") in {(item.what, item.path) for item in report.unchecked}
    assert judge({**files, "natives/libfoo.so": module()}, **OPTIONS).unchecked == ()
    # Code of the application may do so for all of its packages; packages do it for themselves.
    own = {**app({"foo": MANY}), "App.dll": dll({}, mentions=["NativeLibrary"])}
    assert said(own) == []
    package: Files = {
        **app({"foo": MANY}),
        "Other.dll": dll({}, mentions=["LoadUnmanagedDll"]),
        "App.deps.json": deps({"App/1.0.0": {}, "Wrapper/1.0.0": {}, "Other/1.0.0": {}}, projects=["App"]),
    }
    assert said(package) == MISSING


def test_a_damaged_assembly_is_unchecked() -> None:
    report = judge({"App.dll": dll({"libfoo": MANY})[:0x500]}, **OPTIONS)
    assert of(report, "LC407") == []
    assert [(item.path, item.why) for item in report.unchecked] == [("App.dll", "its metadata is damaged")]


def test_other_runtimes_and_layers_alone_are_not_judged() -> None:
    files = app({"libfoo": MANY})
    assert said(files, runtime="python3.12") == []
    assert said(files, kind="layer") == []
    assert (
        said({**files, "bootstrap": (b"#!/bin/sh\n# runtime/invocation/next\n", 0o755)}, runtime="provided.al2023")
        == MISSING
    )


def test_what_is_known_of_an_assembly_is_told_once() -> None:
    calls = {"libSkiaSharp": MANY}
    files: Files = {"App.dll": dll({}), "SkiaSharp.dll": dll(calls)}
    report = judge(files, **OPTIONS)
    assert [finding.rule for finding in report.findings if finding.path == "SkiaSharp.dll"] == ["LC581"]
    # A file of the list that is not there explains who misses it.
    path = "runtimes/linux-x64/native/libfoo.so"
    asset = {"Wrapper/1.0.0": {"runtimeTargets": {path: {"rid": "linux-x64", "assetType": "native"}}}}
    report = judge({**app({"foo": MANY}), "App.deps.json": deps(asset)}, **OPTIONS)
    (cause,) = of(report, "LC581")
    assert cause.details["consequences"] == {"LC407": 1}
    assert of(report, "LC407") == []


def test_several_libraries_of_one_assembly_are_one_finding() -> None:
    calls = {f"libfoo{number}": [f"{number}_{one}" for one in MANY] for number in range(6)}
    (finding,) = of(judge(app(calls), **OPTIONS), "LC407")
    assert "and 2 more libraries" in finding.message
    assert {f"libfoo{number}.so" for number in range(6)} <= set(finding.details["libraries"])


def test_the_table_of_names_is_whole() -> None:
    table = native_calls._table()
    assert set(table) == {"why", "few", "groups"}
    seen: set[str] = set()
    for group in table["groups"]:
        assert set(group) == {"of", "names", "source", "confidence"}
        assert group["confidence"] in ("high", "medium", "low")
        assert group["names"] == sorted(set(group["names"]))
        for name in group["names"]:
            assert name == name.lower()
            assert not name.endswith((".dll", ".exe"))
            assert "*" not in name or len(name.strip("*")) > 2, f"{name} fits nearly everything"
        seen |= set(group["names"])
    for linux in ("libx11", "libgdiplus", "libldap-2.4.so.2", "libodbc.so.2", "sqlite3", "e_sqlite3", "libssl", "z"):
        assert not native_calls.is_elsewhere(linux)
