"""The totals of the text report: what each artifact adds, and what is left of Lambda's limit."""

from __future__ import annotations

from collections import Counter

from ..finding import Report
from .page import Page, Part
from .totals import Stack, bar, fullest, share, stacks
from .words import Names, human

_NEAR = 0.8
_PACKAGES_SHOWN = 6
_STACKS_SHOWN = 3
_ROWS_SHOWN = 8
_COLUMNS = 62
"""What the columns beside a path take at most, a bar among them."""


def write_totals(page: Page, report: Report, names: Names, *, verbose: bool) -> None:
    """One table for each set of artifacts that is deployed together; of many, the fullest unless ``verbose``."""
    found = stacks(report)
    if len(found) > 1 and all(_is_plain(stack, report.limit_bytes) for stack in found):
        _write_together(page, found, report.limit_bytes, verbose)
        return
    shown = found if verbose else fullest(found, _STACKS_SHOWN)
    for stack in shown:
        page.gap()
        taken = f"{share(stack.total, report.limit_bytes)} of {report.limit_bytes:,} bytes"
        page.paragraph(
            ("unzipped size", "bold"),
            "  ",
            (bar(stack.total, report.limit_bytes), _style(stack.total, report.limit_bytes)),
            f"  {taken} ({report.limit_bytes / 2**20:.0f} MiB)",
            hang=2,
        )
        page.table(_rows(stack, report.limit_bytes), right=(1, 2, 3))
        _write_packages(page, stack, report.limit_bytes, names)
    if len(shown) < len(found):
        page.gap()
        page.paragraph(f"… and {len(found) - len(shown)} more deployments, none of them larger (-v shows all)", hang=2)


def _is_plain(stack: Stack, limit: int) -> bool:
    """Whether one row says all: one artifact, nothing unknown, and far from the limit."""
    single = len(stack.artifacts) == 1 and not stack.is_open and stack.followed is None
    return single and stack.total <= _NEAR * limit


def _write_together(page: Page, found: list[Stack], limit: int, verbose: bool) -> None:
    shown = found if verbose else fullest(found, _ROWS_SHOWN)
    page.gap()
    page.paragraph(("unzipped sizes", "bold"), f"  of {limit:,} bytes ({limit / 2**20:.0f} MiB)", hang=2)
    rows = [_row(stack.artifacts[0].path, stack.total, limit) for stack in shown]
    # Where there is room: a path that is folded cannot be copied.
    if max([len(stack.artifacts[0].path) for stack in shown]) + _COLUMNS <= page.width:
        rows = [[*row, bar(stack.total, limit)] for row, stack in zip(rows, shown, strict=True)]
    page.table(rows, right=(1, 2, 3))
    if len(shown) < len(found):
        page.paragraph(f"… and {len(found) - len(shown)} more, none of them larger (-v shows all)", indent=2, hang=2)


def _rows(stack: Stack, limit: int) -> list[list[Part]]:
    total = stack.total
    rows = [_row(artifact.path, artifact.unzipped_bytes, limit) for artifact in stack.artifacts]
    if len(rows) > 1 or stack.is_open:
        rows.append(_row("total, at least" if stack.is_open else "total", total, limit, "bold"))
    rows.append(_left(total, limit, stack.is_open))
    if (followed := stack.followed) is not None:
        rows.append(_row("total, links stored as copies", followed, limit, "bold"))
        rows.append(_left(followed, limit, stack.is_open))
    return rows


def _style(size: int, limit: int) -> str:
    if size > limit:
        return "bold red"
    return "yellow" if size > _NEAR * limit else "green"


def _left(total: int, limit: int, is_open: bool) -> list[Part]:
    if total > limit:
        return _row("over by", total - limit, limit, "bold red")
    return _row("left, at most" if is_open else "left", limit - total, limit)


def _row(label: str, size: int, limit: int, style: str = "") -> list[Part]:
    return [(label, style), (f"{size:,} bytes", style), (human(size), style), (share(size, limit), style)]


def _write_packages(page: Page, stack: Stack, limit: int, names: Names) -> None:
    if max(stack.total, stack.followed or 0) <= _NEAR * limit:
        return
    sizes: Counter[str] = Counter()
    for artifact in stack.artifacts:
        for name, size in artifact.packages:
            sizes[name if len(stack.artifacts) == 1 else f"{name} ({names.artifact(artifact.id)})"] += size
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_PACKAGES_SHOWN]
    if largest:
        packages = ", ".join(f"{name} {human(size)}" for name, size in largest)
        page.paragraph(f"largest: {packages}", indent=2, hang=2)
