"""What a report says of an artifact as such."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import SYMLINK
from ..elf import ElfImage, detect_libc
from ..environment import limits
from ..finding import ArtifactSummary, Linkage
from ..rules import Subject


def summary(subject: Subject) -> ArtifactSummary:
    """Sizes, counts and digests of one artifact in its role."""
    artifact = subject.artifact
    links = any(entry.kind == SYMLINK for entry in artifact.entries)
    near = artifact.unzipped_bytes > limits().unzipped_total_bytes * 8 // 10
    packages = [(p.name, count) for p, count in subject.packages.sizes()[:12]] if near else []
    return ArtifactSummary(
        id=subject.id,
        kind=subject.kind,
        form=artifact.form,
        path=artifact.name,
        code_sha256=artifact.code_sha256,
        content_sha256=artifact.content_sha256,
        zip_bytes=artifact.zip_bytes,
        unzipped_bytes=artifact.unzipped_bytes,
        files=artifact.files,
        elf_files=sum([isinstance(fact.elf, ElfImage) for fact in artifact.facts.values()]),
        kind_reason=subject.kind_reason,
        followed_bytes=artifact.followed_bytes() if links else None,
        packages=tuple(packages),
        linkage=tuple(_linkage(subject)),
    )


def _linkage(subject: Subject) -> Iterator[Linkage]:
    """For which C library the ELF files are made, the most frequent first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path, fact in subject.artifact.facts.items():
        if isinstance(fact.elf, ElfImage) and fact.elf.type in (2, 3):
            libc = detect_libc(fact.elf)
            found.setdefault(libc.kind, []).append((path, libc.evidence))
    for kind, files in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        path, evidence = min(files)
        yield Linkage(kind, len(files), path, evidence)
