"""``layercheck`` without an input: what there is around here that could be checked, and how."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence

from ..artifact.printable import is_printable

_FOLDERS = (".", "dist", "build", "out", "target", "build/libs", "build/distributions", ".serverless", "publish")
"""Where packagers put what they make: Maven, Gradle, Serverless, dotnet publish and common scripts."""
_ARCHIVES = (".zip", ".jar", ".whl")
_LAYER_ROOTS = ("python", "nodejs", "java", "ruby", "extensions")
_PROJECTS = (
    (".aws-sam/build", "template.yaml", "what sam build made"),
    ("cdk.out", "manifest.json", "what cdk synth made"),
)
_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_MARKS = (b"AWS::Serverless", b"AWS::Lambda", b"AWSTemplateFormatVersion")
_MOST, _MANY, _HEAD = 8, 2_000, 65_536


def look_around(folder: str = ".") -> list[str]:
    """What to say, line by line; names stand as they are. Never raises."""
    found = [*_projects(folder), *_artifacts(folder), *_layers(folder)]
    if not found:
        looked = ", ".join(f"*{suffix}" for suffix in _ARCHIVES)
        return [
            f"Nothing was found here: no {looked} in {', '.join(name for name in _FOLDERS[:5])} …,",
            f"no {_TEMPLATES[0]}, no .aws-sam/build, no cdk.out, no {'/, '.join(_LAYER_ROOTS[:4])}/.",
            "Try 'layercheck --help'.",
        ]
    lines = ["Found near:"]
    width = max(len(name) for name, _ in found[:_MOST])
    lines += [f"  {name:{width}}  {what}" for name, what in found[:_MOST]]
    if len(found) > _MOST:
        lines.append(f"  … and {len(found) - _MOST} more")
    first = found[0][0]
    shown = shlex.quote(first) if is_printable(first) else "FILE"
    return [*lines, "Check it:", f"  layercheck {shown}", "Try 'layercheck --help'."]


def _names(folder: str) -> Sequence[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry, _ in zip(entries, range(_MANY), strict=False))
    except OSError:
        return ()


def _shown(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _projects(folder: str) -> Iterator[tuple[str, str]]:
    for place, mark, what in _PROJECTS:
        if os.path.isfile(os.path.join(folder, place, mark)):
            yield place, what
    for name in _TEMPLATES:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                head = file.read(_HEAD)
        except OSError:
            continue
        if any(mark in head for mark in _MARKS):
            yield name, "a template"


def _artifacts(folder: str) -> Iterator[tuple[str, str]]:
    for place in _FOLDERS:
        where = os.path.join(folder, place)
        for name in _names(where):
            path = os.path.join(where, name)
            if name.lower().endswith(_ARCHIVES) and os.path.isfile(path):
                try:
                    size = os.stat(path).st_size
                except OSError:
                    continue
                yield _shown(place, name), f"{os.path.splitext(name)[1][1:].lower()}, {size:,} bytes"


def _layers(folder: str) -> Iterator[tuple[str, str]]:
    """This folder, where it looks like the content of a layer."""
    roots = [name for name in _LAYER_ROOTS if os.path.isdir(os.path.join(folder, name))]
    if roots:
        yield ".", f"a layer's folder, by its {roots[0]}/"
