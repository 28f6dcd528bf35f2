"""musl's dynamic loader: its own order, inheritance and matching, as ``ldso/dynlink.c`` of 1.2.3 and 1.2.6 has them.

LD_LIBRARY_PATH comes before DT_RPATH and DT_RUNPATH, which are one thing and are inherited; names are matched by what
was searched, never by SONAME; versions are not checked; a candidate that cannot be used fails its lookup, not the load.
"""

from __future__ import annotations

import re

from ..elf import ElfImage
from ..elf.image import ET_DYN, ET_EXEC
from ..environment.model import Named
from ..filesystem import Filesystem, Hit, Node
from .library import file_of
from .model import Load, LoadedObject, Lookup
from .work import Work

DEFAULT_DIRECTORIES = ("/lib", "/usr/local/lib", "/usr/lib")
"""Unless /etc/ld-musl-ARCH.path says otherwise."""
_ITSELF = r"lib(c|pthread|rt|m|dl|util|xnet)\."
_ORIGIN = r"\$(?:ORIGIN|\{ORIGIN\})"
_NO_ORIGIN = r"\$(?!ORIGIN|\{ORIGIN\})"
MAX_OBJECTS = 5_000


class _Object:
    """An object of one process: ``name`` is the path by which it was opened, ``short`` what a search found it as."""

    __slots__ = ("image", "name", "needed_by", "needs", "place", "real", "rpath", "short")

    def __init__(self, hit: Hit, name: str, file: ElfImage | Named, needed_by: _Object | None) -> None:
        self.name = name
        self.real = hit.real
        self.image = file if isinstance(file, ElfImage) else None
        self.place = "artifact" if hit.node.mount >= 0 else "environment"
        self.needed_by = needed_by
        self.short: str | None = None
        self.needs: list[_Object] = []
        self.rpath: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        return self.image.needed if self.image is not None else ()

    def copy(self) -> _Object:
        other = _Object.__new__(_Object)
        for name in _Object.__slots__:
            setattr(other, name, getattr(self, name))
        return other


class MuslLoader:
    """Loads programs of one filesystem. ``path`` is the loader's own file, by default the environment's."""

    def __init__(
        self,
        filesystem: Filesystem,
        library_path: tuple[str, ...] | None = None,
        cwd: str = "/var/task",
        *,
        path: str | None = None,
        work: Work | None = None,
    ) -> None:
        self.work = work or Work()
        environment = filesystem.environment
        self._filesystem = filesystem
        self._cwd = cwd
        self.path = path or environment.loader.path
        texts = environment.library_path if library_path is None else library_path
        self.library_path = tuple([text for text in texts if text])
        own = environment.loader.kind == "musl" and environment.loader.default_directories
        self.default = tuple(own or DEFAULT_DIRECTORIES)

    def load_program(self, path: str, *, by_kernel: bool = False, proc: bool = True) -> Load:
        """Load the file at ``path`` and everything that it needs; the options are those of GlibcLoader."""
        process = self.start(path, by_kernel=by_kernel, proc=proc)
        return process if isinstance(process, Load) else process.load

    def start(self, path: str, *, by_kernel: bool = False, proc: bool = True) -> MuslProcess | Load:
        """The process that runs the program at ``path``; a Load when it cannot be read."""
        hit = self._filesystem.lookup(path, self._cwd)
        file = file_of(hit.node) if isinstance(hit, Hit) else None
        if not isinstance(hit, Hit) or not isinstance(file, ElfImage):
            return Load(path, "damaged", error=(path, "cannot be read"))
        reason = unusable(hit.node, file)
        if reason is not None:
            return Load(path, "foreign", error=(path, reason))
        if by_kernel and file.interp and not isinstance(self._filesystem.lookup(file.interp, self._cwd), Hit):
            return Load(path, "fails", error=(path, f"its interpreter {file.interp} is not there"))
        program = _Object(hit, path, file, None)
        seen_as = path
        if by_kernel:
            seen_as = hit.real if proc else ""
        program.rpath = rpath_of(file, seen_as)
        return MuslProcess(self, program)

    def open(self, path: str) -> Hit | str:
        """The file at ``path``, or why it cannot be opened."""
        hit = self._filesystem.lookup(path, self._cwd)
        return hit if isinstance(hit, Hit) else hit.reason

    def search(self, directories: tuple[str, ...], name: str) -> tuple[Hit, str] | str | None:
        """The first file of that name, usable or not, with the path it was opened by; the error that ends it all."""
        for directory in directories:
            path = f"{directory}/{name}"
            found = self.open(path)
            if isinstance(found, Hit):
                return found, path
            if found == "loop":
                return f"{path}: {found}"
        return None


class MuslProcess:
    """A program with everything that it needs (``load``), into which further files can be opened."""

    def __init__(self, loader: MuslLoader, program: _Object) -> None:
        self._loader = loader
        self._program = program
        self._objects = [program]
        self._lookups: list[Lookup] = []
        self.load = self._load_needed(program.name, 0)
        self._first = len(self._objects)

    def copy(self) -> MuslProcess:
        """The same process once more; what is opened into one is not in the other."""
        other = MuslProcess.__new__(MuslProcess)
        other._loader, other.load, other._first = self._loader, self.load, self._first
        # What was opened by its path may get a short name later: in one copy only.
        other._objects = [item if item.short is not None else item.copy() for item in self._objects]
        other._program, other._lookups = other._objects[0], []
        return other

    def dlopen(self, name: str) -> Load:
        """Open a file, or a library by its name; when it fails, nothing of it stays."""
        before = len(self._objects)
        self._lookups = []
        self._need(name, self._program)
        load = self._load_needed(name, before)
        if load.status == "fails":
            del self._objects[before:]
            return load
        opened = self._lookups[0].path
        return load._replace(program=self._program.name, scope=self._scope(opened))

    def _scope(self, opened: str | None) -> tuple[LoadedObject, ...]:
        """Where the symbols of what was opened are sought: in the program's objects, then in its own."""
        found = [item for item in self._objects[self._first :] if item.name == opened]
        for item in found:
            found += [need for need in item.needs if need not in found]
        return tuple([_described(item) for item in dict.fromkeys([*self._objects[: self._first], *found])])

    def _load_needed(self, path: str, at: int) -> Load:
        first = at
        while at < len(self._objects) and at < MAX_OBJECTS:
            # Each name is compared with those of all objects.
            self._loader.work.spend((len(self._objects[at].needed) + 1) * (1 + len(self._objects) // 16))
            for name in self._objects[at].needed:
                self._need(name, self._objects[at])
            at += 1
        objects = tuple([_described(item) for item in self._objects[first:]])
        failed = any(lookup.path is None for lookup in self._lookups)
        return Load(path, "fails" if failed else "loads", objects, tuple(self._lookups))

    def _need(self, name: str, requirer: _Object) -> None:
        """Load ``name`` for ``requirer``, and note how that went."""
        loader = self._loader
        if re.match(_ITSELF, name) or name == loader.path:
            self._note(name, requirer, loader.path, "environment", "loaded")
            return
        if "/" in name:
            opened, via = loader.open(name), "path"
            if isinstance(opened, str):
                self._fail(name, requirer, (f"{name}: {opened}",))
            else:
                self._map(name, requirer, opened, name, via)
            return
        for item in self._objects[1:]:
            if item.short == name:
                requirer.needs.append(item)
                self._note(name, requirer, item.name, item.place, "loaded")
                return
        lists = self._lists(requirer)
        for directories, via in lists:
            found = loader.search(directories, name) if name else None
            if isinstance(found, str):
                self._fail(name, requirer, (f"{found} ({via})",))
                return
            if found is not None:
                self._map(name, requirer, found[0], found[1], via)
                return
        tried = [f"{d}/{name}: {loader.open(f'{d}/{name}')} ({via})" for directories, via in lists for d in directories]
        loader.work.spend(4 * len(tried))
        self._fail(name, requirer, tuple(tried) or ("an empty name",))

    def _lists(self, requirer: _Object) -> list[tuple[tuple[str, ...], str]]:
        lists = [(self._loader.library_path, "library-path")]
        step: _Object | None = requirer
        while step is not None:
            if step.rpath:
                lists.append((step.rpath, "rpath"))
            step = step.needed_by
        return [*lists, (self._loader.default, "default")]

    def _map(self, name: str, requirer: _Object, hit: Hit, path: str, via: str) -> None:
        loader = self._loader
        # The program itself is not looked at: a library that needs its file gets it a second time.
        for item in self._objects[1:]:
            if item.real == hit.real:
                if item.short is None and path != name:
                    item.short = item.name[item.name.rfind("/") + 1 :]
                requirer.needs.append(item)
                self._note(name, requirer, item.name, item.place, via)
                return
        own = loader.open(loader.path)
        if isinstance(own, Hit) and own.real == hit.real:
            self._note(name, requirer, loader.path, "environment", "loaded")
            return
        file = file_of(hit.node)
        reason = unusable(hit.node, file)
        if reason is not None or file is None:
            self._fail(name, requirer, (f"{path}: {reason} ({via})",))
            return
        item = _Object(hit, path, file, requirer)
        item.rpath = rpath_of(item.image, path) if item.image is not None else ()
        if path != name:
            item.short = path[path.rfind("/") + 1 :]
        self._objects.append(item)
        requirer.needs.append(item)
        self._note(name, requirer, path, item.place, via)

    def _note(self, name: str, requirer: _Object, path: str, place: str, via: str) -> None:
        self._lookups.append(Lookup(name, requirer.name, path, place, via))

    def _fail(self, name: str, requirer: _Object, tried: tuple[str, ...]) -> None:
        self._lookups.append(Lookup(name, requirer.name, None, None, None, tried))


def _described(item: _Object) -> LoadedObject:
    return LoadedObject(item.name, item.real, item.place, item.needed_by.name if item.needed_by is not None else None)


def unusable(node: Node, file: object) -> str | None:
    """Why musl does not map a file (``map_library``). The machine, OSABI and ABI notes are not looked at."""
    if node.is_directory:
        return "it is a directory"
    if isinstance(file, Named):
        return None
    if not isinstance(file, ElfImage):
        return "it is not an ELF file"
    if file.bits != 64:
        return "it is a 32-bit file"
    if file.data != "lsb":
        return "it is big-endian"
    if file.type not in (ET_DYN, ET_EXEC):
        return "it is not a shared object"
    return None if file.dynamic else "it has no dynamic section"


def rpath_of(image: ElfImage, name: str) -> tuple[str, ...]:
    """The directories of DT_RUNPATH, or else DT_RPATH. Any ``$`` but $ORIGIN voids it all.

    ``name`` is the path by which the object was opened, "" where it is not known.
    """
    text = image.rpath if image.runpath is None else image.runpath
    if not text:
        return ()
    if "$" in text:
        if re.search(_NO_ORIGIN, text) or not name:
            return ()
        origin = name[: name.rfind("/")] if "/" in name else "."
        text = re.sub(_ORIGIN, lambda _: origin, text)
    return tuple([part for part in re.split("[:\n]", text) if part])
