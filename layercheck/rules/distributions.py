"""LC503 to LC505: whether installed Python distributions are whole, and have the metadata and packages they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..finding import Confidence, Severity
from ..named_tuple import TYPE_CHECKING
from .advice import does_without, pip_install
from .base import Fault, TargetView, Unsure, quote, rule
from .installed import Installed, installed, search_path
from .python_findings import IMPORT, INNER, NONE, PART, UNKNOWN, Altered, Asked, Lost, Need, Step, Use

if TYPE_CHECKING:
    from typing import Any

    from ..artifact.distributions import Distribution
    from .closure import Needed

_RECORD = "https://packaging.python.org/en/latest/specifications/recording-installed-packages/"
_SLIM = "https://github.com/serverless/serverless-python-requirements/blob/master/lib/slim.js"
_TOOLS = frozenset(("pip", "setuptools", "wheel", "distribute", "uv", "virtualenv", "build", "installer"))
"""What installs packages: people take it out, and nothing runs it on Lambda."""
_SHOWN, _PINS = 3, 20


def _chain(steps: Sequence[Step]) -> str:
    """The way by which an import comes to what is missing."""
    shown = [f"{step.path} line {step.line}" for step in steps]
    if len(shown) > _SHOWN:
        shown = [shown[0], "…", shown[-1]]
    return " → ".join(shown)


def _steps(use: Use) -> list[dict[str, Any]]:
    return [{"path": step.path, "line": step.line, "module": step.module} for step in use.steps[:50]]


def _and_more(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


@rule(
    "LC503",
    "incomplete-distribution",
    Severity.ERROR,
    "target",
    what="Modules or native libraries that an installed package lists in its RECORD are not there. An error where "
    "importing the package comes to one of them; a warning where only some of its modules do, or where nothing but the "
    "metadata is left; an info where nothing imports them. Trimmed tests, stubs, headers, bytecode, documents and "
    "commands are no fault, nor is what another layer supplies. With --verify-hashes also files that were altered.",
    why="Ignore patterns, clean-up scripts and plugins that slim packages take more than they should: 'No module named "
    "…', or an ImportError in the middle of the package. RECORD knows what was there when it was installed.",
    fix="Install the package anew, and take only what nothing imports out of it.",
    example="python/requests-2.32.3.dist-info/RECORD lists requests/adapters.py, which is gone; requests/__init__.py "
    "imports it",
    sources=(
        _RECORD,
        "PEP 376, PEP 627",
        _SLIM,
    ),
)
def INCOMPLETE_DISTRIBUTION(view: TargetView) -> Iterator[Fault]:
    if not view.stack.lost and not view.stack.altered:
        return
    present = installed(view)
    seen = {(item.subject.id, item.distribution.info) for item in present if item.subject and item.distribution}
    for lost in view.stack.lost:
        if (lost.subject.id, lost.distribution.info) in seen:
            yield from _husk(view, lost, present) if lost.husk else _lost(view, lost)
    for altered in view.stack.altered:
        if (altered.subject.id, altered.distribution.info) in seen:
            yield _altered(view, altered)


def _again(view: TargetView, lost: Lost | Altered) -> str:
    distribution = lost.distribution
    pin = f"{distribution.name}=={distribution.version}" if distribution.version else distribution.name
    return pip_install(view, lost.subject, distribution.info, quote(pin))


def _lost(view: TargetView, lost: Lost) -> Iterator[Fault]:
    files = [path for path in lost.files if _is_for(view, path) and not _is_missing_anyway(view, path)]
    if not files or files[0] != lost.files[0]:
        return
    name, use = lost.distribution.name, lost.use
    top = lost.files[0][len(lost.distribution.directory) :].split("/")[0].partition(".")[0]
    more = f", as are {len(files) - 1} more" if len(files) > 1 else ""
    if lost.hollow:
        fact = f"is listed in the RECORD of {name} and gone{more}: import {top} gives an empty package"
        # A short one holds a version or a licence: the modules below it do their work without.
        severity = Severity.WARNING if lost.slight else None
    elif use.level == IMPORT:
        fact = f"is listed in the RECORD of {name} and gone{more}: importing {name} comes to it ({_chain(use.steps)})"
        severity = None
    elif use.level in (PART, INNER):
        how = "imports it" if use.level == PART else "imports it in a function or under a condition"
        fact = f"is listed in the RECORD of {name} and gone{more}; {_chain(use.steps)} {how}"
        severity = Severity.WARNING
    elif use.level == UNKNOWN:
        fact = f"is listed in the RECORD of {name} and gone{more}; whether anything opens it cannot be told"
        severity = Severity.WARNING
    else:
        fact = f"is listed in the RECORD of {name} and gone{more}; no module of {name} imports it"
        severity = Severity.INFO
    without = does_without(lost.subject, files[0], missing=True) if severity is None else ""
    if without:
        fact += without
        severity = Severity.WARNING
    certain = severity is None and not lost.hollow
    yield Fault(
        fact,
        lost.subject,
        files[0],
        f"Install {name} whole again:\n{_again(view, lost)}",
        severity,
        None if certain else Confidence.LIKELY,
        {"distribution": name, "files": files[:100], "count": len(files), "imported_by": _steps(use)},
    )


def _is_for(view: TargetView, path: str) -> bool:
    """Whether a lost file would be of use on the target: not a module for another Python."""
    name = path[path.rfind("/") + 1 :]
    if ".cpython-" not in name and ".pypy" not in name:
        return True
    return any(
        name.endswith(s) for s in view.runtime.extension_suffixes.get(view.environment.architecture, ()) if s != ".so"
    )


def _is_missing_anyway(view: TargetView, path: str) -> bool:
    """Whether it is a library whose absence the loader's rules tell."""
    name = path[path.rfind("/") + 1 :]
    return any(lookup.name == name for load in view.resolution.loads for lookup in load.missing)


def _husk(view: TargetView, lost: Lost, present: Sequence[Installed]) -> Iterator[Fault]:
    name = lost.distribution.name
    others = [item for item in present if item.name == name and item.distribution is not lost.distribution]
    if others or name in _TOOLS:
        return
    needs = [need for need in view.needs if need.unmet.name == name]
    needed = sorted({item.distribution.name for need in needs for item in need.unmet.needed})
    who = f"; {_and_more(needed)} {'requires' if len(needed) == 1 else 'require'} it" if needed else ""
    yield Fault(
        f"only the metadata of {name} is there: none of the {len(lost.files)} modules that its RECORD lists{who}",
        lost.subject,
        lost.distribution.info + "/RECORD",
        f"Install {name} whole again, or remove {quote(lost.distribution.info)} too:\n{_again(view, lost)}",
        Severity.WARNING,
        Confidence.LIKELY,
        {"distribution": name, "files": list(lost.files[:100]), "count": len(lost.files), "required_by": needed},
    )


def _altered(view: TargetView, altered: Altered) -> Fault:
    stripped = [path for path, how in altered.files if how == "native"]
    others = [(path, how) for path, how in altered.files if how != "native"]
    name = altered.distribution.name
    files = [{"path": path, "how": how} for path, how in altered.files[:100]]
    details = {"distribution": name, "files": files, "count": len(altered.files)}
    if not others:
        count = len(stripped)
        fact = f"is not what the RECORD of {name} says{f' (nor are {count - 1} more)' if count > 1 else ''}: native "
        fact += "code that was stripped or patched, as people do to save room; harmless if that was meant"
        return Fault(fact, altered.subject, stripped[0], _or(view, altered), Severity.INFO, None, details)
    path, how = others[0]
    count = len(altered.files)
    fact = f"is not what the RECORD of {name} says{f' (nor are {count - 1} more)' if count > 1 else ''}: "
    fact += "its line ends were converted" if how == "line ends" else "it was edited, or comes from another release"
    return Fault(fact, altered.subject, path, _or(view, altered), Severity.WARNING, Confidence.LIKELY, details)


def _or(view: TargetView, altered: Altered) -> str:
    return f"If this was not meant, install {altered.distribution.name} again:\n{_again(view, altered)}"


@rule(
    "LC504",
    "missing-metadata",
    Severity.WARNING,
    "target",
    what="Code that asks for the metadata of a distribution (importlib.metadata, pkg_resources) while it is imported, "
    "and that distribution's dist-info is not there. An error where importing the package surely runs it, outside of "
    "try and functions.",
    why="'PackageNotFoundError: No package metadata was found for …': tools that slim packages (slim: true of "
    "serverless-python-requirements, find -name '*.dist-info' -exec rm) delete the very directories where packages "
    "read their own version. importlib.metadata looks for them on sys.path.",
    fix="Keep the *.dist-info directories: they are small. For serverless-python-requirements: "
    "slimPatternsAppendDefaults: false, with slimPatterns of your own.",
    example='jsonschema/__init__.py: __version__ = metadata.version("jsonschema"), without jsonschema-3.2.0.dist-info',
    sources=(
        "https://docs.python.org/3/library/importlib.metadata.html",
        _SLIM,
        "https://github.com/serverless/serverless-python-requirements/issues/441",
        "https://github.com/gerrymanoim/exchange_calendars/issues/213",
        "https://github.com/python-jsonschema/jsonschema/issues/628",
        "https://github.com/DataDog/datadog-lambda-python/issues/548",
    ),
)
def MISSING_METADATA(view: TargetView) -> Iterator[Fault | Unsure]:
    if not view.stack.asked or view.runtime.language != "python":
        return
    there = {item.name for item in installed(view)}
    path = search_path(view)
    for asked in view.stack.asked:
        if asked.name in there or not view.shows(asked.subject, asked.path):
            continue
        if not any(asked.subject.where(asked.path).startswith(place + "/") for place in path):
            continue
        if view.stack.open:
            absent = ", ".join(view.stack.open)
            what = f"the metadata of {asked.name}, for which {asked.call} asks"
            yield Unsure(what, f"could be in {absent}, which is not at hand", asked.subject, asked.path)
            continue
        yield _asked(view, asked)


def _asked(view: TargetView, asked: Asked) -> Fault:
    when = f"importing {asked.top}" if asked.surely else "importing it"
    fix = f"Keep the *.dist-info directories, or install {asked.name} again:\n"
    fix += pip_install(view, asked.subject, asked.path, quote(asked.name))
    return Fault(
        f"line {asked.line} calls {asked.call}, and no dist-info of {asked.name} is there: "
        f"{when} raises {asked.raises}",
        asked.subject,
        asked.path,
        fix,
        Severity.ERROR if asked.surely else None,
        None if asked.surely else Confidence.LIKELY,
        {"distribution": asked.name, "line": asked.line},
    )


@rule(
    "LC505",
    "unmet-requirement",
    Severity.WARNING,
    "target",
    what="A package requires another (Requires-Dist, its markers evaluated for the target; extras only where another "
    "package asks for them) that neither the deployment nor the runtime has, or has only in a version that will not "
    "do; or it requires another Python. So does a requirements.txt in the function, where its code imports what is "
    "listed. An info where its code does not import what is missing, or only in functions "
    "and under conditions. For a layer alone it is likely only: the function or another layer may bring it.",
    why="'No module named …': packages copied one by one, pip install --no-deps, a folder too few in the zip, markers "
    "that were evaluated on the machine that built it. The runtime has boto3 and what that needs, little else: no "
    "setuptools from python3.12 on, and no requests.",
    fix="Install what is missing with what needs it, in one command.",
    example="python/requests is there without certifi: import requests raises ModuleNotFoundError",
    sources=(
        "https://packaging.python.org/en/latest/specifications/dependency-specifiers/",
        "https://packaging.python.org/en/latest/specifications/core-metadata/#requires-dist-multiple-use",
        "https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html",
    ),
)
def UNMET_REQUIREMENT(view: TargetView) -> Iterator[Fault | Unsure]:
    for need in view.needs:
        if need.unmet.husk is not None and need.unmet.found is None:
            continue
        by, use = need.worst
        subject, path = by.subject, by.file
        if need.unmet.found is None and view.stack.open:
            why = f"could be in {', '.join(view.stack.open)}, which is not at hand"
            yield Unsure(f"{need.unmet.name}, which {by.distribution.name} requires", why, subject, path)
        elif by.applies is None:
            why = f"whether it counts depends on what is not known: {by.requirement.marker}"
            yield Unsure(f"{need.unmet.name}, which {by.distribution.name} may require", why, subject, path)
        elif need.unmet.found is not None:
            yield _other_version(view, need, by, need.unmet.found)
        else:
            yield _absent(view, need, by, use)
    yield from _unlisted(view)
    yield from _other_python(view)


def _unlisted(view: TargetView) -> Iterator[Fault | Unsure]:
    for item in view.unlisted:
        subject, path = item.listed.subject, item.listed.path
        if view.stack.open:
            why = f"could be in {', '.join(view.stack.open)}, which is not at hand"
            yield Unsure(f"{item.name}, which line {item.listed.line} lists", why, subject, path)
            continue
        how = "imports it" if item.outer else "imports it in a function or under a condition"
        fact = f"line {item.listed.line} lists {item.listed.text}, and neither the deployment nor the runtime has "
        fact += f"{item.name}; {_chain([item.step])} {how}. Lambda installs nothing"
        fix = "Install what is listed before it is zipped, or name the layer that has it with --layer:\n"
        fix += pip_install(view, subject, path, "-r", "requirements.txt")
        details = {"requirement": item.name, "line": item.listed.line, "imported_by": _steps(Use(PART, (item.step,)))}
        yield Fault(fact, subject, path, fix, None, Confidence.LIKELY, details)


def _other_python(view: TargetView) -> Iterator[Fault]:
    """One finding for each artifact: they have one cause, the Python for which pip chose."""
    if not any(subject.distributions.all for subject in view.stack.subjects):
        return
    from .closure import other_python

    found: dict[str, list[tuple[Installed, Distribution, bool]]] = {}
    for item, distribution, old in other_python(view):
        if item.subject is not None:
            found.setdefault(item.subject.id, []).append((item, distribution, old))
    for group in found.values():
        group.sort(key=lambda entry: (not entry[2], entry[0].name))
        item, distribution, old = group[0]
        subject = item.subject
        if subject is None:
            continue
        names = [other.name for other, _, _ in group[1:]]
        others = f" (so {'is' if len(names) == 1 else 'are'} {_and_more(names)})" if names else ""
        fact = f"{item.name} is for Python {distribution.requires_python}{others}, not for {view.runtime.identifier}"
        if not old:
            fact += "; such an upper bound is often mere caution"
        path = subject.distributions.visible_file(distribution)
        pins = [quote(other.name) for other, _, _ in group[:_PINS]]
        yield Fault(
            fact,
            subject,
            path,
            f"Let pip choose releases for the target's Python:\n{pip_install(view, subject, path, *pins)}",
            None if old else Severity.INFO,
            Confidence.LIKELY,
            {"distributions": {other.name: dist.requires_python for other, dist, _ in group[:100]}},
        )


def _details(need: Need) -> dict[str, Any]:
    by = [{"distribution": item.distribution.name, "requires": item.text} for item in need.unmet.needed[:50]]
    return {"requirement": need.unmet.name, "required_by": by, "imported_by": _steps(need.worst[1])}


def _others(need: Need, by: Needed) -> str:
    names = sorted({item.distribution.name for item in need.unmet.needed} - {by.distribution.name})
    return f" (so {'does' if len(names) == 1 else 'do'} {_and_more(names)})" if names else ""


def _wanted(needed: Sequence[Needed]) -> str:
    """What to hand to pip: the name with everything that is asked of it."""
    clauses = dict.fromkeys(
        clause.strip() for item in needed for clause in item.requirement.specifier.split(",") if clause.strip()
    )
    extras = dict.fromkeys(extra for item in needed for extra in item.requirement.extras)
    name = needed[0].requirement.name + (f"[{','.join(extras)}]" if extras else "")
    return quote(name + ",".join(clauses))


def _absent(view: TargetView, need: Need, by: Needed, use: Use) -> Fault:
    name = need.unmet.name
    alone = view.stack.function is None
    where = "neither this layer nor the runtime has it" if alone else "neither the deployment nor the runtime has it"
    fact = f"{by.distribution.name} requires {_asked_for(by)}{_others(need, by)}, and {where}"
    severity, certain = None, False
    if use.level == IMPORT:
        fact += f": importing {by.distribution.name} raises ModuleNotFoundError ({_chain(use.steps)})"
        certain = not alone
    elif use.level == PART:
        fact += f"; {_chain(use.steps)} imports it"
    elif use.level == INNER:
        fact += f"; it is imported only in functions or under conditions ({_chain(use.steps)})"
        severity = Severity.INFO
    elif use.level == NONE:
        fact += "; no module of it imports that"
        severity = Severity.INFO
    if alone and severity is None:
        fact += "; the function or another layer would have to bring it"
    pip = pip_install(view, by.subject, by.file, _wanted(need.unmet.needed))
    return Fault(
        fact,
        by.subject,
        by.file,
        f"Install {name} beside it:\n{pip}",
        severity,
        None if certain else Confidence.LIKELY,
        _details(need),
    )


def _asked_for(by: Needed) -> str:
    wanted = by.requirement
    return f"{wanted.name} {wanted.specifier}".strip()


def _other_version(view: TargetView, need: Need, by: Needed, have: Installed) -> Fault:
    of = "the runtime's own" if have.subject is None else "the one that Python finds first,"
    fact = f"{by.distribution.name} requires {_asked_for(by)}{_others(need, by)}, and {of} {have.name} in {have.place} "
    fact += f"is {have.version}"
    pip = pip_install(view, by.subject, by.file, _wanted(need.unmet.needed))
    return Fault(
        fact,
        by.subject,
        by.file,
        f"Install both in one command, so that pip finds versions that fit:\n{pip} {quote(by.distribution.name)}",
        None,
        Confidence.LIKELY,
        {**_details(need), "found": {"version": have.version, "place": have.place}},
    )


RULES = (INCOMPLETE_DISTRIBUTION, MISSING_METADATA, UNMET_REQUIREMENT)
