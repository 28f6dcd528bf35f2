"""The values of a template with the lines where they stand, and the builder that both readers drive.

A template is read into mappings, lists, text and None. Numbers and booleans stay text (``1.10`` is not 1.1 to anyone
who names a version so; ``true`` and ``yes`` are ``"true"``): CloudFormation's properties compare as text, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..named_tuple import NamedTuple

MAX_DEPTH = 100
"""Levels of nesting; deeper ones mean nothing to CloudFormation."""
TOO_DEEP = f"values are nested more than {MAX_DEPTH} deep"
MAX_NODES = 200_000
"""Values of one template with its aliases expanded. CloudFormation takes 1 MB of text and 500 resources."""


MAX_FLAWS = 100
"""Keys given twice that are told of one template."""


class Map(dict[str, Any]):
    """A mapping with the line of its first character and of each key (1-based)."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def put(self, key: str, value: Any, line: int) -> None:
        """Set a key that stands at ``line``."""
        self[key] = value
        self.lines[key] = line

    def line_of(self, key: str) -> int:
        """The line of a key; that of the mapping when the key is not in it."""
        return self.lines.get(key, self.line)


class Seq(list[Any]):
    """A list with the line of its first character."""

    __slots__ = ("line",)

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line


class Flaw(NamedTuple):
    """What is wrong with a template as a text; ``kind`` is ``broken`` (nothing, or no more, can be read of it) or
    ``duplicate`` (a key given twice). ``line`` None: it concerns the whole file."""

    kind: str
    detail: str
    line: int | None = None


class Document(NamedTuple):
    """What was read of a file: its top mapping, None when there is none, and what is wrong with it."""

    root: Map | None
    flaws: tuple[Flaw, ...] = ()


class Broken(Exception):
    """Ends the reading; becomes a Flaw."""

    def __init__(self, detail: str, line: int | None) -> None:
        super().__init__(detail)
        self.detail, self.line = detail, line


class _Frame:
    """A mapping or list that is being filled."""

    __slots__ = ("anchor", "before", "height", "key", "key_line", "merges", "merging", "tag", "value")

    def __init__(self, value: Map | Seq, tag: str | None, anchor: str | None, before: int) -> None:
        self.value, self.tag, self.anchor, self.before = value, tag, anchor, before
        self.key: str | None = None
        self.key_line = 0
        self.height = 1
        self.merging = False
        self.merges: list[Map] = []


class Builder:
    """Builds the tree from what a reader meets, within bounds. Raises Broken where that is not possible."""

    def __init__(self) -> None:
        self.root: Any = None
        self.flaws: list[Flaw] = []
        self.count = 0
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._done = False

    @property
    def wants_key(self) -> bool:
        """Whether the next scalar is a key of a mapping."""
        return bool(self._frames) and isinstance(self._frames[-1].value, Map) and self._frames[-1].key is None

    def open(self, value: Map | Seq, tag: str | None = None, anchor: str | None = None) -> None:
        """Begin a mapping or a list."""
        if self.wants_key:
            raise Broken("a key is a mapping or a list", value.line)
        if len(self._frames) >= MAX_DEPTH:
            raise Broken(TOO_DEEP, value.line)
        self._counted(1, value.line)
        self._frames.append(_Frame(value, tag, anchor, self.count))

    def close(self) -> None:
        """End the innermost mapping or list."""
        frame = self._frames.pop()
        value: Any = frame.value
        if isinstance(value, Map):
            for merged in frame.merges:
                for key, inner in merged.items():
                    if key not in value:
                        value.put(key, inner, merged.line_of(key))
                        self._counted(1, value.line)
        line = value.line
        if frame.tag is not None:
            value = intrinsic(frame.tag, value, line)
            frame.height += 1
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (value, self.count - frame.before + 1, frame.height)
        self._add(value, line, frame.height)

    def scalar(self, value: Any, line: int, anchor: str | None = None, *, plain: bool = False) -> None:
        """A key, or a value without parts. ``plain``: written without quotes, so that ``<<`` is a merge."""
        self._counted(1, line)
        if isinstance(value, str) and not value.isascii():
            # JSON's escapes can write halves of characters, which no file is called and nothing can print.
            value = value.encode("utf-8", "replace").decode()
        if anchor is not None:
            self._anchors[anchor] = (value, 1, 1)
        if not self.wants_key:
            self._add(value, line, 1)
            return
        if isinstance(value, Map):
            raise Broken("a key is a function such as !Ref", line)
        frame = self._frames[-1]
        frame.key, frame.key_line = "null" if value is None else str(value), line
        frame.merging = plain and value == "<<"

    def alias(self, name: str | None, line: int) -> None:
        """The value of an anchor again; it counts as often as it is used."""
        if name is None or name not in self._anchors:
            raise Broken(f"the alias *{name} stands for nothing before it, or for what it is part of", line)
        value, size, height = self._anchors[name]
        self._counted(size, line)
        if self.wants_key:
            if not isinstance(value, str):
                raise Broken("a key is a mapping or a list", line)
            frame = self._frames[-1]
            frame.key, frame.key_line = value, line
            return
        if len(self._frames) + height > MAX_DEPTH:
            raise Broken(TOO_DEEP, line)
        self._add(value, line, height)

    def document(self) -> Document:
        """What was built. Raises Broken when it is no mapping."""
        if self._frames or not isinstance(self.root, Map):
            raise Broken("it is not a mapping with Resources, as templates are", 1 if self._done else None)
        return Document(self.root, tuple(self.flaws))

    def _counted(self, size: int, line: int) -> None:
        self.count += size
        if self.count > MAX_NODES:
            raise Broken(f"it has more than {MAX_NODES:,} values, aliases counted as often as they are used", line)

    def _twice(self, key: str, first: int, line: int) -> None:
        if len(self.flaws) < MAX_FLAWS:
            detail = f"the key {key!r} stands in line {first} already: the last one counts, the others are lost"
            if len(self.flaws) == MAX_FLAWS - 1:
                detail = "from here on keys that stand twice are no longer told"
            self.flaws.append(Flaw("duplicate", detail, line))

    def _add(self, value: Any, line: int, height: int) -> None:
        if not self._frames:
            if self._done:
                raise Broken("it holds several documents; a template is one", line)
            self.root, self._done = value, True
            return
        frame = self._frames[-1]
        frame.height = max(frame.height, height + 1)
        into = frame.value
        if isinstance(into, Seq):
            into.append(value)
            return
        key, frame.key = frame.key, None
        assert key is not None  # scalar() or alias() set it, or open() refused
        if frame.merging:
            frame.merging = False
            frame.merges += _merged(value, frame.key_line)
            return
        if key in into:
            self._twice(key, into.line_of(key), frame.key_line)
        into.put(key, value, frame.key_line)


def _merged(value: Any, line: int) -> list[Map]:
    """The mappings behind a ``<<`` key."""
    found = list(value) if isinstance(value, Seq) else [value]
    if not all(isinstance(item, Map) for item in found):
        raise Broken("<< takes a mapping, or a list of mappings", line)
    return found


def intrinsic(tag: str, value: Any, line: int) -> Map:
    """A short form such as ``!GetAtt a.b`` as the function that it means (``Fn::GetAtt``, [a, b])."""
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if tag == "GetAtt" and isinstance(value, str):
        parts = Seq(line)
        parts.extend(value.split(".", 1))
        value = parts
    made = Map(line)
    made.put(name, value, line)
    return made


def built(text: str, most: int, drive: Callable[[Builder, str], None]) -> Document:
    """What ``drive`` makes of a text of at most ``most`` characters; where it cannot go on, the flaw that says why."""
    if len(text) > most:
        return Document(None, (Flaw("broken", f"it is longer than {most:,} characters"),))
    builder = Builder()
    try:
        drive(builder, text)
        return builder.document()
    except Broken as broken:
        return Document(None, (*builder.flaws, Flaw("broken", broken.detail, broken.line)))
