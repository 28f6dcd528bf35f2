"""The dynamic loaders of a root filesystem: their kind, release, and the directories built into them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..elf import ElfImage, Ranges
from ..elf.image import EM_AARCH64, EM_X86_64

_NAMES = r"^(ld-linux-x86-64\.so\.2|ld-linux-aarch64\.so\.1|ld-musl-(x86_64|aarch64)\.so\.1|ld-[\d.]+\.so|ld\.so)$"
_PATHS = {
    EM_X86_64: ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"),
    EM_AARCH64: ("/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"),
}
_MUSL_PATHS = r"^/etc/ld-musl-(x86_64|aarch64)\.path$"
_MUSL_DIRECTORIES = ("/lib", "/usr/local/lib", "/usr/lib")
_DIRECTORIES = rb"(?:/[!-~]*/\0){2,}"
_RELEASE = rb"(?:GNU libc|GNU C Library)[^\0\n]{0,80}? version (\d+\.\d+)"
_MUSL_RELEASE = rb"\0(1\.\d+\.\d+)(?:-git[^\0]{0,40})?\0"
_MAX_BYTES = 16 << 20
"""Bytes of a loader or C library that are looked at; the largest are below 3 MB."""


class Loaders:
    """Collects the loaders while the files go by, and tells which one the system's programs are started by."""

    def __init__(self) -> None:
        self._images: dict[str, ElfImage] = {}
        self._directories: dict[str, tuple[str, ...]] = {}
        self._releases: dict[str, str] = {}
        # The release of a glibc from its libc.so.6, by machine: older loaders do not tell it.
        self._libc: dict[int, str] = {}
        self._musl: dict[str, tuple[str, ...]] = {}

    def look(self, path: str, image: ElfImage, content: Ranges) -> None:
        """Note what a loader or a C library says of itself."""
        name = path[path.rfind("/") + 1 :]
        if image.machine not in _PATHS or image.bits != 64:
            return
        is_loader = re.match(_NAMES, name) or re.match(_NAMES, image.soname or "")
        is_musl = name.startswith("ld-musl-") or (name == "libc.so" and not image.needed)
        if is_loader or is_musl:
            data = _whole(content)
            self._images[path] = image
            if is_musl:
                release = re.search(_MUSL_RELEASE, data)
                self._directories[path] = _MUSL_DIRECTORIES
            else:
                release = re.search(_RELEASE, data)
                self._directories[path] = default_directories(data)
            if release is not None:
                self._releases[path] = release[1].decode()
        elif image.soname == "libc.so.6":
            release = re.search(_RELEASE, _whole(content))
            told = release[1].decode() if release is not None else _newest_node(image)
            if told is not None:
                self._libc.setdefault(image.machine, told)

    def look_at_text(self, path: str, content: Ranges) -> None:
        """Note the search path of a musl system."""
        match = re.match(_MUSL_PATHS, path)
        if match is not None:
            text = _whole(content).decode("utf-8", "surrogateescape")
            self._musl[match[1]] = tuple(part for part in re.split(r"[:\n]", text) if part)

    def choose(
        self, wanted: Mapping[str, int], files: Mapping[str, Any], follow: Callable[[str], str | None]
    ) -> tuple[dict[str, Any] | None, ElfImage | None]:
        """(its record, its image) of the loader that most programs name, else of one in its usual place."""
        usual = [path for paths in _PATHS.values() for path in paths]
        for path in [*sorted(wanted, key=lambda path: (-wanted[path], path)), *usual, *sorted(self._images)]:
            real = follow(path)
            if real is not None and real in self._images:
                return self._record(path, real), self._images[real]
        return None, None

    def _record(self, path: str, real: str) -> dict[str, Any]:
        image = self._images[real]
        directories = self._directories[real]
        if directories is _MUSL_DIRECTORIES or "ld-musl-" in path:
            machine = "x86_64" if image.machine == EM_X86_64 else "aarch64"
            directories = self._musl.get(machine, _MUSL_DIRECTORIES)
            kind, release = "musl", self._releases.get(real, "")
        else:
            kind, release = "glibc", self._releases.get(real) or self._libc.get(image.machine, "")
        return {
            "kind": kind,
            "version": release,
            "path": path,
            "default_directories": list(directories),
            # glibc takes both from its one build option for the name of the library directory.
            "lib": directories[0].lstrip("/") if directories else "lib",
        }


def default_directories(data: bytes) -> tuple[str, ...]:
    """The trusted directories in a glibc loader's data: consecutive strings that end in a slash; () when not found."""
    runs: list[bytes] = re.findall(_DIRECTORIES, data)
    best = max(runs, key=len, default=b"")
    return tuple(text.decode("utf-8", "surrogateescape").rstrip("/") for text in best.split(b"\0") if text)


def _whole(content: Ranges) -> bytes:
    view = content.fetch([(0, min(content.size, _MAX_BYTES))])[0]
    return view.cut()


def _newest_node(image: ElfImage) -> str | None:
    """The release by the newest version node. A distribution may have put later nodes in; nothing better is known."""
    nodes = [re.match(r"^GLIBC_(\d+)\.(\d+)$", name) for name, _ in image.verdef or ()]
    numbers = [(int(match[1]), int(match[2])) for match in nodes if match is not None]
    return "{}.{}".format(*max(numbers)) if numbers else None
