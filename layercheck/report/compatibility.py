"""The answer when no target was given, for any format: where the artifact works, and what stops it elsewhere."""

from __future__ import annotations

from collections import Counter

from ..finding import Finding, Report, Severity, Target
from ..named_tuple import NamedTuple
from .order import finding_order, id_order, runtime_family, runtime_version
from .words import plural


class Cell(NamedTuple):
    """What is said of one runtime on one architecture; ``works`` None where nothing was judged."""

    text: str
    works: bool | None


class Row(NamedTuple):
    """One runtime, a cell for each architecture; ``state`` is empty for a supported runtime."""

    runtime: str
    cells: tuple[Cell, ...]
    state: str


class Reason(NamedTuple):
    """What stands behind one rule's id in the table; ``where`` counts files and targets."""

    rule: str
    name: str
    where: str
    message: str


class Table(NamedTuple):
    """The table: newest runtime of each family first."""

    architectures: tuple[str, ...]
    rows: tuple[Row, ...]


def table(report: Report) -> Table:
    """A row a runtime, a column an architecture."""
    targets = sorted(report.targets, key=lambda target: id_order(target.id))
    architectures = tuple(dict.fromkeys(target.architecture for target in targets))
    judged: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        judged.setdefault((target.runtime, target.architecture), []).append(target)
    states = {target.runtime: target.state for target in targets}
    counts = _Counts(report)
    rows = []
    for runtime in _newest_first(list(states)):
        cells = [counts.cell(judged.get((runtime, architecture), [])) for architecture in architectures]
        state = states[runtime]
        rows.append(Row(runtime, tuple(cells), "" if state == "supported" else state))
    return Table(architectures, tuple(rows))


def reasons(report: Report) -> list[Reason]:
    """What stands behind the rules' ids in the table, one a rule; the newest runtime concerned speaks for all."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in sorted(report.findings, key=finding_order):
        if finding.targets and finding.severity is not Severity.INFO:
            by_rule.setdefault(finding.rule, []).append(finding)
    supported = {target.id: place for place, target in enumerate(report.targets) if target.state == "supported"}
    last = len(report.targets)
    told = []
    for rule, findings in sorted(by_rule.items(), key=lambda item: (item[1][0].severity.rank, item[0])):
        head = min(findings, key=lambda f: min([supported.get(target, last) for target in f.targets]))
        paths = {finding.path for finding in findings}
        stopped = {target for finding in findings for target in finding.targets}
        where = f"{plural(len(paths), 'file')}, {plural(len(stopped), 'target')}"
        told.append(Reason(rule, head.name, where, head.message))
    return told


def example(report: Report) -> Target | None:
    """A target of which to ask for all that is to be told: one that is stopped, supported if there is such a one."""
    stopped = [target for target in report.targets if not target.passed] or list(report.targets)
    return min(stopped, key=lambda target: target.state != "supported", default=None)


def declarations(report: Report) -> list[tuple[tuple[str, ...], list[str]]]:
    """The runtimes that may be declared, with the architectures they hold for."""
    architectures: dict[tuple[str, ...], list[str]] = {}
    for item in sorted(report.compatibility, key=lambda item: item.architecture, reverse=True):
        if item.runtimes:
            architectures.setdefault(item.runtimes, []).append(item.architecture)
    return list(architectures.items())


def declared(runtimes: tuple[str, ...], architectures: list[str]) -> str:
    """The options of the AWS CLI that declare it."""
    return f"--compatible-runtimes {' '.join(runtimes)} --compatible-architectures {' '.join(architectures)}"


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

    def cell(self, targets: list[Target]) -> Cell:
        """What is said of one runtime on one architecture, for all that is deployed there."""
        if not targets:
            return Cell("-", None)
        warnings = self._rules(targets, Severity.WARNING)
        if all(target.passed for target in targets):
            count = sum(warnings.values())
            return Cell("works" + (f" ({plural(count, 'warning')})" if count else ""), True)
        # Without an error the threshold was lowered, and it is a warning or an info that stops it.
        stopping = self._rules(targets, Severity.ERROR) or warnings or self._rules(targets, Severity.INFO)
        return Cell(" ".join(sorted(stopping)) or "fails", False)

    def _rules(self, targets: list[Target], severity: Severity) -> Counter[str]:
        rules = Counter(self._everywhere[severity])
        for target in targets:
            rules.update(self._on.get((target.id, severity), {}))
        return rules
