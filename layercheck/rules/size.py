"""LC201 to LC206: what Lambda takes, in bytes and in layers."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import FILE
from ..finding import Confidence, Severity
from ..named_tuple import TYPE_CHECKING
from .base import ArtifactView, Fault, StackView, Subject, rule, zip_again
from .modes import debris

if TYPE_CHECKING:
    from typing import Any

_QUOTAS = "AWS Lambda developer guide, Lambda quotas"
_IMAGE_LIMIT = 10 * 1000**3
_WORTH_TELLING = 1 << 20
"""Bytes of duplicates below which nobody wants to hear of them."""


def total_bytes(view: StackView) -> int:
    """Unzipped bytes of everything at hand that the function loads."""
    return sum(subject.artifact.unzipped_bytes for subject in view.subjects)


def _mb(count: int) -> str:
    return f"{count:,} bytes ({count / 1e6:.1f} MB)"


def _parts(view: StackView) -> str:
    return ", ".join(f"{s.artifact.name} {_mb(s.artifact.unzipped_bytes)}" for s in view.subjects)


@rule(
    "LC201",
    "unzipped-limit",
    Severity.ERROR,
    "stack",
    what="The function and all its layers together are larger than 262,144,000 bytes unzipped.",
    why="Lambda refuses the upload or the attachment: 'Unzipped size must be smaller than 262144000 bytes', or "
    "'Function code combined with layers exceeds the maximum allowed size'. The number in the message is what the "
    "other parts leave over.",
    fix="Drop what is not used (the report names the largest packages and what could go), or use a container image "
    "(10 GB).",
    example="layer.zip: 283,411,120 bytes of 262,144,000",
    sources=(_QUOTAS, "https://github.com/aws-samples/serverless-pdf-chat/issues/51"),
)
def UNZIPPED_LIMIT(view: StackView) -> Iterator[Fault]:
    limit = view.settings.limits.unzipped_total_bytes
    total = total_bytes(view)
    subject = view.subjects[0] if len(view.subjects) == 1 else None
    if total > limit:
        least = "at least " if view.open else ""
        yield Fault(
            f"{least}{_mb(total)} unzipped, {_mb(total - limit)} above Lambda's limit of {limit:,}: {_parts(view)}",
            subject,
            fix=_advice(view, total, limit),
            details=_dominating(view, total, limit),
        )
        return
    followed = sum(s.artifact.followed_bytes() for s in view.subjects if _may_follow(s)) + sum(
        s.artifact.unzipped_bytes for s in view.subjects if not _may_follow(s)
    )
    follows = view.settings.follows_links
    if followed > limit and follows is not False:
        told = f"as {view.settings.packager} stores copies" if follows else "if the packager stores copies"
        yield Fault(
            f"{_mb(total)} with symlinks kept, but {_mb(followed)} {told} instead, "
            f"{_mb(followed - limit)} above Lambda's limit of {limit:,}",
            subject,
            fix="Keep the links when zipping (sam package and CDK follow them):\n" + zip_again(subject),
            severity=Severity.ERROR if follows else Severity.WARNING,
            confidence=None if follows else Confidence.LIKELY,
            details={"kept_bytes": total, "followed_bytes": followed},
        )


def _may_follow(subject: Subject) -> bool:
    return subject.artifact.form == "directory"


def _largest(view: StackView) -> list[tuple[str, int]]:
    sizes: dict[str, int] = {}
    for subject in view.subjects:
        for package, count in subject.packages.sizes():
            sizes[package.name] = sizes.get(package.name, 0) + count
    return sorted(sizes.items(), key=lambda item: (-item[1], item[0]))


def _removable(view: StackView) -> dict[str, int]:
    found: dict[str, int] = {}
    for subject in view.subjects:
        for what, (_, count) in debris(subject).items():
            found[what] = found.get(what, 0) + count
        wasted = sum(size * (len(paths) - 1) for size, paths in duplicates(subject))
        found["duplicates"] = found.get("duplicates", 0) + wasted
    return {what: count for what, count in found.items() if count}


def _dominating(view: StackView, total: int, limit: int) -> dict[str, Any]:
    removable = _removable(view)
    return {
        "total_bytes": total,
        "over_bytes": total - limit,
        "largest": [{"name": name, "bytes": count} for name, count in _largest(view)[:10]],
        "removable": dict(sorted(removable.items())),
        "container_image": total - sum(removable.values()) > limit,
    }


def _advice(view: StackView, total: int, limit: int) -> str:
    largest = _largest(view)
    removable = _removable(view)
    saved = sum(removable.values())
    lines = ["largest: " + ", ".join(f"{name} {count / 1e6:.1f} MB" for name, count in largest[:6])]
    if saved:
        lines.append("could go: " + ", ".join(f"{w} {c / 1e6:.1f} MB" for w, c in sorted(removable.items())))
    if total - saved <= limit:
        lines.append("Without that it fits.")
    elif total <= _IMAGE_LIMIT:
        lines.append(
            "Even without that it does not fit: leave out a package, or deploy a container image (up to 10 GB) "
            "instead of zip archives."
        )
    else:
        lines.append("It is too large for a container image too (10 GB).")
    return "\n".join(lines)


@rule(
    "LC202",
    "direct-upload-limit",
    Severity.INFO,
    "artifact",
    what="The archive is larger than 50 MB and cannot be uploaded in the request itself.",
    why="Lambda answers 'Request must be smaller than 69905067 bytes'. Through S3 there is no such limit.",
    fix="Upload it to S3 and name bucket and key.",
    example="layer.zip: 58,407,048 bytes zipped",
    sources=(_QUOTAS, "https://github.com/localstack/localstack/issues/2990"),
)
def DIRECT_UPLOAD_LIMIT(view: ArtifactView) -> Iterator[Fault]:
    size, limit = view.subject.artifact.zip_bytes, view.settings.limits.direct_upload_bytes
    if size is not None and size > limit:
        direct = view.settings.upload == "direct"
        yield Fault(
            f"{_mb(size)} zipped: more than the {limit:,} bytes that one request takes, so it must go through S3",
            view.subject,
            fix="aws s3 cp layer.zip s3://BUCKET/layer.zip\n"
            "aws lambda publish-layer-version --layer-name NAME --content S3Bucket=BUCKET,S3Key=layer.zip",
            severity=Severity.ERROR if direct else None,
        )


@rule(
    "LC203",
    "too-many-layers",
    Severity.ERROR,
    "stack",
    what="More than five layers on one function.",
    why="Lambda takes five at most.",
    fix="Put several libraries into one layer; a layer for each library brings nothing.",
    example="6 layers",
    sources=(_QUOTAS,),
)
def TOO_MANY_LAYERS(view: StackView) -> Iterator[Fault]:
    limit = view.settings.limits.layers_per_function
    if view.layer_count > limit:
        yield Fault(
            f"{view.layer_count} layers; a function takes at most {limit}",
            fix="Merge layers: unpack them into one folder in order, and zip that.",
        )


@rule(
    "LC204",
    "near-limit",
    Severity.INFO,
    "stack",
    what="More than 90 % of the unzipped limit is used.",
    why="The next release of a dependency may not fit any more.",
    fix="See what the largest packages are, and plan ahead.",
    example="243,312,004 bytes of 262,144,000",
    sources=(_QUOTAS,),
)
def NEAR_LIMIT(view: StackView) -> Iterator[Fault]:
    limit, total = view.settings.limits.unzipped_total_bytes, total_bytes(view)
    if limit * 9 // 10 < total <= limit:
        yield Fault(
            f"{_mb(total)} unzipped, {100 * total / limit:.0f} % of Lambda's limit; {_mb(limit - total)} are left",
            view.subjects[0] if len(view.subjects) == 1 else None,
            fix="largest: " + ", ".join(f"{name} {count / 1e6:.1f} MB" for name, count in _largest(view)[:6]),
        )


def duplicates(subject: Subject) -> list[tuple[int, list[str]]]:
    """Groups of files of one size and CRC-32, as (size in bytes, paths); the most wasteful first."""
    groups: dict[tuple[int, int], list[int]] = {}
    entries = subject.artifact.entries
    for index, entry in enumerate(entries):
        if entry.kind == FILE and entry.size > 4096:
            key = subject.artifact.content_key(index)
            if key is not None:
                groups.setdefault(key, []).append(index)
    found = [(entries[g[0]].size, sorted(entries[i].path for i in g)) for g in groups.values() if len(g) > 1]
    return sorted(found, key=lambda item: (-item[0] * (len(item[1]) - 1), item[1]))


@rule(
    "LC205",
    "duplicate-content",
    Severity.INFO,
    "stack",
    what="The same bytes are stored under several names.",
    why="They count several times against the limit. Often a packager followed symlinks: libX.so, libX.so.1 and "
    "libX.so.1.2 become three copies.",
    fix="Keep symlinks as links: zip -y.",
    example="lib/libgdal.so.26, lib/libgdal.so: 36.1 MB twice",
    sources=("https://github.com/developmentseed/geolambda/pull/90", "https://github.com/brefphp/bref/pull/509"),
)
def DUPLICATE_CONTENT(view: StackView) -> Iterator[Fault]:
    limit, total = view.settings.limits.unzipped_total_bytes, total_bytes(view)
    for subject in view.subjects:
        groups = duplicates(subject)
        wasted = sum(size * (len(paths) - 1) for size, paths in groups)
        breaks = total > limit >= total - wasted
        if wasted < _WORTH_TELLING and not breaks:
            continue
        links = any(".so" in path for _, paths in groups[:5] for path in paths)
        yield Fault(
            f"{_mb(wasted)} are copies of other files in it"
            + ("; without them the limit would hold" if breaks else ""),
            subject,
            groups[0][1][0],
            "Store links as links, not as copies:\n" + zip_again(subject) if links else None,
            Severity.WARNING if breaks else None,
            details={"wasted_bytes": wasted, "groups": [{"bytes": s, "files": p[:10]} for s, p in groups[:10]]},
        )


@rule(
    "LC206",
    "budget-exceeded",
    Severity.ERROR,
    "stack",
    what="The artifact is larger than your own budget (--max-zip, --max-unzipped).",
    why="You asked for it: a budget tells of growth long before Lambda's limit does.",
    fix="Make it smaller, or raise the budget on purpose.",
    example="layer.zip: 58,407,048 bytes zipped, budget 50,000,000",
    sources=("layercheck's own option",),
)
def BUDGET_EXCEEDED(view: StackView) -> Iterator[Fault]:
    budget, total = view.settings.max_unzipped, total_bytes(view)
    if budget is not None and total > budget:
        yield Fault(f"{_mb(total)} unzipped; the budget is {budget:,}", details={"budget": budget, "bytes": total})
    for subject in view.subjects:
        size, budget = subject.artifact.zip_bytes, view.settings.max_zip
        if size is not None and budget is not None and size > budget:
            yield Fault(
                f"{_mb(size)} zipped; the budget is {budget:,}", subject, details={"budget": budget, "bytes": size}
            )


RULES = (UNZIPPED_LIMIT, DIRECT_UPLOAD_LIMIT, TOO_MANY_LAYERS, NEAR_LIMIT, DUPLICATE_CONTENT, BUDGET_EXCEEDED)
