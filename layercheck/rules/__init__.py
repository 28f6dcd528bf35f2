"""The rules, one module a family. ``all_rules`` lists what is implemented."""

from . import archive, binaries, bootstrap, layout, linking, modes, packed, python, ruby, shadowing, size
from .base import ArtifactView, Fault, Rule, Settings, StackView, Subject, TargetView, Unknown
from .shape import Shape, outline

_FAMILIES = (archive, layout, modes, size, binaries, linking, shadowing, python, packed, ruby, bootstrap)
_ALL = tuple(sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: rule.id))


def all_rules() -> tuple[Rule, ...]:
    """Every rule that is implemented, sorted by id."""
    return _ALL


__all__ = [
    "ArtifactView",
    "Fault",
    "Rule",
    "Settings",
    "Shape",
    "StackView",
    "Subject",
    "TargetView",
    "Unknown",
    "all_rules",
    "outline",
]
