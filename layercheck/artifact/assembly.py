"""The native functions that a .NET assembly declares (P/Invoke), and the libraries in which it seeks them.

The way there (ECMA-335, 6th edition, partition II): directory 14 of the PE file leads to the CLI header (25.3.3), that
to the metadata root (24.2.1), its stream ``#~`` holds the tables (24.2.6) and ``#Strings`` the names. A row of ImplMap
(22.22) is one function: its name and the ModuleRef (22.31) that names the library. ModuleRefs that no function uses say
nothing. Every offset is checked and every loop bounded: what points out of the file makes a damaged assembly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import error, iter_unpack, unpack_from

from ..named_tuple import NamedTuple
from .entry import NativeCalls, NativeImport

MAX_FUNCTIONS = 100_000
"""Rows of ImplMap that are read; the largest bindings (Windows' whole interface) declare fewer."""
MAX_LIBRARIES = 64
"""Libraries of one assembly that are told apart."""
TOO_LARGE = NativeCalls(damage="it is larger than what is read of an assembly")
_MAX_NAME = 256
_MAX_STREAMS = 16
_MAX_SECTIONS = 96
_GUIDE = b"NativeLibrary"
_GUIDES = (b"LoadUnmanagedDll", b"LoadUnmanagedDllFromPath", b"add_ResolvingUnmanagedDll")
_OF_GUIDES = b"UnmanagedDll"
"""A class, members of AssemblyLoadContext (and what these have in common), by which code finds or loads libraries."""
_OPENS = b"dlopen"
_SEARCH_PATHS = b"DefaultDllImportSearchPathsAttribute"
_ASSEMBLY_DIRECTORY = 2
"""DllImportSearchPath.AssemblyDirectory; by itself it keeps the runtime from asking dlopen for a plain name."""

_TABLES = 0x1D
"""Tables up to ImplMap, the last one that is read: the others come after it."""
_MODULE_REF, _IMPL_MAP, _MEMBER_REF, _TYPE_REF, _ATTRIBUTE = 0x1A, 0x1C, 0x0A, 0x01, 0x0C
_OF_ASSEMBLY = 1 << 5 | 14
"""Row 1 of the table Assembly as a HasCustomAttribute index (24.2.6)."""
# The kinds of indexes into one of several tables: bits of the tag, and the tables.
_CODED = {
    "t": (2, (0x02, 0x01, 0x1B)),
    "c": (2, (0x04, 0x08, 0x17)),
    "a": (
        5,
        (6, 4, 1, 2, 8, 9, 0x0A, 0, 0x0E, 0x17, 0x14, 0x11, 0x1A, 0x1B, 0x20, 0x23, 0x26, 0x27, 0x28, 0x2A, 0x2C, 0x2B),
    ),
    "m": (1, (0x04, 0x08)),
    "d": (2, (0x02, 0x06, 0x20)),
    "p": (3, (0x02, 0x01, 0x1A, 0x06, 0x1B)),
    "s": (1, (0x14, 0x17)),
    "o": (1, (0x06, 0x0A)),
    "f": (1, (0x04, 0x06)),
    "k": (3, (0x06, 0x0A)),
    "r": (2, (0x00, 0x1A, 0x23, 0x01)),
}
# The columns of each table in order (22): 2 and 4 are bytes, S, G and B indexes into heaps, #xx into a table, the rest
# coded.
_COLUMNS = (
    "2 S G G G", "r S S", "4 S S t #04 #06", "#04", "2 S B", "#06", "4 2 2 S B #08", "#08", "2 2 S", "#02 t", "p S B",
    "2 c B", "a k B", "m B", "2 d B", "2 4 #02", "4 #04", "B", "#02 #14", "#14", "2 S t", "#02 #17", "#17", "2 S B",
    "2 #06 s", "#02 o o", "S", "B", "2 f S #1A",
)  # fmt: skip


class _Damaged(Exception):
    """The assembly is not as ECMA-335 says."""


class _Table(NamedTuple):
    """Where a table lies: offset in the file, rows, and the sizes of its columns in bytes."""

    at: int
    rows: int
    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        return sum(self.columns)


class _Metadata(NamedTuple):
    """The tables (none where there is no ImplMap), and the heaps as (offset, end) in the file."""

    tables: Sequence[_Table]
    strings: tuple[int, int]
    blobs: tuple[int, int]


def read_calls(data: bytes) -> NativeCalls | None:
    """What the managed assembly ``data`` declares; None when it has nothing to do with native libraries."""
    try:
        metadata = _metadata(data)
        if metadata is None:
            return None
        libraries = _libraries(data, metadata)
        guided = any(_OPENS in functions for functions in libraries.values())
        guided = guided or _mentions(data, metadata, _GUIDE)
        if not guided and data.find(_OF_GUIDES, *metadata.strings) >= 0:
            guided = any(_mentions(data, metadata, name) for name in _GUIDES)
        if not libraries:
            return NativeCalls(guided=True) if guided else None
        beside = _mentions(data, metadata, _SEARCH_PATHS) and _search_paths(data, metadata) == _ASSEMBLY_DIRECTORY
        return NativeCalls(_alternatives(libraries), guided, beside)
    except (_Damaged, error):
        return NativeCalls(damage="its metadata is damaged")


def _metadata(data: bytes) -> _Metadata | None:
    pe = unpack_from("<I", data, 0x3C)[0]
    sections, optional_size = unpack_from("<H", data, pe + 6)[0], unpack_from("<H", data, pe + 20)[0]
    optional = pe + 24
    directories = optional + (112 if unpack_from("<H", data, optional)[0] == 0x20B else 96)
    if unpack_from("<I", data, directories - 4)[0] <= 14:
        return None
    headers = _Sections(data, optional + optional_size, min(sections, _MAX_SECTIONS))
    header = headers.offset(unpack_from("<I", data, directories + 14 * 8)[0])
    root = headers.offset(unpack_from("<I", data, header + 8)[0])
    if data[root : root + 4] != b"BSJB":
        raise _Damaged
    streams = dict(_streams(data, root))
    tables = streams.get(b"#~") or streams.get(b"#-")
    strings = streams.get(b"#Strings")
    blobs = streams.get(b"#Blob", (0, 0))
    if tables is None or strings is None or max(tables[1], strings[1], blobs[1]) > len(data):
        raise _Damaged
    return _Metadata(_tables(data, *tables), strings, blobs)


class _Sections:
    """The sections of a PE file, by which its addresses become offsets."""

    def __init__(self, data: bytes, at: int, count: int) -> None:
        self._ranges = [unpack_from("<4I", data, at + 40 * number + 8) for number in range(count)]

    def offset(self, address: int) -> int:
        for size, start, stored, offset in self._ranges:
            if start <= address < start + max(size, stored):
                return int(offset + address - start)
        raise _Damaged


def _streams(data: bytes, root: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The streams of the metadata by name, with where they begin and end in the file."""
    # The version's length counts its padding to four bytes (24.2.1).
    at = root + 16 + unpack_from("<I", data, root + 12)[0]
    for _ in range(min(unpack_from("<H", data, at + 2)[0], _MAX_STREAMS)):
        offset, size = unpack_from("<II", data, at + 4)
        name = data[at + 12 : at + 12 + 32].partition(b"\0")[0]
        start = root + offset
        yield name, (start, start + size)
        at += 8 + (len(name) + 4) // 4 * 4


def _tables(data: bytes, at: int, end: int) -> list[_Table]:
    heaps, present = data[at + 6] if at + 6 < end else 0, unpack_from("<Q", data, at + 8)[0]
    if not present >> _IMPL_MAP & 1:
        # Most assemblies call nothing native.
        return []
    rows = [0] * 64
    place = at + 24
    for table in range(64):
        if present >> table & 1:
            rows[table] = unpack_from("<I", data, place)[0]
            place += 4
    if heaps & 0x40:
        # Four bytes more, written by Microsoft's compilers while editing (System.Reflection.Metadata: ExtraData).
        place += 4
    sizes = {"2": 2, "4": 4, "S": 4 if heaps & 1 else 2, "G": 4 if heaps & 2 else 2, "B": 4 if heaps & 4 else 2}
    sizes |= {f"#{table:02X}": 2 if rows[table] < 1 << 16 else 4 for table in range(_TABLES)}
    for kind, (bits, targets) in _CODED.items():
        sizes[kind] = 2 if max([rows[table] for table in targets]) < 1 << (16 - bits) else 4
    found = []
    for table in range(_TABLES):
        columns = tuple([sizes[column] for column in _COLUMNS[table].split()]) if rows[table] else ()
        found.append(_Table(place, rows[table], columns))
        place += rows[table] * sum(columns)
    if place > end:
        raise _Damaged
    return found


def _rows(data: bytes, table: _Table) -> Iterator[tuple[int, ...]]:
    if not table.rows:
        return iter(())
    layout = "<" + "".join(["H" if size == 2 else "I" for size in table.columns])
    return iter_unpack(layout, memoryview(data)[table.at : table.at + table.rows * table.width])


def _string(data: bytes, heap: tuple[int, int], index: int) -> bytes:
    at = heap[0] + index
    if at >= heap[1]:
        raise _Damaged
    end = data.find(b"\0", at, min(heap[1], at + _MAX_NAME))
    # Mangled names of C++ may be longer; their beginnings tell them apart well enough.
    return data[at : end if end >= 0 else min(heap[1], at + _MAX_NAME)]


def _mentions(data: bytes, metadata: _Metadata, name: bytes) -> bool:
    return data.find(b"\0" + name + b"\0", *metadata.strings) >= 0


def _libraries(data: bytes, metadata: _Metadata) -> dict[str, set[bytes]]:
    """The libraries by name, each with the functions that are sought in it."""
    if not metadata.tables:
        return {}
    table = metadata.tables[_IMPL_MAP]
    if table.rows > MAX_FUNCTIONS:
        raise _Damaged
    modules = [row[0] for row in _rows(data, metadata.tables[_MODULE_REF])] if table.rows else []
    names: dict[int, str] = {}
    found: dict[str, set[bytes]] = {}
    for _, _, function, module in _rows(data, table):
        if module not in names:
            if not 0 < module <= len(modules):
                raise _Damaged
            raw = _string(data, metadata.strings, modules[module - 1])
            names[module] = raw.decode("utf-8", "replace")
        name = names[module]
        # Mixed assemblies of C++ call themselves by an empty name.
        if name and (name in found or len(found) < MAX_LIBRARIES):
            found.setdefault(name, set()).add(_string(data, metadata.strings, function))
    return found


def _alternatives(libraries: dict[str, set[bytes]]) -> tuple[NativeImport, ...]:
    """Libraries in which mostly the same functions are sought: names of one library, for several systems."""
    groups: list[tuple[list[str], set[bytes]]] = []
    for name, functions in libraries.items():
        for names, known in groups:
            if 2 * len(functions & known) >= min(len(functions), len(known)):
                names.append(name)
                known |= functions
                break
        else:
            groups.append(([name], set(functions)))
    return tuple([NativeImport(tuple(names), len(known)) for names, known in groups])


def _search_paths(data: bytes, metadata: _Metadata) -> int | None:
    """The value of the assembly's own DefaultDllImportSearchPathsAttribute."""
    classes = {
        number << 3 | 1
        for number, (_, name, _) in enumerate(_rows(data, metadata.tables[_TYPE_REF]), 1)
        if _string(data, metadata.strings, name) == _SEARCH_PATHS
    }
    methods = {
        number << 3 | 3
        for number, (parent, _, _) in enumerate(_rows(data, metadata.tables[_MEMBER_REF]), 1)
        if parent in classes
    }
    for parent, constructor, value in _rows(data, metadata.tables[_ATTRIBUTE]):
        # The table is sorted by its first column (22.10).
        if parent > _OF_ASSEMBLY:
            break
        if parent == _OF_ASSEMBLY and constructor in methods:
            # One byte of length, the prolog, and the enumeration's value (23.3).
            at = metadata.blobs[0] + value
            return int(unpack_from("<I", data, at + 3)[0]) if data[at + 1 : at + 3] == b"\x01\0" else None
    return None
