"""What a rebuild changed for the loader: libraries and versions that are needed, and those that are brought along."""

from __future__ import annotations

import re

from ..artifact import Artifact
from ..elf import ElfImage, machine_name
from ..named_tuple import NamedTuple

_HASH = r"-[0-9a-f]{8,}(?=[.-]|$)"
"""What auditwheel puts into the names of the libraries that it brings into a wheel: another in each build."""


class Libraries(NamedTuple):
    """Of all ELF files of one artifact: the names that are needed and not brought along, the (library, version) pairs
    that are needed of these, the names that are brought along (without the hashes of wheels), the architectures."""

    needed: frozenset[str]
    versions: frozenset[tuple[str, str]]
    provided: frozenset[str]
    architectures: frozenset[str]


class LibraryChanges(NamedTuple):
    """What is needed or provided now and was not before (``new``), and the reverse (``gone``); each sorted."""

    needed_new: tuple[str, ...]
    needed_gone: tuple[str, ...]
    versions_new: tuple[tuple[str, str], ...]
    versions_gone: tuple[tuple[str, str], ...]
    provided_new: tuple[str, ...]
    provided_gone: tuple[str, ...]
    architectures_new: tuple[str, ...]
    architectures_gone: tuple[str, ...]


def libraries_of(artifact: Artifact) -> Libraries:
    """What the ELF files of an artifact need and provide. A weak version is needed too: it is what the linker saw."""
    needed: set[str] = set()
    versions: set[tuple[str, str]] = set()
    provided: set[str] = set()
    architectures: set[str] = set()
    for path, fact in artifact.facts.items():
        image = fact.elf
        if not isinstance(image, ElfImage) or image.type not in (2, 3):
            continue
        architectures.add(machine_name(image.machine, image.bits))
        needed.update(image.needed)
        versions.update((library, node) for library, nodes in image.verneed for node, _ in nodes)
        name = path[path.rfind("/") + 1 :]
        if image.soname or name.startswith("lib"):
            provided |= {image.soname or name, name}
    return Libraries(
        frozenset(needed - provided),
        frozenset([pair for pair in versions if pair[0] not in provided]),
        frozenset([re.sub(_HASH, "", name) for name in provided]),
        frozenset(architectures),
    )


def compare_libraries(old: Libraries, new: Libraries) -> LibraryChanges:
    """What came and what went."""
    return LibraryChanges(
        tuple(sorted(new.needed - old.needed)),
        tuple(sorted(old.needed - new.needed)),
        tuple(sorted(new.versions - old.versions, key=_order)),
        tuple(sorted(old.versions - new.versions, key=_order)),
        tuple(sorted(new.provided - old.provided)),
        tuple(sorted(old.provided - new.provided)),
        tuple(sorted(new.architectures - old.architectures)),
        tuple(sorted(old.architectures - new.architectures)),
    )


def _order(pair: tuple[str, str]) -> tuple[object, ...]:
    """GLIBC_2.2.5 before GLIBC_2.10. Numbers of at most nine digits: a hostile name may have thousands."""
    return pair[0], [(int(part), "") if part.isdecimal() else (-1, part) for part in _parts(pair[1])], pair[1]


def _parts(version: str) -> list[str]:
    return re.findall(r"[0-9]{1,9}|[^0-9]+", version)
