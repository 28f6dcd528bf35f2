"""LC101 to LC104: whether code lies where the runtime searches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..environment import Runtime
from ..finding import Confidence, Severity
from .advice import reinstall_all
from .base import Fault, Subject, TargetView, quote, rule
from .package_names import misnamed_packages

_LAYERS_DOC = "AWS Lambda developer guide, packaging your layer content"
ROOTS = ("python", "nodejs", "java", "ruby", "bin", "lib", "extensions")
"""Directories of a layer that one runtime or another searches."""
_LANGUAGE_ROOT = {"python": "python", "nodejs": "nodejs", "java": "java", "ruby": "ruby"}
_ROOT_LANGUAGE = {root: language for language, root in _LANGUAGE_ROOT.items()}
_SITE = r"^python/lib/python(\d+\.\d+)$"
_NOTES = (".md", ".txt", ".rst", ".html")


def _layers(view: TargetView) -> Iterator[Subject]:
    for subject in view.stack.subjects:
        if subject.kind == "layer" and subject.artifact.form != "wheel" and subject.shape.tops:
            yield subject


def _home(runtime: Runtime) -> str:
    """Where a layer's packages belong for this runtime."""
    return {
        "python": "python/",
        "nodejs": "nodejs/node_modules/",
        "java": "java/lib/",
        "ruby": "ruby/gems/"
        + next((d.split("/")[-1] for d in runtime.layer_directories if "gems" in d), "3.3.0")
        + "/",
    }.get(runtime.language, "lib/")


def _has_root(subject: Subject, runtime: Runtime) -> bool:
    """Whether the layer has a top-level directory or file that this runtime searches or starts."""
    tops = subject.shape.tops
    own = _LANGUAGE_ROOT.get(runtime.language)
    if any(root in tops for root in ("bin", "lib", "extensions", "bootstrap")):
        return True
    return own in tops if own is not None else any(root in tops for root in ROOTS)


def _loose_code(subject: Subject, runtime: Runtime) -> str | None:
    """What importable code lies at the root of a layer, in words; None when there is none."""
    shape = subject.shape
    suffixes = {"python": (".py", ".so"), "nodejs": (".js", ".mjs", ".cjs", ".node"), "java": (".jar", ".class")}
    if runtime.language == "python" and (shape.python_packages or shape.distributions):
        names = [n for n in (shape.python_packages or shape.distributions) if n not in ROOTS]
        if names:
            return f"Python packages at its root ({', '.join(names[:4])})"
    if runtime.language == "nodejs" and any(name not in ROOTS for name in shape.npm_packages):
        return f"npm packages at its root ({', '.join(shape.npm_packages[:4])})"
    loose = [n for n in shape.root_files if n.endswith(suffixes.get(runtime.language, ())) and not n.startswith(".")]
    if loose:
        return f"code at its root ({', '.join(loose[:4])})"
    libraries = [name for name in shape.root_files if ".so" in name]
    if libraries:
        return f"libraries at its root ({', '.join(libraries[:4])})"
    odd = [top for top in shape.tops if _is_misnamed_root(top)]
    if odd:
        return f"its code in {odd[0]}/"
    return None


def _is_misnamed_root(top: str) -> bool:
    lower = top.lower()
    return (
        lower in ("site-packages", "dist-packages", "venv", ".venv", "env")
        or (lower in ROOTS and top != lower)
        or re.fullmatch(r"python[\d.]+|node|nodejs[\d.]+x?|java[\d.]+|ruby[\d.]+", lower) is not None
    )


@rule(
    "LC101",
    "unrecognised-layer-root",
    Severity.ERROR,
    "target",
    what="The code or the libraries of a layer lie where the runtime does not search.",
    why="A layer is unpacked into /opt. Only some directories there are searched: python/ for Python, "
    "nodejs/node_modules/ for Node.js, java/lib/, ruby/gems/VERSION/, lib/ and bin/. The rest is there, but not found.",
    fix="Put the content into the right directory and zip from above it.",
    example="requests/__init__.py at the root of a layer for python3.12",
    sources=(
        _LAYERS_DOC,
        "https://github.com/RemotePixel/amazonlinux-gdal/issues/17",
        "https://github.com/aws/aws-cdk/issues/11417",
    ),
)
def UNRECOGNISED_LAYER_ROOT(view: TargetView) -> Iterator[Fault]:
    runtime = view.runtime
    for subject in _layers(view):
        if _has_root(subject, runtime) or _misplaced(subject, runtime) or _wrapped(subject):
            continue
        home = _home(runtime)
        loose = _loose_code(subject, runtime)
        foreign = sorted({_ROOT_LANGUAGE[top] for top in subject.shape.tops if top in _ROOT_LANGUAGE})
        if loose is None and foreign:
            yield Fault(
                f"holds code for {' and '.join(foreign)}, which a {runtime.language} runtime does not search",
                subject,
                # A layer that all functions of a project get, by Globals, is useless to some of them, and harmless.
                severity=Severity.WARNING if view.stack.function is not None else None,
                fix=f"Use it with a {foreign[0]} runtime, or put the packages into {home}",
            )
        elif loose is not None:
            yield Fault(
                f"has {loose}; a {runtime.language} runtime searches {home} and not the root, so it is not found",
                subject,
                fix=_rezip(home),
            )
        else:
            yield from _no_code(subject)


def _no_code(subject: Subject) -> Iterator[Fault]:
    tops = ", ".join(sorted(subject.shape.tops)[:6])
    if all(name.lower().endswith(_NOTES) or "." not in name for name in subject.shape.root_files) and (
        len(subject.shape.root_files) == subject.artifact.files
    ):
        yield Fault(
            f"holds nothing but {tops}: no directory that any runtime searches",
            subject,
            fix="Look at the include and exclude patterns of your packaging tool; list what it packs:\n"
            "unzip -l layer.zip",
        )
        return
    yield Fault(
        f"holds only {tops}, where no runtime searches by itself; fine if your code opens it by its path in /opt",
        subject,
        severity=Severity.INFO,
    )


def _rezip(home: str) -> str:
    target = home.rstrip("/")
    return f"mkdir -p build/{target} && cp -a LAYER/. build/{target}/ && (cd build && zip -qry ../layer.zip .)"


def _wrapped(subject: Subject) -> str | None:
    """The single top-level directory around a language's root, if that is how the layer is packed.

    bin/ or lib/ below one folder tell nothing: that is how tools are laid out which are called by their full path.
    """
    tops = [top for top in subject.shape.tops if not top.startswith(".")]
    if len(tops) != 1 or tops[0] in subject.shape.root_files or tops[0] in ("bin", "lib", "extensions"):
        return None
    top, shape = tops[0], subject.shape
    if top in ROOTS and top != "python":
        return top if shape.below(f"{top}/{top}") and not shape.below(f"{top}/node_modules") else None
    inner = [f"{top}/python", f"{top}/nodejs/node_modules", f"{top}/java/lib", f"{top}/ruby/gems"]
    if top == "python":
        is_package = any(entry.path == "python/python/__init__.py" for entry in subject.artifact.entries)
        inner = [] if is_package else ["python/python"]
    return top if any(shape.below(place) for place in inner) else None


@rule(
    "LC102",
    "extra-top-directory",
    Severity.ERROR,
    "target",
    what="Everything lies under one folder, and what is searched for is found only below it.",
    why="The folder itself was zipped instead of its content: /opt/layer/python is not searched, and "
    "/var/task/project/index.js is not the handler's file.",
    fix="Zip the content, from inside the folder.",
    example="my-layer/python/requests/__init__.py",
    sources=(
        _LAYERS_DOC,
        "https://github.com/alexa-samples/skill-sample-nodejs-fact/issues/13",
        "https://github.com/TylerPachal/lambda-node-phantom/issues/1",
    ),
)
def EXTRA_TOP_DIRECTORY(view: TargetView) -> Iterator[Fault]:
    for subject in _layers(view):
        top = _wrapped(subject)
        if top is not None:
            yield Fault(
                f"everything lies under {top}/, so nothing is found: /opt/{top}/… is not searched",
                subject,
                top,
                f"Zip what is inside the folder, not the folder:\n(cd {quote(top)} && zip -qry ../layer.zip .)",
            )
    function = view.stack.function
    if function is None or view.stack.handler is None:
        return
    tops = [top for top in function.shape.tops if not top.startswith(".")]
    if len(tops) == 1 and tops[0] not in function.shape.root_files:
        stem = re.split(r"[.:]", view.stack.handler)[0]
        below = [e.path for e in function.artifact.entries if e.path.startswith(f"{tops[0]}/{stem}.")]
        if below and not view.stack.handler.startswith(tops[0] + "/"):
            yield Fault(
                f"the handler's file is {below[0]}, one folder too deep: Lambda looks for it at the root",
                function,
                below[0],
                f"Zip what is inside the folder, not the folder:\n(cd {quote(tops[0])} && zip -qry ../function.zip .)",
            )


@rule(
    "LC103",
    "wrong-python-directory",
    Severity.ERROR,
    "target",
    what="python/lib/pythonX.Y of another Python than the target's.",
    why="Only the directory of the runtime's own version is on sys.path, so these packages are not found.",
    fix="Use python/ (which every version searches), or the directory of the target's version.",
    example="python/lib/python3.11/site-packages on python3.12",
    sources=(_LAYERS_DOC,),
)
def WRONG_PYTHON_DIRECTORY(view: TargetView) -> Iterator[Fault]:
    runtime = view.runtime
    if runtime.language != "python":
        return
    own = next((d for d in runtime.layer_directories if d.startswith("python/lib/")), "")
    for subject in _layers(view):
        for directory in sorted(subject.shape.directories):
            match = re.match(_SITE, directory)
            if match is None or own.startswith(directory + "/"):
                continue
            spare = subject.shape.below(own)
            move = f"mv {quote(directory)}/site-packages/* python/ && rm -r python/lib"
            yield Fault(
                f"for Python {match[1]}; {runtime.identifier} searches python/ and {own}, not this"
                + (" (its own directory is there too)" if spare else ""),
                subject,
                directory,
                None if spare else _compiled_for(view, subject, directory, match[1]) or move,
                Severity.INFO if spare else None,
            )


def _compiled_for(view: TargetView, subject: Subject, directory: str, version: str) -> str | None:
    """What to do where moving is not enough: modules below ``directory`` are for its Python alone."""
    tag = f".cpython-{version.replace('.', '')}-"
    compiled = [path for path in subject.artifact.facts if path.startswith(directory + "/") and tag in path]
    commands = dict.fromkeys(reinstall_all(view, subject, compiled).values())
    if not commands:
        return None
    told = f"What is compiled in it is for Python {version} alone: install it anew, or use that Python's runtime.\n"
    return told + "\n".join([f"rm -r {quote(directory)}", *commands])


_MISPLACED: dict[str, tuple[tuple[str, str], ...]] = {
    "nodejs": (
        (r"^node_modules$", "node_modules lies at the root of the layer"),
        (r"^nodejs/(?!node_modules$|node\d+$)(@[^/]+/)?[^/]+$", "a package lies in nodejs/ itself"),
        (r"^nodejs/[^/]+/node_modules$", "node_modules lies one folder too deep"),
    ),
    "python": (
        (r"^python/(site-packages|dist-packages|lib/site-packages|python[\d.]*|\.?venv)$", ""),
        (r"^python/lib/python[\d.]+/(?!site-packages$)[^/]+$", "a package lies beside site-packages"),
        (r"^lib/python[\d.]+/site-packages$", "site-packages lies in lib/, without python/ above it"),
    ),
    "java": (),
    "ruby": (
        (r"^ruby/lib/vendor/bundle/ruby/[\d.]+$", "the gems lie in ruby/lib/vendor/bundle"),
        (r"^ruby/(?!gems$|lib$)[\d.]+$", "the gems lie in ruby/VERSION"),
        (r"^vendor/bundle/ruby/[\d.]+$", "the gems lie in vendor/bundle at the root of the layer"),
        (r"^ruby/gems/[\d.]+/ruby$", "the gems lie one folder too deep"),
    ),
}


def _misplaced(subject: Subject, runtime: Runtime) -> list[tuple[str, str]]:
    """(directory, what is wrong) for packages at a level that is not searched; none when some are right."""
    shape = subject.shape
    patterns = _MISPLACED.get(runtime.language, ())
    found = []
    for directory in sorted(shape.directories):
        for pattern, words in patterns:
            if re.match(pattern, directory) and _is_package_place(subject, runtime, directory):
                found.append((directory, words or f"packages lie in {directory}"))
                break
    if runtime.language == "java":
        found = _misplaced_java(subject)
    generic = ("bin", "lib", "extensions", "python", "ruby/lib")
    right = [d for d in runtime.layer_directories if d not in generic and shape.below(d)]
    if runtime.language == "java":
        return found
    return [place for place in found if all(place[0].startswith(d + "/") for d in right)]


def _is_package_place(subject: Subject, runtime: Runtime, directory: str) -> bool:
    if runtime.language == "nodejs" and directory.startswith("nodejs/") and not directory.endswith("node_modules"):
        return any(e.path == directory + "/package.json" for e in subject.artifact.entries)
    if runtime.language == "python" and directory.startswith("python/python"):
        return not any(e.path == directory + "/__init__.py" for e in subject.artifact.entries)
    return True


def _misplaced_java(subject: Subject) -> list[tuple[str, str]]:
    if subject.shape.below("java/lib"):
        return []
    for entry in subject.artifact.entries:
        if entry.path.startswith("java/") and entry.path.endswith((".jar", ".class")):
            return [("java", "jars or classes lie in java/ but not in java/lib")]
        if entry.path.startswith("lib/") and entry.path.endswith(".jar"):
            return [("lib", "jars lie in lib/, without java/ above it")]
    return []


@rule(
    "LC104",
    "misplaced-packages",
    Severity.ERROR,
    "target",
    what="Packages, node_modules, gems or jars at a level that is not searched, or a compiled Python package in a "
    "directory whose name cannot be imported.",
    why="/opt/node_modules, /opt/nodejs/sharp or /opt/python/site-packages look right and are not on any search path. "
    "And psycopg2-3.6/ is no module's name: 'No module named psycopg2' until it is called psycopg2/.",
    fix="Move them to the directory that is searched, or give the directory the name that is imported.",
    example="node_modules/ at the root of a layer instead of nodejs/node_modules/",
    sources=(
        _LAYERS_DOC,
        "https://github.com/serverless/serverless/issues/6724",
        "https://github.com/aws/aws-lambda-builders/issues/177",
        "https://github.com/jkehler/awslambda-psycopg2/issues/19",
    ),
)
def MISPLACED_PACKAGES(view: TargetView) -> Iterator[Fault]:
    if view.runtime.language == "python":
        yield from misnamed_packages(view)
    for subject in _layers(view):
        if _wrapped(subject):
            continue
        home = _home(view.runtime).rstrip("/")
        found = _misplaced(subject, view.runtime)
        if found:
            directory, words = found[0]
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            yield Fault(
                f"{words}{more}; a {view.runtime.language} runtime searches {home}/ instead",
                subject,
                directory,
                f"mkdir -p {home} && mv {quote(directory)}/* {home}/ && zip -qry layer.zip {home.split('/')[0]}",
                confidence=Confidence.CERTAIN,
                details={"directories": [place for place, _ in found]},
            )


RULES = (UNRECOGNISED_LAYER_ROOT, EXTRA_TOP_DIRECTORY, WRONG_PYTHON_DIRECTORY, MISPLACED_PACKAGES)
