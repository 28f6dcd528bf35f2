"""What the parts of a check cost, in process, as Markdown: ``python benchmarks/inside.py .cache/layers``.

CPU time, the least of the repeats, with cyclic garbage collection off as in the command. One engine in one process:
``--engine``. Layers that are not in the folder are named, and left out.

* scan: opening an artifact with all its facts; raw: reading (2 MiB at once), inflating and CRC of the same members,
  with the same engine and its CRC, and nothing else. Both run by turns.
* ELF: ``read_elf`` on each ELF file's bytes in memory.
* resolving; rules: everything from the open artifact to the finished report, without resolving.
* growth: per entry, of ``entries_N``.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from costs import Failure, Step, measure
from layers import make, target
from ours import use
from ratio_table import table
from tools import HERE

LAYERS = ("small", "seed", "limit", "many")
WINDOW = 2 << 20
ENTRIES = (1_000, 10_000, 100_000)
MAX_SCAN, MAX_ELF, MAX_RULES, MAX_ENTRY, MAX_PEAK = 1.2, 0.03, 15.0, 6.0, 120.0
"""What is aimed at: times raw, ms, percent of scan and resolving, microseconds, MiB."""


class Member(NamedTuple):
    """Where the compressed data of one member lie, and what they must give."""

    at: int
    compressed: int
    size: int
    crc: int
    deflated: bool


class Engine(NamedTuple):
    """The bare functions: of (data, size) and of data."""

    inflate: Callable[[Any, int], bytes | bytearray]
    crc: Callable[[Any], int]


def engine_functions(name: str) -> Engine:
    """The engine's own, without any care. Raises ImportError where it is not installed."""
    if name == "deflate":
        import deflate

        inflate = deflate.deflate_decompress
        return Engine(lambda data, size: inflate(data, originalsize=size) if size else b"", deflate.crc32)
    decompress = zlib.decompress
    return Engine(lambda data, size: decompress(data, -15, size or 1), zlib.crc32)


def members(path: Path) -> list[Member]:
    """Of a zip, in the order of their bytes."""
    found = []
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for info in archive.infolist():
            head = os.pread(file.fileno(), 30, info.header_offset)
            names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
            at = info.header_offset + 30 + names
            found.append(Member(at, info.compress_size, info.file_size, info.CRC, info.compress_type == 8))
    return sorted(found)


def windows(listed: list[Member]) -> list[tuple[int, int, list[Member]]]:
    """Members that are read at once: where, how many bytes, and which. Only a single one may be above ``WINDOW``."""
    found: list[tuple[int, int, list[Member]]] = []
    for member in listed:
        end = member.at + member.compressed
        if found and end - found[-1][0] <= WINDOW:
            start, _, together = found[-1]
            together.append(member)
            found[-1] = (start, end - start, together)
        else:
            found.append((member.at, member.compressed, [member]))
    return found


def raw(descriptor: int, listed: list[tuple[int, int, list[Member]]], engine: Engine) -> None:
    """Read, inflate and compare, nothing else. Raises ValueError for another CRC."""
    inflate, crc, read = engine.inflate, engine.crc, os.pread
    for start, length, together in listed:
        window = memoryview(read(descriptor, length, start))
        for at, compressed, size, expected, deflated in together:
            data: Any = window[at - start : at - start + compressed]
            if deflated:
                data = inflate(data, size)
            if crc(data) != expected:
                raise ValueError(f"another CRC at {at}")


def spent(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = process_time()
    work()
    return process_time() - start


class Parts(NamedTuple):
    """Least CPU seconds of each part on one layer; ``rules`` includes the report's making, but not its text."""

    raw: float
    scan: float
    resolve: float
    rules: float
    entries: int


def parts(path: Path, engine: str, repeats: int) -> Parts:
    """Measure one layer, the parts by turns."""
    from layercheck import open_artifact
    from layercheck.check import Options, run
    from layercheck.environment import load
    from layercheck.filesystem import Filesystem, Mount, Overlay
    from layercheck.linker import resolve

    functions, listed, name = engine_functions(engine), windows(members(path)), str(path)
    options = dict(zip(*[iter(target(path.stem))] * 2, strict=True))
    runtime, architecture = options["-r"], options["-a"]
    judged = Options(runtimes=(runtime,), architectures=(architecture,), kind=options.get("--kind", "auto"))
    environment = load(runtime, architecture)
    times: list[tuple[float, float, float, float]] = []
    with path.open("rb") as file:
        for _ in range(repeats + 1):
            bare = spent(lambda: raw(file.fileno(), listed, functions))
            start = process_time()
            artifact = open_artifact(name)
            scan = process_time() - start
            with artifact:
                mount = "/var/task" if judged.kind == "function" else "/opt"
                overlay = Overlay([Mount(artifact, mount)])
                resolving = spent(lambda overlay=overlay: resolve(Filesystem(overlay, environment)))  # type: ignore[misc]
                judging = spent(lambda artifact=artifact: run([artifact], judged))  # type: ignore[misc]
            times.append((bare, scan, resolving, judging - resolving))
            gc.collect()
    # The first time imports, and loads what is kept.
    bare, scan, resolving, rules = (min(column) for column in zip(*times[1:], strict=True))
    return Parts(bare, scan, resolving, rules, sum(len(together) for _, _, together in listed))


def elf_milliseconds(path: Path, repeats: int) -> tuple[int, float]:
    """How many ELF files a layer has, and the mean milliseconds for the facts of one, least of the repeats."""
    from peer_work import elf_members

    from layercheck.elf import read_elf

    files = list(elf_members(str(path)))

    def work() -> None:
        for data in files:
            read_elf(data)

    return len(files), min(spent(work) for _ in range(repeats + 1)) * 1000 / max(len(files), 1)


def part_rows(folder: Path, engine: str, repeats: int) -> Iterator[list[str]]:
    """A row for each layer that is there."""
    for name in LAYERS:
        path = folder / f"{name}.zip"
        if not path.exists():
            yield [name, "not built", *[""] * 6]
            continue
        found = parts(path, engine, repeats)
        count, elf = elf_milliseconds(path, repeats)
        rules = found.rules / (found.scan + found.resolve) * 100
        yield [
            name,
            *[f"{seconds * 1000:.1f}" for seconds in (found.raw, found.scan)],
            f"**{found.scan / found.raw:.2f}**",
            f"**{elf:.4f}** ({count})" if count else "",
            *[f"{seconds * 1000:.1f}" for seconds in (found.resolve, found.rules)],
            f"**{rules:.0f} %**",
        ]


def growth_rows(folder: Path, engine: str, repeats: int) -> Iterator[list[str]]:
    """Scan, and the whole from the open artifact to the report, per entry; and the peak memory of the whole process."""
    for count in ENTRIES:
        # Made here, not taken from anywhere: the growth is of one kind of member.
        path = make(f"entries_{count}", folder / "growth")
        found = parts(path, engine, repeats)
        whole = found.scan + found.resolve + found.rules
        peak = peak_mebibytes(path, engine)
        micro = [f"{seconds / count * 1e6:.2f}" for seconds in (found.raw, found.scan, whole)]
        yield [f"{count:,}", micro[0], f"**{micro[1]}**", f"**{micro[2]}**", peak]


def peak_mebibytes(path: Path, engine: str) -> str:
    """Of the whole command, as text."""
    command = (
        sys.executable,
        str(HERE / "ours.py"),
        engine,
        "-",
        str(path),
        *target(path.stem),
        "--no-config",
        "-f",
        "json",
    )
    found = measure([Step((*command, "-o", os.devnull), (0, 1))])
    return f"ended with {found.status}" if isinstance(found, Failure) else f"{found.memory:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the parts of a check, in process.")
    parser.add_argument("folder", type=Path, help="where the layers are")
    parser.add_argument("--engine", default="zlib", choices=("zlib", "deflate"))
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    use(options.engine)
    gc.disable()
    titles = ["layer", "raw, ms", "scan, ms", "scan / raw", "ms an ELF file", "resolving, ms", "rules, ms", "rules"]
    print(f"Engine: {options.engine}, least of {options.repeats}, CPU time.\n")
    print(table(titles, part_rows(options.folder, options.engine, options.repeats)))
    seed = options.folder / "seed.zip"
    if seed.exists():
        print(f"\nPeak memory of the command on seed: {peak_mebibytes(seed, options.engine)} MiB.")
    titles = ["entries", "raw, µs an entry", "scan", "all", "peak, MiB"]
    print("\n" + table(titles, growth_rows(options.folder, options.engine, options.repeats)))
    print(
        f"\nAimed at: scan / raw {MAX_SCAN}, {MAX_ELF} ms an ELF file, rules {MAX_RULES:.0f} % of scan and resolving, "
        f"{MAX_ENTRY:.0f} µs an entry at 100,000, {MAX_PEAK:.0f} MiB on seed."
    )


if __name__ == "__main__":
    main()
