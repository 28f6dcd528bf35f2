"""LC564: whether the interpreter of a script that Lambda starts is there."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from ..environment.programs import has_program
from ..filesystem import OPT, TASK, Hit
from ..finding import Confidence, Severity
from ..named_tuple import NamedTuple
from .base import Fault, Subject, TargetView, Unsure, quote, rule, zip_again
from .shell import SHELLS

_OWN = (OPT + "/", TASK + "/")
_SHOWN = 3


class Search(NamedTuple):
    """How the search for an interpreter ended.

    ``state`` is ``found``, ``missing``, ``open`` (only a part that is not at hand could bring it) or ``unknown``.
    ``name`` is what was sought, ``tried`` where; ``certain`` whether no list of names had to be trusted.
    """

    state: str
    name: str
    tried: tuple[str, ...]
    certain: bool


def is_open(view: TargetView) -> bool:
    """Whether something may lie in /opt or /var/task that is not at hand: another layer, or the function itself."""
    return view.stack.function is None or bool(view.stack.open)


def _has(view: TargetView, path: str) -> bool | None:
    hit = view.filesystem.lookup(path, TASK)
    if isinstance(hit, Hit):
        return not hit.node.is_directory
    if hit.reason == "denied":
        return True
    return has_program(view.environment, view.runtime, _absolute(path))


def _absolute(path: str) -> str:
    return normpath(path if path.startswith("/") else f"{TASK}/{path}")


def _at(view: TargetView, path: str) -> Search:
    own = _absolute(path).startswith(_OWN)
    has = _has(view, path)
    if has is None:
        return Search("unknown", path, (path,), False)
    missing = "open" if own and is_open(view) else "missing"
    return Search("found" if has else missing, path, (path,), own or bool(view.environment.programs))


def search_path(view: TargetView) -> tuple[str, ...]:
    """The directories of PATH: the function's own, else the runtime's."""
    own = view.stack.env.get("PATH")
    return tuple(own.split(":")) if own is not None else (view.environment.path or view.runtime.path)


def on_path(view: TargetView, name: str) -> Search:
    """Search PATH for a program, as env does."""
    if "/" in name:
        return _at(view, name)
    tried = tuple([f"{directory.rstrip('/') or TASK}/{name}" for directory in search_path(view)])
    answers = [_has(view, path) for path in tried]
    if True in answers:
        return Search("found", name, tried, True)
    state = "unknown" if None in answers or not tried else "missing"
    return Search(state, name, tried, bool(view.environment.programs) and not is_open(view))


def interpreter(line: bytes) -> tuple[str, str]:
    """The program and the one argument of a ``#!`` line, as the kernel cuts it (man 2 execve)."""
    text = line[2:].decode("utf-8", "surrogateescape").strip(" \t\r\n\0")
    program, _, argument = text.replace("\t", " ").partition(" ")
    return program, argument.strip()


def sought(view: TargetView, line: bytes) -> Search:
    """Find what a ``#!`` line asks for, through env where it names that."""
    program, argument = interpreter(line)
    first = _at(view, program)
    if first.state != "found" or program.rpartition("/")[2] != "env" or not argument:
        return first
    words = argument.split()
    if words[0] == "-S":
        words = [word for word in words[1:] if "=" not in word]
        return on_path(view, words[0]) if words else first
    if words[0].startswith("-") or "=" in words[0]:
        return first
    # All that follows env is one argument: with an option behind it no program is called so.
    return on_path(view, words[0]) if len(words) == 1 else Search("missing", argument, (), True)


def started(view: TargetView) -> Iterator[tuple[Subject, str, str]]:
    """Each script or program that Lambda itself starts: (subject, path, what it is)."""
    wrapper = view.stack.env.get("AWS_LAMBDA_EXEC_WRAPPER")
    first = next((place for place in (f"{TASK}/bootstrap", f"{OPT}/bootstrap") if view.has_file(place)), None)
    for subject in view.stack.subjects:
        for path, _ in view.facts(subject):
            where = subject.where(path)
            if where == wrapper:
                yield subject, path, "AWS_LAMBDA_EXEC_WRAPPER names it"
            elif where == first and view.runtime.language == "provided":
                yield subject, path, "Lambda starts it"
            elif subject.kind == "layer" and path.startswith("extensions/") and path.count("/") == 1:
                yield subject, path, "Lambda starts every file in extensions/"


@rule(
    "LC564",
    "script-interpreter-missing",
    Severity.ERROR,
    "target",
    what="The #! line of bootstrap, an extension or a wrapper names a program that the environment does not have.",
    why="'fork/exec /opt/extensions/x: no such file or directory': the script is there, its interpreter is not. "
    "Lambda's systems have sh, bash, awk, sed and the runtime's language; no Python on Node.js, no Perl, no PHP, "
    "and nothing in /usr/local/bin. 'env NAME OPTION' looks for a program of the whole name 'NAME OPTION'.",
    fix="Name an interpreter that is there, bring one in the layer and name it by its path in /opt, or use a program "
    "that needs none. Other scripts are told together, as a remark: those in the bin/ of a layer.",
    example="extensions/agent begins with '#!/usr/bin/env python3' on nodejs22.x",
    sources=(
        "man 2 execve",
        "https://github.com/shogo82148/docker-lambda",
        "https://github.com/lambci/docker-lambda/issues/255",
    ),
)
def SCRIPT_INTERPRETER_MISSING(view: TargetView) -> Iterator[Fault | Unsure]:
    for subject, path, reason in started(view):
        line = subject.artifact.facts[path].first_line
        if line is None or line.endswith(b"\r\n"):
            continue
        search = sought(view, line)
        name = search.name or "nothing"
        if search.state == "open":
            absent = ", ".join(view.stack.open) or "the function or another layer"
            yield Unsure(f"its interpreter {name}", f"could be in {absent}, which is not at hand", subject, path)
        elif search.state == "unknown":
            yield Unsure(f"its interpreter {name}", "which programs lie there is not known", subject, path)
        elif search.state == "missing":
            unless = is_open(view) and any(place.startswith(_OWN) for place in search.tried)
            yield Fault(
                f"its first line asks for {_words(search)}, which {view.environment.name} does not have: "
                f"no such file or directory; {reason}" + (", unless another layer brings it" if unless else ""),
                subject,
                path,
                _fix(view, subject, path, search),
                Severity.WARNING if unless else None,
                None if search.certain else Confidence.LIKELY,
                {"interpreter": search.name, "tried": list(search.tried)},
            )
    yield from _others(view)


def _words(search: Search) -> str:
    if not search.name:
        return "no program"
    if " " in search.name:
        return f"one program called {search.name!a} (env takes all that follows as one name)"
    return search.name if "/" in search.name else f"{search.name} on PATH"


def _fix(view: TargetView, subject: Subject, path: str, search: Search) -> str:
    """The #! line with an interpreter that is there, or where to bring one."""
    name = search.name.split(" ")[0].rpartition("/")[2]
    others = [name, name.rstrip("0123456789."), "bash" if name in SHELLS else name]
    for other in dict.fromkeys(filter(None, others)):
        there = next((place for place in on_path(view, other).tried if _has(view, place)), None)
        if there is not None:
            script = quote(path)
            return f"sed -i '1s|.*|#!{there}|' {script} && {zip_again(subject)}"
    return (
        f"Bring {name or 'the interpreter'} in a layer (bin/{name}), built for {view.environment.architecture}, "
        f"and let the script begin with #!/opt/bin/{name}"
    )


def _others(view: TargetView) -> Iterator[Fault]:
    """Scripts of /opt/bin, which something may call by name: one remark a layer."""
    for subject in view.stack.subjects:
        if subject.kind != "layer":
            continue
        lacking: dict[str, str] = {}
        for path, fact in view.facts(subject):
            if fact.first_line is None or not path.startswith("bin/") or fact.first_line.endswith(b"\r\n"):
                continue
            search = sought(view, fact.first_line)
            if search.state == "missing":
                lacking[path] = search.name
        if lacking:
            names = ", ".join(sorted(set(lacking.values()))[:_SHOWN])
            yield Fault(
                f"{len(lacking)} of the scripts in bin/ ask for {names}, which {view.environment.name} does not have; "
                "they fail only if something starts them",
                subject,
                min(lacking),
                severity=Severity.INFO,
                confidence=Confidence.LIKELY,
                details={"scripts": sorted(lacking)[:20]},
            )


RULES = (SCRIPT_INTERPRETER_MISSING,)
