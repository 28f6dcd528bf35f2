"""LC701 to LC711, each with near misses: the same thing done right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layercheck.check import Options
from layercheck.finding import Severity
from layercheck.project import find
from support.elf_writer import build_elf
from templates.made import HANDLER, SAM, project, report, rules, write

ARN = "arn:aws:lambda:{region}:017000801446:layer:AWSLambdaPowertoolsPythonV2:{version}"
FUNCTION = """  {name}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: src, Handler: app.handler, Runtime: {runtime}, Layers: [{layers}]}}
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def function(name: str = "Api", layers: str = "", runtime: str = "python3.13") -> str:
    return FUNCTION.format(name=name, layers=layers, runtime=runtime)


def found(folder: Path, resources: str, date: str | None = None, **given: str) -> list[tuple[str, str, int | None]]:
    return rules(report(project(folder, SAM + "Resources:\n" + resources, None, **given), Options(date=date)))


LAYER = """  Deps:
    Type: AWS::Serverless::LayerVersion
    Properties:
      LayerName: deps
      ContentUri: layer
      CompatibleRuntimes: [{runtimes}]
      CompatibleArchitectures: [{architectures}]
"""


def deps(runtimes: str = "python3.13", architectures: str = "x86_64") -> str:
    return LAYER.format(runtimes=runtimes, architectures=architectures)


class TestTargetDisagreement:
    def test_the_same_target_is_fine(self, tmp_path: Path) -> None:
        assert found(tmp_path, deps() + function(layers="!Ref Deps")) == []

    @pytest.mark.parametrize("said", [{"runtimes": "python3.12"}, {"architectures": "arm64"}])
    def test_another_target_is_told(self, tmp_path: Path, said: dict[str, str]) -> None:
        assert [f[:2] for f in found(tmp_path, deps(**said) + function(layers="!Ref Deps"))] == [("LC701", "warning")]

    def test_one_of_several_is_enough(self, tmp_path: Path) -> None:
        assert found(tmp_path, deps("python3.12, python3.13", "arm64, x86_64") + function(layers="!Ref Deps")) == []

    def test_a_layer_that_declares_nothing_disagrees_with_nothing(self, tmp_path: Path) -> None:
        assert found(tmp_path, deps("", "") + function(layers="!Ref Deps")) == []

    def test_it_is_an_error_where_the_files_contradict_too(self, tmp_path: Path) -> None:
        files = {"layer/python/m.so": build_elf(needed=["libc.so.6"])}
        arm = function(layers="!Ref Deps").replace("Layers:", "Architectures: [arm64], Layers:")
        told = report(project(tmp_path, SAM + "Resources:\n" + deps() + arm, files))
        assert ("LC701", "error") in [r[:2] for r in rules(told)]
        assert "LC301" in [f.rule for f in told.findings]

    def test_it_is_an_error_where_its_modules_are_for_another_python(self, tmp_path: Path) -> None:
        files = {"layer/python/m.cpython-312-x86_64-linux-gnu.so": build_elf(needed=["libc.so.6"])}
        told = report(
            project(tmp_path, SAM + "Resources:\n" + deps("python3.12") + function(layers="!Ref Deps"), files)
        )
        assert ("LC701", "error") in [r[:2] for r in rules(told)]


class TestDeprecatedRuntime:
    @pytest.mark.parametrize(
        ("runtime", "date", "severity"),
        [
            ("nodejs20.x", "2026-04-29", None),
            ("nodejs20.x", "2026-04-30", "warning"),
            ("nodejs20.x", "2027-03-02", "warning"),
            ("nodejs20.x", "2027-03-03", "error"),
            ("nodejs12.x", "2026-01-01", "error"),
            ("nodejs99.x", "2026-01-01", None),
        ],
    )
    def test_by_its_dates(self, tmp_path: Path, runtime: str, date: str, severity: str | None) -> None:
        told = [r for r in found(tmp_path, function(runtime=runtime), date) if r[0] == "LC702"]
        assert told == ([] if severity is None else [("LC702", severity, 5)])

    def test_code_that_is_not_at_hand_has_a_runtime_too(self, tmp_path: Path) -> None:
        inline = "  F: {Type: 'AWS::Lambda::Function', Properties: {Code: {ZipFile: x}, Runtime: nodejs16.x}}\n"
        assert [r[:2] for r in found(tmp_path, inline, "2027-06-01")] == [("LC702", "error")]

    def test_the_fix_names_the_newest_of_the_language(self, tmp_path: Path) -> None:
        told = report(
            project(tmp_path, SAM + "Resources:\n" + function(runtime="python3.8")), Options(date="2026-11-23")
        )
        (finding,) = [f for f in told.findings if f.rule == "LC702"]
        assert finding.fix is not None
        assert finding.fix.startswith("Runtime: python3.1")
        assert finding.targets == ("t1",)


class TestRetention:
    PLAIN = (
        "  L: {{Type: 'AWS::Lambda::LayerVersion', {policies} Properties: {{Content: {{S3Bucket: b, S3Key: k}}}}}}\n"
    )

    @pytest.mark.parametrize(
        ("policies", "told"),
        [
            ("", True),
            ("DeletionPolicy: Retain,", True),
            ("UpdateReplacePolicy: Retain,", True),
            ("DeletionPolicy: Delete, UpdateReplacePolicy: Delete,", True),
            ("DeletionPolicy: Retain, UpdateReplacePolicy: Retain,", False),
            ("DeletionPolicy: RetainExceptOnCreate, UpdateReplacePolicy: Retain,", False),
        ],
    )
    def test_cloudformation(self, tmp_path: Path, policies: str, told: bool) -> None:
        assert found(tmp_path, self.PLAIN.format(policies=policies)) == ([("LC703", "warning", 3)] if told else [])

    @pytest.mark.parametrize(("policy", "told"), [("", False), ("Retain", False), ("Delete", True)])
    def test_sam(self, tmp_path: Path, policy: str, told: bool) -> None:
        text = deps() + (f"      RetentionPolicy: {policy}\n" if policy else "")
        assert [r[0] for r in found(tmp_path, text)] == (["LC703"] if told else [])


class TestVersionsAndRegions:
    def test_two_versions_of_one_layer(self, tmp_path: Path) -> None:
        arns = [ARN.format(region="${AWS::Region}", version=version) for version in (9, 60)]
        both = "".join(function(f"F{n}", f"!Sub '{arn}'") for n, arn in enumerate(arns))
        told = report(project(tmp_path, SAM + "Resources:\n" + both))
        assert rules(told) == [("LC704", "warning", 5)]
        (finding,) = [f for f in told.findings if f.rule == "LC704"]
        assert "9 (F0), 60 (F1)" in finding.message

    def test_one_version_and_two_layers(self, tmp_path: Path) -> None:
        arn = ARN.format(region="eu-west-1", version=9)
        both = function("F", arn) + function("G", arn) + function("H", arn.replace("V2:9", "V3:10"))
        assert found(tmp_path, both) == []

    def test_a_layer_of_another_region(self, tmp_path: Path) -> None:
        text = function(layers=ARN.format(region="us-east-1", version=9))
        assert found(tmp_path, text, AWS__Region="eu-west-1") == [("LC708", "error", 5)]
        assert found(tmp_path, text, AWS__Region="us-east-1") == []
        assert found(tmp_path, text) == []

    def test_layers_of_two_regions_cannot_both_be_right(self, tmp_path: Path) -> None:
        two = ", ".join(ARN.format(region=region, version=9) for region in ("us-east-1", "eu-west-1"))
        assert found(tmp_path, function(layers=two)) == [("LC708", "error", 5)]

    def test_functions_of_which_each_is_deployed_elsewhere(self, tmp_path: Path) -> None:
        head = "Conditions: {Us: !Equals [!Ref AWS::Region, us-east-1], Eu: !Not [!Condition Us]}\n"
        both = "".join(
            function(name, ARN.format(region=region, version=9)).replace(
                "    Type:", f"    Condition: {name}\n    Type:", 1
            )
            for name, region in (("Us", "us-east-1"), ("Eu", "eu-west-1"))
        )
        template = SAM + head + "Resources:\n" + both
        assert rules(report(project(tmp_path, template))) == []
        assert rules(report(project(tmp_path, template, AWS__Region="us-east-1"))) == []
        # What holds everywhere is deployed together with what does.
        assert [r[0] for r in rules(report(project(tmp_path, template.replace("    Condition: Eu\n", ""))))] == []
        free = template.replace("    Condition: Eu\n", "").replace("    Condition: Us\n", "")
        assert [r[0] for r in rules(report(project(tmp_path, free)))] == ["LC708"]

    def test_two_regions_in_one_function_that_may_be_deployed(self, tmp_path: Path) -> None:
        two = ", ".join(ARN.format(region=region, version=9) for region in ("us-east-1", "eu-west-1"))
        head = "Conditions: {Us: !Equals [!Ref AWS::Region, us-east-1]}\n"
        text = function(layers=two).replace("    Type:", "    Condition: Us\n    Type:", 1)
        assert [r[0] for r in rules(report(project(tmp_path, SAM + head + "Resources:\n" + text)))] == ["LC708"]

    @pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-isob-east-1"])
    def test_regions_of_other_partitions(self, tmp_path: Path, region: str) -> None:
        text = function(layers=ARN.format(region=region, version=9))
        assert [r[0] for r in found(tmp_path, text, AWS__Region="eu-west-1")] == ["LC708"]

    def test_a_region_that_the_template_fills_in(self, tmp_path: Path) -> None:
        text = function(layers="!Sub '" + ARN.format(region="${AWS::Region}", version=9) + "'")
        assert found(tmp_path, text, AWS__Region="eu-west-1") == []


class TestSharing:
    PERMISSION = """  Share:
    Type: AWS::Lambda::LayerVersionPermission
    Properties:
      Action: lambda:GetLayerVersion
      LayerVersionArn: {arn}
      Principal: {principal}
"""

    @pytest.mark.parametrize(
        ("principal", "told"),
        [
            ("'*'", True),
            ("'123456789012'", False),
            ("'*'\n      OrganizationId: o-1", False),
            ("'*'\n      OrganizationId: !Ref Missing", False),
        ],
    )
    def test_everyone(self, tmp_path: Path, principal: str, told: bool) -> None:
        text = deps() + self.PERMISSION.format(arn="!Ref Deps", principal=principal)
        assert found(tmp_path, text) == ([("LC705", "warning", 15)] if told else [])

    @pytest.mark.parametrize(
        ("arn", "told"),
        [
            ("arn:aws:lambda:eu-west-1:123456789012:layer:deps:4", True),
            ("!Sub 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:deps:4'", True),
            ("arn:aws:lambda:eu-west-1:123456789012:layer:other:4", False),
            ("!Ref Deps", False),
        ],
    )
    def test_a_fixed_version_of_a_layer_that_is_made_here(self, tmp_path: Path, arn: str, told: bool) -> None:
        text = deps() + self.PERMISSION.format(arn=arn, principal="'123456789012'")
        assert [r[:2] for r in found(tmp_path, text)] == ([("LC707", "warning")] if told else [])

    @pytest.mark.parametrize(
        ("output", "told"),
        [
            ("{Value: !Ref Deps, Export: {Name: deps-arn}}", True),
            ("{Value: !Sub '${Deps}', Export: {Name: !Sub '${AWS::StackName}-deps'}}", True),
            ("{Value: !Ref Deps}", False),
            ("{Value: !Ref Api, Export: {Name: api}}", False),
            ("{Value: !GetAtt Api.Arn, Export: {Name: api}}", False),
        ],
    )
    def test_an_exported_arn(self, tmp_path: Path, output: str, told: bool) -> None:
        text = deps() + function() + f"Outputs:\n  Out: {output}\n"
        assert [r[0] for r in found(tmp_path, text)] == (["LC706"] if told else [])


class TestTheTemplateItself:
    def test_broken_yaml_is_an_error_at_its_line(self, tmp_path: Path) -> None:
        told = report(project(tmp_path, "Resources:\n  A:\n\tType: x\n"))
        assert rules(told) == [("LC709", "error", 3)]
        assert told.exit_code == 1
        assert told.findings[0].source is not None
        assert told.findings[0].source.file == "template.yaml"

    def test_no_resources(self, tmp_path: Path) -> None:
        assert [r[:2] for r in rules(report(project(tmp_path, "Description: x\n")))] == [("LC709", "error")]

    def test_a_repeated_key_is_a_warning_and_the_rest_is_judged(self, tmp_path: Path) -> None:
        told = report(project(tmp_path, SAM + "Resources:\n" + function() + function()))
        assert rules(told) == [("LC710", "warning", 6)]
        assert [t.runtime for t in told.targets] == ["python3.13"]

    def test_code_that_is_not_there(self, tmp_path: Path) -> None:
        told = report(project(tmp_path, SAM + "Resources:\n" + function().replace("src", "scr")))
        assert rules(told) == [("LC711", "error", 5)]
        assert "function Api: its code, scr, is not there" in told.findings[0].message
        assert [u.what for u in told.unchecked] == ["template.yaml:3: function Api"]


def test_each_rule_is_of_the_scope_that_it_says(tmp_path: Path) -> None:
    from layercheck.rules import all_rules

    scopes = {rule.id: rule.scope for rule in all_rules() if rule.id.startswith("LC7")}
    assert scopes.pop("LC701") == "target"
    assert set(scopes.values()) == {"project"}
    assert {rule.severity for rule in all_rules() if rule.id.startswith("LC7")} == {Severity.ERROR, Severity.WARNING}


VALUES = st.recursive(
    st.sampled_from(["src", "layer", "python3.13", "x86_64", "*", "arn:aws:lambda:eu-west-1:1:layer:x:1", "", "true"])
    | st.none()
    | st.sampled_from([{"Ref": "Api"}, {"Ref": "Deps"}, {"Fn::GetAtt": ["Sub", "Outputs.V"]}, {"Ref": "AWS::NoValue"}]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Variables", "S3Key", "A"]), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("CodeUri", "Code", "ContentUri", "Content", "Runtime", "Handler", "Layers", "Architectures", "Environment"),
        *("CompatibleRuntimes", "CompatibleArchitectures", "LayerName", "RetentionPolicy", "PackageType", "Location"),
        *("LayerVersionArn", "Principal", "OrganizationId", "TemplateURL", "Parameters", "InlineCode", "ImageUri"),
    ]
)
RESOURCE = st.fixed_dictionaries(
    {
        "Type": st.sampled_from(
            [
                *("AWS::Serverless::Function", "AWS::Lambda::Function", "AWS::Serverless::LayerVersion"),
                *("AWS::Lambda::LayerVersion", "AWS::Lambda::LayerVersionPermission", "AWS::CloudFormation::Stack"),
            ]
        ),
        "Properties": st.dictionaries(KEYS, VALUES, max_size=6),
    },
    optional={"Condition": VALUES, "DeletionPolicy": VALUES, "Metadata": st.dictionaries(KEYS, VALUES, max_size=1)},
)


# All examples of one run are written to the same folder, one after the other.
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["Api", "Deps", "Sub", "Fn::X"]), RESOURCE, min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(["Function", "LayerVersion"]), st.dictionaries(KEYS, VALUES, max_size=3)),
    VALUES,
)
def test_any_properties_give_jobs_and_findings(
    resources: dict[str, Any], common: dict[str, Any], exported: Any
) -> None:
    outputs = {"Out": {"Value": exported, "Export": {"Name": exported}}}
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Globals": common,
        "Resources": resources,
        "Outputs": outputs,
    }
    write(Path("."), {"t.json": json.dumps(template), "src/app.py": HANDLER, "layer/python/deps.py": "X = 1\n"})
    found = find("t.json")
    assert found is not None
    told = found.jobs(Options())
    assert told == found.jobs(Options())
    declared = sum(len(stack.functions) + len(stack.layers) for stack in found.stacks)
    with_own = [job for job in told if job.origin is not None]
    assert len(with_own) <= declared + 1
    for job in with_own:
        job.options.validate()
        assert job.source is not None or job.unchecked or job.faults or job.options.overrides
