"""The modules that importing the handler comes to and that nothing provides, by the syntax trees on the way."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator

from ..artifact.python_facts import IMPORT, MISSING, Code
from ..artifact.python_reader import absolute
from ..artifact.removed import removed
from ..environment import bundled_packages
from ..json_table import read_table
from ..named_tuple import NamedTuple
from .base import Subject, TargetView
from .closure import import_names
from .modules import SOURCE, Module, Modules
from .python_findings import Step
from .reach import version_of

_MAX_MODULES = 400
_MAX_FOUND = 20
_NEWER = frozenset(("annotationlib", "compression", "tomllib", "_zstd"))
"""Modules that Pythons newer than the oldest which runs this have: nothing is said of them, whichever runs it."""
_LAMBDAS = frozenset(("awslambdaric", "bootstrap", "lambda_runtime_client", "lambda_runtime_exception"))
_HOOKS = frozenset(("unzip_requirements",))
"""Modules that make others importable: serverless-python-requirements unpacks its own archive."""
_PATH_WORDS = (b"sys.path", b"site.addsitedir", b"sys.meta_path", b"pkgutil.extend_path", b"sys.modules")


class MissingImport(NamedTuple):
    """``way``: the import statements from the handler's file on. ``moved``: what on it changes the search, if any."""

    module: str
    install: str
    subject: Subject
    way: tuple[Step, ...]
    moved: str


class _Visit(NamedTuple):
    module: Module
    subject: Subject
    path: str
    way: tuple[Step, ...]


def missing_imports(view: TargetView) -> list[MissingImport]:
    """Each top-level module once, in the order in which they are come to."""
    handler, version = view.stack.handler or "", version_of(view)
    finder = Modules(view)
    first = finder.find(handler.rpartition(".")[0].replace("/", "."))
    if version is None or first is None:
        return []
    known = _provided(view)
    found: dict[str, MissingImport] = {}
    moved = next((f"{name}.py" for name in sorted(_HOOKS) if finder.find(name) is not None), "")
    seen: set[str] = set()
    pending: deque[tuple[Module, tuple[Step, ...]]] = deque([(first, ())])
    while pending and len(seen) < _MAX_MODULES and len(found) < _MAX_FOUND:
        module, way = pending.popleft()
        if module.name in seen:
            continue
        seen.add(module.name)
        visit = _visit(view, module, way)
        code = visit.subject.python.code(visit.path) if visit is not None else None
        if visit is None or code is None:
            continue
        source = visit.subject.python.source(visit.path) or b""
        if not moved and any(word in source for word in _PATH_WORDS):
            moved = visit.path
        for name, step in _imports(code, visit, version):
            target = finder.find(name)
            top = name.partition(".")[0]
            if target is not None:
                pending.append((target, (*way, step)))
            elif top not in known and top not in found and removed(top) is None and finder.find(top) is None:
                found[top] = MissingImport(top, _package(top), visit.subject, (*way, step), "")
    return [item._replace(moved=moved) for item in found.values()]


def _visit(view: TargetView, module: Module, way: tuple[Step, ...]) -> _Visit | None:
    node = module.node
    if module.kind != SOURCE or node is None or node.entry is None or node.mount < 0:
        return None
    return _Visit(module, view.subject_of(node.mount), node.entry.path, way)


def _imports(code: Code, visit: _Visit, version: tuple[int, int]) -> Iterator[tuple[str, Step]]:
    """The modules that importing this one surely imports: each with the packages around it, and names that may be
    modules of a package."""
    name = visit.module.name
    package = name if visit.module.package else name.rpartition(".")[0]
    for item in code.imports:
        if not item.where.runs(version) or item.where.catches & {IMPORT, MISSING} or item.where.after:
            continue
        base = absolute(item.module, package)
        if not base:
            continue
        step = Step(visit.path, item.line, base)
        parts = base.split(".")
        for end in range(1, len(parts) + 1):
            yield ".".join(parts[:end]), step
        for child in item.names:
            if child.isidentifier():
                yield f"{base}.{child}", step


def _provided(view: TargetView) -> frozenset[str]:
    """The top-level modules of the standard library and of the runtime's own packages, and those of which LC505 tells:
    what a package declares that it requires."""
    names: set[str] = {*sys.stdlib_module_names, *_NEWER, *_LAMBDAS}
    names.update(name.partition(".")[0] for name in read_table(__file__, "standard-library")["modules"]["names"])
    packages = [package.name for package in bundled_packages(view.runtime.identifier).packages]
    packages += [name for place in view.environment.packages.values() for name in place]
    packages += [need.unmet.name for need in view.needs] + [item.name for item in view.unlisted]
    for package in packages:
        names.update(module.partition(".")[0] for module in import_names(package)[0])
    return frozenset(names)


def _package(module: str) -> str:
    """What to install for a module, as far as that is known."""
    for name, modules in read_table(__file__, "import-names")["names"].items():
        if module in [dotted.partition(".")[0] for dotted in modules]:
            return str(name)
    return module
