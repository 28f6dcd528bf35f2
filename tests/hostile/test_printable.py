"""What prints is the same on every Python."""

from __future__ import annotations

import sys

from layercheck.artifact.printable import is_printable


def test_it_is_what_the_oldest_python_says() -> None:
    ours = {number for number in range(sys.maxunicode + 1) if is_printable(chr(number))}
    theirs = {number for number in range(sys.maxunicode + 1) if chr(number).isprintable()}
    if sys.version_info < (3, 11):
        assert ours == theirs
    # Later ones only know more characters.
    assert ours <= theirs
    assert len(ours) > 140_000


def test_whole_texts() -> None:
    assert is_printable("")
    assert is_printable("naïve café 漢字 😀 \\x1b")
    assert not any(map(is_printable, ("a\n", "é\n", "é\x1b", "\u202e", "\udcff", "é\x85", "\u00ad", "\u00a0")))
