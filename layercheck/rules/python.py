"""LC501: whether extension modules are for the target's Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..elf import ElfImage
from ..environment import Runtime
from ..finding import Confidence, Severity
from ..named_tuple import NamedTuple
from .advice import done_without, reinstall, reinstall_all
from .alternatives import family, module_of
from .base import Fault, Subject, TargetView, rule
from .binaries import fits
from .installed import installed, search_path
from .wheel_tags import minimum_abi3, native_files, wanted

_TAG = r"\.((?:cpython-\d+[a-z]*|abi3t?|pypy\d+|graalpy\d*)(?:-[^.]*)?)\.so$"
_BUILT = r"build/(lib|temp|bdist)\."
_VERSIONED = r"^python/lib/python[\d.]+/"


class _Module(NamedTuple):
    """An extension module that the target does not import: the tag in its name, and what it is, absolute."""

    subject: Subject
    path: str
    tag: str
    module: str


def _searched(subject: Subject, runtime: Runtime, path: str) -> bool:
    """Whether the directory of a module is below one that this Python searches."""
    if subject.kind == "function" or subject.artifact.form == "wheel":
        return True
    if re.match(_VERSIONED, path):
        return any(path.startswith(directory + "/") for directory in runtime.layer_directories if "/" in directory)
    return path.startswith("python/")


@rule(
    "LC501",
    "extension-abi-mismatch",
    Severity.ERROR,
    "target",
    what="An extension module that exists only for another Python than the target's: another version, one without the "
    "GIL, PyPy, or another platform by its name. A warning where a wheel of stable ABI modules (abi3) asks for a newer "
    "Python.",
    why="Python imports x.cpython-312-x86_64-linux-gnu.so only under 3.12. Under another version the module is not "
    "found: 'No module named numpy._core._multiarray_umath', or a misleading 'partially initialized module'. A module "
    "of the stable ABI loads under older versions than it was made for only as long as it uses nothing newer.",
    fix="Install the packages for the target's version of Python.",
    example="pydantic_core/_pydantic_core.cpython-312-x86_64-linux-gnu.so on python3.11",
    sources=(
        "https://github.com/pydantic/pydantic/issues/6557",
        "https://github.com/nonbeing/mysqlclient-python3-aws-lambda/issues/5",
        "https://github.com/python/cpython/pull/152461",
        "PEP 3149",
        "PEP 425",
        "PEP 703",
    ),
)
def EXTENSION_ABI_MISMATCH(view: TargetView) -> Iterator[Fault]:
    runtime = view.runtime
    suffixes = runtime.extension_suffixes.get(view.environment.architecture, ())
    if runtime.language != "python" or not suffixes:
        return
    found = _only_for_others(view, suffixes)
    for subject in view.stack.subjects:
        own = {item.path: item.tag for item in found if item.subject is subject}
        built_for = max([_minor(_words(tag).replace("CPython ", "python")) for tag in own.values()], default=0)
        newer = 0 < built_for < _minor(runtime.identifier)
        fixes = reinstall_all(view, subject, own, ">=" if newer else "<=")
        without = done_without(subject, own, missing=True)
        for path, tag in own.items():
            optional = without.get(path, "")
            yield Fault(
                f"an extension module for {_kind(tag, runtime, suffixes)} only; {runtime.identifier} does not import it"
                + optional,
                subject,
                path,
                fixes.get(path) or f"Build it for {runtime.identifier}.",
                Severity.WARNING if optional else None,
                Confidence.LIKELY if optional else None,
                {"tag": tag, "suffixes": list(suffixes)},
            )
    yield from _newer_abi3(view)


def _only_for_others(view: TargetView, suffixes: tuple[str, ...]) -> list[_Module]:
    """The modules that no file beside them, of whatever layer, supplies to this Python."""
    others: list[_Module] = []
    usable: set[str] = set()
    usable_files: list[str] = []
    for subject in view.stack.subjects:
        for path, fact in view.facts(subject):
            if not path.endswith(".so") or not isinstance(fact.elf, ElfImage) or not fits(view, fact.elf):
                continue
            where = subject.where(path)
            match = re.search(_TAG, path)
            if match is None or any(path.endswith(suffix) for suffix in suffixes if suffix != ".so"):
                usable.add(module_of(where))
                usable_files.append(where)
            elif _searched(subject, view.runtime, path):
                others.append(_Module(subject, path, match[1], module_of(where)))
    if not others:
        return others
    others = [item for item in others if item.module not in usable]
    families = {family(where) for where in usable_files}
    others = [item for item in others if family(item.subject.where(item.path)) not in families]
    places = search_path(view)
    return [
        item
        for item in others
        if not _is_elsewhere(view, item.module, usable, places) and not _is_left_over(view, item.module, places)
    ]


def _is_left_over(view: TargetView, module: str, places: tuple[str, ...]) -> bool:
    """Whether the module lies in a virtual environment or a build folder that was packed by mistake: no import of any
    Python goes there, unless the search path does."""
    here = _place(module, places)
    if here is None:
        return False
    parents = module[len(here) + 1 :].split("/")[:-1]
    if any(re.match(_BUILT, "/".join(parents[depth : depth + 2])) for depth in range(len(parents) - 1)):
        return True
    folders = ["/".join([here, *parents[: depth + 1]]) for depth in range(len(parents))]
    return any(view.filesystem.has(f"{folder}/pyvenv.cfg") for folder in folders)


def _place(module: str, places: tuple[str, ...]) -> str | None:
    """The innermost directory of the search path that a module lies in."""
    return max([place for place in places if module.startswith(place + "/")], key=len, default=None)


def _is_elsewhere(view: TargetView, module: str, usable: set[str], places: tuple[str, ...]) -> bool:
    """Whether Python takes the module from another directory of its search path: since that comes first and has the
    whole package, or since nothing here claims the name for itself."""
    here = _place(module, places)
    if here is None:
        return False
    name = module[len(here) + 1 :]
    top = name.split("/", 1)[0]
    for place in places[: places.index(here)]:
        if any(view.filesystem.has(f"{place}/{top}{end}") for end in ("/__init__.py", "/__init__.pyc", ".py")):
            return True
    parents = name.split("/")[:-1]
    packages = ["/".join([here, *parents[: depth + 1]]) for depth in range(len(parents))]
    if any(view.filesystem.has(f"{package}/__init__.py") for package in packages):
        return False
    others = [place for place in places if place != here]
    return any(f"{place}/{name}" in usable or view.filesystem.has(f"{place}/{name}.py") for place in others)


def _newer_abi3(view: TargetView) -> Iterator[Fault]:
    target = wanted(view)
    for item in installed(view) if target is not None else ():
        if item.subject is None or item.distribution is None or target is None:
            continue
        minimum = minimum_abi3(item.distribution)
        if minimum <= target.minor:
            continue
        for path, fact in native_files(item.subject, item.distribution):
            if ".abi3." in path and path.endswith(".so") and fits(view, fact.elf):
                yield Fault(
                    f"a module of the stable ABI for CPython 3.{minimum} and newer, by its wheel's tag; "
                    f"{view.runtime.identifier} may lack what it uses",
                    item.subject,
                    path,
                    reinstall(view, item.subject, path, "<="),
                    Severity.WARNING,
                    Confidence.LIKELY,
                    {"tags": list(item.distribution.tags[:20])},
                )
                break


def _minor(identifier: str) -> int:
    """The 12 of python3.12; 0 where there is none."""
    match = re.search(r"python3\.(\d+)", identifier)
    return int(match[1]) if match else 0


def _kind(tag: str, runtime: Runtime, suffixes: tuple[str, ...]) -> str:
    """For what a tag is, beside that which this runtime takes."""
    words = _words(tag)
    if words.replace("CPython ", "python") == runtime.identifier:
        return f"{words} with another name ({tag}, not {suffixes[0][1:-3]})"
    return words


def _words(tag: str) -> str:
    """cpython-312-x86_64-linux-gnu -> CPython 3.12."""
    match = re.match(r"cpython-(\d)(\d+)([a-z]*)(?:-|$)", tag)
    if match is not None:
        built = {"t": " without the GIL", "d": " built for debugging"}.get(match[3], "")
        return f"CPython {match[1]}.{match[2]}{built}"
    if tag == "abi3":
        return "Pythons with the GIL"
    return f"CPython 3.15 and newer ({tag})" if tag.startswith("abi3") else tag


RULES = (EXTENSION_ABI_MISMATCH,)
