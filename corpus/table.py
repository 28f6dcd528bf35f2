"""Prints a Markdown table: which reported incidents each group has, and what of them the corpus reproduces.

Run it as ``python corpus/table.py``. Reports of one incident count once. An incident that today's facts contradict
("not reproducible") has a case all the same, with the verdict that is right today.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# The same module under two names: the standard library has it from Python 3.11 on.
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
HERE = Path(__file__).resolve().parent


def rows(reports: Iterable[Mapping[str, str]], cases: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, int, int]]:
    """(group, incidents that an artifact can show, reproduced, not reproducible), the largest group first."""
    incident_of = {report["id"]: report["incident"] for report in reports}
    reported: dict[str, set[str]] = {}
    for report in reports:
        if report["detectable"] != "no":
            reported.setdefault(report["group"], set()).add(report["incident"])
    reproduced: set[str] = set()
    outdated: set[str] = set()
    for case in cases:
        known = {incident_of[number] for number in case["incidents"] if number in incident_of}
        (outdated if "not_reproducible" in case else reproduced).update(known)
    outdated -= reproduced
    table = [
        (group, len(incidents), len(incidents & reproduced), len(incidents & outdated))
        for group, incidents in reported.items()
    ]
    return sorted(table, key=lambda row: (-row[1], row[0]))


def markdown(table: Iterable[tuple[str, int, int, int]]) -> str:
    """The table as text, with its sums below."""
    lines = ["| group | incidents | reproduced | not reproducible today |", "| --- | ---: | ---: | ---: |"]
    body = list(table)
    lines += [f"| `{group}` | {all_} | {good} | {old} |" for group, all_, good, old in body]
    sums = [sum(column) for column in ([row[1] for row in body], [row[2] for row in body], [row[3] for row in body])]
    return "\n".join([*lines, f"| all | {sums[0]} | {sums[1]} | {sums[2]} |", ""])


def main() -> None:
    reports = json.loads((HERE / "reported.json").read_text(encoding="utf-8"))
    cases = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("cases/*/*.toml"))]
    sys.stdout.write(markdown(rows(reports, cases)))


if __name__ == "__main__":
    main()
