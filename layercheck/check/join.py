"""Puts the parts of a run together: number, merge, select, and say how it ends.

Every run ends here, whether one process judged its jobs or several did: it gives the same report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .. import _version
from ..environment import data_version, limits
from ..finding import ArtifactSummary, Compatibility, Finding, Report, Severity, Source, Suppressed
from .decide import decider, hidden, with_remarks
from .judge import as_text, in_order
from .judging import is_stated
from .notes import Notes
from .options import Options
from .part import Found, Judged, Part, Rest, Seen
from .targets import ARCHITECTURES


def join(parts: Sequence[Part], options: Options) -> Report:
    """The report over all parts, in their order. Of the options those of the run count."""
    numbered = _Numbered(parts)
    everything = _merge(parts, numbered)
    date = options.date or data_version()
    counting, suppressed = _decided(everything, options, decider(options, _paths(numbered.artifacts), date))
    failing = [item for item in counting if _fails(item[0], options.fail_on)]
    stopped = {target for _, item in failing for target in item.concerns}
    targets = [
        item._replace(target=item.target._replace(passed=item.target.id not in stopped)) for item in numbered.targets
    ]
    gate = is_stated(options) or any(item.stated for item in targets)
    notes = numbered.notes
    code = 3 if options.strict and notes else _exit_code([finding for finding, _ in failing], targets)
    broken = {target for item in everything if item.finding.severity is Severity.ERROR for target in item.concerns}
    findings = [finding for finding, _ in counting]
    mild = [finding for finding in findings if finding.severity.rank > options.min_severity.rank]
    report = Report(
        tool_version=_version.__version__,
        data_version=data_version(),
        date=date,
        exit_code=code,
        targets=tuple([item.target for item in targets]),
        artifacts=tuple(numbered.artifacts),
        compatibility=tuple(_compatibility(targets, broken)),
        findings=tuple([finding for finding in findings if finding.severity.rank <= options.min_severity.rank]),
        unchecked=notes.all({item.target.id: place for place, item in enumerate(targets)}),
        gate=gate,
        limit_bytes=limits().unzipped_total_bytes,
        suppressed=(*suppressed, *[said for finding in mild if (said := hidden(finding, options.min_severity))]),
    )
    resources = [part.origin.resource for part in parts if part.origin is not None]
    return with_remarks(report, options, [name for name in resources if name is not None])


def _paths(artifacts: Iterable[ArtifactSummary]) -> dict[str, str]:
    return {artifact.id: artifact.path for artifact in artifacts}


def _decided(
    everything: Sequence[_Merged], options: Options, decide: Callable[[Finding], Finding | Suppressed | None]
) -> tuple[list[tuple[Finding, _Merged]], list[Suppressed]]:
    """The findings that count, as they count, the worst first; and those that do not."""
    counting: list[tuple[Finding, _Merged]] = []
    suppressed: list[Suppressed] = []
    for item in everything:
        said = decide(item.finding)
        if isinstance(said, Suppressed):
            suppressed.append(said)
        elif said is not None:
            counting.append((said, item))
    if options.overrides:
        counting.sort(key=lambda pair: in_order(pair[0]))
    return counting, suppressed


def _fails(finding: Finding, fail_on: Severity | None) -> bool:
    return fail_on is not None and finding.severity.rank <= fail_on.rank


def _exit_code(failing: Sequence[Finding], targets: Sequence[Judged]) -> int:
    stated = {item.target.id for item in targets if item.stated}
    if any(not finding.targets or not stated.isdisjoint(finding.targets) for finding in failing):
        return 1
    works: dict[tuple[str | None, tuple[str, ...]], bool] = {}
    for target in [item.target for item in targets if not item.stated]:
        key = (target.function, target.layers)
        works[key] = works.get(key, False) or (target.passed and target.state == "supported")
    return 0 if all(works.values()) or not failing else 1


def _compatibility(targets: Sequence[Judged], broken: set[str]) -> Iterator[Compatibility]:
    """What may truthfully be declared: no selection of rules and no threshold makes an error go away."""
    for architecture in ARCHITECTURES:
        mine = [item for item in targets if item.target.architecture == architecture]
        failed = {item.target.runtime for item in mine if item.target.id in broken}
        usable = {item.target.runtime: item.order for item in mine if item.target.state == "supported"}
        fitting = sorted((name for name in usable if name not in failed), key=usable.__getitem__)
        if fitting:
            yield Compatibility(architecture, tuple(fitting[: limits().compatible_runtimes]))


class _Numbered:
    """``artifacts`` and ``targets`` have the ids of the run; ``names`` maps each part's own ids to them.

    ``declared``: where an artifact is declared by itself, by its id.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.artifacts: list[ArtifactSummary] = []
        self.targets: list[Judged] = []
        self.names: list[Mapping[str, str]] = []
        self.declared: dict[str, Source] = {}
        self.notes = Notes()
        self._untold: dict[tuple[str, str, str | None], int] = {}
        self._known: dict[object, str] = {}
        for part in parts:
            self._add(part)
        for (rule, severity, target), count in self._untold.items():
            what = f"{count:,} more {severity}s {rule}"
            self.notes.add(what, "there are too many to tell them all", target, None, None)

    def _add(self, part: Part) -> None:
        names: dict[str, str] = {}
        for seen in part.artifacts:
            identity = _identity(part, seen)
            known = identity in self._known
            name = self._known.setdefault(identity, f"a{len(self._known) + 1}")
            names[seen.summary.id] = name
            if not known:
                self.artifacts.append(seen.summary._replace(id=name))
                self._rest(seen.rest, names)
        if part.main is not None and part.origin is not None:
            self.declared.setdefault(names[part.main], part.origin)
        for item in part.targets:
            target = item.target
            names[target.id] = name = f"t{len(self.targets) + 1}"
            function = names[target.function] if target.function is not None else None
            layers = tuple([names[layer] for layer in target.layers])
            self.targets.append(item._replace(target=target._replace(id=name, function=function, layers=layers)))
        self._rest(part.rest, names)
        self.names.append(names)

    def _rest(self, rest: Rest, names: Mapping[str, str]) -> None:
        self.notes.more += rest.more
        for note in rest.notes:
            artifact = names[note.artifact] if note.artifact is not None else None
            for target in note.targets or (None,):
                self.notes.add(note.what, note.why, names[target] if target is not None else None, artifact, note.path)
        for item in rest.untold:
            key = (item.rule, item.severity, names[item.target] if item.target is not None else None)
            self._untold[key] = self._untold.get(key, 0) + item.number


def _identity(part: Part, seen: Seen) -> object:
    """What makes two artifacts of a run the same: their path and role. Content, too: it may change in between."""
    if seen.path is None:
        return part.batch, seen.summary.id
    return seen.path, seen.summary.kind, seen.summary.content_sha256, seen.summary.code_sha256


class _Merged:
    """A finding of the run; ``concerns`` are the targets that cannot pass while it counts."""

    __slots__ = ("_counts", "_folded", "_told", "concerns", "finding")

    def __init__(self, found: Found, finding: Finding, concerns: Sequence[str]) -> None:
        self.finding = finding
        self.concerns = set(concerns)
        self._told = set(finding.targets)
        self._folded = dict(found.folded)
        self._counts = _beyond(found)

    def add(self, found: Found, finding: Finding, concerns: Sequence[str]) -> None:
        """Take in an equal finding of another deployment."""
        self.concerns.update(concerns)
        self._told.update(finding.targets)
        if finding.targets:
            return
        if finding.severity.rank < self.finding.severity.rank:
            self.finding = self.finding._replace(severity=finding.severity)
        # What does not depend on the target was met in each deployment, but is there once.
        for rule, count in found.folded.items():
            self._folded[rule] = max(self._folded.get(rule, 0), count)
        for rule, count in _beyond(found).items():
            self._counts[rule] = self._counts.get(rule, 0) + count

    def close(self, order: Mapping[str, int]) -> None:
        """Write into the finding what was taken in."""
        if len(self._told) != len(self.finding.targets):
            self.finding = self.finding._replace(targets=tuple(sorted(self._told, key=order.__getitem__)))
        rules = sorted(self._counts.keys() | self._folded.keys())
        if rules:
            counts = {rule: self._counts.get(rule, 0) + self._folded.get(rule, 0) for rule in rules}
            self.finding = self.finding._replace(details={**self.finding.details, "consequences": counts})


def _beyond(found: Found) -> dict[str, int]:
    """The consequences that depend on the target."""
    counted: Mapping[str, int] = found.finding.details.get("consequences", {})
    return {rule: count - found.folded.get(rule, 0) for rule, count in counted.items()}


def _merge(parts: Sequence[Part], numbered: _Numbered) -> list[_Merged]:
    """All findings, sorted, with the ids of the run.

    What is wrong with a file that several functions share is told once; what is wrong with a deployment as a whole, of
    each. An artifact's own faults are told once, with the worst severity that one of its deployments gives them.
    """
    merged: dict[object, _Merged] = {}
    for part, names in zip(parts, numbered.names, strict=True):
        own = tuple([names[item.target.id] for item in part.targets])
        for found in part.findings:
            finding = _renamed(found, part, names, numbered.declared)
            concerns = finding.targets or (() if found.scope == "project" else own)
            # Those of one part are merged already.
            key = _key(found, finding) if len(parts) > 1 else len(merged)
            if key in merged:
                merged[key].add(found, finding, concerns)
            else:
                merged[key] = _Merged(found, finding, concerns)
    every = list(merged.values())
    if len(parts) > 1:
        order = {item.target.id: place for place, item in enumerate(numbered.targets)}
        for item in every:
            item.close(order)
    every.sort(key=lambda item: in_order(item.finding))
    return every


def _renamed(found: Found, part: Part, names: Mapping[str, str], declared: Mapping[str, Source]) -> Finding:
    finding = found.finding
    artifact = names[finding.artifact] if finding.artifact is not None else None
    targets = tuple([names[target] for target in finding.targets])
    source = finding.source
    if source is None:
        # A layer's fault is told where the layer is declared. Several functions may be made of one artifact: what is
        # found on their targets lies with each of them.
        elsewhere = artifact is not None and (found.scope == "artifact" or finding.artifact != part.main)
        source = declared.get(artifact, part.origin) if artifact is not None and elsewhere else part.origin
    if (artifact, targets, source) == (finding.artifact, finding.targets, finding.source):
        return finding
    return finding._replace(artifact=artifact, targets=targets, source=source)


def _key(found: Found, finding: Finding) -> object:
    """What equal findings have in common."""
    whole = found.scope == "artifact"
    details = finding.details
    if not finding.targets and "consequences" in details:
        details = {name: value for name, value in details.items() if name != "consequences"}
    severity = None if whole else finding.severity
    source = finding.source if finding.path is None and not whole else None
    same = (finding.rule, finding.artifact, finding.path, finding.fact, finding.fix, finding.confidence)
    return (*same, severity, source, as_text(details))
