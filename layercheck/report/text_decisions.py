"""What the user's decisions did, in the text report: how much is suppressed and by what, and what to do about them."""

from __future__ import annotations

from collections import Counter

from ..finding import Remark, Report
from .order import finding_order, remark_order
from .page import Page
from .words import Names, plural

_WORDS = {
    "ignore": "ignored",
    "severity": "by their severity",
    "path": "ignored at their place",
    "exception": "by an exception",
    "baseline": "in the baseline",
    "confidence": "only likely",
}
_STYLES = {"error": "red", "warning": "yellow", "info": "cyan"}
_REMARKS_SHOWN = 12


def write_decisions(page: Page, report: Report, names: Names, *, verbose: bool) -> None:
    """One line that counts what is suppressed, each of it with ``verbose``; then the remarks."""
    if report.suppressed:
        counts = Counter(item.by for item in report.suppressed)
        parts = [f"{counts[by]:,} {words}" for by, words in _WORDS.items() if by in counts]
        page.gap()
        page.paragraph(("suppressed", "bold"), f"  {len(report.suppressed):,}: {', '.join(parts)}", hang=2)
        if verbose:
            for item in sorted(report.suppressed, key=lambda item: finding_order(item.finding)):
                found = item.finding
                reason = f" ({item.reason})" if item.reason is not None else ""
                page.paragraph(f"{found.rule} {names.place(found)}: {_WORDS[item.by]}{reason}", indent=2, hang=2)
    if report.remarks:
        page.gap()
        ordered = sorted(report.remarks, key=remark_order)
        shown = ordered if verbose else ordered[:_REMARKS_SHOWN]
        for remark in shown:
            word = remark.severity.value
            page.paragraph((word, f"bold {_STYLES[word]}"), f" {_place(remark)}{remark.message}", hang=2)
        if len(shown) < len(ordered):
            page.paragraph(f"… and {plural(len(ordered) - len(shown), 'more remark')} (-v shows all)", hang=2)


def _place(remark: Remark) -> str:
    source = remark.source
    if source is None:
        return ""
    return f"{source.file}: " if source.line is None else f"{source.file}:{source.line}: "
