"""Recipes are read strictly, and what they describe is built as it says."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from layercheck.artifact import open_artifact
from layercheck.elf import ElfImage
from support.recipes import Case, RecipeError, build, load_case

HEAD = """
id = "sample"
says = "A sample."
incidents = []
threads = []
exit_code = 0
[judge]
runtime = "python3.12"
architecture = "x86_64"
"""


def sample(folder: Path, body: str, head: str = HEAD) -> Case:
    path = folder / "group" / "sample.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(head + body, encoding="utf-8")
    return load_case(path)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", "artifact is missing"),
        ("[artifact]\nkindd = 'layer'", "unknown kindd"),
        ("[artifact]\nkind = 'lambda'", "kind must be one of"),
        ("[artifact.files]\n'a' = { elff = {} }", "one content of"),
        ("[artifact.files]\n'a' = { text = '', link = 'b' }", "one content of"),
        ("[artifact.files]\n'a' = { text = '', modee = 1 }", "unknown modee"),
        ("[artifact.files]\n'a' = { elf = { neded = [] } }", "neded"),
        ("[artifact.files]\n'a' = { elf = { like = 'static', needs = ['libz.so.1'] } }", "needs nothing"),
        ("[artifact.files]\n'a' = { macho = { cpu = 'x' } }", "cpu"),
        ("[artifact]\n[[artifact.wheels]]\nname = 'a'\nversion = '1'", "tag is missing"),
        ("[artifact]\n[[expect]]\nrule = 'LC001'\nseverity = 'fatal'", "severity must be one of"),
        ("[artifact]\n[[expect]]\nrule = 'LC001'\nseverity = 'error'\nwords = []", "unknown words"),
        ("[artifact]\n[unknown]", "unknown unknown"),
        ("[artifact", "sample.toml"),
    ],
)
def test_what_is_not_understood_is_refused(body: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=complaint):
        sample(tmp_path, body)


def test_the_file_name_is_the_id(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="file's name"):
        sample(tmp_path, "[artifact]", HEAD.replace('"sample"', '"other"'))


def test_files_have_the_content_and_mode_that_they_were_given(tmp_path: Path) -> None:
    case = sample(
        tmp_path,
        """
[artifact.files]
"a.py" = { text = "x = 1\\n", mode = 0o640 }
"lib/libz.so" = { link = "libz.so.1" }
"lib/libz.so.1" = { elf = { like = "library", needs = ["libm.so.6"], versions = { "libm.so.6" = ["GLIBC_2.27"] } } }
"x.jar" = { zip = { "A.class" = "text" } }
""",
    )
    with zipfile.ZipFile(build(case, tmp_path / "out").artifact) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        assert archive.testzip() is None
        assert archive.read("a.py") == b"x = 1\n"
        assert archive.read("x.jar")[:4] == b"PK\x03\x04"
    assert modes["a.py"] == stat.S_IFREG | 0o640
    assert modes["lib/libz.so"] == stat.S_IFLNK | 0o777
    with open_artifact(build(case, tmp_path / "again").artifact) as artifact:
        image = artifact.facts["lib/libz.so.1"].elf
    assert isinstance(image, ElfImage)
    assert (image.soname, image.needed) == ("libz.so.1", ("libm.so.6", "libc.so.6"))
    assert image.verneed == (("libm.so.6", (("GLIBC_2.27", 0),)), ("libc.so.6", (("GLIBC_2.2.5", 0),)))


@pytest.mark.parametrize("size", [3, 1 << 20, (1 << 20) + 7, 3 << 20])
@pytest.mark.parametrize("fill", ["sparse", "noise"])
def test_filled_files_have_exactly_their_size(size: int, fill: str, tmp_path: Path) -> None:
    case = sample(tmp_path, f"[artifact.files]\n'a' = {{ text = 'abc', size = {size}, fill = '{fill}' }}")
    path = build(case, tmp_path / "out").artifact
    with zipfile.ZipFile(path) as archive:
        data = archive.read("a")
    assert len(data) == size
    assert data.startswith(b"abc")
    assert size < 1 << 20 or (path.stat().st_size < size // 50) == (fill == "sparse")


def test_files_of_one_seed_are_equal_and_others_are_not(tmp_path: Path) -> None:
    sizes = "size = 70000"
    case = sample(
        tmp_path,
        f"[artifact.files]\n'a' = {{ {sizes}, seed = 's' }}\n'b' = {{ {sizes}, seed = 's' }}\n'c' = {{ {sizes} }}",
    )
    with zipfile.ZipFile(build(case, tmp_path / "out").artifact) as archive:
        a, b, c = (archive.read(name) for name in "abc")
    assert a == b != c


def test_a_wheel_leaves_its_record_with_what_was_lost(tmp_path: Path) -> None:
    case = sample(
        tmp_path,
        """
[artifact]
[[artifact.wheels]]
root = "python"
name = "a-b"
version = "1.0"
tag = "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"
lost = ["a_b.libs/libx.so"]
[artifact.wheels.files]
"a_b/__init__.py" = "x = 1\\n"
""",
    )
    with zipfile.ZipFile(build(case, tmp_path / "out").artifact) as archive:
        record = archive.read("python/a_b-1.0.dist-info/RECORD").decode().splitlines()
        wheel = archive.read("python/a_b-1.0.dist-info/WHEEL").decode()
        names = archive.namelist()
    assert [row.split(",")[0] for row in record] == [
        *(name.removeprefix("python/") for name in names[:-1]),
        *record_end(),
    ]
    assert record[0].endswith(",6")
    assert "Tag: cp312-cp312-manylinux2014_x86_64\n" in wheel
    assert "Root-Is-Purelib: false\n" in wheel


def record_end() -> list[str]:
    return ["a_b.libs/libx.so", "a_b-1.0.dist-info/RECORD"]


def test_zip_oddities(tmp_path: Path) -> None:
    files = "[artifact.files]\n'a/b.py' = ''\n"
    odd = sample(tmp_path, f"[artifact]\nhost = 'msdos'\nbackslashes = true\n{files}")
    with open_artifact(build(odd, tmp_path / "odd").artifact) as artifact:
        assert [(entry.raw, entry.mode, entry.host) for entry in artifact.entries] == [(b"a\\b.py", None, 0)]
    bare = sample(tmp_path, f"[artifact]\nmodes = false\n{files}")
    with open_artifact(build(bare, tmp_path / "bare").artifact) as artifact:
        assert [(entry.mode, entry.host) for entry in artifact.entries] == [(None, 3)]
    coded = sample(tmp_path, f"[artifact]\nencode = 'base64'\n{files}")
    assert build(coded, tmp_path / "coded").artifact.read_bytes().startswith(b"UEsDB")


def test_layers_texts_and_directories(tmp_path: Path) -> None:
    case = sample(
        tmp_path,
        """
[artifact]
form = "directory"
[artifact.files]
"bin/run" = { text = "#!/bin/sh\\n", mode = 0o755 }
"bin/again" = { link = "run" }
[[layers]]
arn = "arn:aws:lambda:us-east-1:123456789012:layer:base:4"
[[layers]]
form = "text"
text = "Not Found"
""",
    )
    built = build(case, tmp_path / "out")
    assert (built.artifact / "bin/run").stat().st_mode & 0o777 == 0o755
    assert (built.artifact / "bin/again").readlink() == Path("run")
    assert built.layers[0] == "arn:aws:lambda:us-east-1:123456789012:layer:base:4"
    assert Path(built.layers[1]).read_bytes() == b"Not Found"
