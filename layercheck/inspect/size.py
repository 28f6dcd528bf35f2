"""``layercheck size``: where the unzipped bytes of a deployment go, by package and by kind, against the limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..artifact import DIRECTORY, SYMLINK, Artifact
from ..artifact.packages import Package
from ..check import Options
from ..check.deployment import Deployment
from ..check.options import Input
from ..finding import Unchecked
from ..named_tuple import NamedTuple
from ..rules import Subject
from .contents import Contents
from .opened import Opened

UNREADABLE = ("not-a-zip", "truncated", "bad-central", "too-many", "multi-disk", "count-mismatch")
"""Defects that leave it open what else an archive holds."""
_UNREAD = Package("names that are not read", None, "directory")


class Share(NamedTuple):
    """Files, their unzipped bytes, and their bytes in the archive; None for a directory, which is not packed yet."""

    files: int
    bytes: int
    compressed: int | None


class PackageSize(NamedTuple):
    """What one package of one artifact takes; ``kinds`` are (kind, unzipped bytes), the largest first."""

    artifact: str
    package: Package
    share: Share
    kinds: tuple[tuple[str, int], ...]


class KindSize(NamedTuple):
    """What the files of one kind take in all artifacts; ``kind`` is a key of data/kinds.json."""

    kind: str
    share: Share


class ArtifactSize(NamedTuple):
    """One artifact. ``zip_bytes`` is None for a directory; ``followed_bytes`` what it takes if links become copies."""

    id: str
    path: str
    kind: str
    kind_reason: str
    form: str
    zip_bytes: int | None
    share: Share
    followed_bytes: int | None


class Sizes(NamedTuple):
    """The whole answer. ``open`` names layers that are not at hand: the total is then the least that it can be.

    ``layers`` counts all layers, those not at hand too. Packages and kinds are sorted, the largest first.
    ``max_unzipped`` and ``max_zip`` are the user's own budgets, of the deployment and of each archive.
    """

    artifacts: tuple[ArtifactSize, ...]
    packages: tuple[PackageSize, ...]
    kinds: tuple[KindSize, ...]
    total: int
    limit: int
    layers: int
    open: tuple[str, ...]
    unchecked: tuple[Unchecked, ...]
    max_unzipped: int | None = None
    max_zip: int | None = None

    @property
    def left(self) -> int:
        """Unzipped bytes that are left of the limit; negative when it is exceeded."""
        return self.limit - self.total

    @property
    def exit_code(self) -> int:
        """1 when the deployment is larger than Lambda or a budget takes, or an archive cannot be read; else 0."""
        broken = any(item.what == "its size" for item in self.unchecked)
        return 1 if self.total > self.limit or broken or any(self.over_budget()) else 0

    def over_budget(self) -> Iterator[tuple[str, int, int]]:
        """(what, bytes, budget) of each budget that is exceeded (LC206)."""
        if self.max_unzipped is not None and self.total > self.max_unzipped:
            yield "unzipped", self.total, self.max_unzipped
        for item in self.artifacts:
            if self.max_zip is not None and item.zip_bytes is not None and item.zip_bytes > self.max_zip:
                yield f"{item.path}, zipped", item.zip_bytes, self.max_zip


def size(source: Input, options: Options) -> Sizes:
    """Measure one deployment. Raises OSError for an input that cannot be read, ValueError for a wrong option."""
    with Opened(source, options) as deployment:
        return measure(deployment)


def measure(deployment: Deployment) -> Sizes:
    """The sizes of an open deployment."""
    stack = deployment.stack
    artifacts: list[ArtifactSize] = []
    packages: list[PackageSize] = []
    kinds: dict[str, list[Share]] = {}
    notes: list[Unchecked] = []
    # By number: a1 is the input, whatever lies below it.
    for subject in sorted(stack.subjects, key=lambda item: (len(item.id), item.id)):
        contents = Contents(subject.artifact, subject.packages)
        tallied = _tally(subject.artifact, contents)
        artifacts.append(_artifact(subject, add(tallied.values())))
        by_package: dict[Package, list[tuple[str, Share]]] = {}
        for (package, kind), share in tallied.items():
            by_package.setdefault(package, []).append((kind, share))
            kinds.setdefault(kind, []).append(share)
        for package, shares in by_package.items():
            by_kind = sorted([(kind, share.bytes) for kind, share in shares], key=lambda item: (-item[1], item[0]))
            packages.append(PackageSize(subject.id, package, add(share for _, share in shares), tuple(by_kind)))
        notes += _notes(subject, contents.unread)
    return Sizes(
        artifacts=tuple(artifacts),
        packages=tuple(sorted(packages, key=_order)),
        kinds=tuple(
            sorted(
                [KindSize(kind, add(shares)) for kind, shares in kinds.items()],
                key=lambda item: (-item.share.bytes, item.kind),
            )
        ),
        total=sum([item.share.bytes for item in artifacts]),
        limit=stack.settings.limits.unzipped_total_bytes,
        layers=stack.layer_count,
        open=stack.open,
        unchecked=tuple(notes),
        max_unzipped=stack.settings.max_unzipped,
        max_zip=stack.settings.max_zip,
    )


def _tally(artifact: Artifact, contents: Contents) -> dict[tuple[Package, str], Share]:
    """The bytes of every file, by package and kind."""
    packed = artifact.form != "directory"
    sums: dict[tuple[Package, str], list[int]] = {}
    for entry in artifact.entries:
        if entry.kind == DIRECTORY:
            continue
        found = sums.setdefault((contents.package(entry.path), contents.kind(entry)), [0, 0, 0])
        found[0] += 1
        found[1] += entry.bytes
        found[2] += entry.compressed
    rest = artifact.unzipped_bytes - sum([found[1] for found in sums.values()])
    if rest > 0:
        sums[_UNREAD, "unread"] = [0, rest, 0]
    return {key: Share(files, count, zipped if packed else None) for key, (files, count, zipped) in sums.items()}


def add(shares: Iterable[Share]) -> Share:
    """The sum; its compressed bytes are None where those of any part are."""
    files, count, compressed, known = 0, 0, 0, True
    for share in shares:
        files += share.files
        count += share.bytes
        compressed += share.compressed or 0
        known = known and share.compressed is not None
    return Share(files, count, compressed if known else None)


def _artifact(subject: Subject, share: Share) -> ArtifactSize:
    artifact = subject.artifact
    links = any(entry.kind == SYMLINK for entry in artifact.entries)
    return ArtifactSize(
        id=subject.id,
        path=artifact.name,
        kind=subject.kind,
        kind_reason=subject.kind_reason,
        form=artifact.form,
        zip_bytes=artifact.zip_bytes,
        share=share,
        followed_bytes=artifact.followed_bytes() if links else None,
    )


def _notes(subject: Subject, unread: int) -> list[Unchecked]:
    notes = []
    for defect in subject.artifact.defects:
        if defect.kind in UNREADABLE:
            notes.append(Unchecked("its size", defect.detail, (), subject.id, defect.entry))
        elif defect.kind == "unreadable":
            notes.append(Unchecked("its content", f"cannot be read: {defect.detail}", (), subject.id, defect.entry))
    if subject.artifact.stopped:
        notes.append(Unchecked("the sizes of some files", "they are as the archive declares them", (), subject.id))
    if unread:
        why = "are more, or larger, than are read"
        notes.append(Unchecked("the versions of some npm packages", f"{unread:,} package.json {why}", (), subject.id))
    return notes


def _order(item: PackageSize) -> tuple[object, ...]:
    package = item.package
    return -item.share.bytes, package.name, package.version or "", package.ecosystem, item.artifact
