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
from collections.abc import Sequence
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


def lay(folder: Path, names: Sequence[str], runtime: str, architecture: str, date: str) -> str | None:
    """Lay the packages with what they require below python/ of ``folder``; why this cannot be done, or None."""
    command = ["uv", "pip", "install", "--quiet", "--target", str(folder / "python"), "--only-binary", ":all:"]
    command += ["--python", sys.executable, "--python-version", runtime.removeprefix("python")]
    command += ["--python-platform", f"{ARCHITECTURES[architecture]}-{PLATFORMS.get(runtime, NEWER_PLATFORM)}"]
    command += ["--exclude-newer", date, "--no-config", "--link-mode", "hardlink", *names]
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
        # A few packers name the system in the file's name only.
        "wheel": any("linux" in tag for tag in tags) or report.artifacts[0].elf_files > 0,
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
        none = lay(folder, [name], runtime, architecture, date)
        key = f"{runtime} {architecture}"
        results[key] = {"none": none} if none else judge(folder, name, runtime, architecture)
        shutil.rmtree(folder)
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the page, and tell what is not as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="*", metavar="NAME", help="measure these packages; without a name only write")
    parser.add_argument("--first", type=int, metavar="N", help="measure the N most popular")
    parser.add_argument("--missing", action="store_true", help="measure those of which nothing is known")
    options = parser.parse_args(arguments)
    data = json.loads((ROOT / "docs" / "popular.json").read_text())
    results: dict[str, dict[str, Result]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    names = [row["name"] for row in data["packages"]]
    chosen = options.only if options.only is not None else names[: options.first]
    if options.missing:
        chosen = [name for name in chosen if name not in results]
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        started = time.perf_counter()
        results[name] = measure(name, data["date"])
        RESULTS.write_text(json.dumps(results, indent=1))
        say(f"{name}: {time.perf_counter() - started:.1f} s; {summary(results[name])}")
    results = {name: results[name] for name in names if name in results}
    PAGE.write_text(page(data, results))
    wrong = unexplained(data, results)
    say(*wrong, f"{len(results)} of {len(names)} packages are known")
    return 1 if wrong else 0


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


def say(*lines: str) -> None:
    """Tell at once how far it is: a run takes half an hour."""
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()


def unexplained(data: Any, results: dict[str, dict[str, Result]]) -> list[str]:
    """Errors and failed imports for which popular.json has no reason, and packages that are not what it says."""
    reasons = {(item["package"], item["rule"]) for item in data["explained"]}
    wrong = []
    for name, targets in results.items():
        for key, result in targets.items():
            rules = {rule for rule, severity, *_ in result.get("findings", ()) if severity == "error"}
            wrong += [f"{name} on {key}: {rule}" for rule in sorted(rules) if (name, rule) not in reasons]
            if not rules and (name, "import") not in reasons:
                wrong += [f"{name} on {key}: {line}" for line in result.get("imported") or ()]
        if not any(result.get("wheel") for result in targets.values()):
            wrong.append(f"{name}: none of its wheels is for manylinux")
    return wrong


def cell(result: Result, newest: str) -> str:
    """What a target's place in the table says."""
    if "none" in result:
        return "no wheels"
    version = "" if result["version"] == newest else f" {result['version']}"
    rules: dict[str, list[str]] = {"error": [], "warning": []}
    for rule, severity, *_ in result["findings"]:
        rules[severity].append(rule)
    if rules["error"]:
        return ", ".join(sorted(set(rules["error"]))) + version
    return f"passes{version}" + (f" ({', '.join(sorted(set(rules['warning'])))})" if rules["warning"] else "")


def page(data: Any, results: dict[str, dict[str, Result]]) -> str:
    """The whole of popular-packages.md."""
    rows = [row for row in data["packages"] if row["name"] in results]
    layers = [result for row in rows for result in results[row["name"]].values() if "none" not in result]
    passing = [layer for layer in layers if not any(line[1] == "error" for line in layer["findings"])]
    tried = [layer for layer in layers if layer["imported"] is not None]
    lines = [
        "# The most-downloaded binary packages",
        "",
        f"This page is written by `docs/popular.py`. The {len(rows)} most-downloaded packages that are known "
        f"to have wheels for manylinux, as of {data['date']}, each laid with all that it requires as pip would "
        "lay it in a layer, and checked. A cell names the rules that found an error; *passes* means no error, "
        "with the rules that only warn in brackets, and the version where it is not the one of the second "
        "column. *No wheels*: of no version with all its requirements there are wheels for this Python, "
        "architecture and C library.",
        "",
        f"{len(layers)} layers: {len(passing)} pass, {len(layers) - len(passing)} have an error, "
        f"for the reasons below. {len(tried)} of them, those for {HERE[0]} on {HERE[1]}, were really imported too.",
        "",
        "| rank | package | version | " + " | ".join(f"{r.removeprefix('python')} {a}" for r, a in TARGETS) + " |",
        "| --- " * (3 + len(TARGETS)) + "|",
    ]
    for row in rows:
        targets = results[row["name"]]
        newest = str(next((targets[f"{r} {a}"]["version"] for r, a in reversed(TARGETS)
                           if "version" in targets[f"{r} {a}"]), ""))  # fmt: skip
        cells = [cell(targets[f"{runtime} {architecture}"], newest) for runtime, architecture in TARGETS]
        lines.append(f"| {row['rank']} | {row['name']} | {newest} | " + " | ".join(cells) + " |")
    lines += ["", "## What is behind the errors", ""]
    lines += [f"* **{item['package']}, {item['rule']}.** {item['why']}" for item in data["explained"]]
    lines += [f"* Not explained yet: {line}." for line in unexplained(data, results)]
    lines += [f"* **{name}** is left out: {why}." for name, why in data["left_out"].items()]
    lines += ["", "## Source", "", f"{data['source']} Confidence: {data['confidence']}.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
