"""Start layercheck with one inflate engine: ``python ours.py ENGINE SITE ARGUMENTS...``.

``zlib`` is what runs without the extra ``fast``, ``deflate`` what runs with it. ``isal`` and ``zlib-ng`` have the
interface of zlib and are put in its place: that is what an adapter for them would cost. They are imported from the
folder SITE (``-`` for none). Otherwise this is the start that the console script makes.
"""

from __future__ import annotations

import sys

DROP_IN = {"isal": "isal.isal_zlib", "zlib-ng": "zlib_ng.zlib_ng"}
"""Engines with zlib's interface, and their modules."""
ENGINES = ("zlib", "deflate", *DROP_IN)


def use(engine: str, replacement: object = None) -> None:
    """Make layercheck inflate with ``engine``, in this process. Raises ImportError where it is not installed."""
    # Nothing is imported at the top that the console script would not: its start is measured too.
    from importlib import import_module

    if engine == "deflate":
        import_module("deflate")
        return
    # Makes the import fail as it does where the extra is not installed.
    sys.modules["deflate"] = None  # type: ignore[assignment]
    if engine in DROP_IN:
        replacement = replacement or import_module(DROP_IN[engine])
        inflate, scan = (import_module(f"layercheck.artifact.{name}") for name in ("inflate", "zip_scan"))
        vars(inflate)["zlib"] = replacement
        # The same object for both, so that long members are still inflated in pieces.
        inflate.ZLIB = scan.ZLIB = inflate.ZLIB._replace(crc32=vars(replacement)["crc32"])  # type: ignore[attr-defined]


def main() -> None:
    engine, site = sys.argv[1:3]
    del sys.argv[1:3]
    # What is measured is the checkout that this file belongs to, wherever the installed package comes from.
    sys.path[0] = __file__.rpartition("benchmarks")[0] or "."
    if site != "-":
        sys.path.append(site)
    use(engine)
    from layercheck.cli import entry

    entry()


if __name__ == "__main__":
    main()
