"""Zip archives written byte for byte, the honest ones and the lying ones.

The layout follows PKWARE's APPNOTE.TXT 6.3.10 (sections 4.3 to 4.5). Every field that a reader has to believe can be
overridden by itself, so that a test states one lie and nothing else. Sizes and offsets are bytes.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

STORED = 0
DEFLATED = 8
UNIX = 3
MSDOS = 0

ENCRYPTED_FLAG = 0x0001
DESCRIPTOR_FLAG = 0x0008
UTF8_FLAG = 0x0800

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_MAX16 = 0xFFFF
_MAX32 = 0xFFFFFFFF
_TYPE_BITS = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}
_USUAL_MODES = {"file": 0o644, "directory": 0o755, "symlink": 0o777}


@dataclass(frozen=True, slots=True)
class Member:
    """One member: what it is, and the fields that may lie about it.

    ``data`` is a symlink's target when ``kind`` is "symlink"; ``mode`` holds permission bits (None: the usual ones of
    the kind). ``payload`` stands in the archive instead of the compressed data. ``crc``, ``size`` and ``csize`` change
    both headers (and the data descriptor), their ``local_`` namesakes only the local header; ``offset`` changes only
    the central directory. ``before`` is written ahead of the local header. With ``local=False`` nothing but the
    central record is written.
    """

    name: str | bytes
    data: bytes = b""
    mode: int | None = None
    kind: str = "file"
    method: int = DEFLATED
    level: int = 6
    host: int = UNIX
    time: tuple[int, int, int, int, int, int] = (1980, 1, 1, 0, 0, 0)
    comment: bytes = b""
    extra: bytes = b""
    zip64: bool = False
    data_descriptor: bool = False
    descriptor_signature: bool = True
    descriptor_crc: int | None = None
    payload: bytes | None = None
    crc: int | None = None
    size: int | None = None
    csize: int | None = None
    flags: int | None = None
    external_attr: int | None = None
    offset: int | None = None
    disk: int = 0
    local: bool = True
    local_name: str | bytes | None = None
    local_method: int | None = None
    local_flags: int | None = None
    local_crc: int | None = None
    local_size: int | None = None
    local_csize: int | None = None
    local_extra: bytes | None = None
    local_signature: bytes = b"PK\x03\x04"
    central_signature: bytes = b"PK\x01\x02"
    before: bytes = b""


@dataclass(frozen=True, slots=True)
class _Fields:
    """The values of a member that both of its headers share."""

    name: bytes
    payload: bytes
    crc: int
    size: int
    csize: int
    flags: int
    external_attr: int
    dos_time: int
    dos_date: int


def build_zip(
    members: Iterable[Member],
    *,
    prefix: bytes = b"",
    adjust_prefix: bool = True,
    before_directory: bytes = b"",
    trailing: bytes = b"",
    comment: bytes = b"",
    order: Sequence[int] | None = None,
    zip64_end: bool = False,
    zip64_markers: bool = True,
    zip64_count: int | None = None,
    zip64_offset: int | None = None,
    locator_offset: int | None = None,
    count: int | None = None,
    directory_size: int | None = None,
    directory_offset: int | None = None,
    disk: int = 0,
    end: bool = True,
) -> bytes:
    """Return the archive of ``members``, in their order, with the central directory in ``order`` (indexes).

    ``prefix`` stands before everything; with ``adjust_prefix`` the offsets count it, without they do not (as when a
    stub was put in front with cat). ``zip64_end`` writes the Zip64 end record and its locator, and markers into the
    classic end record unless ``zip64_markers`` is false. The other arguments replace what the end records would say.
    """
    body = bytearray(prefix)
    base = 0 if adjust_prefix else len(prefix)
    centrals: list[bytes] = []
    for member in members:
        fields = _fields(member)
        body += member.before
        offset = len(body) - base
        if member.local:
            body += _local_record(member, fields)
        centrals.append(_central_record(member, fields, offset))
    body += before_directory
    start = len(body) - base
    chosen = centrals if order is None else [centrals[index] for index in order]
    directory = b"".join(chosen)
    body += directory
    number = len(chosen)
    zip64_end = zip64_end or number > _MAX16
    if zip64_end:
        where = len(body) - base
        true_count = number if zip64_count is None else zip64_count
        true_offset = start if zip64_offset is None else zip64_offset
        body += _ZIP64_END.pack(
            b"PK\x06\x06", 44, 45, 45, disk, disk, true_count, true_count, len(directory), true_offset
        )
        body += _ZIP64_LOCATOR.pack(b"PK\x06\x07", disk, where if locator_offset is None else locator_offset, disk + 1)
    marked = zip64_end and zip64_markers
    shown_count = (_MAX16 if marked else number) if count is None else count
    shown_size = (_MAX32 if marked else len(directory)) if directory_size is None else directory_size
    shown_offset = (_MAX32 if marked else start) if directory_offset is None else directory_offset
    if end:
        body += end_record(
            count=shown_count, size=shown_size, offset=shown_offset, disk=disk, comment_length=len(comment)
        )
        body += comment
    return bytes(body + trailing)


def end_record(*, count: int = 0, size: int = 0, offset: int = 0, disk: int = 0, comment_length: int = 0) -> bytes:
    """Return a classic end-of-central-directory record, without its comment."""
    return _END.pack(b"PK\x05\x06", disk, disk, count, count, size, offset, comment_length)


def local_record(member: Member) -> bytes:
    """Return what ``member`` puts before the central directory: local header, payload, data descriptor."""
    return _local_record(member, _fields(member))


def deflate(data: bytes, level: int = 6) -> bytes:
    """Return ``data`` as a raw deflate stream."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def deflated_zeros(size: int) -> bytes:
    """Return a raw deflate stream of ``size`` zero bytes, made without ever holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(1 << 20)
    parts = [packer.compress(piece) for _ in range(size >> 20)]
    parts.append(packer.compress(bytes(size & ((1 << 20) - 1))))
    return b"".join(parts) + packer.flush()


def simple_zip(files: Mapping[str, bytes | tuple[bytes, int]]) -> bytes:
    """Return an archive of ``files``: path to data, or to (data, mode).

    A path that ends in "/" is a directory; a mode with the type bits of a symlink makes one, its data the target.
    """
    return build_zip(_simple_member(path, value) for path, value in files.items())


def _simple_member(path: str, value: bytes | tuple[bytes, int]) -> Member:
    data, mode = value if isinstance(value, tuple) else (value, None)
    if path.endswith("/"):
        return Member(path, kind="directory", mode=mode)
    kind = "symlink" if mode is not None and stat.S_ISLNK(mode) else "file"
    return Member(path, data, mode=mode, kind=kind)


def _fields(member: Member) -> _Fields:
    name = _name_bytes(member.name)
    flags = member.flags
    if flags is None:
        needs_utf8 = isinstance(member.name, str) and not member.name.isascii()
        flags = (UTF8_FLAG if needs_utf8 else 0) | (DESCRIPTOR_FLAG if member.data_descriptor else 0)
    payload = member.payload
    if payload is None:
        payload = deflate(member.data, member.level) if _method(member) == DEFLATED else member.data
    year, month, day, hour, minute, second = member.time
    return _Fields(
        name=name,
        payload=payload,
        crc=zlib.crc32(member.data) if member.crc is None else member.crc,
        size=len(member.data) if member.size is None else member.size,
        csize=len(payload) if member.csize is None else member.csize,
        flags=flags,
        external_attr=_external_attr(member),
        dos_time=hour << 11 | minute << 5 | second // 2,
        dos_date=(year - 1980) << 9 | month << 5 | day,
    )


def _external_attr(member: Member) -> int:
    if member.external_attr is not None:
        return member.external_attr
    dos_directory = 0x10 if member.kind == "directory" else 0
    if member.host != UNIX:
        return dos_directory
    mode = _USUAL_MODES[member.kind] if member.mode is None else stat.S_IMODE(member.mode)
    return (_TYPE_BITS[member.kind] | mode) << 16 | dos_directory


def _method(member: Member) -> int:
    """Directories hold nothing, and every packager stores them."""
    return STORED if member.kind == "directory" else member.method


def _local_record(member: Member, fields: _Fields) -> bytes:
    crc, size, csize = fields.crc, fields.size, fields.csize
    if member.data_descriptor:
        crc = size = csize = 0
    crc = crc if member.local_crc is None else member.local_crc
    size = size if member.local_size is None else member.local_size
    csize = csize if member.local_csize is None else member.local_csize
    extra = member.extra if member.local_extra is None else member.local_extra
    if member.zip64:
        extra = struct.pack("<2H2Q", 1, 16, size, csize) + extra
        size = csize = _MAX32
    name = fields.name if member.local_name is None else _name_bytes(member.local_name)
    header = _LOCAL.pack(
        member.local_signature,
        45 if member.zip64 else 20,
        fields.flags if member.local_flags is None else member.local_flags,
        _method(member) if member.local_method is None else member.local_method,
        fields.dos_time,
        fields.dos_date,
        crc,
        csize,
        size,
        len(name),
        len(extra),
    )
    return header + name + extra + fields.payload + _descriptor(member, fields)


def _descriptor(member: Member, fields: _Fields) -> bytes:
    if not member.data_descriptor:
        return b""
    signature = b"PK\x07\x08" if member.descriptor_signature else b""
    crc = fields.crc if member.descriptor_crc is None else member.descriptor_crc
    return signature + struct.pack("<L2Q" if member.zip64 else "<3L", crc, fields.csize, fields.size)


def _central_record(member: Member, fields: _Fields, offset: int) -> bytes:
    offset = offset if member.offset is None else member.offset
    size, csize, extra = fields.size, fields.csize, member.extra
    if member.zip64:
        extra = struct.pack("<2H3Q", 1, 24, size, csize, offset) + extra
        size = csize = offset = _MAX32
    version = 45 if member.zip64 else 20
    header = _CENTRAL.pack(
        member.central_signature,
        member.host << 8 | version,
        version,
        fields.flags,
        _method(member),
        fields.dos_time,
        fields.dos_date,
        fields.crc,
        csize,
        size,
        len(fields.name),
        len(extra),
        len(member.comment),
        member.disk,
        0,
        fields.external_attr,
        offset,
    )
    return header + fields.name + extra + member.comment


def _name_bytes(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
