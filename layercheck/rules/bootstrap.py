"""LC561 to LC563 and LC565 to LC567: bootstrap of the OS-only runtimes, and scripts that Lambda starts."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import FILE, Facts
from ..elf import ElfImage
from ..filesystem import OPT, TASK, Hit
from ..finding import Confidence, Severity
from .base import ArtifactView, Fault, StackView, Subject, TargetView, Unsure, quote, rule, zip_again
from .programs import is_open
from .shell import may_start_another

_CUSTOM = "AWS Lambda developer guide, building a custom runtime"
_LAUNCHER = 4_096
"""Bytes below which an ELF program can do nothing but start another one."""


def _bootstraps(view: StackView) -> bool:
    return any("bootstrap" in subject.shape.root_files for subject in view.subjects)


def _other_program(subject: Subject) -> str | None:
    """The one program that is likely meant to be bootstrap: at the root under another name, or deeper as bootstrap."""
    deeper = [path for path in subject.shape.programs if path.endswith("/bootstrap")]
    if deeper:
        return deeper[0]
    programs = []
    for path in subject.shape.programs:
        image = subject.artifact.facts[path].elf
        if isinstance(image, ElfImage) and image.is_program:
            programs.append(path)
    return programs[0] if len(programs) == 1 else None


@rule(
    "LC561",
    "bootstrap-missing",
    Severity.ERROR,
    "target",
    what="An OS-only runtime (provided.al2, provided.al2023) and no file named bootstrap in function or layers.",
    why='"Couldn\'t find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".',
    fix="Name the program bootstrap and put it at the root, or attach the layer that holds the runtime.",
    example="function.zip for provided.al2023 holds handler.php and no bootstrap",
    sources=(_CUSTOM, "https://github.com/brefphp/bref/issues/554"),
    open=True,
)
def BOOTSTRAP_MISSING(view: TargetView) -> Iterator[Fault]:
    function = view.stack.function
    if view.runtime.language != "provided" or function is None or _bootstraps(view.stack):
        return
    if _other_program(function) is None and not function.shape.below("bootstrap"):
        yield Fault(
            f"no file named bootstrap at the root of the function or of a layer, and {view.runtime.identifier} "
            "starts nothing else: Couldn't find valid bootstrap(s)",
            function,
            fix="Name the program bootstrap and zip it at the root:\nzip function.zip bootstrap",
        )


@rule(
    "LC562",
    "bootstrap-misnamed",
    Severity.ERROR,
    "target",
    what="The one program of the function has another name than bootstrap, or lies in a folder.",
    why="The OS-only runtimes start /var/task/bootstrap, whatever the handler says: Runtime.InvalidEntrypoint. go1.x, "
    "which started any name, is gone.",
    fix="Name it bootstrap, at the root of the zip.",
    example="main (ELF) at the root, no bootstrap",
    sources=(_CUSTOM, "https://github.com/vhive-serverless/STeLLAR/pull/407"),
    open=True,
)
def BOOTSTRAP_MISNAMED(view: TargetView) -> Iterator[Fault]:
    function = view.stack.function
    if view.runtime.language != "provided" or function is None or _bootstraps(view.stack):
        return
    path = _other_program(function)
    whatever = f", whatever the handler ({view.stack.handler}) says" if view.stack.handler else ""
    if path is not None:
        yield Fault(
            f"the only program, but {view.runtime.identifier} starts /var/task/bootstrap{whatever}: "
            "Runtime.InvalidEntrypoint",
            function,
            path,
            f"cp {quote(path)} bootstrap && chmod +x bootstrap && zip function.zip bootstrap",
        )


@rule(
    "LC563",
    "crlf-script",
    Severity.ERROR,
    "stack",
    what="A script whose first line ends in CR LF.",
    why="The kernel takes the CR as part of the interpreter's name and says 'no such file or directory'.",
    fix="Convert it: sed -i 's/\\r$//' FILE, and set '* text eol=lf' in .gitattributes.",
    example="bootstrap begins with '#!/bin/sh\\r'",
    sources=("https://github.com/aws-samples/aws-lambda-layer-kubectl/issues/39", "man 2 execve"),
)
def CRLF_SCRIPT(view: StackView) -> Iterator[Fault]:
    wrapper = view.env.get("AWS_LAMBDA_EXEC_WRAPPER")
    for subject in view.subjects:
        for path, fact in subject.artifact.facts.items():
            line = fact.first_line
            if line is None or not line.endswith(b"\r\n"):
                continue
            started = path == "bootstrap" or path.startswith("extensions/") or f"{subject.at}/{path}" == wrapper
            interpreter = line[2:].strip().decode("utf-8", "replace")
            yield Fault(
                f"its first line ends in CR LF, so the kernel looks for an interpreter named {interpreter!a} followed "
                "by CR: no such file or directory",
                subject,
                path,
                f"sed -i 's/\\r$//' {quote(path)} && {zip_again(subject)}",
                None if started else (Severity.WARNING if path.startswith("bin/") else Severity.INFO),
            )


@rule(
    "LC566",
    "extension-not-startable",
    Severity.ERROR,
    "artifact",
    what="A file in extensions/ that is no program: neither ELF nor a script with a #! line.",
    why="Lambda starts every file in /opt/extensions as a program; one that cannot be started ends the function's "
    "start (Extension.LaunchError).",
    fix="Keep only programs in extensions/, and put what they read elsewhere.",
    example="extensions/README.md",
    sources=("AWS Lambda developer guide, Lambda extensions API: every file in extensions/ is started",),
)
def EXTENSION_NOT_STARTABLE(view: ArtifactView) -> Iterator[Fault]:
    if view.subject.kind != "layer" or "extensions" not in view.subject.shape.tops:
        return
    facts = view.subject.artifact.facts
    for entry in view.subject.artifact.entries:
        if entry.kind != FILE or not entry.path.startswith("extensions/") or entry.path.count("/") != 1:
            continue
        fact = facts.get(entry.path)
        if fact is None or (fact.elf is None and fact.first_line is None and fact.foreign is None):
            yield Fault(
                "no program (neither ELF nor a script with a #! line), but Lambda starts every file in extensions/",
                view.subject,
                entry.path,
                f"Move it out of extensions/:\nmkdir -p share && mv {quote(entry.path)} share/",
            )


def _started_bootstrap(view: TargetView) -> Hit | None:
    """The file that the runtime starts: the function's bootstrap, else the layers'. Directories are passed over."""
    if view.runtime.language != "provided":
        return None
    for place in (f"{TASK}/bootstrap", f"{OPT}/bootstrap"):
        hit = view.filesystem.lookup(place)
        if isinstance(hit, Hit) and hit.node.entry is not None:
            return hit
    return None


@rule(
    "LC565",
    "not-a-runtime-client",
    Severity.WARNING,
    "target",
    what="A bootstrap that never mentions AWS_LAMBDA_RUNTIME_API, and starts nothing that could.",
    why="bootstrap must ask the Runtime API for each event, at the address in that variable. An ordinary program, or a "
    "script that runs once, ends: 'Runtime exited without providing a reason' (Runtime.ExitError).",
    fix="Link the runtime client of your language (aws-lambda-go, lambda_runtime for Rust, aws-lambda-cpp), write the "
    "loop with curl, or add the Lambda Web Adapter.",
    example="bootstrap is a command line tool, renamed",
    sources=(
        "AWS Lambda developer guide, using the Lambda runtime API for custom runtimes",
        "AWS Lambda developer guide, tutorial: building a custom runtime",
    ),
)
def NOT_A_RUNTIME_CLIENT(view: TargetView) -> Iterator[Fault | Unsure]:
    hit = _started_bootstrap(view)
    if hit is None or hit.node.entry is None or hit.node.facts is None or hit.node.facts.runtime_api is not False:
        return
    subject, fact = view.subject_of(hit.node.mount), hit.node.facts
    if isinstance(fact.elf, ElfImage):
        # A library of the artifact may hold the client.
        if not fact.elf.is_program or hit.node.entry.size < _LAUNCHER:
            return
        if any(view.filesystem.overlay.libraries(name) for name in fact.elf.needed):
            return
        kind = "program"
    elif fact.script is None or may_start_another(view, fact.script):
        return
    else:
        kind = "script"
    if any(path.startswith(f"{OPT}/extensions/") for path in view.filesystem.overlay.nodes):
        # An adapter in an extension asks the API in the place of an ordinary server.
        return
    if is_open(view):
        absent = ", ".join(view.stack.open) or "another layer"
        yield Unsure(
            "who serves the Runtime API", f"an extension in {absent} could do it", subject, hit.node.entry.path
        )
        return
    yield Fault(
        f"a {kind} that never mentions AWS_LAMBDA_RUNTIME_API, so it cannot ask for events: Runtime.ExitError",
        subject,
        hit.node.entry.path,
        "Build it with the runtime client of its language (github.com/aws/aws-lambda-go/lambda, Rust's lambda_runtime, "
        "aws-lambda-cpp), or let it ask for events:\n"
        'curl -sS "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"',
        confidence=Confidence.LIKELY,
    )


@rule(
    "LC567",
    "unusable-bootstrap",
    Severity.ERROR,
    "target",
    what="bootstrap is neither an ELF program nor a script with a #! line: an archive, a directory, an object file.",
    why="Lambda starts bootstrap as a program: 'fork/exec /var/task/bootstrap: exec format error'; for a directory "
    "'Couldn't find valid bootstrap(s)' (Runtime.InvalidEntrypoint).",
    fix="Put the program itself there, or begin the script with #!/bin/sh.",
    example="bootstrap is the zip that holds the program",
    sources=(_CUSTOM, "man 2 execve, ENOEXEC"),
)
def UNUSABLE_BOOTSTRAP(view: TargetView) -> Iterator[Fault]:
    function = view.stack.function
    if view.runtime.language != "provided":
        return
    if function is not None and function.shape.below("bootstrap") and not _bootstraps(view.stack):
        if _other_program(function) is None:
            yield Fault(
                "a directory, and the runtime starts a file of that name: Couldn't find valid bootstrap(s)",
                function,
                "bootstrap",
                "Name the program itself bootstrap, at the root of the zip:\nzip function.zip bootstrap",
            )
        return
    hit = _started_bootstrap(view)
    if hit is None or hit.node.entry is None or hit.node.entry.size < 0:
        return
    fact = hit.node.facts or Facts()
    problem = _unusable(fact, hit.node.entry.size)
    if problem is not None:
        words, fix = problem
        subject = view.subject_of(hit.node.mount)
        yield Fault(
            f"{words}: exec format error; {view.runtime.identifier} starts it as a program",
            subject,
            hit.node.entry.path,
            fix,
        )


def _unusable(fact: Facts, size: int) -> tuple[str, str] | None:
    """(what it is, what to do), or None for what could start; wrong machines and damage have rules of their own."""
    image = fact.elf
    if isinstance(image, ElfImage):
        if image.type == 1:
            return "an object file, not linked into a program", "Link it: leave -c out of the compiler's command."
        if image.type == 3 and not image.is_program and image.soname is not None:
            return f"a shared library ({image.soname}), not a program", "Build a program, not a library."
        return None
    if image is not None or fact.first_line is not None:
        return None
    if fact.foreign is not None:
        if not fact.foreign.managed:
            return None
        return ".NET code, which is no Linux program", "dotnet publish -c Release -r linux-x64 --self-contained"
    if fact.magic is not None:
        return f"a {fact.magic} file, not a program", "Unpack it, and name the program in it bootstrap."
    if not size:
        return "empty (0 bytes)", "Build it again, and look at the size of what is zipped:\nunzip -l function.zip"
    return (
        "neither an ELF program nor a script with a #! line",
        "If it is a shell script, let it begin with a #! line:\nsed -i '1i #!/bin/sh' bootstrap",
    )


RULES = (
    BOOTSTRAP_MISSING,
    BOOTSTRAP_MISNAMED,
    CRLF_SCRIPT,
    NOT_A_RUNTIME_CLIENT,
    EXTENSION_NOT_STARTABLE,
    UNUSABLE_BOOTSTRAP,
)
