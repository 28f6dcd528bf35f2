"""Time of resolving 250 libraries below one extension module, in process: the least and the median of 100 runs.

Each library needs two others, libc.so.6 and libm.so.6: 1,048 lookups. Every run begins with a new file system, so that
nothing is remembered from the one before. Needs ``tests`` for its writers of ELF files and zips.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from layercheck.artifact import open_artifact
from layercheck.environment import load
from layercheck.filesystem import Filesystem, Mount, Overlay
from layercheck.linker import resolve
from support.elf_writer import build_elf
from support.zip_writer import simple_zip

LIBRARIES, RUNS = 250, 100


def layer() -> bytes:
    """The archive."""
    last = LIBRARIES - 1
    top = [f"lib{number}.so.1" for number in range(0, LIBRARIES, 5)]
    nodes = ["GLIBC_2.2.5", "GLIBC_2.14"]
    files: dict[str, bytes | tuple[bytes, int]] = {
        "python/m.abi3.so": build_elf(
            needed=[*top, "libc.so.6"], verneed={"libc.so.6": nodes[:1]}, rpath="$ORIGIN/../lib"
        )
    }
    for number in range(LIBRARIES):
        others = [f"lib{other}.so.1" for other in sorted({min(last, number + 1), min(last, number + 7)} - {number})]
        files[f"lib/lib{number}.so.1"] = build_elf(
            soname=f"lib{number}.so.1", needed=[*others, "libc.so.6", "libm.so.6"], verneed={"libc.so.6": nodes}
        )
    return simple_zip(files)


def main() -> int:
    """Measure and print one line."""
    overlay = Overlay([Mount(open_artifact(layer()), "/opt")])
    environment = load("python3.12", "x86_64")
    gc.disable()  # as the command line does
    times, lookups = [], 0
    for _ in range(RUNS):
        start = perf_counter()
        resolution = resolve(Filesystem(overlay, environment))
        times.append((perf_counter() - start) * 1000)
        lookups = sum(len(found.lookups) for found in resolution.loads)
    print(f"{LIBRARIES} libraries, {lookups:,} lookups: least {min(times):.1f} ms, median {median(times):.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
