"""One emulated process: what is loaded, in which order, under which names, and whether its versions are met.

The rules are those of glibc's ``dl-load.c``, ``dl-deps.c``, ``dl-open.c`` and ``dl-version.c``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..elf import ElfImage
from ..named_tuple import TYPE_CHECKING
from .library import FATAL, Library, Refusal, wants_executable_stack
from .model import Load, LoadedObject, Lookup
from .search import SearchList
from .versions import Needs

if TYPE_CHECKING:
    from typing import TypeAlias

    from .glibc import GlibcLoader

MAX_OBJECTS = 5_000
Found: TypeAlias = tuple[Library | Refusal | None, str]
"""What a search came to, and the step that found it."""


class Loaded:
    """An object of one process; ``loader`` is the object that needed it first (None: the program, or a dlopen)."""

    __slots__ = ("answers", "done", "library", "loader", "needs")

    def __init__(self, library: Library, loader: Loaded | None) -> None:
        self.library = library
        self.loader = loader
        self.done = False
        self.needs: list[Loaded] = []
        # What the lists hold that are searched for it, shared by all that search the same; made when first asked.
        self.answers: dict[str, Found] | None = None


class Process:
    """A program with everything that it needs (``load``), into which further files can be opened."""

    def __init__(self, loader: GlibcLoader, program: Library, library_path: SearchList, *, named: bool) -> None:
        self._loader = loader
        self._library_path = library_path
        self._program = Loaded(program, None)
        # In the loader's own order, which an auxiliary library changes: it comes before what it is auxiliary to.
        self._objects: list[Loaded] = []
        self._names = loader.running.copy()
        self._sonames: dict[str, Loaded] = {}
        self._files: dict[str, Loaded] = {}
        self._lookups: list[Lookup] = []
        self._missing: set[str] = set()
        self._opening = False
        # The kernel does not tell ld.so the name of a program that it has mapped. The program's file is never compared:
        # a library that leads to it is loaded a second time.
        self._add(self._program, ("", program.path) if named else ("",), None)
        error = self._load_needed()
        others = [item for item in self._objects if item is not self._program]
        self.load = self._finish(program.path, [self._program, *others], error)

    def copy(self) -> Process:
        """The same process once more; what is opened into one is not in the other."""
        other = Process.__new__(Process)
        other._loader, other._library_path, other._program = self._loader, self._library_path, self._program
        other._objects, other._names = self._objects.copy(), self._names.copy()
        other._sonames, other._files = self._sonames.copy(), self._files.copy()
        other._lookups, other._missing, other._opening, other.load = [], set(), True, self.load
        return other

    def dlopen(self, name: str) -> Load:
        """Open a file, or a library by its name, as dlopen(name, RTLD_NOW) called by the program does.

        When it fails, nothing of it stays. ``objects`` of the result are those that were not loaded before.
        """
        before = self._objects.copy()
        self._lookups, self._missing, self._opening = [], set(), True
        error = self._need(name, None) or self._load_needed()
        known = set(before)
        load = self._finish(name, [item for item in self._objects if item not in known], error)
        if load.status == "fails":
            gone = set(self._objects) - known
            self._objects = before
            for table in (self._names, self._sonames, self._files):
                for key in [key for key, item in table.items() if item in gone]:
                    del table[key]
            return load
        return load._replace(program=self._program.library.path, scope=self._scope(self._names[name]))

    def _scope(self, opened: Loaded) -> tuple[LoadedObject, ...]:
        """Where the symbols of ``opened`` are sought: in the program's objects, then in its own."""
        found: dict[Loaded, None] = {}
        for root in (self._program, opened):
            reached = {root: None}
            pending = [root]
            for item in pending:
                fresh = [need for need in dict.fromkeys(item.needs) if need not in reached]
                reached.update(dict.fromkeys(fresh))
                pending += fresh
            found.update(reached)
        return tuple([_described(item) for item in found])

    def _add(self, item: Loaded, names: tuple[str, ...], file: str | None) -> None:
        self._objects.append(item)
        for name in names:
            self._names[name] = item
        if item.library.soname:
            self._sonames.setdefault(item.library.soname, item)
        if file is not None:
            self._files.setdefault(file, item)

    def _load_needed(self) -> Refusal | None:
        """Breadth first over what the new objects need; the refusal that ended the load, if any."""
        objects = self._objects
        at = 0
        while at < len(objects) and at < MAX_OBJECTS:
            item = objects[at]
            if item.done:
                at += 1
                continue
            item.done = True
            self._loader.work.spend(len(item.library.needed) + 1)
            for name in item.library.needed:
                error = self._need(name, item)
                if error is not None:
                    return error
            if item.library.filters:
                error = self._need_filters(item)
                if error is not None:
                    return error
        return None

    def _need_filters(self, item: Loaded) -> Refusal | None:
        """DT_FILTER and DT_AUXILIARY: the named library is put before the object; an auxiliary one may be absent."""
        for name, optional in item.library.filters:
            lookups, missing = len(self._lookups), name in self._missing
            error = self._need(name, item)
            if optional and (error is not None or self._lookups[-1].path is None):
                del self._lookups[lookups:]
                if not missing:
                    self._missing.discard(name)
                continue
            if error is not None:
                return error
            other = self._names.get(name)
            # What stands before the object already does its service from there.
            if other is not None and other in self._objects:
                here, there = self._objects.index(item), self._objects.index(other)
                if there > here:
                    self._objects.insert(here, self._objects.pop(there))
        return None

    def _need(self, name: str, requirer: Loaded | None) -> Refusal | None:
        """Load ``name`` for ``requirer`` (None: for dlopen); only what ends the load is returned."""
        by = (requirer or self._program).library.path
        loaded = self._names.get(name)
        if loaded is None:
            loaded = self._sonames.get(name)
            if loaded is not None:
                # From now on it goes by that name, which version needs may use.
                self._names[name] = loaded
        if loaded is not None:
            if requirer is not None:
                requirer.needs.append(loaded)
            library = loaded.library
            self._lookups.append(Lookup(name, by, library.path, library.place, "loaded"))
            return None
        answer, via = self._find(name, requirer)
        if answer is None:
            self._missing.add(name)
            tried = self._loader.explain(self._lists(requirer or self._program), name)
            self._loader.work.spend(4 * len(tried))
            self._lookups.append(Lookup(name, by, None, None, None, tried))
            return None
        if isinstance(answer, Refusal):
            return answer
        same = self._files.get(answer.real)
        if same is not None:
            if requirer is not None:
                requirer.needs.append(same)
            self._names[name] = same
            self._lookups.append(Lookup(name, by, same.library.path, same.library.place, via))
            return None
        refusal = answer.refused
        if refusal is None and self._opening:
            refusal = self._refused_by_stack(answer.image)
        if refusal is not None:
            return Refusal(answer.path, refusal, FATAL)
        # Names are matched as text: the one asked for, and the path that was opened.
        item = Loaded(answer, requirer)
        if requirer is not None:
            requirer.needs.append(item)
        self._add(item, (name, answer.path), answer.real)
        self._lookups.append(Lookup(name, by, answer.path, answer.place, via))
        return None

    def _refused_by_stack(self, image: ElfImage | None) -> str | None:
        behaviour = self._loader.behaviour
        if image is None or behaviour.dlopen_makes_stack_executable or not wants_executable_stack(image, behaviour):
            return None
        return None if self._has_executable_stack() else "it asks for an executable stack, which dlopen does not grant"

    def _has_executable_stack(self) -> bool:
        images = [item.library.image for item in self._objects]
        return any(image is not None and wants_executable_stack(image, self._loader.behaviour) for image in images)

    def _find(self, name: str, requirer: Loaded | None) -> Found:
        """The file for a name, and the step that found it."""
        loader = self._loader
        if "/" in name:
            answer: Library | Refusal | None = loader.open(name)
            passed_over = isinstance(answer, Refusal) and answer.kind != FATAL
            return (None if passed_over else answer), "path"
        # A name given to dlopen is sought as for the program, which is who calls it here.
        asking = requirer or self._program
        if asking.answers is None:
            asking.answers = loader.answers_of(tuple(self._lists(asking)))
        found = asking.answers.get(name)
        if found is None:
            found = asking.answers[name] = self._search(name, asking)
        return found

    def _search(self, name: str, asking: Loaded) -> Found:
        for searched in self._lists(asking):
            answer = self._loader.search(searched, name)
            if answer is not None:
                return answer, searched.via
        return None, ""

    def _lists(self, asking: Loaded) -> Iterator[SearchList]:
        """The lists that are searched for what ``asking`` needs, in order."""
        loader, library = self._loader, asking.library
        if library.runpath is None:
            step: Loaded | None = asking
            last = None
            while step is not None:
                if step.library.rpath is not None:
                    yield step.library.rpath
                last, step = step, step.loader
            # What was opened by dlopen has no loader; the program's DT_RPATH serves it all the same.
            if last is not self._program and self._program.library.rpath is not None:
                yield self._program.library.rpath
        yield self._library_path
        if library.runpath is not None:
            yield library.runpath
        yield from loader.system_lists(library)

    def _finish(self, path: str, objects: list[Loaded], fatal: Refusal | None) -> Load:
        needs = Needs()
        if fatal is not None:
            needs.error = (fatal.path, fatal.reason)
        else:
            loader = self._loader
            for item in objects:
                if item.library.verneed:
                    needs.check(item.library, self._named, self._missing, loader.outcomes, loader.behaviour)
        failed = self._missing or needs.missing or needs.error is not None
        return Load(
            path,
            "fails" if failed else "unverified" if needs.unverified else "loads",
            tuple([_described(item) for item in objects]),
            tuple(self._lookups),
            tuple(needs.missing),
            tuple(needs.unverified),
            needs.error,
            tuple(needs.weak),
            tuple(dict.fromkeys(needs.unversioned)),
        )

    def _named(self, name: str) -> Library | None:
        item = self._names.get(name)
        return item.library if item is not None else None


def _described(item: Loaded) -> LoadedObject:
    library, loader = item.library, item.loader
    return LoadedObject(library.path, library.real, library.place, None if loader is None else loader.library.path)
