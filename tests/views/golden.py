"""The pages that are kept word for word. ``python tests/views/golden.py`` (with tests/ and the project on the path)
writes them anew; read them before they are committed."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]

from cli.runs import here
from views.made import layer, package, stored

FOLDER = Path(__file__).resolve().parent / "golden"
TARGET = ("-r", "python3.12", "-a", "x86_64")
PAGES = {
    "size.txt": ("size", "old.zip"),
    "size-advice.txt": ("size", "old.zip", "--advise", *TARGET),
    "size-layers.txt": ("size", "app.zip", "--layer", "old.zip", "--layer", "new.zip", "--top", "3"),
    "size.json": ("size", "app.zip", "--layer", "old.zip", "--functions", "2", *TARGET, "-f", "json"),
    "diff.txt": ("diff", "old.zip", "new.zip", *TARGET),
    "diff.md": ("diff", "old.zip", "new.zip", *TARGET, "-f", "markdown"),
    "diff.json": ("diff", "old.zip", "new.zip", *TARGET, "-f", "json"),
    "diff-same.txt": ("diff", "old.zip", "old.zip", *TARGET),
}


def page(name: str) -> str:
    """What is printed, without what changes with each release."""
    text = here(*PAGES[name]).out
    text = re.sub(r'("data_version": |"name": "layercheck",\s+"version": )"[^"]+"', r'\1"…"', text)
    return re.sub(r'("content_sha256": )"[0-9a-f]+"', r'\1"…"', text)


def build(folder: Path) -> None:
    """The artifacts that the pages are about."""
    new = {**layer("1.1", ("libz.so.1", "libgone.so.3"), b"# longer\n"), **package("gamma", "0.1", {"gamma.py": b"g"})}
    del new["lib/libown.so.1"]
    (folder / "old.zip").write_bytes(stored(layer()))
    (folder / "new.zip").write_bytes(stored({**new, "python/mine.py": (b"z = 3\n", 0o755)}))
    (folder / "app.zip").write_bytes(stored({"app.py": b"def handler(event, context):\n    return 1\n"}))


def main() -> None:
    """Write every page."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        os.chdir(folder)
        for name in PAGES:
            (FOLDER / name).write_text(page(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
