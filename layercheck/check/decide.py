"""Where a run asks what was decided about its findings: most runs have nothing to ask, and load nothing for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..finding import Confidence, Finding, Report, Severity, Suppressed
from ..named_tuple import TYPE_CHECKING
from .judge import selected
from .options import Options

if TYPE_CHECKING:
    from .job import Job


def heeding(options: Options, jobs: Iterable[Job]) -> Options:
    """The options of a run with what its jobs' resources decide about their own findings."""
    own = [overrides for job in jobs for overrides in job.options.overrides if overrides.where is not None]
    own = [overrides for overrides in dict.fromkeys(own) if overrides not in options.overrides]
    return options._replace(overrides=(*options.overrides, *own)) if own else options


def decider(options: Options, paths: Mapping[str, str], date: str) -> Callable[[Finding], Finding | Suppressed | None]:
    """What judges one finding: it counts as it is returned, or is suppressed, or was not asked for (None).

    ``paths``: the artifacts' paths by their ids; ``date``: the report's, an ISO date.
    """
    likely_too = options.min_confidence is Confidence.LIKELY
    if not options.ignore and not options.overrides and options.baseline is None and likely_too:
        return lambda finding: finding if selected(finding, options.select, ()) else None
    from .judgement import Decisions

    return Decisions(options, paths, date).judge


def hidden(finding: Finding, least: Severity) -> Suppressed | None:
    """What is said of a finding that is too mild to be shown, if only because its severity was set."""
    usual = Severity(finding.details.get("usual_severity", finding.severity.value))
    return Suppressed(finding, "severity", finding.severity.value) if usual.rank <= least.rank else None


def with_remarks(report: Report, options: Options, resources: Iterable[str]) -> Report:
    """The report with what is to be said about the decisions; ``resources``: the logical ids that were judged."""
    if not options.overrides and options.baseline is None:
        return report
    from .remarks import remarks

    return report._replace(remarks=remarks(report, options, frozenset(resources)))
