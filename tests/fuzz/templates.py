"""The target ``templates``: any bytes as a template, or as one file of CDK's cloud assembly. Nothing is opened of what
they name as code, which could be any folder of the machine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from layercheck.check import Options
from layercheck.config import ConfigError
from layercheck.project import find
from support.project_recipes import load_projects

FILES = (
    "template.yaml",
    "template.json",
    "built/.aws-sam/build/template.yaml",
    "cdk.out/manifest.json",
    "cdk.out/Shop.assets.json",
    "cdk.out/Shop.template.json",
)
"""What the bytes are; the first of them says which."""
_GIVEN = {"AWS::Region": "eu-west-1"}
_ASSEMBLY = {
    "manifest.json": {
        "version": "48.0.0",
        "artifacts": {
            "A": {"type": "cdk:asset-manifest", "properties": {"file": "Shop.assets.json"}},
            "S": {
                "type": "aws:cloudformation:stack",
                "environment": "aws://1/eu-west-1",
                "properties": {"templateFile": "Shop.template.json"},
                "dependencies": ["A"],
            },
        },
    },
    "Shop.assets.json": {
        "files": {"a": {"source": {"path": "../src"}, "destinations": {"x": {"objectKey": "c0de.zip"}}}}
    },
    "Shop.template.json": {"Resources": {}},
}
_NESTED = """Parameters: {A: {Type: String}}
Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src, Layers: [!Ref A]}}}
Outputs: {O: {Value: !Ref F}}
"""
_EVERYTHING = """Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]
Parameters:
  Stage: {Type: String, Default: dev}
  Arns: {Type: CommaDelimitedList, Default: 'arn:aws:lambda:eu-west-1:1:layer:a:1, b'}
Globals:
  Function: {Runtime: python3.13, Layers: [!Ref Deps], Environment: {Variables: {A: b}}}
Conditions:
  Prod: !Or [!Equals [!Ref Stage, prod], !Not [!Condition Never], Fn::And: [{Condition: Never}, {Condition: Never}]]
  Never: !Equals [a, b]
Mappings: {M: {eu-west-1: {Arn: x}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: Prod
    Metadata: {layercheck: {ignore: [LC703], reason: it is kept elsewhere}}
    Properties:
      CodeUri: !Sub ['${Where}', {Where: src}]
      Handler: !Join ['.', [app, !Select [0, !Split [',', 'handler,x']]]]
      Architectures: [!If [Prod, arm64, x86_64]]
      Layers: [!FindInMap [M, !Ref AWS::Region, Arn], !GetAtt Inner.Outputs.O, !ImportValue other, !Ref Arns]
  Deps: {Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: layer, LayerName: !Sub 'deps-${Stage}'}}
  Share:
    Type: AWS::Lambda::LayerVersionPermission
    Properties: {LayerVersionArn: !Ref Deps, Principal: '*'}
  Inner: {Type: 'AWS::Serverless::Application', Properties: {Location: nested.yaml, Parameters: {A: !Ref Deps}}}
Outputs: {L: {Value: !Ref Deps, Export: {Name: !Sub '${AWS::StackName}-l'}}}
"""


@cache
def _folder() -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    """Code beside the templates; it lives as long as the process."""
    held = tempfile.TemporaryDirectory()
    folder = Path(held.name)
    for name in ("src", "layer", "cdk.out", "built/.aws-sam/build"):
        (folder / name).mkdir(parents=True)
    (folder / "src/app.py").write_text("def handler(event, context): ...\n")
    for near in ("nested.yaml", "built/.aws-sam/build/nested.yaml"):
        (folder / near).write_text(_NESTED)
    (folder / "cdk.out/cdk.out").write_text('{"version": "48.0.0"}')
    return folder, held


def templates(data: bytes) -> None:
    """From any bytes to what would be judged."""
    if not data:
        return
    folder, _ = _folder()
    name = FILES[data[0] % len(FILES)]
    for other, content in _ASSEMBLY.items() if name.startswith("cdk.out/") else ():
        (folder / "cdk.out" / other).write_text(json.dumps(content))
    (folder / name).write_bytes(data[1:])
    try:
        found = find(str(folder / name if not name.startswith("cdk.out/") else folder / "cdk.out"), _GIVEN)
        if found is not None:
            found.summary()
            for job in found.jobs(Options()):
                job.options.validate()
    except ConfigError:
        # Metadata of a resource is a part of the configuration, whose faults end the run with words.
        pass


def seeds() -> Iterator[bytes]:
    """Templates with everything that is read of one, and the projects of the corpus."""
    yield b"\0" + _EVERYTHING.encode()
    yield b"\2" + _EVERYTHING.encode()
    for name, content in _ASSEMBLY.items():
        yield bytes([FILES.index(f"cdk.out/{name}")]) + json.dumps(content).encode()
    yield b"\1" + b'{"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"Fn::Sub": "src"}}}}}'
    yield from dict.fromkeys(
        bytes([FILES.index(file.path)]) + file.data
        for case in load_projects()
        for file in case.files
        if file.path in FILES[:2] or (case.good and file.path in FILES and file.data.count(b"arn:"))
    )
