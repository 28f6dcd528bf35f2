"""From templates to what is judged: targets, layers in order, what is open, what is left unchecked and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from layercheck.check import Absent, Options
from layercheck.check.job import Job
from layercheck.finding import Source
from layercheck.project import find
from templates.made import HANDLER, SAM, project, report, write

HEAD = SAM + "Resources:\n"
API = "  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: src\n      Handler: app.handler\n"
DEPS = "  Deps: {Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: layer}}\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def jobs(
    folder: Path,
    template: str,
    files: dict[str, str | bytes] | None = None,
    options: Options | None = None,
    **given: str,
) -> list[Job]:
    return project(folder, template, files, **given).jobs(options or Options())


def notes(found: list[Job]) -> list[tuple[str, str]]:
    return [(note.what, note.why) for job in found for note in job.unchecked]


def test_a_function_is_judged_with_what_it_declares(tmp_path: Path) -> None:
    more = "      Runtime: python3.13\n      Architectures: [arm64]\n      Environment: {Variables: {A: b, N: 1}}\n"
    (job,) = jobs(tmp_path, HEAD + API + more)
    assert (job.source, job.origin) == ("src", Source("template.yaml", 3, "Api"))
    wanted = job.options
    assert (wanted.kind, wanted.runtimes, wanted.architectures) == ("function", ("python3.13",), ("arm64",))
    assert (wanted.handler, wanted.env, wanted.layers) == ("app.handler", {"A": "b", "N": "1"}, ())
    assert wanted.packager == "sam"


def test_globals_come_first_and_a_resource_beats_them(tmp_path: Path) -> None:
    template = (
        SAM
        + """Globals:
  Function:
    Runtime: python3.12
    Architectures: [arm64]
    Layers: [!Ref Deps]
    Environment: {Variables: {A: common, B: common}}
Resources:
"""
        + DEPS
        + API
        + "      Runtime: python3.13\n      Layers: ['arn:aws:lambda:eu-west-1:1:layer:x:1']\n"
        + "      Environment: {Variables: {B: own}}\n"
        + API.replace("Api", "Other").replace("    Properties", "    IgnoreGlobals: [Layers]\n    Properties")
    )
    api, other = [job for job in jobs(tmp_path, template) if job.options.kind == "function"]
    assert (api.options.runtimes, api.options.architectures) == (("python3.13",), ("arm64",))
    assert api.options.layers == ("layer", Absent("arn:aws:lambda:eu-west-1:1:layer:x:1"))
    assert api.options.env == {"A": "common", "B": "own"}
    assert (other.options.runtimes, other.options.layers) == (("python3.12",), ())


def test_the_architecture_of_a_function_is_not_joined_with_that_of_the_globals(tmp_path: Path) -> None:
    # As SAM does it (samtranslator, plugins/globals: Function.Architectures is replaced).
    template = SAM + "Globals: {Function: {Runtime: python3.13, Architectures: [arm64]}}\nResources:\n"
    own, common = jobs(tmp_path, template + API + "      Architectures: [x86_64]\n" + API.replace("Api", "Other"))
    assert own.options.architectures == ("x86_64",)
    assert common.options.architectures == ("arm64",)


def test_values_that_set_gives(tmp_path: Path) -> None:
    template = "Parameters: {Python: {Type: String}}\n" + HEAD + API + "      Runtime: !Sub 'python${Python}'\n"
    (job,) = jobs(tmp_path, template)
    assert job.source is None
    assert notes([job]) == [
        (
            "template.yaml:4: function Api",
            "its runtime is not known: parameter Python has no default (see --set) (-r gives one)",
        )
    ]
    (job,) = jobs(tmp_path, template, Python="3.12")
    assert job.options.runtimes == ("python3.12",)
    (job,) = jobs(tmp_path, template, options=Options(runtimes=("python3.11",)))
    assert job.options.runtimes == ("python3.11",)


def test_a_parameter_that_no_template_has(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--set Pyton: the template has no such parameter; did you mean Python"):
        jobs(tmp_path, "Parameters: {Python: {Type: String}}\n" + HEAD + API, Pyton="3.12")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("[!Ref Deps]", ("layer",)),
        ("!Ref Deps", ("layer",)),
        ("[!Sub '${Deps}']", ("layer",)),
        ("!If [Never, [!Ref Deps], !Ref AWS::NoValue]", ()),
        ("[!If [Never, !Ref Deps, !Ref AWS::NoValue], !Ref Deps]", ("layer",)),
        (
            "[!Sub 'arn:aws:lambda:${AWS::Region}:1:layer:x:1']",
            (Absent("arn:aws:lambda:${AWS::Region}:1:layer:x:1"),),
        ),
        ("[!Ref Gone]", (Absent("${Gone} (nothing in the template is called Gone)"),)),
        ("!Ref Arns", (Absent("${Arns} (parameter Arns has no default (see --set))"),)),
        ("!Split [',', 'arn:a,arn:b']", (Absent("arn:a"), Absent("arn:b"))),
    ],
)
def test_layers_in_order(tmp_path: Path, layers: str, expected: tuple[object, ...]) -> None:
    head = "Parameters: {Arns: {Type: CommaDelimitedList}}\nConditions: {Never: !Equals [a, b]}\n" + HEAD
    found = jobs(tmp_path, head + DEPS + API + f"      Runtime: python3.13\n      Layers: {layers}\n")
    assert next(job.options.layers for job in found if job.options.kind == "function") == expected


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ("{InlineCode: 'x', Runtime: python3.13}", "its code is inline in the template"),
        ("{CodeUri: 's3://b/k', Runtime: python3.13}", "its code lies in S3"),
        ("{CodeUri: {Bucket: b, Key: !Ref Key}}", "its code lies in S3 (b/${Key})"),
        ("{PackageType: Image, ImageUri: x}", "its code is a container image"),
        ("{Runtime: python3.13}", "it has no CodeUri"),
        ("{CodeUri: !Ref Key}", "its CodeUri is not known: parameter Key has no default (see --set)"),
        (
            "{CodeUri: src/app.py}",
            "its CodeUri is one file, which becomes a zip when it is packaged, without its execute bit",
        ),
        ("{CodeUri: /}", "its CodeUri is the root of the file system"),
        ("{CodeUri: nowhere}", "its CodeUri names nowhere, which is not there"),
        ("{CodeUri: 'a\\0b'}", "its CodeUri"),
        ("{CodeUri: src}", "it states no runtime (-r gives one)"),
        ("{CodeUri: src, Runtime: python9.9}", "its runtime 'python9.9' is not a Lambda runtime"),
        ("{CodeUri: src, Runtime: python3.13, Architectures: [riscv]}", "'riscv' is not an architecture"),
    ],
)
def test_what_is_not_judged_says_why(tmp_path: Path, properties: str, why: str) -> None:
    head = "Parameters: {Key: {Type: String}}\n" + HEAD
    text = (
        head
        + "  Api:\n    Type: AWS::Serverless::Function\n    Properties: "
        + properties.replace("'a\\0b'", '"a\\0b"')
    )
    (job,) = jobs(tmp_path, text + "\n")
    assert job.source is None
    ((what, told),) = notes([job])
    assert what == "template.yaml:4: function Api"
    assert told.startswith(why)


@pytest.mark.parametrize(
    ("files", "built"),
    [
        ({"src/requirements.txt": "six\n"}, False),
        ({"src/requirements.txt": "# nothing\n\n"}, True),
        ({"src/requirements.txt": "six\n", "src/six-1.0.dist-info/METADATA": ""}, True),
        ({"src/package.json": '{"dependencies": {"ms": "1"}}'}, False),
        ({"src/package.json": '{"dependencies": {"ms": "1"}}', "src/node_modules/ms/index.js": ""}, True),
        ({"src/package.json": '{"type": "module"}'}, True),
        ({"src/package.json": "{"}, True),
        ({"src/pyproject.toml": '[project]\ndependencies = ["six"]\n'}, False),
        ({"src/pyproject.toml": "[tool.ruff]\n"}, True),
        ({"src/Gemfile": ""}, False),
        ({"src/go.mod": ""}, False),
        ({"src/Api.csproj": ""}, False),
    ],
)
def test_a_source_that_is_not_built_is_not_judged_as_if_it_were(
    tmp_path: Path, files: dict[str, str | bytes], built: bool
) -> None:
    (job,) = jobs(tmp_path, HEAD + API + "      Runtime: python3.13\n", files)
    assert (job.source == "src") is built
    assert built or "run 'sam build'" in notes([job])[0][1]


def test_a_build_method_means_that_it_is_not_built(tmp_path: Path) -> None:
    text = HEAD + DEPS.replace("Properties", "Metadata: {BuildMethod: python3.13}, Properties")
    assert "not built (BuildMethod python3.13)" in notes(jobs(tmp_path, text))[0][1]


def test_a_plain_cloudformation_template_is_packaged_as_it_is(tmp_path: Path) -> None:
    text = API.replace("Serverless", "Lambda").replace("CodeUri", "Code") + "      Runtime: python3.13\n"
    (job,) = jobs(tmp_path, "Resources:\n" + text, {"src/requirements.txt": "six\n"})
    assert job.source == "src"


def test_what_a_layer_declares_is_what_it_is_judged_on(tmp_path: Path) -> None:
    more = "CompatibleRuntimes: [python3.12, python3.13, cobol], CompatibleArchitectures: [arm64], ContentUri"
    (job,) = jobs(tmp_path, HEAD + DEPS.replace("ContentUri", more))
    assert (job.options.kind, job.options.runtimes) == ("layer", ("python3.12", "python3.13"))
    assert job.options.architectures == ("arm64",)
    assert "'cobol' is not a Lambda runtime" in notes([job])[0][1]


def test_a_layer_that_declares_nothing_is_judged_with_its_function(tmp_path: Path) -> None:
    used = HEAD + DEPS + API + "      Runtime: python3.13\n      Layers: [!Ref Deps]\n"
    assert [job.source for job in jobs(tmp_path, used)] == ["src"]
    assert [job.source for job in jobs(tmp_path, HEAD + DEPS)] == ["layer"]


def test_conditions_decide_what_is_deployed(tmp_path: Path) -> None:
    head = "Parameters: {S: {Type: String, Default: dev}}\nConditions: {Prod: !Equals [!Ref S, prod]}\n" + HEAD
    text = head + API.replace("    Properties", "    Condition: Prod\n    Properties") + "      Runtime: python3.13\n"
    assert jobs(tmp_path, text) == []
    assert [job.source for job in jobs(tmp_path, text, S="prod")] == ["src"]


def test_nested_templates_get_what_is_passed_and_give_back_outputs(tmp_path: Path) -> None:
    inner = SAM + "Parameters: {Arn: {Type: String}}\nResources:\n" + API.replace("src", "../src")
    inner += "      Runtime: python3.13\n      Layers: [!Ref Arn]\nOutputs: {Passed: {Value: !Ref Arn}}\n"
    outer = (
        HEAD
        + DEPS
        + "  Sub:\n    Type: AWS::Serverless::Application\n"
        + "    Properties: {Location: sub/t.yaml, Parameters: {Arn: !Ref Deps}}\n"
        + API
        + "      Runtime: python3.13\n      Layers: [!GetAtt Sub.Outputs.Passed]\n"
    )
    found = jobs(tmp_path, outer, {"sub/t.yaml": inner})
    assert [(job.source, job.options.layers, job.origin and job.origin.file) for job in found] == [
        ("src", ("layer",), "template.yaml"),
        ("src", ("layer",), "sub/t.yaml"),
    ]


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("template.yaml", "nests itself"),
        ("gone.yaml", "cannot be read: No such file"),
        ("'https://x/y'", "its template is not at hand: its Location is https://x/y"),
        ("{ApplicationId: x, SemanticVersion: 1}", "its template is not at hand"),
        ("!Ref X", "nothing in the template is called X"),
    ],
)
def test_nested_templates_that_are_not_followed_say_why(tmp_path: Path, location: str, why: str) -> None:
    text = HEAD + f"  Sub: {{Type: 'AWS::Serverless::Application', Properties: {{Location: {location}}}}}\n"
    ((what, told),) = notes(jobs(tmp_path, text))
    assert what == "template.yaml:3: the stack Sub"
    assert why in told


def test_macros_and_loops_are_told(tmp_path: Path) -> None:
    text = "Transform: [AWS::Serverless-2016-10-31, Mine]\nResources:\n  Fn::ForEach::X: [a, [b], {}]\n" + API
    found = notes(jobs(tmp_path, text + "      Runtime: python3.13\n"))
    assert found == [
        ("template.yaml:3: the resources of Fn::ForEach::X", "are made when it is deployed"),
        ("template.yaml:1: what Mine makes of the template", "is known only when it is deployed"),
    ]


def test_findings_and_targets_know_their_resource(tmp_path: Path) -> None:
    text = HEAD + API.replace("app.handler", "app.gone") + "      Runtime: python3.13\n"
    told = report(project(tmp_path, text))
    (finding,) = [f for f in told.findings if f.rule == "LC571"]
    assert finding.source == told.targets[0].source == Source("template.yaml", 3, "Api")
    assert told.exit_code == 1


def test_metadata_of_a_resource_decides_about_its_findings(tmp_path: Path) -> None:
    decided = "    Metadata: {layercheck: {ignore: [LC571]}}\n    Properties"
    text = HEAD + API.replace("app.handler", "app.gone").replace("    Properties", decided)
    told = report(project(tmp_path, text + "      Runtime: python3.13\n" + API.replace("Api", "Other")))
    assert [f.rule for f in told.findings] == []
    assert [(s.finding.rule, s.by) for s in told.suppressed] == [("LC571", "ignore")]


def test_wrong_metadata_names_the_resource(tmp_path: Path) -> None:
    text = HEAD + API.replace("    Properties", "    Metadata: {layercheck: {ignored: [LC571]}}\n    Properties")
    with pytest.raises(ValueError, match=r"template.yaml:3.*Api.*ignored"):
        jobs(tmp_path, text + "      Runtime: python3.13\n")


class TestFind:
    def test_what_is_no_project(self, tmp_path: Path) -> None:
        write(tmp_path, {"dir/app.py": HANDLER, "x.json": '{"a": 1}', "x.yaml": b"PK\x03\x04", "x.zip": "x"})
        assert [find(name) for name in ("dir", "x.json", "x.yaml", "x.zip", "gone.yaml")] == [None] * 5

    def test_a_build_comes_before_its_source(self, tmp_path: Path) -> None:
        write(tmp_path, {".aws-sam/build/template.yaml": HEAD + API, ".aws-sam/build/src/app.py": HANDLER})
        write(tmp_path, {"template.yaml": HEAD + API, "src/app.py": HANDLER})
        names = [find(name) for name in (".", ".aws-sam/build", "template.yaml")]
        assert [found and found.file for found in names] == [
            ".aws-sam/build/template.yaml",
            ".aws-sam/build/template.yaml",
            "template.yaml",
        ]

    def test_a_template_that_was_copied_into_a_package_makes_no_project(self, tmp_path: Path) -> None:
        built = API.replace("    Properties", "    Metadata: {SamResourceId: Api}\n    Properties")
        write(
            tmp_path, {".aws-sam/build/Api/template.yaml": HEAD + API, ".aws-sam/build/Sub/template.yaml": HEAD + built}
        )
        assert find(".aws-sam/build/Api") is None
        assert find(".aws-sam/build/Sub") is not None

    def test_json_templates(self, tmp_path: Path) -> None:
        write(tmp_path, {"template.json": '{"Resources": {"A": {"Type": "X"}}}'})
        found = find("template.json")
        assert found is not None
        assert found.form == "cloudformation"


class TestHostile:
    def test_values_of_the_wrong_kind_are_notes_and_nothing_more(self, tmp_path: Path) -> None:
        write(tmp_path, {"t.json": WRONG_KINDS})
        found = find("t.json")
        assert found is not None
        told = report(found)
        whats = {note.what.rpartition(" ")[2] for note in told.unchecked}
        assert {"F", "H", "S", "S2"} <= whats
        assert [target.id for target in told.targets] == []

    def test_maps_that_find_themselves_end(self, tmp_path: Path) -> None:
        text = "Mappings: {M: {x: {y: !FindInMap [M, x, y]}}}\n" + HEAD
        (job,) = jobs(
            tmp_path, text + API.replace("app.handler", "!FindInMap [M, x, y]") + "      Runtime: python3.13\n"
        )
        assert job.options.handler is None
        assert ("template.yaml:4: Api: its handler", "it is nested more than 60 deep") in notes([job])

    def test_more_resources_than_any_stack_has(self, tmp_path: Path) -> None:
        text = "Resources:\n" + "".join(f"  F{n}: {{Type: X}}\n" for n in range(1005))
        assert ("template.yaml: 5 resources", "there are too many of them") in notes(jobs(tmp_path, text))

    def test_outputs_that_lead_in_circles_end(self, tmp_path: Path) -> None:
        inner = "Parameters: {P: {Type: String}}\nResources: {A: {Type: X}}\nOutputs: {V: {Value: !Ref P}}\n"
        outer = (
            HEAD
            + API
            + "      Runtime: python3.13\n      Layers: [!GetAtt S.Outputs.V]\n"
            + "  S:\n    Type: AWS::CloudFormation::Stack\n"
            + "    Properties: {TemplateURL: s.yaml, Parameters: {P: !GetAtt S.Outputs.V}}\n"
        )
        (job,) = jobs(tmp_path, outer, {"s.yaml": inner})
        assert job.options.layers == (Absent("${S.Outputs.V}"),)


WRONG_KINDS = r"""{"Resources": {
"F": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": [], "Handler": {}, "Layers": {"a": "b"},
  "Environment": "x", "Architectures": {"Ref": "z"}, "Code": ["a"]}},
"G": [],
"H": {"Type": "AWS::Lambda::LayerVersion", "Properties": []},
"P": {"Type": "AWS::Lambda::LayerVersionPermission"},
"Q": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.13", "Code": "\ud800"}},
"S": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "\u0000", "Parameters": "x"}},
"S2": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "\ud800"}}},
"Outputs": {"a": {"Value": {"Ref": "H"}, "Export": {"Name": ["x"]}}, "b": []},
"Conditions": [], "Parameters": {"a": "b"}, "Mappings": "x", "Transform": {"Name": "x"}, "Globals": {"Function": "x"}}
"""
