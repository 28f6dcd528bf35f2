"""glibc's dynamic loader: where it looks for a name, and what it finds there.

The rules are those of ``elf/dl-load.c`` as they behave in glibc 2.26 (Amazon Linux 2), 2.34 (2023) and up to 2.43;
``process`` has what happens with what was found.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..elf import ElfImage
from ..environment import limits
from ..environment.model import Named
from ..filesystem import Filesystem, Hit, Miss, Node
from .behaviour import behaviour_of
from .library import ENDS_LIST, FATAL, SKIP, Library, Refusal, file_of, refuse_as_library, verify
from .model import Load
from .process import Found, Loaded, Process
from .search import Directory, Place, SearchList, absolute, directory_of, expand_all, prefix_of, split_path
from .versions import Outcome
from .work import Work

_PLATFORM = {"x86_64": "x86_64", "arm64": "aarch64"}


class GlibcLoader:
    """Loads programs of one filesystem. Files, directories and answers are remembered between loads.

    ``library_path`` replaces the environment's LD_LIBRARY_PATH; ``cpu_level`` is ``x86-64-v2`` to ``-v4`` (by default
    what Lambda documents). Loading raises TooMuch when ``work`` (by default as much as one run may do) is done.
    """

    def __init__(
        self,
        filesystem: Filesystem,
        library_path: tuple[str, ...] | None = None,
        cwd: str = "/var/task",
        *,
        cpu_level: str | None = None,
        work: Work | None = None,
    ) -> None:
        environment = filesystem.environment
        self.work = work or Work()
        self._filesystem = filesystem
        self._loader = environment.loader
        self._architecture = environment.architecture
        self._cwd = cwd
        self._library_path = environment.library_path if library_path is None else library_path
        level = limits().cpu_level[self._architecture] if cpu_level is None else cpu_level
        self.behaviour = behaviour_of(self._loader, self._architecture, level)
        self._tops = tuple(dict.fromkeys([name.partition("/")[0] for name in self.behaviour.subdirectories]))
        self._directories: dict[str, Directory] = {}
        self._lists: dict[tuple[tuple[str, ...], str | None, str], SearchList] = {}
        self._opened: dict[str, Library | Refusal] = {}
        self._answers: dict[tuple[SearchList, ...], dict[str, Found]] = {}
        self.outcomes: dict[tuple[Library, Library, str], Outcome | None] = {}
        self._default = self.search_list(self._loader.default_directories, None, "default")
        self._default_prefixes = tuple([directory.prefix for directory in self._default.directories])
        # Objects with DF_1_NODEFLIB see of the cache only what lies outside the default directories.
        self._cache, self._cache_elsewhere = SearchList((), "cache"), SearchList((), "cache")
        tokens = any("$" in text for text in self._library_path)
        self._plain_library_path = None if tokens else self.search_list(self._library_path, None, "library-path")
        self.running = self._running()

    def load_program(self, path: str, *, by_kernel: bool = False, proc: bool = True) -> Load:
        """Load the file at ``path`` and everything that it needs, as ``ld.so FILE`` does.

        ``by_kernel``: as execve() starts it, so that its $ORIGIN is its real directory (not known without /proc).
        """
        process = self.start(path, by_kernel=by_kernel, proc=proc)
        return process if isinstance(process, Load) else process.load

    def start(self, path: str, *, by_kernel: bool = False, proc: bool = True) -> Process | Load:
        """The process that runs the program at ``path``, for `Process.dlopen`; a Load when it cannot be read."""
        hit = self._filesystem.lookup(path, self._cwd)
        file = file_of(hit.node) if isinstance(hit, Hit) else None
        if not isinstance(hit, Hit) or not isinstance(file, ElfImage):
            return Load(path, "damaged", error=(path, "cannot be read"))
        refusal = verify(hit.node, file, self._architecture, self.behaviour)
        if refusal is not None:
            return Load(path, "foreign" if refusal[0] == SKIP else "fails", error=(path, refusal[1]))
        if not file.dynamic and not file.is_program:
            return Load(path, "fails", error=(path, "it has no dynamic section"))
        if by_kernel and file.interp and not isinstance(self._filesystem.lookup(file.interp, self._cwd), Hit):
            return Load(path, "fails", error=(path, f"its interpreter {file.interp} is not there"))
        origin: str | None = directory_of(absolute(path, self._cwd))
        if by_kernel:
            origin = directory_of(hit.real) if proc else None
        # Tokens in LD_LIBRARY_PATH mean the program's own directory.
        library_path = self._plain_library_path or self.search_list(self._library_path, origin, "library-path")
        return Process(self, self._library(hit, path, file, origin), library_path, named=not by_kernel)

    def open(self, path: str) -> Library | Refusal:
        """One candidate, opened under ``path``."""
        known = self._opened.get(path)
        if known is None:
            known = self._opened[path] = self._take(path, self._filesystem.lookup(path, self._cwd))
        return known

    def _take(self, path: str, hit: Hit | Miss) -> Library | Refusal:
        if not isinstance(hit, Hit):
            return Refusal(path, hit.reason, ENDS_LIST if hit.reason in ("loop", "not a directory") else SKIP)
        file = file_of(hit.node)
        refusal = verify(hit.node, file, self._architecture, self.behaviour)
        if refusal is not None or file is None:
            kind, reason = refusal or (FATAL, "it is not an ELF file")
            return Refusal(path, reason, kind)
        return self._library(hit, path, file, directory_of(absolute(path, self._cwd)))

    def _library(self, hit: Hit, path: str, file: ElfImage | Named, origin: str | None) -> Library:
        library = Library(hit, path, file, origin)
        if library.image is not None:
            image = library.image
            library.refused = refuse_as_library(image, self.behaviour)
            if image.runpath is not None:
                library.runpath = self.search_list(split_path(image.runpath), origin, "runpath")
            elif image.rpath:
                library.rpath = self.search_list(split_path(image.rpath), origin, "rpath")
            if "$" in "".join(library.needed):
                library.needed = self._expand(library.needed, origin)
            if image.filter or image.auxiliary:
                for name, optional in ((image.filter, False), (image.auxiliary, True)):
                    if name:
                        library.filters += tuple([(text, optional) for text in self._expand((name,), origin)])
        return library

    def _expand(self, texts: tuple[str, ...], origin: str | None) -> tuple[str, ...]:
        return expand_all(texts, origin, self._loader.lib, _PLATFORM[self._architecture])

    def _running(self) -> dict[str, Loaded]:
        """The loader itself, by its names: it is in every process, told by the environment or not."""
        path = self._loader.path
        name = path[path.rfind("/") + 1 :]
        hit = self._filesystem.lookup(path)
        file = file_of(hit.node) if isinstance(hit, Hit) else None
        if not isinstance(hit, Hit) or file is None:
            file = Named(name, None)
            hit = Hit(Node(path, -1, None, None, file, False), path, path)
        itself = Loaded(Library(hit, path, file, None), None)
        return {path: itself, name: itself}

    def search_list(self, texts: tuple[str, ...], origin: str | None, via: str) -> SearchList:
        """The list that ``texts`` are for an object in the directory ``origin``."""
        key = (texts, origin if "$" in "".join(texts) else None, via)
        found = self._lists.get(key)
        if found is None:
            prefixes = dict.fromkeys([prefix_of(text) for text in self._expand(texts, origin)])
            directories = tuple([self._directory(prefix) for prefix in prefixes])
            found = self._lists[key] = SearchList(directories, via)
        return found

    def _directory(self, prefix: str) -> Directory:
        known = self._directories.get(prefix)
        if known is None:
            known = self._directories[prefix] = self._look(prefix)
        return known

    def _look(self, prefix: str) -> Directory:
        lookup, has = self._filesystem.lookup, self._filesystem.has
        hit = lookup(prefix or ".", self._cwd)
        if not isinstance(hit, Hit):
            # Relative directories are never taken for absent, so that an error in them ends the list.
            ends = hit.reason in ("loop", "not a directory") and not prefix.startswith("/")
            return Directory(prefix, (), ends)
        real = "" if hit.real == "/" else hit.real
        places = []
        if any(has(f"{real}/{top}") for top in self._tops):
            for name in self.behaviour.subdirectories:
                below = lookup(f"{prefix}{name}", self._cwd)
                if isinstance(below, Hit) and below.node.is_directory:
                    places.append(Place(f"{prefix}{name}/", below.real))
        return Directory(prefix, (*places, Place(prefix, real)), False)

    def answers_of(self, lists: tuple[SearchList, ...]) -> dict[str, Found]:
        """Where the names are that were sought in these lists so far."""
        known = self._answers.get(lists)
        if known is None:
            known = self._answers[lists] = {}
        return known

    def search(self, searched: SearchList, name: str) -> Library | Refusal | None:
        """The first ``name`` in a list: a usable library, what ends the load, or None."""
        try:
            return searched.known[name]
        except KeyError:
            found = searched.known[name] = self._search(searched, name)
            return found

    def _search(self, searched: SearchList, name: str) -> Library | Refusal | None:
        if searched.via == "cache":
            return self._cached(searched, name)
        beneath, opened, cwd = self._filesystem.beneath, self._opened, self._cwd
        for directory in searched.directories:
            if directory.ends_list:
                return None
            ends = False
            for prefix, real in directory.places:
                ends = False
                path = prefix + name
                hit = beneath(real, name, absolute(path, cwd))
                if hit is None:
                    continue
                answer = opened.get(path)
                if answer is None:
                    answer = opened[path] = self._take(path, hit)
                if isinstance(answer, Library) or answer.kind == FATAL:
                    return answer
                ends = answer.kind == ENDS_LIST
            # The error that counts is the one of the directory itself, which is tried last.
            if ends:
                return None
        return None

    def system_lists(self, library: Library) -> tuple[SearchList, ...]:
        """The loader's own lists for what ``library`` needs: /etc/ld.so.cache and the default directories."""
        return (self._cache_elsewhere,) if library.nodeflib else (self._cache, self._default)

    def _cached(self, searched: SearchList, name: str) -> Library | Refusal | None:
        path = self._loader.cache.get(name)
        if path is None or (searched is self._cache_elsewhere and path.startswith(self._default_prefixes)):
            return None
        answer = self.open(path)
        return answer if isinstance(answer, Library) or answer.kind == FATAL else None

    def find(self, name: str) -> Library | Refusal | None:
        """What dlopen(name) finds for a program that has no search paths of its own, and that has not loaded it yet."""
        if "/" in name:
            return self.open(name)
        for searched in self._own_lists():
            answer = self.search(searched, name)
            if answer is not None:
                return answer
        return None

    def tried(self, name: str) -> tuple[str, ...]:
        """Every candidate that `find` looks at, in order, with the reason."""
        return self.explain(self._own_lists(), name)

    def _own_lists(self) -> Iterator[SearchList]:
        yield self._plain_library_path or self.search_list(self._library_path, None, "library-path")
        yield from (self._cache, self._default)

    def explain(self, lists: Iterator[SearchList], name: str) -> tuple[str, ...]:
        """Every candidate that a failed search looked at, in order, with the reason."""
        if "/" in name:
            return (self._reason(name),)
        lines: list[str] = []
        for searched in lists:
            for directory in searched.directories:
                subdirectories = [place.prefix for place in directory.places[:-1]]
                for prefix in (*subdirectories, directory.prefix):
                    lines.append(f"{self._reason(prefix + name)} ({searched.via})")
        return tuple(dict.fromkeys(lines))

    def _reason(self, path: str) -> str:
        answer = self.open(path)
        return f"{path}: {answer.reason if isinstance(answer, Refusal) else 'usable'}"
