"""LC502: whether wheels were made for the target, by the tags in their WHEEL files. What ELF files say weighs more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from ..artifact import Facts
from ..artifact.distributions import Distribution
from ..elf.image import MACHINES
from ..finding import Confidence, Severity
from ..linker.roots import is_extension_name
from ..named_tuple import NamedTuple
from .advice import reinstall
from .base import Fault, Subject, TargetView, rule
from .binaries import fits
from .installed import installed

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_SYSTEMS = (("macosx", "macOS"), ("win", "Windows"), ("musllinux", "Alpine Linux"), ("android", "Android"))
_MAX_PARTS, _MAX_SINGLE = 16, 4_096
"""Real wheels have a dozen tags."""
_SHOWN = 20
_TAGGED = r"\.(cpython-|abi3|pypy|graalpy)"


class Wanted(NamedTuple):
    """The target as tags have it: 12 of CPython 3.12, the machine, and the release of glibc as two numbers."""

    minor: int
    machine: str
    glibc: tuple[int, int]


def wanted(view: TargetView) -> Wanted | None:
    """What tags must fit; None where the target is not Python."""
    match = re.fullmatch(r"python3\.(\d+)", view.runtime.identifier)
    release = re.match(r"(\d+)\.(\d+)", view.environment.loader.version)
    if match is None or release is None or view.environment.architecture not in MACHINES:
        return None
    return Wanted(int(match[1]), _MACHINES[view.environment.architecture], (int(release[1]), int(release[2])))


def parts(tag: str) -> list[tuple[str, str, str]]:
    """The single tags in one that may be compressed (py2.py3-none-any); none when it is no tag (PEP 425)."""
    found = tag.lower().split("-")
    if len(found) != 3:
        return []
    pythons, abis, platforms = [part.split(".", _MAX_PARTS) for part in found]
    single = [(python, abi, platform) for python in pythons for abi in abis for platform in platforms]
    return single if all(map(all, single)) else []


def _single(distribution: Distribution) -> list[tuple[str, str, str]]:
    return list(islice((part for tag in distribution.tags for part in parts(tag)), _MAX_SINGLE))


def fits_platform(platform: str, target: Wanted) -> bool:
    """Whether files for a platform may load by its name. That a glibc is newer is no fault of itself: what the files
    need of it decides, and other rules tell."""
    if platform == "any":
        return True
    return platform.startswith(("manylinux", "linux_")) and platform.endswith("_" + target.machine)


def surely_fits_python(python: str, abi: str, target: Wanted) -> bool:
    """The same for the tags that nearly all wheels bear, told without packaging: it takes long to load."""
    own = f"cp3{target.minor}"
    if python == own:
        return abi in (own, "abi3", "none")
    if abi == "none":
        return python == "py3" or python in [f"py3{minor}" for minor in range(target.minor + 1)]
    return abi == "abi3" and python in [f"cp3{minor}" for minor in range(2, target.minor)]


def surely_another_python(python: str, abi: str, target: Wanted) -> bool:
    """Whether the tags are those of another CPython 3 (cp39-cp39), or of a stable ABI newer than the target's."""
    match = re.fullmatch(r"cp3([1-9][0-9]{0,2})", python)
    if match is None or int(match[1]) == target.minor:
        return False
    return abi == python or (abi == "abi3" and int(match[1]) > target.minor)


def fits_python(python: str, abi: str, target: Wanted) -> bool:
    """Whether the target's CPython takes an interpreter's tag with that of an ABI, by packaging."""
    return (python, abi) in _known(target.minor)


@lru_cache(maxsize=32)
def _known(minor: int) -> frozenset[tuple[str, str]]:
    from packaging.tags import compatible_tags, cpython_tags

    own, version = f"cp3{minor}", (3, minor)
    known = (*cpython_tags(version, [own], ["any"]), *compatible_tags(version, own, ["any"]))
    return frozenset([(tag.interpreter, tag.abi) for tag in known])


def minimum_abi3(distribution: Distribution) -> int:
    """The 11 of cp311-abi3: the oldest Python 3 for which a wheel of stable ABI modules was made; 0 when it is none."""
    single = _single(distribution)
    found = [re.fullmatch(r"cp3(\d{1,3})", python) for python, abi, _ in single if "abi3" in abi]
    minors = [int(match[1]) for match in found if match is not None]
    return min(minors) if minors and len(minors) == len(single) else 0


def native_files(subject: Subject, distribution: Distribution) -> Iterator[tuple[str, Facts]]:
    """The compiled files of a distribution, for whatever system: by its RECORD, else by the package's directories."""
    facts = subject.artifact.facts
    if distribution.record:
        paths = [distribution.directory + row.path for row in distribution.record]
    else:
        owner = subject.packages.owner
        paths = [path for path in facts if (package := owner(path)) is not None and package.name == distribution.name]
    for path in paths:
        fact = facts.get(path)
        if fact is not None and (fact.elf is not None or fact.foreign is not None):
            yield path, fact


@rule(
    "LC502",
    "wheel-tag-mismatch",
    Severity.WARNING,
    "target",
    what="A wheel that was made for another Python or another system, by the tags in its WHEEL file, where no compiled "
    "file says so itself.",
    why="pip chooses wheels by these tags. One that was chosen for another target brings modules for another ABI, or "
    "leaves out what it would have compiled. A tag for a newer glibc is no fault: what the files need decides (LC402).",
    fix="Install the packages for the target's version of Python, its system and architecture.",
    example="pkg-1.0.dist-info/WHEEL: for CPython 3.9 (cp39-cp39-linux_x86_64), and pkg/_x.so has no tag in its name",
    sources=(
        "PEP 425",
        "PEP 427",
        "https://github.com/aws/chalice/issues/826",
        "https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/",
    ),
)
def WHEEL_TAG_MISMATCH(view: TargetView) -> Iterator[Fault]:
    target = wanted(view)
    if target is None:
        return
    for item in installed(view):
        if item.subject is None or item.distribution is None or not item.distribution.tags:
            continue
        single = _single(item.distribution)
        here = [(python, abi) for python, abi, platform in single if fits_platform(platform, target)]
        if not single or any(surely_fits_python(*pair, target) for pair in here):
            continue
        if any(fits_python(*pair, target) for pair in here if not surely_another_python(*pair, target)):
            continue
        fault = _fault(view, item.subject, item.distribution, single, target)
        if fault is not None:
            severity, fact = fault
            path = f"{item.distribution.info}/WHEEL"
            release = ">=" if _newest_python(single) < target.minor else "<="
            yield Fault(
                fact,
                item.subject,
                path,
                reinstall(view, item.subject, path, release),
                severity,
                Confidence.LIKELY,
                {"tags": list(item.distribution.tags[:_SHOWN])},
            )


def _fault(
    view: TargetView,
    subject: Subject,
    distribution: Distribution,
    single: list[tuple[str, str, str]],
    target: Wanted,
) -> tuple[Severity, str] | None:
    """Severity and what is wrong; None where compiled files tell more than the tags."""
    native = list(native_files(subject, distribution))
    tag = distribution.tags[0]
    if not any(fits_platform(platform, target) for _, _, platform in single):
        if native:
            return None
        words = _system(single[0][2], target)
        return Severity.WARNING, f"its wheel is for {words} ({tag}), and no compiled file of it is here"
    pythons = [(python, abi) for python, abi, platform in single if fits_platform(platform, target)]
    words = _python(pythons[0][0])
    if native:
        modules = [path for path, fact in native if _is_untagged(path) and fits(view, fact.elf)]
        if not modules or all(abi == "none" for _, abi in pythons):
            return None
        name = modules[0].removeprefix(distribution.directory)
        return (
            Severity.WARNING,
            f"its wheel is for {words} ({tag}), and {name} has no tag in its name: {view.runtime.identifier} loads it, "
            "though it was made for another ABI",
        )
    if any(abi != "none" for _, abi in pythons):
        return Severity.WARNING, f"its wheel is for {words} ({tag}), and no compiled file of it is here"
    older = all(re.match(r"(cp|py)3", python) for python, _ in pythons) and _newest_python(single) < target.minor
    return (
        Severity.INFO if older else Severity.WARNING,
        f"its wheel is for {words} ({tag}), not for {view.runtime.identifier}",
    )


def _is_untagged(path: str) -> bool:
    name = path.rpartition("/")[2]
    return is_extension_name(name) and ".libs/" not in path and re.search(_TAGGED, name) is None


def _newest_python(single: list[tuple[str, str, str]]) -> int:
    """The highest minor version of Python 3 in interpreters' tags; -1 when there is none."""
    found = [re.fullmatch(r"(?:cp|py)3(\d{0,3})", python) for python, _, _ in single]
    return max([int(match[1] or 0) for match in found if match is not None], default=-1)


def _python(tag: str) -> str:
    match = re.fullmatch(r"(cp|py|pp)(\d)(\d*)", tag)
    if match is None:
        return tag
    name = {"cp": "CPython", "py": "Python", "pp": "PyPy"}[match[1]]
    return f"{name} {match[2]}.{match[3]}" if match[3] else f"{name} {match[2]}"


def _system(platform: str, target: Wanted) -> str:
    for prefix, name in _SYSTEMS:
        if platform.startswith(prefix):
            return name
    match = re.search(r"linux(?:_\d+_\d+|\d+)?_(\w+)$", platform)
    return f"{match[1]}, not {target.machine}" if match is not None else platform


RULES = (WHEEL_TAG_MISMATCH,)
