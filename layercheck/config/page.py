"""The tables of the keys for the documentation, from the same table that the reader uses."""

from __future__ import annotations

from collections.abc import Sequence

from .keys import ARTIFACT_KEYS, DECISION_KEYS, EXCEPTION_KEYS, OUTPUT_KEYS, RULE_KEYS, TARGET_KEYS, Key


def tables() -> str:
    """Markdown: one table for each group of keys."""
    own = [key for key in ARTIFACT_KEYS if key not in TARGET_KEYS]
    groups: tuple[tuple[str, Sequence[Key]], ...] = (
        ("What is reported, and what fails", (*RULE_KEYS, *OUTPUT_KEYS)),
        ("The target, at the top for all inputs, or in an `[[artifact]]`", TARGET_KEYS),
        ("Decisions", DECISION_KEYS),
        ("`[[artifact]]`, beside the keys of the target", own),
        ("`[[exception]]`", EXCEPTION_KEYS),
    )
    return "\n\n".join(f"{title}:\n\n{_table(keys)}" for title, keys in groups)


def _table(keys: Sequence[Key]) -> str:
    rows = ["| key | value | meaning |", "| --- | --- | --- |"]
    for key in keys:
        names = f"`{key.name}`" + (f" or `{key.also}`" if key.also else "")
        required = "; required" if key.required else ""
        option = f" (`--{_option(key)}`)" if _option(key) and _option(key) != key.name else ""
        rows.append(f"| {names} | {key.kind.expected} | {key.doc}{option}{required} |")
    return "\n".join(rows)


def _option(key: Key) -> str:
    return key.option.replace("_", "-")
