"""What installers write about distributions, against the standard library's own readers of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from email.parser import Parser
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck.artifact import Artifact, metadata, open_artifact
from layercheck.artifact.distributions import Distribution, DistributionIndex, RecordRow
from support.zip_writer import simple_zip

CSV_TEXT = st.text('a,"\r\nö1')
HEADERS = st.text("Aa:- \t\r\nö")
RECORD = "a/__init__.py,sha256=x,12\r\n../../bin/run,,\na-1.dist-info/RECORD,,\n"


def index(files: Mapping[str, bytes]) -> tuple[Distribution, ...]:
    with open_artifact(simple_zip(files)) as artifact:
        return DistributionIndex(artifact).all


@given(CSV_TEXT)
def test_rows_are_those_of_csv(text: str) -> None:
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row and row[0]]
    except csv.Error:
        expected = None
    rows = list(metadata.record_rows(text.encode()))
    if expected is not None:
        assert [row.path for row in rows] == [row[0] for row in expected]
        assert [row.hash for row in rows] == [row[1] if len(row) > 1 else "" for row in expected]


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8"), min_size=1), st.text("ab=,"), st.integers(0, 10**12))))
def test_rows_as_installers_write_them(rows: list[tuple[str, str, int]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    assert list(metadata.record_rows(file.getvalue().encode())) == [RecordRow(*row) for row in rows]


@pytest.mark.parametrize("size", ["", "x", "-1", "1.0", "²", "9" * 5000])
def test_a_size_that_is_none(size: str) -> None:
    assert list(metadata.record_rows(f"a,h,{size}\n".encode())) == [RecordRow("a", "h", None)]


@given(HEADERS)
def test_headers_are_those_of_the_parser_of_messages(text: str) -> None:
    expected: dict[str, list[str]] = {}
    for name, value in Parser().parsestr(text, headersonly=True).items():
        expected.setdefault(name.lower(), []).append(" ".join(str(value).split()))
    found = {name: [metadata.one_line(v) for v in vs] for name, vs in metadata.headers(text.encode()).items()}
    # A name that is empty is a defect of its own to the parser, and the end of the headers to us.
    assert found == expected or "" in expected or any(line.startswith(":") for line in text.splitlines())


@given(st.binary())
def test_no_content_is_too_odd(data: bytes) -> None:
    files = {f"a-1.dist-info/{name}": data for name in ("METADATA", "WHEEL", "RECORD", "top_level.txt")}
    files |= {f"b.egg-info/{name}": data for name in ("PKG-INFO", "requires.txt", "top_level.txt")}
    first, second = index({**files, "c-1.egg-info": data})[0], index(files)[1]
    assert first.info == "a-1.dist-info"
    assert second.info == "b.egg-info"


def test_a_dist_info() -> None:
    (found,) = index(
        {
            "python/Zope.Interface-5.0.dist-info/METADATA": b"Metadata-Version: 2.1\r\nName: Zope.Interface\r\n"
            b"Version: 5.0.1\r\nRequires-Python: >=3.8,\r\n <4\r\nRequires-Dist: a>1; python_version<'4'\r\n"
            b"Requires-Dist: b\r\nProvides-Extra: test\r\n\r\nName: not me\r\n",
            "python/Zope.Interface-5.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
            b"Tag: cp312-cp312-manylinux_2_17_x86_64\nTag: cp312-cp312-manylinux2014_x86_64\n",
            "python/Zope.Interface-5.0.dist-info/RECORD": RECORD.encode(),
            "python/Zope.Interface-5.0.dist-info/top_level.txt": b"zope\n",
        }
    )
    assert found == Distribution(
        name="zope-interface",
        version="5.0.1",
        directory="python/",
        info="python/Zope.Interface-5.0.dist-info",
        kind="dist-info",
        requires=("a>1; python_version<'4'", "b"),
        extras=("test",),
        requires_python=">=3.8, <4",
        tags=("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux2014_x86_64"),
        pure=False,
        record=(
            RecordRow("a/__init__.py", "sha256=x", 12),
            RecordRow("../../bin/run", "", None),
            RecordRow("a-1.dist-info/RECORD", "", None),
        ),
        top_level=("zope",),
    )


def test_other_forms() -> None:
    about = b"Metadata-Version: 1.0\nName: X\nVersion: 2\n"
    found = index(
        {
            "a-1-py3.12.egg-info": b"Name: A\nVersion: 1\n\ntext",
            "b-1.egg-info/PKG-INFO": b"",
            "c.egg/EGG-INFO/PKG-INFO": about,
            "c.egg/EGG-INFO/requires.txt": b"d\n\n[e]\nf>1\n\n[:python_version<'3']\ng\n\n[h:os_name=='nt']\n"
            b"i @ https://example.org/i.zip\n",
            "pkg/_vendor/v-3.dist-info/RECORD": b"",
            "no-1.dist-info": b"a file",
            "tests/data.dist-info/": b"",
        }
    )
    assert [(d.kind, d.name, d.version, d.directory, d.info, d.damage) for d in found] == [
        ("egg-info", "a", "1", "", "a-1-py3.12.egg-info", None),
        ("egg-info", "b", "1", "", "b-1.egg-info", "PKG-INFO is empty or cannot be read"),
        ("egg", "x", "2", "c.egg/", "c.egg/EGG-INFO", None),
        ("dist-info", "v", "3", "pkg/_vendor/", "pkg/_vendor/v-3.dist-info",
         "there is no METADATA; RECORD is empty or cannot be read"),
    ]  # fmt: skip
    assert [d.record for d in found] == [None, None, None, ()]
    assert found[2].requires == (
        "d",
        'f>1; extra == "e"',
        "g; python_version<'3'",
        "i @ https://example.org/i.zip ; (os_name=='nt') and extra == \"h\"",
    )
    assert found[2].extras == ("e", "h")


@pytest.mark.parametrize("text", ["a\n[b]\nc\n", "a\n\n[b:m]\nc@u\n[:n]\nd\n", "[x]\n[y]\nz\n"])
def test_sections_are_read_as_python_does(tmp_path: Path, text: str) -> None:
    (tmp_path / "requires.txt").write_text(text)
    (tmp_path / "PKG-INFO").write_text("Name: a\n")
    assert list(metadata.requirements(text.encode())[0]) == (PathDistribution(tmp_path).requires or [])


def test_bounds() -> None:
    long = b"Name: a\nVersion: 1\nSummary: " + b"x" * metadata.MAX_METADATA
    rows = b"f,,\n" * (metadata.MAX_ROWS + 1)
    name = "a-1.dist-info"
    (found,) = index({f"{name}/METADATA": long, f"{name}/RECORD": rows})
    assert found.damage == "METADATA is longer than 1048576 bytes; RECORD has more than 200000 rows"
    assert found.record is not None
    assert (found.name, found.version, len(found.record)) == ("a", "1", metadata.MAX_ROWS)
    (found,) = index({f"{name}/METADATA": b"Name: a\n", f"{name}/RECORD": b"x" * (metadata.MAX_RECORD + 1)})
    assert found.damage == "RECORD is longer than 8388608 bytes"


def test_only_the_head_of_metadata_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a-1.dist-info").mkdir()
    (tmp_path / "a-1.dist-info" / "METADATA").write_bytes(b"Name: a\nVersion: 1\n\n" + b"text\n" * 1000)
    (tmp_path / "a-1.dist-info" / "notes.txt").write_bytes(b"one two\n")
    with open_artifact(tmp_path) as artifact:
        assert artifact.facts["a-1.dist-info/METADATA"].metadata == b"Name: a\nVersion: 1"
        assert "a-1.dist-info/notes.txt" not in artifact.facts


def test_a_large_record_is_read_whole() -> None:
    rows = b"".join([b"pkg/%032x.py,sha256=%064x,%d\n" % (n * 7919**9, n * 104729**15, n) for n in range(20_000)])
    with open_artifact(simple_zip({"a-1.dist-info/RECORD": rows, "a-1.dist-info/METADATA": b"Name: a\n"})) as artifact:
        assert artifact.entries[0].compressed > 512 << 10
        assert _count(artifact) == 20_000


def _count(artifact: Artifact) -> int:
    return len(DistributionIndex(artifact).all[0].record or ())
