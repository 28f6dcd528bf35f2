"""From a template to its functions, layers, permissions and exports. Reads no file: ``locate`` says where code is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..finding import Source, Unchecked
from .evaluate import Scope
from .globals import with_globals
from .model import Code, Export, Function, LayerVersion, Permission, Resource, Stack
from .nodes import Map, Seq
from .values import NO_VALUE, Attribute, Unknown, reason_of, shown

MAX_RESOURCES = 1_000
"""Of one stack; CloudFormation takes 500."""
FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
LAYERS = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")
PERMISSION = "AWS::Lambda::LayerVersionPermission"
STACKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
SERVERLESS = "AWS::Serverless-2016-10-31"

Locate = Callable[[Resource, Scope], Code]


def is_serverless(root: Mapping[str, Any]) -> bool:
    """Whether SAM's transform works on the template."""
    return SERVERLESS in _transforms(root)


def _transforms(root: Mapping[str, Any]) -> list[str]:
    found = root.get("Transform")
    names = found if isinstance(found, list) else [found]
    return [name if isinstance(name, str) else "Fn::Transform" for name in names if name is not None]


def read_stack(file: str, form: str, scope: Scope, locate: Locate, resources: list[Resource]) -> Stack:
    """What the stack of ``scope`` deploys, out of ``resources`` (see ``resources_of``)."""
    region = scope.ref("AWS::Region")
    return Stack(
        scope.stack,
        file,
        form,
        scope,
        tuple([_function(item, scope, locate) for item in resources if item.type in FUNCTIONS]),
        tuple([_layer(item, scope, locate) for item in resources if item.type in LAYERS]),
        tuple([_permission(item, scope) for item in resources if item.type == PERMISSION]),
        tuple(_exports(file, scope)),
        tuple(_unread(file, scope)),
        region if isinstance(region, str) else None,
    )


def resources_of(file: str, scope: Scope) -> Iterator[Resource]:
    """The resources whose condition is not known to be false, with SAM's globals in their properties."""
    for name, body in list(scope.resources.items())[:MAX_RESOURCES]:
        if not isinstance(body, Map) or not isinstance(body.get("Type"), str):
            continue
        condition = body.get("Condition")
        if isinstance(condition, str) and scope.holds(condition) is False:
            continue
        properties = body.get("Properties")
        properties = properties if isinstance(properties, Map) else Map(body.line)
        if is_serverless(scope.root):
            properties = with_globals(scope.root, body, properties)
        source = Source(file, scope.resources.line_of(name), name)
        yield Resource(scope.stack, name, body["Type"], source, body, properties)


def _unread(file: str, scope: Scope) -> Iterator[Unchecked]:
    for name in scope.resources:
        if name.startswith("Fn::"):
            line = scope.resources.line_of(name)
            yield Unchecked(f"{file}:{line}: the resources of {name}", "are made when it is deployed")
    for name in _transforms(scope.root):
        if name not in (SERVERLESS, "AWS::LanguageExtensions"):
            line = scope.root.line_of("Transform") if isinstance(scope.root, Map) else 1
            yield Unchecked(f"{file}:{line}: what {name} makes of the template", "is known only when it is deployed")
    if len(scope.resources) > MAX_RESOURCES:
        yield Unchecked(f"{file}: {len(scope.resources) - MAX_RESOURCES:,} resources", "there are too many of them")


def _function(item: Resource, scope: Scope, locate: Locate) -> Function:
    def get(key: str) -> Any:
        return _get(item, scope, key)

    environment = get("Environment")
    variables = environment.get("Variables") if isinstance(environment, dict) else environment
    return Function(
        item,
        runtime=_text(get("Runtime")),
        architectures=_texts(get("Architectures")) or ("x86_64",),
        handler=_text(get("Handler")),
        env=variables if isinstance(variables, dict) else {} if variables is None else {"*": variables},
        layers=tuple(_layers_of(get("Layers"))),
        code=locate(item, scope),
    )


def _layers_of(value: Any) -> list[Any]:
    if value is None:
        return []
    return [part for part in value if part is not None] if isinstance(value, list) else [value]


def _layer(item: Resource, scope: Scope, locate: Locate) -> LayerVersion:
    name = _get(item, scope, "LayerName")
    return LayerVersion(
        item,
        name if isinstance(name, str) else shown(name) if name is not None else None,
        _texts(_get(item, scope, "CompatibleRuntimes")),
        _texts(_get(item, scope, "CompatibleArchitectures")),
        locate(item, scope),
        _retained(item, scope),
    )


def _retained(item: Resource, scope: Scope) -> bool | None:
    """SAM retains by default; CloudFormation needs both policies (it replaces a version by deleting the old one)."""
    if item.type == "AWS::Serverless::LayerVersion":
        policy = _get(item, scope, "RetentionPolicy")
        return None if not isinstance(policy, str | None) else (policy or "Retain").lower() != "delete"
    found = [scope.value(item.body.get(key)) for key in ("DeletionPolicy", "UpdateReplacePolicy")]
    if any(isinstance(policy, (Unknown, Attribute)) for policy in found):
        return None
    keeping = ("Retain", "RetainExceptOnCreate")
    return found[0] in keeping and found[1] == "Retain"


def _permission(item: Resource, scope: Scope) -> Permission:
    get = [_get(item, scope, key) for key in ("LayerVersionArn", "Principal", "OrganizationId")]
    return Permission(item, *get)


def _exports(file: str, scope: Scope) -> Iterator[Export]:
    outputs = scope.root.get("Outputs")
    if not isinstance(outputs, Map):
        return
    for name, output in outputs.items():
        if not isinstance(output, Map) or not isinstance(output.get("Export"), Map):
            continue
        condition = output.get("Condition")
        if isinstance(condition, str) and scope.holds(condition) is False:
            continue
        exported = scope.value(output["Export"].get("Name"))
        yield Export(Source(file, outputs.line_of(name), None), name, exported, scope.value(output.get("Value")))


def _get(item: Resource, scope: Scope, key: str) -> Any:
    """A property worked out; None where it is not set."""
    if key not in item.properties:
        return None
    value = scope.value(item.properties[key])
    return None if value is NO_VALUE else value


def _text(value: Any) -> str | Unknown | None:
    if value is None or isinstance(value, (str, Unknown)):
        return value
    return Unknown(reason_of(value), shown(value))


def _texts(value: Any) -> tuple[str, ...] | Unknown:
    """A list of texts; Unknown when it, or one in it, is not known."""
    if value is None:
        return ()
    items = value if isinstance(value, (list, Seq)) else [value]
    for item in items:
        if not isinstance(item, str):
            return Unknown(reason_of(item), shown(value))
    return tuple(items)
