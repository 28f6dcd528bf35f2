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
from .requirement import Possible, Requirement, applies, extras_named, marker_values, parse, satisfies

if TYPE_CHECKING:
    from typing import Any

_MAX_ASKED = 20_000
"""How often the markers are asked about an extra that may be any: for more it is not known whether they hold."""


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
    packages: dict[str, _Requires] = {}
    asked = {(name, ""): True for name in first}
    pending = [*asked]
    needs: dict[tuple[str, str], Needed] = {}
    left = _MAX_ASKED
    while pending:
        name, extra = pending.pop()
        item = first[name]
        if item.distribution is None or item.subject is None:
            continue
        if name not in packages:
            packages[name] = _Requires(name, item.distribution)
        spent = left < 0
        for text, wanted in packages[name].on(extra):
            tried = bool(extra) and extras_named(wanted.marker) is None
            left -= tried
            known = needs.get((name, text))
            if known is not None and known.applies:
                continue
            # What is tried no more is not known.
            holds = None if tried and left < 0 else applies(wanted.marker, values, (extra,) if extra else ())
            if holds and not asked[name, extra]:
                holds = None
            if holds is False or (known is not None and holds is None):
                continue
            needs[name, text] = Needed(item.subject, item.distribution, wanted, text, holds)
            for more in wanted.extras:
                key = wanted.name, more
                # Asked for again where it was not known yet that it is.
                if wanted.name in first and (key not in asked or (holds and not asked[key])):
                    asked[key] = bool(holds)
                    pending.append(key)
        if spent and extra:
            # Nothing more can be learnt of them.
            packages[name].any.clear()
    for key in sorted(needs):
        yield needs[key]


class _Requires:
    """The requirements of a distribution, by the extras on which they depend: each is asked about these only."""

    def __init__(self, name: str, distribution: Distribution) -> None:
        parsed = [(text, parse(text)) for text in distribution.requires]
        self._all = [
            (text, wanted) for text, wanted in parsed if wanted is not None and (wanted.name != name or wanted.extras)
        ]
        self._by_extra: dict[str, list[tuple[str, Requirement]]] = {}
        self.any: list[tuple[str, Requirement]] = []
        for text, wanted in self._all:
            named = extras_named(wanted.marker)
            if named is None:
                self.any.append((text, wanted))
            for extra in named or ():
                self._by_extra.setdefault(extra, []).append((text, wanted))

    def on(self, extra: str) -> list[tuple[str, Requirement]]:
        """Those that may count because of ``extra``; "": all of them."""
        return [*self._by_extra.get(extra, ()), *self.any] if extra else self._all


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
