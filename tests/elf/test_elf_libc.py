"""Which C library a file was made for, and by which fact."""

from __future__ import annotations

from typing import Any

import pytest

from layercheck.elf import ElfImage, detect_libc, read_elf
from support.elf_writer import build_elf

PROGRAM: dict[str, Any] = {"etype": "exec", "dynamic": False}  # what a static link makes
STATIC_PIE: dict[str, Any] = {"etype": "pie"}
MUSL_LD, GLIBC_LD = "/lib/ld-musl-x86_64.so.1", "/lib64/ld-linux-x86-64.so.2"

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    # what, fields, kind, the fact that the evidence must name
    ("glibc program", {"etype": "pie", "interp": GLIBC_LD, "needed": ["libc.so.6"]}, "glibc", GLIBC_LD),
    ("glibc program that needs nothing", {"etype": "exec", "interp": GLIBC_LD}, "glibc", GLIBC_LD),
    ("arm64", {"machine": "aarch64", "interp": "/lib/ld-linux-aarch64.so.1"}, "glibc", "ld-linux-aarch64.so.1"),
    ("armhf", {"machine": "arm", "interp": "/lib/ld-linux-armhf.so.3"}, "glibc", "ld-linux-armhf.so.3"),
    ("nix", {"interp": "/nix/store/0-glibc-2.38/lib/ld-linux-x86-64.so.2"}, "glibc", "/nix/store"),
    ("Go with cgo", {"etype": "exec", "interp": GLIBC_LD, "needed": ["libc.so.6"], "go_note": True}, "glibc", GLIBC_LD),
    ("glibc library", {"needed": ["libc.so.6"]}, "glibc", "libc.so.6"),
    (
        "by its versions alone",
        {"needed": ["libm.so.6"], "verneed": {"libm.so.6": ["GLIBC_2.29"]}},
        "glibc",
        "GLIBC_2.29",
    ),
    ("musl program", {"etype": "pie", "interp": MUSL_LD, "needed": ["libc.musl-x86_64.so.1"]}, "musl", MUSL_LD),
    ("musl program of musl-gcc", {"interp": MUSL_LD, "needed": ["libc.so"]}, "musl", MUSL_LD),
    ("Alpine library", {"needed": ["libstdc++.so.6", "libc.musl-x86_64.so.1"]}, "musl", "libc.musl-x86_64.so.1"),
    ("Alpine library, arm64", {"needed": ["libc.musl-aarch64.so.1"]}, "musl", "libc.musl-aarch64.so.1"),
    ("musl library of musl-gcc", {"needed": ["libc.so"]}, "musl", "libc.so"),
    ("static glibc, GNU/Linux", {**PROGRAM, "osabi": 3}, "static-glibc", "GNU/Linux"),
    ("static glibc, note", {**PROGRAM, "abi_note": (0, 3, 2, 0)}, "static-glibc", "note"),
    ("static glibc, both", {**PROGRAM, "osabi": 3, "abi_note": (0, 3, 2, 0)}, "static-glibc", ""),
    ("static-pie glibc", {**STATIC_PIE, "abi_note": (0, 3, 2, 0)}, "static-glibc", "static-pie"),
    ("static musl", PROGRAM, "static-musl", "System V"),
    ("static-pie musl", STATIC_PIE, "static-musl", "static-pie"),
    ("static musl, arm64", {**PROGRAM, "machine": "aarch64"}, "static-musl", ""),
    ("static of another system", {**PROGRAM, "osabi": 9}, "static", "9"),
    ("Go", {**PROGRAM, "go_note": True}, "go-static", "Go"),
    ("Go, static-pie", {**STATIC_PIE, "go_note": True}, "go-static", "Go"),
    ("library without needs", {"soname": "libdata.so"}, "none", ""),
    ("library without needs, of the GNU system", {"soname": "libdata.so", "osabi": 3}, "none", ""),
    ("library of unknown needs", {"needed": ["libfoo.so.1"]}, "unknown", ""),
    ("foreign interpreter", {"interp": "/libexec/ld-elf.so.1", "needed": ["libfoo.so.7"]}, "unknown", ""),
]


@pytest.mark.parametrize(("what", "fields", "kind", "fact"), CASES, ids=[case[0] for case in CASES])
def test_detect_libc(what: str, fields: dict[str, Any], kind: str, fact: str) -> None:
    image = read_elf(build_elf(**fields))
    assert isinstance(image, ElfImage)
    libc = detect_libc(image)
    assert libc.kind == kind, libc
    assert fact in libc.evidence
    assert libc.evidence.strip()


def test_a_name_that_only_looks_like_musl_is_not() -> None:
    image = read_elf(build_elf(interp=GLIBC_LD, needed=["libc.so.6", "libmusl-compat.so"], soname="libc.so"))
    assert isinstance(image, ElfImage)
    assert detect_libc(image).kind == "glibc"
