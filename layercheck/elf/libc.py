"""Which C library an ELF file was made for, told by facts of the file and never by strings that merely look alike."""

from __future__ import annotations

from ..named_tuple import NamedTuple
from .image import DF_1_PIE, ELFOSABI_GNU, ET_EXEC, ElfImage


class Libc(NamedTuple):
    """What it is and why.

    ``kind``: glibc, musl, bionic, static-glibc, static-musl, static, go-static, none, unknown. ``evidence``: one fact.
    """

    kind: str
    evidence: str


def detect_libc(image: ElfImage) -> Libc:
    """Tell the C library of ``image``.

    A static glibc program carries an NT_GNU_ABI_TAG note or EI_OSABI GNU/Linux; a static musl program has neither. Both
    were read off programs built with gcc and musl-gcc; Go's own linker leaves a Go build-id note.
    """
    if image.interp is not None:
        name = image.interp.rsplit("/", 1)[-1]
        if image.interp.startswith("/system/bin/linker"):
            return Libc("bionic", f"its interpreter is {image.interp} (Android)")
        if name.startswith("ld-musl-"):
            return Libc("musl", f"its interpreter is {image.interp}")
        if name.startswith(("ld-linux", "ld64.so", "ld.so", "ld-2.")):
            return Libc("glibc", f"its interpreter is {image.interp}")
    # musl's libm and libdl are libc.so itself, and glibc's names end in a number; Android's are bare.
    android = {"liblog.so", "libm.so", "libdl.so"}.intersection(image.needed) if "libc.so" in image.needed else None
    if android:
        return Libc("bionic", f"it needs libc.so and {min(android)} (Android)")
    for name in image.needed:
        if name.startswith("libc.musl-") or name == "libc.so":
            return Libc("musl", f"it needs {name}")
    for file, nodes in image.verneed:
        for node, _ in nodes:
            if node.startswith("GLIBC_"):
                return Libc("glibc", f"it needs {node} of {file}")
    for name in image.needed:
        if name in ("libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"):
            return Libc("glibc", f"it needs {name}")
    if image.needed or image.interp is not None:
        return Libc("unknown", "it needs libraries, but no C library among them")
    if image.type == ET_EXEC or image.flags_1 & DF_1_PIE:
        return _static(image)
    return Libc("none", "it needs no library")


def _static(image: ElfImage) -> Libc:
    form = "static-pie" if image.flags_1 & DF_1_PIE else "no interpreter and no needed library"
    if image.go:
        return Libc("go-static", f"{form}, with Go's build id or build information")
    if image.osabi == ELFOSABI_GNU:
        return Libc("static-glibc", f"{form}, and EI_OSABI is GNU/Linux")
    if image.abi_note is not None:
        return Libc("static-glibc", f"{form}, with a GNU ABI-tag note")
    if image.osabi == 0:
        return Libc("static-musl", f"{form}, EI_OSABI System V and no GNU note, as musl (or stripped Go) leaves it")
    return Libc("static", f"{form}, EI_OSABI {image.osabi}")
