"""Capturing an environment of one's own: from the files of a root filesystem to the document that describes it.

Kept are every symlink, the linking facts of every ELF file, whatever else is called lib*.so*, the programs on PATH, the
interpreters, the Python distributions, and what the dynamic loader searches. The content of files is not kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..elf import ElfImage, Ranges, read_elf_ranges
from ..elf.image import EM_AARCH64, EM_X86_64
from .capture_cache import MAX_BYTES, read_cache
from .capture_elf import to_record
from .capture_loader import Loaders
from .capture_source import DIRECTORY, LINK, Member
from .store import read

_ARCHITECTURES = {EM_X86_64: "x86_64", EM_AARCH64: "arm64"}
_CACHE = "/etc/ld.so.cache"
_LIBRARY = r"^lib.*\.so"
_DISTRIBUTION = r"^(?P<name>[^-]+)-(?P<version>[^-]+)(-py[\d.]+)?(-.*)?\.(dist|egg)-info$"
_INTERPRETER = r"^(?:(python)(\d+\.\d+)|(node)|(ruby)|(java)|(php)|(dotnet))$"
_LANGUAGES = {"node": "nodejs"}
_USUAL_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_LAMBDA_MARKS = ("/var/runtime", "/var/lang")


class CaptureError(ValueError):
    """What was read is no root filesystem; the message says what it lacks."""


def capture(
    members: Iterable[Member],
    *,
    library_path: str | None = None,
    variables: Mapping[str, str] | None = None,
    name: str = "captured",
    symbols: bool = False,
) -> dict[str, Any]:
    """The document of the environment that ``members`` make; ready for json.dumps.

    ``library_path``: LD_LIBRARY_PATH of its processes. Without it and without ``variables`` (those of a live process)
    it is Lambda's own where /var/runtime or /var/lang are there, else empty. ``symbols``: with the dynamic symbols of
    every ELF file; the members must then have the files whole. Raises CaptureError when no dynamic loader
    of a 64-bit machine of Lambda is found, and what reading the members raises.
    """
    found = _Found(symbols)
    for member in members:
        found.add(member)
    loader, image = found.loaders.choose(found.interpreters(), found.files, found.follow)
    if loader is None or image is None:
        raise CaptureError("no dynamic loader of x86_64 or arm64 in it: is it the root of a Linux system?")
    architecture = _ARCHITECTURES[image.machine]
    is_lambda = any(found.follow(mark) in found.directories for mark in _LAMBDA_MARKS)
    common = read("layout")["common"]
    variables = variables or {}
    if library_path is None:
        library_path = variables.get("LD_LIBRARY_PATH", ":".join(common["library_path"]) if is_lambda else "")
    path = tuple(variables["PATH"].split(":")) if "PATH" in variables else None
    path = path or tuple(common["path"] if is_lambda else _USUAL_PATH)
    programs = found.programs(path)
    return {
        "schema_version": "1.0",
        "name": name,
        "architecture": architecture,
        "loader": loader,
        "library_path": library_path,
        "path": list(path),
        "cache": read_cache(found.cache, architecture),
        "interpreters": found.interpreter_facts(programs),
        "programs": programs,
        "packages": {folder: dict(sorted(names.items())) for folder, names in sorted(found.packages.items())},
        "files": dict(sorted(found.files.items())),
        **({"symbols": dict(sorted(found.symbols.items()))} if symbols else {}),
    }


class _Found:
    """What was met so far."""

    def __init__(self, with_symbols: bool) -> None:
        self._with_symbols = with_symbols
        self.symbols: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.links: dict[str, str] = {}
        self.images: dict[str, ElfImage] = {}
        self.executables: set[str] = set()
        self.directories: set[str] = set()
        self.packages: dict[str, dict[str, str]] = {}
        self.cache = b""
        self.loaders = Loaders()

    def add(self, member: Member) -> None:
        path = member.path
        folder, _, name = path.rpartition("/")
        if member.kind == LINK:
            self.files[path] = {"link": member.target}
            self.links[path] = member.target
            return
        if name.endswith("-info"):
            self._distribution(folder, name)
        if member.kind == DIRECTORY:
            self.directories.add(path)
            if re.match(_LIBRARY, name):
                self.files[path] = {"other": "directory"}
            return
        if member.executable:
            self.executables.add(path)
        if member.same is not None:
            self._hard_link(path, member.same)
        elif member.content is not None:
            self._file(path, name, member.content)

    def _hard_link(self, path: str, first: str) -> None:
        image = self.images.get(first)
        if image is not None and image.is_program:
            # A program's own directory ($ORIGIN) is that of the name it was started by.
            self.images[path] = image
            self.files[path] = self.files[first]
            if first in self.symbols:
                self.symbols[path] = self.symbols[first]
        elif first in self.files:
            # Two names of one file are one object to the loader, as a link and its target are.
            self.files[path] = self.files[first] if "link" in self.files[first] else {"link": first}
            self.links[path] = first

    def _file(self, path: str, name: str, content: Ranges) -> None:
        try:
            head = content.fetch([(0, 4)])[0]
            is_elf = head.cut() == b"\x7fELF"
            image = read_elf_ranges(content) if is_elf else None
            if isinstance(image, ElfImage):
                self.files[path] = {"elf": to_record(image)}
                self.images[path] = image
                self.loaders.look(path, image, content)
                if self._with_symbols:
                    self._read_symbols(path, content)
            elif re.match(_LIBRARY, name):
                self.files[path] = {"other": "text" if content.size else "empty"}
            elif path == _CACHE:
                self.cache = _bytes(content, MAX_BYTES)
            else:
                self.loaders.look_at_text(path, content)
        except OSError:
            if re.match(_LIBRARY, name):
                self.files[path] = {"other": "unreadable"}

    def _read_symbols(self, path: str, content: Ranges) -> None:
        from ..elf.symbols import read_symbols_ranges
        from .capture_symbols import to_record as record_of

        symbols = read_symbols_ranges(content)
        if symbols is not None:
            self.symbols[path] = record_of(symbols)

    def _distribution(self, folder: str, name: str) -> None:
        match = re.match(_DISTRIBUTION, name)
        if match is not None:
            plain = re.sub(r"[-_.]+", "-", match["name"]).lower()
            self.packages.setdefault(folder, {})[plain] = match["version"]

    def follow(self, path: str) -> str | None:
        """The path without links, inside the root; None for a loop. Nothing tells whether it exists."""
        pending = [part for part in reversed(path.split("/")) if part]
        at, followed = "", 0
        while pending:
            part = pending.pop()
            if part == "..":
                at = at[: at.rfind("/")] if at else ""
            elif part != ".":
                target = self.links.get(f"{at}/{part}")
                if target is None:
                    at = f"{at}/{part}"
                    continue
                followed += 1
                if followed > 40:
                    return None
                at = "" if target.startswith("/") else at
                pending += [step for step in reversed(target.split("/")) if step]
        return at or "/"

    def interpreters(self) -> Counter[str]:
        """How many programs of Lambda's machines name each loader."""
        return Counter(
            image.interp
            for image in self.images.values()
            if image.interp is not None and image.machine in _ARCHITECTURES and image.bits == 64
        )

    def programs(self, directories: Iterable[str]) -> list[str]:
        """What can be started from PATH, sorted: names in the real directories, links among them."""
        wanted = {self.follow(directory) for directory in directories}
        programs = []
        for path in [*self.executables, *self.links]:
            in_path = path[: path.rfind("/")] in wanted
            if in_path and (path in self.executables or self.follow(path) in self.executables):
                programs.append(path)
        return sorted(set(programs))

    def interpreter_facts(self, programs: Iterable[str]) -> dict[str, Any]:
        """The interpreters among the programs, by their real paths."""
        facts: dict[str, Any] = {}
        for program in programs:
            real = self.follow(program)
            match = re.match(_INTERPRETER, program.rpartition("/")[2])
            image = self.images.get(real) if real is not None else None
            if match is None or image is None or real is None:
                continue
            language = next(word for word in (match[1], *match.groups()[2:]) if word)
            version = match[2] or facts.get(real, {}).get("version")
            facts[real] = {
                "language": _LANGUAGES.get(language, language),
                "version": version,
                "needed": list(image.needed),
            }
        return facts


def _bytes(content: Ranges, limit: int) -> bytes:
    view = content.fetch([(0, min(content.size, limit))])[0]
    return view.cut()
