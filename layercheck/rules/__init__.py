"""The rules, one module a family. ``all_rules`` lists what is implemented."""

from functools import cache

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
    *(packed, java, ruby, bootstrap, programs, handler, dotnet, php, declared),
)
_JUDGING = tuple(sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: rule.id))


def judging_rules() -> tuple[Rule, ...]:
    """The rules about artifacts and what runs, sorted by id: all but those of scope ``project``."""
    return _JUDGING


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule that is implemented, sorted by id."""
    from . import project, project_layers

    return tuple(sorted((*_JUDGING, *project.RULES, *project_layers.RULES), key=lambda rule: rule.id))


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
    "judging_rules",
    "outline",
]
