"""The answer when no target was given: where the artifact works, and what stops it elsewhere."""

from __future__ import annotations

from collections import Counter

from ..finding import Finding, Report, Severity, Target
from .order import finding_order, id_order, runtime_family, runtime_version
from .page import Page, Part
from .words import plural


def write_compatibility(page: Page, report: Report, *, verbose: bool) -> None:
    """A row a runtime, a column an architecture; then what may be declared."""
    if report.targets:
        page.gap()
        page.table(_table(report), indent=0)
        _write_reasons(page, report, verbose)
    page.gap()
    _write_declaration(page, report)


def _write_reasons(page: Page, report: Report, verbose: bool) -> None:
    """What stands behind the rule ids of the table, one line or two a rule."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in sorted(report.findings, key=finding_order):
        if finding.targets and finding.severity is not Severity.INFO:
            by_rule.setdefault(finding.rule, []).append(finding)
    if not by_rule or verbose:
        return
    page.gap()
    supported = {target.id: place for place, target in enumerate(report.targets) if target.state == "supported"}
    for rule, findings in sorted(by_rule.items(), key=lambda item: (item[1][0].severity.rank, item[0])):
        # The newest runtime that it concerns speaks for all.
        head = min(findings, key=lambda f: min([supported.get(target, len(report.targets)) for target in f.targets]))
        paths = {finding.path for finding in findings}
        stopped = {target for finding in findings for target in finding.targets}
        where = f" ({plural(len(paths), 'file')}, {plural(len(stopped), 'target')})"
        page.paragraph((f"{rule} {head.name}", "bold"), f"{where}: {head.message}", hang=2)
    stopped_targets = [target for target in report.targets if not target.passed] or list(report.targets)
    example = min(stopped_targets, key=lambda target: target.state != "supported")
    page.paragraph(f"-r {example.runtime} -a {example.architecture} tells all about one of them, -v about all.")


def _table(report: Report) -> list[list[Part]]:
    targets = sorted(report.targets, key=lambda target: id_order(target.id))
    architectures = list(dict.fromkeys(target.architecture for target in targets))
    cells: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        cells.setdefault((target.runtime, target.architecture), []).append(target)
    states = {target.runtime: target.state for target in targets}
    counts = _Counts(report)
    rows: list[list[Part]] = [[("runtime", "bold"), *[(name, "bold") for name in architectures], ""]]
    for runtime in _newest_first(list(states)):
        judged = [cells.get((runtime, architecture), []) for architecture in architectures]
        state = states[runtime]
        rows.append([runtime, *map(counts.cell, judged), "" if state == "supported" else state])
    return rows


def _newest_first(runtimes: list[str]) -> list[str]:
    """Families in the order in which they came, the newest of each first."""
    families = {family: rank for rank, family in reversed(list(enumerate(map(runtime_family, runtimes))))}
    newest = sorted(runtimes, key=runtime_version, reverse=True)
    return sorted(newest, key=lambda runtime: families[runtime_family(runtime)])


class _Counts:
    """How often each rule speaks on each target; what does not depend on the target is counted once for all."""

    def __init__(self, report: Report) -> None:
        self._everywhere: dict[Severity, Counter[str]] = {severity: Counter() for severity in Severity}
        self._on: dict[tuple[str, Severity], Counter[str]] = {}
        for finding in report.findings:
            if not finding.targets:
                self._everywhere[finding.severity][finding.rule] += 1
            for target in finding.targets:
                self._on.setdefault((target, finding.severity), Counter())[finding.rule] += 1

    def cell(self, targets: list[Target]) -> Part:
        """What is said of one runtime on one architecture, for all that is deployed there."""
        if not targets:
            return "-"
        warnings = self._rules(targets, Severity.WARNING)
        if all(target.passed for target in targets):
            count = sum(warnings.values())
            return ("works" + (f" ({plural(count, 'warning')})" if count else ""), "green")
        # Without an error the threshold was lowered, and it is a warning or an info that stops it.
        stopping = self._rules(targets, Severity.ERROR) or warnings or self._rules(targets, Severity.INFO)
        return (" ".join(sorted(stopping)) or "fails", "red")

    def _rules(self, targets: list[Target], severity: Severity) -> Counter[str]:
        rules = Counter(self._everywhere[severity])
        for target in targets:
            rules.update(self._on.get((target.id, severity), {}))
        return rules


def _write_declaration(page: Page, report: Report) -> None:
    architectures: dict[tuple[str, ...], list[str]] = {}
    for item in sorted(report.compatibility, key=lambda item: item.architecture, reverse=True):
        if item.runtimes:
            architectures.setdefault(item.runtimes, []).append(item.architecture)
    if not architectures:
        page.paragraph("It works on no runtime that AWS still supports, so none may be declared.")
        return
    layer = any(artifact.kind == "layer" for artifact in report.artifacts)
    page.paragraph("may be declared:" if layer else "may be chosen for the function:")
    for runtimes, names in architectures.items():
        if layer:
            declared = f"--compatible-runtimes {' '.join(runtimes)} --compatible-architectures {' '.join(names)}"
            page.verbatim(declared, indent=2)
        else:
            page.paragraph(f"{' and '.join(names)}: {', '.join(runtimes)}", indent=2, hang=2)
