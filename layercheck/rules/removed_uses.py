"""What a deployment imports or uses that the target's Python no longer has, and by which way that is come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..artifact.python_facts import ATTRIBUTE, IMPORT, MISSING, Code, Where
from ..artifact.removed import Removed, modules_of, removed
from ..finding import Confidence, Severity
from ..named_tuple import NamedTuple
from .advice import pip_install
from .base import Fault, Subject, TargetView, Unsure, quote
from .modules import NAMESPACE, SOURCE, Module, Modules
from .reach import Chain, Reach, roots_of, version_of

_SHOWN = 5


class Loss(NamedTuple):
    """One use of what is gone. ``called``: only a function does it, so it fails when that is called. ``imported``: by
    an import, else as an attribute."""

    gone: Removed
    line: int
    called: bool
    imported: bool


class _Hit(NamedTuple):
    """A module that fails, and how it is come to; ``chain`` None: by no import that is seen."""

    module: Module
    subject: Subject
    path: str
    losses: tuple[Loss, ...]
    chain: Chain


def uses_of_removed(view: TargetView) -> Iterator[Fault | Unsure]:
    """The faults of LC509 on one target."""
    version = version_of(view)
    if version is None:
        return
    finder = Modules(view)
    candidates = _candidates(view, finder, version)
    handler = view.stack.handler if view.stack.function is not None else None
    if not candidates and not handler:
        return
    start = finder.find(handler.rpartition(".")[0].replace("/", ".")) if handler else None
    if start is not None and start.kind == SOURCE and start.path not in candidates:
        candidates = {start.path: None, **candidates}
    suspects: dict[str, tuple[Subject, str, tuple[Loss, ...]]] = {}
    for where in candidates:
        found = _suspect(view, finder, where, version, start)
        if isinstance(found, Unsure):
            yield found
        elif found is not None:
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


def _candidates(view: TargetView, finder: Modules, version: tuple[int, int]) -> dict[str, None]:
    """The files, by absolute path, of which the quick look while scanning says that they may use what is gone."""
    found: dict[str, None] = {}
    for subject in view.stack.subjects:
        for path, fact in view.facts(subject):
            if not fact.gone:
                continue
            where = subject.where(path)
            lost = [known for name in fact.gone if _is_gone(known := removed(name), version)]
            if any(known is not None and not _is_supplied(finder, known, where) for known in lost):
                found[where] = None
    return found


def _is_gone(known: Removed | None, version: tuple[int, int]) -> bool:
    return known is not None and (known.version is None or version >= known.version)


def _suspect(
    view: TargetView, finder: Modules, where: str, version: tuple[int, int], start: Module | None
) -> tuple[Subject, str, tuple[Loss, ...]] | Unsure | None:
    node = view.filesystem.overlay.nodes.get(where)
    if node is None or node.entry is None:
        return None
    subject, path = view.subject_of(node.mount), node.entry.path
    code = subject.python.code(path)
    if code is None:
        large = subject.python.gave_up
        return Unsure("what it imports", "is more code than is read", subject, path) if large else None
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
                yield Loss(known, item.line, bool(item.where.function), True)
    for use in code.uses:
        known = removed(use.name)
        if known is None or not _is_gone(known, version) or not _may_run(use.where, version):
            continue
        if known.name in modules_of() and known.version is not None:
            continue
        bare = known.version is None and use.name == known.name
        if not bare and ATTRIBUTE not in use.where.catches and not _is_patched(code, known):
            yield Loss(known, use.line, bool(use.where.function), False)


def _may_run(where: Where, version: tuple[int, int]) -> bool:
    """Whether it surely runs: on import, or when its function is called."""
    return where._replace(function="").runs(version)


def _is_patched(code: Code, known: Removed) -> bool:
    return known.name in code.patched or ("sys.modules" in code.patched and known.name in modules_of())


def _told(view: TargetView, hits: Sequence[_Hit], *, sure: bool) -> Iterator[Fault | Unsure]:
    """One finding for each package, or for each file of the function's own."""
    groups: dict[tuple[str, str], list[_Hit]] = {}
    for hit in hits:
        owner = hit.subject.packages.owner(hit.path)
        groups.setdefault((hit.subject.id, owner.name if owner is not None else hit.path), []).append(hit)
    for group in groups.values():
        # The first that is come to is the one that fails.
        at_once = [hit for hit in group if not all(loss.called for loss in hit.losses)]
        fault = _fault(view, (at_once or group)[0], group, sure=sure and bool(at_once))
        if view.stack.open and all(name in modules_of() for name in fault.details["gone"]):
            absent = f"could be in {', '.join(view.stack.open)}, which is not at hand"
            yield Unsure(f"{', '.join(fault.details['gone'])}, which it imports", absent, fault.subject, fault.path)
        else:
            yield fault


def _fault(view: TargetView, hit: _Hit, group: Sequence[_Hit], *, sure: bool) -> Fault:
    called = all(loss.called for loss in hit.losses)
    losses = [loss for loss in hit.losses if loss.called == called]
    names = list(dict.fromkeys(loss.gone.name for loss in losses))
    first = losses[0].gone
    gone = ", ".join(names[:_SHOWN])
    verb = "imports" if losses[0].imported else "uses"
    since = f"gone since Python {first.version[0]}.{first.version[1]}" if first.version else str(first.what)
    fact = f"{verb} {gone} (line {losses[0].line}), which {view.runtime.identifier} does not have: {since}"
    if called:
        fact += "; it fails when the function that does so is called"
    elif len(hit.chain.names) > 1:
        fact += f"; imported by {' → '.join(hit.chain.names)}"
    hooked = first.hook is not None and _has_hook(view, first)
    if hooked:
        fact += f"; {first.package} is there, but brings it back only for code that imports {first.package} first"
    # What a layer lacks, a function that uses it may bring.
    brought = view.stack.function is None and first.name in modules_of()
    likely = called or hooked or brought or not hit.chain.certain
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
