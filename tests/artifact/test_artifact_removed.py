"""The quick look for lost modules must miss nothing that the closer one finds."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from layercheck.artifact import removed
from layercheck.artifact.removed import mentioned

PIECES = st.sampled_from(
    b"import |from | import |import  |imp|distutils.core|collections|Mapping|typing.io|botocore.vendored|requests|os|,|"
    b'.|(|)|\\|\n|\n\n|\r\n|#|;|    | as x|x = collections.Mapping|\xc3\xa9|"""|\t|typing|io'.split(b"|")
)


@given(st.lists(PIECES, max_size=14).map(b"".join))
@example(b"import imp")
@example(b"x\nfrom collections import (\n    Mapping,\n)\n")
@example(b"from collections import \\\n    Mapping\n")
@example(b"import os, imp;x")
@example(b"from typing.io import IO\n")
@example(b"from imp")
def test_the_quick_look_misses_nothing(data: bytes) -> None:
    with patch.object(removed, "_may_mention", return_value=True):
        closer = mentioned(data, "python/x.py")
    assert mentioned(data, "python/x.py") == closer


def test_it_finds_what_there_is() -> None:
    assert mentioned(b"import os\nimport imp\n", "python/x.py") == ("imp",)
    assert mentioned(b"from collections import (\n    Mapping,\n)\n", "python/x.py") == ("collections.Mapping",)
