"""How releases of glibc's loader differ: read from data/loaders.json, so that the emulation itself has no versions."""

from __future__ import annotations

from ..environment.model import Loader
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any


class Behaviour(NamedTuple):
    """What one release does.

    ``subdirectories`` are tried inside each searched directory, in this order, before the directory itself.
    ``stack_executable_by_default``: a file without PT_GNU_STACK asks for an executable stack.
    ``symbol_must_be_in_its_file``: a symbol that is bound to a version is sought no further than in the library which
    had it when the file was linked. ``unversioned_supply_aborts``: that library having the symbol without any version
    tables trips an assertion.
    """

    pie_as_library: bool
    abi_note_counts: bool
    big_endian_is_skipped: bool
    dlopen_makes_stack_executable: bool
    stack_executable_by_default: bool
    relr_must_be_declared: bool
    symbol_must_be_in_its_file: bool
    unversioned_supply_aborts: bool
    subdirectories: tuple[str, ...]


def _table() -> dict[str, Any]:
    found: dict[str, Any] = read_table(__file__, "loaders")
    return found


def behaviour_of(loader: Loader, architecture: str, cpu_level: str) -> Behaviour:
    """The behaviour of a glibc on an architecture (``x86_64``, ``arm64``) and CPU level (``x86-64-v3``).

    A release that was not measured behaves as the nearest older one (one older than all as the oldest).
    """
    table = _table()
    release = _nearest(loader.version, tuple(table["releases"]))
    facts = table["releases"][release]
    multiarch = loader.lib.endswith("-linux-gnu")
    return Behaviour(
        pie_as_library=facts["pie_as_library"],
        abi_note_counts=facts["abi_note_counts"],
        big_endian_is_skipped=multiarch and table["multiarch_skips_big_endian"],
        dlopen_makes_stack_executable=facts["dlopen_makes_stack_executable"],
        stack_executable_by_default=table["stack_executable_by_default"][architecture],
        relr_must_be_declared=facts["relr_must_be_declared"],
        symbol_must_be_in_its_file=facts["symbol_must_be_in_its_file"],
        unversioned_supply_aborts=facts["unversioned_supply_aborts"],
        subdirectories=(
            *(_hwcaps(tuple(table["hwcaps"][architecture]), cpu_level) if facts["hwcaps"] else ()),
            *(table["legacy"][architecture] if facts["legacy"] else ()),
        ),
    )


def _nearest(version: str, known: tuple[str, ...]) -> str:
    older = [release for release in known if _number(release) <= _number(version)]
    return older[-1] if older else known[0]


def _number(version: str) -> tuple[int, ...]:
    return tuple([int(part) for part in version.split(".") if part.isdigit()])


def _hwcaps(levels: tuple[str, ...], cpu_level: str) -> tuple[str, ...]:
    """The directories for the levels that the CPU has, best first; none when the level is not one of them."""
    if cpu_level not in levels:
        return ()
    return tuple([f"glibc-hwcaps/{level}" for level in levels[levels.index(cpu_level) :]])
