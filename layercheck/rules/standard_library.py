"""LC508: files of a deployment that take the name of a module of Python's standard library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ..artifact.packages import Package
from ..finding import Confidence, Severity
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .base import Fault, Subject, TargetView, quote, rule
from .installed import search_path
from .requirement import satisfies

if TYPE_CHECKING:
    from typing import Any

_STANDARD = r"/lib/python3\.\d+$"
_FORMS = ("/__init__.py", ".py", "/__init__.pyc", ".pyc")
"""In the order in which Python takes them, but for extension modules."""
_OLD = "python3.8"
"""Its bootstrap.py looks for the handler's file itself (imp.find_module); later ones import the module by its name."""


class _Names(NamedTuple):
    """Modules of one Python's standard library: all that can be hidden, and what keeps some of them from it.

    ``fixed`` are never sought in a directory, ``loaded`` are no more when the function's code begins, ``imported`` are
    what boto3 and requests need.
    """

    modules: tuple[str, ...]
    fixed: frozenset[str]
    loaded: frozenset[str]
    imported: frozenset[str]


class _Shadow(NamedTuple):
    """A file that Python finds, or would find, for the name of a standard ``module``; ``early``: by a PYTHONPATH."""

    module: str
    subject: Subject
    path: str
    early: bool


def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_table(__file__, "standard-library")
    return found


@lru_cache(maxsize=32)
def _names(version: str) -> _Names:
    def listed(key: str) -> list[str]:
        group = _table()[key]
        found = list(group["names"].split())
        found += [name for name, since in group.get("since", {}).items() if satisfies(version, f">={since}")]
        return found + [name for name, until in group.get("until", {}).items() if satisfies(version, f"<={until}")]

    frozen = _table()["frozen"]
    fixed = listed("built_in") + (frozen["names"].split() if satisfies(version, f">={frozen['since']}") else [])
    return _Names(
        tuple(listed("modules")), frozenset(fixed), frozenset(listed("loaded")), frozenset(listed("imported"))
    )


@rule(
    "LC508",
    "stdlib-shadowed",
    Severity.ERROR,
    "target",
    what="A file or package with the name of a module of the standard library, in a directory that Python searches "
    "before its own.",
    why="/var/task and /opt/python come before the standard library in sys.path: whoever imports the module gets this "
    "one. Backports for old Pythons fail on later ones: \"module 'typing' has no attribute '_ClassVar'\". What Lambda "
    "has loaded before it looks there (enum, json, logging, types …) is the other way round: this file is never "
    "imported.",
    fix="Leave the backport out, or give your own module another name.",
    example="typing.py of the distribution typing at the root of a function",
    sources=(
        "https://github.com/supabase/supabase-py/issues/33",
        "https://github.com/sunilmallya/keras-lambda/issues/1",
        "The runtime's own start (bootstrap.py of python3.8, 3.10 and 3.11), which sets sys.path after its imports",
    ),
)
def STDLIB_SHADOWED(view: TargetView) -> Iterator[Fault]:
    if view.runtime.language != "python":
        return
    version = view.runtime.identifier.removeprefix("python")
    names = _names(version)
    for shadow in _shadows(view, names):
        package = shadow.subject.packages.owner(shadow.path)
        known = _backport(shadow.module, package, version)
        if known is not None and package is not None:
            yield _of_backport(view, shadow, names, package, known)
        else:
            yield from _of_unknown(view, shadow, names, package)


def _shadows(view: TargetView, names: _Names) -> Iterator[_Shadow]:
    """For each module the first file of that name on the path before the standard library."""
    own = {place.rstrip("/") for place in view.stack.env.get("PYTHONPATH", "").split(":") if place}
    found: set[str] = set()
    for place in search_path(view):
        if re.search(_STANDARD, place):
            return
        for subject in view.stack.subjects:
            if place != subject.at and not place.startswith(subject.at + "/"):
                continue
            root = place[len(subject.at) + 1 :]
            root += "/" if root else ""
            if root and not subject.shape.below(root[:-1]):
                continue
            for module in names.modules:
                if module in found:
                    continue
                path = _file(subject, root + module)
                if path is not None and view.shows(subject, path):
                    found.add(module)
                    yield _Shadow(module, subject, path, place in own)


def _file(subject: Subject, stem: str) -> str | None:
    """The file of a module or package; a directory without __init__ hides nothing (PEP 420)."""
    has = subject.artifact.has
    forms = _FORMS if subject.shape.below(stem) else _FORMS[1::2]
    return next((stem + form for form in forms if has(stem + form)), None)


def _backport(module: str, package: Package | None, version: str) -> Mapping[str, Any] | None:
    """What the table says of a distribution that brings this module: how it fails on this Python, or that it works."""
    if package is None or package.ecosystem != "python":
        return None
    mild: Mapping[str, Any] | None = None
    for row in _table()["backports"]:
        if row["module"] != module or row["package"] != package.name:
            continue
        if package.version is not None and satisfies(package.version, row["versions"]) is False:
            continue
        if satisfies(version, row["python"]):
            return dict(row)
        mild = {**row, "fails": None}
    return mild


def _of_backport(view: TargetView, shadow: _Shadow, names: _Names, package: Package, known: Mapping[str, Any]) -> Fault:
    label = f"{package.name} {package.version}" if package.version else package.name
    python = view.runtime.identifier
    details = {"module": shadow.module, "package": package.name, "version": package.version}
    fix = f"Leave {package.name} out, the standard library has it:\n{_remove(shadow, package)}"
    if _is_sought(shadow, names) and known["fails"]:
        fact = f"{label} hides the standard library's {shadow.module}, and fails on {python}: {known['fails']}"
        return Fault(fact, shadow.subject, shadow.path, fix, details={**details, "source": known["source"]})
    if _is_sought(shadow, names):
        fact = f"{label} hides the standard library's {shadow.module}; it works, but lacks what is newer"
    else:
        fact = f"{label} is never imported: {python} has loaded its own {shadow.module} before it looks here"
        if known["fails"]:
            fact += f"; only a Python that is started with this directory on its path fails ({known['fails']})"
    return Fault(fact, shadow.subject, shadow.path, fix, Severity.INFO, details=details)


def _of_unknown(view: TargetView, shadow: _Shadow, names: _Names, package: Package | None) -> Iterator[Fault]:
    """A module of somebody's own: what is in it is not known, so at most a warning, but for the handler's."""
    module, python = shadow.module, view.runtime.identifier
    details: dict[str, Any] = {"module": module}
    mine = shadow.subject.kind == "function" and (package is None or package.ecosystem != "python")
    name = shadow.path[: -len("/__init__.py")] if shadow.path.endswith("/__init__.py") else shadow.path
    suffix = name[len(name.rpartition(".")[0]) :] if "/" not in name and "." in name else ""
    renamed = f"my_{module}{suffix}"
    fix = f"Give it another name, and import that:\nmv {quote(name)} {quote(renamed)}" if mine else None
    if not _is_sought(shadow, names):
        if _is_handlers(view, module, names):
            fact = f"the handler {view.stack.handler} is not this file: {python} has loaded its own {module} by then"
            yield Fault(fact, shadow.subject, shadow.path, fix, details={**details, "handler": view.stack.handler})
            return
        fact = f"never imported: {python} has loaded its own {module} before it looks here"
        severity = Severity.WARNING if mine else Severity.INFO
    elif shadow.early and module in names.loaded:
        fact = f"by PYTHONPATH it comes before the standard library's {module}, which {python} needs to start"
        severity = Severity.WARNING
    elif module in names.imported:
        fact = f"hides the standard library's {module}, which boto3, requests and others import"
        severity = Severity.WARNING
    else:
        fact = f"hides the standard library's {module} from all that imports it"
        severity = Severity.INFO
    yield Fault(fact, shadow.subject, shadow.path, fix, severity, Confidence.LIKELY, details)


def _is_sought(shadow: _Shadow, names: _Names) -> bool:
    """Whether Python still looks for the module in directories when it comes to this one."""
    return shadow.module not in names.fixed and (shadow.early or shadow.module not in names.loaded)


def _is_handlers(view: TargetView, module: str, names: _Names) -> bool:
    handler = view.stack.handler or ""
    if handler.rpartition(".")[0].replace("/", ".").partition(".")[0] != module:
        return False
    return view.runtime.identifier != _OLD or module in names.fixed


def _remove(shadow: _Shadow, package: Package) -> str:
    """The command that takes the backport out of the unpacked artifact."""
    stem = re.sub(r"(/__init__)?\.pyc?$", "", shadow.path)
    root = stem[: -len(shadow.module)]
    shown = stem if "/__init__." in shadow.path else shadow.path
    infos = [d.info for d in shadow.subject.distributions.all if d.name == package.name and d.directory == root]
    also = "".join(f" {quote(info)}" for info in infos)
    return f"rm -r {quote(shown)}{also}"


RULES = (STDLIB_SHADOWED,)
