"""The linking facts of one ELF file, and the few numbers of the ELF specification that other rooms speak of.

Numbers and names follow the System V gABI and its processor supplements, and glibc's ``elf.h``.
"""

from __future__ import annotations

from ..finding import Defect
from ..named_tuple import NamedTuple

ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
EM_386, EM_ARM, EM_X86_64, EM_AARCH64 = 3, 40, 62, 183
MACHINES = {"x86_64": EM_X86_64, "arm64": EM_AARCH64}
"""e_machine of the architectures that Lambda has, by the names that it gives them."""
DF_1_NODEFLIB = 0x800
DF_1_PIE = 0x08000000
VER_FLG_BASE, VER_FLG_WEAK = 1, 2
ELFOSABI_NONE, ELFOSABI_GNU = 0, 3

_MACHINE_NAMES = {
    EM_386: "i386",
    8: "mips",
    20: "ppc",
    21: "ppc64",
    22: "s390",
    EM_ARM: "arm",
    EM_X86_64: "x86_64",
    EM_AARCH64: "arm64",
    243: "riscv",
    247: "bpf",
    258: "loongarch",
}


class Segment(NamedTuple):
    """One PT_LOAD header: file offset, address, sizes in bytes, alignment, PF_* flags."""

    offset: int
    vaddr: int
    filesz: int
    memsz: int
    align: int
    flags: int


class ElfImage(NamedTuple):
    """What the dynamic loader reads of one ELF file. A string is None where its tag is absent, "" where it is empty."""

    bits: int
    data: str
    machine: int
    type: int
    osabi: int
    abiversion: int
    interp: str | None
    needed: tuple[str, ...]
    soname: str | None
    rpath: str | None
    runpath: str | None
    flags: int
    flags_1: int
    filter: str | None
    auxiliary: str | None
    verneed: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    verdef: tuple[tuple[str, int], ...] | None
    loads: tuple[Segment, ...]
    gnu_stack: str | None
    abi_note: tuple[int, int, int, int] | None
    isa_needed: int
    go: bool
    relr: bool
    dynamic: bool
    defects: tuple[Defect, ...]

    @property
    def is_program(self) -> bool:
        """Whether the kernel may start it: ET_EXEC, PT_INTERP, or a static position-independent executable."""
        return self.type == ET_EXEC or self.interp is not None or bool(self.flags_1 & DF_1_PIE)

    @property
    def is_static(self) -> bool:
        """A program that no dynamic loader prepares."""
        return self.is_program and self.interp is None and not self.needed


def machine_name(machine: int, bits: int = 64) -> str:
    """The architecture's name as Lambda spells it, or ``machine N`` where this table has no name for it."""
    name = _MACHINE_NAMES.get(machine)
    if name is None:
        return f"machine {machine}"
    if name == "x86_64" and bits == 32:
        return "x32"
    if name == "riscv":
        return f"riscv{bits}"
    return name
