"""Severities, selection, exceptions and the baseline, in the order that the design names, on findings that are folded.

What a decision takes out is not gone: it is ``suppressed``, with what took it out, so that every report can say so.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..finding import Confidence, Finding, Suppressed
from .judge import ARTIFACT, named, normalised
from .options import Options
from .overrides import Accepted, Baseline, Exemption, Overrides
from .places import WHOLE, absolute, below, fits, is_below, split_place


class Decisions:
    """All that was decided for one run, ready to be asked about findings.

    ``paths``: the artifacts' paths by their ids. ``date``: the report's, an ISO date.
    """

    def __init__(self, options: Options, paths: Mapping[str, str], date: str) -> None:
        self._options = options
        self._paths = paths
        self._date = date
        self._by_rule: dict[str, tuple[tuple[Overrides, Exemption], ...]] = {}
        accepted = options.baseline.entries if options.baseline is not None else ()
        self._accepted = None if accepted is None else {baseline_key(entry) for entry in accepted}

    def judge(self, found: Finding) -> Finding | Suppressed | None:
        """The finding as it counts, or what takes it out; None when its rule was not asked for."""
        finding, off = self._with_severity(found)
        if self._options.select and not any(named(finding, word) for word in self._options.select):
            return None
        taken = Suppressed(finding, "severity", "off") if off else self._taken(finding)
        return taken or finding

    def _with_severity(self, finding: Finding) -> tuple[Finding, bool]:
        """The finding as bad as it was decided to be, and whether it was turned off."""
        best, level, found = -1, finding.severity, False
        for overrides in self._concerning(finding):
            mine = [(_weight(word, finding), value) for word, value in overrides.severity if named(finding, word)]
            if mine:
                weight, value = max(mine, key=lambda pair: pair[0])
                # What a resource says of itself beats what is said of all; else the more exact word does.
                if overrides.where is not None or weight >= best:
                    best, found = weight, True
                    if value is None:
                        return finding, True
                    level = value
        if not found or level is finding.severity:
            return finding, False
        details = {**finding.details, "usual_severity": finding.severity.value}
        return finding._replace(severity=level, details=details), False

    def _taken(self, finding: Finding) -> Suppressed | None:
        options = self._options
        for word in (*options.ignore, *[word for o in self._concerning(finding) for word in o.ignore]):
            if named(finding, word):
                return Suppressed(finding, "ignore", word)
        for overrides in self._concerning(finding):
            for place, words in overrides.ignore_at:
                if any(named(finding, word) for word in words) and self.at(overrides, place, finding):
                    return Suppressed(finding, "path", place)
        for overrides, exemption in self._exemptions(finding):
            if not self.expired(exemption) and self.covers(overrides, exemption, finding):
                return Suppressed(finding, "exception", exemption.reason)
        if options.baseline is not None and self._is_accepted(options.baseline, finding):
            return Suppressed(finding, "baseline", options.baseline.file or None)
        if options.min_confidence is Confidence.CERTAIN and finding.confidence is not Confidence.CERTAIN:
            return Suppressed(finding, "confidence", finding.confidence.value)
        return None

    def _concerning(self, finding: Finding) -> list[Overrides]:
        return [o for o in self._options.overrides if o.where is None or _same(o, finding)]

    def _exemptions(self, finding: Finding) -> list[tuple[Overrides, Exemption]]:
        known = self._by_rule.get(finding.rule)
        if known is None:
            known = tuple(
                (overrides, exemption)
                for overrides in self._options.overrides
                for exemption in overrides.exceptions
                if any(named(finding, word) for word in exemption.rules)
            )
            self._by_rule[finding.rule] = known
        return [pair for pair in known if pair[0].where is None or _same(pair[0], finding)]

    def expired(self, exemption: Exemption) -> bool:
        """Whether its last day lies before the day of the report."""
        return exemption.expires is not None and exemption.expires < self._date

    def covers(self, overrides: Overrides, exemption: Exemption, finding: Finding) -> bool:
        """Whether a finding of one of its rules lies where the exemption holds."""
        if overrides.where is not None and not _same(overrides, finding):
            return False
        if not any(named(finding, word) for word in exemption.rules):
            return False
        return exemption.place is None or self.at(overrides, exemption.place, finding)

    def at(self, overrides: Overrides, place: str, finding: Finding) -> bool:
        """Whether a finding lies at a place."""
        artifact, file = split_place(place)
        if artifact is not None and not self.is_artifact(overrides, artifact, finding.artifact):
            return False
        return fits(file, finding.path if finding.path is not None else WHOLE)

    def is_artifact(self, overrides: Overrides, pattern: str, artifact: str | None) -> bool:
        """Whether an artifact's path fits the pattern, which is seen from the folder of the configuration."""
        path = self._paths.get(artifact or "")
        return path is not None and is_below(pattern, overrides.base, path, overrides.cwd)

    def accepted_as(self, baseline: Baseline, finding: Finding) -> Accepted:
        """The entry that a finding has in a baseline: the same after a rebuild."""
        return Accepted(
            finding.fingerprint,
            finding.rule,
            self.artifact_key(baseline, finding.artifact),
            finding.source.resource if finding.source is not None else None,
            None if finding.path is None else normalised(finding.path),
            normalised(finding.fact),
        )

    def artifact_key(self, baseline: Baseline, artifact: str | None) -> str:
        """What an artifact is called in a baseline: empty for a deployment as a whole."""
        path = self._paths.get(artifact or "")
        return "" if path is None else normalised(below(absolute(path, baseline.cwd), baseline.base), ARTIFACT)

    def _is_accepted(self, baseline: Baseline, finding: Finding) -> bool:
        return self._accepted is None or baseline_key(self.accepted_as(baseline, finding)) in self._accepted


def baseline_key(entry: Accepted) -> tuple[str, str, str]:
    """What makes a finding the same one in another run."""
    if entry.resource is not None:
        return entry.fingerprint, "resource", entry.resource
    return entry.fingerprint, "artifact", entry.artifact


def _weight(word: str, finding: Finding) -> int:
    """How exactly a word names a rule: its name as much as its whole id."""
    return len(finding.rule) if finding.name == word else len(word)


def _same(overrides: Overrides, finding: Finding) -> bool:
    where, source = overrides.where, finding.source
    return where is not None and source is not None and (where.file, where.resource) == (source.file, source.resource)
