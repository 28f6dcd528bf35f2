"""Write the parts of the documentation that are made from the program: docs/rules.md, the keys of the configuration,
and the README's corpus table.

Run it as ``python docs/generate.py``; with ``--check`` it writes nothing, names what is out of date and ends with 1.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from layercheck.config.page import tables
from layercheck.rules import Rule, all_rules

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = {
    "LC0": "The archive",
    "LC1": "Layout and modes",
    "LC2": "Size",
    "LC3": "ELF files",
    "LC4": "Library resolution",
    "LC5": "Language runtimes and programs",
    "LC6": "Function and layers together",
    "LC7": "Projects",
}
INTRODUCTION = """# The rules

This page is written by `docs/generate.py` from the rules themselves; `layercheck explain RULE` prints the same.
The severity is the usual one: a rule may judge a harmless form of its fault milder. *Judged* says what a rule looks at:
one artifact, the artifacts of a function together, or these on one runtime and architecture.
"""
SCOPES = {
    "artifact": "each artifact",
    "stack": "function and layers together",
    "target": "each target",
    "project": "each project",
}


def rules_page() -> str:
    """The whole of docs/rules.md."""
    rules = all_rules()
    table = ["| rule | name | severity | fault |", "| --- | --- | --- | --- |"]
    table += [f"| [{r.id}](#{anchor(r)}) | {r.name} | {r.severity.value} | {cell(r.what)} |" for r in rules]
    families = dict.fromkeys(r.id[:3] for r in rules)
    sections = [
        part
        for family in families
        for part in (f"## {FAMILIES[family]}", *("\n".join(section(r)) for r in rules if r.id.startswith(family)))
    ]
    return "\n".join([INTRODUCTION, *table, "", "\n\n".join(sections), ""])


def anchor(rule: Rule) -> str:
    """What a heading ``LC001 not-a-zip`` is called in a link."""
    return f"{rule.id.lower()}-{rule.name}"


def cell(text: str) -> str:
    """A text as one cell of a table."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("\n", " ")


def section(rule: Rule) -> Iterator[str]:
    """The lines about one rule."""
    yield f"### {rule.id} {rule.name}"
    yield ""
    yield f"Severity: {rule.severity.value}. Judged: {SCOPES[rule.scope]}."
    for title, text in (("What", rule.what), ("Why it fails", rule.why), ("Fix", rule.fix)):
        yield ""
        yield f"**{title}.** {prose(text)}"
    yield ""
    yield "**Example**"
    yield ""
    yield from (f"    {line}".rstrip() for line in rule.example.splitlines())
    yield ""
    yield "**Sources**"
    yield ""
    yield from (f"* {source if source.startswith('https://') else prose(source)}" for source in rule.sources)


def prose(text: str) -> str:
    """A plain text as Markdown that shows it as it is."""
    for sign in "\\`*_<":
        text = text.replace(sign, "\\" + sign)
    return text


def with_part(text: str, name: str, part: str) -> str:
    """``text`` with ``part`` between its markers. Raises ValueError when a marker is missing."""
    first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, _, rest = text.partition(first)
    _, end, tail = rest.partition(last)
    if not end:
        raise ValueError(f"{first.strip()} or {last} is missing")
    return f"{head}{first}{part.strip()}\n{end}{tail}"


def corpus_table() -> str:
    """What ``corpus/table.py`` prints. Raises CalledProcessError."""
    command = [sys.executable, str(ROOT / "corpus" / "table.py")]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout


def pages() -> dict[Path, str]:
    """Every file that is written here, as it must be."""
    readme = ROOT / "README.md"
    configuration = ROOT / "docs" / "configuration.md"
    return {
        ROOT / "docs" / "rules.md": rules_page(),
        configuration: with_part(configuration.read_text(encoding="utf-8"), "keys", "\n" + tables() + "\n"),
        readme: with_part(readme.read_text(encoding="utf-8"), "corpus table", corpus_table()),
    }


def main() -> int:
    """Write what is out of date, or only name it."""
    check = "--check" in sys.argv[1:]
    stale = [
        (path, text) for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        sys.stdout.write(f"{path.relative_to(ROOT)}: {'out of date' if check else 'written'}\n")
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
