"""What a peer that is a Python library does with one layer: ``python peer_work.py NAME LAYER.zip``.

elfdeps reads the zip itself. LIEF and pyelftools get each member whose first bytes are ELF, inflated into memory (from
the zip's own stream pyelftools is 70 times slower), and are asked for what a check needs: libraries, interpreter,
version requirements and definitions.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

MAGIC = b"\x7fELF"


def elf_members(path: str) -> Iterator[bytes]:
    """The content of each ELF file of a zip."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                head = member.read(4)
                if head == MAGIC:
                    yield head + member.read()


def elfdeps(path: str) -> int:
    """Analyse the zip, counted to the end."""
    from elfdeps import analyze_zipfile

    with zipfile.ZipFile(path) as archive:
        return sum(1 for _ in analyze_zipfile(archive))


def lief(path: str, *, lean: bool) -> int:
    """Parse each ELF file, with everything or without relocations, symbols, notes and overlay."""
    import lief

    lief.logging.disable()
    config = lief.ELF.ParserConfig()
    if lean:
        config.parse_relocations = config.parse_dyn_symbols = config.parse_symtab_symbols = False
        config.parse_notes = config.parse_overlay = False
    facts = 0
    for data in elf_members(path):
        binary: Any = lief.ELF.parse(BytesIO(data), config)
        if binary is None:
            continue
        facts += len(list(binary.libraries)) + binary.has_interpreter
        for needed in binary.symbols_version_requirement:
            facts += len(list(needed.get_auxiliary_symbols()))
        for defined in binary.symbols_version_definition:
            facts += len(list(defined.auxiliary_symbols))
    return facts


def pyelftools(path: str) -> int:
    """Read the dynamic section and both version tables of each ELF file, by the names of their sections."""
    from elftools.elf.elffile import ELFFile

    facts = 0
    for data in elf_members(path):
        elf = ELFFile(BytesIO(data))
        interpreter, dynamic = (elf.get_section_by_name(name) for name in (".interp", ".dynamic"))
        facts += interpreter is not None and interpreter.data() != b""
        for tag in dynamic.iter_tags() if dynamic is not None and hasattr(dynamic, "iter_tags") else ():
            facts += hasattr(tag, "needed")
        for name in (".gnu.version_r", ".gnu.version_d"):
            section = elf.get_section_by_name(name)
            for _, nodes in section.iter_versions() if section is not None else ():  # type: ignore[attr-defined]
                facts += sum(1 for node in nodes if node.name)
    return facts


WORK: dict[str, Callable[[str], int]] = {
    "elfdeps": elfdeps,
    "lief": lambda path: lief(path, lean=False),
    "lief-lean": lambda path: lief(path, lean=True),
    "pyelftools": pyelftools,
}

if __name__ == "__main__":
    print(WORK[sys.argv[1]](sys.argv[2]))
