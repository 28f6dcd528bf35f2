"""What is known of one Python module: what it imports, uses and defines, and when it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..named_tuple import NamedTuple

IMPORT, MISSING, ATTRIBUTE = "ImportError", "ModuleNotFoundError", "AttributeError"
_LAST_PATCH = 99


class Version(NamedTuple):
    """``sys.version_info`` compared with a tuple, as in ``>= (3, 8)``; ``cut``: only as many parts as that has."""

    operator: str
    value: tuple[int, ...]
    cut: bool = False

    def holds(self, version: tuple[int, int]) -> bool:
        """Whether it is so on a Python (3, 12); of its patch releases on the last."""
        mine = version[: len(self.value)] if self.cut else (*version, _LAST_PATCH)
        return {
            ">=": mine >= self.value,
            "<": mine < self.value,
            ">": mine > self.value,
            "<=": mine <= self.value,
            "==": mine == self.value,
            "!=": mine != self.value,
        }[self.operator]


def holds(versions: Sequence[Version], version: tuple[int, int]) -> bool:
    """Whether all hold on a Python (3, 12)."""
    return all(item.holds(version) for item in versions)


class Where(NamedTuple):
    """When a piece of code runs.

    ``function`` is the outermost function around it, empty for what importing the module runs. ``catches``: exceptions
    after which the module goes on; ``after``: those without which only it comes here. ``versions`` must all hold of the
    Python that runs it. ``names`` are those in other conditions around it; "" stands for one without names.
    """

    function: str = ""
    catches: frozenset[str] = frozenset()
    versions: tuple[Version, ...] = ()
    names: frozenset[str] = frozenset()
    never: bool = False
    after: frozenset[str] = frozenset()

    def runs(self, version: tuple[int, int]) -> bool:
        """Whether importing the module surely runs this on a Python (3, 12)."""
        return not self.function and not self.names and not self.never and holds(self.versions, version)


class Import(NamedTuple):
    """``import module`` (no ``names``) or ``from module import names``; a relative module begins with its dots."""

    module: str
    names: tuple[str, ...]
    line: int
    where: Where


class Use(NamedTuple):
    """An attribute of an imported module, as the dotted name that it has there: collections.Mapping."""

    name: str
    line: int
    where: Where


class Code(NamedTuple):
    """``defined`` are the names bound at the top level, ``classes`` those of classes, ``exported`` is a literal
    ``__all__``. ``dynamic``: names may come from elsewhere besides. ``patched`` are attributes of imported modules that
    are set; ``sys.modules`` if that is touched. ``taken`` are the names that one import at the top level binds, and
    nothing else, with the module and the name there. ``guards`` has for an exception the names that are set where a try
    statement goes on after it, by its handlers and its end.
    """

    imports: tuple[Import, ...]
    uses: tuple[Use, ...]
    defined: frozenset[str]
    classes: frozenset[str]
    exported: frozenset[str] | None
    dynamic: bool
    patched: frozenset[str]
    guards: Mapping[str, frozenset[str]]
    taken: Mapping[str, tuple[str, str]]
