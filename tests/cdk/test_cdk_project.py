"""From a cloud assembly to deployments: the output that is committed, and assemblies that are wrong."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cdk.synth import COMMITTED, HERE
from cdk.test_assembly import asset, manifest, stack, with_assets, write
from layercheck.check import Absent, Job, Options, run_jobs
from layercheck.finding import Report, Severity, Source
from layercheck.project import Project, cdk, find

GREETING, SHARED = "asset.dfe6afad", "asset.0b36d4f9"
KEY = {"S3Bucket": "b", "S3Key": "k.zip"}


@pytest.fixture(autouse=True)
def _beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)


def project(path: str | os.PathLike[str] = "cdk.out", **parameters: str) -> Project:
    found = find(os.fspath(path), parameters)
    assert found is not None
    return found


def job(name: str, file: str = "Shop.template.json") -> Job:
    (found,) = [
        job
        for job in project().jobs(Options())
        if job.origin is not None and (job.origin.resource or "").startswith(name) and job.origin.file.endswith(file)
    ]
    return found


def layers(found: Job) -> list[str]:
    return [layer.name if isinstance(layer, Absent) else str(layer)[8:22] for layer in found.options.layers]


def judged(found: Project) -> Report:
    return run_jobs(found.jobs(Options()), Options())


def unchecked(found: Project) -> list[str]:
    jobs = found.jobs(Options())
    return [f"{note.what.partition(': ')[2]}: {note.why}" for job in jobs for note in job.unchecked]


def function(folder: Path, **properties: Any) -> Project:
    """A project of one function on one asset."""
    given = {"Runtime": "python3.13", "Handler": "index.handler", "Code": KEY, **properties}
    write(folder / "S.template.json", {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": given}}})
    write(folder / "asset.x/index.py", "def handler(event, context): ...\n")
    return project(with_assets(folder, {"x": asset("asset.x")}))


def test_a_function_of_a_folder_asset_has_all_that_it_states() -> None:
    found = job("OrdersA9B65338")
    assert str(found.source).startswith("cdk.out/asset.cc4d9599")
    assert found.origin == Source("cdk.out/Shop.template.json", 115, "OrdersA9B65338")
    options = found.options
    assert (options.kind, options.runtimes, options.architectures) == ("function", ("python3.13",), ("x86_64",))
    assert (options.handler, options.env["PYTHONPATH"]) == ("index.handler", "/var/task/vendored")
    assert layers(found) == [GREETING, SHARED]


def test_layers_keep_their_order_and_an_arn_is_open() -> None:
    insights = "arn:aws:lambda:${AWS::Region}:580247275435:layer:LambdaInsightsExtension:53"
    assert layers(job("Zipped19B58725")) == [SHARED, GREETING, insights]
    here = job("Zipped19B58725", "ProdShop82526E42.template.json")
    assert layers(here)[2] == insights.replace("${AWS::Region}", "eu-central-1"), "the stage states its region"


def test_an_arm_function_is_judged_on_arm64() -> None:
    assert job("ArmB02581E4").options.architectures == ("arm64",)


def test_a_nested_stack_gets_layers_from_the_outer_one() -> None:
    found = job("Report", "ShopReports62D422BE.nested.template.json")
    assert layers(found) == ["asset.ffc2e4d8", "asset.79cbe3fd"]


def test_a_stack_imports_a_layer_of_another_one() -> None:
    assert layers(job("Reader", "Consumer.template.json")) == [GREETING]


def test_a_layer_of_another_region_stays_open() -> None:
    (name,) = layers(job("Reader", "ProdFar05F95D67.template.json"))
    assert name.startswith("${ExportsReader8B249524./cdk/exports/Prod-Far/")


def test_the_legacy_bootstrap_joins_by_a_parameter() -> None:
    found = job("OldF7E39C65", "Legacy.template.json")
    assert str(found.source).startswith("cdk.out/asset.3bbe5003")


def test_layers_are_judged_for_what_they_declare() -> None:
    greeting, shared = job("Greeting7772ECD5"), job("SharedDACC02AA")
    assert (greeting.options.kind, greeting.options.runtimes, greeting.options.architectures) == (
        "layer", ("python3.13",), ("x86_64",))  # fmt: skip
    assert (shared.options.runtimes, shared.options.architectures) == (("python3.12", "python3.13"), ())


def test_code_that_is_not_at_hand_is_named() -> None:
    shop = [line for line in unchecked(project()) if "Shop/" in line and "Prod" not in line]
    assert shop == [
        "Inline6CF80F9D: function Shop/Inline: its code is inline in the template",
        "Bucket83908E77: function Shop/Bucket: its code lies in S3 (releases/shop/1.2.3.zip)",
        "Image9D742C96: function Shop/Image: its code is a container image",
    ]


def test_findings_carry_the_template() -> None:
    report = judged(project())
    (error,) = {(f.rule, f.path, f.source) for f in report.findings if f.severity is Severity.ERROR and f.rule < "LC7"}
    assert error[:2] == ("LC571", "main.py")
    assert error[2] is not None
    assert error[2].resource == "ArmB02581E4"
    assert report.exit_code == 1


def test_folders_of_assets_become_zips_as_cdk_makes_them() -> None:
    assert project().packager == "cdk"


def test_the_folder_of_the_app_will_do_and_a_template_of_it(tmp_path: Path) -> None:
    shutil.copytree(COMMITTED, tmp_path / "cdk.out")
    write(tmp_path / "cdk.json", {"app": "node app.js"})
    write(tmp_path / "template.yaml", "Resources: {}\n")
    assert project(tmp_path).form == "cdk"
    jobs = [project(tmp_path / name).jobs(Options()) for name in ("cdk.out/manifest.json", "cdk.out", "")]
    assert jobs[0] == jobs[1] == jobs[2]
    found = project(tmp_path / "cdk.out/Shop.template.json")
    assert found.file == f"{tmp_path.as_posix()}/cdk.out/Shop.template.json"
    assert [item.name for item in found.stacks] == ["Shop", "Shop/ReportsNestedStackReportsNestedStackResource6385503C"]


def test_a_sam_app_beside_an_old_cdk_out_is_a_sam_app(tmp_path: Path) -> None:
    shutil.copytree(COMMITTED, tmp_path / "cdk.out")
    write(tmp_path / "template.yaml", "Resources: {F: {Type: 'AWS::SNS::Topic'}}\n")
    assert project(tmp_path).form != "cdk"


def test_a_region_can_be_set_where_the_stack_has_none() -> None:
    found = project(**{"AWS::Region": "us-east-1"})
    assert {item.region for item in found.stacks if item.name.startswith(("Shop", "Legacy"))} == {"us-east-1"}
    assert {item.region for item in found.stacks if item.name.startswith("Prod/Shop")} == {"eu-central-1"}
    with pytest.raises(ValueError, match="did you mean"):
        project(BootstrapVersio="1")


def test_an_asset_that_is_gone_is_told(tmp_path: Path) -> None:
    function(tmp_path)
    shutil.rmtree(tmp_path / "asset.x")
    assert unchecked(project(tmp_path)) == [f"function F: its asset {tmp_path.as_posix()}/asset.x is not there"]


def test_an_asset_outside_is_not_opened(tmp_path: Path) -> None:
    function(tmp_path / "cdk.out")
    write(tmp_path / "secret/index.py", "")
    with_assets(tmp_path / "cdk.out", {"x": asset("../secret")})
    why = "its asset ../secret lies outside of the cloud assembly"
    assert unchecked(project(tmp_path)) == [f"function F: {why}"]


def test_a_key_that_only_the_deployment_knows_joins_as_text(tmp_path: Path) -> None:
    key = {"Fn::Sub": "${AWS::AccountId}/k.zip"}
    function(tmp_path, Code={"S3Bucket": "b", "S3Key": key})
    with_assets(tmp_path, {"x": asset("asset.x", "${AWS::AccountId}/k.zip")})
    (found,) = project(tmp_path).jobs(Options())
    assert found.source == f"{tmp_path.as_posix()}/asset.x"


@pytest.mark.parametrize("text", ["", "{", "[" * 5_000, '{"Resources": {}}', "\0", '{"Resources": 3}'])
def test_a_broken_template_is_told_and_the_others_judged(tmp_path: Path, text: str) -> None:
    function(tmp_path)
    write(tmp_path / "T.template.json", text)
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}}
    found = project(manifest(tmp_path, T=stack("T.template.json"), S=stack(), A=assets))
    assert [job.source for job in found.jobs(Options()) if job.source] == [f"{tmp_path.as_posix()}/asset.x"]
    if text != '{"Resources": {}}':
        assert [trouble.source.file for trouble in found.troubles] == [f"{tmp_path.as_posix()}/T.template.json"]


def test_a_template_that_is_gone_or_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "P.json")
    found = project(manifest(tmp_path, S=stack("gone.json"), P=stack("P.json"), D=stack(".")))
    assert [(t.source.file.rpartition("/")[2], t.detail) for t in found.troubles] == [
        ("gone.json", "the template is not there"),
        ("P.json", "the template is not there"),
        (tmp_path.name, "the template is not there"),
    ]


def test_stacks_that_nest_themselves_end(tmp_path: Path) -> None:
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://s3/b/k.json"}}
    write(tmp_path / "S.template.json", {"Resources": {"N": nested, "M": nested}})
    found = project(with_assets(tmp_path, {"x": asset("S.template.json", "k.json", "file")}))
    assert len(found.stacks) == 1
    assert len(found.unchecked) == 2


def test_many_stacks_that_nest_one_another_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "MAX_TEMPLATES", 200)
    files = {}
    for level in range(9):
        url = {"TemplateURL": f"https://s3/b/k{level + 1}.json"}
        resources = {f"N{i}": {"Type": "AWS::CloudFormation::Stack", "Properties": url} for i in range(9)}
        write(tmp_path / f"T{level}.json", {"Resources": resources})
        files[str(level)] = asset(f"T{level}.json", f"k{level}.json", "file")
    shutil.copy(tmp_path / "T0.json", tmp_path / "S.template.json")
    found = project(with_assets(tmp_path, files))
    assert len(found.stacks) == 200
    assert any("one of more than 200 templates" in trouble.detail for trouble in found.troubles)


def test_an_export_of_two_stacks_is_nobodys(tmp_path: Path) -> None:
    function(tmp_path, Layers=[{"Fn::ImportValue": "L"}])
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": KEY}}
    output = {"O": {"Value": {"Ref": "Layer"}, "Export": {"Name": "L"}}}
    write(tmp_path / "L.template.json", {"Resources": {"Layer": layer}, "Outputs": output})
    stacks = {"S": stack(), "L1": stack("L.template.json"), "L2": stack("L.template.json")}
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}}
    one = project(manifest(tmp_path, A=assets, S=stacks["S"], L1=stacks["L1"])).jobs(Options())
    assert one[0].options.layers == (f"{tmp_path.as_posix()}/asset.x",), (
        "also where it comes after the one that imports"
    )
    two = project(manifest(tmp_path, A=assets, **stacks)).jobs(Options())
    assert two[0].options.layers == (Absent("${L} (several stacks export it)"),)


def test_an_export_of_another_region_is_not_imported(tmp_path: Path) -> None:
    function(tmp_path, Layers=[{"Fn::ImportValue": "L"}])
    output = {"O": {"Value": {"Ref": "Layer"}, "Export": {"Name": "L"}}}
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": KEY}}
    write(tmp_path / "L.template.json", {"Resources": {"Layer": layer}, "Outputs": output})
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}}
    far = stack("L.template.json", environment="aws://123456789012/eu-west-1")
    found = project(manifest(tmp_path, A=assets, S=stack(), L=far)).jobs(Options())
    assert isinstance(found[0].options.layers[0], Absent)


def test_the_report_is_the_same_each_time() -> None:
    from layercheck.report import render

    first, second = [render(judged(project()), "json", color=False, width=80) for _ in range(2)]
    assert first == second
    assert all(f["source"] is None or f["source"]["file"].startswith("cdk.out/") for f in json.loads(first)["findings"])
