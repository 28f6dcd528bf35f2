"""Write the golden files, and the examples of docs/formats.md, anew: ``make golden``.

Then look at what changed: ``git diff tests/golden``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS)]


def main() -> None:
    """Write what belongs there, and take away what does not."""
    from golden.cases import CASES, FOLDER, golden
    from golden.pages import PAGE, page

    wanted: dict[Path, str] = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            wanted |= golden(case, Path(folder))
    for path in FOLDER.glob("*/report.*"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    PAGE.write_text(page(wanted), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
