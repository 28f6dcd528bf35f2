"""Which of the aims in targets.json a run of peers.py reached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ratio_table import BEST, cheaper, ratio_of, shown_tools, table
from results import Results
from tools import OURS

TARGETS: dict[str, Any] = json.loads(Path(__file__).with_name("targets.json").read_text(encoding="utf-8"))


class Aim(NamedTuple):
    """One figure beside what was aimed at."""

    what: str
    aim: str
    found: float
    reached: bool


def aims(results: Results) -> Iterator[Aim]:
    """Those of what was measured."""
    for rule in TARGETS["at_most"]:
        for layer in results.layers:
            one = ratio_of(results, layer, rule["tool"])
            if layer in rule["layers"] and one is not None:
                most = rule["ratio"]
                yield Aim(f"{rule['tool']} on {layer}", f"at most {most}", one.ratio, one.ratio <= most)
    for tool, least in TARGETS["cheaper_than"].items():
        times = cheaper(results, tool)
        if times is not None:
            yield Aim(f"{BEST}, cheaper than {tool}", f"{least} times", times, times >= least)
    for layer, most in TARGETS["peak_mebibytes"].items():
        for tool in shown_tools(results):
            one = ratio_of(results, layer, tool) if layer in results.layers and tool.startswith(OURS) else None
            if one is not None:
                yield Aim(f"peak of {tool} on {layer}", f"{most} MiB", one.memory, one.memory <= most)


def target_table(results: Results) -> str:
    """A row for each aim."""
    rows = [
        [aim.what, aim.aim, f"{aim.found:.2f}", "reached" if aim.reached else "**missed**"] for aim in aims(results)
    ]
    return table(["what", "aim", "found", ""], rows)
