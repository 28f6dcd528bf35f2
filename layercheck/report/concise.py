"""One line a finding, as compilers write them: for editors, grep and logs."""

from __future__ import annotations

from ..finding import Finding, Remark, Report
from .escape import harmless_line, visible
from .order import finding_order, remark_order
from .words import Names, remark_place, tally


def render(report: Report) -> str:
    """``layer.zip:python/x.so: LC301 error: fact [wrong-architecture]``, the targets where not all; then the counts."""
    names = Names(report)
    lines = [_line(finding, names) for finding in sorted(report.findings, key=finding_order)]
    lines += [_remark(remark) for remark in sorted(report.remarks, key=remark_order)]
    lines.append(tally(report))
    return "\n".join([harmless_line(visible(line)) for line in lines]) + "\n"


def _remark(remark: Remark) -> str:
    return f"{remark_place(remark)}: {remark.severity.value}: {remark.message} [{remark.kind}]"


def _line(finding: Finding, names: Names) -> str:
    where = names.concerned([finding])
    return (
        f"{names.place(finding)}: {finding.rule} {finding.severity.value}: {finding.fact or finding.message}"
        f" [{finding.name}]" + (f" ({where})" if where else "")
    )
