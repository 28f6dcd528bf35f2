"""The reports on the committed assembly. ``python -m cdk.reports`` in tests/ writes them anew."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdk.synth import HERE

FOLDER = HERE / "golden"
DATE = "2026-11-23"
_PARTS = ("exit_code", "targets", "artifacts", "findings", "unchecked", "summary", "projects")
"""Of the JSON what the assembly is the cause of."""


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Paths in reports are as they were given: relative to where the run began."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def report(format: str, *options: str, folder: Path = HERE) -> tuple[int, str]:
    """The exit code on the assembly in ``folder``, and what is said of it, but for what each release changes."""
    import contextlib
    import io

    from layercheck.cli import main

    out = io.StringIO()
    with inside(folder), contextlib.redirect_stdout(out):
        code = main(["cdk.out", "-f", format, "--date", DATE, "--color", "never", *options])
    text = out.getvalue()
    if format == "json":
        data = json.loads(text)
        for artifact in data["artifacts"]:
            # Counts the modes of files, which a checkout leaves to the umask.
            del artifact["content_sha256"]
        text = json.dumps({part: data[part] for part in _PARTS}, indent=1) + "\n"
    return code, text


def golden() -> dict[Path, str]:
    """Every golden file with what it should hold."""
    return {FOLDER / f"report.{suffix}": report(format)[1] for suffix, format in (("json", "json"), ("txt", "text"))}


if __name__ == "__main__":
    for path, text in golden().items():
        path.write_text(text, encoding="utf-8")
