"""Annotations for GitHub Actions: workflow commands, which the runner reads out of a step's log.

GitHub shows 10 errors, 10 warnings and 10 notices of a step and 50 annotations of a job (actions/toolkit,
docs/problem-matchers.md), and drops the rest without a word. So findings that say the same are one annotation, errors
come first, and what is beyond is counted; the step's summary, or another format, has all.
"""

from __future__ import annotations

from collections import Counter

from ..finding import Remark, Report, Severity
from .compatibility import declarations
from .escape import harmless_line, visible, visible_lines
from .grouping import Group, groups
from .location import Base, Location, Locations, is_no_file
from .order import remark_order
from .words import Names, first, outcome, plural, verdict

SHOWN = 10
"""Annotations of one kind that GitHub shows of a step."""
_PLACES_SHOWN = 4
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render(report: Report, base: Base | None) -> str:
    """Commands, errors first, then one line that says how it ended; infos are counted there only."""
    names, locations = Names(report), Locations(report, base)
    # Without a target the table is the answer; what stops it on some of all runtimes is nobody's error.
    told = groups([finding for finding in report.findings if report.gate or not finding.targets])
    lines = []
    hidden: list[Group] = []
    for severity in _COMMANDS:
        some = [part for group in told if group.head.severity is severity for part in _by_file(group, locations)]
        lines += [_annotation(group, location, names) for group, location in some[:SHOWN]]
        hidden += [group for group, _ in some[SHOWN:]]
    lines += [_remark(remark, locations) for remark in sorted(report.remarks, key=remark_order)[:SHOWN]]
    if hidden:
        lines.append(workflow_command("notice", "more was found than GitHub shows", _rest(hidden)))
    if not report.gate:
        lines.append(_works(report))
    lines.append(harmless_line(visible(f"layercheck: {verdict(report)}: {outcome(report)}")))
    return "\n".join(lines) + "\n"


def _remark(remark: Remark, locations: Locations) -> str:
    """About the user's own decisions (an exception that is past its day): where they were made."""
    properties: dict[str, str] = {}
    if remark.source is not None:
        properties["file"] = visible(locations.file(remark.source.file))
        if remark.source.line is not None:
            properties["line"] = str(remark.source.line)
    return workflow_command(
        _COMMANDS.get(remark.severity, "notice"), visible(remark.kind), visible(remark.message), properties
    )


def _by_file(group: Group, locations: Locations) -> list[tuple[Group, Location | None]]:
    """The group, parted by where GitHub would show it; the members of one archive are one place."""
    parts: dict[tuple[str, int], tuple[list[int], Location | None]] = {}
    for number, finding in enumerate(group.findings):
        location = locations.of(finding)
        if location is not None and finding.source is None:
            location = locations.in_artifact(finding.artifact, None)
        key = ("", 0) if location is None else (location.file, location.line or 0)
        parts.setdefault(key, ([], location))[0].append(number)
    return [
        (Group(tuple([group.findings[number] for number in numbers])), location) for numbers, location in parts.values()
    ]


def _annotation(group: Group, location: Location | None, names: Names) -> str:
    head = group.head
    places = list(dict.fromkeys(names.short_place(finding) for finding in group.findings))
    places = [place for place in places if place]
    text = visible(group.fact)
    if places:
        text += f"\n{plural(len(places), 'file')}: {visible(first(places, _PLACES_SHOWN))}"
    if where := names.concerned(group.findings):
        text += f"\non {visible(where)}"
    if head.fix:
        text += f"\nfix: {visible_lines(head.fix)}"
    properties: dict[str, str] = {}
    if location is not None and not is_no_file(location.file):
        properties["file"] = visible(location.file)
        if location.line is not None:
            properties["line"] = str(location.line)
    resource = f" ({location.resource})" if location is not None and location.resource else ""
    return workflow_command(_COMMANDS[head.severity], f"{head.rule} {head.name}{resource}", text, properties)


def workflow_command(command: str, title: str, text: str, properties: dict[str, str] | None = None) -> str:
    """A line that the runner takes for an annotation; lines of ``text`` stay lines."""
    given = {**(properties or {}), "title": visible(title)}
    return f"::{command} {','.join([f'{key}={_property(value)}' for key, value in given.items()])}::{_data(text)}"


def _rest(hidden: list[Group]) -> str:
    counts: Counter[str] = Counter()
    for group in hidden:
        counts[f"{group.head.severity.value}s {group.head.rule} {group.head.name}"] += len(group.findings)
    each = ", ".join([f"{visible(what)} {count:,}" for what, count in counts.items()])
    return f"{each}; the step's summary and the other formats have them"


def _works(report: Report) -> str:
    text = f"no target was given; it {outcome(report)}"
    for runtimes, architectures in declarations(report):
        text += f"\n{' and '.join(architectures)}: {', '.join(runtimes)}"
    return workflow_command(
        "error" if report.exit_code else "notice", "compatibility", "\n".join(map(visible, text.split("\n")))
    )


def _data(text: str) -> str:
    # What the runner takes back: ActionCommand of actions/runner.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
