"""Which Python distributions a function sees: its search path, and what is installed in the directories on it."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact.distributions import Distribution, normalise
from ..environment import bundled_packages
from ..filesystem import TASK, Hit
from ..named_tuple import NamedTuple
from .base import Subject, TargetView

_RUNTIME, _LAYERS = "/var/runtime", "/opt/python"


class Installed(NamedTuple):
    """A distribution that Python finds.

    ``place`` is the absolute directory, ``position`` that directory's place in the search path. ``subject`` and
    ``distribution`` are None for the runtime's own, whose ``version`` is "" where it is not known.
    """

    name: str
    version: str
    place: str
    position: int
    subject: Subject | None
    distribution: Distribution | None


def search_path(view: TargetView) -> tuple[str, ...]:
    """sys.path as the runtime makes it: absolute directories in order. Empty for other languages than Python.

    A PYTHONPATH, even an empty one, is taken instead of the layers' directories: bootstrap.py of python3.8 and newer
    adds those only where none is set. It comes behind the function's directory and that of bootstrap.py itself.
    """
    standard = view.runtime.sys_path
    own = view.stack.env.get("PYTHONPATH")
    if own is None or not standard:
        return standard
    # Python takes an empty part for the working directory.
    parts = [TASK if not part else part if part.startswith("/") else f"{TASK}/{part}" for part in own.split(":") if own]
    rest = [place for place in standard if not (place + "/").startswith(_LAYERS + "/")]
    return tuple(dict.fromkeys([TASK, _RUNTIME, *parts, *rest]))


def installed(view: TargetView) -> tuple[Installed, ...]:
    """What is installed in the directories of the search path, in its order, and by name within a directory.

    The first of a name is the one that Python takes. Files that a later layer replaces are not there.
    """
    positions: dict[str, int] = {}
    for position, place in enumerate(search_path(view)):
        # A layer may make one of these directories a link to another.
        hit = view.filesystem.lookup(place)
        positions.setdefault(hit.real if isinstance(hit, Hit) else place, position)
    if not positions:
        return ()
    found = [*_own(view, positions), *_shipped(view, positions)]
    return tuple(sorted(found, key=lambda item: (item.position, item.name, item.subject is not None)))


def _own(view: TargetView, positions: dict[str, int]) -> Iterator[Installed]:
    captured = view.environment.packages
    if captured:
        for place, packages in captured.items():
            if place in positions:
                for name, version in packages.items():
                    yield Installed(normalise(name), version, place, positions[place], None, None)
    elif view.runtime.language == "python":
        for package in bundled_packages(view.runtime.identifier).packages:
            if package.directory in positions:
                at = package.directory
                yield Installed(package.name, package.version or "", at, positions[at], None, None)


def _shipped(view: TargetView, positions: dict[str, int]) -> Iterator[Installed]:
    for subject in view.stack.subjects:
        for distribution in subject.distributions.all:
            file = subject.distributions.visible_file(distribution)
            place = subject.where(distribution.directory + "x").rpartition("/")[0]
            if place in positions and view.shows(subject, file):
                yield Installed(distribution.name, distribution.version, place, positions[place], subject, distribution)
