"""The JSON Schema (2020-12) of the configuration, from the same table that the reader uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .keys import ARTIFACT_KEYS, ARTIFACTS, EXCEPTION_KEYS, EXCEPTIONS, TOP_KEYS, Key


def schema() -> dict[str, Any]:
    """The schema of layercheck.toml, which is that of ``[tool.layercheck]`` in pyproject.toml too.

    A date may be a text or a date of TOML; who validates a parsed document writes dates as texts first. The schema does
    not know the names of rules and runtimes: these change with the data.
    """
    top = _table(TOP_KEYS)
    for spellings, keys in ((ARTIFACTS, ARTIFACT_KEYS), (EXCEPTIONS, EXCEPTION_KEYS)):
        for name in spellings:
            top["properties"][name] = {"type": "array", "items": _table(keys)}
        top["allOf"].append({"not": {"required": list(spellings)}})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:layercheck:configuration:1.0",
        "title": "layercheck configuration",
        "description": "layercheck.toml, or the table [tool.layercheck] of pyproject.toml.",
        **top,
    }


def _table(keys: Sequence[Key]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    rules: list[dict[str, Any]] = []
    for key in keys:
        for name in filter(None, (key.name, key.also)):
            properties[name] = {**key.kind.schema, "description": key.doc.replace("`", "'")}
        if key.also:
            one_of = [{"required": [key.name]}, {"required": [key.also]}]
            rules.append({"oneOf": one_of} if key.required else {"not": {"required": [key.name, key.also]}})
    required = [key.name for key in keys if key.required and not key.also]
    table: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties, "allOf": rules}
    return {**table, "required": required} if required else table
