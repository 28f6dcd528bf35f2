"""What the user's decisions did, in the text report: how much is suppressed and by what, and what to do about them."""

from __future__ import annotations

from ..finding import Report
from .order import finding_order, remark_order
from .page import Page
from .words import SUPPRESSED_BY, Names, plural, remark_place, suppressed_words

_STYLES = {"error": "red", "warning": "yellow", "info": "cyan"}
_REMARKS_SHOWN = 12


def write_decisions(page: Page, report: Report, names: Names, *, verbose: bool) -> None:
    """One line that counts what is suppressed, each of it with ``verbose``; then the remarks."""
    if report.suppressed:
        page.gap()
        page.paragraph(("suppressed", "bold"), f"  {suppressed_words(report)}", hang=2)
        if verbose:
            for item in sorted(report.suppressed, key=lambda item: finding_order(item.finding)):
                found = item.finding
                reason = f" ({item.reason})" if item.reason is not None else ""
                page.paragraph(f"{found.rule} {names.place(found)}: {SUPPRESSED_BY[item.by]}{reason}", indent=2, hang=2)
    if report.remarks:
        page.gap()
        ordered = sorted(report.remarks, key=remark_order)
        shown = ordered if verbose else ordered[:_REMARKS_SHOWN]
        for remark in shown:
            word = remark.severity.value
            page.paragraph((word, f"bold {_STYLES[word]}"), f" {remark_place(remark)}: {remark.message}", hang=2)
        if len(shown) < len(ordered):
            page.paragraph(f"… and {plural(len(ordered) - len(shown), 'more remark')} (-v shows all)", hang=2)
