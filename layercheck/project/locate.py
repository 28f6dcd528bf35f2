"""Where the code of a SAM or CloudFormation resource lies on this machine, and whether it is what is uploaded."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from .evaluate import Scope
from .model import Code, Resource
from .resources import FUNCTIONS, is_serverless
from .values import NO_VALUE, reason_of, shown

_PROPERTY = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Lambda::LayerVersion": "Content",
}
_ARCHIVES = (".zip", ".jar", ".whl")
_MANIFESTS = {
    "requirements.txt": "python",
    "pyproject.toml": "python",
    "package.json": "nodejs",
    "Gemfile": "ruby",
    "pom.xml": "java",
    "build.gradle": "java",
    "build.gradle.kts": "java",
    "go.mod": "go",
    "Cargo.toml": "rust",
}
"""Files that ``sam build`` works from."""
_READ = 1 << 20


def written(path: str) -> str:
    """A path as reports write it: relative to where it was given, with forward slashes."""
    return os.path.normpath(path).replace(os.sep, "/")


class LocalCode:
    """Finds code beside a template. ``built``: the template is the output of ``sam build``."""

    def __init__(self, file: str, *, built: bool) -> None:
        self._folder = os.path.dirname(file)
        self._built = built

    def __call__(self, item: Resource, scope: Scope) -> Code:
        """The code of one function or layer."""
        properties = item.properties
        if item.type in FUNCTIONS:
            image = "ImageUri" in properties or scope.value(properties.get("PackageType")) == "Image"
            if image or (isinstance(properties.get("Code"), Mapping) and "ImageUri" in properties["Code"]):
                return Code(None, "its code is a container image")
            if "InlineCode" in properties:
                return Code(None, "its code is inline in the template")
        key = _PROPERTY[item.type]
        line = item.at(key).line
        if key not in properties:
            return Code(None, f"it has no {key}", line=line)
        return self._value(scope.value(properties[key]), key, line, item, scope)

    def _value(self, value: Any, key: str, line: int | None, item: Resource, scope: Scope) -> Code:
        if isinstance(value, dict):
            return Code(None, _elsewhere(value), line=line)
        if value is NO_VALUE or not isinstance(value, str):
            return Code(None, f"its {key} is not known: {reason_of(value)}", line=line)
        if re.match(r"(?i)^[a-z][a-z0-9+.-]+://", value):
            where = "S3" if value.lower().startswith("s3:") else shown(value)
            return Code(None, f"its code lies in {where}", line=line)
        return self._local(value, key, line, item, scope)

    def _local(self, value: str, key: str, line: int | None, item: Resource, scope: Scope) -> Code:
        path = written(os.path.join(self._folder, value.replace("\\", "/") if os.sep == "\\" else value))
        try:
            directory, file = os.path.isdir(path), os.path.isfile(path)
        except ValueError:
            return Code(None, f"its {key} is no path", missing=value, line=line)
        if not directory and not file:
            return Code(None, f"its {key} names {shown(path)}, which is not there", missing=path, line=line)
        if directory and os.path.realpath(path) == os.path.realpath(os.path.join(path, os.pardir)):
            return Code(None, f"its {key} is the root of the file system", line=line)
        if file and not path.lower().endswith(_ARCHIVES):
            # SAM's and the AWS CLI's packaging copy it without its mode.
            lost = ", without its execute bit" if item.type in FUNCTIONS else ""
            return Code(None, f"its {key} is one file, which becomes a zip when it is packaged{lost}", line=line)
        if directory and not self._built and is_serverless(scope.root):
            why = _not_built(path, item)
            if why is not None:
                return Code(None, why, line=line)
        return Code(path, line=line)


def _elsewhere(value: Mapping[str, Any]) -> str:
    if "ZipFile" in value:
        return "its code is inline in the template"
    bucket = value.get("S3Bucket", value.get("Bucket"))
    key = value.get("S3Key", value.get("Key"))
    if bucket is None and key is None:
        return "where its code lies is not known"
    return f"its code lies in S3 ({shown(bucket)}/{shown(key)})"


def _not_built(path: str, item: Resource) -> str | None:
    """Why the folder is a source that ``sam build`` has still to work on; None when it can be uploaded as it is."""
    how = "run 'sam build' and check .aws-sam/build"
    metadata = item.body.get("Metadata")
    if isinstance(metadata, Mapping):
        # sam build writes SamResourceId beside what it has built.
        if metadata.get("SkipBuild") == "true" or "SamResourceId" in metadata:
            return None
        method = metadata.get("BuildMethod")
        if method is not None:
            return f"it is not built (BuildMethod {shown(method)}): {how}"
    if item.type not in FUNCTIONS:
        # A layer without a BuildMethod is uploaded as it is.
        return None
    try:
        names = frozenset(os.listdir(path))
    except OSError:
        return None
    for name in sorted(names & _MANIFESTS.keys()):
        if not _installed(path, name, names):
            return f"it is not built ({name} is there, and nothing that it asks for): {how}"
    projects = sorted(name for name in names if name.endswith(("proj", ".sln")))
    return f"it is not built ({projects[0]} is a source): {how}" if projects else None


def _installed(path: str, manifest: str, names: frozenset[str]) -> bool:
    """Whether what a manifest asks for is beside it already, or it asks for nothing."""
    language = _MANIFESTS[manifest]
    if language == "python":
        return any(name.endswith((".dist-info", ".egg-info")) for name in names) or not _asks(path, manifest)
    if language == "nodejs":
        return "node_modules" in names or not _asks(path, manifest)
    if language == "ruby":
        return "vendor" in names
    if language in ("go", "rust"):
        return "bootstrap" in names
    return "lib" in names


def _asks(path: str, manifest: str) -> bool:
    try:
        with open(os.path.join(path, manifest), encoding="utf-8", errors="replace") as file:
            text = file.read(_READ)
    except OSError:
        return False
    if manifest == "requirements.txt":
        return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())
    if manifest == "package.json":
        try:
            wanted = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(wanted, dict) and bool(wanted.get("dependencies"))
    return re.search(r"(?m)^\s*dependencies\s*=\s*\[\s*[\"'\n]|^\[tool\.poetry\.dependencies\]", text) is not None
