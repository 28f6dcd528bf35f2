"""CPU and memory of layercheck and its peers on the same layers, as ratios to ``unzip -tqq``, in one Markdown table.

Run it as ``python benchmarks/peers.py .cache/layers/seed.zip``, or with ``make bench``. Whole processes run by turns
(A B C A B C) after one round that is not counted. What is not installed is named, and left out.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from costs import LEAST_ROUNDS, Cost, Step, by_turns
from ratio_table import document
from results import Results, machine, outcome, python, save, today, versions
from targets import target_table
from tools import (
    HERE,
    OURS,
    UNIT,
    Installed,
    Layer,
    Tool,
    install,
    look_around,
    missing,
    prepare,
    reports_differ,
    select,
)

NO_ELF = "no ELF file"


def measure_layer(layer: Layer, tools: list[Tool], there: Installed, rounds: int) -> dict[str, list[Cost] | str]:
    """The costs of each tool on one layer, by turns; or why there are none."""
    able = [tool for tool in tools if layer.elf_files or not tool.elf]
    found = by_turns({tool.name: tool.steps(layer, there) for tool in able}, rounds)
    outcomes = {name: outcome(costs) for name, costs in found.items()}
    return {tool.name: outcomes.get(tool.name, NO_ELF) for tool in tools}


def measure_start(rounds: int) -> dict[str, list[Cost]]:
    """Starting Python, and starting layercheck to print its help. Raises RuntimeError when that fails."""
    help_ = (sys.executable, str(HERE / "ours.py"), "deflate", "-", "--help")
    found = by_turns({"python": [Step((sys.executable, "-c", "pass"))], "layercheck": [Step(help_)]}, rounds)
    costs = {name: outcome(one) for name, one in found.items()}
    kept = {name: one for name, one in costs.items() if isinstance(one, list)}
    if len(kept) < len(costs):
        raise RuntimeError(f"starting failed: {costs}")
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare layercheck and its peers on the same layers.")
    parser.add_argument("layers", nargs="+", type=Path, metavar="LAYER.zip")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help=f"counted rounds (default {LEAST_ROUNDS})")
    parser.add_argument("--peer", action="append", default=[], metavar="WORD", help="only tools with it in their name")
    parser.add_argument("--environment", type=Path, default=Path(".cache/peers"), help="the peers' own packages")
    parser.add_argument("--no-install", action="store_true", help="take the environment as it is")
    parser.add_argument("--results", type=Path, default=Path(".cache/bench/results.json"))
    parser.add_argument("--scratch", type=Path, default=Path(".cache/bench"), help="where archives are extracted to")
    options = parser.parse_args()
    try:
        tools = select(options.peer)
    except ValueError as error:
        parser.error(str(error))
    if options.rounds < 1:
        parser.error("at least one round is counted")
    if not options.no_install and any(tool.package for tool in tools):
        install(options.environment.absolute())
    there = look_around(options.environment.absolute())
    absent = {tool.name: why for tool in tools if (why := missing(tool, there)) is not None}
    able = [tool for tool in tools if tool.name not in absent]
    if UNIT in absent:
        sys.exit(absent[UNIT])
    before = os.getloadavg()[0]
    layers = {}
    options.scratch.mkdir(parents=True, exist_ok=True)
    for path in options.layers:
        if not path.exists():
            absent[f"layer {path.stem}"] = "not built"
            continue
        print(f"{path.stem}: {len(able)} tools, {options.rounds} rounds", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=options.scratch.absolute()) as scratch:
            layer = prepare(path.absolute(), Path(scratch))
            engines = [tool.name.removeprefix(OURS) for tool in able if tool.name.startswith(OURS)]
            if (problem := reports_differ(layer, there, engines)) is not None:
                sys.exit(problem)
            layers[path.stem] = measure_layer(layer, able, there, options.rounds)
    results = Results(
        date=today(),
        python=python(),
        machine=machine(),
        load=(before, os.getloadavg()[0]),
        rounds=options.rounds,
        versions=versions(there),
        absent=absent,
        layers=layers,
        start=measure_start(3 * options.rounds),
    )
    save(results, options.results)
    print(document(results), end="")
    print(f"\n{target_table(results)}")


if __name__ == "__main__":
    main()
