"""A file as the loader sees it: usable or not, and what it asks for. Shared by all processes of one loader."""

from __future__ import annotations

from ..elf import ElfImage
from ..elf.image import (
    DF_1_NODEFLIB,
    DF_1_PIE,
    ELFOSABI_GNU,
    ELFOSABI_NONE,
    ET_DYN,
    ET_EXEC,
    MACHINES,
    machine_name,
)
from ..environment.model import Named
from ..filesystem import Hit, Node
from ..named_tuple import NamedTuple
from .behaviour import Behaviour
from .search import SearchList

_ABI_VERSIONS_OF_GNU = 4
"""EI_ABIVERSION below this is fine with EI_OSABI GNU/Linux (LIBC_ABI_MAX, glibc 2.36)."""
_LINUX, _ASSUMED_KERNEL = 0, (5, 10, 0)
"""Lambda runs Linux 5.10 (Amazon Linux 2's and 2023's own kernel at least)."""
SKIP, ENDS_LIST, FATAL = "skip", "ends list", "fatal"


class Refusal(NamedTuple):
    """Why a candidate is not loaded: it is passed over, ends the search of its list, or ends the whole load."""

    path: str
    reason: str
    kind: str


class Library:
    """A usable file under the path by which it was opened. Compared by identity; nobody changes it."""

    __slots__ = (
        "_defined", "file", "filters", "image", "needed", "nodeflib", "origin", "path", "place", "real", "refused",
        "rpath", "runpath", "soname", "verneed",
    )  # fmt: skip

    def __init__(self, hit: Hit, path: str, file: ElfImage | Named, origin: str | None) -> None:
        self.path = path
        self.real = hit.real
        self.file = file
        self.image = file if isinstance(file, ElfImage) else None
        self.origin = origin
        self.place = "artifact" if hit.node.mount >= 0 else "environment"
        self.soname = file.soname
        self.needed: tuple[str, ...] = ()
        # Names with whether they may be absent (DT_AUXILIARY) or not (DT_FILTER).
        self.filters: tuple[tuple[str, bool], ...] = ()
        self.verneed: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
        self.nodeflib = False
        self.rpath: SearchList | None = None
        # An empty DT_RUNPATH searches nothing, and still voids DT_RPATH: it is a list without directories.
        self.runpath: SearchList | None = None
        # Why it cannot be a dependency, though it could be opened.
        self.refused: str | None = None
        self._defined: frozenset[str] | None = None
        if self.image is not None:
            self.needed = self.image.needed
            self.verneed = self.image.verneed
            self.nodeflib = bool(self.image.flags_1 & DF_1_NODEFLIB)

    @property
    def defined(self) -> frozenset[str]:
        """The version nodes that are surely there."""
        if self._defined is None:
            if isinstance(self.file, Named):
                self._defined = self.file.versions.nodes if self.file.versions is not None else frozenset()
            else:
                self._defined = frozenset([node for node, _ in self.file.verdef or ()])
        return self._defined


def file_of(node: Node) -> ElfImage | Named | None:
    """The linking facts of a file: read from an artifact, captured, or known by name only."""
    if node.facts is not None and isinstance(node.facts.elf, ElfImage):
        return node.facts.elf
    return node.file if isinstance(node.file, (ElfImage, Named)) else None


def verify(node: Node, file: object, architecture: str, behaviour: Behaviour) -> tuple[str, str] | None:
    """What ``open_verify`` (glibc, elf/dl-load.c) makes of a candidate: (kind, reason), or None when it passes."""
    if node.is_directory:
        return FATAL, "it is a directory"
    if isinstance(file, Named):
        return None
    if not isinstance(file, ElfImage):
        empty = not node.entry.size if node.entry is not None else getattr(node.file, "kind", "") == "empty"
        return FATAL, "the file is empty" if empty else "it is not an ELF file"
    if file.bits != 64:
        return SKIP, f"it is for {machine_name(file.machine, file.bits)}"
    if file.data != "lsb":
        return SKIP if behaviour.big_endian_is_skipped else FATAL, "it is big-endian"
    gnu = file.osabi == ELFOSABI_GNU and file.abiversion < _ABI_VERSIONS_OF_GNU
    if file.osabi not in (ELFOSABI_NONE, ELFOSABI_GNU) or (file.abiversion and not gnu):
        return FATAL, f"its ELF OS ABI is {file.osabi}, version {file.abiversion}"
    if file.machine != MACHINES[architecture]:
        return SKIP, f"it is for {machine_name(file.machine, file.bits)}"
    if file.type not in (ET_DYN, ET_EXEC):
        return FATAL, "it is not a shared object"
    if file.abi_note is not None and behaviour.abi_note_counts:
        if file.abi_note[0] != _LINUX:
            return SKIP, "its ABI note is for another system"
        if tuple(file.abi_note[1:]) > _ASSUMED_KERNEL:
            return SKIP, f"its ABI note asks for Linux {'.'.join(map(str, file.abi_note[1:]))}"
    return None


def refuse_as_library(image: ElfImage, behaviour: Behaviour) -> str | None:
    """What ends the load once the file is mapped as a dependency (``_dl_map_object_from_fd``)."""
    if not image.dynamic:
        return "it has no dynamic section"
    if image.type == ET_EXEC or (image.flags_1 & DF_1_PIE and not behaviour.pie_as_library):
        return "it is a program, not a library"
    return None


def wants_executable_stack(image: ElfImage, behaviour: Behaviour) -> bool:
    """Whether PT_GNU_STACK, or its absence, asks for an executable stack."""
    return behaviour.stack_executable_by_default if image.gnu_stack is None else "x" in image.gnu_stack
