"""CPU of the whole layercheck process divided by that of ``unzip -tqq`` on the same zip, as a Markdown table.

The two run by turns (A B A B), after one pair that is not counted. A figure is the median of the ratios of the pairs;
milliseconds are medians too and hold for this machine only. ``unzip -tqq`` inflates every member and compares its CRC,
nothing else.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import NamedTuple

TARGET = ["-r", "python3.12", "-a", "x86_64", "-f", "json", "-o", os.devnull]
WITHOUT_DEFLATE = "import sys; sys.modules['deflate'] = None; from layercheck.cli import entry; entry()"
"""Makes the import fail as it does where the extra is not installed; otherwise the same start as ``-m layercheck``."""


class Cost(NamedTuple):
    """Of one finished process: user and system seconds, peak memory in MiB."""

    seconds: float
    memory: float


class Comparison(NamedTuple):
    """Medians over all pairs; ``low`` and ``high`` are the extremes of the ratios."""

    seconds: float
    reference: float
    ratio: float
    low: float
    high: float
    memory: float


def run(command: Sequence[str]) -> Cost:
    """Run it to its end, silently. Raises RuntimeError unless it ends with 0 or 1 (findings)."""
    # An installed package has its bytecode; where writing it is switched off, a checkout would be compiled each time.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def compare(command: Sequence[str], reference: Sequence[str], pairs: int) -> Comparison:
    """Run both by turns; the first pair only warms the page cache and the bytecode."""
    costs = [(run(command), run(reference)) for _ in range(pairs + 1)][1:]
    ratios = [ours.seconds / theirs.seconds for ours, theirs in costs]
    return Comparison(
        median([ours.seconds for ours, _ in costs]),
        median([theirs.seconds for _, theirs in costs]),
        median(ratios),
        min(ratios),
        max(ratios),
        median([ours.memory for ours, _ in costs]),
    )


def engines() -> dict[str, list[str]]:
    """The command of each inflate engine that can be measured here, by its name and version."""
    import zlib

    found = {f"zlib {zlib.ZLIB_RUNTIME_VERSION}": [sys.executable, "-c", WITHOUT_DEFLATE]}
    if find_spec("deflate") is not None:
        found[f"deflate {version('deflate')}"] = [sys.executable, "-m", "layercheck"]
    return found


def row(name: str, engine: str, found: Comparison) -> str:
    """One line of the table."""
    spread = f"{found.low:.2f} to {found.high:.2f}"
    ours, theirs = found.seconds * 1000, found.reference * 1000
    return f"| {name} | {engine} | {ours:.0f} | {theirs:.0f} | **{found.ratio:.2f}** | {spread} | {found.memory:.0f} |"


def processor() -> str:
    """The name that the system gives to it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {platform.system()}"


def circumstances(pairs: int, load: float) -> str:
    """What the figures hold for."""
    banner = subprocess.run(["unzip", "-v"], capture_output=True, text=True, check=True).stdout.split("\n", 1)[0]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    unzip = " ".join(banner.split()[:2])
    return (
        f"{date.today().isoformat()}: {python}, {unzip}, {processor()}, load {load:.1f} at the start; "
        f"median of {pairs} pairs."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare layercheck with unzip -tqq.")
    parser.add_argument("layers", nargs="+", type=Path, metavar="LAYER.zip")
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print("| layer | engine | layercheck, ms CPU | unzip, ms CPU | ratio | spread | peak memory, MiB |")
    print("| --- | --- | ---: | ---: | ---: | --- | ---: |")
    for layer in options.layers:
        for engine, command in engines().items():
            found = compare([*command, str(layer), *TARGET], ["unzip", "-tqq", str(layer)], options.pairs)
            print(row(layer.stem, engine, found), flush=True)
    start = compare([sys.executable, "-m", "layercheck", "--help"], [sys.executable, "-c", "pass"], 3 * options.pairs)
    added = (start.seconds - start.reference) * 1000
    print(
        f"\nStart: `--help` takes {start.seconds * 1000:.0f} ms, bare Python {start.reference * 1000:.0f} ms; ", end=""
    )
    print(f"{added:.0f} ms are added.")
    print(f"\n{circumstances(options.pairs, load)}")


if __name__ == "__main__":
    main()
