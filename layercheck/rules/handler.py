"""LC571: whether the file and the function are there that the handler names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..filesystem import TASK, Hit
from ..finding import Confidence, Severity
from ..named_tuple import NamedTuple
from .advice import reinstall
from .alternatives import module_of
from .base import Fault, Subject, TargetView, Unsure, quote, rule, set_handler, zip_again
from .installed import search_path

_SHOWN = 3
_SOURCES = {"python": (".py",), "nodejs": (".js", ".mjs", ".cjs"), "ruby": (".rb",)}
_UNCOMPILED = {"nodejs": (".ts", ".tsx", ".mts", ".cts")}
_DEPENDENCIES = ("node_modules/", "site-packages/", "vendor/", ".dist-info/")
_WORDS = {"python": "FILE.FUNCTION", "nodejs": "FILE.FUNCTION", "ruby": "FILE.FUNCTION"}


class Wanted(NamedTuple):
    """What a handler asks for: files, any of which would do (absolute), the first for messages, and a function."""

    files: tuple[str, ...]
    stem: str
    function: str


def _python(view: TargetView, handler: str) -> Wanted:
    """Lambda splits at the last dot, and imports what is before it with slashes made into dots."""
    module, _, function = handler.rpartition(".")
    stem = module.replace(".", "/")
    suffixes = view.runtime.extension_suffixes.get(view.environment.architecture, ())
    endings = ("/__init__.py", ".py", ".pyc", "/__init__.pyc", *suffixes)
    places = search_path(view) or (TASK,)
    return Wanted(tuple([f"{place}/{stem}{ending}" for place in places for ending in endings]), stem, function)


def _nodejs(view: TargetView, handler: str) -> Wanted:
    """Lambda splits the last component at its first dot; the rest may be a function in an object."""
    folder, _, last = handler.rpartition("/")
    module, _, function = last.partition(".")
    stem = f"{folder}/{module}" if folder or handler.startswith("/") else module
    endings = (".js", ".mjs", ".cjs", "", "/index.js", "/package.json")
    own = [place for place in view.stack.env.get("NODE_PATH", "").split(":") if place]
    places = [TASK, f"{TASK}/node_modules", *own, *view.runtime.node_path]
    return Wanted(tuple([_join(place, stem) + ending for place in places for ending in endings]), stem, function)


def _ruby(view: TargetView, handler: str) -> Wanted:
    """Lambda splits at the first dot; what follows is a method, or a class and its method."""
    stem, _, function = handler.partition(".")
    places = (TASK, *view.runtime.rubylib)
    return Wanted(tuple([_join(place, stem) + ".rb" for place in places]), stem, function.rpartition(".")[2])


def _join(place: str, stem: str) -> str:
    return stem if stem.startswith("/") else f"{place}/{stem.removeprefix('./')}"


_SPLIT: dict[str, Callable[[TargetView, str], Wanted]] = {"python": _python, "nodejs": _nodejs, "ruby": _ruby}


@rule(
    "LC571",
    "handler-missing",
    Severity.ERROR,
    "target",
    what="The handler names a file, a class or an assembly that is nowhere in the deployment, or a function that its "
    "file does not define.",
    why="'Unable to import module …', 'Cannot find module …', Runtime.HandlerNotFound, ClassNotFoundException. Names "
    "are told apart by case, and folders, parted by slashes, are part of the handler: src/app.handler.",
    fix="Give the handler as the language wants it: app.handler for the function handler in app.py, app.js or app.rb, "
    "package.Class::method for Java, Assembly::Namespace.Type::Method for .NET.",
    example="handler index.handler, and the archive has src/index.js",
    sources=(
        "AWS Lambda developer guide, the function handler of each language",
        "https://github.com/dmanjunath/node-redshift/issues/22",
        "https://github.com/iopipe/serverless-plugin-iopipe/issues/75",
    ),
)
def HANDLER_MISSING(view: TargetView) -> Iterator[Fault | Unsure]:
    function, handler, language = view.stack.function, view.stack.handler, view.runtime.language
    if function is None or not handler or not function.artifact.entries:
        return
    if language in _SPLIT:
        found = _script(view, function, handler, language)
    elif language == "java":
        found = _java(view, function, handler)
    elif language == "dotnet":
        found = _dotnet(view, function, handler)
    else:
        return
    for said in found:
        if isinstance(said, Fault) and view.stack.open:
            yield Unsure("its handler", f"could be in {', '.join(view.stack.open)}, which is not at hand", function)
        else:
            yield said


def _script(view: TargetView, function: Subject, handler: str, language: str) -> Iterator[Fault | Unsure]:
    if "\\" in handler:
        yield Fault(
            f"the handler {handler!a} has backslashes; in Lambda folders are parted by slashes, so no file is found",
            function,
            fix=set_handler(handler.replace("\\", "/")),
        )
        return
    wanted = _SPLIT[language](view, handler)
    if not wanted.stem or not wanted.function:
        yield Fault(
            f"the handler {handler!a} is not {_WORDS[language]}: Bad handler",
            function,
            fix=set_handler(f"{handler.strip('.') or 'app'}.handler"),
        )
        return
    if language == "python":
        from .handler_python import python_handler

        found = python_handler(view, function, handler)
        if found is not None:
            yield from found
            return
    for place in wanted.files:
        hit = view.filesystem.lookup(place)
        if not isinstance(hit, Hit):
            if hit.reason == "denied":
                return
        elif not hit.node.is_directory and language != "python":
            yield from _function(view, hit, handler, wanted)
            return
    if language == "python" and _is_standard(wanted.stem):
        return
    yield _missing(view, function, handler, wanted, language)


def _is_standard(stem: str) -> bool:
    import sys

    return stem.partition("/")[0] in sys.stdlib_module_names


def _function(view: TargetView, hit: Hit, handler: str, wanted: Wanted) -> Iterator[Fault]:
    """The file is there; its function, as far as that was read."""
    if hit.node.entry is None:
        return
    subject, path = view.subject_of(hit.node.mount), hit.node.entry.path
    if view.stack.handler_code.get((subject.id, path)) is not False:
        return
    if "." in wanted.function:
        # src.index.handler for src/index.handler: JavaScript wants slashes.
        fix = set_handler(f"{path.rpartition('.')[0]}.{wanted.function.rpartition('.')[2]}")
    else:
        fix = (
            set_handler(f"{handler[: -len(wanted.function)]}FUNCTION")
            + f"\nwith a function that {quote(path)} defines."
        )
    yield Fault(
        f"the handler is {handler}, and this file defines no {wanted.function}: Runtime.HandlerNotFound",
        subject,
        path,
        fix,
        confidence=Confidence.LIKELY,
        details={"handler": handler, "function": wanted.function},
    )


def _missing(view: TargetView, function: Subject, handler: str, wanted: Wanted, language: str) -> Fault:
    suffixes = _SOURCES[language]
    names = [wanted.stem.lstrip("./") + suffix for suffix in suffixes]
    said = f"the handler is {handler}, and there is no {names[0]}"
    details = {"handler": handler, "files": names}
    own = [
        entry.path
        for entry in function.artifact.entries
        if entry.path.endswith(suffixes + _UNCOMPILED.get(language, ()))
        and not any(part in entry.path for part in _DEPENDENCIES)
    ]
    lower = {name.lower() for name in names}
    for path in own:
        if path.lower() in lower:
            right = path.rpartition(".")[0] + "." + wanted.function
            return Fault(
                f"{said}: this file's name differs in case", function, path, set_handler(right), details=details
            )
    for path in own:
        if path.rpartition(".")[0] == wanted.stem and path.endswith(_UNCOMPILED.get(language, ("\0",))):
            fix = f"npx esbuild {quote(path)} --bundle --platform=node --outfile={quote(names[0])}"
            words = f"{said}: this is TypeScript, which Lambda does not run"
            return Fault(words, function, path, f"{fix}\n{zip_again(function)}", details=details)
    for entry in function.artifact.entries if language == "python" else ():
        if entry.path.endswith((".so", ".pyd")) and module_of(entry.path) == wanted.stem:
            words = f"{said} that this Python imports: this module is for another version or system"
            fix = reinstall(view, function, entry.path) or f"Build it for {view.runtime.identifier} on Linux."
            return Fault(words, function, entry.path, fix, details=details)
    base = [name.rpartition("/")[2] for name in names]
    for path in own:
        folder, _, name = path.rpartition("/")
        if name in base:
            right = path.rpartition(".")[0] + "." + wanted.function
            where = f"it lies in {folder}/" if folder else "it lies at the root"
            fix = set_handler(right)
            if folder:
                fix += f"\nor zip what is inside the folder: (cd {quote(folder)} && {zip_again(function)})"
            return Fault(f"{said}: {where}", function, path, fix, details=details)
    at_root = [path for path in own if "/" not in path]
    others = f"; at the root there is {', '.join(at_root[:_SHOWN])}" if at_root else ""
    first = at_root[0].rpartition(".")[0] if at_root else None
    fix = set_handler(f"{first}.{wanted.function}") if first else f"Put {names[0]} into the zip: {zip_again(function)}"
    return Fault(said + others, function, fix=fix, details=details)


def _java(view: TargetView, function: Subject, handler: str) -> Iterator[Fault | Unsure]:
    name = handler.partition("::")[0]
    path = name.replace(".", "/") + ".class"
    if isinstance(view.filesystem.lookup(f"{TASK}/{path}"), Hit):
        return
    answers = [has for (_, jar), has in view.stack.handler_code.items() if jar.endswith(".jar")]
    if True in answers:
        return
    if None in answers:
        yield Unsure("its handler's class", "could be in a jar that is too large to search, or packed", function)
        return
    near = next((e.path for e in function.artifact.entries if e.path.endswith("/" + path.rpartition("/")[2])), None)
    where = f"; a class of that name is {near}" if near else ""
    jars = f" and in none of {len(answers)} jars" if answers else ""
    yield Fault(
        f"the handler's class {name} is not in the package{jars}: ClassNotFoundException{where}",
        function,
        near,
        "Name the class with its package (com.example.Handler::handleRequest), and pack its classes at the root or its "
        "jar in lib/:\njar tf function.jar | grep " + quote(path.rpartition("/")[2]),
        details={"handler": handler, "class": path},
    )


def _dotnet(view: TargetView, function: Subject, handler: str) -> Iterator[Fault | Unsure]:
    assembly = handler.partition("::")[0]
    name = f"{assembly}.dll"
    if isinstance(view.filesystem.lookup(f"{TASK}/{name}"), Hit):
        return
    paths = [entry.path for entry in function.artifact.entries if entry.path.endswith(".dll")]
    near = next((path for path in paths if path.rpartition("/")[2].lower() == name.lower()), None)
    if near is not None and "/" not in near:
        words, fix = ": this file's name differs in case", set_handler(handler.replace(assembly, near[:-4], 1))
    elif near is not None:
        folder = near.rpartition("/")[0]
        words, fix = f": it lies in {folder}/", f"(cd {quote(folder)} && {zip_again(function)})"
    else:
        words, fix = "", "dotnet lambda package --output-package function.zip"
    yield Fault(
        f"the handler's assembly {name} is not at the root of the package{words}",
        function,
        near,
        fix,
        details={"handler": handler, "assembly": name},
    )


RULES = (HANDLER_MISSING,)
