"""Markdown for the summary of a build step and for comments on pull requests: the verdict first, details folded away.

It is bounded: GitHub takes 65,536 characters in a comment, and 1 MiB in a step's summary. What does not fit is counted,
never cut in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..finding import Confidence, Report, Severity, Suppressed, Unchecked
from .compatibility import declarations, declared, reasons, table
from .escape import harmless_line, visible_lines
from .grouping import Group, groups
from .order import finding_order, id_order, remark_order, unchecked_order
from .prose import block, code, prose
from .totals import Stack, bar, fullest, share, stacks
from .understanding import artifact_in_words, target_in_words
from .words import (
    SUPPRESSED_BY,
    Names,
    declared_in,
    first,
    human,
    outcome,
    plural,
    remark_place,
    suppressed_words,
    verdict,
)

MAX_CHARACTERS = 60_000
_TEXT = 2_000
"""Characters of one fact that are shown; a fact quotes names, and a name may be long."""
_PLACES_SHOWN = 50
_TARGETS_SHOWN = 6
_ARTIFACTS_SHOWN = 12
_STACKS_SHOWN = 3
_SIGNS = {"PASSED": "✅", "TOLERATED": "⚠️", "FAILED": "❌", "NOT CHECKED": "❌"}
_WORKS = {True: "✅", False: "❌"}
_SEVERITY_SIGNS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}


def render(report: Report) -> str:
    """The report as GitHub's Markdown, ending with a newline, at most ``MAX_CHARACTERS`` characters long."""
    names = Names(report)
    word = verdict(report)
    parts = [f"## {_SIGNS[word]} layercheck: {word}", _first_line(report)]
    parts += [*_understanding(report, names), *_totals(report)]
    if not report.gate:
        parts += _compatibility(report)
    closing = [*_unchecked(report, names), *_decisions(report, names)]
    left = MAX_CHARACTERS - sum([len(part) + 2 for part in (*parts, *closing)]) - 500
    told = groups([finding for finding in report.findings if report.gate or not finding.targets])
    text = "\n\n".join([*parts, *_findings(told, names, left), *closing])
    return "\n".join(map(harmless_line, text.split("\n"))) + "\n"


def _first_line(report: Report) -> str:
    return outcome(report) if report.gate else f"no target was given; it {outcome(report)}"


def _understanding(report: Report, names: Names) -> Iterable[str]:
    artifacts = sorted(report.artifacts, key=lambda item: id_order(item.id))
    lines = [
        f"- {code(_short(artifact.path))}: {prose(_short(', '.join(artifact_in_words(artifact))))}"
        for artifact in artifacts[:_ARTIFACTS_SHOWN]
    ]
    if len(artifacts) > _ARTIFACTS_SHOWN:
        lines.append(f"- … and {plural(len(artifacts) - _ARTIFACTS_SHOWN, 'more artifact')}")
    if report.gate:
        targets = sorted(report.targets, key=lambda target: id_order(target.id))
        # Those that fail are what the page is read for.
        shown = sorted(targets, key=lambda target: target.passed)[:_TARGETS_SHOWN]
        for target in sorted(shown, key=targets.index):
            sign = "✅" if target.passed else "❌"
            lines.append(f"- {sign} target: {prose(_short(', '.join(target_in_words(target, names))))}")
        if len(targets) > len(shown):
            lines.append(f"- … and {plural(len(targets) - len(shown), 'more target')}")
    if lines:
        yield "\n".join(lines)


def _totals(report: Report) -> Iterable[str]:
    for stack in fullest(stacks(report), _STACKS_SHOWN):
        yield "\n".join(block(_bars(stack, report.limit_bytes)))


def _bars(stack: Stack, limit: int) -> list[str]:
    rows = [(_short(artifact.path, 60), artifact.unzipped_bytes) for artifact in stack.artifacts]
    if len(rows) > 1:
        rows.append(("total, at least" if stack.is_open else "total", stack.total))
    if stack.followed is not None:
        rows.append(("total, links stored as copies", stack.followed))
    width = max([len(human(size)) for _, size in rows])
    lines = [f"{bar(size, limit)} {human(size):>{width}} {share(size, limit):>7}  {label}" for label, size in rows]
    return [*lines, f"unzipped, of {limit:,} bytes ({limit / 2**20:.0f} MiB)"]


def _findings(told: list[Group], names: Names, left: int) -> Iterable[str]:
    """As many groups as fit into ``left`` characters; the rest counted by rule."""
    severity = None
    hidden: dict[str, int] = {}
    for group in told:
        head = group.head
        text = "\n\n".join(_group(group, names))
        if head.severity is not severity:
            text = f"### {_SEVERITY_SIGNS[head.severity]} {_title(told, head.severity)}\n\n{text}"
        if hidden or len(text) + 2 > left:
            hidden[head.rule] = hidden.get(head.rule, 0) + len(group.findings)
            continue
        severity = head.severity
        left -= len(text) + 2
        yield text
    if hidden:
        rules = first([f"{rule} {count:,}" for rule, count in sorted(hidden.items())], 12)
        yield f"… and {plural(sum(hidden.values()), 'more finding')} that this page has no room for: {rules}."


def _title(told: list[Group], severity: Severity) -> str:
    count = sum([len(group.findings) for group in told if group.head.severity is severity])
    return plural(count, severity.value)


def _group(group: Group, names: Names) -> Iterable[str]:
    head = group.head
    places = list(dict.fromkeys(place for finding in group.findings if (place := names.short_place(finding))))
    likely = " (likely)" if head.confidence is Confidence.LIKELY else ""
    line = f"**{head.rule} {prose(head.name)}**{likely}: {prose(_short(group.fact))}"
    if len(places) == 1:
        line += f" ({code(_short(places[0]))})"
    if where := names.concerned(group.findings):
        line += f" — on {prose(_short(where))}"
    if sources := group.sources:
        line += f" — declared in {first([code(_short(declared_in(source))) for source in sources], 4)}"
    yield line
    if len(places) > 1:
        shown = [_short(place) for place in places[:_PLACES_SHOWN]]
        if len(places) > len(shown):
            shown.append(f"… and {len(places) - len(shown):,} more")
        yield _folded(plural(len(places), "file"), shown)
    if head.fix:
        yield "\n".join(["fix:", "", *block(_short(visible_lines(head.fix)).split("\n"))])


def _folded(summary: str, lines: list[str]) -> str:
    """``summary`` is our own words; the lines are shown as they are."""
    return "\n".join([f"<details><summary>{summary}</summary>", "", *block(lines), "", "</details>"])


def _compatibility(report: Report) -> Iterable[str]:
    made = table(report)
    if made.rows:
        rows = [["runtime", *made.architectures, ""], ["---"] * (len(made.architectures) + 2)]
        for row in made.rows:
            cells = [
                f"{'✅' if cell.works else '❌'} {cell.text}" if cell.works is not None else "" for cell in row.cells
            ]
            rows.append([row.runtime, *cells, row.state])
        yield "### Where it works"
        yield "\n".join([f"| {' | '.join([_cell(text) for text in row])} |" for row in rows])
        told = reasons(report)
        if told:
            yield "\n".join(
                [f"- **{r.rule} {prose(r.name)}** ({r.where}): {prose(_short(r.message, 300))}" for r in told]
            )
    found = declarations(report)
    for runtimes, architectures in found:
        yield "\n".join(["may be declared:", "", *block([declared(runtimes, architectures)])])
    if not found:
        yield "It works on no runtime that AWS still supports, so none may be declared."


def _cell(text: str) -> str:
    """A cell of a table: words of our own data, made harmless if they are not."""
    plain = "".join([sign if sign.isalnum() or sign in " .-,()✅❌" else "_" for sign in text])
    return plain if plain == text else code(plain)


def _unchecked(report: Report, names: Names) -> Iterable[str]:
    if not report.unchecked:
        return
    same: dict[tuple[str, str], list[Unchecked]] = {}
    for item in sorted(report.unchecked, key=unchecked_order):
        same.setdefault((item.what, item.why), []).append(item)
    ordered = sorted(same.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    lines = [f"{len(items):,} x {_short(what, 200)}: {_short(why, 200)}" for (what, why), items in ordered[:30]]
    if len(ordered) > len(lines):
        lines.append(f"… and {plural(len(ordered) - len(lines), 'other kind')}")
    yield _folded(f"{len(report.unchecked):,} not checked", lines)


def _decisions(report: Report, names: Names) -> Iterable[str]:
    """What is suppressed, and what is to be said about why."""
    if report.suppressed:
        found = sorted(report.suppressed, key=lambda item: finding_order(item.finding))
        lines = [f"{item.finding.rule} {_short(names.place(item.finding), 200)}: {_why(item)}" for item in found[:30]]
        if len(found) > len(lines):
            lines.append(f"… and {len(found) - len(lines):,} more")
        yield _folded(f"suppressed {suppressed_words(report)}", lines)
    if report.remarks:
        remarks = sorted(report.remarks, key=remark_order)
        lines = [_short(f"{remark_place(remark)}: {remark.message}", 400) for remark in remarks[:12]]
        if len(remarks) > len(lines):
            lines.append(f"… and {plural(len(remarks) - len(lines), 'more remark')}")
        yield _folded(f"{plural(len(remarks), 'remark')} on what was decided", lines)


def _why(item: Suppressed) -> str:
    return SUPPRESSED_BY[item.by] + (f" ({_short(item.reason, 200)})" if item.reason is not None else "")


def _short(text: str, limit: int = _TEXT) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
