"""The examples of docs/formats.md, which are golden files."""

from __future__ import annotations

import re
from pathlib import Path

from golden.cases import FOLDER

PAGE = FOLDER.parents[1] / "docs" / "formats.md"
_EXAMPLE = re.compile(r"(?s)(<!-- golden (\S+) -->\n).*?(<!-- end -->\n)")
_LANGUAGES = {".xml": "xml", ".md": "markdown", ".txt": "text"}


def page(files: dict[Path, str]) -> str:
    """The whole page, with what belongs into its examples."""

    def example(found: re.Match[str]) -> str:
        path = FOLDER / found[2]
        return f"{found[1]}~~~~{_LANGUAGES[path.suffix]}\n{files[path]}~~~~\n{found[3]}"

    return _EXAMPLE.sub(example, PAGE.read_text(encoding="utf-8"))
