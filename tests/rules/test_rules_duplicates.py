"""LC510: two versions of a distribution, which one is taken, and whose files there are."""

from __future__ import annotations

from typing import Any

import pytest

from check.made import Files, judge, of
from layercheck.finding import Finding
from support.zip_writer import simple_zip

OLD = {"pkg/__init__.py": b"old = 1\n", "pkg/gone.py": b"1\n", "pkg/same.py": b"1\n"}
NEW = {"pkg/__init__.py": b"new_name = 2\n", "pkg/same.py": b"1\n", "pkg/new.py": b"1\n"}


def install(version: str, files: dict[str, bytes], root: str = "python/", name: str = "pkg") -> dict[str, bytes]:
    info = f"{name}-{version}.dist-info"
    rows = "".join(f"{path},sha256=x,{len(data)}\n" for path, data in files.items())
    made = dict(files)
    made[f"{info}/METADATA"] = f"Name: {name}\nVersion: {version}\n".encode()
    made[f"{info}/RECORD"] = rows.encode()
    return {root + path: data for path, data in made.items()}


def metadata(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if ".dist-info/" in path}


def found(files: Files, **options: Any) -> list[Finding]:
    return of(judge(files, **options), "LC510")


def test_what_an_update_leaves_over() -> None:
    for files, loaded, other in (
        (metadata(install("1.9", OLD)) | install("1.10", NEW), "1.10", "1.9"),
        (install("1.9", OLD) | metadata(install("1.10", NEW)), "1.9", "1.10"),
    ):
        (finding,) = found(files)
        assert finding.severity.value == "warning"
        assert f"are those of {loaded}, not of {other}" in finding.message
        assert finding.path == f"python/pkg-{other}.dist-info"
        assert finding.fix == f"rm -r python/pkg-{other}.dist-info"
        assert finding.details["loaded"] == loaded


def test_files_of_two_versions_in_one_directory() -> None:
    # Laid over each other: the old version's own module is still there.
    (finding,) = found(install("1", OLD) | install("2", NEW))
    assert "files of pkg 2 and 1 mix" in finding.message
    assert finding.details["examples"] == ["python/pkg/gone.py"]
    assert finding.fix == "Build into an empty directory."


def test_two_layers_fill_one_directory() -> None:
    (finding,) = found(install("2", NEW), layers=[simple_zip(install("1", OLD))])
    assert "mix in one directory, /opt/python" in finding.message
    assert "Give the layers the same version" in (finding.fix or "")


def test_without_a_record_it_is_not_known_whose_files_they_are() -> None:
    files = install("1", OLD) | install("2", NEW)
    bare = {path: data for path, data in files.items() if not path.endswith("/RECORD")}
    (finding,) = found(bare)
    assert "the metadata of 1 and of 2" in finding.message
    assert "loaded" not in finding.details


def test_a_function_and_its_layer() -> None:
    layer = install("1", OLD) | install("7", {"other.py": b"1"}, name="other") | install("3", {"a.py": b"1"}, name="a")
    function = {"app.py": b"1", **install("2", NEW, ""), **install("8", {"other.py": b"22"}, "", "other")}
    (finding,) = found(function, layers=[simple_zip(layer)], kind="function")
    assert (
        "an import takes pkg 2 (hidden: 1), other 8 (hidden: 7) from the function (/var/task)" in finding.message
        or "an import takes other 8 (hidden: 7), pkg 2 (hidden: 1) from the function (/var/task)" in finding.message
    )
    assert finding.artifact == "a2"
    assert finding.details["versions"] == {"pkg": ["2", "1"], "other": ["8", "7"]}
    assert finding.details["loaded"] == "/var/task"
    assert "pkg==2" in (finding.fix or "")


def test_two_directories_of_one_layer() -> None:
    later = install("2", NEW, "python/lib/python3.12/site-packages/")
    (finding,) = found(install("1", OLD) | later)
    assert "from /opt/python/lib/python3.12/site-packages, which comes before /opt/python" in finding.message
    assert finding.fix == "Remove the copies in /opt/python."
    assert found(install("1", OLD) | later, runtime="python3.11") == []


@pytest.mark.parametrize(
    "files",
    [
        install("1", OLD) | install("1", OLD, "python/lib/python3.12/site-packages/"),
        install("1", OLD) | install("2", NEW, "python/other/_vendor/"),
        install("1", OLD) | install("2", {"other.py": b"1"}, name="pkg2"),
        install("23", {"pip/__init__.py": b"1"}, name="pip")
        | install("24", {"pip/__init__.py": b"1"}, "python/lib/python3.12/site-packages/", "pip"),
    ],
    ids=["same version", "vendored", "another name", "tools"],
)
def test_what_is_no_duplicate(files: Files) -> None:
    assert found(files) == []


def test_hostile_records() -> None:
    files = install("1", OLD) | install("2", NEW)
    files["python/pkg-1.dist-info/RECORD"] = b'"pkg/__init__.py,,\n,,,\n../../../etc/passwd,sha256=x,1\npkg,x,-5\n\xff'
    assert [finding.rule for finding in found(files)] == ["LC510"]
    many = {path: data for n in range(30) for path, data in metadata(install(f"1.{n}", OLD)).items()}
    assert len(found(many)) == 1
