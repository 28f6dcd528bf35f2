"""What a person reads in a failed build: what was understood, what is wrong, what to do, what is left."""

from __future__ import annotations

from ..finding import Report, Unchecked
from .order import id_order
from .page import Page
from .text_compatibility import write_compatibility
from .text_decisions import write_decisions
from .text_findings import write_findings
from .text_totals import write_totals
from .understanding import artifact_in_words, target_in_words
from .words import Names, outcome, plural, project_words, verdict

_TARGETS_SHOWN = 6
_ARTIFACTS_SHOWN = 12
_REASON = 400
"""Characters of what was not checked, and of why, that are shown without -v."""
_FEW_ELF_FILES = 8
_UNCHECKED_SHOWN = 6
_VERDICT_STYLES = {
    "PASSED": "bold green",
    "TOLERATED": "bold yellow",
    "FAILED": "bold red",
    "NOT CHECKED": "bold red",
}


def render(report: Report, *, color: bool, width: int, verbose: bool, quiet: bool) -> str:
    """The report for a screen ``width`` columns wide; ``quiet`` leaves only errors and the last line."""
    page = Page(width, color)
    names = Names(report)
    if not quiet:
        _understanding(page, report, names, verbose)
    write_findings(page, report, names, verbose=verbose, quiet=quiet)
    if not quiet:
        _unchecked(page, report.unchecked, names, verbose)
        write_decisions(page, report, names, verbose=verbose)
        write_totals(page, report, names, verbose=verbose)
        if not report.gate:
            write_compatibility(page, report, verbose=verbose)
    page.gap()
    _verdict(page, report, names)
    return page.finish()


def _understanding(page: Page, report: Report, names: Names, verbose: bool) -> None:
    for project in report.projects:
        page.paragraph((project.file, "bold"), f": {project_words(project)}", hang=2)
    artifacts = sorted(report.artifacts, key=lambda item: id_order(item.id))
    for artifact in artifacts if verbose else artifacts[:_ARTIFACTS_SHOWN]:
        page.phrases((f"{artifact.path}:", "bold"), artifact_in_words(artifact))
        for item in artifact.linkage:
            # What is usual is told only when asked for, and what a large package brings for other systems too.
            if verbose or (artifact.elf_files <= _FEW_ELF_FILES and item.kind not in ("glibc", "none", "unknown")):
                page.paragraph(
                    f"{item.kind}: {plural(item.files, 'file')}, {item.path}: {item.evidence}", indent=2, hang=2
                )
    if not verbose and len(artifacts) > _ARTIFACTS_SHOWN:
        page.paragraph(f"… and {plural(len(artifacts) - _ARTIFACTS_SHOWN, 'more artifact')} (-v shows all)")
    targets = sorted(report.targets, key=lambda target: id_order(target.id))
    if not report.gate:
        runtimes = len({target.runtime for target in targets})
        architectures = len({target.architecture for target in targets})
        judged = f"judged on {plural(runtimes, 'runtime')} and {plural(architectures, 'architecture')}"
        page.paragraph(f"no target given: {judged}", hang=2)
        return
    # Of many, those that fail are what the report is read for.
    shown = targets if verbose else sorted(targets, key=lambda target: target.passed)[:_TARGETS_SHOWN]
    for target in sorted(shown, key=targets.index):
        words = target_in_words(target, names)
        if len(targets) > 1:
            words.append("passed" if target.passed else "failed")
        page.phrases("target:", words)
    if len(shown) < len(targets):
        page.paragraph(f"… and {plural(len(targets) - len(shown), 'more target')} (-v shows all)", hang=2)


def _unchecked(page: Page, unchecked: tuple[Unchecked, ...], names: Names, verbose: bool) -> None:
    if not unchecked:
        return
    same: dict[tuple[str, str], list[Unchecked]] = {}
    for item in unchecked:
        same.setdefault((item.what, item.why), []).append(item)
    ordered = sorted(same.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    page.gap()
    page.line(("not checked", "bold"), f"  {len(unchecked):,}")
    shown = ordered if verbose or len(ordered) <= _UNCHECKED_SHOWN else ordered[: _UNCHECKED_SHOWN - 1]
    for (what, why), items in shown:
        words = f"{len(items):,} x {what}: {why}"
        if verbose:
            page.paragraph(words, indent=2, hang=2)
            for place in sorted({f"{names.artifact(item.artifact)}:{item.path}" for item in items if item.path}):
                page.paragraph(f"- {place}", indent=4, hang=2)
        else:
            page.paragraph(f"{len(items):,} x {_cut(what)}: {_cut(why)}", indent=2, hang=2)
    if len(shown) < len(ordered):
        rest = sum(len(items) for _, items in ordered[len(shown) :])
        page.line(f"… and {rest:,} more, {plural(len(ordered) - len(shown), 'other kind')} (-v shows all)", indent=2)


def _cut(text: str) -> str:
    return text if len(text) <= _REASON else f"{text[:_REASON]}…"


def _verdict(page: Page, report: Report, names: Names) -> None:
    word = verdict(report)
    style = _VERDICT_STYLES[word]
    where = names.every_target() if report.gate else ""
    page.paragraph((word, style), f": {outcome(report)}" + (f" ({where})" if where else ""), hang=2)
