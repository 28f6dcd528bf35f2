"""LC501: whether extension modules are for the target's Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..elf import ElfImage
from ..environment import Runtime
from ..finding import Confidence, Severity
from .advice import is_optional, reinstall_all
from .alternatives import module_of
from .base import Fault, Subject, TargetView, rule
from .binaries import fits

_TAG = r"\.(cpython-\d+t?|pypy\d+-[^.]+|graalpy[^.]*)(-[^.]*)?\.so$"
_VERSIONED = r"^python/lib/python[\d.]+/"


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
    what="An extension module that exists only for another Python than the target's.",
    why="Python imports x.cpython-312-x86_64-linux-gnu.so only under 3.12. Under another version the module is not "
    "found: 'No module named numpy._core._multiarray_umath', or a misleading 'partially initialized module'.",
    fix="Install the packages for the target's version of Python.",
    example="pydantic_core/_pydantic_core.cpython-312-x86_64-linux-gnu.so on python3.11",
    sources=("https://github.com/pydantic/pydantic/issues/6557", "PEP 3149", "PEP 425"),
)
def EXTENSION_ABI_MISMATCH(view: TargetView) -> Iterator[Fault]:
    runtime = view.runtime
    suffixes = runtime.extension_suffixes.get(view.environment.architecture, ())
    if runtime.language != "python" or not suffixes:
        return
    for subject in view.stack.subjects:
        tags: dict[str, str] = {}
        usable: set[str] = set()
        for path, fact in view.facts(subject):
            if not path.endswith(".so") or not isinstance(fact.elf, ElfImage) or not fits(view, fact.elf):
                continue
            name = path[path.rfind("/") + 1 :]
            module = module_of(path)
            match = re.search(_TAG, name)
            if match is None or any(name.endswith(suffix) for suffix in suffixes if suffix != ".so"):
                usable.add(module)
            elif _searched(subject, runtime, path):
                tags[path] = match[1]
        found = {p: tag for p, tag in tags.items() if module_of(p) not in usable}
        built_for = max([_minor(_words(tag).replace("CPython ", "python")) for tag in found.values()], default=0)
        newer = 0 < built_for < _minor(runtime.identifier)
        fixes = reinstall_all(view, subject, found, ">=" if newer else "<=")
        for path, tag in found.items():
            optional = is_optional(subject, path)
            yield Fault(
                f"an extension module for {_words(tag)} only; {runtime.identifier} does not import it"
                + (", and its package does without it, more slowly" if optional else ""),
                subject,
                path,
                fixes.get(path) or f"Build it for {runtime.identifier}.",
                Severity.WARNING if optional else None,
                Confidence.LIKELY if optional else None,
                {"tag": tag, "suffixes": list(suffixes)},
            )


def _minor(identifier: str) -> int:
    """The 12 of python3.12; 0 where there is none."""
    match = re.search(r"python3\.(\d+)", identifier)
    return int(match[1]) if match else 0


def _words(tag: str) -> str:
    """cpython-312 -> CPython 3.12."""
    match = re.match(r"cpython-(\d)(\d+)(t?)$", tag)
    if match is None:
        return tag
    return f"CPython {match[1]}.{match[2]}" + (" without the GIL" if match[3] else "")


RULES = (EXTENSION_ABI_MISMATCH,)
