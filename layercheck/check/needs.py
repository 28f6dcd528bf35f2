"""What is required and not there, and how much the code of those that require it depends on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..artifact import FILE, Artifact
from ..artifact.python_imports import Import, module_name
from ..rules import Subject, TargetView
from ..rules.closure import Needed, absent, import_names, unmet
from ..rules.python_findings import IMPORT, INNER, NONE, PART, UNKNOWN, Listed, Need, Unlisted, Use
from .python_code import Hit, Modules, PythonCode, modules_in

MAX_LIST = 64 << 10
"""Bytes of a requirements.txt that are read."""
_MAX_TOPS = 20


class NeedReader:
    """Judges what is missing; the code is read once, for whatever number of targets."""

    def __init__(self, code: PythonCode) -> None:
        self._code = code
        self._own: dict[str, Modules] = {}
        # The artifact is kept in the value: its id stays its own for as long as the key is there.
        self._uses: dict[tuple[int, str, str], tuple[Artifact, Use]] = {}

    def needs(self, view: TargetView) -> tuple[Need, ...]:
        """Every requirement of the deployment that is not met."""
        found = []
        for item in unmet(view):
            uses = [(need, Use(UNKNOWN) if item.found else self._use(need)) for need in item.needed]
            found.append(Need(item, tuple(uses)))
        return tuple(found)

    def unlisted(self, view: TargetView) -> tuple[Unlisted, ...]:
        """What a requirements.txt lists, the function's own code imports, and nothing provides."""
        found = []
        listed = {item.text: item for item in view.stack.listed}
        for text, wanted in absent(view, listed):
            subject = listed[text].subject
            modules = self._own_modules(subject)
            hit = _importing(import_names(wanted.name)[0])
            step, outer, _ = self._code.anywhere(subject.artifact, modules.paths, modules.packages, hit)
            if step is not None:
                found.append(Unlisted(listed[text], wanted.name, step, outer))
        return tuple(found)

    def _own_modules(self, subject: Subject) -> Modules:
        """The function's own code: what no distribution owns."""
        if subject.id not in self._own:
            paths: dict[str, str] = {}
            packages: set[str] = set()
            for entry in subject.artifact.entries:
                if not entry.path.endswith(".py") or entry.kind != FILE or subject.packages.owner(entry.path):
                    continue
                named = module_name(entry.path)
                if named is not None:
                    paths.setdefault(named[0], entry.path)
                    if named[1]:
                        packages.add(named[0])
            self._own[subject.id] = Modules(paths, frozenset(packages))
        return self._own[subject.id]

    def _use(self, need: Needed) -> Use:
        subject, distribution = need.subject, need.distribution
        key = (id(subject.artifact), distribution.info, need.requirement.name)
        if key not in self._uses:
            names, known = import_names(need.requirement.name)
            modules = modules_in(subject, distribution)
            use = how_used(self._code, subject.artifact, modules, _importing(names))
            if use.level == NONE and not known:
                use = Use(UNKNOWN)
            self._uses[key] = (subject.artifact, use)
        return self._uses[key][1]


def listed_in(subjects: Sequence[Subject]) -> Iterator[Listed]:
    """The requirements that a requirements.txt at the root of a function names."""
    for subject in subjects:
        if subject.kind != "function" or not subject.artifact.has("requirements.txt"):
            continue
        entry = next(entry for entry in subject.artifact.entries if entry.path == "requirements.txt")
        if entry.kind != FILE or not 0 < entry.size <= MAX_LIST:
            continue
        text = subject.artifact.read(entry, MAX_LIST).decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            # Options of pip (-r, --hash) and comments, which begin behind a space.
            plain = re.split(r"(?:^|\s)#|\s--?\w|\s*\\\s*$", line, maxsplit=1)[0].strip()
            if plain and not plain.startswith("-"):
                yield Listed(subject, entry.path, number, plain)


def how_used(code: PythonCode, artifact: Artifact, modules: Modules, hit: Hit) -> Use:
    """How the modules use what ``hit`` knows."""
    tops = sorted(modules.tops, key=lambda name: (name not in modules.packages, name.startswith("_"), name))
    steps = code.chain(artifact, modules.paths, modules.packages, tops[:_MAX_TOPS], hit)
    if steps:
        return Use(IMPORT, steps)
    step, outer, whole = code.anywhere(artifact, modules.paths, modules.packages, hit)
    if step is not None:
        return Use(PART if outer else INNER, (step,))
    return Use(NONE if whole and modules.paths else UNKNOWN)


def _importing(names: tuple[str, ...]) -> Hit:
    below = tuple([name + "." for name in names])

    def hit(item: Import) -> str | None:
        for module in (item.module, *[f"{item.module}.{name}" for name in item.names]):
            if module in names or module.startswith(below):
                return module
        return None

    return hit
