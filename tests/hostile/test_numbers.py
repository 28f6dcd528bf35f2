"""Numbers that are none for int(): they came from artifacts and ended in an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from check.made import judge, module, of, told
from layercheck.rules import dotnet
from layercheck.rules.base import number
from support.zip_writer import Member, build_zip

DIGITS = "9" * 5000
"""More than int() takes (sys.get_int_max_str_digits)."""


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "1_0", " 1", "1 ", DIGITS, "1234567890"])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


def test_what_is_one() -> None:
    assert [number(text) for text in ("0", "007", "2147", "999999999")] == [0, 7, 2147, 999999999]


@pytest.mark.parametrize("node", ["GLIBC_2.²", f"GLIBC_2.{DIGITS}", "GLIBC_٣.٣", "GLIBC_", "GLIBC_2..5"])
def test_version_nodes(node: str) -> None:
    data = module(verneed={"libc.so.6": ["GLIBC_2.99", node, "GLIBC_2.98"]})
    (finding,) = of(judge({"python/_m.abi3.so": data}), "LC402")
    assert node in finding.message


def test_directories_of_a_jar() -> None:
    head = b"\xca\xfe\xba\xbe\0\0\0\xff"
    names = [f"META-INF/versions/{release}/A.class" for release in (DIGITS, "²", "", "17")]
    jar = build_zip([Member("META-INF/MANIFEST.MF", b"Multi-Release: true\n"), *(Member(name, head) for name in names)])
    report = judge({"java/lib/a.jar": jar}, runtime="java21")
    assert ("LC541", "error", "java/lib/a.jar") in told(report)


@pytest.mark.parametrize("version", [DIGITS, "²", "٣.1", ""])
def test_versions_of_packages(version: str) -> None:
    known = json.loads(Path(dotnet.__file__).with_name("data").joinpath("dotnet.json").read_text("utf-8"))
    packages = {item["package"] for item in known["assemblies"]}
    target = ".NETCoreApp,Version=v8.0"
    libraries: dict[str, object] = {f"{name}/{version}": {} for name in packages}
    document = {"runtimeTarget": {"name": target}, "targets": {target: libraries}}
    files = {f"{item['assembly'].replace('*', 'X')}": b"MZ" for item in known["assemblies"]}
    files["app.deps.json"] = json.dumps(document).encode()
    report = judge(files, runtime="dotnet8", kind="function")
    assert "LC581" in {finding.rule for finding in report.findings}
