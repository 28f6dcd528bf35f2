"""Put the figures of the last run of peers.py between the README's markers: ``python benchmarks/readme_table.py``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ratio_table import circumstances, memory, ratios, start
from results import Results, restore
from tools import OURS, UNIT

BEGIN, END = "<!-- speed table -->", "<!-- end of speed table -->"
README = Path(__file__).resolve().parents[1] / "README.md"
CANDIDATES = (f"{OURS}isal", f"{OURS}zlib-ng")
"""Engines that were weighed and not taken: benchmarks/README.md shows them."""


def for_readers(results: Results) -> Results:
    """Without what only the choice of an engine needs."""
    layers = {
        layer: {tool: found for tool, found in tools.items() if tool not in CANDIDATES}
        for layer, tools in results.layers.items()
    }
    return results._replace(layers=layers)


def only_ours(results: Results) -> Results:
    """The rows of layercheck and of the unit."""
    layers = {
        layer: {tool: found for tool, found in tools.items() if tool == UNIT or tool.startswith(OURS)}
        for layer, tools in results.layers.items()
    }
    return results._replace(layers=layers)


def section(results: Results) -> str:
    """What stands between the markers."""
    shown = for_readers(results)
    return "\n\n".join([ratios(shown), memory(only_ours(shown)), start(shown), circumstances(shown)])


def replaced(page: str, text: str) -> str:
    """The page with ``text`` between its markers. Raises ValueError unless each is there once, in order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"{BEGIN} and {END} must be there once, in this order")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Put the last figures into the README.")
    parser.add_argument("--results", type=Path, default=Path(".cache/bench/results.json"))
    parser.add_argument("--page", type=Path, default=README)
    options = parser.parse_args()
    if not options.results.exists():
        sys.exit(f"{options.results} is not there: 'make bench' writes it")
    page = options.page.read_text(encoding="utf-8")
    options.page.write_text(replaced(page, section(restore(options.results))), encoding="utf-8")


if __name__ == "__main__":
    main()
