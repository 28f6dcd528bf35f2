"""Version needs: which nodes of a library its users ask for, and which of them it has (``dl-version.c``).

Membership decides. Of a library without any version definitions nothing is asked, of a missing one neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..elf.image import VER_FLG_WEAK
from ..environment.model import Named
from ..named_tuple import NamedTuple
from .behaviour import Behaviour
from .library import Library
from .model import MissingVersion

_RELR_NODE = "GLIBC_ABI_DT_RELR"


class Outcome(NamedTuple):
    """What one library has of the nodes that one requirer needs of it; all empty when everything is there."""

    missing: tuple[MissingVersion, ...] = ()
    weak: tuple[MissingVersion, ...] = ()
    unverified: tuple[MissingVersion, ...] = ()
    unversioned: tuple[tuple[str, str], ...] = ()


class Needs:
    """The version needs of one load, collected over its objects; ``error`` ended it."""

    __slots__ = ("error", "missing", "unverified", "unversioned", "weak")

    def __init__(self) -> None:
        self.missing: list[MissingVersion] = []
        self.weak: list[MissingVersion] = []
        self.unverified: list[MissingVersion] = []
        self.unversioned: list[tuple[str, str]] = []
        self.error: tuple[str, str] | None = None

    def check(
        self,
        requirer: Library,
        named: Callable[[str], Library | None],
        absent: Collection[str],
        known: dict[tuple[Library, Library, str], Outcome | None],
        behaviour: Behaviour,
    ) -> None:
        """Ask what ``requirer`` needs. ``named`` gives the library that was opened under a name, ``absent`` is not
        found; ``known`` keeps answers from one load to the next."""
        for name, nodes in requirer.verneed:
            if name in absent:
                continue
            library = named(name)
            if library is None:
                if self.error is None:
                    self.error = (requirer.path, f"its version table names {name}, which nothing loaded is called")
                continue
            key = (requirer, library, name)
            if key not in known:
                known[key] = _compare(requirer, library, name, nodes)
            outcome = known[key]
            if outcome is not None:
                self.missing += outcome.missing
                self.weak += outcome.weak
                self.unverified += outcome.unverified
                self.unversioned += outcome.unversioned
        if self.error is None and behaviour.relr_must_be_declared and _undeclared_relr(requirer):
            self.error = (requirer.path, f"DT_RELR without {_RELR_NODE} dependency")


def _compare(requirer: Library, library: Library, name: str, nodes: tuple[tuple[str, int], ...]) -> Outcome | None:
    """What ``library`` lacks; None when it has everything."""
    if library.image is not None and library.image.verdef is None:
        return Outcome(unversioned=((library.path, requirer.path),))
    missing: list[MissingVersion] = []
    weak: list[MissingVersion] = []
    unverified: list[MissingVersion] = []
    defined = library.defined
    for node, flags in nodes:
        if node in defined:
            continue
        state = library.file.state(node) if isinstance(library.file, Named) else "missing"
        fact = MissingVersion(name, library.path, node, requirer.path)
        if state == "missing":
            (weak if flags & VER_FLG_WEAK else missing).append(fact)
        elif state == "unverified" and not flags & VER_FLG_WEAK:
            unverified.append(fact)
    if not (missing or weak or unverified):
        return None
    return Outcome(tuple(missing), tuple(weak), tuple(unverified))


def _undeclared_relr(requirer: Library) -> bool:
    image = requirer.image
    return (
        image is not None
        and image.relr
        and any(name.startswith("libc.so.") for name in requirer.needed)
        and not any(node == _RELR_NODE for _, nodes in requirer.verneed for node, _ in nodes)
    )
