"""LC507: bytecode that stands in the place of its source and is for another Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from ..finding import Confidence, Severity
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .advice import reinstall
from .base import Fault, Subject, TargetView, Unsure, quote, rule, zip_again

if TYPE_CHECKING:
    from typing import Any

    from .modules import Modules

_SHOWN = 20
_TESTS = frozenset(("test", "tests", "testing"))


class _Stray(NamedTuple):
    """A .pyc file without source: where it is in its artifact, the module that it is, and its magic number."""

    path: str
    module: str
    magic: int
    needed: bool


@lru_cache(maxsize=1)
def _versions() -> tuple[Mapping[str, Any], ...]:
    return tuple(read_table(__file__, "bytecode")["versions"])


def made_by(magic: int) -> str | None:
    """The Python that writes a magic number, as ``3.12``; None where it is not known."""
    return next((str(v["version"]) for v in _versions() if v["first"] <= magic <= v["last"]), None)


def is_taken(magic: int, version: str) -> bool | None:
    """Whether a Python takes bytecode of a magic number; None where its own number is not known."""
    known = next((v for v in _versions() if v["version"] == version), None)
    if magic < 0:
        return False
    if known is None:
        return None if made_by(magic) is None else False
    if known["final"] is not None:
        return bool(magic == known["final"])
    return None if known["first"] <= magic <= known["last"] else False


@rule(
    "LC507",
    "foreign-bytecode",
    Severity.ERROR,
    "target",
    what="Bytecode (module.pyc beside no module.py) that another version of Python made.",
    why="Python imports a .pyc file that lies where the source would, but only one of its own version: 'bad magic "
    "number in …'. Cached bytecode in __pycache__ is harmless: what does not fit is not used.",
    fix="Ship the sources, or compile with the target's Python; delete .pyc files that are left over.",
    example="app.pyc of Python 2.7 on python3.12",
    sources=(
        "https://github.com/Miserlou/Zappa/pull/943",
        "https://github.com/awslabs/kinesis-aggregation/issues/52",
        "PEP 3147, PEP 552",
    ),
)
def FOREIGN_BYTECODE(view: TargetView) -> Iterator[Fault | Unsure]:
    if view.runtime.language != "python":
        return
    modules: Modules | None = None
    version = view.runtime.identifier.removeprefix("python")
    for subject in view.stack.subjects:
        strays: dict[tuple[str, str], list[_Stray]] = {}
        for path, fact in view.facts(subject):
            if fact.bytecode is None or is_taken(fact.bytecode, version):
                continue
            if modules is None:
                from .modules import Modules

                modules = Modules(view)
            stray = _stray(view, subject, path, fact.bytecode, modules)
            if stray is not None:
                kind = made_by(stray.magic) or "damaged"
                strays.setdefault((stray.module.partition(".")[0], kind), []).append(stray)
        for (top, kind), found in sorted(strays.items()):
            if is_taken(found[0].magic, version) is None:
                known = f"the magic number of {view.runtime.identifier}'s releases is not known"
                yield Unsure(f"the bytecode of {top}", known, subject, found[0].path)
            else:
                yield _fault(view, subject, found, None if kind == "damaged" else kind)


def _stray(view: TargetView, subject: Subject, path: str, magic: int, modules: Modules) -> _Stray | None:
    """The bytecode at ``path`` if an import finds it, and nothing else of its name."""
    where = subject.where(path)
    stem = where.removesuffix(".pyc").removesuffix("/__init__")
    for place in modules.places:
        if not stem.startswith(place + "/"):
            continue
        parts = stem[len(place) + 1 :].split("/")
        if not all(map(str.isidentifier, parts)) or not _TESTS.isdisjoint(parts):
            continue
        found = modules.find(".".join(parts))
        if found is not None and found.path == where:
            return _Stray(path, found.name, magic, _is_needed(view, where, parts))
    return None


def _is_needed(view: TargetView, where: str, parts: Sequence[str]) -> bool:
    """Whether importing its package fails. A module among sources may be left over from a build, and nobody's."""
    directory = where[: where.rfind("/")]
    beside = [name for name in view.filesystem.listdir(directory) if name.endswith(".py")]
    if len(parts) == 1 and not where.endswith("/__init__.pyc"):
        return True
    if where.endswith("/__init__.pyc"):
        return len(parts) == 1 or bool(beside)
    return not beside and len(parts) == 2


def _fault(view: TargetView, subject: Subject, found: Sequence[_Stray], made: str | None) -> Fault:
    found = sorted(found, key=lambda stray: (not stray.needed, stray.path.count("/"), stray.path))
    first, needed = found[0], any(stray.needed for stray in found)
    what = f"bytecode of Python {made}" if made else "no bytecode of any Python that is known"
    others = f" (and {len(found) - 1} more files)" if len(found) > 1 else ""
    fact = (
        f"{what}, without its source beside it{others}: {view.runtime.identifier} refuses it, "
        f"bad magic number in {first.module!r}"
    )
    return Fault(
        fact if needed else fact + ", if anything imports it",
        subject,
        first.path,
        _fix(view, subject, first.path),
        None if needed else Severity.WARNING,
        None if needed else Confidence.LIKELY,
        {
            "magic": first.magic,
            "made_by": made,
            "modules": [stray.module for stray in found[:_SHOWN]],
            "files": len(found),
        },
    )


def _fix(view: TargetView, subject: Subject, path: str) -> str:
    command = reinstall(view, subject, path)
    python = view.runtime.identifier
    top = path.partition("/")[0] if subject.kind == "layer" else "."
    lines = [] if command is None else ["Install it again for the target:", command]
    lines += [
        "Delete the bytecode and ship the sources:" if command is None else "Or, where the sources are there:",
        f"find {quote(top)} -name '*.pyc' -delete && {zip_again(subject)}",
        f"To ship bytecode alone, compile it with the target's Python: {python} -m compileall -b -q {quote(top)}",
    ]
    return "\n".join(lines)


RULES = (FOREIGN_BYTECODE,)
