"""What a person reads in a failed build: what was understood, what is wrong, what to do, what is left."""

from __future__ import annotations

from ..finding import ArtifactSummary, Report, Severity, Target, Unchecked
from .order import id_order
from .page import Page
from .text_compatibility import write_compatibility
from .text_decisions import write_decisions
from .text_findings import write_findings
from .text_totals import write_totals
from .words import Names, human, plural, project_words, tally

_TARGETS_SHOWN = 6
_FEW_ELF_FILES = 8
_UNCHECKED_SHOWN = 6


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
    for artifact in sorted(report.artifacts, key=lambda item: id_order(item.id)):
        page.paragraph((artifact.path, "bold"), f": {_artifact(artifact)}", hang=2)
        for item in artifact.linkage:
            # What is usual is told only when asked for, and what a large package brings for other systems too.
            if verbose or (artifact.elf_files <= _FEW_ELF_FILES and item.kind not in ("glibc", "none", "unknown")):
                page.paragraph(
                    f"{item.kind}: {plural(item.files, 'file')}, {item.path}: {item.evidence}", indent=2, hang=2
                )
    targets = sorted(report.targets, key=lambda target: id_order(target.id))
    if not report.gate:
        runtimes = len({target.runtime for target in targets})
        architectures = len({target.architecture for target in targets})
        judged = f"judged on {plural(runtimes, 'runtime')} and {plural(architectures, 'architecture')}"
        page.paragraph(f"no target given: {judged}", hang=2)
        return
    shown = targets if verbose or len(targets) <= _TARGETS_SHOWN else targets[:_TARGETS_SHOWN]
    for target in shown:
        page.paragraph(f"target: {_target(target, names)}", hang=2)
    if len(shown) < len(targets):
        page.paragraph(f"… and {plural(len(targets) - len(shown), 'more target')}", hang=2)


def _artifact(artifact: ArtifactSummary) -> str:
    reason = f" ({artifact.kind_reason})" if artifact.kind_reason else ""
    sizes = [f"{human(artifact.unzipped_bytes)} unzipped"]
    if artifact.zip_bytes is not None:
        sizes.insert(0, f"{human(artifact.zip_bytes)} zipped")
    counts = [plural(artifact.files, "file"), plural(artifact.elf_files, "ELF file")]
    return f"{artifact.kind} {artifact.form}{reason}, " + ", ".join(sizes + counts)


def _target(target: Target, names: Names) -> str:
    parts = [names.described(target)]
    if target.handler is not None:
        parts.append(f"handler {target.handler}")
    if target.state != "supported":
        parts.append(f"the runtime is {target.state}")
    if target.open:
        parts.append(f"not at hand: {', '.join(sorted(target.open))}")
    return ", ".join(parts)


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
            page.line(words, indent=2)
    if len(shown) < len(ordered):
        rest = sum(len(items) for _, items in ordered[len(shown) :])
        page.line(f"… and {rest:,} more, {plural(len(ordered) - len(shown), 'other kind')} (-v shows all)", indent=2)


def _verdict(page: Page, report: Report, names: Names) -> None:
    word, style = _verdict_word(report)
    if report.gate:
        where = names.every_target()
        page.paragraph((word, style), f": {tally(report)}" + (f" ({where})" if where else ""), hang=2)
        return
    working = sum(target.passed for target in report.targets)
    page.paragraph((word, style), f": works on {working} of {len(report.targets)} targets", hang=2)


def _verdict_word(report: Report) -> tuple[str, str]:
    if report.exit_code == 1:
        return "FAILED", "bold red"
    if report.exit_code != 0:
        return "NOT CHECKED", "bold red"
    if report.gate and report.count(Severity.ERROR):
        # Exit code 0 was asked for (--fail-on never); to call that passed would mislead.
        return "TOLERATED", "bold yellow"
    return "PASSED", "bold green"
