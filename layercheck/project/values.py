"""What a value of a template comes to: known text, lists and mappings, or why it is not known."""

from __future__ import annotations

from enum import Enum
from typing import Any

from ..named_tuple import NamedTuple


class Unknown(NamedTuple):
    """A value that only the deployment knows. ``why`` in words; ``text`` shows what is known of it (``${Stage}-a``)."""

    why: str
    text: str = "…"


class Attribute(NamedTuple):
    """What a resource of the project gives: its Ref (``name`` None) or an attribute. ``stack`` is where it is."""

    stack: str
    resource: str
    name: str | None = None

    @property
    def text(self) -> str:
        """As Fn::Sub would write it."""
        return f"${{{self.resource}}}" if self.name is None else f"${{{self.resource}.{self.name}}}"


class Absence(Enum):
    """``AWS::NoValue``: as if the property were not there."""

    NO_VALUE = "no value"


NO_VALUE = Absence.NO_VALUE


def shown(value: Any) -> str:
    """A value in words, at most 200 characters of it."""
    if isinstance(value, (Unknown, Attribute)):
        text = value.text
    elif isinstance(value, list):
        text = ",".join([shown(item) for item in value[:20]])
    else:
        text = value if isinstance(value, str) else "…"
    return text if len(text) <= 200 else text[:199] + "…"


def reason_of(value: Any) -> str:
    """Why a value is not a known text."""
    if isinstance(value, Unknown):
        return value.why
    if isinstance(value, Attribute):
        return f"{value.text} is known only when it is deployed"
    return "it is not a text"
