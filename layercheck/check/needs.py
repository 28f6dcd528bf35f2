"""What is required and not there, and how much the code of those that require it depends on it."""

from __future__ import annotations

from ..artifact import Artifact
from ..artifact.python_imports import Import
from ..rules import TargetView
from ..rules.closure import Needed, import_names, unmet
from ..rules.python_findings import IMPORT, INNER, NONE, PART, UNKNOWN, Need, Use
from .python_code import Hit, Modules, PythonCode, modules_in

_MAX_TOPS = 20


class NeedReader:
    """Judges what is missing; the code is read once, for whatever number of targets."""

    def __init__(self, code: PythonCode) -> None:
        self._code = code
        # The artifact is kept in the value: its id stays its own for as long as the key is there.
        self._uses: dict[tuple[int, str, str], tuple[Artifact, Use]] = {}

    def needs(self, view: TargetView) -> tuple[Need, ...]:
        """Every requirement of the deployment that is not met."""
        found = []
        for item in unmet(view):
            uses = [(need, Use(UNKNOWN) if item.found else self._use(need)) for need in item.needed]
            found.append(Need(item, tuple(uses)))
        return tuple(found)

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


def how_used(code: PythonCode, artifact: Artifact, modules: Modules, hit: Hit) -> Use:
    """How the modules use what ``hit`` knows."""
    tops = sorted(modules.tops, key=lambda name: (name not in modules.packages, name.startswith("_"), name))
    for top in tops[:_MAX_TOPS]:
        steps = code.chain(artifact, modules.paths, modules.packages, top, hit)
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
