"""Numbers, places and targets in words, for the formats that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..finding import Finding, ProjectSummary, Remark, Report, Severity, Source, Target
from .order import id_order

NAMED = 3
"""How many runtimes or targets a heading names before it counts the rest."""


def plural(number: int, noun: str) -> str:
    """``1 file``, ``2,495 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def human(size: int) -> str:
    """A size in bytes, rounded: kB, MB and GB are powers of 1000."""
    if size < 1000:
        return plural(size, "byte")
    if size < 999_950:
        return f"{size / 1000:.1f} kB"
    if size < 999_950_000:
        return f"{size / 1_000_000:,.1f} MB"
    return f"{size / 1_000_000_000:,.1f} GB"


def tally(report: Report) -> str:
    """``2 errors, 1 warning, 3 not checked``; errors are always told, the rest where there are any."""
    errors = report.count(Severity.ERROR)
    parts = [plural(errors, "error") if errors else "no errors"]
    if warnings := report.count(Severity.WARNING):
        parts.append(plural(warnings, "warning"))
    if infos := report.count(Severity.INFO):
        parts.append(plural(infos, "info"))
    if report.unchecked:
        parts.append(f"{len(report.unchecked):,} not checked")
    if report.suppressed:
        parts.append(f"{len(report.suppressed):,} suppressed")
    return ", ".join(parts)


def verdict(report: Report) -> str:
    """``PASSED``, ``FAILED``, ``NOT CHECKED`` or ``TOLERATED``: errors that were asked to be let pass."""
    if report.exit_code == 1:
        return "FAILED"
    if report.exit_code != 0:
        return "NOT CHECKED"
    # Exit code 0 was asked for (--fail-on never); to call that passed would mislead.
    return "TOLERATED" if report.gate and report.count(Severity.ERROR) else "PASSED"


def outcome(report: Report) -> str:
    """What the verdict rests on: the counts, or, where no target was given, on how many it works."""
    if report.gate:
        return tally(report)
    works = sum([target.passed for target in report.targets])
    more = f", {len(report.suppressed):,} suppressed" if report.suppressed else ""
    return f"works on {works:,} of {plural(len(report.targets), 'target')}{more}"


def first(items: Sequence[str], limit: int) -> str:
    """The first items, the rest counted: ``a, b and 3 more``."""
    shown = items if len(items) <= limit else items[:limit]
    rest = len(items) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


_FORMS = {"sam": "SAM template", "cloudformation": "CloudFormation template", "cdk": "CDK assembly"}


def project_words(project: ProjectSummary) -> str:
    """``SAM template, 4 functions, 1 layer, 2 stacks``."""
    counts = [plural(project.functions, "function"), plural(project.layers, "layer")]
    if project.stacks > 1:
        counts.append(plural(project.stacks, "stack"))
    return f"{_FORMS[project.form]}, {', '.join(counts)}"


def declared_at(source: Source) -> str:
    """``template.yaml:12``."""
    return source.file if source.line is None else f"{source.file}:{source.line}"


def declared_in(source: Source) -> str:
    """``template.yaml:12 (Fn)``: the place in a project's file, and the resource there."""
    return declared_at(source) + ("" if source.resource is None else f" ({source.resource})")


SUPPRESSED_BY = {
    "ignore": "ignored",
    "severity": "by their severity",
    "path": "ignored at their place",
    "exception": "by an exception",
    "baseline": "in the baseline",
    "confidence": "only likely",
}
"""What takes findings out, in the words of every format, in their order."""


def suppressed_words(report: Report) -> str:
    """``3: 1 by an exception, 2 in the baseline``."""
    counts = Counter(item.by for item in report.suppressed)
    parts = [f"{counts[by]:,} {words}" for by, words in SUPPRESSED_BY.items() if by in counts]
    return f"{len(report.suppressed):,}: {', '.join(parts)}"


def remark_place(remark: Remark) -> str:
    """``layercheck.toml:12``, where the decision stands; the program's name where that is not known."""
    return "layercheck" if remark.source is None else declared_at(remark.source)


class Names:
    """What the ids of one report stand for."""

    def __init__(self, report: Report) -> None:
        self._targets = {target.id: target for target in sorted(report.targets, key=lambda item: id_order(item.id))}
        self._artifacts = {artifact.id: artifact.path for artifact in report.artifacts}
        pairs = {(target.runtime, target.architecture) for target in report.targets}
        self._told_apart = len(pairs) == len(self._targets)
        declared: dict[str, set[Source]] = {}
        for source in [target.source for target in report.targets if target.source is not None]:
            declared.setdefault(source.resource or "", set()).add(source)
        self._several = {resource for resource, sources in declared.items() if len(sources) > 1}

    def artifact(self, identifier: str | None) -> str:
        """The artifact's path as it was given; ``deployment`` where none is meant."""
        if identifier is None:
            return "deployment"
        return self._artifacts.get(identifier, identifier)

    def place(self, finding: Finding) -> str:
        """``layer.zip:python/x.so``, or the artifact alone; where none is meant, the line that declares it."""
        if finding.artifact is None and finding.source is not None:
            return declared_at(finding.source)
        artifact = self.artifact(finding.artifact)
        return artifact if finding.path is None else f"{artifact}:{finding.path}"

    def short_place(self, finding: Finding) -> str:
        """The path alone where there is only one artifact to look in; empty when that says nothing."""
        if finding.artifact is None:
            return declared_at(finding.source) if finding.source is not None else finding.path or ""
        if len(self._artifacts) > 1:
            return self.place(finding)
        return finding.path or ""

    def target(self, target: Target) -> str:
        """``python3.12 on arm64``, with what runs there when that is needed to tell targets apart."""
        return f"{target.runtime} on {target.architecture}{self._what(target)}"

    def _what(self, target: Target) -> str:
        """What runs on a target, where that is needed to tell targets apart."""
        if self._told_apart:
            return ""
        if target.source is not None and target.source.resource is not None:
            resource = target.source.resource
            return f" for {resource}" + (f" ({declared_at(target.source)})" if resource in self._several else "")
        parts = [part for part in (target.function, *target.layers) if part is not None]
        return f" for {' + '.join(map(self.artifact, parts))}" if parts else ""

    def described(self, target: Target) -> str:
        """The target with where it comes from; in a project, from which resource, and what that is made of."""
        source = target.source
        if source is None or source.resource is None:
            return self.target(target) + (f" ({target.reason})" if target.reason else "")
        rest = target.reason.removeprefix("as given").removeprefix("-r").removeprefix(" and ").removeprefix("; ")
        made = " + ".join([self.artifact(part) for part in (target.function, *target.layers) if part is not None])
        where = declared_at(source) + (f"; {rest}" if rest else "")
        return f"{target.runtime} on {target.architecture} for {source.resource} ({where}), {made}"

    def every_target(self) -> str:
        """All targets of the report, in few words; empty when there is none."""
        targets = list(self._targets.values())
        if self._told_apart:
            return self._pairs(targets)
        failed = sum([not target.passed for target in targets])
        return f"{failed:,} of {len(targets):,} targets failed" if failed else f"{len(targets):,} targets"

    def concerned(self, findings: Iterable[Finding]) -> str:
        """The targets of findings that stand together, in few words; empty when they are all of their artifacts'."""
        told = list(findings)
        chosen = {target for finding in told for target in finding.targets}
        artifacts = {finding.artifact for finding in told}
        if None in artifacts:
            return self.some_targets(chosen)
        own = [target for target in self._targets.values() if artifacts & {target.function, *target.layers}]
        if own and chosen >= {target.id for target in own}:
            return ""
        if own and len({(target.runtime, target.architecture) for target in own}) == len(own):
            return self._pairs([target for target in own if target.id in chosen]) or self.some_targets(chosen)
        return self.some_targets(chosen)

    def some_targets(self, identifiers: Iterable[str]) -> str:
        """The targets in few words; empty when they are all, or when none is meant."""
        chosen = set(identifiers)
        if not chosen or chosen >= self._targets.keys():
            return ""
        unknown = sorted(chosen - self._targets.keys(), key=id_order)
        known = [target for identifier, target in self._targets.items() if identifier in chosen]
        return ", ".join(filter(None, [self._describe(known), *unknown]))

    def _describe(self, targets: list[Target]) -> str:
        same: dict[str, list[Target]] = {}
        for target in targets:
            same.setdefault(self._what(target), []).append(target)
        return first([f"{self._pairs(found)}{what}" for what, found in same.items()], NAMED)

    def _pairs(self, targets: list[Target]) -> str:
        """Runtimes and architectures, without what runs there."""
        runtimes: dict[str, list[str]] = {}
        for target in targets:
            runtimes.setdefault(target.architecture, []).append(target.runtime)
        architectures: dict[tuple[str, ...], list[str]] = {}
        for architecture, names in runtimes.items():
            architectures.setdefault(tuple(dict.fromkeys(names)), []).append(architecture)
        return "; ".join(
            f"{self._runtimes(names, where)} on {' and '.join(where)}" for names, where in architectures.items()
        )

    def _runtimes(self, names: tuple[str, ...], architectures: list[str]) -> str:
        judged = {target.runtime for target in self._targets.values() if target.architecture in architectures}
        if len(names) > NAMED and len(names) == len(judged):
            return f"all {len(names)} runtimes"
        return first(names, NAMED)
