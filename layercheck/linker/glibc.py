"""glibc's dynamic loader: search order, breadth-first loading, matching of loaded names, versions.

The rules are those of ``elf/dl-load.c``, ``dl-deps.c`` and ``dl-version.c`` as they behave in glibc 2.26 and 2.34, the
bases of Amazon Linux 2 and 2023.
"""

from __future__ import annotations

from typing import NamedTuple

from ..elf import ElfImage
from ..elf.image import (
    DF_1_NODEFLIB,
    DF_1_PIE,
    ELFOSABI_GNU,
    ELFOSABI_NONE,
    ET_DYN,
    ET_EXEC,
    ET_REL,
    VER_FLG_WEAK,
    machine_name,
)
from ..environment.model import Named
from ..filesystem import Filesystem, Hit, Node
from .model import Load, LoadedObject, Lookup, MissingVersion
from .search import directory_of, expand, join, split_path

MAX_OBJECTS = 5_000
_PLATFORM = {"x86_64": "x86_64", "arm64": "aarch64"}


class _Object:
    """An object of the emulated process."""

    __slots__ = ("file", "loader", "names", "needs", "origin", "path", "real", "rpath", "runpath")

    def __init__(self, hit: Hit, file: ElfImage | Named, loader: _Object | None, name: str) -> None:
        self.path = hit.opened
        self.real = hit.real
        self.file = file
        self.loader = loader
        self.names = {name, hit.opened}
        self.origin = directory_of(hit.opened)
        self.needs: tuple[str, ...] = file.needed if isinstance(file, ElfImage) else ()
        self.rpath: tuple[str, ...] = ()
        self.runpath: tuple[str, ...] | None = None

    @property
    def soname(self) -> str | None:
        return self.file.soname


class _Found(NamedTuple):
    hit: Hit
    file: ElfImage | Named
    via: str


class _Fatal(NamedTuple):
    path: str
    reason: str


class GlibcLoader:
    """Loads programs of one filesystem. What a directory list holds for a name is remembered between loads."""

    def __init__(
        self, filesystem: Filesystem, library_path: tuple[str, ...] | None = None, cwd: str = "/var/task"
    ) -> None:
        environment = filesystem.environment
        self._filesystem = filesystem
        self._loader = environment.loader
        self._cwd = cwd
        self._library_path = environment.library_path if library_path is None else library_path
        self._platform = _PLATFORM[environment.architecture]
        self._machine = 62 if environment.architecture == "x86_64" else 183
        self._cache: dict[tuple[tuple[str, ...], str, str], _Found | _Fatal | None] = {}

    def running(self) -> _Object | None:
        """The loader itself, which is in every process and answers to its own name."""
        hit = self._filesystem.lookup(self._loader.path)
        file = _file_of(hit.node) if isinstance(hit, Hit) else None
        if not isinstance(hit, Hit) or file is None:
            return None
        return _Object(hit, file, None, self._loader.path[self._loader.path.rfind("/") + 1 :])

    def load_program(self, path: str) -> Load:
        """Load the file at the absolute ``path`` as the loader does with a program and everything that it needs."""
        hit = self._filesystem.lookup(path, self._cwd)
        if not isinstance(hit, Hit) or not isinstance(_file_of(hit.node), ElfImage):
            return Load(path, "damaged", error=(path, "cannot be read"))
        return _Process(self, hit).run()

    def search(self, names: tuple[str, ...], name: str, via: str) -> _Found | _Fatal | None:
        """The first usable ``name`` in the directories ``names``."""
        key = (names, name, via)
        if key not in self._cache:
            self._cache[key] = self._search(names, name, via)
        return self._cache[key]

    def _search(self, directories: tuple[str, ...], name: str, via: str) -> _Found | _Fatal | None:
        for directory in directories:
            answer = self.open(join(directory, name), via)
            if answer is not None:
                if isinstance(answer, _Fatal) and answer.reason == "loop":
                    return None
                return answer
        return None

    def open(self, path: str, via: str) -> _Found | _Fatal | None:
        """One candidate: usable, the end of the load, or None to go on."""
        hit = self._filesystem.lookup(path, self._cwd)
        if not isinstance(hit, Hit):
            return _Fatal(path, "loop") if hit.reason == "loop" else None
        hit = hit._replace(opened=path)
        file = _file_of(hit.node)
        if isinstance(file, Named):
            return _Found(hit, file, via)
        reason = self.refusal(hit.node, file)
        if reason is None:
            assert isinstance(file, ElfImage)
            return _Found(hit, file, via)
        return None if reason.startswith("it is for ") else _Fatal(path, reason)

    def refusal(self, node: Node, file: object) -> str | None:
        """Why a file cannot be loaded as a library; None when it can."""
        if node.is_directory:
            return "it is a directory"
        if not isinstance(file, ElfImage):
            return "it is not an ELF file" if node.entry is None or node.entry.size else "the file is empty"
        if file.machine != self._machine or file.bits != 64:
            return f"it is for {machine_name(file.machine, file.bits)}"
        if file.data != "lsb":
            return "it is big-endian"
        if file.osabi not in (ELFOSABI_NONE, ELFOSABI_GNU) or (file.abiversion and file.osabi == ELFOSABI_NONE):
            return f"its ELF OS ABI is {file.osabi}, version {file.abiversion}"
        if file.type == ET_EXEC or (file.flags_1 & DF_1_PIE and self._loader.version != "2.26"):
            return "it is a program, not a library"
        if file.type == ET_REL or file.type != ET_DYN:
            return "it is not a shared object"
        return None

    def prepare(self, item: _Object) -> None:
        """Expand the search lists of a newly loaded object. An object with RUNPATH has no RPATH."""
        file = item.file
        if not isinstance(file, ElfImage):
            return
        if file.runpath is not None:
            item.runpath = self._expand_all(split_path(file.runpath), item.origin)
        elif file.rpath:
            item.rpath = self._expand_all(split_path(file.rpath), item.origin)
        if any("$" in name for name in item.needs):
            item.needs = self._expand_all(item.needs, item.origin)

    def _expand_all(self, texts: tuple[str, ...], origin: str) -> tuple[str, ...]:
        return tuple([expand(text, origin, self._loader.lib, self._platform) for text in texts])

    def expand_library_path(self, origin: str) -> tuple[str, ...]:
        """LD_LIBRARY_PATH for a program in the directory ``origin``."""
        return self._expand_all(self._library_path, origin)

    def lists(self, requirer: _Object, library_path: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
        """The directory lists that are searched for what ``requirer`` needs, in order, each with its name."""
        found: list[tuple[tuple[str, ...], str]] = []
        if requirer.runpath is None:
            step: _Object | None = requirer
            while step is not None:
                if step.rpath:
                    found.append((step.rpath, "rpath"))
                step = step.loader
        found.append((library_path, "library-path"))
        if requirer.runpath:
            found.append((requirer.runpath, "runpath"))
        file = requirer.file
        if not (isinstance(file, ElfImage) and file.flags_1 & DF_1_NODEFLIB):
            found.append((self._loader.default_directories, "default"))
        return found

    def explain(self, requirer: _Object, name: str, library_path: tuple[str, ...]) -> tuple[str, ...]:
        """Every candidate that a failed search looked at, in order, with the reason."""
        if "/" in name:
            return (self._reason(name),)
        lines: list[str] = []
        for directories, via in self.lists(requirer, library_path):
            lines += [f"{self._reason(join(directory, name))} ({via})" for directory in directories]
        return tuple(dict.fromkeys(lines))

    def _reason(self, path: str) -> str:
        hit = self._filesystem.lookup(path, self._cwd)
        if not isinstance(hit, Hit):
            return f"{path}: {hit.reason}"
        return f"{path}: {self.refusal(hit.node, _file_of(hit.node)) or 'usable'}"


class _Process:
    """One load: breadth first over DT_NEEDED, then the version check over everything loaded."""

    def __init__(self, loader: GlibcLoader, hit: Hit) -> None:
        self.loader = loader
        file = _file_of(hit.node)
        assert isinstance(file, ElfImage)
        self.program = _Object(hit, file, None, hit.opened)
        self.objects: list[_Object] = []
        self.by_name: dict[str, _Object] = {}
        self.by_identity: dict[str, _Object] = {}
        self.lookups: list[Lookup] = []
        self.missing: set[str] = set()
        # Tokens in LD_LIBRARY_PATH mean the program's own directory.
        self.library_path = loader.expand_library_path(self.program.origin)
        self.add(self.program)
        running = loader.running()
        if running is not None:
            for name in running.names:
                self.by_name.setdefault(name, running)

    def add(self, item: _Object) -> None:
        self.loader.prepare(item)
        self.objects.append(item)
        for name in item.names:
            self.by_name.setdefault(name, item)
        if item.soname:
            self.by_name.setdefault(item.soname, item)
        self.by_identity.setdefault(item.real, item)

    def run(self) -> Load:
        at = 0
        while at < len(self.objects) and at < MAX_OBJECTS:
            for name in self.objects[at].needs:
                fatal = self.need(name, self.objects[at])
                if fatal is not None:
                    return self.result("fails", [], [], (fatal.path, fatal.reason))
            at += 1
        missing, unverified, error = self.check_versions()
        failed = bool(self.missing or missing or error)
        return self.result("fails" if failed else "unverified" if unverified else "loads", missing, unverified, error)

    def need(self, name: str, requirer: _Object) -> _Fatal | None:
        loaded = self.by_name.get(name)
        if loaded is not None:
            loaded.names.add(name)
            self.record(name, requirer, loaded, "loaded")
            return None
        answer: _Found | _Fatal | None = None
        if "/" in name:
            answer = self.loader.open(name, "path")
            if isinstance(answer, _Fatal) and answer.reason == "loop":
                answer = None
        else:
            for directories, via in self.loader.lists(requirer, self.library_path):
                answer = self.loader.search(directories, name, via)
                if answer is not None:
                    break
        if isinstance(answer, _Fatal):
            return answer
        if answer is None:
            self.missing.add(name)
            tried = self.loader.explain(requirer, name, self.library_path)
            self.lookups.append(Lookup(name, requirer.path, None, None, None, tried))
            return None
        same = self.by_identity.get(answer.hit.real)
        if same is not None:
            same.names.add(name)
            self.by_name.setdefault(name, same)
            self.record(name, requirer, same, answer.via)
            return None
        item = _Object(answer.hit, answer.file, requirer, name)
        self.add(item)
        self.record(name, requirer, item, answer.via)
        return None

    def record(self, name: str, requirer: _Object, item: _Object, via: str) -> None:
        self.lookups.append(Lookup(name, requirer.path, item.path, _origin(item), via))

    def check_versions(self) -> tuple[list[MissingVersion], list[MissingVersion], tuple[str, str] | None]:
        missing: list[MissingVersion] = []
        unverified: list[MissingVersion] = []
        error: tuple[str, str] | None = None
        for item in self.objects:
            if not isinstance(item.file, ElfImage):
                continue
            for name, nodes in item.file.verneed:
                library = self.named_as_needed(name)
                if library is None:
                    if name not in self.missing and error is None and nodes:
                        error = (item.path, f"its version table names {name}, which nothing loaded is called")
                    continue
                for node, flags in nodes:
                    state = _state(library.file, node)
                    if state == "found" or flags & VER_FLG_WEAK:
                        continue
                    fact = MissingVersion(name, library.path, node, item.path)
                    (missing if state == "missing" else unverified).append(fact)
        return missing, unverified, error

    def named_as_needed(self, name: str) -> _Object | None:
        """The object that was opened under ``name``; a mere SONAME does not count here."""
        item = self.by_name.get(name)
        if item is not None and name in item.names:
            return item
        return next((other for other in self.objects if name in other.names), None)

    def result(
        self,
        status: str,
        missing: list[MissingVersion],
        unverified: list[MissingVersion],
        error: tuple[str, str] | None,
    ) -> Load:
        objects = tuple(
            [LoadedObject(o.path, o.real, _origin(o), o.loader.path if o.loader else None) for o in self.objects]
        )
        return Load(self.program.path, status, objects, tuple(self.lookups), tuple(missing), tuple(unverified), error)


def _file_of(node: Node) -> ElfImage | Named | None:
    if node.facts is not None and isinstance(node.facts.elf, ElfImage):
        return node.facts.elf
    if isinstance(node.file, (ElfImage, Named)):
        return node.file
    return None


def _origin(item: _Object) -> str:
    return "artifact" if item.real.startswith(("/opt/", "/var/task/")) else "environment"


def _state(file: ElfImage | Named, node: str) -> str:
    if isinstance(file, Named):
        return "unverified" if file.versions is None else file.versions.state(node)
    if file.verdef is None:
        return "found"
    return "found" if any(name == node for name, _ in file.verdef) else "missing"
