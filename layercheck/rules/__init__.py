"""The rules, one module a family. ``all_rules`` lists what is implemented."""

from . import archive, binaries, bootstrap, layout, linking, modes, size
from .base import ArtifactView, Fault, Rule, Settings, StackView, Subject, TargetView
from .shape import Shape, outline

_ALL = tuple(
    sorted(
        (*archive.RULES, *layout.RULES, *modes.RULES, *size.RULES, *binaries.RULES, *linking.RULES, *bootstrap.RULES),
        key=lambda rule: rule.id,
    )
)


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
    "all_rules",
    "outline",
]
