"""Pinned packages of npm, fetched once with the npm that a wheel brings, and unpacked as ``npm install`` lays them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from real.nodejs import npm
from real.wheels import CACHE


class Package(NamedTuple):
    """``sha256`` of the one file that this version must bring."""

    name: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        return CACHE.parent / "npm" / f"{self.sha256[:16]}.tgz"


PACKAGES = {
    "sharp": (
        Package("sharp", "0.34.3", "6fb70395e5e48b44a2da2ccb223c5c427cbc2f4a5d4930403ea5036037fde334"),
        Package("@img/sharp-linux-x64", "0.34.3", "39f6aef71aa470f728bf6ef1fb5a6a520f512666c6debf2d86314bdd4c97e3a0"),
        Package("@img/sharp-libvips-linux-x64", "1.2.0",
            "73e3748a4e77328f6c61c6146a431715c8107ac7f5cdcc888c24148f5b4df9e8"),
    ),
    "sharp arm64": (
        Package("sharp", "0.34.3", "6fb70395e5e48b44a2da2ccb223c5c427cbc2f4a5d4930403ea5036037fde334"),
        Package("@img/sharp-linux-arm64", "0.34.3", "2835006dfb86ba56f2daa51eba463afa699ccf80f23b16359584a3b3da876319"),
        Package("@img/sharp-libvips-linux-arm64", "1.2.0",
            "83ddddfe6833919bd9036da93f8bbaeb1b658ca81497923588a3e47a0a2d1407"),
    ),
}  # fmt: skip


def fetch_packages(name: str) -> None:
    """Bring the packages into the cache. Raises AssertionError when the registry has others."""
    missing = [package for package in PACKAGES[name] if not package.path.exists()]
    if not missing:
        return
    cache = missing[0].path.parent
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for package in missing:
            pack = ["pack", "--json", "--ignore-scripts", f"{package.name}@{package.version}"]
            done = subprocess.run([*npm(), *pack], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, f"{package.name} cannot be fetched:\n{done.stderr}"
            (file,) = Path(folder).glob("*.tgz")
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            assert digest == package.sha256, f"{file.name} is {digest}, pinned is {package.sha256}"
            os.replace(file, package.path)


def unpack_packages(folder: Path, name: str) -> None:
    """nodejs/node_modules of a layer in ``folder``."""
    fetch_packages(name)
    for package in PACKAGES[name]:
        place = folder / "nodejs/node_modules" / package.name
        with tarfile.open(package.path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    target = place / member.name.partition("/")[2]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(file.read())
                    target.chmod(0o755 if member.mode & 0o111 else 0o644)
