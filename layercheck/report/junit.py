"""JUnit XML, as Jenkins and GitLab read it: what was looked for is a test case, so that what passed counts too.

A suite for each artifact (the rules about one artifact), one for each target (the rules about what runs together), and
one for what could not be checked. The form is that of the schema that Jenkins' xUnit plugin checks by (junit-10.xsd):
GitLab reads the same, but only the first failure of a case, so a case never has two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..finding import Finding, Remark, Report, Severity, Unchecked
from ..named_tuple import NamedTuple
from ..rules import Rule, all_rules
from .compatibility import Row, table
from .escape import harmless_line, visible, visible_lines
from .grouping import Group, groups
from .order import id_order, remark_order, unchecked_order
from .words import Names, declared_at, declared_in, plural, verdict

_PLACES_SHOWN = 100
_GROUPS_SHOWN = 50


class Case(NamedTuple):
    """One test case. ``outcome`` is empty (passed), failure, error or skipped; ``message`` goes with it, ``text`` too.

    The text of a case that passed is its output: findings below what makes a run fail.
    """

    name: str
    outcome: str = ""
    message: str = ""
    text: str = ""


class Suite(NamedTuple):
    """Test cases that belong together."""

    name: str
    cases: tuple[Case, ...]
    properties: tuple[tuple[str, str], ...] = ()

    def count(self, outcome: str) -> int:
        """How many cases ended so."""
        return sum([case.outcome == outcome for case in self.cases])


def render(report: Report, *, rules: Collection[str] | None = None, fail_on: Severity | None = Severity.ERROR) -> str:
    """The report as XML, ending with a newline. ``rules``: the ids that were looked for, None for all.

    A finding at or above ``fail_on`` (None: none) is a failure; a milder one is output of a case that passed.
    """
    suites = list(_suites(report, rules, fail_on))
    totals = _attributes(
        name=f"layercheck: {verdict(report)}",
        tests=sum([len(suite.cases) for suite in suites]),
        failures=sum([suite.count("failure") for suite in suites]),
        errors=sum([suite.count("error") for suite in suites]),
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{totals}>"]
    for suite in suites:
        lines += _suite(suite)
    text = "\n".join([*lines, "</testsuites>"])
    return "\n".join(map(harmless_line, text.split("\n"))) + "\n"


def _suites(report: Report, rules: Collection[str] | None, fail_on: Severity | None) -> Iterable[Suite]:
    names = Names(report)
    wanted = [rule for rule in all_rules() if rules is None or rule.id in rules]
    for_all: dict[str | None, list[Finding]] = {}
    for_target: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if not finding.targets:
            for_all.setdefault(finding.artifact, []).append(finding)
        for identifier in finding.targets:
            for_target.setdefault(identifier, []).append(finding)

    def cases(scopes: tuple[str, ...], found: list[Finding]) -> tuple[Case, ...]:
        return _cases([rule for rule in wanted if rule.scope in scopes], found, names, fail_on)

    for artifact in sorted(report.artifacts, key=lambda item: id_order(item.id)):
        properties = [("unzipped_bytes", str(artifact.unzipped_bytes)), ("content_sha256", artifact.content_sha256)]
        if artifact.code_sha256 is not None:
            properties.append(("code_sha256", artifact.code_sha256))
        found = for_all.pop(artifact.id, [])
        yield Suite(f"{artifact.path} ({artifact.kind})", cases(("artifact",), found), tuple(properties))
    rest = [finding for found in for_all.values() for finding in found]
    if rest or any(target.source is not None for target in report.targets):
        yield Suite("project", cases(("project",), rest))
    if report.gate:
        for target in sorted(report.targets, key=lambda target: id_order(target.id)):
            yield Suite(names.target(target), cases(("stack", "target"), for_target.get(target.id, [])))
    else:
        yield Suite("compatibility", _compatibility(report))
    if report.remarks:
        yield Suite("decisions", tuple([_remark(remark) for remark in sorted(report.remarks, key=remark_order)]))
    if report.unchecked:
        yield Suite("not checked", _unchecked(report, names))


def _cases(rules: list[Rule], findings: list[Finding], names: Names, fail_on: Severity | None) -> tuple[Case, ...]:
    told: dict[str, list[Group]] = {}
    for group in groups(findings):
        told.setdefault(group.head.rule, []).append(group)
    titles = {rule.id: f"{rule.id} {rule.name}" for rule in rules}
    titles |= {rule: f"{rule} {found[0].head.name}" for rule, found in told.items()}
    return tuple([_case(title, told.get(rule, []), names, fail_on) for rule, title in sorted(titles.items())])


def _case(title: str, found: list[Group], names: Names, fail_on: Severity | None) -> Case:
    if not found:
        return Case(title)
    shown = [line for group in found[:_GROUPS_SHOWN] for line in _lines(group, names)]
    if len(found) > _GROUPS_SHOWN:
        shown.append(f"… and {len(found) - _GROUPS_SHOWN:,} more facts (JSON has all)")
    text = "\n".join(shown)
    failing = [group for group in found if fail_on is not None and group.head.severity.rank <= fail_on.rank]
    if not failing:
        return Case(title, text=text)
    count = sum([len(group.findings) for group in failing])
    more = f" ({count:,} findings)" if count > 1 else ""
    return Case(title, "failure", f"{visible(failing[0].fact)}{more}", text)


def _lines(group: Group, names: Names) -> Iterable[str]:
    head = group.head
    yield f"{head.severity.value}: {visible(group.fact)}"
    places = list(dict.fromkeys(names.place(finding) for finding in group.findings))
    yield from [f"  {visible(place)}" for place in places[:_PLACES_SHOWN]]
    if len(places) > _PLACES_SHOWN:
        yield f"  … and {plural(len(places) - _PLACES_SHOWN, 'more file')}"
    yield from [f"  declared in {visible(declared_in(source))}" for source in group.sources]
    if head.fix:
        yield f"  fix: {visible_lines(head.fix)}"


def _compatibility(report: Report) -> tuple[Case, ...]:
    """No target was given: what fails is only that it works nowhere."""
    made = table(report)
    works = [target for target in report.targets if target.passed]
    cases = [Case("works on some runtime", *(() if works else ("failure", "it works on no runtime")))]
    for row in made.rows:
        cases += _row(row, made.architectures)
    return tuple(cases)


def _row(row: Row, architectures: tuple[str, ...]) -> Iterable[Case]:
    for architecture, cell in zip(architectures, row.cells, strict=True):
        if cell.works is not None:
            title = f"{row.runtime} on {architecture}"
            yield Case(title) if cell.works else Case(title, "skipped", f"stopped by {cell.text}")


def _remark(remark: Remark) -> Case:
    """About the user's own decisions; it does not change how the run ends, so it is no failure."""
    where = "" if remark.source is None else f" ({declared_at(remark.source)})"
    return Case(remark.kind, text=f"{remark.severity.value}: {visible(f'{remark.message}{where}')}")


def _unchecked(report: Report, names: Names) -> tuple[Case, ...]:
    same: dict[tuple[str, str], list[Unchecked]] = {}
    for item in sorted(report.unchecked, key=unchecked_order):
        same.setdefault((item.what, item.why), []).append(item)
    # With --strict it fails the run, and then not because of a finding.
    outcome = "error" if report.exit_code == 3 else "skipped"
    cases = []
    for (what, why), items in same.items():
        artifacts = dict.fromkeys(names.artifact(item.artifact) for item in items)
        times = f"{len(items):,} times, " if len(items) > 1 else ""
        cases.append(Case(visible(what), outcome, visible(f"{why} ({times}{', '.join(artifacts)})")))
    return tuple(cases)


def _suite(suite: Suite) -> Iterable[str]:
    counts = {f"{outcome}s" if outcome != "skipped" else outcome: suite.count(outcome) for outcome in _OUTCOMES}
    yield f"  <testsuite{_attributes(name=suite.name, tests=len(suite.cases), **counts)}>"
    if suite.properties:
        yield "    <properties>"
        yield from [f"      <property{_attributes(name=name, value=value)}/>" for name, value in suite.properties]
        yield "    </properties>"
    # Jenkins takes what follows the last dot for the class, and merges suites whose classes have one name.
    group = "layercheck." + suite.name.replace(".", "_")
    for case in suite.cases:
        start = f"    <testcase{_attributes(classname=group, name=case.name)}"
        if case.outcome:
            kind = {} if case.outcome == "skipped" else {"type": case.outcome}
            inside = f"<{case.outcome}{_attributes(message=case.message, **kind)}"
            inside += f">{_escaped(case.text)}</{case.outcome}>" if case.text else "/>"
        elif case.text:
            inside = f"<system-out>{_escaped(case.text)}</system-out>"
        else:
            yield f"{start}/>"
            continue
        yield f"{start}>{inside}</testcase>"
    yield "  </testsuite>"


_OUTCOMES = ("failure", "error", "skipped")


def _attributes(**values: str | int) -> str:
    """Attributes of an element; what XML forbids in a text is visible already or becomes so here."""
    return "".join([f' {name}="{_escaped(str(value))}"' for name, value in values.items()])


def _escaped(text: str) -> str:
    """Text that any XML reader takes as it is: nothing but printing characters and line breaks, no markup."""
    shown = "\n".join(map(visible, text.split("\n")))
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        shown = shown.replace(sign, name)
    return shown
