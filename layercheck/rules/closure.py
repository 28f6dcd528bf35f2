"""What the distributions of a deployment require, and does it have that?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ..artifact.distributions import Distribution
from ..artifact.python_imports import module_name
from ..filesystem import Hit
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .base import Subject, TargetView
from .installed import Installed, installed, search_path
from .requirement import Possible, Requirement, applies, marker_values, parse, satisfies

if TYPE_CHECKING:
    from typing import Any


class Needed(NamedTuple):
    """A requirement as ``distribution`` of ``subject`` declares it.

    ``applies`` None: that depends on what is not known of the target.
    """

    subject: Subject
    distribution: Distribution
    requirement: Requirement
    text: str
    applies: bool | None

    @property
    def file(self) -> str:
        """The file that declares it."""
        return self.subject.distributions.visible_file(self.distribution)


class Unmet(NamedTuple):
    """A name that is required and not there, or not in a version that will do (then ``found`` is what is there).

    ``needed`` are the requirements that fail. ``husk``: its metadata is there, and none of its modules.
    """

    name: str
    needed: tuple[Needed, ...]
    found: Installed | None = None
    husk: Installed | None = None


def unmet(view: TargetView) -> tuple[Unmet, ...]:
    """What is required and not there, by name. Nothing is said of requirements that cannot be read."""
    if view.runtime.language != "python":
        return ()
    present = installed(view)
    if all(item.distribution is None for item in present):
        return ()
    first: dict[str, Installed] = {}
    husks: dict[str, Installed] = {}
    for item in present:
        if is_husk(view, item):
            husks.setdefault(item.name, item)
        else:
            first.setdefault(item.name, item)
    values = _values(view)
    found: dict[str, list[Needed]] = {}
    for need in _needs(first, values):
        have = first.get(need.requirement.name)
        if have is None:
            if not _is_there(view, need.requirement.name):
                found.setdefault(need.requirement.name, []).append(need)
        elif have.version and satisfies(have.version, need.requirement.specifier) is False:
            found.setdefault(need.requirement.name, []).append(need)
    return tuple([Unmet(name, tuple(found[name]), first.get(name), husks.get(name)) for name in sorted(found)])


def _values(view: TargetView) -> Possible:
    return marker_values(view.runtime.identifier.removeprefix("python"), view.environment.architecture)


def absent(view: TargetView, texts: Iterable[str]) -> Iterator[tuple[str, Requirement]]:
    """Those of the requirements that count on the target, and of which nothing is there."""
    present = {item.name for item in installed(view)}
    for text in texts:
        wanted = parse(text)
        if wanted is None or wanted.name in present or applies(wanted.marker, _values(view), ()) is not True:
            continue
        if not _is_there(view, wanted.name):
            yield text, wanted


def other_python(view: TargetView) -> Iterator[tuple[Installed, Distribution, bool]]:
    """Distributions that are for another Python by their own words, and whether the target's is too old for them.

    Those with modules for one Python only are left out: these modules tell it.
    """
    version = view.runtime.identifier.removeprefix("python")
    for item in installed(view):
        distribution = item.distribution
        if distribution is None or not distribution.requires_python or view.runtime.language != "python":
            continue
        if any(re.match(r"cp3\d+-cp3", tag) for tag in distribution.tags):
            continue
        wanted = distribution.requires_python
        if satisfies(f"{version}.0", wanted) is False and satisfies(f"{version}.99", wanted) is False:
            lower = [clause for clause in wanted.split(",") if clause.strip()[:1] in (">", "~")]
            yield item, distribution, any(satisfies(f"{version}.99", clause.strip()) is False for clause in lower)


def _needs(first: Mapping[str, Installed], values: Possible) -> Iterator[Needed]:
    """The requirements of everything that is there, with those of the extras that others ask for."""
    asked: dict[str, tuple[str, ...]] = {}
    pending = list(first.values())
    needs: dict[tuple[str, str], Needed] = {}
    while pending:
        item = pending.pop()
        if item.distribution is None or item.subject is None:
            continue
        for text in item.distribution.requires:
            wanted = parse(text)
            holds = applies(wanted.marker, values, asked.get(item.name, ())) if wanted is not None else False
            if wanted is None or holds is False or (wanted.name == item.name and not wanted.extras):
                continue
            needs[item.name, text] = Needed(item.subject, item.distribution, wanted, text, holds)
            known = asked.get(wanted.name, ())
            more = [extra for extra in wanted.extras if extra not in known]
            other = first.get(wanted.name)
            if more and other is not None:
                asked[wanted.name] = (*known, *more)
                pending.append(other)
    for key in sorted(needs):
        yield needs[key]


def is_husk(view: TargetView, item: Installed) -> bool:
    """Whether of a distribution only the metadata is left: its modules were taken out, as those that a runtime has."""
    if item.distribution is None or item.subject is None or not item.distribution.record:
        return False
    nodes, place = view.stack.overlay.nodes, item.place + "/"
    any_module = False
    for row in item.distribution.record:
        if row.path.endswith((".py", ".so", ".pyc")) and "__pycache__/" not in row.path and module_name(row.path):
            any_module = True
            if place + row.path in nodes:
                return False
    return any_module


def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_table(__file__, "import-names")["names"]
    return found


def import_names(name: str) -> tuple[tuple[str, ...], bool]:
    """The modules (dotted) by which code imports a distribution, and whether that is known or a guess."""
    known = _table().get(name)
    if known is not None:
        return tuple(known), True
    return tuple(dict.fromkeys((name.replace("-", "_"), name.replace("-", ".")))), False


def _is_there(view: TargetView, name: str) -> bool:
    """Whether the modules of a distribution are on the search path, though its metadata is not."""
    suffixes = view.runtime.extension_suffixes.get(view.environment.architecture, ())
    for module in import_names(name)[0]:
        for place in search_path(view):
            path = f"{place}/{module.replace('.', '/')}"
            if any(isinstance(view.filesystem.lookup(path + end), Hit) for end in ("", ".py", ".pyc", *suffixes)):
                return True
    return False
