"""LC527: which release of a package that unpacks a program suits which runtime, and what it must not be asked."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from check.made import Files, judge, module, of
from layercheck.artifact import npm
from layercheck.artifact.probes import Readers, probe
from layercheck.finding import Confidence, Finding, Report, Severity
from layercheck.rules.packed import _order, table
from support.zip_writer import simple_zip

CHROMIUM = "node_modules/@sparticuz/chromium"
PACKS = ("chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2.tar.br", "al2023.tar.br", "aws.tar.br")


def package(name: str, version: object, *packs: str, at: str = "", code: str = "") -> Files:
    root = f"{at}node_modules/{name}"
    files: dict[str, bytes] = {f"{root}/bin/{pack}": b"\x8b\xff\x07" for pack in packs}
    files[f"{root}/package.json"] = json.dumps({"name": name, "version": version}).encode()
    files[f"{root}/build/index.js"] = code.encode() or b"module.exports = {};\n"
    return files


def told(files: Files | bytes, runtime: str, architecture: str = "x86_64", **options: Any) -> list[Finding]:
    options.setdefault("kind", "function")
    return of(judge(files, runtime, architecture, **options), "LC527")


@pytest.mark.parametrize(
    ("name", "version", "works"),
    [
        ("chrome-aws-lambda", "2.1.1", ""),
        ("chrome-aws-lambda", "10.1.0", ""),
        ("chrome-aws-lambda", "66.0.3347", ""),
        ("@sparticuz/chrome-aws-lambda", "17.1.3", "16"),
        ("@sparticuz/chromium", "92.0.0", "16 18"),
        ("@sparticuz/chromium", "106.0.2", "16"),
        ("@sparticuz/chromium", "110.0.1", "16 18"),
        ("@sparticuz/chromium", "119.0.0", "16 18"),
        ("@sparticuz/chromium", "119.0.2", "16 18 20"),
        ("@sparticuz/chromium", "131.0.0", "16 18 20"),
        ("@sparticuz/chromium", "131.0.1", "16 18 20 22"),
        ("@sparticuz/chromium", "133.0.0", "16 18 20 22"),
        ("@sparticuz/chromium", "135.0.0-next.3", "20 22"),
        ("@sparticuz/chromium", "141.0.0", "20 22"),
        ("@sparticuz/chromium", "143.0.4", "20 22 24"),
        ("@sparticuz/chromium-min", "130.0.0", "16 18 20"),
        ("@sparticuz/chromium-min", "153.0.0", "20 22 24"),
    ],
)
def test_releases_and_the_runtimes_that_they_know(name: str, version: str, works: str) -> None:
    files = package(name, version, *PACKS)
    nodes = ["16", "18", "20", "22", "24", "26"]
    good = [node for node in nodes if not told(files, f"nodejs{node}.x")]
    assert " ".join(good) == works


@pytest.mark.parametrize(
    ("runtime", "version", "lost", "message"),
    [
        ("nodejs18.x", "126.0.0", "al2.tar.br", "opens bin/al2.tar.br on nodejs18.x; it is not there"),
        ("nodejs20.x", "126.0.0", "al2023.tar.br", "opens bin/al2023.tar.br on nodejs20.x"),
        ("nodejs20.x", "138.0.2", "fonts.tar.br", "opens bin/fonts.tar.br"),
        ("nodejs20.x", "126.0.0", "chromium.br", "opens bin/chromium.br"),
        ("nodejs18.x", "112.0.0", "aws.tar.br", "opens bin/aws.tar.br"),
    ],
)
def test_an_archive_that_the_target_needs_is_certain(runtime: str, version: str, lost: str, message: str) -> None:
    files = package("@sparticuz/chromium", version, *(pack for pack in PACKS if pack != lost))
    (finding,) = told(files, runtime)
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert message in finding.message
    assert f"npm install @sparticuz/chromium@{version}" in (finding.fix or "")
    assert finding.details["missing"] == [f"bin/{lost}"]


@pytest.mark.parametrize(
    ("runtime", "version", "lost"),
    [
        ("nodejs20.x", "126.0.0", "al2.tar.br"),
        ("nodejs18.x", "126.0.0", "al2023.tar.br"),
        ("nodejs18.x", "126.0.0", "swiftshader.tar.br"),
        ("nodejs22.x", "138.0.2", "al2.tar.br"),
        ("python3.12", "126.0.0", "chromium.br"),
    ],
)
def test_archives_that_the_target_does_not_need(runtime: str, version: str, lost: str) -> None:
    assert not told(package("@sparticuz/chromium", version, *(p for p in PACKS if p != lost)), runtime)


def test_an_empty_archive_is_none() -> None:
    files = {**package("@sparticuz/chromium", "138.0.2", *PACKS), f"{CHROMIUM}/bin/al2023.tar.br": b""}
    assert "bin/al2023.tar.br" in told(files, "nodejs22.x")[0].message


def test_no_bin_at_all_is_likely_and_silent_when_the_archive_lies_elsewhere() -> None:
    bare = package("@sparticuz/chromium", "126.0.0")
    (finding,) = told(bare, "nodejs18.x")
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.LIKELY)
    layer = simple_zip({"chromium/chromium.br": b"\x8b\xff", "chromium/al2.tar.br": b"\x8b\xff"})
    assert not told(bare, "nodejs18.x", layers=[layer])


def test_a_part_that_is_not_at_hand_could_bring_it() -> None:
    layers = ["arn:aws:lambda:us-east-1:764866452798:layer:chrome-aws-lambda:45"]
    report = judge(package("@sparticuz/chromium", "126.0.0"), "nodejs18.x", "x86_64", kind="function", layers=layers)
    assert not of(report, "LC527")
    assert [item.path for item in report.unchecked] == [f"{CHROMIUM}/package.json"]


def test_libraries_in_a_layer_do() -> None:
    files = package("chrome-aws-lambda", "10.1.0", *PACKS)
    assert told(files, "nodejs18.x")
    assert not told({**files, "lib/libnss3.so": module(soname="libnss3.so")}, "nodejs18.x")


@pytest.mark.parametrize(
    ("code", "silent"),
    [
        ("/^AWS_Lambda_nodejs(?:14|16|18|20)[.]x$/.test(x)", True),
        ('env.includes("20.x")', True),
        ("['AWS_Lambda_nodejs20.x'].includes(env)", True),
        ("/^AWS_Lambda_nodejs(?:14|16|18)[.]x$/.test(x)", False),
        ('version = "20.1"', False),
    ],
)
def test_a_patched_copy_names_its_runtime(code: str, silent: bool) -> None:
    assert bool(told(package("chrome-aws-lambda", "10.1.0", *PACKS, code=code), "nodejs20.x")) != silent


def test_the_variable_that_tells_the_runtime() -> None:
    files = package("@sparticuz/chromium", "126.0.0", *PACKS)
    assert told(files, "nodejs22.x")
    assert not told(files, "nodejs22.x", env={"AWS_LAMBDA_JS_RUNTIME": "nodejs20.x"})


@pytest.mark.parametrize(
    ("name", "runtime", "fix"),
    [
        ("chrome-aws-lambda", "nodejs18.x", "npm install @sparticuz/chromium@133.0.0 puppeteer-core"),
        ("chrome-aws-lambda", "nodejs22.x", "npm install @sparticuz/chromium@153.0.0 puppeteer-core"),
        ("@sparticuz/chromium-min", "nodejs22.x", "npm install @sparticuz/chromium-min@153.0.0 puppeteer-core"),
        ("@sparticuz/chromium", "nodejs26.x", "it knows nodejs24.x: use that runtime"),
    ],
)
def test_the_release_to_install(name: str, runtime: str, fix: str) -> None:
    (finding,) = told(package(name, "9.1.0" if name.startswith("chrome") else "115.0.0", *PACKS), runtime)
    assert fix in (finding.fix or "")


def unchecked(report: Report) -> list[str]:
    return [item.what for item in report.unchecked]


def test_arm64() -> None:
    for name, version in (("chrome-aws-lambda", "10.1.0"), ("@sparticuz/chromium", "132.0.0")):
        (finding,) = told(package(name, version, *PACKS), "nodejs20.x", "arm64")
        assert (finding.severity, "x86_64 only" in finding.message) == (Severity.ERROR, True)
    newer = judge(package("@sparticuz/chromium", "138.0.2", *PACKS), "nodejs22.x", "arm64", kind="function")
    assert not of(newer, "LC527")
    assert unchecked(newer) == ["the processor of its Chromium"]
    assert not told(package("@sparticuz/chromium-min", "138.0.2"), "nodejs22.x", "arm64")


BUNDLE = b"async function executablePath(i) { return inflate(`${i}/chromium.br`); }\n"


@pytest.mark.parametrize(
    ("files", "severity"),
    [
        ({"index.js": BUNDLE}, "warning"),
        ({"dist/index.mjs": BUNDLE}, "warning"),
        ({"index.js": BUNDLE + b"// " + b"x" * 2_000_000}, "warning"),
        ({"index.js": b"x" * 2_000_000 + BUNDLE}, "warning"),
        ({"index.js": random.Random(1).randbytes(700_000).hex().encode() + BUNDLE}, "warning"),
        ({"dist/index.js": BUNDLE, "bin/chromium.br": b"\x8b"}, None),
        ({"index.js": BUNDLE + b"const pack = 'https://example.com/chromium-v138-pack.x64.tar';\n"}, None),
        ({"index.js": BUNDLE + b"const other = 'https://example.com/al2.tar.br';\n"}, "warning"),
        ({"node_modules/other/index.js": BUNDLE}, None),
        ({"index.ts": BUNDLE}, None),
    ],
)
def test_the_code_in_a_bundle(files: Mapping[str, bytes], severity: str | None) -> None:
    found = told({**files, "package.json": b"{}"}, "nodejs20.x")
    assert [finding.severity.value for finding in found] == ([severity] if severity else [])


LIBREOFFICE = "@shelf/aws-lambda-libreoffice"


@pytest.mark.parametrize(
    ("version", "layer", "severity"),
    [
        ("1.1.0", None, "error"),
        ("2.0.0", None, "warning"),
        ("3.0.8", {"lo.tar.gz": b"\x1f\x8b"}, "error"),
        ("3.0.8", {"lo.tar.br": b"\x8b"}, None),
        ("7.3.0", None, "warning"),
        ("9.0.2", {"lo.tar.br": b"\x8b"}, "error"),
        ("9.0.2", {"bin/libreoffice": b"#!/bin/sh\n"}, None),
    ],
)
def test_libreoffice(version: str, layer: dict[str, bytes] | None, severity: str | None) -> None:
    layers = [] if layer is None else [simple_zip(layer)]
    found = told(package(LIBREOFFICE, version), "nodejs18.x", layers=layers)
    assert [finding.severity.value for finding in found] == ([severity] if severity else [])


def test_libreoffice_in_a_layer_by_itself_is_open() -> None:
    report = judge(package(LIBREOFFICE, "3.0.8", at="nodejs/"), "nodejs18.x", kind="layer")
    assert not of(report, "LC527")
    assert unchecked(report) == ["/opt/lo.tar.br, which it opens"]


def test_a_replaced_copy_is_not_judged() -> None:
    old = package("@sparticuz/chromium", "106.0.2", *PACKS, at="nodejs/")
    new = simple_zip(package("@sparticuz/chromium", "138.0.2", *PACKS, at="nodejs/"))
    assert not told(old, "nodejs22.x", kind="layer", layers=[new])


@pytest.mark.parametrize("version", [None, 5, "", "latest", "x" * 100, ["1"], "99999999999999999999.0.0"])
def test_a_version_that_cannot_be_read_is_unchecked(version: object) -> None:
    report = judge(package("@sparticuz/chromium", version), "nodejs18.x", "x86_64", kind="function")
    assert not of(report, "LC527")
    assert unchecked(report) == ["whether it suits the runtime"]


@pytest.mark.parametrize(
    "data",
    [b"", b"[" * 60_000, b"{", b"null", b'"version"', b'{"version": "1.0.0"' + b" " * 70_000 + b"}", b"\xff\xfe{}"],
)
def test_hostile_package_files(data: bytes) -> None:
    facts = probe(data, f"{CHROMIUM}/package.json", Readers())
    assert facts is None or facts.npm == npm.NpmPackage("@sparticuz/chromium", None)


def test_hostile_scripts_take_bounded_time() -> None:
    bundle = b"chromium.br" + b"https://" * 200_000 + b".tar" * 200_000
    assert npm.bundled_pack(bundle)[0] == "chromium.br"
    assert npm.named_nodes(b"nodejs(?:" * 10_000 + b"1|" * 100_000) == ()


def test_only_packages_of_the_table_are_parsed() -> None:
    assert npm.watched("node_modules/uuid/package.json") is None
    assert npm.watched("package.json") is None
    assert npm.watched(f"{CHROMIUM}/build/esm/helper.js") == "@sparticuz/chromium"
    pnpm = "node_modules/.pnpm/@sparticuz+chromium@126.0.0/node_modules/@sparticuz/chromium/package.json"
    assert npm.watched(pnpm) == "@sparticuz/chromium"
    assert probe(b'{"version": "1.0.0", "a": "b c"}', "node_modules/uuid/package.json", Readers()) is None
    nested = probe(b'{"type": "commonjs", "a": 1}', f"{CHROMIUM}/build/cjs/package.json", Readers())
    assert nested is None or nested.npm is None


def test_the_table_is_whole() -> None:
    packages = table()["packages"]
    assert set(packages) == npm.WATCHED
    assert all(any(mark in name for mark in npm.MARKS) for name in npm.WATCHED)
    for name, facts in packages.items():
        assert facts["source"], name
        assert facts["use"] in packages, name
        assert ("releases" in facts) != ("releases_of" in facts), name
        rows = facts.get("releases", [])
        starts = [_order(f"{row['from']}.0") for row in rows]
        assert starts == sorted(start for start in starts if start is not None), name
        for row in rows:
            assert row["source"], name
            assert row["confidence"] in ("measured", "high", "medium", "low"), name
            assert set(row) <= {"from", "newest", "packs", "files", "opt", "not", "program", "source", "confidence"}
