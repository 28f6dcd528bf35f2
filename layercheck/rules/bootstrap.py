"""LC561 to LC563 and LC566: bootstrap of the OS-only runtimes, and scripts that Lambda starts."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import FILE
from ..elf import ElfImage
from ..finding import Severity
from .base import ArtifactView, Fault, StackView, Subject, TargetView, quote, rule, zip_again

_CUSTOM = "AWS Lambda developer guide, building a custom runtime"


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
)
def BOOTSTRAP_MISSING(view: TargetView) -> Iterator[Fault]:
    function = view.stack.function
    if view.runtime.language != "provided" or function is None or _bootstraps(view.stack):
        return
    if _other_program(function) is None:
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
)
def BOOTSTRAP_MISNAMED(view: TargetView) -> Iterator[Fault]:
    function = view.stack.function
    if view.runtime.language != "provided" or function is None or _bootstraps(view.stack):
        return
    path = _other_program(function)
    if path is not None:
        yield Fault(
            f"the only program, but {view.runtime.identifier} starts /var/task/bootstrap: Runtime.InvalidEntrypoint",
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
                f"its first line ends in CR LF, so the kernel looks for an interpreter named {interpreter!r} followed "
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
    if view.subject.kind != "layer":
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


RULES = (BOOTSTRAP_MISSING, BOOTSTRAP_MISNAMED, CRLF_SCRIPT, EXTENSION_NOT_STARTABLE)
