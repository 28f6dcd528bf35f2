"""Puts the parts of a run together: number, merge, select, and say how it ends.

Every run ends here, whether one process judged its jobs or several did: it gives the same report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .. import _version
from ..environment import data_version, limits
from ..finding import Compatibility, Finding, Report, Severity
from .judge import selected
from .judging import is_stated
from .merged import merge_findings
from .numbered import Numbered
from .options import Options
from .part import Judged, Part
from .targets import ARCHITECTURES


def join(parts: Sequence[Part], options: Options) -> Report:
    """The report over all parts, in their order. Of the options those of the run count."""
    numbered = Numbered(parts)
    everything = merge_findings(parts, numbered)
    found = [item for item in everything if selected(item.finding, options.select, options.ignore)]
    failing = [item for item in found if _fails(item.finding, options.fail_on)]
    stopped = {target for item in failing for target in item.concerns}
    targets = [
        item._replace(target=item.target._replace(passed=item.target.id not in stopped)) for item in numbered.targets
    ]
    gate = is_stated(options) or any(item.stated for item in targets)
    notes = numbered.notes
    code = 3 if options.strict and notes else _exit_code([item.finding for item in failing], targets)
    broken = {target for item in everything if item.finding.severity is Severity.ERROR for target in item.concerns}
    return Report(
        tool_version=_version.__version__,
        data_version=data_version(),
        date=options.date or data_version(),
        exit_code=code,
        targets=tuple([item.target for item in targets]),
        artifacts=tuple(numbered.artifacts),
        compatibility=tuple(_compatibility(targets, broken)),
        findings=tuple([f.finding for f in found if f.finding.severity.rank <= options.min_severity.rank]),
        unchecked=notes.all({item.target.id: place for place, item in enumerate(targets)}),
        gate=gate,
        limit_bytes=limits().unzipped_total_bytes,
    )


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
