"""LC506 and LC511: copies of what the runtime ships, which of them work together, and what they weigh."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import layercheck.rules
from check.made import Files, judge, of
from layercheck.environment import bundled_packages, runtimes
from layercheck.finding import Finding
from layercheck.rules.requirement import satisfies
from support.zip_writer import simple_zip

FILE = Path(layercheck.rules.__file__).parent / "data" / "runtime-packages.json"
TABLE: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PYTHONS = [runtime.identifier for runtime in runtimes() if runtime.language == "python"]
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:sdk:3"


def package(name: str, version: str, *requires: str, root: str = "python/") -> dict[str, bytes]:
    module = "six.py" if name == "six" else f"{name}/__init__.py"
    info = f"{root}{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    return {
        root + module: b"x = 1\n",
        f"{info}/METADATA": f"Name: {name}\nVersion: {version}\n{needs}".encode(),
        f"{info}/RECORD": f"{module},,\n".encode(),
    }


def packages(*items: tuple[str, str], root: str = "python/") -> dict[str, bytes]:
    return {path: data for item in items for path, data in package(*item, root=root).items()}


def found(files: Files, runtime: str = "python3.12", **options: Any) -> list[Finding]:
    return of(judge(files, runtime, **options), "LC506")


def severities(files: Files, runtime: str = "python3.12", **options: Any) -> list[str]:
    return [finding.severity.value for finding in found(files, runtime, **options)]


def test_the_table_is_sound() -> None:
    assert set(TABLE) == {"why", "modules", "sdk", "marks", "conflicts"}
    assert set(TABLE["sdk"]["packages"]) <= set(TABLE["modules"])
    required = {"package", "versions", "python", "severity", "fails", "text", "install", "source", "confidence"}
    for row in TABLE["conflicts"]:
        assert set(row) - {"with", "with_versions"} == required
        assert ("with" in row) == ("with_versions" in row)
        assert {row["package"], row.get("with", row["package"])} <= set(TABLE["modules"])
        for key in ("versions", "with_versions", "python"):
            assert satisfies("1.0", row.get(key, "")) is not None
        assert row["severity"] in ("error", "warning")
        assert row["severity"] == "warning" or re.match(r"[A-Z]\w+Error: ", row["fails"])
        assert row["confidence"] in ("measured", "high")
        assert row["source"]
    for row in TABLE["marks"]:
        assert satisfies(row["version"], ">=0") is True
        assert row["source"]


@pytest.mark.parametrize("row", TABLE["conflicts"], ids=lambda row: f"{row['package']} {row['versions']}")
def test_no_runtime_conflicts_with_itself(row: Mapping[str, Any]) -> None:
    for python in PYTHONS:
        own = {item.name: item.version or "" for item in bundled_packages(python).packages}
        holds = satisfies(own[row["package"]], row["versions"]) and satisfies(python[6:], row["python"])
        other = satisfies(own[row["with"]], row["with_versions"]) if "with" in row else True
        assert not (holds and other), python


@pytest.mark.parametrize(
    ("files", "runtime", "severity", "words"),
    [
        ([("urllib3", "2.0.1")], "python3.8", "error", "OpenSSL 1.1.1+"),
        ([("urllib3", "2.0.1")], "python3.9", "warning", "botocore asks for urllib3 below 1.27"),
        ([("urllib3", "2.0.1"), ("botocore", "1.29.90"), ("boto3", "1.26.90")], "python3.11", "error",
         "DEFAULT_CIPHERS"),
        ([("urllib3", "1.24.3")], "python3.11", "error", "PROTOCOL_TLS"),
        ([("urllib3", "1.26.4")], "python3.12", "error", "urllib3.packages.six.moves"),
        ([("six", "1.15.0")], "python3.13", "error", "six.moves"),
        ([("botocore", "1.24.21")], "python3.9", "error", "DEPRECATED_SERVICE_NAMES"),
        ([("botocore", "1.35.99")], "python3.13", "error", "DEFAULT_CHECKSUM_ALGORITHM"),
        ([("boto3", "1.34.0"), ("botocore", "1.34.0")], "python3.12", "error", "own s3transfer 0.16.0 does not work"),
        ([("botocore", "1.31.0")], "python3.8", "error", "is_s3express_bucket"),
        ([("boto3", "1.38.0"), ("botocore", "1.36.0"), ("s3transfer", "0.11.0")], "python3.12", "error",
         "aws_account_id"),
    ],
)  # fmt: skip
def test_what_is_known_to_fail(files: list[tuple[str, str]], runtime: str, severity: str, words: str) -> None:
    (finding,) = found(packages(*files), runtime)
    assert finding.severity.value == severity
    assert words in finding.message
    assert "pip install " in (finding.fix or "")
    assert finding.path is not None
    assert finding.path.startswith("python/")


@pytest.mark.parametrize(
    ("files", "runtime"),
    [
        ([("urllib3", "2.5.0")], "python3.10"),
        ([("urllib3", "2.5.0")], "python3.14"),
        ([("urllib3", "1.26.5")], "python3.12"),
        ([("urllib3", "1.25")], "python3.11"),
        ([("six", "1.15.0")], "python3.11"),
        ([("six", "1.16.0")], "python3.13"),
        ([("boto3", "1.26.90"), ("botocore", "1.29.90"), ("s3transfer", "0.6.0")], "python3.12"),
        ([("boto3", "1.35.99"), ("botocore", "1.35.99"), ("s3transfer", "0.10.4")], "python3.13"),
        ([("boto3", "1.43.1"), ("botocore", "1.43.1"), ("s3transfer", "0.17.0")], "python3.8"),
        ([("requests", "2.0")], "python3.8"),
        ([("urllib3", "not a version")], "python3.8"),
    ],
)
def test_what_works(files: list[tuple[str, str]], runtime: str) -> None:
    assert found(packages(*files), runtime) == []


def test_a_part_of_the_sdk() -> None:
    files = packages(("botocore", "1.42.0")) | package("aiobotocore", "2.26.0", "botocore<1.42.1,>=1.41.0")
    (finding,) = found(files)
    assert (finding.severity.value, finding.confidence.value) == ("warning", "likely")
    assert "botocore 1.42.0 (required by aiobotocore) is here" in finding.message
    assert "boto3 1.42.97 and s3transfer 0.16.0 are the runtime's own" in finding.message
    assert "'aiobotocore[boto3]'" in (finding.fix or "")
    assert "rm -r python/botocore python/botocore-1.42.0.dist-info" in (finding.fix or "")
    assert finding.details["required_by"] == "aiobotocore"
    (finding,) = found(packages(("boto3", "1.42.0")))
    assert "'boto3~=1.42.0'" in (finding.fix or "")
    # The rest may be in a layer that is not at hand.
    report = judge(files, layers=[ARN])
    assert of(report, "LC506") == []
    assert [item.path for item in report.unchecked if "AWS SDK" in item.what] == ["python/botocore"]


def test_the_order_of_the_path_decides() -> None:
    old, new = packages(("urllib3", "2.0.1")), packages(("urllib3", "1.26.19"), root="")
    assert severities(old, "python3.8") == ["error"]
    # The function's own copy is taken, and the layer's is not.
    assert severities({"app.py": b"1", **new}, "python3.8", layers=[simple_zip(old)], kind="function") == []
    # A PYTHONPATH keeps the layers' directories from the path.
    assert severities(old, "python3.8", env={"PYTHONPATH": "/opt/other"}) == []
    assert severities(packages(("urllib3", "2.0.1"), root="python/x/_vendor/"), "python3.8") == []


def test_the_rest_of_the_sdk_may_lie_in_a_layer() -> None:
    layer = simple_zip(packages(("botocore", "1.34.0"), ("s3transfer", "0.10.0")))
    function = {"app.py": b"1", **packages(("boto3", "1.34.0"), root="")}
    assert severities(function, layers=[layer], kind="function") == []


def test_metadata_that_is_stripped_or_left_over() -> None:
    bare = {"python/urllib3/__init__.py": b"1", "python/urllib3/_base_connection.py": b"1"}
    assert severities(bare, "python3.8") == ["error"]
    assert severities({"python/urllib3/__init__.py": b"1"}, "python3.8") == []
    left = {path: data for path, data in packages(("urllib3", "2.0.1")).items() if "dist-info" in path}
    assert severities(left, "python3.8") == []
    both = packages(("urllib3", "1.26.19")) | left
    assert severities(both, "python3.8") == []
    assert severities(both | bare, "python3.8") == ["error"]
    assert severities({"python/botocore/__init__.py": b"1"}) == ["warning"]


def test_what_copies_weigh() -> None:
    big = {"python/botocore/data/x.json": b"\0" * 1_100_000}
    files = packages(("boto3", "1.34.0"), ("botocore", "1.34.0"), ("s3transfer", "0.10.0"))
    record = files["python/botocore-1.34.0.dist-info/RECORD"]
    files["python/botocore-1.34.0.dist-info/RECORD"] = record + b"botocore/data/x.json,,\n"
    report = judge(files | big, ["python3.11", "python3.12", "nodejs22.x"])
    (finding,) = of(report, "LC511")
    assert finding.severity.value == "info"
    assert "botocore, s3transfer, boto3 take 1,1" in finding.message
    assert "right to keep them" in finding.message
    assert finding.fix is None
    assert finding.details["bytes"] == sum(finding.details["packages"].values())
    assert len(finding.targets) == 2
    assert of(judge(files), "LC511") == []


def test_other_copies_may_go() -> None:
    files = packages(("pip", "24.0"))
    files["python/pip/big.py"] = b"#" * 1_100_000
    (finding,) = of(judge(files), "LC511")
    assert "pip takes" in finding.message
    assert "Leave out" in (finding.fix or "")
