"""Compiled Python packages in directories that no import statement can name: psycopg2-3.6/ for psycopg2."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..elf import ElfImage
from ..finding import Confidence
from .base import Fault, Subject, TargetView, quote, zip_again

_VERSIONED = r"^([A-Za-z_]\w*?)-\d[\w.]*$"
"""A module's name with a version behind it. Other names with hyphens are often data, or repositories."""
_ROOTS = {"function": ("",), "layer": ("python/", "python/lib/{}/site-packages/")}


def misnamed_packages(view: TargetView) -> Iterator[Fault]:
    """Directories on sys.path that hold __init__.py and compiled modules, and whose name has a version behind it.

    Silent where the package is there under its own name as well: then these are builds for other Pythons.
    """
    for subject in view.stack.subjects:
        if subject.artifact.form == "wheel":
            continue
        lib = view.runtime.identifier
        for root in [place.format(lib) for place in _ROOTS[subject.kind]]:
            found = _compiled(subject, root)
            for directory, (module, example) in sorted(found.items()):
                if _is_there(view, module):
                    continue
                yield Fault(
                    f"a package with compiled modules ({example}), but no import finds a directory of this name: "
                    f"No module named {module}",
                    subject,
                    directory,
                    f"mv {quote(directory)} {quote(root + module)} && {zip_again(subject)}",
                    confidence=Confidence.LIKELY,
                    details={"module": module},
                )


def _compiled(subject: Subject, root: str) -> dict[str, tuple[str, str]]:
    """Each such directory below ``root`` with the module that it should be, and one of its extension modules."""
    found: dict[str, tuple[str, str]] = {}
    for path, fact in subject.artifact.facts.items():
        if not path.startswith(root) or not path.endswith(".so") or not isinstance(fact.elf, ElfImage):
            continue
        name, slash, rest = path[len(root) :].partition("/")
        match = re.match(_VERSIONED, name) if slash and "/" not in rest else None
        if match is not None and root + name not in found and subject.artifact.has(f"{root}{name}/__init__.py"):
            found[root + name] = (match[1], rest)
    return found


def _is_there(view: TargetView, module: str) -> bool:
    filesystem = view.filesystem
    suffixes = view.runtime.extension_suffixes.get(view.environment.architecture, ())
    names = (f"{module}/__init__.py", f"{module}/__init__.pyc", f"{module}.py", *[module + end for end in suffixes])
    return any(filesystem.has(f"{place}/{name}") for place in view.runtime.sys_path for name in names)
