"""YAML with CloudFormation's short forms, read from parser events: nothing is constructed but text, lists, mappings."""

from __future__ import annotations

import re
from typing import Any

from .nodes import MAX_DEPTH, TOO_DEEP, Broken, Builder, Document, Map, Seq, built, intrinsic

MAX_TEXT = 2 << 20
"""Characters; CloudFormation takes 1 MB."""
_EXPLAINED = 1 << 18
"""Characters up to which a broken text is parsed again for better words."""
_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(("str", "int", "float", "bool", "null", "seq", "map", "timestamp"))
_TRUE = frozenset(word for base in ("y", "yes", "true", "on") for word in (base, base.title(), base.upper())) - {
    *("y", "Y")
}
_FALSE = frozenset(word for base in ("no", "false", "off") for word in (base, base.title(), base.upper()))
_NULL = frozenset(("", "~", "null", "Null", "NULL"))


def read_yaml(text: str) -> Document:
    """The template in ``text``; never raises for what is in it."""
    return built(text, MAX_TEXT, _drive)


def _drive(builder: Builder, text: str) -> None:
    import yaml

    try:
        for event in yaml.parse(text, Loader=_fastest()):
            _take(builder, event)
    except yaml.YAMLError as error:
        raise Broken(*_explained(text, error)) from None


def _fastest() -> Any:
    """libyaml where PyYAML was built with it: ten times as fast."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _explained(text: str, error: Any) -> tuple[str, int | None]:
    """Words and line for a text that is no YAML: those of PyYAML's own parser, the same whether libyaml is there."""
    import yaml

    if len(text) <= _EXPLAINED:
        try:
            depth = 0
            for event in yaml.parse(text, Loader=yaml.SafeLoader):
                # A libyaml that bounds the depth itself fails before the builder could.
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                if depth > MAX_DEPTH:
                    return TOO_DEEP, None if event.start_mark is None else event.start_mark.line + 1
        except yaml.YAMLError as own:
            error = own
        except RecursionError:
            pass
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else None
        return f"it is no YAML: {getattr(error, 'reason', None) or 'a character that YAML does not allow'}", line
    words = getattr(error, "problem", None) or "it cannot be parsed"
    return f"it is no YAML: {words}", mark.line + 1


def _take(builder: Builder, event: Any) -> None:
    import yaml

    line = event.start_mark.line + 1
    if isinstance(event, yaml.ScalarEvent):
        builder.scalar(_scalar(event, line), line, event.anchor, plain=not event.style and event.tag is None)
    elif isinstance(event, yaml.AliasEvent):
        builder.alias(event.anchor, line)
    elif isinstance(event, yaml.MappingStartEvent):
        builder.open(Map(line), _tag(event.tag, line), event.anchor)
    elif isinstance(event, yaml.SequenceStartEvent):
        builder.open(Seq(line), _tag(event.tag, line), event.anchor)
    elif isinstance(event, yaml.CollectionEndEvent):
        builder.close()


def _scalar(event: Any, line: int) -> Any:
    text: str = event.value
    tag = _tag(event.tag, line)
    if tag is not None:
        return intrinsic(tag, text, line)
    # libyaml says "" where PyYAML's own parser says None.
    if event.tag is not None or event.style:
        return text
    return _plain(text)


def _plain(text: str) -> str | None:
    if text in _NULL:
        return None
    if text in _TRUE:
        return "true"
    return "false" if text in _FALSE else text


def _tag(tag: str | None, line: int) -> str | None:
    """The name of a short form; None for what YAML itself knows. Raises Broken for any other."""
    if tag is None or tag == "!":
        return None
    if tag.startswith(_STANDARD) and tag[len(_STANDARD) :] in _PLAIN_TAGS:
        return None
    if re.fullmatch(r"![A-Za-z][\w:-]*", tag):
        return tag[1:]
    raise Broken(f"the tag {tag} has no meaning in a template", line)
