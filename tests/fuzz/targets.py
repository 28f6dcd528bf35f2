"""What is fuzzed: each function takes any bytes and must come back, with whatever answer and without an exception."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from fuzz.templates import templates
from layercheck import check
from layercheck.artifact import open_artifact
from layercheck.artifact.probes import Readers, probe
from layercheck.artifact.python_source import parse
from layercheck.artifact.sniff import describe
from layercheck.elf import ElfImage, detect_libc, identify, read_elf
from layercheck.elf.code import code_ranges
from layercheck.elf.symbols import read_symbols
from layercheck.report import render

PATHS = (
    "python/a-1.dist-info/METADATA",
    "python/a-1.dist-info/WHEEL",
    "python/a-1.dist-info/RECORD",
    "python/a-1.dist-info/top_level.txt",
    "python/a-1.egg-info/PKG-INFO",
    "python/a-1.egg-info/requires.txt",
    "app.deps.json",
    "php/conf.d/x.ini",
    "etc/odbcinst.ini",
    "java/lib/a.jar",
    "com/example/A.class",
    "nodejs/node_modules/@sparticuz/chromium/package.json",
    "nodejs/node_modules/@sparticuz/chromium/build/index.js",
    "nodejs/app.js",
    "python/a.py",
    "bootstrap",
    "bin/php",
    "lib/libx.so.1",
    "x",
)
"""The names by which a file is told to be what is read of it."""


def zip_reader(data: bytes) -> None:
    """A whole archive: directory, local headers, members, probes; and some members once more."""
    with open_artifact(data) as artifact:
        for entry in artifact.entries[:20]:
            assert len(artifact.read(entry, 1000)) <= 1000
        assert artifact.unzipped_bytes >= 0
        artifact.followed_bytes()


def elf_reader(data: bytes) -> None:
    """The linking facts of a file, and its symbols."""
    image = read_elf(data)
    if isinstance(image, ElfImage):
        detect_libc(image)
    read_symbols(data)
    code_ranges(data)
    identify(data)


def probes(data: bytes) -> None:
    """Everything that is looked for in a member by its name; the first byte says which name it has."""
    if data:
        probe(data[1:], PATHS[data[0] % len(PATHS)], Readers())
        describe(data[1:4097], len(data) - 1)


def python_code(data: bytes) -> None:
    """Python of unknown origin, and what it opens by name."""
    parse(data)
    probe(b"import ctypes\n" + data, "python/a.py", Readers())


def whole_check(data: bytes) -> None:
    """All of it: an archive to a report in every form, on one target or on all."""
    runtime = ("python3.12", "nodejs20.x", "java21", "dotnet8", "ruby3.3", "provided.al2023", None)[len(data) % 7]
    report = check(data, runtime=runtime, architecture="x86_64" if runtime else None)
    for form in ("text", "concise"):
        text = render(report, form, width=100, verbose=bool(len(data) % 2), quiet=False)
        assert all(char.isprintable() or char == "\n" for char in text)
    json.loads(render(report, "json"))


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "zip": zip_reader,
    "elf": elf_reader,
    "probes": probes,
    "python": python_code,
    "check": whole_check,
    "templates": templates,
}
