"""Where a run asks what was decided about its findings: most runs have nothing to ask, and load nothing for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..finding import Confidence, Finding, Report, Severity, Suppressed
from .judge import selected
from .options import Options

if TYPE_CHECKING:
    from .job import Job


def heeding(options: Options, jobs: Iterable[Job]) -> Options:
    """The options of a run with what its jobs' resources decide about their own findings."""
    own = [overrides for job in jobs for overrides in job.options.overrides if overrides.where is not None]
    own = [overrides for overrides in dict.fromkeys(own) if overrides not in options.overrides]
    return options._replace(overrides=(*options.overrides, *own)) if own else options


def judged(
    findings: Sequence[Finding], options: Options, paths: Mapping[str, str], date: str
) -> tuple[list[Finding], list[Suppressed]]:
    """The findings that count, and those that do not.

    ``paths``: the artifacts' paths by their ids; ``date``: the report's, an ISO date.
    """
    likely_too = options.min_confidence is Confidence.LIKELY
    if not options.ignore and not options.overrides and options.baseline is None and likely_too:
        return [finding for finding in findings if selected(finding, options.select, ())], []
    from .judgement import Decisions

    told = Decisions(options, paths, date).judge(findings)
    return list(told.findings), list(told.suppressed)


def shown(findings: Sequence[Finding], least: Severity) -> tuple[list[Finding], list[Suppressed]]:
    """The findings that are bad enough to be shown. One that is not only because its severity was set is suppressed."""
    kept, lowered = [], []
    for finding in findings:
        usual = finding.details.get("usual_severity", finding.severity.value)
        if finding.severity.rank <= least.rank:
            kept.append(finding)
        elif Severity(usual).rank <= least.rank:
            lowered.append(Suppressed(finding, "severity", finding.severity.value))
    return kept, lowered


def with_remarks(report: Report, options: Options, jobs: Iterable[Job]) -> Report:
    """The report with what is to be said about the decisions; ``options`` as ``heeding`` gave them."""
    if not options.overrides and options.baseline is None:
        return report
    from .remarks import remarks

    resources = {job.origin.resource for job in jobs if job.origin is not None and job.origin.resource is not None}
    return report._replace(remarks=remarks(report, options, resources))
