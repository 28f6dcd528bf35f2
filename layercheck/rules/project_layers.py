"""LC703 to LC708: what a project's templates say of layer versions, their lives, and who may use them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..finding import Severity
from .base import Fault, rule
from .project_view import AttachedLayer, DeclaredFunction, DeclaredLayer, ProjectView

_PART = r"(?:\$\{[^}]*\}|[^:$])*"
"""Between two colons of an ARN; ``${AWS::Region}`` is one part."""
_ARN = f"arn:{_PART}:lambda:(?P<region>{_PART}):{_PART}:layer:(?P<name>{_PART})(?::(?P<version>{_PART}))?"
_REGION = r"[a-z]{2,4}(-[a-z]+)+-\d"
_LAYER_VERSION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-layerversion.html"
_PERMISSION = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-layerversionpermission.html"
)
_RETAIN = {
    "sam": "RetentionPolicy: Retain",
    "cloudformation": "DeletionPolicy: Retain\nUpdateReplacePolicy: Retain",
    "cdk": "new lambda.LayerVersion(this, 'Layer', { removalPolicy: cdk.RemovalPolicy.RETAIN, … })",
}


@rule(
    "LC703",
    "layer-not-retained",
    Severity.WARNING,
    "project",
    what="A layer version is deleted when a new one replaces it.",
    why="Every change of a layer's content makes a new version, and CloudFormation then deletes the old one, unless it "
    "is told to retain it for deletion and for replacement. Functions that have it keep running, but it cannot be "
    "attached to another function, and a rollback that goes back to it fails. SAM retains by default.",
    fix="Set DeletionPolicy and UpdateReplacePolicy to Retain (SAM: RetentionPolicy: Retain; CDK: "
    "RemovalPolicy.RETAIN).",
    example="Type: AWS::Lambda::LayerVersion without UpdateReplacePolicy",
    sources=(
        _LAYER_VERSION,
        "https://github.com/aws/aws-cdk/issues/12718",
        "https://github.com/serverless/serverless/issues/6769",
    ),
)
def LAYER_NOT_RETAINED(view: ProjectView) -> Iterator[Fault]:
    for layer in view.layers:
        if layer.retained is False:
            yield Fault(
                f"layer {layer.title}: the next version deletes this one, which can then neither be attached nor be "
                "rolled back to",
                fix=_RETAIN[layer.form],
                source=layer.source,
            )


@rule(
    "LC704",
    "mixed-layer-versions",
    Severity.WARNING,
    "project",
    what="Functions of one project use several versions of one layer.",
    why="An upgrade that missed some functions: they run another version of the same code, and what one of them proves "
    "says nothing about the others.",
    fix="Give the ARN once: as a parameter, a mapping, or in Globals.",
    example="arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV2:59 beside …:60",
    sources=("AWS Lambda developer guide, layer versions", "AWS SAM developer guide, Globals section"),
)
def MIXED_LAYER_VERSIONS(view: ProjectView) -> Iterator[Fault]:
    uses: dict[str, dict[str, list[tuple[DeclaredFunction, AttachedLayer]]]] = {}
    for function in view.functions:
        for layer in function.layers:
            match = re.fullmatch(_ARN, layer.arn)
            if match is not None and (match["version"] or "").isdecimal():
                name = layer.arn.rpartition(":")[0]
                uses.setdefault(name, {}).setdefault(match["version"], []).append((function, layer))
    for name, versions in sorted(uses.items()):
        if len(versions) > 1:
            ordered = sorted(versions, key=lambda version: (len(version), version))
            parts = [f"{version} ({_titles(versions[version])})" for version in ordered]
            yield Fault(
                f"several versions of {name}: {', '.join(parts)}",
                fix=f"Use {name}:{ordered[-1]} everywhere.",
                details={"layer": name, "versions": {v: [f.title for f, _ in versions[v]] for v in ordered}},
                source=versions[ordered[0]][0][1].source,
            )


def _titles(uses: list[tuple[DeclaredFunction, AttachedLayer]]) -> str:
    names = list(dict.fromkeys(function.title for function, _ in uses))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@rule(
    "LC705",
    "public-layer",
    Severity.WARNING,
    "project",
    what="A permission opens a layer version to everyone.",
    why="Principal '*' without an organization lets any AWS account in the world download the layer: its code, and "
    "what was packed with it by mistake.",
    fix="Name the accounts that may use it, or set OrganizationId beside the principal '*'.",
    example="Principal: '*'",
    sources=(_PERMISSION, "AWS Lambda developer guide, granting layer access to other accounts"),
)
def PUBLIC_LAYER(view: ProjectView) -> Iterator[Fault]:
    for permission in view.permissions:
        if permission.principal == "*" and not permission.limited:
            yield Fault(
                f"permission {permission.title}: any AWS account may use the layer and download its content",
                fix="OrganizationId: o-…",
                source=permission.source,
            )


@rule(
    "LC706",
    "layer-arn-exported",
    Severity.WARNING,
    "project",
    what="The ARN of a layer version is a stack export.",
    why="CloudFormation refuses to change an export while another stack imports it: 'Cannot update export … as it is "
    "in use by …'. Every change of the layer changes its ARN, so that no new version can be deployed.",
    fix="Hand the ARN over by a parameter of the parameter store, or deploy both in one stack.",
    example="Outputs: {Layer: {Value: !Ref Layer, Export: {Name: layer}}}",
    sources=(
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
        "https://github.com/aws/aws-cdk/issues/1972",
    ),
)
def LAYER_ARN_EXPORTED(view: ProjectView) -> Iterator[Fault]:
    for export in view.exports:
        yield Fault(
            f"export {export.name} is the ARN of layer {export.layer}: while another stack imports it, the layer's "
            "next version cannot be deployed",
            source=export.source,
        )


@rule(
    "LC707",
    "layer-version-not-shared",
    Severity.WARNING,
    "project",
    what="A permission names a fixed version of a layer of which this project makes new ones.",
    why="Permissions are per version. The next version has none, and accounts that could use the layer are refused "
    "with 'not authorized to perform: lambda:GetLayerVersion'.",
    fix="Refer to the layer of the template (LayerVersionArn: !Ref Layer), so that each version gets its permission.",
    example="LayerVersionArn: arn:aws:lambda:eu-west-1:123456789012:layer:deps:4",
    sources=(_PERMISSION, "AWS Lambda developer guide, granting layer access to other accounts"),
)
def LAYER_VERSION_NOT_SHARED(view: ProjectView) -> Iterator[Fault]:
    made = {layer.name: layer for layer in view.layers if layer.name is not None}
    for permission in view.permissions:
        match = re.fullmatch(_ARN, permission.arn or "")
        if match is not None and match["name"] in made and (match["version"] or "").isdecimal():
            yield Fault(
                f"permission {permission.title}: it is for version {match['version']} of {match['name']} only; the "
                "version that this project makes has none",
                fix=_shared(made[match["name"]]),
                source=permission.arn_source,
            )


def _shared(layer: DeclaredLayer) -> str:
    if layer.form == "cdk":
        return "layer.addPermission('Share', { accountId: '…' })"
    return f"LayerVersionArn: !Ref {layer.title}"


@rule(
    "LC708",
    "layer-other-region",
    Severity.ERROR,
    "project",
    what="A function names a layer of another region than its own.",
    why="A layer can be attached in its own region only: 'Layers are not in the same region as the function', or, for "
    "another account's layer, 'not authorized to perform: lambda:GetLayerVersion'.",
    fix="Write ${AWS::Region} in the ARN (!Sub), or look it up in a mapping by region.",
    example="Layers: ['arn:aws:lambda:us-east-1:…:layer:deps:3'] in a stack for eu-west-1",
    sources=(
        "https://github.com/aws-samples/sample-serverless-mcp-servers/issues/19",
        "https://github.com/open-telemetry/opentelemetry-lambda/issues/12",
    ),
)
def LAYER_OTHER_REGION(view: ProjectView) -> Iterator[Fault]:
    regions: dict[str, set[str]] = {}
    for function in view.functions:
        if function.certain:
            regions.setdefault(function.stack, set()).update(_regions(function))
    for function in view.functions:
        # What may be deployed in some regions only says nothing about what may be deployed in others.
        together = sorted(regions[function.stack] if function.certain else _regions(function))
        for layer in function.layers:
            region = _region(layer)
            if region is None:
                continue
            if function.region is not None and region != function.region:
                told = f"it is deployed to {function.region}, and its layer {layer.arn} is in {region}"
                yield Fault(f"function {function.title}: {told}", details=_where(layer, region), source=layer.source)
            # One region is taken for the stack's, so that only what differs from it is told.
            elif function.region is None and region != together[0]:
                others = ", ".join([other for other in together if other != region])
                told = f"its layer {layer.arn} is in {region}, other layers of the same stack are in {others}"
                yield Fault(f"function {function.title}: {told}", details=_where(layer, region), source=layer.source)


def _regions(function: DeclaredFunction) -> set[str]:
    return {region for region in map(_region, function.layers) if region is not None}


def _where(layer: AttachedLayer, region: str) -> dict[str, str]:
    return {"layer": layer.arn, "region": region}


def _region(layer: AttachedLayer) -> str | None:
    match = re.fullmatch(_ARN, layer.arn)
    return match["region"] if match is not None and re.fullmatch(_REGION, match["region"]) else None


RULES = (
    LAYER_NOT_RETAINED,
    MIXED_LAYER_VERSIONS,
    PUBLIC_LAYER,
    LAYER_ARN_EXPORTED,
    LAYER_VERSION_NOT_SHARED,
    LAYER_OTHER_REGION,
)
