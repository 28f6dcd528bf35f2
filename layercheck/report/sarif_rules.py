"""The rules as SARIF describes them, from the rules' own documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..finding import Finding, Severity
from ..rules import Rule, all_rules
from .escape import visible
from .prose import prose

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_MAX_DESCRIPTION = 1024
"""Characters that GitHub takes of a short or full description."""


def plain(text: str) -> str:
    """A message that stands for itself: no placeholder (§3.11.5: braces are doubled) and no link (§3.11.6) is in it."""
    return re.sub(r"[{}]", r"\g<0>\g<0>", text).replace("](", "\\](")


def rule_descriptors(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Those rules that speak in the findings, by id."""
    known = {rule.id: rule for rule in all_rules()}
    names = {finding.rule: finding.name for finding in findings}
    return [_descriptor(known[rule]) if rule in known else _unknown(rule, names[rule]) for rule in sorted(names)]


def _unknown(rule: str, name: str) -> dict[str, Any]:
    """A rule that a later version or another source brought: its id and name are all that is known."""
    return {"id": visible(rule), "name": visible(name)}


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": _cut(rule.what)},
        "fullDescription": {"text": _cut(rule.why)},
        "help": {"text": plain(_help(rule)), "markdown": plain(_help_markdown(rule))},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["aws-lambda", "correctness", f"by-{rule.scope}"],
            "precision": "high",
            "problem.severity": _PROBLEMS[rule.severity],
        },
    }


def _cut(text: str) -> str:
    text = plain(text)
    return text if len(text) <= _MAX_DESCRIPTION else text[: _MAX_DESCRIPTION - 1] + "…"


def _parts(rule: Rule) -> tuple[tuple[str, str], ...]:
    return ("What", rule.what), ("Why it fails", rule.why), ("Fix", rule.fix), ("Example", rule.example)


def _help(rule: Rule) -> str:
    parts = [f"{rule.id} {rule.name}", *[f"{title}: {text}" for title, text in _parts(rule)]]
    return "\n\n".join([*parts, "Sources: " + "; ".join(rule.sources)])


def _help_markdown(rule: Rule) -> str:
    parts = [f"# {rule.id} {rule.name}", *[f"**{title}.** {prose(text)}" for title, text in _parts(rule)]]
    return "\n\n".join([*parts, "**Sources**", "\n".join([f"- {prose(source)}" for source in rule.sources])])
