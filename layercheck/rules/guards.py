"""Whether a package does without one of its extension modules, by the package's own code.

Every import of the module in the package's sources is looked at: under a guard that goes on without it, on a condition
that such a guard sets, in functions only, or in a module that is itself imported so.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact.python_facts import IMPORT, MISSING, Code
from ..artifact.python_reader import absolute
from ..named_tuple import NamedTuple
from .alternatives import module_of
from .base import Subject

_MAX_HITS = 40
"""Files that mention a module by its name; of a name that more have, nothing is said."""
_MAX_FILES = 2_000
_DEEP = 3
_NOT_THE_PACKAGE = frozenset(("tests", "test", "testing", "benchmarks", "examples", "docs"))


class Guarded(NamedTuple):
    """Where a package imports an extension so that it does without: a file of the artifact, and the line there.

    ``called``: only functions import it, without a guard, so that it fails when they are called.
    """

    path: str
    line: int
    called: bool


class _Site(NamedTuple):
    """One import of the module that is sought."""

    path: str
    module: str
    line: int
    guarded: bool
    called: bool
    names: frozenset[str]


def guarded(subject: Subject, path: str, *, missing: bool) -> Guarded | None:
    """How the package of the extension at ``path`` does without it; None where it does not, or that cannot be told.

    ``missing``: Python does not find the module at all (ModuleNotFoundError); else loading it fails (ImportError).
    """
    root = _root(subject, path)
    module = module_of(path[len(root) :]).replace("/", ".")
    found = _without(subject, root, module, MISSING if missing else IMPORT, 0, frozenset())
    if found is not None and found.called and not _has_others(subject, root, path, module):
        return None
    return found


def _root(subject: Subject, path: str) -> str:
    """The directory on sys.path, with its slash, that the file lies below."""
    cut = path.find("/site-packages/")
    if cut >= 0:
        return path[: cut + 15]
    if subject.kind == "layer" and path.startswith("python/"):
        return "python/"
    # A folder of packages that a program puts on its path itself, as the AWS CLI's layer has it, holds their metadata.
    places = [found.directory for found in subject.distributions.all if path.startswith(found.directory)]
    return min(places, key=len, default="")


def _has_others(subject: Subject, root: str, path: str, module: str) -> bool:
    """Whether the package has more extensions: the only one is what the package is for, whoever imports it."""
    below = f"{root}{module.partition('.')[0]}/"
    return any(
        other.startswith(below) and other.endswith(".so") and other != path and fact.elf is not None
        for other, fact in subject.artifact.facts.items()
    )


def _without(subject: Subject, root: str, module: str, error: str, depth: int, known: frozenset[str]) -> Guarded | None:
    """As ``guarded``, for a module of any kind; ``known`` are names that guards around what it imports set."""
    sites, names = _sites(subject, root, module, error)
    names |= known
    first = next((site for site in sites if site.guarded), next(iter(sites), None))
    if first is None:
        return None
    for site in sites:
        if site.guarded or site.called or site.names & names:
            continue
        # An import that always happens: then all depends on who imports the module around it.
        if depth >= _DEEP or "." not in site.module:
            return None
        if _without(subject, root, site.module, error, depth + 1, names) is None:
            return None
    return Guarded(first.path, first.line, not any(site.guarded for site in sites) and first.called)


def _sites(subject: Subject, root: str, module: str, error: str) -> tuple[list[_Site], frozenset[str]]:
    """The imports of a module in its package, and the names that guards around them set."""
    reader = subject.python
    above, _, last = module.encode("utf-8", "replace").rpartition(b".")
    package = above.rpartition(b".")[2]
    beside = f"{root}{module.rpartition('.')[0].replace('.', '/')}/"
    hits = []
    for path in _sources(subject, root, module):
        source = reader.source(path)
        # Who imports it from elsewhere names its package, too.
        if source is not None and last in source and (package in source or path.startswith(beside)):
            hits.append(path)
    sites: list[_Site] = []
    names: frozenset[str] = frozenset()
    if len(hits) > _MAX_HITS:
        return [], names
    for path in hits:
        code = reader.code(path)
        if code is None:
            continue
        own = path[len(root) : -3].replace("/", ".").removesuffix(".__init__")
        found = list(_imports(code, own, path, module, error))
        sites += found
        if any(site.guarded for site in found):
            names |= code.guards.get(error, frozenset())
    return sites, names


def _sources(subject: Subject, root: str, module: str) -> Iterator[str]:
    """The package's own sources; of a module at the top, those of its distribution."""
    top = module.partition(".")[0]
    owner = None
    if "." not in module:
        file = next((p for p in subject.artifact.facts if p.startswith(f"{root}{top}.")), f"{root}{top}")
        owner = subject.packages.owner(file)
    found = 0
    for path in subject.python.entries():
        if not path.startswith(root) or not _NOT_THE_PACKAGE.isdisjoint(path.split("/")):
            continue
        if path.startswith(f"{root}{top}/") or (owner is not None and subject.packages.owner(path) == owner):
            found += 1
            if found > _MAX_FILES:
                return
            yield path


def _imports(code: Code, own: str, path: str, module: str, error: str) -> Iterator[_Site]:
    package = own if path.endswith("/__init__.py") else own.rpartition(".")[0]
    parent, _, last = module.rpartition(".")
    for item in code.imports:
        if item.where.never or own == module:
            continue
        base = absolute(item.module, package)
        if base is None:
            continue
        if base == module or base.startswith(module + ".") or (base == parent and last in item.names):
            where = item.where
            safe = error in where.catches or error in where.after
            yield _Site(path, own, item.line, safe, bool(where.function), where.names)
