"""The order in which things are told, the same for every format and on every run."""

from __future__ import annotations

import re

from ..finding import Finding, Remark, Source, Unchecked


def finding_order(finding: Finding) -> tuple[object, ...]:
    """Worst first, then by rule, artifact, path and message; the rest only settles ties."""
    return (
        finding.severity.rank,
        finding.rule,
        finding.artifact or "",
        finding.path or "",
        finding.message,
        finding.fact,
        tuple(sorted(finding.targets)),
        finding.fix or "",
        finding.confidence.value,
        finding.name,
        finding.fingerprint,
        repr(finding.details),
        source_order(finding.source),
    )


def source_order(source: Source | None) -> tuple[str, int, str]:
    """By file, line and resource; what has none first."""
    return ("", 0, "") if source is None else (source.file, source.line or 0, source.resource or "")


def remark_order(remark: Remark) -> tuple[object, ...]:
    """The worst first; then by kind and place."""
    return remark.severity.rank, remark.kind, source_order(remark.source), remark.message


def unchecked_order(item: Unchecked) -> tuple[object, ...]:
    """By what it is and why, then by artifact, path and targets."""
    return item.what, item.why, item.artifact or "", item.path or "", sorted(item.targets)


def id_order(identifier: str) -> tuple[int, str]:
    """``t2`` before ``t10``."""
    return len(identifier), identifier


def runtime_family(runtime: str) -> str:
    """``python`` of ``python3.13``, ``provided`` of ``provided.al2023``."""
    match = re.match(r"[^\W\d_]+", runtime)
    return match.group() if match else runtime


def runtime_version(runtime: str) -> tuple[int, ...]:
    """The numbers of the name, to compare runtimes of one family: (3, 13) of ``python3.13``."""
    return tuple([int(number) for number in re.findall(r"[0-9]+", runtime)])
