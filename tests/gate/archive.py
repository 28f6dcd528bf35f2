"""layercheck.pyz, built once for all tests of a run."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

from project.sources import ROOT
from real.wheels import one_at_a_time

CACHE = ROOT / ".cache" / "pyz"


@cache
def built() -> Path:
    """The file that ``make pyz`` makes of the sources as they are now."""
    sources = sorted(
        path
        for folder in ("layercheck", "release")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    digest = hashlib.sha256(sys.version.encode())
    for path in sources:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    with one_at_a_time(CACHE):
        wanted = CACHE / digest.hexdigest()[:16] / "layercheck.pyz"
        if not wanted.exists():
            subprocess.run(
                [sys.executable, "release/pyz.py", str(wanted)], cwd=ROOT, check=True, stdout=subprocess.PIPE
            )
    return wanted
