"""What a report says about the decisions themselves: exceptions that expired or that nothing needs, a baseline to
shrink. A function of the report alone, so that reports which were made apart and joined say the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..finding import Remark, Report, Severity
from ..rules import all_rules
from .judge import word_fits
from .judgement import Decisions, baseline_key
from .options import Options
from .overrides import Accepted, Baseline, Exemption, Overrides
from .places import split_place

_GONE_NAMED = 3


def remarks(report: Report, options: Options, resources: Collection[str] = ()) -> tuple[Remark, ...]:
    """Everything to be said about the decisions of ``options`` after a run.

    ``resources``: the logical ids that the run judged. What the run could not meet (another artifact, a rule that was
    not asked for) is not told as unused.
    """
    paths = {artifact.id: artifact.path for artifact in report.artifacts}
    decisions = Decisions(options, paths, report.date)
    found = list(_about_exceptions(report, options, decisions))
    if options.baseline is not None and options.baseline.entries is not None:
        found += _about_baseline(report, options, options.baseline, decisions, resources)
    return tuple(found)


def _about_exceptions(report: Report, options: Options, decisions: Decisions) -> Iterator[Remark]:
    for overrides in options.overrides:
        for exemption in overrides.exceptions:
            if not _asked_for(options, exemption.rules) or not _met(report, overrides, exemption, decisions):
                continue
            if decisions.expired(exemption):
                said = f"expired on {exemption.expires}, and what it accepted counts again"
                yield Remark("expired-exception", Severity.WARNING, _words(exemption, said), exemption.source)
            elif not any(decisions.covers(overrides, exemption, taken.finding) for taken in report.suppressed):
                said = "fits no finding of this run: it may go"
                yield Remark("unused-exception", Severity.WARNING, _words(exemption, said), exemption.source)


def _words(exemption: Exemption, said: str) -> str:
    place = "" if exemption.place is None else f" at {exemption.place}"
    return f"the exception for {', '.join(exemption.rules)}{place} {said} (reason: {exemption.reason})"


def _asked_for(options: Options, words: tuple[str, ...]) -> bool:
    """Whether the run looked for a rule that one of the words names."""
    if not options.select:
        return True
    rules = [rule for rule in all_rules() if any(word_fits(word, rule.id, rule.name) for word in words)]
    return any(word_fits(word, rule.id, rule.name) for rule in rules for word in options.select)


def _met(report: Report, overrides: Overrides, exemption: Exemption, decisions: Decisions) -> bool:
    """Whether the run has an artifact that the exemption is for."""
    artifact = split_place(exemption.place)[0] if exemption.place is not None else None
    if artifact is None:
        return True
    return any(decisions.is_artifact(overrides, artifact, item.id) for item in report.artifacts)


def _about_baseline(
    report: Report, options: Options, baseline: Baseline, decisions: Decisions, resources: Collection[str]
) -> Iterator[Remark]:
    there = {baseline_key(decisions.accepted_as(baseline, taken.finding)) for taken in report.suppressed}
    artifacts = {decisions.artifact_key(baseline, item.id) for item in report.artifacts}

    def gone(entry: Accepted) -> bool:
        met = entry.artifact in artifacts if entry.resource is None else entry.resource in resources
        return met and baseline_key(entry) not in there and _asked_for(options, (entry.rule,))

    lost = [entry for entry in baseline.entries or () if gone(entry)]
    if lost:
        named = ", ".join(dict.fromkeys([f"{e.rule} {e.path or e.artifact}".strip() for e in lost[:_GONE_NAMED]]))
        rest = f" and {len(lost) - _GONE_NAMED:,} more" if len(lost) > _GONE_NAMED else ""
        count = "1 finding is" if len(lost) == 1 else f"{len(lost):,} findings are"
        said = f"{count} gone that the baseline accepts: {named}{rest}; --write-baseline makes it smaller"
        yield Remark("gone-from-baseline", Severity.INFO, said, baseline.source)
