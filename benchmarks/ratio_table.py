"""Markdown out of Results: one table of ratios, one of peak memory, and what they hold for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from costs import Cost, Ratio, ratio, times_cheaper
from results import Results
from tools import OURS, TOOLS, UNIT

BEST = f"{OURS}deflate"
"""What the last column compares the others with: layercheck with the extra ``fast``."""


def costs_of(results: Results, layer: str, tool: str) -> list[Cost] | None:
    """The costs of each round, or None where it did not run to its end."""
    found = results.layers[layer].get(tool)
    return found if isinstance(found, list) else None


def ratio_of(results: Results, layer: str, tool: str) -> Ratio | None:
    """Against the unit, in the same rounds."""
    costs, unit = costs_of(results, layer, tool), costs_of(results, layer, UNIT)
    return None if costs is None or unit is None else ratio(costs, unit)


def cheaper(results: Results, tool: str, ours: str = BEST) -> float | None:
    """How many times the CPU of ours a tool takes: the median over the layers that both were measured on."""
    pairs = [(costs_of(results, layer, tool), costs_of(results, layer, ours)) for layer in results.layers]
    times = [times_cheaper(theirs, own) for theirs, own in pairs if theirs is not None and own is not None]
    return median(times) if times else None


def shown_tools(results: Results) -> list[str]:
    """The tools that were measured on any layer, in the order of the tools."""
    return [tool.name for tool in TOOLS if any(tool.name in tools for tools in results.layers.values())]


def ratios(results: Results) -> str:
    """CPU relative to the unit with the extremes of the rounds; the unit itself in seconds."""
    rows = []
    for tool in shown_tools(results):
        cells = [_ratio_cell(results, layer, tool) for layer in results.layers]
        times = None if tool.startswith(OURS) else cheaper(results, tool)
        label = f"`{UNIT}`, CPU seconds" if tool == UNIT else _label(results, tool)
        rows.append([label, *cells, "" if times is None else f"**{times:.1f}**"])
    return table(["CPU relative to `unzip -tqq`", *results.layers, "times layercheck with deflate"], rows)


def memory(results: Results) -> str:
    """Peak memory in MiB: of the largest process, and at least what the meter itself holds."""
    rows = []
    for tool in shown_tools(results):
        found = [ratio_of(results, layer, tool) for layer in results.layers]
        rows.append([_label(results, tool), *["" if one is None else f"{one.memory:.0f}" for one in found]])
    return table(["peak memory, MiB", *results.layers], rows)


def start(results: Results) -> str:
    """One line: what starting costs, before anything is checked."""
    bare, ours = (median([cost.seconds for cost in results.start[name]]) * 1000 for name in ("python", "layercheck"))
    return f"Start: `--help` takes {ours:.0f} ms of CPU, bare Python {bare:.0f} ms; {ours - bare:.0f} ms are added."


def circumstances(results: Results) -> str:
    """What the figures hold for, and what was not measured."""
    shown = [tool for tool in TOOLS if tool.name in shown_tools(results)]
    used = {word for tool in shown for word in (*tool.needs, tool.package, tool.name.removeprefix(OURS))}
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items() if name in used)
    said = (
        f"{results.date}: {results.python}, {versions}. {results.machine}; load {results.load[0]:.1f} at the start, "
        f"{results.load[1]:.1f} at the end. Median of {results.rounds} rounds."
    )
    absent = "; ".join(f"{name} ({why})" for name, why in results.absent.items())
    return f"{said}\nNot measured here: {absent}." if absent else said


def document(results: Results) -> str:
    """Everything, as peers.py prints it."""
    return "\n\n".join([ratios(results), memory(results), start(results), circumstances(results)]) + "\n"


def _label(results: Results, tool: str) -> str:
    engine = tool.removeprefix(OURS)
    if engine == tool:
        return tool
    return f"**layercheck, {engine} {results.versions.get(engine, '')}**"


def _ratio_cell(results: Results, layer: str, tool: str) -> str:
    found = results.layers[layer].get(tool, "")
    if isinstance(found, str):
        return found
    one = ratio_of(results, layer, tool)
    if one is None:
        return ""
    if tool == UNIT:
        return f"{one.seconds:.3f}"
    return f"{one.ratio:.2f} ({one.low:.2f} to {one.high:.2f})"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown; all columns but the first are set right."""
    return "\n".join([_row(titles), _row(["---", *["---:"] * (len(titles) - 1)]), *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
