"""What works on the newest libraries, but not on the oldest that a function pinned to an old version still has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..elf import ElfImage
from ..environment import Environment
from ..environment.model import EnvironmentFile, Link, Named
from ..finding import Confidence, Severity
from ..rules import Fault, Rule, TargetView, judging_rules


def may_differ(images: Iterable[ElfImage], newest: Environment, floor: Environment) -> bool:
    """Whether the older libraries answer anything otherwise that the files ask for. If not, resolving anew is idle.

    Both are built-in environments of one runtime: they differ in a handful of libraries, which need nothing themselves.
    """
    new, old = newest.files, floor.files
    changed = {path for path in new.keys() | old.keys() if new.get(path) != old.get(path)}
    now = {_name(path): _file(new, path) for path in changed if path in new}
    then = {_name(path): _file(old, path) for path in changed if path in old}
    for image in images:
        for name in (*image.needed, image.filter, image.auxiliary):
            if name is not None and (_name(name) in now) != (_name(name) in then):
                return True
        for name, nodes in image.verneed:
            one, other = now.get(name), then.get(name)
            if one is not other and any(_state(one, node) != _state(other, node) for node, _ in nodes):
                return True
    return False


def faults_of_floor(newest: TargetView, floor: TargetView) -> Iterator[tuple[Rule, Fault]]:
    """The faults that are there on the older libraries only, as the remarks that they are."""
    for rule in judging_rules():
        if not rule.links:
            continue
        known = {fault.path for fault in rule.run(newest)}
        for fault in rule.run(floor):
            if isinstance(fault, Fault) and fault.path not in known:
                fact = f"fails only on an old runtime version, to which a function may be pinned: {fault.fact}"
                yield rule, fault._replace(fact=fact, severity=Severity.INFO, confidence=Confidence.LIKELY)


def _name(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def _file(files: Mapping[str, EnvironmentFile], path: str) -> EnvironmentFile | None:
    """The file at a path, or the one that the link there leads to."""
    file = files[path]
    if not isinstance(file, Link):
        return file
    target = file.target
    return files.get(target if target.startswith("/") else path[: path.rfind("/") + 1] + target)


def _state(file: EnvironmentFile | None, node: str) -> str:
    return file.state(node) if isinstance(file, Named) else "absent"
