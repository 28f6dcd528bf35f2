"""The findings of the text report: one block a group, errors first, what to do below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from ..finding import Confidence, Finding, Report, Severity
from .grouping import Group, consequences, groups, spread
from .order import finding_order
from .page import Page, Part
from .words import Names, declared_in, first, plural

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_GROUPS_SHOWN = 8
_GROUPS_IN_FULL, _PATHS_IN_FULL = 300, 1_000
"""What -v shows of one rule, and of one group. Nobody reads more, and a hostile archive has thousands."""
_PATHS_SHOWN = 4
_PACKAGES_SHOWN = 6
_TRIED_SHOWN = 10
_SOURCES_SHOWN = 4


def write_findings(page: Page, report: Report, names: Names, *, verbose: bool, quiet: bool) -> None:
    """All groups of findings; only errors when ``quiet``, on one line each."""
    # Without a target the table tells what stops it where; only what holds everywhere is told in full.
    everywhere = report.gate or verbose
    found = [
        finding
        for finding in report.findings
        if (not quiet or finding.severity is Severity.ERROR) and (everywhere or not finding.targets)
    ]
    if quiet:
        for finding in sorted(found, key=finding_order):
            _one_line(page, finding, names)
        return
    brief_before = False
    told: set[tuple[str, ...]] = set()
    for _, rule in groupby(groups(found), key=lambda group: (group.head.severity.rank, group.head.rule)):
        same_rule = list(rule)
        brief = same_rule[0].head.severity is Severity.INFO and not verbose
        shown = same_rule[: _GROUPS_IN_FULL if verbose else _GROUPS_SHOWN]
        for group in shown:
            if not (brief and brief_before):
                page.gap()
            brief_before = brief
            if brief:
                _brief(page, group, names)
            else:
                _block(page, group, names, verbose, told)
        if len(shown) < len(same_rule):
            _rest(page, same_rule[len(shown) :], verbose)


def _one_line(page: Page, finding: Finding, names: Names) -> None:
    where = names.concerned([finding])
    page.verbatim(
        (f"{finding.severity.value} {finding.rule}", _STYLES[finding.severity]),
        f" {names.place(finding)}: {finding.fact or finding.message}" + (f" ({where})" if where else ""),
    )


def _rest(page: Page, hidden: list[Group], verbose: bool) -> None:
    head = hidden[0].head
    count = sum(len(group.findings) for group in hidden)
    where = "JSON has" if verbose else "-v shows"
    different = f"with other facts or on other targets ({where} all)"
    page.paragraph(f"… and {count:,} more {head.severity.value}s {head.rule} {different}", indent=2, hang=2)


def _heading(group: Group, names: Names) -> list[Part]:
    head = group.head
    parts: list[Part] = [(f"{head.severity.value} {head.rule}", _STYLES[head.severity]), (f" {head.name}", "bold")]
    if head.confidence is Confidence.LIKELY:
        parts.append(" (likely)")
    if where := names.concerned(group.findings):
        parts.append(f"  {where}")
    return parts


def _places(group: Group, names: Names) -> list[str]:
    """Where the faults are, each place once, in order."""
    return list(dict.fromkeys(place for finding in group.findings if (place := names.short_place(finding))))


def _brief(page: Page, group: Group, names: Names) -> None:
    places = _places(group, names)
    where = f"  {plural(len(places), 'file')}" if len(places) > 1 else "".join(f"  {place}" for place in places)
    page.paragraph(*_heading(group, names), f"{where}: {group.fact}", hang=2)


def _block(page: Page, group: Group, names: Names, verbose: bool, told: set[tuple[str, ...]]) -> None:
    places = _places(group, names)
    page.paragraph(*_heading(group, names), f"  {plural(len(places), 'file')}" if len(places) > 1 else "", hang=2)
    page.paragraph(group.fact, indent=2)
    _write_places(page, group, names, places, verbose)
    if sources := group.sources:
        places_told = [declared_in(source) for source in sources]
        page.paragraph(
            f"declared in {', '.join(places_told) if verbose else first(places_told, _SOURCES_SHOWN)}", indent=2
        )
    _write_fix(page, group.head.fix)
    single = len(group.findings) == 1
    _write_chain(page, group.shared("chain"))
    tried = group.shared("tried")
    places_tried = tuple([re.sub(r"/[^/:]+(?=:)", "/", line, count=1) for line in _strings(tried)])
    if verbose or (single and places_tried not in told):
        _write_tried(page, tried, verbose)
    elif single and places_tried:
        page.line(f"tried: the same {len(places_tried)} places as above, in the same order", indent=2)
    told.add(places_tried)
    if folded := consequences(group):
        counts = ", ".join(f"{count:,} x {rule}" for rule, count in folded)
        page.paragraph(f"also explains: {counts}", indent=2, hang=2)


def _write_places(page: Page, group: Group, names: Names, places: list[str], verbose: bool) -> None:
    if verbose:
        # What the findings share is told once, below the fix; what differs is told under each file.
        tell_chain, tell_tried = group.shared("chain") is None, group.shared("tried") is None
        each = _one_each(group, names)
        for place, finding in each[:_PATHS_IN_FULL]:
            page.verbatim(f"- {place}", indent=4)
            if tell_chain:
                _write_chain(page, finding.details.get("chain"), indent=6)
            if tell_tried:
                _write_tried(page, finding.details.get("tried"), verbose, indent=6)
        if len(each) > _PATHS_IN_FULL:
            page.line(f"… and {len(each) - _PATHS_IN_FULL:,} more (JSON has all)", indent=4)
        return
    shown = places if len(places) <= _PATHS_SHOWN + 1 else places[:_PATHS_SHOWN]
    for place in shown:
        page.verbatim(f"- {place}", indent=4)
    if len(shown) < len(places):
        hidden = set(places[len(shown) :])
        paths = {names.short_place(item): item.path for item in group.findings if item.path is not None}
        packages = spread([path for place, path in paths.items() if place in hidden])
        counts = first([f"{package} {count:,}" for package, count in packages], _PACKAGES_SHOWN)
        page.paragraph(f"… and {len(hidden):,} more: {counts}", indent=4, hang=2)


def _one_each(group: Group, names: Names) -> list[tuple[str, Finding]]:
    found: dict[str, Finding] = {}
    for finding in group.findings:
        if place := names.short_place(finding):
            found.setdefault(place, finding)
    return list(found.items())


def _write_fix(page: Page, fix: str | None) -> None:
    # Not splitlines(): only the rule's own line breaks count, those in a file's name are to be shown escaped.
    lines = fix.strip("\n").split("\n") if fix else []
    if len(lines) == 1:
        words = ("fix:", "bold green"), f" {lines[0]}"
        if _is_sentence(lines[0]):
            page.paragraph(*words, indent=2, hang=2)
        else:
            page.verbatim(*words, indent=2)
    elif lines:
        page.line(("fix:", "bold green"), indent=2)
        for line in lines:
            if _is_sentence(line):
                page.paragraph(line, indent=4)
            else:
                page.verbatim(line, indent=4)


def _is_sentence(line: str) -> bool:
    """Whether it is to be read; a command is to be pasted, on one line however long."""
    return line[:1].isupper() and line[-1:] in (".", ":")


def _strings(value: object) -> list[str]:
    """A detail as lines of words: rules give a list of strings, or one string."""
    if value is None or isinstance(value, str):
        return [value] if value else []
    return [str(item) for item in value] if isinstance(value, Sequence) else [str(value)]


def _write_chain(page: Page, chain: object, indent: int = 2) -> None:
    # One link is the file itself, which is named already.
    if len(links := _strings(chain)) > 1:
        page.paragraph(f"chain: {' -> '.join(links)}", indent=indent, hang=2)


def _write_tried(page: Page, tried: object, verbose: bool, indent: int = 2) -> None:
    lines = _strings(tried)
    if not lines:
        return
    page.line("tried, in order:", indent=indent)
    shown = lines if verbose or len(lines) <= _TRIED_SHOWN else lines[: _TRIED_SHOWN - 1]
    for line in shown:
        page.paragraph(line, indent=indent + 2, hang=2)
    if len(shown) < len(lines):
        page.line(f"… and {len(lines) - len(shown)} more (-v shows all)", indent=indent + 2)
