"""Names in commands are quoted as the standard library quotes them."""

from __future__ import annotations

import shlex

from hypothesis import example, given
from hypothesis import strategies as st

from layercheck.artifact.printable import is_printable
from layercheck.rules.base import quote


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), max_size=12))
@example("")
@example("a b'c")
@example("_@%+=:,./-x1")
def test_as_shlex_does(text: str) -> None:
    assert quote(text) == (shlex.quote(text) if is_printable(text) else "FILE")
