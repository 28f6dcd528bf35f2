"""Check the most-downloaded binary packages as layers on each of the newer runtimes, and write popular-packages.md.

Run it as ``python docs/popular.py``; ``--only NAME`` does a few and ``--first N`` the most popular ones, and the page
tells what is known of the rest from the runs before. It needs ``uv`` (``pip install uv``), which lays the wheels of a
package and of all that it requires for a given Python, architecture and C library; what it fetches stays in
``.cache/popular``, and each layer is deleted when it is judged. What lies there can be deleted at any time.

Where a layer is for the Python and the architecture that run this script, its modules are really imported too, in
a fresh process that sees the layer and the standard library only. The script ends with 1 when an error is not
explained in popular.json, or when a module of a layer without errors cannot be imported.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from layercheck import check

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "popular"
RESULTS = CACHE / "results.json"
PAGE = ROOT / "docs" / "popular-packages.md"
RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")
ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
PLATFORMS = {"python3.11": "manylinux2014"}
"""What the C library takes: 2.26 of Amazon Linux 2, for which the nearest that uv knows is 2.17, and 2.34 of 2023."""
NEWER_PLATFORM = "manylinux_2_34"
TARGETS = tuple((runtime, architecture) for runtime in RUNTIMES for architecture in ARCHITECTURES)
HERE = (f"python3.{sys.version_info[1]}", {"AMD64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "x86_64"))
IMPORTS = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(f"{name}: {type(error).__name__}: {error}")
"""
Result = dict[str, Any]
"""JSON: version, wheel (whether for manylinux), bytes, findings [[rule, severity, path, message]], imported, seconds;
or ``none``: why no wheels could be laid."""


def lay(folder: Path, name: str, runtime: str, architecture: str, date: str) -> str | None:
    """Lay the package with what it requires below python/ of ``folder``; why this cannot be done, or None."""
    command = ["uv", "pip", "install", "--quiet", "--target", str(folder / "python"), "--only-binary", ":all:"]
    command += ["--python", sys.executable, "--python-version", runtime.removeprefix("python")]
    command += ["--python-platform", f"{ARCHITECTURES[architecture]}-{PLATFORMS.get(runtime, NEWER_PLATFORM)}"]
    command += ["--exclude-newer", date, "--no-config", "--link-mode", "copy", name]
    environment = dict(os.environ, UV_CACHE_DIR=str(CACHE / "uv"))
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode == 0:
        return None
    return " ".join(done.stderr.split()) or f"uv ended with {done.returncode}"


def normalised(name: str) -> str:
    """The name as distributions' directories have it, folded."""
    return name.replace("-", "_").replace(".", "_").lower()


def information(packages: Path, name: str) -> Path:
    """The dist-info directory of a package in ``packages``."""
    found = [path for path in packages.glob("*.dist-info") if normalised(path.name.split("-")[0]) == normalised(name)]
    (path,) = found
    return path


def modules(info: Path) -> list[str]:
    """The modules at the top that a distribution brings: by its RECORD those that have code."""
    names = set()
    for row in (info / "RECORD").read_text().splitlines():
        path = row.split(",")[0].strip('"')
        top, slash, rest = path.partition("/")
        if rest == "__init__.py":
            names.add(top)
        elif not slash and path.endswith((".py", ".so")):
            names.add(path.split(".")[0])
    return sorted(names)


def imported(packages: Path, names: Sequence[str]) -> list[str]:
    """Import each module in a process that sees the layer and the standard library; what went wrong."""
    if not names:
        return []
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORTS, str(packages), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=packages, env={"HOME": "/tmp"})
    return done.stdout.splitlines() or ([] if done.returncode == 0 else [f"ended with {done.returncode}"])


def judge(folder: Path, name: str, runtime: str, architecture: str) -> Result:
    """The result on one target of a layer that is laid."""
    packages = folder / "python"
    info = information(packages, name)
    started = time.perf_counter()
    report = check(folder, runtime=runtime, architecture=architecture, kind="layer")
    seconds = time.perf_counter() - started
    findings = [[f.rule, f.severity.value, f.path, f.message] for f in report.findings if f.severity.value != "info"]
    tags = [line for line in (info / "WHEEL").read_text().splitlines() if line.startswith("Tag:")]
    binary = sorted(p.parent.name for p in packages.glob("*.dist-info/WHEEL") if "manylinux" in p.read_text())
    return {
        "version": info.name.removesuffix(".dist-info").split("-")[1],
        "wheel": any("manylinux" in tag for tag in tags),
        "binary": [entry.removesuffix(".dist-info") for entry in binary],
        "bytes": report.artifacts[0].unzipped_bytes,
        "seconds": round(seconds, 2),
        "findings": findings,
        "unchecked": [[u.path, f"{u.what}: {u.why}"] for u in report.unchecked],
        "imported": imported(packages, modules(info)) if (runtime, architecture) == HERE else None,
    }


def measure(name: str, date: str) -> dict[str, Result]:
    """All targets of one package; each layer lies on the disk only while it is looked at."""
    results = {}
    for runtime, architecture in TARGETS:
        folder = CACHE / "layer"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "python").mkdir(parents=True)
        none = lay(folder, name, runtime, architecture, date)
        key = f"{runtime} {architecture}"
        results[key] = {"none": none} if none else judge(folder, name, runtime, architecture)
        shutil.rmtree(folder)
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the page, and tell what is not as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="measure these packages")
    parser.add_argument("--first", type=int, metavar="N", help="measure the N most popular")
    parser.add_argument("--missing", action="store_true", help="measure those of which nothing is known")
    options = parser.parse_args(arguments)
    data = json.loads((ROOT / "docs" / "popular.json").read_text())
    results: dict[str, dict[str, Result]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    names = [row["name"] for row in data["packages"]]
    chosen = options.only or names[: options.first]
    if options.missing:
        chosen = [name for name in chosen if name not in results]
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        started = time.perf_counter()
        results[name] = measure(name, data["date"])
        RESULTS.write_text(json.dumps(results, indent=1))
        print(f"{name}: {time.perf_counter() - started:.1f} s; {summary(results[name])}", flush=True)
    return 0


def summary(results: dict[str, Result]) -> str:
    """One line about the results on all targets."""
    words = []
    for key, result in results.items():
        if "none" in result:
            words.append(f"{key} has no wheels")
        for rule in sorted({f"{rule} {severity}" for rule, severity, *_ in result.get("findings", ())}):
            words.append(f"{key} {rule}")
        words += result.get("imported") or ()
    return "; ".join(words) or "passes everywhere"


def unused(_: Iterable[str]) -> None: ...


if __name__ == "__main__":
    sys.exit(main())
