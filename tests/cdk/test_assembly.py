"""Reading cloud assemblies: what the manifests say, and what is wrong with them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdk.synth import COMMITTED
from layercheck.project.assembly import Asset, find_assembly, is_assembly, read_assembly

GREETING = "dfe6afad1e70ca7d40e717a2fa5d46c39e33f17e1c9ddb3f95548abe054fd9a4"


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def stack(template: str = "S.template.json", **more: Any) -> dict[str, Any]:
    return {"type": "aws:cloudformation:stack", "properties": {"templateFile": template}, **more}


def manifest(folder: Path, **artifacts: Any) -> Path:
    write(folder / "manifest.json", {"version": "55.0.0", "artifacts": artifacts})
    return folder


def with_assets(folder: Path, files: Any) -> Path:
    write(folder / "S.assets.json", {"version": "55.0.0", "files": files})
    return manifest(folder, S=stack(), A={"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}})


def asset(path: str, key: str = "k.zip", packaging: str = "zip") -> dict[str, Any]:
    return {"source": {"path": path, "packaging": packaging}, "destinations": {"d": {"objectKey": key}}}


def complaints(folder: Path) -> list[str]:
    return [complaint.why for complaint in read_assembly(str(folder)).complaints]


def test_stacks_of_all_stages_with_their_environments() -> None:
    found = read_assembly(str(COMMITTED))
    assert [(s.name, s.account, s.region) for s in found.stacks] == [
        ("Shop", None, None),
        ("Consumer", None, None),
        ("Legacy", None, None),
        ("Prod/Shop", "123456789012", "eu-central-1"),
        ("Prod/Far", "123456789012", "us-east-1"),
    ]
    assert found.complaints == ()


def test_assets_are_found_by_their_key_also_from_a_stage() -> None:
    found = {s.name: s for s in read_assembly(str(COMMITTED)).stacks}
    place = f"{COMMITTED.as_posix()}/asset.{GREETING}"
    assert found["Shop"].objects[f"{GREETING}.zip"] == Asset(place)
    assert found["Prod/Shop"].objects[f"{GREETING}.zip"] == Asset(place)
    assert found["Prod/Shop"].template == f"{COMMITTED.as_posix()}/assembly-Prod/ProdShop82526E42.template.json"


def test_assets_of_the_legacy_bootstrap_are_found_by_their_parameter() -> None:
    (found,) = [s for s in read_assembly(str(COMMITTED)).stacks if s.name == "Legacy"]
    ((parameter, code),) = found.parameters.items()
    assert "S3VersionKey" in parameter
    assert code.path is not None
    assert os.listdir(code.path) == ["index.js"]


def test_the_metadata_of_older_versions_stand_in_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "asset.x").mkdir()
    data = {"path": "asset.x", "packaging": "zip", "s3KeyParameter": "Key"}
    folder = manifest(tmp_path, S=stack(metadata={"/S": [{"type": "aws:cdk:asset", "data": data}]}))
    assert read_assembly(str(folder)).stacks[0].parameters == {"Key": Asset(f"{tmp_path.as_posix()}/asset.x")}


def test_a_folder_is_an_assembly_by_what_cdk_leaves_in_it(tmp_path: Path) -> None:
    assert is_assembly(str(COMMITTED))
    shutil.copy(COMMITTED / "manifest.json", tmp_path)
    assert is_assembly(str(tmp_path)), "the file cdk.out is lost when hidden or extra files are left out"
    # A browser extension, a web app.
    write(tmp_path / "manifest.json", {"manifest_version": 3, "version": "1.0", "name": "x"})
    assert not is_assembly(str(tmp_path))
    write(tmp_path / "manifest.json", "{")
    assert not is_assembly(str(tmp_path))


@pytest.mark.parametrize(("settings", "output"), [(None, "cdk.out"), ({"app": "x"}, "cdk.out"), ("{", "cdk.out"),
    ({"output": "build/cdk"}, "build/cdk"), ({"output": 3}, "cdk.out")])  # fmt: skip
def test_the_folder_of_an_app_leads_to_its_assembly(tmp_path: Path, settings: Any, output: str) -> None:
    assert find_assembly(str(tmp_path)) is None
    if settings is not None:
        write(tmp_path / "cdk.json", settings)
    manifest(tmp_path / output)
    assert find_assembly(str(tmp_path)) == f"{tmp_path.as_posix()}/{output}"


def test_an_app_that_names_an_impossible_folder_has_no_assembly(tmp_path: Path) -> None:
    write(tmp_path / "cdk.json", {"output": "a\0b"})
    assert find_assembly(str(tmp_path)) is None


def test_what_lies_outside_is_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    write(outside / "S.template.json", {})
    inside = tmp_path / "cdk.out"
    for path in ("../secret", str(outside), "..\\secret"):
        found = read_assembly(str(with_assets(inside, {"x": asset(path)}))).stacks[0].objects["k.zip"]
        assert found == Asset(None, f"its asset {path} lies outside of the cloud assembly")
    manifest(inside, S=stack("../secret/S.template.json"))
    assert complaints(inside) == ["the template of S ../secret/S.template.json lies outside of the cloud assembly"]
    (inside / "link").symlink_to(outside)
    manifest(inside, S=stack("link/S.template.json"))
    assert complaints(inside) == ["the template of S link/S.template.json lies outside of the cloud assembly"]


def test_stages_that_hold_one_another_end(tmp_path: Path) -> None:
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}
    manifest(tmp_path, P=stage, S=stack())
    found = read_assembly(str(tmp_path))
    assert [c.why for c in found.complaints] == ["it is a part of itself, or is named twice"]
    assert [s.name for s in found.stacks] == ["S"]


def test_an_asset_that_is_gone_or_made_when_deployed(tmp_path: Path) -> None:
    folder = with_assets(tmp_path, {"x": asset("gone"), "y": {
        "source": {"executable": ["make"]}, "destinations": {"d": {"objectKey": "made.zip"}}}})  # fmt: skip
    objects = read_assembly(str(folder)).stacks[0].objects
    gone = f"{tmp_path.as_posix()}/gone"
    assert objects["k.zip"] == Asset(None, f"its asset {gone} is not there", gone)
    assert objects["made.zip"].why == "its asset is made by a command when it is deployed"


def test_one_key_for_two_assets_is_neither(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    folder = with_assets(tmp_path, {"x": asset("a"), "y": asset("b"), "z": asset("a", "other.zip")})
    objects = read_assembly(str(folder)).stacks[0].objects
    assert objects["k.zip"] == Asset(None, "several assets are uploaded as k.zip")
    assert objects["other.zip"].path is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is no JSON: Expecting property name enclosed in double quotes in line 1"),
        ("[1]", "it holds no JSON object"),
        ("[" * 100_000, "its values are nested too deep"),
        ('{"artifacts": []}', "it names no artifacts"),
    ],
)
def test_a_broken_manifest_is_told(tmp_path: Path, text: str, why: str) -> None:
    write(tmp_path / "manifest.json", text)
    write(tmp_path / "cdk.out", "{}")
    assert complaints(tmp_path) == [why]


def test_odd_bytes_and_odd_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b'{"a": "\xff"}')
    assert complaints(tmp_path) == ["it is not UTF-8: byte 0xff at 7"]
    (tmp_path / "manifest.json").unlink()
    assert complaints(tmp_path) == ["No such file or directory"]
    os.mkfifo(tmp_path / "manifest.json")
    assert complaints(tmp_path) == ["it is not a file"]


def test_a_huge_manifest_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "manifest.json", "wb") as file:
        file.truncate(1 << 30)
    assert complaints(tmp_path) == ["it is larger than 16,777,216 bytes"]


def test_two_stacks_of_one_name_are_told_apart(tmp_path: Path) -> None:
    folder = manifest(tmp_path, A=stack(displayName="X"), B=stack(displayName="X"), C=stack(displayName="X"))
    assert [s.name for s in read_assembly(str(folder)).stacks] == ["X", "X (B)", "X (C)"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", ".", "..", "a\0", "\ud800", "S.json", "x" * 5000]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "properties", "file", "files", "source", "path", "destinations", "objectKey", "data",
                         "dependencies", "directoryName", "templateFile", "environment", "metadata", "s3KeyParameter"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
KINDS = st.sampled_from(["aws:cloudformation:stack", "cdk:asset-manifest", "cdk:cloud-assembly"])


@settings(max_examples=150, deadline=None)
@given(kind=KINDS, value=JSON, files=JSON)
def test_nothing_in_a_manifest_raises(
    tmp_path_factory: pytest.TempPathFactory, kind: str, value: Any, files: Any
) -> None:
    folder = tmp_path_factory.mktemp("assembly")
    artifact = {
        "type": kind,
        "properties": value,
        "metadata": {"/S": value},
        **(value if isinstance(value, dict) else {}),
    }
    write(folder / "S.json", {"files": {"x": files, "y": {"source": files, "destinations": {"d": {"objectKey": "k"}}}}})
    manifest(folder, A={"type": "cdk:asset-manifest", "properties": {"file": "S.json"}}, S=stack("S.json"), X=artifact)
    root = os.path.realpath(folder)
    for item in read_assembly(str(folder)).stacks:
        for found in item.objects.values():
            assert found.path is None or os.path.realpath(found.path).startswith(root)
