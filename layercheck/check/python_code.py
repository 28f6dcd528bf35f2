"""The code of Python packages, read again where a fault makes it worth while: what does importing a package run?

Nothing is read of an artifact whose distributions are whole and have what they need.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..artifact import FILE, Artifact, Entry
from ..artifact.distributions import Distribution
from ..artifact.python_imports import Import, confirms, imports_in, module_name
from ..artifact.python_source import is_too_dense
from ..named_tuple import NamedTuple
from ..rules import Subject
from ..rules.python_findings import Step

MAX_FILE = 1 << 20
"""Bytes of one module that are looked at."""
MAX_READ = 24 << 20
"""Bytes of one artifact that are read again in one run."""
MAX_KEPT = 500_000
"""Imports and names in them that are kept in one run: a hundred megabytes; no real artifact has a fifth of them."""
MAX_LOOKS = 2_000_000
"""Modules, imports and names in them that are looked at in one run, again for each thing that is sought."""
_ROUNDS = 8


class Modules(NamedTuple):
    """The modules of a distribution that are there: dotted name to path; ``packages`` are those with an __init__."""

    paths: Mapping[str, str]
    packages: frozenset[str]

    @property
    def tops(self) -> list[str]:
        """What people import: the modules and packages at the top; those of namespace packages further below."""
        return sorted([name for name in self.paths if not any(above in self.paths for above in _above(name))])


def _above(name: str) -> Iterator[str]:
    while name := name.rpartition(".")[0]:
        yield name


_EACH = 512
"""Bytes that a read counts at least: finding and inflating a small module takes as long as reading so many."""
_PARSING = 10
"""How many times longer a module takes to be parsed than to be read: it counts so many bytes more for each."""


class PythonCode:
    """Reads modules, each at most once in a run, and keeps only their imports."""

    def __init__(self) -> None:
        # The artifact is kept in the value: its id stays its own for as long as the key is there.
        self._imports: dict[tuple[int, str], tuple[Artifact, tuple[Import, ...] | None]] = {}
        self._confirmed: dict[tuple[int, str, int], bool | None] = {}
        self._entries: dict[int, dict[str, Entry]] = {}
        self._left: dict[int, int] = {}
        self._kept = 0
        self._looks = 0

    def entry(self, artifact: Artifact, path: str) -> Entry | None:
        """The file at ``path``."""
        if id(artifact) not in self._entries:
            self._entries[id(artifact)] = {entry.path: entry for entry in artifact.entries if entry.kind == FILE}
        return self._entries[id(artifact)].get(path)

    def source(self, artifact: Artifact, path: str) -> bytes | None:
        """The bytes of a module; None where they are too many, would make too large a tree, or are no source."""
        entry = self.entry(artifact, path)
        left = self._left.setdefault(id(artifact), MAX_READ)
        if entry is None or not path.endswith(".py") or not 0 <= entry.size <= min(MAX_FILE, left):
            return None
        self._left[id(artifact)] = left - max(entry.size, _EACH)
        data = artifact.read(entry, MAX_FILE)
        return None if is_too_dense(data) else data

    def imports(self, artifact: Artifact, path: str, package: str) -> tuple[Import, ...] | None:
        """What a module imports; None where its source cannot be read."""
        key = (id(artifact), path)
        if key not in self._imports:
            data = self.source(artifact, path) if self._kept <= MAX_KEPT else None
            found = None if data is None else tuple(imports_in(data, package))
            self._kept += sum([1 + len(item.names) for item in found or ()])
            self._imports[key] = (artifact, found)
        return self._imports[key][1]

    def confirmed(self, artifact: Artifact, step: Step) -> bool | None:
        """Whether the statement surely runs when its module is imported; None where too much was read to tell."""
        key = (id(artifact), step.path, step.line)
        if key not in self._confirmed:
            data = self.source(artifact, step.path)
            if data is not None:
                self._left[id(artifact)] -= len(data) * _PARSING
            self._confirmed[key] = None if data is None else confirms(data, step.line)
        return self._confirmed[key]

    def chain(
        self, artifact: Artifact, modules: Mapping[str, str], packages: frozenset[str], starts: Iterable[str], hit: Hit
    ) -> tuple[Step, ...]:
        """The statements by which importing the first of ``starts`` that does so comes to an import that ``hit`` knows;
        none when none does."""
        refuted: set[Step] = set()
        # Modules that lead nowhere, whichever module the way begins at.
        dead: set[str] = set()
        for start in starts:
            for _ in range(_ROUNDS):
                steps = self._walk(artifact, modules, packages, start, hit, refuted, dead)
                wrong = [step for step in steps if not self.confirmed(artifact, step)]
                if steps and not wrong:
                    return steps
                if not wrong:
                    break
                refuted.update(wrong)
        return ()

    def _walk(
        self,
        artifact: Artifact,
        modules: Mapping[str, str],
        packages: frozenset[str],
        start: str,
        hit: Hit,
        refuted: set[Step],
        dead: set[str],
    ) -> tuple[Step, ...]:
        came: dict[str, tuple[str, Step] | None] = {start: None}
        pending = deque([start] if start not in dead else [])
        while pending:
            name = pending.popleft()
            path = modules.get(name)
            if path is None:
                continue
            for item in self._looked_at(artifact, path, package_of(name, packages)) or ():
                step = Step(path, item.line, item.module)
                if not item.outer or step in refuted:
                    continue
                found = hit(item)
                if found is not None:
                    return (*_back(came, name), step._replace(module=found))
                for other in modules_of(item):
                    if other in modules and other not in came and other not in dead:
                        came[other] = (name, step._replace(module=other))
                        pending.append(other)
        dead.update(came)
        return ()

    def _looked_at(self, artifact: Artifact, path: str, package: str) -> tuple[Import, ...] | None:
        """As ``imports``; None as well when too many were looked at already."""
        found = self.imports(artifact, path, package)
        self._looks += 1 + sum([1 + len(item.names) for item in found or ()])
        return found if self._looks <= MAX_LOOKS else None

    def anywhere(
        self, artifact: Artifact, modules: Mapping[str, str], packages: frozenset[str], hit: Hit
    ) -> tuple[Step | None, bool, bool]:
        """(the first import that ``hit`` knows, statements not indented before others; whether it is one of those;
        whether all modules could be read)."""
        inner: Step | None = None
        whole = True
        for name in sorted(modules):
            found = self._looked_at(artifact, modules[name], package_of(name, packages))
            whole = whole and (found is not None or not modules[name].endswith(".py"))
            for item in found or ():
                wanted = hit(item)
                if wanted is None:
                    continue
                step = Step(modules[name], item.line, wanted)
                runs = item.outer and self.confirmed(artifact, step)
                if runs:
                    return step, True, whole
                # What cannot be told is not said to be in a function.
                whole = whole and runs is not None
                inner = inner or (step if runs is not None else None)
        return inner, False, whole


Hit = Callable[[Import], "str | None"]
"""The module that an import asks for, if it is one of those sought."""


def _back(came: Mapping[str, tuple[str, Step] | None], name: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = came[name]
    while at is not None:
        steps.append(at[1])
        at = came[at[0]]
    return tuple(reversed(steps))


def package_of(name: str, packages: frozenset[str]) -> str:
    """The package in which a module's relative imports begin."""
    return name if name in packages else name.rpartition(".")[0]


def modules_of(item: Import) -> Iterator[str]:
    """Everything that an import statement may load: each package above, and the names as modules."""
    parts = item.module.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])
    for name in item.names:
        yield f"{item.module}.{name}"


def modules_in(subject: Subject, distribution: Distribution) -> Modules:
    """The modules of a distribution that the artifact has: those that RECORD lists, else those below its names."""
    artifact, directory = subject.artifact, distribution.directory
    rows: Iterator[str]
    if distribution.record is not None:
        rows = (row.path for row in distribution.record if artifact.has(directory + row.path))
    else:
        tops = distribution.top_level or (distribution.name.replace("-", "_"),)
        starts = tuple([directory + top + end for top in tops for end in ("/", ".")])
        rows = (e.path[len(directory) :] for e in artifact.entries if e.path.startswith(starts) and e.kind == FILE)
    paths: dict[str, str] = {}
    packages: set[str] = set()
    for row in rows:
        named = module_name(row)
        if named is None:
            continue
        paths.setdefault(named[0], directory + row)
        if named[1]:
            packages.add(named[0])
    return Modules(paths, frozenset(packages))
