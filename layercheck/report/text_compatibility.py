"""The answer when no target was given, as text: where the artifact works, and what stops it elsewhere."""

from __future__ import annotations

from ..finding import Report
from .compatibility import Cell, declarations, declared, example, reasons, table
from .page import Page, Part

_STYLES = {True: "green", False: "red", None: ""}


def write_compatibility(page: Page, report: Report, *, verbose: bool) -> None:
    """A row a runtime, a column an architecture; then what may be declared."""
    if report.targets:
        page.gap()
        page.table(_rows(report), indent=0)
        if not verbose:
            _write_reasons(page, report)
    page.gap()
    _write_declaration(page, report)


def _rows(report: Report) -> list[list[Part]]:
    made = table(report)
    rows: list[list[Part]] = [[("runtime", "bold"), *[(name, "bold") for name in made.architectures], ""]]
    rows += [[row.runtime, *map(_part, row.cells), row.state] for row in made.rows]
    return rows


def _part(cell: Cell) -> Part:
    return cell.text, _STYLES[cell.works]


def _write_reasons(page: Page, report: Report) -> None:
    """What stands behind the rule ids of the table, one line or two a rule."""
    told = reasons(report)
    if not told:
        return
    page.gap()
    for reason in told:
        page.paragraph((f"{reason.rule} {reason.name}", "bold"), f" ({reason.where}): {reason.message}", hang=2)
    if (one := example(report)) is not None:
        page.paragraph(f"-r {one.runtime} -a {one.architecture} tells all about one of them, -v about all.")


def _write_declaration(page: Page, report: Report) -> None:
    found = declarations(report)
    if not found:
        page.paragraph("It works on no runtime that AWS still supports, so none may be declared.")
        return
    layer = any(artifact.kind == "layer" for artifact in report.artifacts)
    page.paragraph("may be declared:" if layer else "may be chosen for the function:")
    for runtimes, names in found:
        if layer:
            page.verbatim(declared(runtimes, names), indent=2)
        else:
            page.paragraph(f"{' and '.join(names)}: {', '.join(runtimes)}", indent=2, hang=2)
