"""Small inputs to begin with, made afresh: fuzzing finds the rest by changing them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fuzz import templates
from fuzz.targets import PATHS
from support.elf_writer import build_elf
from support.foreign_writer import build_macho, build_pe
from support.hostile import elves, names, zips
from support.zip_writer import STORED, Member, build_zip, simple_zip

DEPS = {
    "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64"},
    "targets": {".NETCoreApp,Version=v8.0/linux-x64": {
        "A/1.0": {"dependencies": {"B": "2"}, "native": {"libb.so": {}}},
        "B/2": {"runtimeTargets": {"runtimes/linux-x64/native/b.so": {"rid": "linux-x64", "assetType": "native"}}},
    }},
}  # fmt: skip
TEXTS = {
    "METADATA": b"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b>=2; extra == 'c'\n\nText\n",
    "WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_17_x86_64\n",
    "RECORD": b'a/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"a/b,c.py",,\n',
    "top_level.txt": b"a\n_a\n",
    "PKG-INFO": b"Metadata-Version: 1.1\nName: a\nVersion: 1\n",
    "requires.txt": b"b>=2\n[c]\nd\n",
    "app.deps.json": json.dumps(DEPS).encode(),
    "x.ini": b"; c\nextension_dir = /opt/php\nextension=redis.so\nzend_extension = \"opcache\"\n",
    "odbcinst.ini": b"[A]\nDriver = /opt/lib/liba.so\nDriver64=/opt/b\n",
    "package.json": b'{"name": "@sparticuz/chromium", "version": "131.0.1"}',
    "index.js": b'["20.x"].includes(v); nodejs(?:14|16); AWS_Lambda_nodejs12.x; chromium.br https://x/y.tar',
    "app.js": b'open("chromium.br"); fetch("https://example.org/pack.tar")',
    "a.py": b"import ctypes, os\nfor n in ('liba.so', f'lib{1}.so'):\n try: ctypes.CDLL(n)\n except OSError: pass\n",
    "bootstrap": b"#!/bin/sh\r\ncurl http://$AWS_LAMBDA_RUNTIME_API/\n",
}  # fmt: skip


def archives() -> Iterator[bytes]:
    """Zips, honest and not."""
    yield build_zip(zips.ordinary())
    yield build_zip(zips.ordinary(), zip64_end=True, comment=b"comment", prefix=b"#!", adjust_prefix=False)
    yield build_zip(
        [Member("a", b"x" * 50, zip64=True), Member("b", b"y", data_descriptor=True), Member("c/", kind="directory")]
    )
    yield build_zip(
        [Member("e", b"x", flags=1), Member("m", b"x", method=12), Member("s", b"../a", kind="symlink", method=STORED)]
    )
    yield zips.overlapping(3, 100)
    yield zips.quoted(3, 100)
    yield zips.quoted_by_extra(3, 100)
    yield names.links(3, "l{o}")
    yield elves.circle(3, roots=1)
    yield simple_zip({f"python/a-1.dist-info/{name}": text for name, text in TEXTS.items()})
    yield simple_zip(
        {"app.deps.json": TEXTS["app.deps.json"], "A.dll": build_pe(), "bootstrap": (TEXTS["bootstrap"], 0o644)}
    )
    yield simple_zip({"java/lib/a.jar": jar(), "python/a.py": TEXTS["a.py"], "lib/x.dylib": build_macho()})
    yield b"<html>"
    yield b""


def jar() -> bytes:
    """A jar of many releases."""
    head = b"\xca\xfe\xba\xbe\0\0\0\x41"
    return build_zip([
        Member("META-INF/MANIFEST.MF", b"Multi-Release: true\n"), Member("A.class", head),
        Member("META-INF/versions/17/A.class", head),
    ])  # fmt: skip


def elf_files() -> Iterator[bytes]:
    """ELF files of both classes and byte orders, with all that is read of them."""
    for machine in ("x86_64", "aarch64", "i386", "arm"):
        for order in ("lsb", "msb"):
            yield build_elf(
                machine=machine, data=order, needed=["liba.so", "libc.so.6"], soname="libx.so", rpath="$ORIGIN",
                runpath="/opt/lib", verdef=["X_1"], verneed={"libc.so.6": ["GLIBC_2.17"]}, syms=["f", ["g", "X_1"]],
                undef=["h", ["i", "libc.so.6", "GLIBC_2.17"]], jump_slot=["j"], abi_note=(0, 3, 2, 0), isa_needed=3,
                go_note=True, interp="/lib64/ld-linux-x86-64.so.2", relr=True,
            )  # fmt: skip
    yield build_elf(etype="exec", dynamic=False)
    yield build_macho()
    yield build_pe()


def probed() -> Iterator[bytes]:
    """One input for each name of ``PATHS``, whose place is the first byte."""
    others = {"a.jar": jar(), "A.class": b"\xca\xfe\xba\xbe\0\0\0\x41", "php": build_elf(), "libx.so.1": build_elf()}
    for number, path in enumerate(PATHS):
        name = path.rpartition("/")[2]
        yield bytes([number]) + (TEXTS.get(name) or others.get(name) or b"-----BEGIN PRIVATE KEY-----")


def code() -> Iterator[bytes]:
    """Python that opens libraries in various ways."""
    yield TEXTS["a.py"]
    yield b"from ctypes.util import find_library as f\nx = f('magic') or f('magic1')\nctypes.cdll.LoadLibrary(x)\n"
    yield b"import cffi\nffi = cffi.FFI()\nlib = ffi.dlopen('libz.so.1' if a else \"b\" 'c.so')\n"
    yield b"import os.path as p\nd = p.join(p.dirname(__file__), 'x.so')\nctypes.CDLL(d % (1,))\n"


def seeds(target: str) -> list[bytes]:
    """The inputs that the fuzzing of a target begins with."""
    made = {
        "zip": archives,
        "check": archives,
        "elf": elf_files,
        "probes": probed,
        "python": code,
        "templates": templates.seeds,
    }
    return list(made[target]())
