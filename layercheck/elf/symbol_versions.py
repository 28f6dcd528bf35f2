"""The version tables by index, as the symbols of a file refer to them (LSB core specification, symbol versioning)."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

from ..named_tuple import NamedTuple
from .image import VER_FLG_BASE
from .layout import Format

MAX_ENTRIES = 16_384
"""Entries of both tables together, with their auxiliary entries."""
_INDEX = 0x7FFF
Table = tuple[bytes, int]
"""The bytes of a version table, and how many entries the dynamic section says that it has."""


class OutOfTable(Exception):
    """Something lies outside its table, or exceeds a bound."""


class Node(NamedTuple):
    """A version; ``file`` is the library that it is needed of, None for one that the file defines itself."""

    file: str | None
    name: str | None


def read_nodes(fmt: Format, needs: Table, definitions: Table, name: Callable[[int], str]) -> dict[int, Node]:
    """The nodes of both tables by version index, but for the base entry. Raises OutOfTable."""
    nodes: dict[int, Node] = {}
    read = _Entries()
    (data, count), at = needs, 0
    for _ in range(count):
        _, aux_count, file_at, aux, following = read(fmt.verneed, data, at)
        aux_at = at + aux
        for _ in range(aux_count):
            _, _, index, name_at, next_aux = read(fmt.vernaux, data, aux_at)
            nodes[index & _INDEX] = Node(name(file_at), name(name_at))
            if not next_aux:
                break
            aux_at += next_aux
        if not following:
            break
        at += following
    (data, count), at = definitions, 0
    for _ in range(count):
        _, flags, index, aux_count, _, aux, following = read(fmt.verdef, data, at)
        if aux_count and not flags & VER_FLG_BASE:
            nodes[index & _INDEX] = Node(None, name(read(fmt.verdaux, data, at + aux)[0]))
        if not following:
            break
        at += following
    return nodes


class _Entries:
    """Reads entries, so many in all that no circle of them goes on for long."""

    def __init__(self) -> None:
        self._left = MAX_ENTRIES

    def __call__(self, layout: Struct, data: bytes, at: int) -> tuple[Any, ...]:
        self._left -= 1
        if at + layout.size > len(data) or self._left < 0:
            raise OutOfTable
        return layout.unpack_from(data, at)
