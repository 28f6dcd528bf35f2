"""LC591 and LC592: extensions that PHP is told to load."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from ..artifact import Php
from ..elf import ElfImage
from ..filesystem import TASK, Hit
from ..finding import Confidence, Severity
from ..named_tuple import NamedTuple
from .base import Fault, Subject, TargetView, Unsure, quote, rule
from .binaries import is_data


class _Line(NamedTuple):
    """One line of an .ini file that loads an extension."""

    subject: Subject
    path: str
    directive: str
    value: str
    number: int


class _Setup(NamedTuple):
    """PHP in a deployment: its programs by absolute path, where it looks for extensions, and what it is to load.

    ``directories`` is empty where they are not known.
    """

    programs: dict[str, Php]
    directories: tuple[str, ...]
    lines: tuple[_Line, ...]


def _setup(view: TargetView) -> _Setup:
    programs: dict[str, Php] = {}
    lines: list[_Line] = []
    set_directories: list[str] = []
    for subject in view.stack.subjects:
        for path, fact in view.facts(subject):
            if fact.php is None:
                continue
            if isinstance(fact.elf, ElfImage):
                name = path.rpartition("/")[2]
                if not name.endswith(".so") or name.startswith("libphp"):
                    programs[subject.where(path)] = fact.php
            elif not is_data(path) and "vendor" not in path.split("/"):
                lines += [_Line(subject, path, *extension) for extension in fact.php.extensions]
                if fact.php.extension_dir is not None:
                    set_directories.append(fact.php.extension_dir)
    compiled = [php.extension_dir for php in programs.values() if php.extension_dir is not None]
    # What an .ini file sets takes the place of what is compiled in.
    directories = [directory for directory in set_directories or compiled if directory.startswith("/")]
    about_php = [line for line in lines if programs or "php" in line.path or "bref" in line.path]
    return _Setup(programs, tuple(dict.fromkeys(directories)), tuple(about_php))


def _elsewhere(view: TargetView, value: str) -> list[str]:
    """Where in the deployment there is a file that the line could mean."""
    name = value.rpartition("/")[2]
    names = {name, f"{name}.so"}
    return sorted(path for path in view.filesystem.overlay.nodes if path.rpartition("/")[2] in names)


@rule(
    "LC591",
    "php-extension-path",
    Severity.ERROR,
    "target",
    what="An .ini file tells PHP to load an extension that is not where PHP looks for it.",
    why="'PHP Warning: PHP Startup: Unable to load dynamic library newrelic.so'. A name alone is looked for in "
    "extension_dir, which is compiled into PHP or set in php.ini, and moves from one major release of a layer to the "
    "next; a path must exist as it stands.",
    fix="Name the extension by its full path, or use the extension's layer that is made for this PHP layer.",
    example="extension=newrelic.so, and newrelic.so lies in /opt/bref/extensions, not in PHP's extension_dir",
    sources=(
        "https://github.com/brefphp/extra-php-extensions/issues/447",
        "PHP manual, Description of core php.ini directives: extension, extension_dir",
    ),
    open=True,
)
def PHP_EXTENSION_PATH(view: TargetView) -> Iterator[Fault | Unsure]:
    setup = _setup(view)
    for line in setup.lines:
        what = f"{line.directive}={line.value} (line {line.number})"
        if "${" in line.value:
            yield Unsure(what, "it names a variable, which PHP fills in", line.subject, line.path)
        elif "/" in line.value:
            yield from _path(view, setup, line, what)
        else:
            yield from _name(view, setup, line, what)


def _path(view: TargetView, setup: _Setup, line: _Line, what: str) -> Iterator[Fault | Unsure]:
    if view.has_file(line.value):
        return
    found = _elsewhere(view, line.value)
    if not setup.programs and not found and view.stack.function is None:
        why = "a layer with PHP, which is not at hand, may bring it"
        yield Unsure(what, why, line.subject, line.path)
        return
    yield _fault(line, what, f"{line.value} is not there", found)


def _name(view: TargetView, setup: _Setup, line: _Line, what: str) -> Iterator[Fault | Unsure]:
    names = (line.value, f"{line.value}.so")
    if any(view.has_file(f"{directory}/{name}") for directory in setup.directories for name in names):
        return
    if not setup.programs:
        yield Unsure(what, "PHP, which decides where it looks, is not among these files", line.subject, line.path)
        return
    found = _elsewhere(view, line.value)
    if setup.directories:
        yield _fault(line, what, f"PHP looks in {' and '.join(setup.directories)}, where it is not", found)
    elif not found:
        yield _fault(line, what, "no file of that name is in any of the layers", found)


def _fault(line: _Line, what: str, fact: str, found: list[str]) -> Fault:
    lies = f" (it lies at {found[0]})" if found else ""
    file = line.value.rpartition("/")[2].removesuffix(".so")
    if found:
        fix = f"Name it by its path in {quote(line.path)}:\n{line.directive}={found[0]}"
    else:
        fix = (
            f"Add the layer that brings {file}.so for this PHP and this release of the PHP layer, or take the line out:"
            f"\nsed -i '{line.number}d' {quote(line.path)}"
        )
    return Fault(
        f"{what}: {fact}{lies}: PHP Startup: Unable to load dynamic library '{file}'",
        line.subject,
        line.path,
        fix,
        details={"library": f"{file}.so", "line": line.number, "value": line.value, "found": found[:20]},
    )


@rule(
    "LC592",
    "php-api-mismatch",
    Severity.ERROR,
    "target",
    what="An extension that PHP is told to load is built for another release or another kind of PHP.",
    why="PHP refuses an extension whose module API differs from its own ('Module compiled with module API=20210902, "
    "PHP compiled with module API=20220829'), if the loader has not refused it before: 'undefined symbol: "
    "zend_empty_string'. The API changes with each minor release, and with thread safety (NTS, TS).",
    fix="Take or build the extension for the layer's PHP.",
    example="pdo.so is built for API 20160303 (PHP 7.1), bin/php for 20180731 (PHP 7.3)",
    sources=(
        "https://github.com/stackery/php-lambda-layer/issues/3",
        "github php/php-src, Zend/zend_modules.h: ZEND_MODULE_BUILD_ID",
    ),
)
def PHP_API_MISMATCH(view: TargetView) -> Iterator[Fault]:
    setup = _setup(view)
    apis = {php.api: path for path, php in sorted(setup.programs.items()) if php.api is not None}
    if not apis:
        return
    loaded: dict[str, _Line] = {}
    for line in setup.lines:
        names = (line.value,) if "/" in line.value else (line.value, f"{line.value}.so")
        places = [""] if "/" in line.value else [f"{directory}/" for directory in setup.directories]
        if not places:
            found = _elsewhere(view, line.value)
            places, names = ([""], (found[0],)) if len(found) == 1 else ([], names)
        for path in [place + name for place in places for name in names]:
            hit = view.filesystem.lookup(path, TASK)
            if isinstance(hit, Hit):
                loaded.setdefault(normpath(hit.real), line)
                break
    for path, line in sorted(loaded.items()):
        node = view.filesystem.overlay.nodes.get(path)
        php = node.facts.php if node is not None and node.facts is not None else None
        if node is None or node.entry is None or php is None or php.api is None or php.api in apis:
            continue
        own, program = next(iter(apis.items()))
        yield Fault(
            f"built for PHP's module API {php.api}, but {program} has {own}: PHP refuses it (Unable to load dynamic "
            f"library); {line.path} tells PHP to load it",
            view.subject_of(node.mount),
            node.entry.path,
            f"Build or fetch it for this PHP; it tells its API:\n{quote(program)} -i | grep 'PHP Extension Build'",
            confidence=Confidence.CERTAIN,
            details={"api": php.api, "expected": own, "library": path.rpartition("/")[2], "program": program},
        )


RULES = (PHP_EXTENSION_PATH, PHP_API_MISMATCH)
