"""The totals of the text report: what each artifact adds, and what is left of Lambda's limit."""

from __future__ import annotations

from collections import Counter

from ..finding import ArtifactSummary, Report
from .order import id_order
from .page import Page, Part
from .words import Names, human

_NEAR = 0.8
_PACKAGES_SHOWN = 6
_STACKS_SHOWN = 3


def write_totals(page: Page, report: Report, names: Names, *, verbose: bool) -> None:
    """One table for each set of artifacts that is deployed together; of many, the fullest unless ``verbose``."""
    stacks = _stacks(report)
    shown = stacks
    if len(stacks) > _STACKS_SHOWN and not verbose:
        shown = sorted(stacks, key=lambda stack: -_total(stack[0]))[:_STACKS_SHOWN]
    for artifacts, is_open in shown:
        page.gap()
        limit = f"{report.limit_bytes:,} bytes ({report.limit_bytes / 2**20:.0f} MiB)"
        page.paragraph(("unzipped size", "bold"), f"  the limit is {limit}", hang=2)
        page.table(_rows(artifacts, report.limit_bytes, is_open), right=(1, 2, 3))
        _write_packages(page, artifacts, report.limit_bytes, names)
    if len(shown) < len(stacks):
        page.gap()
        page.paragraph(f"… and {len(stacks) - len(shown)} more deployments, none of them larger (-v shows all)", hang=2)


def _stacks(report: Report) -> list[tuple[list[ArtifactSummary], bool]]:
    """What is deployed together, each set once and in the order of the targets, and whether parts are not at hand."""
    artifacts = {artifact.id: artifact for artifact in sorted(report.artifacts, key=lambda item: id_order(item.id))}
    stacks: dict[tuple[str, ...], bool] = {}
    for target in sorted(report.targets, key=lambda target: id_order(target.id)):
        ids = tuple(dict.fromkeys(part for part in (target.function, *target.layers) if part in artifacts))
        if ids:
            stacks[ids] = stacks.get(ids, False) or bool(target.open)
    deployed = {identifier for ids in stacks for identifier in ids}
    for identifier in artifacts:
        if identifier not in deployed:
            stacks[(identifier,)] = False
    return [([artifacts[identifier] for identifier in ids], is_open) for ids, is_open in stacks.items()]


def _rows(artifacts: list[ArtifactSummary], limit: int, is_open: bool) -> list[list[Part]]:
    total = _total(artifacts)
    rows = [_row(artifact.path, artifact.unzipped_bytes, limit) for artifact in artifacts]
    rows.append(_row("total, at least" if is_open else "total", total, limit, "bold"))
    rows.append(_left(total, limit, is_open))
    if any(artifact.followed_bytes is not None for artifact in artifacts):
        followed = _followed(artifacts)
        rows.append(_row("total, links stored as copies", followed, limit, "bold"))
        rows.append(_left(followed, limit, is_open))
    return rows


def _total(artifacts: list[ArtifactSummary]) -> int:
    return sum([artifact.unzipped_bytes for artifact in artifacts])


def _followed(artifacts: list[ArtifactSummary]) -> int:
    sizes = [(artifact.unzipped_bytes, artifact.followed_bytes) for artifact in artifacts]
    return sum([unzipped if followed is None else followed for unzipped, followed in sizes])


def _left(total: int, limit: int, is_open: bool) -> list[Part]:
    if total > limit:
        return _row("over by", total - limit, limit, "bold red")
    return _row("left, at most" if is_open else "left", limit - total, limit)


def _row(label: str, size: int, limit: int, style: str = "") -> list[Part]:
    share = f"{100 * size / limit:.1f} %" if limit else ""
    return [(label, style), (f"{size:,} bytes", style), (human(size), style), (share, style)]


def _write_packages(page: Page, artifacts: list[ArtifactSummary], limit: int, names: Names) -> None:
    if max(_total(artifacts), _followed(artifacts)) <= _NEAR * limit:
        return
    sizes: Counter[str] = Counter()
    for artifact in artifacts:
        for name, size in artifact.packages:
            sizes[name if len(artifacts) == 1 else f"{name} ({names.artifact(artifact.id)})"] += size
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_PACKAGES_SHOWN]
    if largest:
        packages = ", ".join(f"{name} {human(size)}" for name, size in largest)
        page.paragraph(f"largest: {packages}", indent=2, hang=2)
