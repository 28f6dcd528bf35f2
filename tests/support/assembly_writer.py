"""Writes the metadata of .NET assemblies: as much as a reader of their native functions may look at.

Source: ECMA-335, 6th edition, partition II, sections 22 (tables), 23.3 (custom attributes) and 24 (layout). The section
lies at 0x2000 in memory, with the CLI header 8 bytes into it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

ADDRESS = 0x2000  # of the section, in memory
_HEADER = 8  # bytes before the CLI header
_PINVOKE = 0x2096  # MethodAttributes: public, static, hide by signature, P/Invoke
_MODULE, _TYPE_REF, _TYPE_DEF, _METHOD, _PARAM, _MEMBER_REF = 0x00, 0x01, 0x02, 0x06, 0x08, 0x0A
_ATTRIBUTE, _MODULE_REF, _IMPL_MAP, _ASSEMBLY, _ASSEMBLY_REF = 0x0C, 0x1A, 0x1C, 0x20, 0x23


class _Heap:
    """Values one after the other, each once; ``pad`` bytes before them make the indexes large."""

    def __init__(self, pad: int) -> None:
        self.data = bytearray(1 + pad)
        self._known: dict[bytes, int] = {}

    def add(self, value: bytes) -> int:
        if value not in self._known:
            self._known[value] = len(self.data)
            self.data += value
        return self._known[value]

    def string(self, text: str) -> int:
        return self.add(text.encode() + b"\0") if text else 0

    @property
    def wide(self) -> bool:
        return len(self.data) >= 1 << 16


def build_metadata(
    calls: Mapping[str, Sequence[str]],
    *,
    mentions: Sequence[str] = (),
    search_paths: int | None = None,
    unused: Sequence[str] = (),
    pad: int = 0,
    parameters: int = 0,
) -> bytes:
    """A metadata root with a method for each function of ``calls``, which maps libraries to them.

    ``mentions`` are further names in the heap, ``unused`` libraries that no function uses. ``search_paths`` is the
    value of the assembly's DefaultDllImportSearchPathsAttribute. ``pad`` widens the heaps, ``parameters`` adds rows to
    a table, both to make indexes of four bytes.
    """
    strings, blobs = _Heap(pad), _Heap(pad)
    for name in mentions:
        strings.string(name)
    functions = [(library, function) for library, names in calls.items() for function in names]
    libraries = [*unused, *calls]
    tables: dict[int, list[tuple[str, ...]]] = {}

    def row(table: int, *columns: str) -> None:
        tables.setdefault(table, []).append(columns)

    def text(value: str) -> str:
        return f"S{strings.string(value)}"

    def blob(value: bytes) -> str:
        return f"B{blobs.add(bytes((len(value),)) + value)}"

    row(_MODULE, "20", text("App.dll"), "G1", "G0", "G0")
    row(_TYPE_DEF, "40", text("<Module>"), "S0", "t0", "#041", "#061")
    row(_TYPE_REF, f"r{1 << 2 | 2}", text("Object"), text("System"))
    if search_paths is not None:
        row(
            _TYPE_REF,
            f"r{1 << 2 | 2}",
            text("DefaultDllImportSearchPathsAttribute"),
            text("System.Runtime.InteropServices"),
        )
        row(_MEMBER_REF, f"p{2 << 3 | 1}", text(".ctor"), blob(b"\x20\x01\x01\x11\x09"))
        value = struct.pack("<HIH", 1, search_paths, 0)
        row(_ATTRIBUTE, f"a{1 << 5 | 14}", f"k{1 << 3 | 3}", blob(value))
    for _, function in functions:
        row(_METHOD, "40", "2128", f"2{_PINVOKE}", text(function), blob(b"\0\0\1"), "#081")
    for _ in range(parameters):
        row(_PARAM, "20", "20", "S0")
    for library in libraries:
        row(_MODULE_REF, text(library))
    for number, (library, function) in enumerate(functions, 1):
        row(_IMPL_MAP, "2256", f"f{number << 1 | 1}", text(function), f"#1A{libraries.index(library) + 1}")
    row(_ASSEMBLY, "40", "21", "20", "20", "20", "40", "B0", text("App"), "S0")
    row(_ASSEMBLY_REF, "28", "20", "20", "20", "40", "B0", text("System.Runtime"), "S0", "B0")
    return _root(tables, strings, blobs)


# The indexes of several tables that the rows above use: bits of the tag, and the tables.
_CODED = {
    "t": (2, (0x02, 0x01, 0x1B)),
    "r": (2, (0x00, 0x1A, 0x23, 0x01)),
    "p": (3, (0x02, 0x01, 0x1A, 0x06, 0x1B)),
    "a": (5, tuple(range(0x2D))),
    "k": (3, (0x06, 0x0A)),
    "f": (1, (0x04, 0x06)),
}
_NOT_ATTRIBUTED = frozenset((0x03, 0x05, 0x07, 0x0B, 0x0C, 0x0D, 0x0F, 0x10, 0x12, 0x15, 0x18, 0x19, 0x1C, 0x1D))


def _column(column: str, rows: Mapping[int, int], wide: Mapping[str, bool]) -> bytes:
    kind = column[:1]
    if kind == "#":
        return struct.pack("<I" if rows.get(int(column[1:3], 16), 0) >= 1 << 16 else "<H", int(column[3:]))
    if kind in wide:
        return struct.pack("<I" if wide[kind] else "<H", int(column[1:]))
    if kind in _CODED:
        bits, tables = _CODED[kind]
        most = max(rows.get(table, 0) for table in tables if kind != "a" or table not in _NOT_ATTRIBUTED)
        return struct.pack("<I" if most >= 1 << (16 - bits) else "<H", int(column[1:]))
    return struct.pack("<H" if kind == "2" else "<I", int(column[1:]))


def _root(tables: Mapping[int, Sequence[tuple[str, ...]]], strings: _Heap, blobs: _Heap) -> bytes:
    rows = {table: len(found) for table, found in tables.items()}
    wide = {"S": strings.wide, "G": False, "B": blobs.wide}
    flags = strings.wide | blobs.wide << 2
    stream = struct.pack("<IBBBBQQ", 0, 2, 0, flags, 1, sum(1 << table for table in rows), 0x16003301FA00)
    stream += b"".join(struct.pack("<I", rows[table]) for table in sorted(rows))
    for table in sorted(tables):
        for columns in tables[table]:
            stream += b"".join(_column(column, rows, wide) for column in columns)
    streams = [
        (b"#~", stream),
        (b"#Strings", bytes(strings.data)),
        (b"#US", b"\0"),
        (b"#GUID", bytes(range(16))),
        (b"#Blob", bytes(blobs.data)),
    ]
    streams = [(name, data.ljust((len(data) + 3) // 4 * 4, b"\0")) for name, data in streams]
    version = b"v4.0.30319".ljust(12, b"\0")
    head = struct.pack("<IHHII", 0x424A5342, 1, 1, 0, len(version)) + version + struct.pack("<HH", 0, len(streams))
    at = len(head) + sum(8 + (len(name) + 4) // 4 * 4 for name, _ in streams)
    bodies = b""
    for name, data in streams:
        head += struct.pack("<II", at + len(bodies), len(data)) + name.ljust((len(name) + 4) // 4 * 4, b"\0")
        bodies += data
    return head + bodies


def build_section(metadata: bytes) -> bytes:
    """The content of the section: the CLI header (25.3.3), then the metadata."""
    header = struct.pack("<IHHIIII", 72, 2, 5, ADDRESS + _HEADER + 72, len(metadata), 1, 0).ljust(72, b"\0")
    return b"\0" * _HEADER + header + metadata
