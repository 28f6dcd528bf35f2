"""LC509: imports of modules, and of names, that the target's Python no longer has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..artifact.python_facts import ATTRIBUTE, IMPORT, MISSING, Code, Where
from ..artifact.removed import Removed, modules_of, removed
from ..finding import Confidence, Severity
from ..named_tuple import NamedTuple
from .advice import pip_install
from .base import Fault, Subject, TargetView, Unsure, quote, rule
from .modules import NAMESPACE, SOURCE, Module, Modules
from .reach import Chain, Reach, roots_of, version_of

_SHOWN = 5


class Loss(NamedTuple):
    """One use of what is gone. ``called``: only a function does it, so it fails when that is called."""

    gone: Removed
    line: int
    called: bool


class _Hit(NamedTuple):
    """A module that fails, and how it is come to; ``chain`` None: by no import that is seen."""

    module: Module
    subject: Subject
    path: str
    losses: tuple[Loss, ...]
    chain: Chain


@rule(
    "LC509",
    "removed-module",
    Severity.WARNING,
    "target",
    what="An import of a standard or bundled module, or of a name in one, that the target's Python no longer has.",
    why="'No module named imp' (distutils, asyncore, cgi …), 'cannot import name Mapping from collections': each "
    "version of Python drops what was long deprecated. It is an error where the handler's own imports surely come to "
    "it, a warning for a package that only fails if it is imported. Guarded imports are no fault.",
    fix="Take a newer release of the package, install what brings the module back, or choose an older runtime.",
    example="app.py imports old_lib, which imports distutils.version, on python3.12",
    sources=(
        "https://github.com/aws/aws-sam-cli/issues/7176",
        "PEP 594, PEP 632",
        "https://docs.python.org/3/whatsnew/3.12.html#removed",
        "https://docs.python.org/3/whatsnew/3.13.html#removed",
    ),
)
def REMOVED_MODULE(view: TargetView) -> Iterator[Fault | Unsure]:
    version = version_of(view)
    if version is None:
        return
    candidates = _candidates(view, version)
    handler = view.stack.handler if view.stack.function is not None else None
    if not candidates and not handler:
        return
    finder = Modules(view)
    start = finder.find(handler.rpartition(".")[0].replace("/", ".")) if handler else None
    if start is not None and start.kind == SOURCE and start.path not in candidates:
        candidates = {start.path: None, **candidates}
    suspects: dict[str, tuple[Subject, str, tuple[Loss, ...]]] = {}
    for where in candidates:
        found = _suspect(view, finder, where, version, start)
        if found is not None:
            suspects[where] = found
    if not suspects:
        return
    reach = Reach(view, finder, version)
    starts = [start.name] if start is not None else [] if handler else roots_of(view, finder, list(suspects))
    hits = [
        _Hit(chain.module, *suspects[chain.module.path], chain)
        for chain in reach.chains(starts, frozenset(suspects))
        if chain.module.path in suspects
    ]
    yield from _told(view, hits, sure=start is not None)
    if reach.gave_up and handler:
        yield Unsure("what the handler imports in the end", "is more code than is read", view.stack.function)


def _candidates(view: TargetView, version: tuple[int, int]) -> dict[str, None]:
    """The files, by absolute path, of which the quick look while scanning says that they may use what is gone."""
    found: dict[str, None] = {}
    for subject in view.stack.subjects:
        for path, fact in view.facts(subject):
            if fact.gone and any(_is_gone(removed(name), version) for name in fact.gone):
                found[subject.where(path)] = None
    return found


def _is_gone(known: Removed | None, version: tuple[int, int]) -> bool:
    return known is not None and (known.version is None or version >= known.version)


def _suspect(
    view: TargetView, finder: Modules, where: str, version: tuple[int, int], start: Module | None
) -> tuple[Subject, str, tuple[Loss, ...]] | None:
    node = view.filesystem.overlay.nodes.get(where)
    if node is None or node.entry is None:
        return None
    subject, path = view.subject_of(node.mount), node.entry.path
    code = subject.python.code(path)
    if code is None:
        return None
    own = _is_own(subject, path, start)
    losses = [
        loss
        for loss in losses_of(code, version)
        if (own or not loss.called) and not _is_supplied(finder, loss.gone, where)
    ]
    return (subject, path, tuple(losses)) if losses else None


def _is_own(subject: Subject, path: str, start: Module | None) -> bool:
    """Whether a file is of the function's author: at its root, or in the handler's folder. Only there it is worth to
    tell what functions use, which may never be called."""
    if subject.kind != "function" or subject.packages.owner(path) is not None:
        return False
    top = path.partition("/")[0]
    return "/" not in path or (start is not None and start.name.partition(".")[0] == top)


def _is_supplied(finder: Modules, gone: Removed, where: str) -> bool:
    """Whether the deployment brings it: a module of the name, or what puts it there once it was imported."""
    if gone.name not in modules_of():
        return False
    found = finder.find(gone.whole or gone.name)
    if found is not None and found.kind != NAMESPACE:
        return True
    return gone.hook is not None and any(f"/{top}/" in where for top in ("setuptools", "pkg_resources"))


def losses_of(code: Code, version: tuple[int, int]) -> Iterator[Loss]:
    """What a module surely uses, when it is imported or in its functions, that a Python (3, 12) does not have."""
    for item in code.imports:
        if item.module.startswith(".") or not _may_run(item.where, version):
            continue
        for dotted in [f"{item.module}.{name}" for name in item.names] or [item.module]:
            known = removed(dotted)
            if known is None or not _is_gone(known, version) or (known.version is None and known.name == dotted):
                continue
            swallowed = {IMPORT, MISSING} if known.name in modules_of() else {IMPORT}
            if swallowed.isdisjoint(item.where.catches) and not _is_patched(code, known):
                yield Loss(known, item.line, bool(item.where.function))
    for use in code.uses:
        known = removed(use.name)
        if known is None or not _is_gone(known, version) or not _may_run(use.where, version):
            continue
        if known.name in modules_of() and known.version is not None:
            continue
        bare = known.version is None and use.name == known.name
        if not bare and ATTRIBUTE not in use.where.catches and not _is_patched(code, known):
            yield Loss(known, use.line, bool(use.where.function))


def _may_run(where: Where, version: tuple[int, int]) -> bool:
    """Whether it surely runs: on import, or when its function is called."""
    return where._replace(function="").runs(version)


def _is_patched(code: Code, known: Removed) -> bool:
    return known.name in code.patched or ("sys.modules" in code.patched and known.name in modules_of())


def _told(view: TargetView, hits: Sequence[_Hit], *, sure: bool) -> Iterator[Fault]:
    """One finding for each package, or for each file of the function's own."""
    groups: dict[tuple[str, str], list[_Hit]] = {}
    for hit in hits:
        owner = hit.subject.packages.owner(hit.path)
        groups.setdefault((hit.subject.id, owner.name if owner is not None else hit.path), []).append(hit)
    for group in groups.values():
        # The first that is come to is the one that fails.
        at_once = [hit for hit in group if not all(loss.called for loss in hit.losses)]
        yield _fault(view, (at_once or group)[0], group, sure=sure and bool(at_once))


def _fault(view: TargetView, hit: _Hit, group: Sequence[_Hit], *, sure: bool) -> Fault:
    called = all(loss.called for loss in hit.losses)
    losses = [loss for loss in hit.losses if loss.called == called]
    names = list(dict.fromkeys(loss.gone.name for loss in losses))
    first = losses[0].gone
    gone = ", ".join(names[:_SHOWN])
    verb = "uses" if called or first.name not in modules_of() else "imports"
    since = f"gone since Python {first.version[0]}.{first.version[1]}" if first.version else str(first.what)
    fact = f"{verb} {gone} (line {losses[0].line}), which {view.runtime.identifier} does not have: {since}"
    if called:
        fact += "; it fails when the function that does so is called"
    elif len(hit.chain.names) > 1:
        fact += f"; imported by {' → '.join(hit.chain.names)}"
    hooked = first.hook is not None and _has_hook(view, first)
    if hooked:
        fact += f"; {first.package} is there, but brings it back only for code that imports {first.package} first"
    likely = called or hooked or not hit.chain.certain
    severity = Severity.INFO if hooked else Severity.ERROR if sure and not likely else None
    return Fault(
        fact,
        hit.subject,
        hit.path,
        _fix(view, hit, first, losses),
        severity,
        Confidence.LIKELY if likely else None,
        {
            "gone": names,
            "line": losses[0].line,
            "chain": list(hit.chain.names),
            "files": sorted({item.path for item in group}),
        },
    )


def _has_hook(view: TargetView, gone: Removed) -> bool:
    return gone.hook is not None and Modules(view).find(gone.hook) is not None


def _fix(view: TargetView, hit: _Hit, gone: Removed, losses: Iterable[Loss]) -> str:
    owner = hit.subject.packages.owner(hit.path)
    lines = []
    if owner is not None and owner.ecosystem == "python":
        lines += [
            f"Take a newer release of {owner.name}:",
            pip_install(view, hit.subject, hit.path, quote(f"{owner.name}>{owner.version}")),
        ]
    else:
        uses = dict.fromkeys(f"{loss.gone.name}: {loss.gone.use}" for loss in losses)
        lines.append(f"Use instead: {'; '.join(uses)}.")
    if gone.package is not None:
        command = pip_install(view, hit.subject, hit.path, quote(gone.package))
        lines += [f"Or bring it back with {gone.package}:", command]
        if gone.hook is not None:
            lines.append(f"and import {gone.package} before it is used.")
    if gone.version is not None and gone.version > (3, 9):
        lines.append(f"Or use a runtime older than python{gone.version[0]}.{gone.version[1]}.")
    return "\n".join(lines)


RULES = (REMOVED_MODULE,)
