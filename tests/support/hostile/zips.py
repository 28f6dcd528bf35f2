"""Archives that lie, overlap, repeat themselves or end too soon."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from support.zip_writer import DEFLATED, STORED, Member, build_zip, deflate, deflated_zeros, end_record, local_record

MIB = 1 << 20


def ordinary() -> list[Member]:
    """A small layer of which nothing is wrong; every group of lies is told about this one."""
    noise = random.Random(6).randbytes(3000)
    return [
        Member("python/", kind="directory"),
        Member("python/app.py", b"import os\n" * 40),
        Member("python/data.bin", noise, method=STORED),
        Member("python/link.py", b"app.py", kind="symlink", method=STORED),
        Member("python/package/__init__.py", b"x = 1\n" * 10),
    ]


def raw(data: Mapping[str, Any]) -> bytes:
    """A value of a recipe as bytes: ``text``, ``base64`` or ``hex``, ``times`` over."""
    if "hex" in data:
        found = bytes.fromhex(data["hex"])
    elif "base64" in data:
        found = base64.b64decode(data["base64"])
    else:
        found = str(data.get("text", "")).encode("utf-8")
    return found * int(data.get("times", 1))


def archive(members: Sequence[Mapping[str, Any]] = (), **options: Any) -> bytes:
    """``members`` after those of ``ordinary`` (fields of Member; ``data`` and ``name`` may be tables, see ``raw``)."""
    lead = ordinary() if options.pop("ordinary", True) else []
    fields: dict[str, Any] = {key: raw(value) if isinstance(value, dict) else value for key, value in options.items()}
    return build_zip([*lead, *map(_member, members)], **fields)


def _member(fields: Mapping[str, Any]) -> Member:
    kept: dict[str, Any] = {key: raw(value) if isinstance(value, dict) else value for key, value in fields.items()}
    if isinstance(kept.get("data"), str):
        kept["data"] = kept["data"].encode("utf-8")
    if "zeros" in kept:
        kept["payload"] = deflated_zeros(kept.pop("zeros"))
    return Member(**kept)


def changed(field: str, value: int, member: int = 1) -> bytes:
    """The ordinary layer with one more lie: ``field`` of one of its members."""
    members = ordinary()
    fields = {name: getattr(members[member], name) for name in Member.__slots__}
    members[member] = Member(**{**fields, field: value})
    return build_zip(members)


def cut(tenths: int) -> bytes:
    """The ordinary layer, of which only so many tenths arrived."""
    whole = build_zip(ordinary())
    return whole[: len(whole) * tenths // 10]


def beheaded(size: int) -> bytes:
    """The ordinary layer without its first bytes."""
    return build_zip(ordinary())[size:]


def flat(text: str = "", times: int = 1, hex: str = "") -> bytes:
    """No archive at all."""
    return raw({"hex": hex, "times": times}) if hex else raw({"text": text, "times": times})


def overlapping(copies: int, size: int) -> bytes:
    """``copies`` records of the directory that all name one member of ``size`` zeros."""
    zeros = deflated_zeros(size)
    first = Member("f0", payload=zeros, size=size, crc=0)
    return build_zip([first, *(Member(f"f{n}", b"", csize=len(zeros), size=size, local=False, offset=0)
                               for n in range(1, copies))])  # fmt: skip


def quoted(files: int, size: int) -> bytes:
    """David Fifield's bomb (A better zip bomb, 2019): each file's stream quotes the local header of the next.

    A deflate stream may hold stored blocks: one that is as long as the next local header takes it for data, and what
    follows is the next file's stream. Sizes and CRCs are right.
    """
    stream, content, body = deflated_zeros(size), bytes(size), b""
    records: list[bytes] = []
    for number in reversed(range(files)):
        if body:
            head = body[: len(body) - len(stream)]
            stream = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF) + body
            content = head + content
        record = _Record(b"f%04d" % number, zlib.crc32(content), len(stream), len(content))
        body = record.local() + stream
        records.append(record.central(len(body)))
    return _ended(body, records)


def quoted_by_extra(files: int, size: int) -> bytes:
    """The same bomb by other means: each file's extra field quotes all following headers, and all share one stream."""
    stream, crc = deflated_zeros(size), zlib.crc32(bytes(size))
    body = b""
    records: list[bytes] = []
    for number in reversed(range(files)):
        record = _Record(b"f%04d" % number, crc, len(stream), size)
        body = record.local(len(body), by_extra=bool(body)) + (body or stream)
        records.append(record.central(len(body)))
    return _ended(body, records)


class _Record(NamedTuple):
    name: bytes
    crc: int
    packed: int
    size: int

    def local(self, following: int = 0, *, by_extra: bool = False) -> bytes:
        quotes = following - self.packed if by_extra else 0
        extra = struct.pack("<HH", 0xFFFF, quotes) if by_extra else b""
        fixed = ("<4s5H3L2H", b"PK\3\4", 20, 0, DEFLATED, 0, 33, self.crc, self.packed, self.size, len(self.name))
        return struct.pack(*fixed, len(extra) + quotes) + self.name + extra

    def central(self, from_end: int) -> bytes:
        fixed = (b"PK\1\2", 20, 20, 0, DEFLATED, 0, 33, self.crc, self.packed, self.size, len(self.name), 0, 0, 0, 0, 0)
        return struct.pack("<4s6H3L5H2L", *fixed, from_end) + self.name


def _ended(body: bytes, records: list[bytes]) -> bytes:
    """With its directory, in whose records the offsets still count from the end of ``body``."""
    patched = []
    for record in reversed(records):
        (from_end,) = struct.unpack_from("<L", record, 42)
        patched.append(record[:42] + struct.pack("<L", len(body) - from_end) + record[46:])
    directory = b"".join(patched)
    return body + directory + end_record(count=len(patched), size=len(directory), offset=len(body))


def two_ends() -> bytes:
    """Two archives one after the other: both end records are good, and readers differ on which counts."""
    return build_zip([Member("python/hidden.py", b"evil = 1\n")]) + build_zip(ordinary())


def two_directories() -> bytes:
    """One body, two central directories, each with an end record: the first lists what the second leaves out."""
    members = ordinary()
    whole = build_zip(members)
    start = len(b"".join(map(local_record, members)))
    part = build_zip(members, order=[0, 1])[start:]
    directory = part[: part.rfind(b"PK\5\6")]
    return whole + directory + end_record(count=2, size=len(directory), offset=len(whole))


def empty_blocks(size: int) -> bytes:
    """A stream of ``size`` bytes of blocks that hold nothing: all work and no output."""
    stream = b"\0\0\0\xff\xff" * (size // 5) + b"\1\0\0\xff\xff"
    return build_zip([Member("python/a.py", payload=stream, size=1, crc=0)])


def nested(depth: int) -> bytes:
    """A zip in a zip in a zip."""
    data = b"x = 1\n"
    for level in range(depth):
        data = build_zip([Member("inner.zip" if level else "a.py", data)])
    return data


def quine(copies: int) -> bytes:
    """A jar where jars are read, with an archive of archives inside."""
    inner = build_zip([Member("Main.class", b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40))])
    for _ in range(3):
        inner = build_zip([Member(f"java/lib/{n}.jar", inner) for n in range(copies)])
    return inner


def large_jar(classes: int) -> bytes:
    """A jar with so many classes that all lie at one place, whose directory is the only thing large."""
    head = Member("A.class", b"\xca\xfe\xba\xbe\0\0\0\xff" + bytes(100))
    others = [Member(f"p/C{n}.class", csize=20, size=108, local=False, offset=0) for n in range(classes)]
    return build_zip([Member("java/lib/large.jar", build_zip([head, *others]))])


def pieces(count: int, size: int) -> Iterator[Member]:
    """Members of zeros that share one stream in memory."""
    zeros = deflated_zeros(size)
    crc = zlib.crc32(bytes(size))
    for number in range(count):
        yield Member(f"python/zeros{number}", payload=zeros, size=size, crc=crc)


def honest_bomb(count: int, size: int) -> bytes:
    """Nothing lies: the zeros are simply as many as declared."""
    return build_zip(pieces(count, size))


def lying_bomb(count: int, size: int, declared: int) -> bytes:
    """Each member declares less than it holds."""
    zeros = deflated_zeros(size)
    return build_zip(Member(f"python/zeros{n}", payload=zeros, size=declared, crc=0) for n in range(count))


def comment_in_records(count: int) -> bytes:
    """Comments of 65,535 bytes on every record."""
    return build_zip(Member(f"python/f{n}.py", b"1", comment=bytes(0xFFFF)) for n in range(count))


def extras(count: int) -> bytes:
    """Extra fields of 65,535 bytes before every member's data."""
    return build_zip(Member(f"python/f{n}.py", b"1", local_extra=deflate(b"") + bytes(0xFFF0)) for n in range(count))
