"""Check layers that vendors publish, or tell how to build, on what they are for, and write published-layers.md.

Run it as ``python -m docs.published`` at the top of the project; ``--only WORD`` does the layers with that word in
their name. It needs ``uv`` and ``npm``; what it fetches stays in ``.cache/published``, and can be deleted at any time.

Where this machine has the interpreter of a target (``python3.12``, ``node``), what the layer is for is really done with
it too: its modules are imported, its programs started, by a process that sees the layer and, of the runtime's own
packages, boto3. The script ends with 1 when an error has no reason in published.json, or when something that passes
cannot be imported or started.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from docs.popular import lay, say
from layercheck import check

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "published"
RESULTS = CACHE / "results.json"
PAGE = ROOT / "docs" / "published-layers.md"
ARCHITECTURES = ("x86_64", "arm64")
HERE = {"AMD64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
IMPORT = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
for name in sys.argv[1:]:
    importlib.import_module(name)
"""
REQUIRE = "for (const name of process.argv.slice(1)) require(name)"
MODULES = "for (const name of process.argv.slice(1)) await import(require.resolve(name))"
Layer = dict[str, Any]
"""One of published.json: name, npm or pip (what to install), zip (the layer lies in the package), runtimes, source;
``imports`` and ``runs`` are done for real; ``module``: they are ES modules."""
Result = dict[str, Any]
"""JSON: bytes, findings [[rule, severity, path, message]], real: None or what came of it ("" is well)."""


def build(layer: Layer, runtime: str, architecture: str, date: str) -> Path | str:
    """The layer for one target; or why it cannot be built."""
    if "zip" in layer:
        return packed(layer["npm"][0], layer["zip"])
    folder = CACHE / "layers" / re.sub(r"\W+", "-", f"{layer['name']} {runtime} {architecture}")
    if (folder / ".done").exists():
        return folder / "layer"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "layer").mkdir(parents=True)
    if "pip" in layer:
        why = lay(folder / "layer", layer["pip"], runtime, architecture, date)
    else:
        why = install(folder / "layer" / "nodejs", layer["npm"], architecture, date)
    if why is not None:
        return why
    (folder / ".done").touch()
    return folder / "layer"


def packed(package: str, member: str) -> Path:
    """A layer's zip out of a package of npm."""
    place = CACHE / "zips" / (re.sub(r"\W+", "-", package) + ".zip")
    if not place.exists():
        folder = CACHE / "npm" / re.sub(r"\W+", "-", package)
        why = install(folder, [package], "x86_64", None)
        assert why is None, why
        place.parent.mkdir(parents=True, exist_ok=True)
        name = package.rpartition("@")[0]
        shutil.move(folder / "node_modules" / name / member, place)
        shutil.rmtree(folder)
    return place


def install(folder: Path, packages: Sequence[str], architecture: str, date: str | None) -> str | None:
    """``npm install`` below ``folder`` for Lambda; why this cannot be done, or None."""
    folder.mkdir(parents=True, exist_ok=True)
    cpu = {"x86_64": "x64"}.get(architecture, architecture)
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
    command += ["--os=linux", f"--cpu={cpu}", "--libc=glibc", *([f"--before={date}"] if date else []), *packages]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return None if done.returncode == 0 else " ".join(done.stderr.split())[-300:]


@cache
def interpreter(runtime: str) -> str | None:
    """What runs ``runtime`` on this machine."""
    if runtime.startswith("python"):
        words, wanted = [runtime, "-c", "import sys; print(sys.version_info[1])"], runtime.removeprefix("python3.")
    else:
        wanted = runtime.removeprefix("nodejs").removesuffix(".x")
        words = [os.environ.get(f"NODE{wanted}", "node"), "-p", "process.versions.node.split('.')[0]"]
    found = shutil.which(words[0])
    if found is None:
        return None
    done = subprocess.run([found, *words[1:]], capture_output=True, text=True)
    return found if done.stdout.strip() == wanted else None


@cache
def runtime_packages(runtime: str, date: str) -> str:
    """boto3 as the runtime has it, for what imports it."""
    folder = CACHE / "runtimes" / runtime
    if not folder.exists():
        why = lay(folder, ["boto3"], runtime, HERE, date)
        assert why is None, why
    return str(folder / "python")


def really(layer: Layer, place: Path, runtime: str, date: str) -> str | None:
    """Import and start what the layer is for: "" is well, None: not possible here, else what went wrong."""
    tool = interpreter(runtime)
    if tool is None:
        return None
    opt = place
    if place.is_file():
        opt = CACHE / "opt" / place.stem
        if not opt.exists():
            extract(place, opt)
    environment = {"HOME": str(CACHE), "PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1"}
    commands = []
    for words in layer.get("runs", ()):
        script = (opt / words[0]).read_bytes().startswith(b"#!")
        commands.append([*([tool] if script else []), str(opt / words[0]), *words[1:]])
    if "imports" in layer and runtime.startswith("python"):
        environment["PYTHONPATH"] = os.pathsep.join((str(opt / "python"), runtime_packages(runtime, date)))
        commands.append([tool, "-S", "-s", "-B", "-c", IMPORT, *layer["imports"]])
    elif "imports" in layer:
        environment["NODE_PATH"] = str(opt / "nodejs/node_modules")
        code = f"(async () => {{ {MODULES} }})()" if layer.get("module") else REQUIRE
        commands.append([tool, "-e", code, *layer["imports"]])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", timeout=300)
        if done.returncode:
            lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            return next((line for line in lines if "Error" in line), lines[-1] if lines else "it failed")[:200]
    return ""


def extract(archive: Path, folder: Path) -> None:
    """Unpack with modes and links, as Lambda does."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            mode = member.external_attr >> 16
            target = folder / member.filename
            if mode & 0o170000 == 0o120000:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(opened.read(member).decode())
            else:
                opened.extract(member, folder)
                target.chmod(mode & 0o7777 or 0o755)


def measure(layer: Layer, date: str) -> dict[str, Result]:
    """The results on all targets, by ``runtime architecture``."""
    results: dict[str, Result] = {}
    for runtime in layer["runtimes"]:
        for architecture in ARCHITECTURES:
            key = f"{runtime} {architecture}"
            place = build(layer, runtime, architecture, date)
            if isinstance(place, str):
                results[key] = {"none": place[-300:]}
                continue
            report = check(str(place), runtime=runtime, architecture=architecture, kind="layer")
            results[key] = {
                "bytes": report.artifacts[0].unzipped_bytes,
                "findings": [[f.rule, f.severity.value, f.path, f.message] for f in report.findings
                             if f.severity.value != "info"],
                "unchecked": len(report.unchecked),
                "real": really(layer, place, runtime, date) if architecture == HERE else None,
            }  # fmt: skip
    return results


def unexplained(data: Any, results: dict[str, dict[str, Result]]) -> list[str]:
    """Errors without a reason in published.json, and what passes and cannot be imported or started."""
    reasons = {(item["layer"], item["rule"]) for item in data["explained"]}
    wrong = []
    for name, targets in results.items():
        for key, result in targets.items():
            rules = {rule for rule, severity, *_ in result.get("findings", ()) if severity == "error"}
            wrong += [f"{name} on {key}: {rule}" for rule in sorted(rules) if (name, rule) not in reasons]
            if result.get("real") and not rules and (name, "real") not in reasons:
                wrong.append(f"{name} on {key}: {result['real']}")
    return wrong


def cell(result: Result) -> str:
    """What a target's place in the table says."""
    if "none" in result:
        return "cannot be built"
    errors = sorted({rule for rule, severity, *_ in result["findings"] if severity == "error"})
    warnings = sorted({rule for rule, severity, *_ in result["findings"] if severity == "warning"})
    told = ", ".join(errors) if errors else "passes"
    told += f" ({', '.join(warnings)})" if warnings else ""
    told += f", {result['unchecked']} not checked" if result["unchecked"] else ""
    return told + ("" if result["real"] is None else ", done" if result["real"] == "" else ", fails")


def page(data: Any, results: dict[str, dict[str, Result]]) -> str:
    """The whole of published-layers.md."""
    layers = [layer for layer in data["layers"] if layer["name"] in results]
    cells = [result for layer in layers for result in results[layer["name"]].values()]
    passing = [c for c in cells if "none" not in c and not any(line[1] == "error" for line in c["findings"])]
    failing = [c for c in cells if "none" not in c and c not in passing]
    lines = [
        "# Published layers",
        "",
        f"This page is written by `docs/published.py`: {len(layers)} layers that vendors publish in packages, or tell "
        f"how to build, as of {data['date']}, each checked on the runtimes that it is meant for. *passes* means no "
        "error, with the rules that only warn in brackets; otherwise the rules that found an error. *not checked*: "
        "what the report says cannot be told from the layer. *done*: the interpreter of that runtime really "
        "imported its modules, or its programs were started.",
        "",
        f"{len(passing)} of {len(cells)} targets pass, {len(failing)} have an error for the reasons below, "
        f"{len([c for c in cells if 'none' in c])} cannot be built; {len([c for c in cells if c.get('real') == ''])} "
        "were really done.",
        "",
        "| layer | unzipped | runtime | x86_64 | arm64 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for layer in layers:
        for runtime in layer["runtimes"]:
            both = [results[layer["name"]][f"{runtime} {architecture}"] for architecture in ARCHITECTURES]
            sizes = [f"{result['bytes'] / 1e6:,.1f}" for result in both if "bytes" in result]
            told = " | ".join(cell(result) for result in both)
            lines.append(f"| {layer['name']} | {' / '.join(dict.fromkeys(sizes))} MB | {runtime} | {told} |")
    lines += ["", "## What is behind the errors and warnings", ""]
    lines += [f"* **{item['layer']}, {item['rule']}.** {item['why']}" for item in data["explained"]]
    lines += [f"* Not explained yet: {line}." for line in unexplained(data, results)]
    lines += ["", "## Where they come from", ""]
    for layer in layers:
        what = ", ".join(f"`{name}`" for name in layer.get("pip", layer.get("npm")))
        how = (
            f"{layer['zip']} in {what}"
            if "zip" in layer
            else f"pip install {what}"
            if "pip" in layer
            else f"npm install {what}"
        )
        lines.append(f"* {layer['name']}: {how}. {layer['source']}.")
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the page, and tell what is not as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", metavar="WORD", help="those with this word in their name; if none has it, only write the page"
    )
    options = parser.parse_args(arguments)
    data = json.loads((ROOT / "docs" / "published.json").read_text())
    results: dict[str, dict[str, Result]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    CACHE.mkdir(parents=True, exist_ok=True)
    for layer in data["layers"]:
        if options.only is None or options.only.lower() in layer["name"].lower():
            results[layer["name"]] = measure(layer, data["date"])
            RESULTS.write_text(json.dumps(results, indent=1))
            say(f"{layer['name']}: " + "; ".join(f"{key} {cell(r)}" for key, r in results[layer["name"]].items()))
    results = {layer["name"]: results[layer["name"]] for layer in data["layers"] if layer["name"] in results}
    PAGE.write_text(page(data, results))
    wrong = unexplained(data, results)
    say(*wrong, f"{len(results)} of {len(data['layers'])} layers are known")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
