"""The command on a cloud assembly, from INPUT to output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cdk.reports import report
from cdk.synth import COMMITTED
from cdk.test_assembly import write
from layercheck.finding import ArtifactSummary, ProjectSummary, Report
from layercheck.report.assets import short_assets

HASHES = ("ab" * 32, "ab" * 8 + "cd" * 24, "ef" * 32)


def test_the_json_has_the_whole_paths_and_the_place_in_the_template() -> None:
    code, text = report("json")
    assert code == 1
    data = json.loads(text)
    assert {len(a["path"].partition("asset.")[2].partition(".")[0]) for a in data["artifacts"]} == {64}
    (error, *others) = [f for f in data["findings"] if f["severity"] == "error"]
    place = {"file": "cdk.out/Shop.template.json", "line": 203, "resource": "ArmB02581E4"}
    assert error["source"] == place
    assert {other["rule"] for other in others} <= {"LC571"}


def test_a_region_can_be_given() -> None:
    assert "arn:aws:lambda:${AWS::Region}:580247275435" in report("json")[1]
    assert "arn:aws:lambda:${AWS::Region}:580247275435" not in report("json", "--set", "AWS::Region=eu-west-1")[1]


def test_an_assembly_without_a_function_is_not_judged(tmp_path: Path) -> None:
    write(tmp_path / "cdk.out/manifest.json", {"version": "55.0.0", "artifacts": {}})
    assert report("text", folder=tmp_path)[0] == 3


def test_the_same_bytes_wherever_it_is(tmp_path: Path) -> None:
    shutil.copytree(COMMITTED, tmp_path / "cdk.out")
    assert report("json", folder=tmp_path) == report("json")


def test_names_of_assets_are_short_only_where_they_differ_still() -> None:
    def summary(path: str) -> ArtifactSummary:
        return ArtifactSummary("a1", "layer", "zip", path, None, "", 1, 1, 1, 0)

    def names(form: str, *paths: str) -> list[str]:
        project = ProjectSummary(form, "cdk.out/manifest.json", 1, 1, 1)
        artifacts = tuple(map(summary, paths))
        made = Report("0", "", "", 0, (), artifacts, (), (), (), True, 1)._replace(projects=(project,))
        return [artifact.path for artifact in short_assets(made).artifacts]

    one, other, third = [f"cdk.out/asset.{digits}.zip" for digits in HASHES]
    assert names("cdk", one, third) == ["cdk.out/asset.abababab….zip", "cdk.out/asset.efefefef….zip"]
    assert names("cdk", one, other) == [one, other]
    assert names("cdk", f"x/asset.{'g' * 64}") == [f"x/asset.{'g' * 64}"]
    assert names("sam", one) == [one]
