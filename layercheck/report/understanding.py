"""How the input was understood, in words: what each artifact is, what it is judged for."""

from __future__ import annotations

from ..finding import ArtifactSummary, Target
from .words import Names, human, plural


def artifact_in_words(artifact: ArtifactSummary) -> list[str]:
    """``layer zip (it has python/)``, ``22.9 MB zipped``, ``73.2 MB unzipped``, ``1,063 files``, ``46 ELF files``."""
    reason = f" ({artifact.kind_reason})" if artifact.kind_reason else ""
    sizes = [f"{human(artifact.unzipped_bytes)} unzipped"]
    if artifact.zip_bytes is not None:
        sizes.insert(0, f"{human(artifact.zip_bytes)} zipped")
    counts = [plural(artifact.files, "file"), plural(artifact.elf_files, "ELF file")]
    return [f"{artifact.kind} {artifact.form}{reason}", *sizes, *counts]


def target_in_words(target: Target, names: Names) -> list[str]:
    """``python3.12 on arm64 (as given)``, ``handler app.handler``, and what is special about it."""
    parts = [names.described(target)]
    if target.handler is not None:
        parts.append(f"handler {target.handler}")
    if target.state != "supported":
        parts.append(f"the runtime is {target.state}")
    if target.open:
        parts.append(f"not at hand: {', '.join(sorted(target.open))}")
    return parts
