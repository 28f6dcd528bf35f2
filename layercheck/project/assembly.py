"""CDK's cloud assembly: what its manifests say of stacks, templates and assets. Nothing is judged here.

After the schema of aws-cdk-lib (``@aws-cdk/cloud-assembly-schema``), of any version: manifest.json names the stacks and
the assemblies of stages inside it, ``*.assets.json`` where each asset lies and under which key it is uploaded; stacks
made for the legacy bootstrap name theirs in metadata, by the parameter that carries the key.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from stat import S_ISREG
from typing import Any

from ..named_tuple import NamedTuple

MANIFEST = "manifest.json"
MAX_BYTES = 16 << 20
"""Of one manifest; those of hundreds of stacks have less than 5 MB."""
MAX_ALL_BYTES = 128 << 20
"""Of all manifests of one assembly, counted as often as they are read."""
MAX_STACKS, MAX_ASSEMBLIES = 2_000, 500
STACK, ASSETS, STAGE = "aws:cloudformation:stack", "cdk:asset-manifest", "cdk:cloud-assembly"


class Asset(NamedTuple):
    """What is uploaded for an asset. ``path`` is local, with forward slashes; None when it is not at hand (``why``).

    ``missing``: the path that is named, and is not there.
    """

    path: str | None
    why: str = ""
    missing: str | None = None


class AssemblyStack(NamedTuple):
    """One stack. ``template`` is its file; ``objects`` are the assets by the key under which they are uploaded.

    ``parameters``: the assets of the legacy bootstrap, by the parameter that holds their key. ``account`` and
    ``region`` are None where the stack does not say.
    """

    name: str
    template: str
    account: str | None
    region: str | None
    objects: Mapping[str, Asset]
    parameters: Mapping[str, Asset]


class Complaint(NamedTuple):
    """A manifest that cannot be used, wholly or in part: the file, and why."""

    file: str
    why: str


class Assembly(NamedTuple):
    """All stacks below one folder, those of stages too, in the order of the manifests."""

    folder: str
    stacks: tuple[AssemblyStack, ...]
    complaints: tuple[Complaint, ...] = ()


def is_assembly(folder: str) -> bool:
    """Whether ``folder`` is a cloud assembly: CDK leaves a file ``cdk.out`` with the version of the schema in it.

    Where that is lost (an artifact of CI that was repacked), manifest.json tells, whose name other tools use too.
    """
    manifest = os.path.join(folder, MANIFEST)
    if not os.path.isfile(manifest):
        return False
    if os.path.isfile(os.path.join(folder, "cdk.out")):
        return True
    try:
        found = read_object(manifest)
    except (OSError, ValueError):
        return False
    return isinstance(found.get("version"), str) and isinstance(found.get("artifacts"), dict)


def find_assembly(folder: str) -> str | None:
    """The cloud assembly that ``folder`` is, or that the CDK app in it writes; None when there is none."""
    if is_assembly(folder):
        return folder
    output = "cdk.out"
    settings = os.path.join(folder, "cdk.json")
    if os.path.isfile(settings):
        try:
            named = read_object(settings).get("output")
        except (OSError, ValueError):
            named = None
        output = named if isinstance(named, str) and named and "\0" not in named else output
    inside = _slashes(os.path.join(folder, output))
    try:
        return inside if is_assembly(inside) else None
    except ValueError:
        return None


def read_object(path: str) -> dict[str, Any]:
    """The JSON object in a file. Raises OSError, or ValueError with the reason when it is something else."""
    with open(path, "rb", opener=_opener) as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a file")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8: byte 0x{data[error.start]:02x} at {error.start:,}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise ValueError("its values are nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    return found


def _opener(path: str, flags: int) -> int:
    # A pipe of that name must not make the run wait for somebody who writes into it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_assembly(folder: str) -> Assembly:
    """Everything that the manifests below ``folder`` name. What cannot be used is a complaint; nothing raises."""
    reader = _Reader(folder)
    reader.read(folder, "")
    return Assembly(_slashes(folder), tuple(reader.stacks), tuple(reader.complaints))


class _Reader:
    """Follows the manifests below ``root``, each folder once, and never out of it."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.stacks: list[AssemblyStack] = []
        self.complaints: list[Complaint] = []
        self._seen: set[str] = set()
        self._names: set[str] = set()
        self._left = MAX_ALL_BYTES

    def read(self, folder: str, prefix: str) -> None:
        pending = [(folder, prefix)]
        while pending:
            folder, prefix = pending.pop(0)
            file = _slashes(os.path.join(folder, MANIFEST))
            real = os.path.realpath(folder)
            if real in self._seen:
                self._complain(file, "it is a part of itself, or is named twice")
                continue
            if len(self._seen) >= MAX_ASSEMBLIES:
                self._complain(file, f"there are more than {MAX_ASSEMBLIES} assemblies in one")
                return
            self._seen.add(real)
            found = self._object(file)
            artifacts = found.get("artifacts") if found is not None else {}
            if not isinstance(artifacts, dict):
                self._complain(file, "it names no artifacts")
                continue
            for name, _, properties in _artifacts(artifacts, STAGE):
                inner, why = self._inside(folder, properties.get("directoryName"))
                if inner is None:
                    self._complain(file, f"the stage {name} {why}")
                    continue
                pending.append((inner, f"{prefix}{_text(properties.get('displayName')) or name}/"))
            self._stacks(folder, file, artifacts, prefix)

    def _stacks(self, folder: str, file: str, artifacts: Mapping[str, Any], prefix: str) -> None:
        manifests = {name: properties for name, _, properties in _artifacts(artifacts, ASSETS)}
        known: dict[str, dict[str, Asset]] = {}
        for name, artifact, properties in _artifacts(artifacts, STACK):
            if len(self.stacks) >= MAX_STACKS:
                self._complain(file, f"there are more than {MAX_STACKS:,} stacks")
                return
            template, why = self._inside(folder, properties.get("templateFile"))
            if template is None:
                self._complain(file, f"the template of {name} {why}")
                continue
            own = [word for word in _dependencies(artifact, properties) if word in manifests] or list(manifests)
            objects: dict[str, Asset] = {}
            for manifest in own:
                if manifest not in known:
                    known[manifest] = self._objects(folder, file, manifests[manifest])
                _join(objects, known[manifest])
            account, region = _environment(artifact.get("environment"))
            title = self._unique(_text(artifact.get("displayName")) or prefix + name, name)
            parameters = self._legacy(folder, file, artifact)
            self.stacks.append(AssemblyStack(title, template, account, region, objects, parameters))

    def _unique(self, title: str, name: str) -> str:
        """Stacks may be called alike; their ids are not, but within one stage."""
        number, found = 2, title
        while found in self._names:
            found = f"{title} ({name if number == 2 else number})"
            number += 1
        self._names.add(found)
        return found

    def _objects(self, folder: str, file: str, properties: Mapping[str, Any]) -> dict[str, Asset]:
        """The assets of one asset manifest by their keys."""
        manifest, why = self._inside(folder, properties.get("file"))
        if manifest is None:
            self._complain(file, f"the asset manifest {why}")
            return {}
        found = self._object(manifest)
        files = found.get("files", {}) if found is not None else {}
        if not isinstance(files, dict):
            self._complain(manifest, "its files are no JSON object")
            return {}
        objects: dict[str, Asset] = {}
        for item in files.values():
            source = item.get("source") if isinstance(item, dict) else None
            targets = item.get("destinations") if isinstance(item, dict) else None
            if not isinstance(source, dict) or not isinstance(targets, dict):
                continue
            asset = self._asset(os.path.dirname(manifest), source)
            for target in targets.values():
                key = target.get("objectKey") if isinstance(target, dict) else None
                if isinstance(key, str):
                    _join(objects, {key: asset})
        return objects

    def _asset(self, folder: str, source: Mapping[str, Any]) -> Asset:
        if "path" not in source and "executable" in source:
            return Asset(None, "its asset is made by a command when it is deployed")
        path, why = self._inside(folder, source.get("path"))
        if path is None:
            return Asset(None, f"its asset {why}")
        if not os.path.isdir(path) and not os.path.isfile(path):
            return Asset(None, f"its asset {path} is not there", path)
        return Asset(path)

    def _legacy(self, folder: str, file: str, artifact: Mapping[str, Any]) -> dict[str, Asset]:
        """The assets that the stack's metadata name; newer versions keep these in a file of their own."""
        metadata = artifact.get("metadata")
        named = artifact.get("additionalMetadataFile")
        entries = list(_legacy_assets(metadata))
        if not entries and named is not None and not _dependencies(artifact, _mapping(artifact, "properties")):
            path, why = self._inside(folder, named)
            if path is None:
                self._complain(file, f"the metadata file {why}")
            else:
                entries = list(_legacy_assets(self._object(path)))
        return {parameter: self._asset(folder, data) for parameter, data in entries}

    def _inside(self, folder: str, path: Any) -> tuple[str | None, str]:
        """(the path of what a manifest in ``folder`` names, ""), or (None, why it is not followed)."""
        if not isinstance(path, str) or not path or "\0" in path:
            return None, "has no path"
        joined = posixpath.normpath(_slashes(os.path.join(folder, path.replace("\\", "/"))))
        try:
            real = os.path.realpath(joined)
        except (OSError, ValueError):
            return None, f"{path!r} is no path"
        if real != self.root and not real.startswith(self.root.rstrip(os.sep) + os.sep):
            return None, f"{path} lies outside of the cloud assembly"
        return joined, ""

    def _object(self, path: str) -> dict[str, Any] | None:
        try:
            self._left -= min(MAX_BYTES, os.path.getsize(path))
            if self._left < 0:
                self._complain(path, f"the manifests have more than {MAX_ALL_BYTES:,} bytes together")
                return None
            return read_object(path)
        except OSError as error:
            self._complain(path, error.strerror or "it cannot be read")
        except ValueError as error:
            self._complain(path, str(error))
        return None

    def _complain(self, file: str, why: str) -> None:
        complaint = Complaint(file, why)
        if complaint not in self.complaints:
            self.complaints.append(complaint)


def _artifacts(artifacts: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """(id, artifact, its properties) of the artifacts of one kind."""
    for name, artifact in artifacts.items():
        if isinstance(artifact, dict) and artifact.get("type") == kind:
            yield name, artifact, _mapping(artifact, "properties")


def _dependencies(artifact: Mapping[str, Any], properties: Mapping[str, Any]) -> list[str]:
    """What a stack needs: earlier versions of CDK keep the asset manifest among the ordinary dependencies."""
    found = []
    for words in (artifact.get("dependencies"), properties.get("additionalDependencies")):
        found += [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
    return found


def _legacy_assets(metadata: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(parameter with the key, what is said of the asset) of the files among a stack's metadata."""
    for entries in metadata.values() if isinstance(metadata, dict) else ():
        for entry in entries if isinstance(entries, list) else ():
            data = entry.get("data") if isinstance(entry, dict) and entry.get("type") == "aws:cdk:asset" else None
            if isinstance(data, dict) and isinstance(data.get("s3KeyParameter"), str):
                yield data["s3KeyParameter"], data


def _join(into: dict[str, Asset], more: Mapping[str, Asset]) -> None:
    for key, asset in more.items():
        if into.setdefault(key, asset) != asset:
            into[key] = Asset(None, f"several assets are uploaded as {key}")


def _environment(value: Any) -> tuple[str | None, str | None]:
    """(account, region) of ``aws://account/region``, None where it is left to the deployment."""
    parts = value.removeprefix("aws://").split("/") if isinstance(value, str) else []
    account, region = [*parts[:2], "", ""][:2]
    return (
        account if account and account != "unknown-account" else None,
        region if region and region != "unknown-region" else None,
    )


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _slashes(path: str) -> str:
    return path.replace(os.sep, "/")
