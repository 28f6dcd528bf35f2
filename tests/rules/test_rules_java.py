"""LC541 and LC542: classes for a newer Java, and jars and classes that are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, of, told
from layercheck.environment import runtimes
from support.zip_writer import Member, build_zip, simple_zip

Expected = list[tuple[str, str, str | None]]
MANY = b"Manifest-Version: 1.0\nMulti-Release: true\n"
FUNCTION: dict[str, Any] = {"runtime": "java11", "kind": "function"}
LAYER: dict[str, Any] = {"runtime": "java11", "kind": "layer"}


def java_class(major: int) -> bytes:
    return b"\xca\xfe\xba\xbe\0\0" + major.to_bytes(2, "big") + bytes(40)


def jar(*versions: int, package: str = "com/example/lib", **more: bytes) -> bytes:
    classes = {f"{package}/C{number}.class": java_class(version) for number, version in enumerate(versions)}
    return simple_zip({**classes, **{name.replace("__", "/"): data for name, data in more.items()}})


def versioned(release: int, version: int) -> bytes:
    return simple_zip(
        {
            "META-INF/MANIFEST.MF": MANY,
            "a/b/C.class": java_class(52),
            f"META-INF/versions/{release}/a/b/C.class": java_class(version),
        }
    )


CASES: Sequence[tuple[str, Files, dict[str, Any], Expected]] = (
    ("the runtime's own release", {"a/B.class": java_class(55)}, FUNCTION, []),
    ("one release more", {"a/B.class": java_class(56)}, FUNCTION, [("LC541", "error", "a/B.class")]),
    ("in a jar of the function", {"lib/x.jar": jar(61), "a/B.class": java_class(52)}, FUNCTION,
     [("LC541", "error", "lib/x.jar")]),
    ("in a jar of a layer", {"java/lib/x.jar": jar(61, 61)}, LAYER, [("LC541", "error", "java/lib/x.jar")]),
    ("a jar where no Java looks", {"java/lib/y.jar": jar(52), "share/x.jar": jar(61)}, LAYER, []),
    ("a jar at the root of a function", {"x.jar": jar(61), "a/B.class": java_class(52)}, FUNCTION, []),
    ("loose classes of a layer are not searched", {"java/lib/y.jar": jar(52), "a/B.class": java_class(65)}, LAYER, []),
    ("few among many", {"java/lib/x.jar": jar(52, 52, 52, 61)}, LAYER, [("LC541", "warning", "java/lib/x.jar")]),
    ("half of them", {"java/lib/x.jar": jar(52, 52, 61, 61)}, LAYER, [("LC541", "error", "java/lib/x.jar")]),
    ("all of one product in a jar of many", {"java/lib/x.jar": simple_zip({
        **{f"org/lib/a/C{n}.class": java_class(52) for n in range(9)}, "com/own/app/H.class": java_class(61)})}, LAYER,
     [("LC541", "error", "java/lib/x.jar")]),
    ("guarded, and named so", {"java/lib/x.jar": simple_zip({
        **{f"org/lib/plugin/C{n}.class": java_class(52) for n in range(9)},
        "org/lib/plugin/v17/Java17.class": java_class(61)})}, LAYER, []),
    ("a package that is called v17", {"com/own/app/v17/H.class": java_class(61)}, FUNCTION,
     [("LC541", "error", "com/own/app/v17/H.class")]),
    ("for a newer release of a multi-release jar", {"java/lib/x.jar": versioned(17, 61)}, LAYER, []),
    ("for this release, yet too new", {"java/lib/x.jar": versioned(11, 61)}, LAYER,
     [("LC541", "error", "java/lib/x.jar")]),
    ("versions that Java 8 knows nothing of", {"java/lib/x.jar": versioned(9, 53)}, {**LAYER, "runtime": "java8.al2"},
     []),
    ("versions in a folder", {"META-INF/versions/9/a/B.class": java_class(65), "a/B.class": java_class(52)}, FUNCTION,
     []),
    ("module-info", {"module-info.class": java_class(61), "a/B.class": java_class(52)}, FUNCTION, []),
    ("not a name of a class", {"BOOT-INF/classes/a/B.class": java_class(61), "a/B.class": java_class(52)}, FUNCTION,
     []),
    ("a universal Mach-O file", {"a/B.class": b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(80)}, FUNCTION,
     [("LC542", "warning", "a/B.class")]),
    ("another language", {"a/B.class": java_class(65)}, {"runtime": "python3.12", "kind": "function"}, []),
    ("an empty class", {"a/B.class": b"", "a/C.class": java_class(52)}, FUNCTION, [("LC542", "error", "a/B.class")]),
    ("text for a class", {"a/B.class": b"package a;", "a/C.class": java_class(52)}, FUNCTION,
     [("LC542", "warning", "a/B.class")]),
    ("an empty jar", {"java/lib/x.jar": b"", "java/lib/y.jar": jar(52)}, LAYER, [("LC542", "error", "java/lib/x.jar")]),
    ("a Git LFS pointer for a jar", {"java/lib/x.jar": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n"},
     LAYER, [("LC542", "error", "java/lib/x.jar")]),
    ("half a jar", {"java/lib/x.jar": jar(52, 52, 52)[:-30]}, LAYER, [("LC542", "error", "java/lib/x.jar")]),
    ("a jar of resources", {"java/lib/x.jar": simple_zip({"a.properties": b"a=b"})}, LAYER, []),
    ("an empty class in a jar", {"java/lib/x.jar": simple_zip({"a/B.class": b"", "a/C.class": java_class(52)})}, LAYER,
     [("LC542", "warning", "java/lib/x.jar")]),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], expected: Expected) -> None:
    assert [line for line in told(judge(files, **options)) if line[0] != "LC101"] == expected


@pytest.mark.parametrize("runtime", [r.identifier for r in runtimes() if r.language == "java"])
def test_each_runtime_takes_its_own_release_and_no_newer(runtime: str) -> None:
    release = int(runtime.removeprefix("java").split(".")[0])
    own, newer = {"a/B.class": java_class(44 + release)}, {"a/B.class": java_class(45 + release)}
    options: dict[str, Any] = {"kind": "function", "runtime": runtime}
    assert told(judge(own, **options)) == []
    assert told(judge(newer, **options)) == [("LC541", "error", "a/B.class")]


def test_the_handler_is_what_is_named_and_makes_certain() -> None:
    files = {f"com/own/app/A{number}.class": java_class(52) for number in range(9)}
    files["com/own/app/Handler.class"] = java_class(61)
    (unsure,) = of(judge(files, **FUNCTION), "LC541")
    assert (unsure.severity.value, unsure.confidence.value) == ("warning", "likely")
    (finding,) = of(judge(files, handler="com.own.app.Handler::handleRequest", **FUNCTION), "LC541")
    assert (finding.severity.value, finding.path) == ("error", "com/own/app/Handler.class")
    assert "Java 17 (class file version 61)" in finding.message
    assert "-Dmaven.compiler.release=11" in (finding.fix or "")
    assert "runtime java17" in (finding.fix or "")
    in_jar = {"lib/app.jar": simple_zip(files), "log.xml": b"<x/>"}
    (finding,) = of(judge(in_jar, handler="com.own.app.Handler", **FUNCTION), "LC541")
    assert (finding.severity.value, finding.path) == ("error", "lib/app.jar")


def test_a_jar_is_told_once_with_counts_and_an_example() -> None:
    (finding,) = of(judge({"java/lib/x-1.jar": jar(52, 61, 65)}, **LAYER), "LC541")
    assert "2 of its 3 classes are compiled for a newer Java, com/example/lib/C2 for one (Java 21" in finding.message
    assert finding.details["examples"] == ["com/example/lib/C1.class", "com/example/lib/C2.class"]
    assert "x-1.jar" in (finding.fix or "")
    assert "java21" in (finding.fix or "")


def test_a_release_that_no_runtime_has_gets_no_advice_of_one() -> None:
    (finding,) = of(judge({"a/B.class": java_class(99)}, **FUNCTION), "LC541")
    assert "runtime" not in (finding.fix or "")


def test_without_a_target_the_runtimes_that_fit_are_told() -> None:
    report = judge({"java/lib/x.jar": jar(61)}, None, None)
    assert {name for item in report.compatibility for name in item.runtimes} == {
        "java17", "java17.al2023", "java21", "java25",
    }  # fmt: skip


def test_a_later_layer_replaces_a_jar() -> None:
    assert told(judge({"java/lib/x.jar": jar(61)}, layers=[simple_zip({"java/lib/x.jar": jar(52)})], **LAYER)) == []


def test_what_is_not_read_is_unchecked() -> None:
    large = build_zip([Member("lib/x.jar", b"PK\x03\x04" + bytes(65 << 20)), Member("a/B.class", java_class(52))])
    report = judge(large, **FUNCTION)
    assert told(report) == []
    assert [(item.what, item.path) for item in report.unchecked] == [
        ("the release that its classes are compiled for", "lib/x.jar")
    ]


def test_odd_names_are_quoted() -> None:
    (finding,) = of(judge({"java/lib/$(x) y.jar": jar(52)[:-9]}, **LAYER), "LC542")
    assert "'java/lib/$(x) y.jar'" in (finding.fix or "")
