"""The central directory of a zip file, read strictly (APPNOTE.TXT 6.3, sections 4.3.12 to 4.3.16).

Where the archive is odd a Defect says so, and reading goes on as far as it makes sense.
"""

from __future__ import annotations

from struct import Struct, unpack_from

from ..finding import Defect
from ..named_tuple import NamedTuple
from .entry import DIRECTORY, FILE, OTHER, SYMLINK
from .sniff import describe
from .source import Source

MAX_ENTRIES = 210_000
"""Each takes more than a kilobyte of memory in the end. Lambda unzips no more than 250 MiB."""
MAX_DIRECTORY = 32 << 20
"""Bytes of central directory that are read: room for so many entries with long names."""
_EOCD = Struct("<4s4H2IH")
_EOCD64 = Struct("<4sQ2H2I4Q")
_LOCATOR64 = Struct("<4sIQI")
_CENTRAL = Struct("<4sxB2x4H3I3H4x2I")
"""Without what nobody asks for: versions, disk, internal attributes."""
_END_WINDOW = _EOCD.size + 0xFFFF
_U16, _U32 = 0xFFFF, 0xFFFFFFFF


UNIX_HOSTS = frozenset((3, 19))
"""Unix and macOS; on all others the high half of the attributes means nothing (APPNOTE 4.4.15, Go's archive/zip)."""
_KINDS = {0o00: FILE, 0o10: FILE, 0o12: SYMLINK, 0o04: DIRECTORY}
"""By the file type bits of Unix modes (S_IFMT), shifted down; zip writers leave them out for plain files."""


class Member(NamedTuple):
    """One record of the central directory; sizes and offsets in bytes."""

    raw: bytes
    host: int
    flags: int
    method: int
    time: int
    crc: int
    compressed: int
    declared: int
    attributes: int
    offset: int


def kind_of(member: Member) -> str:
    """The kind from the external attributes: Unix type bits where there are any, else the trailing slash."""
    if member.raw.endswith(b"/"):
        return DIRECTORY
    return _KINDS.get(member.attributes >> 28, OTHER) if member.host in UNIX_HOSTS else FILE


class Directory(NamedTuple):
    """``base`` is what must be added to every stored offset; ``start`` is where the directory lies in the file."""

    members: list[Member]
    start: int
    base: int
    defects: list[Defect]


def read_directory(source: Source, most: int = MAX_ENTRIES, most_bytes: int = MAX_DIRECTORY) -> Directory:
    """Read the end record and the central directory of ``source``: at most so many entries, in so many bytes."""
    defects: list[Defect] = []
    window_at = max(0, source.size - _END_WINDOW)
    window = source.read_at(window_at, _END_WINDOW)
    at = _find_end(window)
    if at < 0:
        head = source.read_at(0, 4096)
        if head[:4] == b"PK\x03\x04":
            defects.append(
                Defect("truncated", None, "begins like a zip, but its end record is missing: it was cut off")
            )
        else:
            defects.append(Defect("not-a-zip", None, describe(head, source.size)))
        return Directory([], 0, 0, defects)
    _, disk, cd_disk, here, count, size, offset, comment = _EOCD.unpack_from(window, at)
    end_at = window_at + at
    after = source.size - end_at - _EOCD.size - comment
    if after > 0:
        defects.append(Defect("trailing", None, f"{after} bytes follow the end record"))
    elif after < 0:
        defects.append(Defect("truncated", None, f"its comment is cut off by {-after} bytes"))
    directory_end = end_at
    wide = _read_end64(source, end_at, defects)
    if wide is not None:
        classic = (count, size, offset)
        disk, cd_disk, here, count, size, offset, directory_end = wide
        markers = (_U16, _U32, _U32)
        if any(a not in (b, marker) for a, b, marker in zip(classic, (count, size, offset), markers, strict=True)):
            defects.append(Defect("zip64-mismatch", None, "its two end records disagree"))
    if disk or cd_disk or here != count:
        defects.append(Defect("multi-disk", None, f"says that it is disk {disk} of a split archive"))
    return _read_members(source, (count, size, offset), directory_end, defects, (most, most_bytes))


def _find_end(window: bytes) -> int:
    """Position of the end record: the last one whose comment fills the rest, else the last one at all."""
    fallback = -1
    at = window.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + _EOCD.size <= len(window):
            if at + _EOCD.size + unpack_from("<H", window, at + 20)[0] == len(window):
                return at
            if fallback < 0:
                fallback = at
        at = window.rfind(b"PK\x05\x06", 0, at + 3)
    return fallback


def _read_end64(source: Source, end_at: int, defects: list[Defect]) -> tuple[int, int, int, int, int, int, int] | None:
    at = end_at - _LOCATOR64.size
    locator = source.read_at(at, _LOCATOR64.size) if at >= 0 else b""
    if len(locator) < _LOCATOR64.size or locator[:4] != b"PK\x06\x07":
        # 65,535 entries exactly need no zip64 record; only sizes of 4 GiB do.
        return None
    stored = _LOCATOR64.unpack(locator)[2]
    # A prefix shifts the record; it then ends where the locator begins, and the directory is shifted as far.
    for place in dict.fromkeys((stored, at - _EOCD64.size)):
        record = source.read_at(place, _EOCD64.size) if 0 <= place <= source.size else b""
        if len(record) == _EOCD64.size and record[:4] == b"PK\x06\x06":
            disk, cd_disk, here, count, size, offset = _EOCD64.unpack(record)[4:10]
            if place - stored == max(0, place - size - offset):
                return disk, cd_disk, here, count, size, offset, place
    defects.append(Defect("zip64-mismatch", None, "its zip64 end record is not where its locator says"))
    return None


def _read_members(
    source: Source,
    record: tuple[int, int, int],
    directory_end: int,
    defects: list[Defect],
    bounds: tuple[int, int],
) -> Directory:
    count, size, offset = record
    most, most_bytes = bounds
    start = directory_end - size
    base = start - offset
    if start < 0 or base < 0 or source.read_at(start, 4) not in (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"):
        # The sizes lie; believe the stored offset if a directory is there.
        if offset <= directory_end and source.read_at(offset, 4) == b"PK\x01\x02":
            defects.append(Defect("count-mismatch", None, f"its central directory is not the {size} bytes declared"))
            start, base = offset, 0
        else:
            defects.append(Defect("truncated", None, "its central directory is not where the end record says"))
            return Directory([], 0, 0, defects)
    elif base:
        defects.append(Defect("prefix", None, f"{base} bytes stand before the archive"))
    if directory_end - start > most_bytes:
        detail = f"its central directory takes {directory_end - start} bytes; more than {most_bytes} are not read"
        defects.append(Defect("too-many", None, detail))
        return Directory([], start, base, defects)
    data = source.read_at(start, directory_end - start)
    members = _parse(data, defects, most)
    first = min([member.offset for member in members], default=0)
    if first and not base:
        defects.append(Defect("prefix", None, f"{first} bytes stand before the first entry"))
    if len(members) != count and not any(d.kind in ("bad-central", "too-many") for d in defects):
        detail = f"its end record declares {count} entries, its directory has {len(members)}"
        defects.append(Defect("count-mismatch", None, detail))
    return Directory(members, start, base, defects)


def _parse(data: bytes, defects: list[Defect], most: int) -> list[Member]:
    members: list[Member] = []
    unpack, fixed, end = _CENTRAL.unpack_from, _CENTRAL.size, len(data)
    # A hundred thousand of them: the constructor is passed by.
    append, make = members.append, tuple.__new__
    at = 0
    while at + fixed <= end:
        (magic, host, flags, method, time, date, crc, compressed, declared, name_size, extra_size, comment_size,
         attributes, offset) = unpack(data, at)  # fmt: skip
        following = at + fixed + name_size + extra_size + comment_size
        if magic != b"PK\x01\x02" or following > end:
            if magic[:2] != b"PK" or magic == b"PK\x01\x02":
                defects.append(Defect("bad-central", None, f"record {len(members) + 1} of its directory is unreadable"))
            break
        name_at = at + fixed
        raw = data[name_at : name_at + name_size]
        if compressed == _U32 or declared == _U32 or offset == _U32:
            extra = data[name_at + name_size : name_at + name_size + extra_size]
            declared, compressed, offset = widen(extra, declared, compressed, offset)
        values = (raw, host, flags, method, date << 16 | time, crc, compressed, declared, attributes, offset)
        append(make(Member, values))
        at = following
        if len(members) >= most:
            defects.append(Defect("too-many", None, f"more than {most} entries; the rest was not read"))
            break
    else:
        if at < end:
            defects.append(Defect("bad-central", None, f"{end - at} stray bytes at the end of its directory"))
    return members


def widen(extra: bytes, declared: int, compressed: int, offset: int) -> tuple[int, int, int]:
    """The 64-bit values of the zip64 extra field (tag 1), in the order that APPNOTE 4.5.3 fixes."""
    at = 0
    while at + 4 <= len(extra):
        tag, size = unpack_from("<HH", extra, at)
        if tag == 1:
            field, at = extra[at + 4 : at + 4 + size], 0
            values = []
            for value in (declared, compressed, offset):
                if value == _U32 and at + 8 <= len(field):
                    value = unpack_from("<Q", field, at)[0]
                    at += 8
                values.append(value)
            return values[0], values[1], values[2]
        at += 4 + size
    return declared, compressed, offset
