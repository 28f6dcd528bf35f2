"""The order of judgement within a deployment: fold consequences under causes, then merge targets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ..finding import Finding, Severity, Source
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple
from ..rules import Fault, Rule
from .part import Found

if TYPE_CHECKING:
    from typing import Any

_NORMALISED = (
    (r"-[0-9a-f]{8,}(?=[.\-]|$)", "-H"),
    (r"(?<=-)\d[^/-]*(?=\.(dist|egg)-info(/|$))", "V"),
    (r"(?<=-H)\.so(\.\d+)+", ".so.V"),
    # Numbers from their beginning, and bounded: names may be thousands of digits, each the beginning of a long search.
    (r"(?<!\d)(?<!\d,)\d[\d,]{0,30}(\.\d{1,30})?(?= ?(bytes|MB|%|files|names|times|of|other|are)\b)", "N"),
    (r"\d{1,3}(,\d{3})+", "N"),
)
"""What changes from build to build: hashes that wheels put into library names, versions, sizes and counts."""
ARTIFACT = ((r"(?<![0-9a-f])[0-9a-f]{8,}(?![0-9a-f])", "H"), (r"(?<!\d)\d{1,30}(\.\d{1,30})+", "V"))
"""What changes in the names of artifacts: the hashes of CDK's assets, versions."""


class Raw(NamedTuple):
    """A fault together with the rule that found it and the target it holds for (None: for every target).

    ``source``: where a project declares it, if it lies there and not in an artifact. ``folded``: how many findings of
    which rules, that do not depend on the target, were folded under it.
    """

    rule: Rule
    fault: Fault
    target: str | None
    source: Source | None = None
    folded: Mapping[str, int] = {}


@lru_cache(maxsize=1)
def _folds() -> tuple[tuple[str, str, str], ...]:
    folds = read_table(__file__, "consequences")["folds"]
    return tuple((fold["cause"], fold["consequence"], fold["share"]) for fold in folds)


def _keys(raw: Raw, share: str, *, cause: bool) -> Iterable[str]:
    """What a fault can be matched by; a cause and a consequence belong together when they have one key in common."""
    fault = raw.fault
    artifact = fault.subject.id if fault.subject is not None else ""
    if share == "artifact":
        return (artifact,)
    if share == "path":
        return (f"{artifact}:{fault.path}",)
    if share == "package":
        package = fault.subject.packages.owner(fault.path) if fault.subject is not None and fault.path else None
        return (f"{artifact}:{package.name}",) if package is not None else ()
    if share == "requirer" and not cause:
        return (str(fault.details.get("required_by")),)
    if share in ("candidates", "requirer"):
        if cause:
            paths = fault.details.get("examples") or [fault.path]
            return tuple([fault.subject.where(str(path)) for path in paths]) if fault.subject is not None else ()
        return tuple(fault.details.get("candidates", ()))
    named = {fault.details.get("library")} if not cause else {str(fault.path).rsplit("/", 1)[-1]}
    named.update(fault.details.get("libraries", ()))
    named.update(version["library"] for version in fault.details.get("versions", ()))
    return tuple(name for name in named if name)


def fold(raws: list[Raw]) -> list[Raw]:
    """Put consequences under their causes: the cause's details count them, and they are no findings of their own.

    A cause is as bad as the worst that it explains. Only one that its rule itself holds for milder than usual explains
    nothing worse: a few unused bytes in an archive are not why a library in it is damaged.
    """
    by_rule: dict[str, list[int]] = {}
    for index, raw in enumerate(raws):
        by_rule.setdefault(raw.rule.id, []).append(index)
    counts: dict[int, dict[str, int]] = {}
    whole: dict[int, dict[str, int]] = {}
    worst: dict[int, Severity] = {}
    folded: set[int] = set()
    for cause, consequence, share in _folds():
        if cause not in by_rule or consequence not in by_rule:
            continue
        known: dict[tuple[str | None, str], int] = {}
        for index in by_rule[cause]:
            for key in _keys(raws[index], share, cause=True):
                known.setdefault((raws[index].target, key), index)
        for index in by_rule[consequence]:
            if index in folded:
                continue
            for key in _keys(raws[index], share, cause=False):
                found = known.get((raws[index].target, key), known.get((None, key)))
                if found is not None and found not in folded and _explains(raws[found], raws[index]):
                    folded.add(index)
                    counts.setdefault(found, {})
                    counts[found][consequence] = counts[found].get(consequence, 0) + 1
                    if raws[index].target is None:
                        whole.setdefault(found, {})
                        whole[found][consequence] = whole[found].get(consequence, 0) + 1
                    worst[found] = min(worst.get(found, _severity(raws[found])), _severity(raws[index]), key=_rank)
                    break
    result = []
    for index, raw in enumerate(raws):
        if index in folded:
            continue
        if index in counts:
            details = {**raw.fault.details, "consequences": dict(sorted(counts[index].items()))}
            fault = raw.fault._replace(details=details, severity=worst[index])
            raw = raw._replace(fault=fault, folded=whole.get(index, {}))
        result.append(raw)
    return result


def _severity(raw: Raw) -> Severity:
    return raw.fault.severity or raw.rule.severity


def _rank(severity: Severity) -> int:
    return severity.rank


def _explains(cause: Raw, consequence: Raw) -> bool:
    mild = _severity(cause).rank > cause.rule.severity.rank
    return not mild or _severity(cause).rank <= _severity(consequence).rank


def merge(raws: Iterable[Raw], order: Mapping[str, int]) -> list[Found]:
    """Findings that are equal in all but the target become one; ``order`` numbers the targets."""
    merged: dict[str, tuple[Raw, Finding, set[str]]] = {}
    for raw in raws:
        finding = _finding(raw)
        key = as_text(
            [
                finding.rule,
                finding.severity.value,
                finding.confidence.value,
                finding.artifact,
                finding.path,
                finding.fact,
                finding.fix,
                finding.details,
                finding.source,
            ]
        )
        targets = merged.setdefault(key, (raw, finding, set()))[2]
        if raw.target is not None:
            targets.add(raw.target)
    found = [
        Found(finding._replace(targets=tuple(sorted(targets, key=order.__getitem__))), raw.rule.scope, raw.folded)
        for raw, finding, targets in merged.values()
    ]
    found.sort(key=lambda item: in_order(item.finding))
    return found


def as_text(value: Any) -> str:
    """The same text for equal details, to compare them by."""
    return json.dumps(value, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    return (
        sorted(value)
        if isinstance(value, (set, frozenset))
        else dict(value)
        if isinstance(value, Mapping)
        else str(value)
    )


def in_order(finding: Finding) -> tuple[object, ...]:
    """Sorts the findings of a report: the worst first."""
    source = finding.source or Source("")
    declared = (source.file, source.line or 0, source.resource or "")
    where = (finding.artifact or "", finding.path or "")
    return (finding.severity.rank, finding.rule, *where, finding.message, finding.targets, declared)


def _finding(raw: Raw) -> Finding:
    rule, fault = raw.rule, raw.fault
    path, source = fault.path, raw.source
    name = path if path is not None else (fault.subject.artifact.name if fault.subject is not None else None)
    resource = (source.resource or source.file) if source is not None else None
    name = name if name is not None else resource
    message = f"{name}: {fault.fact}" if name else fault.fact
    settled: dict[str, Any] = {} if fault.confidence is None else {"confidence": fault.confidence}
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=fault.severity or rule.severity,
        message=message,
        artifact=fault.subject.id if fault.subject is not None else None,
        path=path,
        fix=fault.fix,
        details=fault.details,
        # Two resources with the same fault are two faults.
        fingerprint=fingerprint(rule.id, path if path is not None else resource, fault.fact),
        fact=fault.fact,
        source=source,
        **settled,
    )


def fingerprint(rule: str, path: str | None, fact: str) -> str:
    """The same for the same fault in another build; see ``_NORMALISED``."""
    plain = [normalised(text) for text in (path or "", fact)]
    joined = "\0".join([rule, *plain]).encode("utf-8", "surrogateescape")
    return hashlib.sha256(joined).hexdigest()[:16]


def normalised(text: str, patterns: tuple[tuple[str, str], ...] = _NORMALISED) -> str:
    """The text with a letter in place of what changes from build to build."""
    for pattern, word in patterns:
        text = re.sub(pattern, word, text)
    return text


def selected(finding: Finding, select: tuple[str, ...], ignore: tuple[str, ...]) -> bool:
    """Whether a finding is among those that were asked for. Ids, names or prefixes of ids; ignore beats select."""
    if any(named(finding, word) for word in ignore):
        return False
    return not select or any(named(finding, word) for word in select)


def named(finding: Finding, word: str) -> bool:
    """Whether a word (id, name or beginning of ids) names the rule of a finding."""
    return word_fits(word, finding.rule, finding.name)


def word_fits(word: str, rule: str, name: str) -> bool:
    """Whether a word names the rule with this id and name."""
    return name == word or rule.startswith(word.upper())
