"""LC701: a function and its layers that a template declares for different targets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..elf import ElfImage, machine_name
from ..finding import Severity
from .base import Fault, Subject, TargetView, rule


@rule(
    "LC701",
    "target-disagreement",
    Severity.WARNING,
    "target",
    what="A layer is declared for other runtimes or architectures than the function that uses it.",
    why="Lambda attaches it all the same, and what is compiled in it does not load. It is an error where the layer's "
    "files contradict the function too.",
    fix="Build the layer for the function's runtime and architecture, and declare that; or attach another layer.",
    example="Architectures: [arm64] with a layer of CompatibleArchitectures: [x86_64]",
    sources=(
        "https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html",
        "https://github.com/aws/aws-sam-cli/issues/3747",
    ),
)
def TARGET_DISAGREEMENT(view: TargetView) -> Iterator[Fault]:
    if view.stack.function is None:
        return
    for subject in view.stack.subjects:
        said = view.stack.declared.get(subject.id)
        if said is None:
            continue
        runtime, architecture = view.runtime.identifier, view.environment.architecture
        if said.architectures and architecture not in said.architectures:
            built = _machines(subject)
            yield Fault(
                f"the function is for {architecture}, its layer {said.title} is declared for "
                f"{' and '.join(said.architectures)}",
                subject,
                fix=_fix(said.title),
                severity=Severity.ERROR if built and architecture not in built else None,
                details={"layer": said.title, "declared": list(said.architectures), "function": architecture},
            )
        if said.runtimes and runtime not in said.runtimes:
            yield Fault(
                f"the function is for {runtime}, its layer {said.title} is declared for {', '.join(said.runtimes)}",
                subject,
                fix=_fix(said.title),
                severity=Severity.ERROR if _other_python(view, subject) else None,
                details={"layer": said.title, "declared": list(said.runtimes), "function": runtime},
            )


def _fix(title: str) -> str:
    return f"Build {title} for the function's target and declare it, or give the function another layer."


def _machines(subject: Subject) -> set[str]:
    """The architectures of the layer's programs and libraries."""
    images = [facts.elf for facts in subject.artifact.facts.values()]
    return {machine_name(i.machine, i.bits) for i in images if isinstance(i, ElfImage) and i.type in (2, 3)}


def _other_python(view: TargetView, subject: Subject) -> bool:
    """Whether its extension modules are all for another Python than the function's."""
    if view.runtime.language != "python":
        return False
    wanted = view.runtime.identifier.removeprefix("python").replace(".", "")
    versions = {match[1] for path in subject.artifact.facts if (match := re.search(r"\.cpython-(\d+)-", path))}
    return bool(versions) and wanted not in versions


RULES = (TARGET_DISAGREEMENT,)
