"""What loading one file came to: every lookup, every object, every version that is missing or could not be verified."""

from __future__ import annotations

from ..artifact import NativeCalls, NativeImport, Opened
from ..named_tuple import NamedTuple


class Lookup(NamedTuple):
    """One search for a DT_NEEDED name.

    ``path`` is None when nothing usable was found. ``via`` is the step that found it: rpath, library-path, runpath,
    cache, default, loaded or path. ``tried`` lists, for a failed search only, each candidate in order with the reason
    why it did not serve.
    """

    name: str
    required_by: str
    path: str | None
    origin: str | None
    via: str | None
    tried: tuple[str, ...] = ()


class MissingVersion(NamedTuple):
    """A needed version node that the library found first does not define (or may not: then it is unverified)."""

    library: str
    path: str
    version: str
    required_by: str


class LoadedObject(NamedTuple):
    """An object of the process: ``path`` as opened, ``origin`` is artifact or environment, ``loader`` who needed it."""

    path: str
    real: str
    origin: str
    loader: str | None


class Load(NamedTuple):
    """The outcome of loading one file.

    ``status``: loads, fails, unverified, static, foreign (another machine or libc) or damaged. ``error`` is
    (path, reason) when a candidate ended the load, as the real loader ends on a file that is no ELF. Remarks that stop
    nothing: ``weak``, missing nodes of needs that are flagged weak, and ``unversioned``, (library, required by) where
    nodes are needed of a library that defines none at all.

    ``program``: the path of the program into whose process the file was opened; None when it was loaded as a program.
    ``scope`` are then all objects in which its symbols are sought, in order: those of the program, then its own.
    """

    path: str
    status: str
    objects: tuple[LoadedObject, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    missing_versions: tuple[MissingVersion, ...] = ()
    unverified: tuple[MissingVersion, ...] = ()
    error: tuple[str, str] | None = None
    weak: tuple[MissingVersion, ...] = ()
    unversioned: tuple[tuple[str, str], ...] = ()
    program: str | None = None
    scope: tuple[LoadedObject, ...] = ()

    @property
    def missing(self) -> tuple[Lookup, ...]:
        """The lookups that found nothing."""
        return tuple([lookup for lookup in self.lookups if lookup.path is None])

    def chain(self, path: str) -> tuple[str, ...]:
        """The objects from the root to the object opened as ``path``."""
        loaders = {item.path: item.loader for item in self.objects}
        chain: dict[str, None] = {}
        step: str | None = path
        while step is not None and step not in chain:
            chain[step] = None
            step = loaders.get(step)
        return tuple(reversed(chain))


class Unopened(NamedTuple):
    """Names that code opens at run time, none of which leads to a library.

    ``path`` is the absolute path of the file that has the names, ``tried`` every candidate of the name in ``tried_for``
    with its reason. ``unseen``: of the names given to find_library, libraries that dlopen would find.
    """

    path: str
    opened: Opened
    tried: tuple[str, ...]
    unseen: tuple[str, ...]


class Uncalled(NamedTuple):
    """A library that a .NET assembly calls and that the runtime does not find.

    ``path`` is the assembly's absolute path, ``called`` one of the imports in ``calls``; None where these cannot be
    read. ``tried``: every candidate of its first name with the reason.
    """

    path: str
    calls: NativeCalls
    called: NativeImport | None
    tried: tuple[str, ...]


class Resolution(NamedTuple):
    """The loads of all roots of a deployment; ``certain`` holds those roots that something surely opens.

    ``unopened`` are the names that Python code and configuration files open in vain, ``uncalled`` the libraries that
    .NET assemblies call in vain. ``unlinked``: the roots that were not loaded, since linking them all would take too
    long.
    """

    loads: tuple[Load, ...]
    certain: frozenset[str]
    unopened: tuple[Unopened, ...] = ()
    uncalled: tuple[Uncalled, ...] = ()
    unlinked: tuple[str, ...] = ()
