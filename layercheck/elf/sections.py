"""How many bytes of an ELF file only a debugger reads: its .debug sections, which ``strip --strip-debug`` takes away.

The one place that looks at section headers (System V gABI, chapter 4): nothing that decides whether a file loads is
taken from them. Bounded like the reader: whatever the headers say, nothing is read beyond the file.
"""

from __future__ import annotations

from struct import unpack_from

MAX_SECTIONS = 10_000
_HEADER, _ENTRY = 64, 64
_SHT_NOBITS = 8
_SHN_XINDEX = 0xFFFF
_NAMES = (b".debug_", b".zdebug_", b".gnu.debuglto_")
_LONGEST = max(map(len, _NAMES))


def debug_bytes(data: bytes) -> int:
    """The bytes of the debug sections of a 64-bit ELF file; 0 where it has none, or none that can be told."""
    if len(data) < _HEADER or data[:5] != b"\x7fELF\x02" or data[5] not in (1, 2):
        return 0
    order = "<" if data[5] == 1 else ">"
    start = unpack_from(order + "Q", data, 0x28)[0]
    entry_size, count, names_index = unpack_from(order + "3H", data, 0x3A)
    if not start or entry_size != _ENTRY or start + _ENTRY > len(data):
        return 0
    # Counts that do not fit into the header stand in the first section's.
    first = _section(data, order, start)
    count = count or first[3]
    names_index = first[4] if names_index == _SHN_XINDEX else names_index
    if count > MAX_SECTIONS or start + count * _ENTRY > len(data) or names_index >= count:
        return 0
    names = _section(data, order, start + names_index * _ENTRY)
    total = 0
    for index in range(count):
        name, kind, offset, size, _ = _section(data, order, start + index * _ENTRY)
        if kind == _SHT_NOBITS or offset + size > len(data) or name >= names[3]:
            continue
        at = names[2] + name
        if data[at : at + _LONGEST].startswith(_NAMES):
            total += size
    return min(total, len(data))


def _section(data: bytes, order: str, at: int) -> tuple[int, int, int, int, int]:
    """Name (offset into the names), type, offset, size and link of the section header at ``at``."""
    name, kind, _, _, offset, size, link = unpack_from(order + "IIQQQQI", data, at)
    return name, kind, offset, size, link
