"""LC407: libraries that code opens by name while it runs, and that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..filesystem import Node
from ..finding import Confidence, Severity
from ..linker import Unopened
from ..named_tuple import TYPE_CHECKING
from .advice import for_opened
from .base import Fault, Subject, TargetView, Unsure, quote, rule
from .by_name import copies_by_stem, stem_of, system_copy
from .linking import LOADER, SEARCH, inside, is_usable, place_of
from .native_calls import uncalled

if TYPE_CHECKING:
    from typing import Any

_ODBC = "https://www.unixodbc.org/odbcinst.html"
_FIND_LIBRARY = "https://docs.python.org/3/library/ctypes.html#finding-shared-libraries"


@rule(
    "LC407",
    "unresolved-dlopen-name",
    Severity.WARNING,
    "target",
    what="Python code (ctypes, cffi), an ODBC configuration file or a .NET assembly (P/Invoke) opens a library by a "
    "literal name that leads to nothing. Of names that are tried one after the other, one that is there is enough; "
    "names for other systems and code that copes with the library's absence do not count. An info where only some "
    "function opens it; of a .NET assembly, where it belongs to a package and calls few functions of the library.",
    why="\"cannot load library 'pango-1.0-0'\": such a name stands in no DT_NEEDED, so no tool that copies "
    "dependencies brings the library. dlopen looks for exactly that name in LD_LIBRARY_PATH and the default "
    "directories: libssl.so is not found where only libssl.so.3 is. ctypes.util.find_library sees even less: it asks "
    "/sbin/ldconfig, gcc and ld, which Lambda does not have as a rule, and never looks into /opt/lib; of the system's "
    "own libraries layercheck takes it to find all. .NET tries NAME.so, libNAME.so, NAME and libNAME, in the "
    "directories that .deps.json lists, beside the assembly and with dlopen: 'System.DllNotFoundException: Unable to "
    "load shared library'. What is opened by a computed name or path is not judged.",
    fix="Put the library into the layer's lib/, under the very name that is opened; a symlink is enough.",
    example="weasyprint/text/ffi.py opens libpango-1.0.so.0: no such library in the layer or on Lambda",
    sources=(
        LOADER,
        SEARCH,
        _FIND_LIBRARY,
        "https://cffi.readthedocs.io/en/stable/cdef.html#ffi-dlopen-loading-libraries-in-abi-mode",
        _ODBC,
        "https://github.com/Kozea/WeasyPrint/issues/401",
        "https://learn.microsoft.com/dotnet/standard/native-interop/native-library-loading",
        "https://github.com/takuya-takeuchi/FaceRecognitionDotNet/issues/241",
    ),
    open=True,
)
def UNRESOLVED_DLOPEN_NAME(view: TargetView) -> Iterator[Fault | Unsure]:
    yield from uncalled(view)
    if not view.resolution.unopened:
        return
    copies = copies_by_stem(view)
    absent: dict[tuple[str, bool], list[tuple[Unopened, Subject, str]]] = {}
    for item in view.resolution.unopened:
        place = place_of(view, item.path)
        if place is None:
            continue
        same = [node for stem in _stems(item) for node in copies.get(stem, ())]
        if same or item.unseen:
            yield _misplaced(view, item, place, same)
        else:
            absent.setdefault((item.path, item.opened.always or item.opened.config), []).append((item, *place))
    for found in absent.values():
        yield _absent(view, [item for item, _, _ in found], (found[0][1], found[0][2]))


def _stems(item: Unopened) -> list[str]:
    """What the library may be called; libpango-1.0-0 is Windows' way to say pango-1.0."""
    stems = [stem_of(name) for name in (*item.opened.names, *item.opened.sought)]
    return list(dict.fromkeys([*stems, *[re.sub(r"-\d+$", "", stem) for stem in stems]]))


def _wanted(item: Unopened) -> str:
    """The name by which people know the library: with a version, else with .so, else the first."""
    names = item.opened.names or tuple([f"lib{name}.so" for name in item.opened.sought])
    return next((n for n in names if ".so." in n), next((n for n in names if n.endswith(".so")), names[0]))


def _others(item: Unopened) -> str:
    """The further names that are tried."""
    others = [name for name in item.opened.names if name != _wanted(item)]
    return f" (nor under {', '.join(others[:6])}{' …' if len(others) > 6 else ''})" if others else ""


def _details(item: Unopened, **more: Any) -> dict[str, Any]:
    return {
        "library": _wanted(item),
        "names": list(item.opened.names),
        "sought": [name for name in item.opened.sought if name not in item.opened.names],
        "line": item.opened.line,
        "tried": list(item.tried[:100]),
        **more,
    }


def _fault(
    item: Unopened, place: tuple[Subject, str], fact: str, fix: str, details: dict[str, Any], *, likely: bool = False
) -> Fault:
    opened = item.opened
    seldom = not opened.always and not opened.config
    # Nothing says that a module inside a package is imported at all.
    inner = not opened.config and "/" in place[1] and not place[1].endswith("/__init__.py")
    likely = likely or seldom or inner or not opened.names
    when = "; only a function does this, so it fails only if something calls it" if seldom else ""
    return Fault(
        f"line {opened.line} {fact}{when}",
        place[0],
        place[1],
        fix,
        Severity.INFO if seldom else None,
        Confidence.LIKELY if likely else None,
        details,
    )


def _misplaced(view: TargetView, item: Unopened, place: tuple[Subject, str], same: Sequence[Node]) -> Fault:
    """The library is in the artifact, but not where or as it is sought."""
    wanted = _wanted(item)
    usable = [node for node in same if is_usable(view, node)]
    if same and not usable:
        fact = f"opens {wanted}, and the only copy, {same[0].path}, cannot be used on {view.environment.architecture}"
        fix = f"Replace it by {wanted} for {view.environment.architecture}."
        return _fault(item, place, fact, fix, _details(item, candidates=[node.path for node in same]))
    if not item.opened.names:
        return _unseen(item, place, [node.path for node in usable] or list(item.unseen))
    directories = (*view.environment.library_path, *view.environment.loader.default_directories)
    there = next((node for node in usable if _directory(node) in directories), usable[0])
    name = there.path[there.path.rfind("/") + 1 :]
    details = _details(item, candidates=[node.path for node in usable])
    if "/" in wanted:
        fact = f"opens {wanted}, which is not there; {there.path} is that library"
        if item.opened.config:
            return _fault(item, place, fact, f"Name the file that is there:\nDriver={there.path}", details)
        return _fault(item, place, fact, f"Put it where it is sought:\n{_copy(view, there, wanted)}", details)
    if _directory(there) in directories:
        fact = f"opens {wanted}, which is not found{_others(item)}; {there.path} is that library under another name"
        link = f"ln -s {quote(name)} {quote(inside(view, _directory(there)) + '/' + wanted)}"
        return _fault(item, place, fact, f"Add a link beside it:\n{link}", details)
    fact = f"opens {wanted}, which is not found{_others(item)}; {there.path} lies where dlopen does not look"
    home = "/opt/lib" if there.path.startswith("/opt") else "/var/task/lib"
    fix = f"Move it to lib/ ({home} is searched), or set LD_LIBRARY_PATH on the function:\n"
    fix += f"mv {quote(inside(view, there.path))} lib/{quote(wanted)}"
    # Code may open it by its full path first, from where it answers to its name.
    return _fault(item, place, fact, fix, details, likely=True)


def _directory(node: Node) -> str:
    return node.path[: node.path.rfind("/")]


def _copy(view: TargetView, node: Node, wanted: str) -> str:
    return f"cp {quote(inside(view, node.path))} {quote(inside(view, wanted))}"


def _unseen(item: Unopened, place: tuple[Subject, str], paths: Sequence[str]) -> Fault:
    """find_library does not see what dlopen would."""
    asked = item.opened.sought[0]
    name = paths[0][paths[0].rfind("/") + 1 :]
    fact = (
        f"asks find_library for {asked!r}, which needs ldconfig, gcc or ld and does not look into LD_LIBRARY_PATH "
        f"without them: it answers None, although {paths[0]} is there"
    )
    fix = (
        "Answer for it before the package is imported:\n"
        f"import ctypes.util; find = ctypes.util.find_library\n"
        f"ctypes.util.find_library = lambda name: {{{asked!r}: {name!r}}}.get(name) or find(name)"
    )
    return _fault(item, place, fact, fix, _details(item, candidates=list(paths)))


def _absent(view: TargetView, items: Sequence[Unopened], place: tuple[Subject, str]) -> Fault:
    """One file whose libraries are nowhere: one cause, and one thing to do."""
    head = items[0]
    wanted = [_wanted(item) for item in items]
    details = _details(head, libraries=wanted) if len(items) > 1 else _details(head)
    if head.opened.config:
        fact = f"names the driver {', '.join(wanted)}, which is not there: Can't open lib, file not found"
        fix = (
            "Put the driver there, or name the file that is there (Driver=/opt/lib/… for a library in a layer's lib/)."
        )
        return _fault(head, place, fact, fix, details)
    if not head.opened.names and len(items) == 1:
        fact = f"asks find_library for {head.opened.sought[0]!r} and needs the answer, but nothing provides {wanted[0]}"
    else:
        fact = f"opens {', '.join(wanted)}, which nothing provides: cannot open shared object"
        fact += _others(head) if len(items) == 1 else ""
    system = system_copy(view, _stems(head))
    if system is not None:
        name = system[system.rfind("/") + 1 :]
        fact += f"; Lambda has it as {name}"
        fix = f"Open {name} instead, or add a link under the name that is opened:\n"
        fix += f"mkdir -p lib && ln -s {quote(system)} lib/{quote(wanted[0])}"
    else:
        fix = for_opened(view, [stem for item in items for stem in _stems(item)], wanted)
    return _fault(head, place, fact, fix, details)


RULES = (UNRESOLVED_DLOPEN_NAME,)
