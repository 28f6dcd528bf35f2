"""LC541 and LC542: whether the target's Java can load the classes on the class path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..artifact import FILE, Jar
from ..environment import Runtime, runtimes
from ..finding import Confidence, Severity
from ..named_tuple import NamedTuple
from .base import Fault, Subject, TargetView, Unsure, number, quote, rule

_JVMS = "The Java Virtual Machine Specification, Java SE 25 Edition, section 4.1"
_CLASS = ".class"
_FIRST = 44
"""Class files of Java N have the major version 44 + N, from the first release on."""
_RELEASE_IN_NAME = r"(?i)(?:^|[/_$-])(?:java|jdk|jre|j|v)_?(\d{1,2})(?![\d])"
_INFO = ("module-info", "package-info")


class _Place(NamedTuple):
    """Classes that lie together: a jar (``path``), or loose at the root of the function (``path`` None)."""

    subject: Subject
    path: str | None
    classes: Mapping[str, int]
    jar: Jar


def _places(view: TargetView) -> Iterator[_Place]:
    """What is on the class path of the runtime, by its layout: directories of classes, and jars in ``…/*``."""
    class_path = view.runtime.class_path
    for subject in view.stack.subjects:
        loose: dict[str, int] = {}
        search_loose = subject.at in class_path
        for path, fact in view.facts(subject):
            if fact.class_version is not None and search_loose and path.endswith(_CLASS):
                loose[path[: -len(_CLASS)]] = fact.class_version
            elif fact.jar is not None and subject.where(path).rpartition("/")[0] + "/*" in class_path:
                yield _Place(subject, path, fact.jar.classes, fact.jar)
        if loose:
            yield _Place(subject, None, loose, Jar())


def _is_class(name: str) -> bool:
    """Whether a class of that path can be loaded by its name; BOOT-INF and META-INF are no names of packages."""
    return "-" not in name and not name.endswith(_INFO)


def _is_alternative(name: str, release: int) -> bool:
    """Whether the path says which release the class is for, as guarded alternatives do: vmplugin/v9/Java9."""
    return any(8 < int(number) <= release for number in re.findall(_RELEASE_IN_NAME, name))


def _newer(view: TargetView, place: _Place, most: int) -> tuple[dict[str, int], list[str]]:
    """The classes of a place that are too new, with their versions, and those of them that surely are to be loaded.

    A part of the place (com/example/app) whose classes are mostly too new is meant to be loaded. A few among many that
    fit are what a library loads where it can: jline's terminal for Java 22, or vmplugin/v9 of Groovy, which says so.
    """
    found: dict[str, int] = {}
    totals: dict[str, int] = {}
    newer: dict[str, int] = {}
    for name, version in place.classes.items():
        if not _is_class(name):
            continue
        part = _part(name)
        totals[part] = totals.get(part, 0) + 1
        if version > most:
            found[name] = version
            newer[part] = newer.get(part, 0) + 1
    handler = _handler_class(view)
    certain = [name for name in found if 2 * newer[_part(name)] >= totals[_part(name)] or name == handler]
    surely = frozenset(certain)
    found = {n: version for n, version in found.items() if n in surely or not _is_alternative(n, version - _FIRST)}
    for name, version in place.jar.versioned.items():
        release = number(name.split("/")[2]) or 0
        if version > most and 8 < release <= most - _FIRST and not name.endswith(_INFO):
            found[name] = version
            certain.append(name)
    return found, certain


def _part(name: str) -> str:
    return "/".join(name.split("/")[:-1][:3])


def _handler_class(view: TargetView) -> str | None:
    handler = view.stack.handler
    return None if handler is None else handler.partition("::")[0].replace(".", "/")


def _java(version: int) -> str:
    """The release of Java that a major version belongs to: 55 is Java 11."""
    return f"Java {version - _FIRST}"


def _runtime_for(version: int) -> str | None:
    """The oldest runtime that takes classes of that version."""
    fitting: list[Runtime] = [r for r in runtimes() if r.class_version is not None and r.class_version >= version]
    return min(fitting, key=lambda r: (r.class_version or 0, r.os == "al2")).identifier if fitting else None


@rule(
    "LC541",
    "class-version-too-new",
    Severity.ERROR,
    "target",
    what="Java classes on the class path that are compiled for a newer Java than the runtime's.",
    why="'UnsupportedClassVersionError: … has been compiled by a more recent version of the Java Runtime (class file "
    "version 55.0), this version of the Java Runtime only recognizes class file versions up to 52.0'. The compiler "
    "writes the version of its own release unless it is told another. A few newer classes among many that fit are "
    "what a library loads only where it can: those are a warning.",
    fix="Compile for the runtime's release (--release), take a release of the library for it, or use a newer runtime.",
    example="com/geekoosh/flyway/FlywayHandler.class has version 55 (Java 11) on java8.al2",
    sources=(_JVMS, "https://github.com/Geekoosh/flyway-lambda/issues/22"),
)
def CLASS_VERSION_TOO_NEW(view: TargetView) -> Iterator[Fault | Unsure]:
    most = view.runtime.class_version
    if most is None:
        return
    for place in _places(view):
        if place.jar.unread is not None:
            what = "the release that its classes are compiled for"
            yield Unsure(what, place.jar.unread, place.subject, place.path)
        found, certain = _newer(view, place, most)
        if not found:
            continue
        handler = _handler_class(view) or ""
        names = sorted(certain or found)
        example = handler if handler in certain else max(names, key=found.__getitem__)
        version = found[example]
        if place.path is None:
            fact = f"compiled for {_java(version)} (class file version {version})"
            fact += f", as are {len(names) - 1} more that are too new" if len(names) > 1 else ""
        else:
            fact = (
                f"{len(names)} of its {len(place.classes)} classes are compiled for a newer Java, {example} for one "
                f"({_java(version)}, class file version {version})"
            )
        yield Fault(
            f"{fact}; {view.runtime.identifier} takes up to version {most}: UnsupportedClassVersionError"
            + ("" if certain else ", if anything loads it; a library may choose other classes there"),
            place.subject,
            place.path or f"{example}{_CLASS}",
            _fix(place, version, most, certain),
            None if certain else Severity.WARNING,
            None if certain else Confidence.LIKELY,
            {
                "class_version": version,
                "runtime_class_version": most,
                "classes": len(names),
                "examples": [f"{name}{_CLASS}" for name in names[:20]],
            },
        )


def _fix(place: _Place, version: int, most: int, certain: list[str]) -> str:
    release = most - _FIRST
    newer = _runtime_for(version)
    lines = []
    if place.path is None:
        lines.append(f"Compile for {_java(most)}:\nmvn -Dmaven.compiler.release={release} clean package")
        lines.append(f"(with Gradle: tasks.withType(JavaCompile) {{ options.release = {release} }})")
    else:
        name = place.path.rpartition("/")[2]
        lines.append(f"Take a release of {name} that is made for {_java(most)}; if it is your own, compile it with")
        lines.append(f"mvn -Dmaven.compiler.release={release} clean package")
    if newer is not None:
        lines.append(f"Or use the runtime {newer} or a newer one.")
    if not certain:
        lines = [f"Nothing, if the function works without it. {lines[0]}", *lines[1:]]
    return "\n".join(lines)


@rule(
    "LC542",
    "damaged-class",
    Severity.ERROR,
    "target",
    what="A jar on the class path that is no archive, or a .class file that is empty or something else.",
    why="Java passes over a jar that it cannot open, and a class without the magic number 0xCAFEBABE is refused: "
    "'NoClassDefFoundError' or 'ClassFormatError' for a class that seems to be there.",
    fix="Build or fetch the file again, without text conversion, filters or Git LFS pointers on the way.",
    example="com/example/Handler.class is empty (0 bytes)",
    sources=(_JVMS, "https://github.com/aws/aws-sdk-java/issues/1116"),
)
def DAMAGED_CLASS(view: TargetView) -> Iterator[Fault]:
    if view.runtime.class_version is None:
        return
    for place in _places(view):
        if place.path is not None:
            yield from _damaged_in_jar(view, place)
    for subject in view.stack.subjects:
        yield from _damaged_files(view, subject)


def _damaged_in_jar(view: TargetView, place: _Place) -> Iterator[Fault]:
    fix = f"Build or fetch it again, and look whether it is whole:\nunzip -tq {quote(place.path or '')}"
    if place.jar.damage is not None:
        fact = f"cannot be opened as a jar ({place.jar.damage}): Java passes over it, and its classes are not found"
        yield Fault(fact, place.subject, place.path, fix)
        return
    bad = sorted(name for name, version in place.classes.items() if not version and _is_class(name))
    if bad:
        handler = _handler_class(view) in bad
        yield Fault(
            f"{len(bad)} of its {len(place.classes)} classes cannot be read or are no class files, {bad[0]}{_CLASS} "
            "for one: ClassFormatError if they are loaded",
            place.subject,
            place.path,
            fix,
            None if handler else Severity.WARNING,
            None if handler else Confidence.LIKELY,
            {"examples": [f"{name}{_CLASS}" for name in bad[:20]]},
        )


def _damaged_files(view: TargetView, subject: Subject) -> Iterator[Fault]:
    class_path = view.runtime.class_path
    facts = subject.artifact.facts
    for entry in subject.artifact.entries:
        path = entry.path
        if not path.endswith((_CLASS, ".jar")) or entry.kind != FILE or entry.size < 0:
            continue
        fact = facts.get(path)
        if path.endswith(_CLASS):
            if subject.at not in class_path or not _is_class(path) or (fact is not None and fact.class_version):
                continue
            what = "empty (0 bytes)" if not entry.size else "no class file (it does not begin with 0xCAFEBABE)"
            handler = path == f"{_handler_class(view)}{_CLASS}"
            certain = not entry.size or handler
            yield Fault(
                f"{what}: ClassFormatError or NoClassDefFoundError when it is loaded",
                subject,
                path,
                f"Compile it again, and look at what you pack:\nunzip -v {quote(subject.artifact.name)} {quote(path)}",
                None if certain else Severity.WARNING,
                None if certain else Confidence.LIKELY,
            )
        elif subject.where(path).rpartition("/")[0] + "/*" in class_path and (fact is None or fact.jar is None):
            what = "empty (0 bytes)" if not entry.size else "no archive"
            if fact is not None and fact.text is not None:
                what = f"text ({fact.text[:40]!r})"
            yield Fault(
                f"{what}, where a jar must be: Java passes over it, and its classes are not found",
                subject,
                path,
                "Build or fetch it again; in a clone with Git LFS: git lfs pull",
            )


RULES = (CLASS_VERSION_TOO_NEW, DAMAGED_CLASS)
