from __future__ import annotations

import pytest

from layercheck.finding import Source
from layercheck.report.location import Base, Location, Locations, from_root, is_absolute, last_part, uri
from report.made import artifact, finding, report

BASE = Base("/checkout/service", "/checkout")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("build/layer.zip", "service/build/layer.zip"),
        ("./build/../layer.zip", "service/layer.zip"),
        ("../layer.zip", "layer.zip"),
        ("/checkout/a.zip", "a.zip"),
        ("/checkout", "."),
        ("/checkouts/a.zip", "/checkouts/a.zip"),
        ("../../other/a.zip", "../../other/a.zip"),
        ("<stdin>", "<stdin>"),
        ("", ""),
    ],
)
def test_paths_lead_from_the_root(path: str, expected: str) -> None:
    assert from_root(path, BASE) == expected


def test_without_a_base_and_on_windows() -> None:
    assert from_root("./a//b.zip", None) == "./a//b.zip"
    base = Base("C:/checkout/service", "C:/checkout")
    assert from_root("C:/checkout/a.zip", base) == "a.zip"
    assert from_root("D:/a.zip", base) == "D:/a.zip"
    assert from_root("a.zip", Base("/", "/")) == "a.zip"
    assert is_absolute("c:/x")
    assert not is_absolute("c:x")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/ü%.zip", "a%20b/%C3%BC%25.zip"),
        ("a:b.zip", "a%3Ab.zip"),
        ("/tmp/a#b?.zip", "file:///tmp/a%23b%3F.zip"),
        ("C:/a b.zip", "file:///C:/a%20b.zip"),
        ("\udcff\n", "%FF%0A"),
        ("\ud800", "%ED%A0%80"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_uris_hold_any_path(path: str, expected: str) -> None:
    assert uri(path) == expected


def test_a_finding_lies_on_its_line_of_the_template_else_in_its_artifact() -> None:
    zipped, folder = artifact(), artifact(id="a2", form="directory", path="dist/")
    places = Locations(report(artifacts=(zipped, folder)), BASE)
    declared = finding(source=Source("template.yaml", 12, "Fn"))
    assert places.of(declared) == Location("service/template.yaml", 12, declared.path, "Fn")
    assert places.of(finding(path="python/x.so")) == Location("service/layer.zip", None, "python/x.so", None)
    assert places.of(finding(artifact="a2", path="x.so")) == Location("service/dist/x.so", None, "x.so", None)
    assert places.of(finding(artifact="a2", path=None)) == Location("service/dist", None, None, None)
    assert places.of(finding(artifact=None, path=None)) == Location("service/layer.zip", None, None, None)
    assert places.of(finding(artifact="a9")) is None
    assert Locations(report(artifacts=()), BASE).of(finding(artifact=None)) is None


def test_the_last_part_of_a_path() -> None:
    assert [last_part(path) for path in ("a/b.so", "a/b/", "x", "/")] == ["b.so", "b", "x", "/"]
