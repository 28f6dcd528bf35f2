"""The pages about the tool's own knowledge: one rule explained, and the runtime table."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from ..rules import Rule
from .words import plural


def explain(rule: Rule, width: int) -> str:
    """One rule: what it finds, why that fails on Lambda, how to fix it, an example, and the sources."""
    parts = [f"{rule.id} {rule.name} ({rule.severity.value}, by {rule.scope})", ""]
    for title, text in (("What", rule.what), ("Why it fails", rule.why), ("Fix", rule.fix), ("Example", rule.example)):
        parts += [
            title,
            fill(
                text, width, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            ),
            "",
        ]
    parts += ["Sources", *[f"  {source}" for source in rule.sources]]
    return "\n".join(parts) + "\n"


_COLUMNS = (
    ("runtime", "identifier"),
    ("os", "os"),
    ("glibc", "glibc"),
    ("architectures", "architectures"),
    ("state", "state"),
    ("deprecated", "deprecation_date"),
    ("no creation", "block_create_date"),
    ("no update", "block_update_date"),
    ("libraries seen", "libraries_seen"),
)


def runtime_table(rows: Sequence[dict[str, Any]], date: str, data_version: str) -> str:
    """The runtimes in columns, and below where each kind of fact comes from."""
    lines = [[title for title, _ in _COLUMNS]]
    for row in rows:
        seen = row["origins"]["runtime_libraries"]["date"]
        cells = {**row, "architectures": " ".join(row["architectures"]), "libraries_seen": seen}
        lines.append([str(cells[key]) if cells[key] is not None else "-" for _, key in _COLUMNS])
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    origins: dict[tuple[str, str, str], int] = {}
    for row in rows:
        for fact, origin in row["origins"].items():
            key = (fact, origin["source"], origin["confidence"])
            origins[key] = origins.get(key, 0) + 1
    text += ["", f"States on {date}; data of {data_version}. Where the facts come from (fact: source, confidence):"]
    text += [
        f"  {fact}: {source}, {confidence} ({plural(count, 'runtime')})"
        for (fact, source, confidence), count in sorted(origins.items())
    ]
    text.append("The sources are spelled out by --format json.")
    return "\n".join(text) + "\n"
