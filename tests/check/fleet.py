"""Many small artifacts of many kinds: good, bad and broken."""

from __future__ import annotations

from check.made import link, module, program
from support.foreign_writer import build_macho
from support.zip_writer import Member, build_zip, simple_zip


def fleet(count: int) -> list[bytes]:
    """So many artifacts, no two the same."""
    return [_KINDS[number % len(_KINDS)](number) for number in range(count)]


def _good(number: int) -> bytes:
    return simple_zip({f"python/_m{number}.abi3.so": module()})


def _wrong_machine(number: int) -> bytes:
    return simple_zip({f"python/_m{number}.abi3.so": module(machine="aarch64")})


def _lacking(number: int) -> bytes:
    return simple_zip({f"python/_m{number}.abi3.so": module(f"libgone{number}.so.1"), "lib/libx.so": module()})


def _folding(number: int) -> bytes:
    return simple_zip({f"python/_m{number}.abi3.so": module("libx.so.1"), "lib/libx.so.1": link("libx.so.1.2")})


def _foreign(number: int) -> bytes:
    return simple_zip({f"python/p{number}/_m.so": build_macho()})


def _function(number: int) -> bytes:
    return simple_zip({"app.py": f"import m{number}\ndef handler(event, context): pass\n".encode()})


def _custom(number: int) -> bytes:
    return simple_zip({"bootstrap": (program(), 0o644 if number % 2 else 0o755), f"data{number}": b"1"})


def _distribution(number: int) -> bytes:
    metadata = f"Metadata-Version: 2.1\nName: x{number}\nVersion: 1.0\nRequires-Dist: gone>=2\n".encode()
    info = f"python/x{number}-1.0.dist-info"
    record = f"x{number}/__init__.py,,\nx{number}/lost.py,,\n".encode()
    return simple_zip({f"python/x{number}/__init__.py": b"", f"{info}/METADATA": metadata, f"{info}/RECORD": record})


def _unsafe(number: int) -> bytes:
    return simple_zip({f"../evil{number}": b"1", "python/a.py": b"1", "python\\b.py": b"1"})


def _corrupt(number: int) -> bytes:
    return build_zip([Member(f"python/{number}.py", b"1" * 100, crc=number)])


def _cut(number: int) -> bytes:
    return _good(number)[: -10 - number % 50]


def _page(number: int) -> bytes:
    return f"<!DOCTYPE html><html>{number}</html>".encode()


_KINDS = (
    _good,
    _wrong_machine,
    _lacking,
    _folding,
    _foreign,
    _function,
    _custom,
    _distribution,
    _unsafe,
    _corrupt,
    _cut,
    _page,
)
