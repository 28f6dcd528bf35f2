"""The rules, one module a family. ``all_rules`` lists what is implemented."""

from . import (
    archive,
    binaries,
    bootstrap,
    bytecode,
    declared,
    distributions,
    dotnet,
    duplicates,
    handler,
    java,
    layout,
    linking,
    modes,
    opened,
    packed,
    php,
    programs,
    project,
    project_layers,
    python,
    removed,
    ruby,
    runtime_packages,
    shadowing,
    size,
    standard_library,
    symbols,
    unresolved,
    wheel_tags,
)
from .base import ArtifactView, Declared, Fault, Rule, Settings, StackView, Subject, TargetView, Unsure
from .shape import Shape, outline

_FAMILIES = (
    *(archive, layout, modes, size, binaries, linking, opened, symbols, shadowing),
    *(python, bytecode, removed, unresolved, wheel_tags, distributions, standard_library, runtime_packages, duplicates),
    *(packed, java, ruby, bootstrap, programs, handler, dotnet, php, declared, project, project_layers),
)
_ALL = tuple(sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: rule.id))


def all_rules() -> tuple[Rule, ...]:
    """Every rule that is implemented, sorted by id."""
    return _ALL


__all__ = [
    "ArtifactView",
    "Declared",
    "Fault",
    "Rule",
    "Settings",
    "Shape",
    "StackView",
    "Subject",
    "TargetView",
    "Unsure",
    "all_rules",
    "outline",
]
