"""What is kept of npm packages that carry packed programs: their versions, and what their JavaScript names.

A layer may hold thousands of package.json files; only those of the packages in ``WATCHED`` are parsed, and the path
alone decides which these are.
"""

from __future__ import annotations

import re

from ..named_tuple import NamedTuple

WATCHED = frozenset(
    (
        "chrome-aws-lambda",
        "@sparticuz/chrome-aws-lambda",
        "@sparticuz/chromium",
        "@sparticuz/chromium-min",
        "@shelf/aws-lambda-libreoffice",
    )
)
"""The packages of rules/data/packed.json (a test compares the two)."""
MARKS = ("@sparticuz/", "aws-lambda")
"""One of these is in each name of ``WATCHED``."""
NAMED = ("/package.json", ".js", ".mjs", ".cjs")
"""How the names of the files end that are looked into."""
MAX_PACKAGE = 64 << 10
MAX_SCRIPT = 64 << 10
MAX_BUNDLE = 16 << 20
_MAX_WORD, _MAX_URL, _MAX_TARS = 64, 300, 1_000
_PACK = b"chromium.br"
_NODES = rb"nodejs\(\?:([\d|]{2,80})\)|(?:[\"']|AWS_Lambda_nodejs)(\d\d)\.x"
"""How these packages name the runtimes that they know: nodejs(?:14|16), "20.x", AWS_Lambda_nodejs12.x."""


class NpmPackage(NamedTuple):
    """``name`` is that of the directory in node_modules; ``version`` as package.json has it, None when unreadable."""

    name: str
    version: str | None


def watched(path: str) -> str | None:
    """The package of ``WATCHED`` that the file at ``path`` lies in."""
    cut = path.rfind("node_modules/")
    if cut < 0:
        return None
    parts = path[cut + 13 :].split("/", 2)
    name = "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
    return name if name in WATCHED else None


def read_package(name: str, data: bytes) -> NpmPackage:
    """The version in the package.json ``data`` of package ``name``."""
    version: object = None
    if len(data) <= MAX_PACKAGE:
        import json

        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            found = None
        version = found.get("version") if isinstance(found, dict) else None
    return NpmPackage(name, version if isinstance(version, str) and len(version) <= _MAX_WORD else None)


def named_nodes(data: bytes) -> tuple[str, ...]:
    """The Node.js releases (``"18"``) that a script of a watched package names; what a patch added, too."""
    found: set[str] = set()
    for several, one in re.findall(_NODES, data[:MAX_SCRIPT]):
        found.update(part.decode("ascii") for part in (several.split(b"|") if several else (one,)) if part)
    return tuple(sorted(found))


def bundled_pack(data: bytes) -> tuple[str, ...]:
    """``chromium.br`` when a script opens such a pack, and ``url`` when it also names a tar to fetch instead."""
    if data.find(_PACK, 0, MAX_BUNDLE) < 0:
        return ()
    at = -1
    for _ in range(_MAX_TARS):
        at = data.find(b".tar", at + 1, MAX_BUNDLE)
        if at < 0:
            break
        url = data[data.rfind(b"http", max(0, at - _MAX_URL), at) :][: _MAX_URL + 4]
        if re.match(rb"https?://[^\s\"'`<>]+\.tar(?![.\w])", url):
            return ("chromium.br", "url")
    return ("chromium.br",)
