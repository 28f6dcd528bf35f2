"""Real .NET assemblies: the reader's answers against dnfile's, and the verdict on a published application."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import dnfile
import pytest

from check.made import of, told
from layercheck import check
from layercheck.artifact import assembly
from layercheck.elf import identify
from layercheck.finding import Report
from real.wheels import fetch
from support.zip_writer import simple_zip

pytestmark = [pytest.mark.registry, pytest.mark.slow]

_APPLICATION = "azureml/dataprep/api/engineapi/bin/"
_SLOWEST = 300_000
"""Bytes of an assembly that dnfile reads in about a second."""
OPTIONS: dict[str, Any] = {"runtime": "dotnet8", "architecture": "x86_64", "kind": "function"}


def managed(name: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(fetch(name)) as wheel:
        for member in wheel.namelist():
            if member.endswith(".dll"):
                data = wheel.read(member)
                foreign = identify(data[:4_096])
                if foreign is not None and foreign.managed:
                    yield member, data


def mine(data: bytes) -> tuple[set[tuple[str, str]], int | None]:
    """(library, function) of every native function, and the assembly's own DllImportSearchPath."""
    metadata = assembly._metadata(data)
    assert metadata is not None
    libraries = assembly._libraries(data, metadata)
    found = {(name, function.decode()) for name, functions in libraries.items() for function in functions}
    # The other tables are read only where there are native functions.
    mentioned = bool(found) and assembly._mentions(data, metadata, assembly._SEARCH_PATHS)
    return found, assembly._search_paths(data, metadata) if mentioned else None


def theirs(data: bytes) -> tuple[set[tuple[str, str]], int | None]:
    open_: Any = dnfile.dnPE
    tables = open_(data=data, clr_lazy_load=True).net.mdtables
    rows = tables.ImplMap.rows if tables.ImplMap else ()
    found = {(str(row.ImportScope.row.Name), str(row.ImportName)) for row in rows}
    value = None
    for row in tables.CustomAttribute.rows if tables.CustomAttribute else ():
        of_assembly = row.Parent.table is not None and row.Parent.table.name == "Assembly"
        class_of = getattr(row.Type.row, "Class", None)
        if of_assembly and class_of is not None and class_of.row.TypeName == "DefaultDllImportSearchPathsAttribute":
            value = int.from_bytes(bytes(row.Value.value)[2:6], "little")
    return found, value


@pytest.mark.parametrize("name", [".NET application", ".NET runtime"])
def test_the_reader_agrees_with_dnfile(name: str) -> None:
    compared = calling = 0
    for member, data in managed(name):
        found, value = mine(data)
        if len(data) <= _SLOWEST and (found or compared % 4 == 0):
            functions, paths = theirs(data)
            assert (found, value) == (functions, paths if functions else None), member
            calling += bool(found)
        compared += 1
    assert compared > 100
    assert calling >= 5


def application(without: str = "") -> dict[str, bytes]:
    with zipfile.ZipFile(fetch(".NET application")) as wheel:
        names = [name for name in wheel.namelist() if name.startswith(_APPLICATION) and not name.endswith("/")]
        files = {name[len(_APPLICATION) :]: wheel.read(name) for name in names}
    return {path: data for path, data in files.items() if not without or without not in path}


def judged(files: Mapping[str, bytes]) -> Report:
    return check(simple_zip(files), **OPTIONS)


def test_a_published_application_is_silent() -> None:
    report = judged(application())
    assert [line for line in told(report) if line[1] != "info"] == []
    assert of(report, "LC407") == []
    assert report.unchecked == ()


def test_a_library_that_it_lacks_is_told_once() -> None:
    files = application("libLdaNative.so")
    (finding,) = of(judged(files), "LC581")[:1]
    assert finding.details["library"] == "libLdaNative.so"
    assert finding.details["consequences"] == {"LC407": 1}
    unlisted = {path: data for path, data in files.items() if not path.endswith(".deps.json")}
    found = {finding.path: finding for finding in of(judged(unlisted), "LC407")}
    assert "nothing provides libLdaNative.so" in found["Microsoft.ML.Transforms.dll"].message
    assert found["Microsoft.ML.Transforms.dll"].severity.value == "warning"
    # What lies in the folders of the list is not found without the list.
    assert "lies where .NET does not look" in found["Microsoft.ML.CpuMath.dll"].message
