"""Artifacts in a few words, and what a check says of them in a few words."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from typing import Any

from layercheck import check
from layercheck.check.deployment import Opener, deploy
from layercheck.check.options import Options
from layercheck.environment import load
from layercheck.filesystem import Filesystem
from layercheck.finding import Finding, Report
from layercheck.linker import resolve
from layercheck.rules import TargetView
from support.elf_writer import build_elf
from support.zip_writer import Member, build_zip, deflate, simple_zip

Files = Mapping[str, "bytes | tuple[bytes, int]"]
SUFFIX = ".cpython-312-x86_64-linux-gnu.so"
LD = "/lib64/ld-linux-x86-64.so.2"


def link(target: str) -> tuple[bytes, int]:
    return target.encode(), stat.S_IFLNK | 0o777


def module(*needed: str, **fields: Any) -> bytes:
    """An extension module or a library."""
    return build_elf(needed=(*needed, "libc.so.6"), **fields)


def program(*needed: str, interp: str | None = LD, **fields: Any) -> bytes:
    return build_elf(etype="pie", interp=interp, needed=(*needed, "libc.so.6"), **fields)


def static_program(**fields: Any) -> bytes:
    return build_elf(etype="exec", dynamic=False, go_note=True, **fields)


def judge(
    files: Files | bytes,
    runtime: str | list[str] | None = "python3.12",
    architecture: str | list[str] | None = "x86_64",
    **options: Any,
) -> Report:
    data = files if isinstance(files, bytes) else simple_zip(files)
    return check(data, runtime=runtime, architecture=architecture, **options)


def view_of(files: Files | bytes, runtime: str = "python3.12", **options: Any) -> TargetView:
    """What the rules of a target see of an artifact on x86_64; ``options`` as those of a check."""
    made = Options(**options)
    data = files if isinstance(files, bytes) else simple_zip(files)
    stack = deploy(Opener(made), data, made).stack
    environment = load(runtime, "x86_64")
    assert environment.runtime is not None
    filesystem = Filesystem(stack.overlay, environment)
    return TargetView(stack, environment, environment.runtime, filesystem, resolve(filesystem))


def told(report: Report) -> list[tuple[str, str, str | None]]:
    """(rule, severity, path) of all findings."""
    return [(finding.rule, finding.severity.value, finding.path) for finding in report.findings]


def of(report: Report, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule]


def noise(name: str, size: int, seed: int = 0) -> Member:
    """A stored member of ``size`` bytes that is told from others by ``seed``."""
    head = seed.to_bytes(8, "little")
    return Member(name, head + bytes(size - len(head)), method=0)


def big(name: str, size: int, seed: int = 0) -> Member:
    """A deflated member that takes little room in the archive."""
    data = seed.to_bytes(8, "little") + bytes(size - 8)
    return Member(name, data, payload=deflate(data, 1))


def zipped(*members: Member) -> bytes:
    return build_zip(members)
