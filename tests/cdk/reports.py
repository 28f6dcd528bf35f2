"""What the command says of the committed assembly."""

from __future__ import annotations

from pathlib import Path

from cdk.synth import HERE
from support.folders import inside

DATE = "2026-11-23"


def report(format: str, *options: str, folder: Path = HERE) -> tuple[int, str]:
    """The exit code on the assembly in ``folder``, and what is said of it."""
    import contextlib
    import io

    from layercheck.cli import main

    out = io.StringIO()
    with inside(folder), contextlib.redirect_stdout(out):
        code = main(["cdk.out", "-f", format, "--date", DATE, "--color", "never", *options])
    return code, out.getvalue()
