"""LC561 to LC563: bootstrap of the OS-only runtimes, and scripts that Lambda starts."""

from __future__ import annotations

from collections.abc import Iterator

from ..elf import ElfImage
from ..finding import Severity
from .base import Fault, StackView, Subject, TargetView, quote, rule, zip_again

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


RULES = (BOOTSTRAP_MISSING, BOOTSTRAP_MISNAMED, CRLF_SCRIPT)
