"""SAM's Globals: what they give to the resources of a template.

As SAM merges them (samtranslator, plugins/globals): lists are joined, the global items first; mappings are merged;
anything else, and a value of another kind or made by a function, is the resource's own. So are its Architectures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .evaluate import function_name
from .nodes import Map, Seq

_SECTIONS = {"AWS::Serverless::Function": "Function", "AWS::Serverless::LayerVersion": "LayerVersion"}
_REPLACED = ("Architectures",)
"""Lists that are not joined: a function has one architecture."""
_MAX_MERGED = 1_000
"""Items of a merged list or mapping; Lambda takes five layers and 4 KB of variables."""


def with_globals(root: Mapping[str, Any], body: Map, properties: Map) -> Map:
    """The properties of a resource with what the Globals section adds."""
    sections = root.get("Globals")
    section = sections.get(_SECTIONS.get(str(body.get("Type")), "")) if isinstance(sections, Map) else None
    ignored = body.get("IgnoreGlobals")
    if not isinstance(section, Map) or not section or ignored == "*":
        return properties
    kept = Map(section.line)
    for key, value in section.items():
        own = key in _REPLACED and key in properties
        if not own and not (isinstance(ignored, list) and key in ignored):
            kept.put(key, value, section.line_of(key))
    return _mapping(kept, properties, properties.line)


def _merge(common: Any, own: Any, line: int) -> Any:
    if function_name(common) is not None or function_name(own) is not None:
        return own
    if isinstance(common, Map) and isinstance(own, Map):
        return _mapping(common, own, line)
    if isinstance(common, Seq) and isinstance(own, Seq):
        both = Seq(own.line)
        both.extend([*common, *own][:_MAX_MERGED])
        return both
    return own


def _mapping(common: Map, own: Map, line: int) -> Map:
    both = Map(line)
    for key in list({**common, **own})[:_MAX_MERGED]:
        if key not in own:
            both.put(key, common[key], common.line_of(key))
        elif key not in common:
            both.put(key, own[key], own.line_of(key))
        else:
            both.put(key, _merge(common[key], own[key], own.line_of(key)), own.line_of(key))
    return both
