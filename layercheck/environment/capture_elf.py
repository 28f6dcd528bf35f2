"""The facts of an ELF file as an environment file holds them, and back.

What only verdicts about the file itself need (its segments, lesser damage) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..elf import ElfImage
from ..elf.image import VER_FLG_BASE
from ..finding import Defect


def to_record(image: ElfImage) -> dict[str, Any]:
    """The value of ``elf`` for one file."""
    verneed: dict[str, list[list[Any]]] = {}
    for file, nodes in image.verneed:
        verneed.setdefault(file, []).extend([node, flags] for node, flags in nodes)
    record: dict[str, Any] = {
        "machine": image.machine,
        "class": image.bits,
        "data": image.data,
        "type": image.type,
        "osabi": image.osabi,
        "abiversion": image.abiversion,
        "interp": image.interp,
        "needed": list(image.needed),
        "soname": image.soname,
        "rpath": image.rpath,
        "runpath": image.runpath,
        "flags_1": image.flags_1,
        "filter": image.filter,
        "auxiliary": image.auxiliary,
        "abi_note": None if image.abi_note is None else list(image.abi_note),
        "gnu_stack": image.gnu_stack,
        "relr": image.relr,
        "truncated": any(defect.kind == "truncated" for defect in image.defects),
        "verdef": None,
        "verneed": verneed,
    }
    if image.verdef is not None:
        base = next((name for name, flags in image.verdef if flags & VER_FLG_BASE), None)
        record["verdef"] = [name for name, flags in image.verdef if not flags & VER_FLG_BASE]
        if base != image.soname:
            record["verdef_base"] = base
    # Rarely anything else than these, so they are written only then.
    usual = {"flags": 0, "isa_needed": 0, "go": False, "dynamic": True}
    record.update({key: getattr(image, key) for key, value in usual.items() if getattr(image, key) != value})
    return record


class WrongRecord(ValueError):
    """A record that is not as it should be; the message says what."""


def from_record(record: Any) -> ElfImage:
    """The image of a record. Raises WrongRecord; a missing key is what most files have."""
    if not isinstance(record, dict):
        raise WrongRecord("elf is not an object")
    field = _Fields(record)
    soname = field.text("soname")
    truncated = field.flag("truncated", False)
    return ElfImage(
        bits=field.one_of("class", (64, 32)),
        data=field.one_of("data", ("lsb", "msb")),
        machine=field.number("machine"),
        type=field.number("type"),
        osabi=field.number("osabi", 0),
        abiversion=field.number("abiversion", 0),
        interp=field.text("interp"),
        needed=field.texts("needed"),
        soname=soname,
        rpath=field.text("rpath"),
        runpath=field.text("runpath"),
        flags=field.number("flags", 0),
        flags_1=field.number("flags_1", 0),
        filter=field.text("filter"),
        auxiliary=field.text("auxiliary"),
        verneed=field.verneed(),
        verdef=field.verdef(soname),
        loads=(),
        gnu_stack=field.text("gnu_stack"),
        abi_note=field.note(),
        isa_needed=field.number("isa_needed", 0),
        go=field.flag("go", False),
        relr=field.flag("relr", False),
        dynamic=field.flag("dynamic", True),
        defects=(Defect("truncated", None, "it was cut short where it was captured"),) if truncated else (),
    )


class _Fields:
    """Reads the fields of one record, each with its type."""

    def __init__(self, record: dict[str, Any]) -> None:
        self._record = record

    def number(self, key: str, default: int | None = None) -> int:
        value = self._record.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise WrongRecord(f"elf.{key} is not a number")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._record.get(key, default)
        if not isinstance(value, bool):
            raise WrongRecord(f"elf.{key} is neither true nor false")
        return value

    def text(self, key: str) -> str | None:
        value = self._record.get(key)
        if value is not None and not isinstance(value, str):
            raise WrongRecord(f"elf.{key} is neither text nor null")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._record.get(key, [])
        if not isinstance(value, list) or not _all(value, str):
            raise WrongRecord(f"elf.{key} is not a list of texts")
        return tuple(value)

    def one_of(self, key: str, values: tuple[Any, ...]) -> Any:
        value = self._record.get(key, values[0])
        if value not in values or isinstance(value, bool):
            raise WrongRecord(f"elf.{key} is none of {', '.join(map(str, values))}")
        return value

    def note(self) -> tuple[int, int, int, int] | None:
        value = self._record.get("abi_note")
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 4 or not _all(value, int):
            raise WrongRecord("elf.abi_note is not a list of four numbers")
        return (value[0], value[1], value[2], value[3])

    def verdef(self, soname: str | None) -> tuple[tuple[str, int], ...] | None:
        if self._record.get("verdef") is None:
            return None
        nodes = [(name, 0) for name in self.texts("verdef")]
        base = self.text("verdef_base") if "verdef_base" in self._record else soname
        return ((base, VER_FLG_BASE), *nodes) if base is not None else tuple(nodes)

    def verneed(self) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
        value = self._record.get("verneed", {})
        if not isinstance(value, dict):
            raise WrongRecord("elf.verneed is not an object")
        return tuple([(file, self._needs(nodes)) for file, nodes in value.items()])

    def _needs(self, nodes: Any) -> tuple[tuple[str, int], ...]:
        pairs = []
        for node in nodes if isinstance(nodes, list) else [None]:
            if isinstance(node, str):
                pairs.append((node, 0))
            elif isinstance(node, list) and len(node) == 2 and isinstance(node[0], str) and isinstance(node[1], int):
                pairs.append((node[0], node[1]))
            else:
                raise WrongRecord("elf.verneed does not map files to lists of [node, flags]")
        return tuple(pairs)


def _all(values: Iterable[Any], kind: type) -> bool:
    return all(isinstance(value, kind) for value in values)
