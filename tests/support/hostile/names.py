"""Names that no person gave: very many, very long, very deep, or full of what a terminal obeys."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from support.hostile.zips import raw
from support.zip_writer import STORED, Member, build_zip


def named(name: dict[str, Any], others: Sequence[dict[str, Any]] = (), elf: str = "") -> bytes:
    """One file of that name; with ``elf`` it is a module for that machine, so that a fault must be told of it."""
    from support.elf_writer import build_elf

    data = build_elf(machine=elf, needed=["libc.so.6"]) if elf else b"x = 1\n"
    return build_zip([Member(raw(item), data) for item in (name, *others)])


def many(count: int, pattern: str = "python/p{a}/m{n}.py", data: str = "x\n", **fields: Any) -> bytes:
    """``count`` members; ``{n}`` is the number, ``{a}`` its hundredth part."""
    body = data.encode()
    return build_zip(Member(pattern.format(n=n, a=n // 100), body, method=STORED, **fields) for n in range(count))


def records(count: int, name: str = "python/f{n}") -> bytes:
    """``count`` records of a directory that name one and the same few bytes."""
    first = Member("python/first", b"x", method=STORED)
    return build_zip(
        [first, *(Member(name.format(n=n), b"x", method=STORED, local=False, offset=0) for n in range(count))]
    )


def same(count: int, name: str = "python/same.py") -> bytes:
    """``count`` members of one name."""
    return build_zip(Member(name, b"%d" % n, method=STORED) for n in range(count))


def cases(count: int) -> bytes:
    """Names that differ in nothing but upper and lower case."""
    letters = "abcdefghijklmnopqrst"

    def spelt(number: int) -> str:
        return "".join([c.upper() if number >> place & 1 else c for place, c in enumerate(letters)])

    return build_zip(Member(f"python/{spelt(n)}.py", b"x", method=STORED) for n in range(count))


def clashes(count: int) -> bytes:
    """Paths that are files and directories at once, each below the last."""
    return build_zip(
        Member(f"python/d{n}{tail}", b"x", method=STORED) for n in range(count) for tail in ("", "/f", "/f/g")
    )


def deep(count: int, depth: int, part: str = "d", *, own: bool = True) -> bytes:
    """``count`` files, each below ``depth`` directories of its own (or shared ones)."""
    return build_zip(
        Member("/".join([f"{part}{n if own else ''}"] * depth) + f"/f{n}", b"x", method=STORED, local=True)
        for n in range(count)
    )


def long(count: int, size: int, unit: str = "n", tail: str = "") -> bytes:
    """``count`` names of ``size`` bytes, whose local headers are all the same one."""
    filling = unit.encode() * (size // len(unit.encode()))

    def name(number: int) -> bytes:
        return b"python/%08d" % number + filling[: size - 15 - len(tail)] + tail.encode()

    first = Member(name(0), b"x", method=STORED)
    return build_zip([first, *(Member(name(n), b"x", method=STORED, local=False, offset=0) for n in range(1, count))])


def links(count: int, target: str, name: str = "lib/l{n}", last: str = "") -> bytes:
    """``count`` symlinks; ``{n}`` is the number, ``{m}`` the one before, ``{o}`` the one after."""
    members = [
        Member(name.format(n=n), target.format(n=n, m=n - 1, o=n + 1).encode(), kind="symlink", method=STORED)
        for n in range(count)
    ]
    if last:
        members.append(Member(name.format(n=count), last.encode(), method=STORED))
    return build_zip(members)


def winding(count: int, steps: int) -> bytes:
    """Symlinks to one another, each by a way of ``steps`` directories there and back."""
    there = "/".join(["d/.."] * steps)
    members = [Member("lib/d/f", b"x", method=STORED)]
    members += [
        Member(f"lib/l{n}", f"{there}/l{n + 1}".encode(), kind="symlink") for n in range(count)
    ]  # fmt: skip
    return build_zip(members)


def long_links(count: int, size: int) -> bytes:
    """Symlinks whose targets are noise of ``size`` bytes without an end."""
    filling = "a/" * (size // 2)
    return build_zip(Member(f"lib/l{n}", f"{filling}{n}".encode(), kind="symlink") for n in range(count))


def random_names(count: int, seed: int) -> bytes:
    """Names of random bytes, with random modes, hosts and kinds."""
    source = random.Random(seed)
    kinds = ("file", "symlink", "directory")
    return build_zip(
        Member(
            source.randbytes(source.randint(0, 40)),
            source.randbytes(source.randint(0, 40)),
            kind=source.choice(kinds),
            host=source.randrange(256),
            external_attr=source.getrandbits(32),
        )
        for _ in range(count)
    )


def scripts(count: int, path: str, body: str, times: int = 1) -> bytes:
    """``count`` files of one text, ``times`` over; ``{n}`` in the path is the number."""
    data = body.encode() * times
    return build_zip(Member(path.format(n=n), data, mode=0o755) for n in range(count))
