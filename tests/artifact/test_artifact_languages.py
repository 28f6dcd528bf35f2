"""What .deps.json files, PHP's .ini files and PHP's binaries leave behind, and that nothing in them raises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck.artifact import DotnetDeps, NativeAsset, Php, open_artifact
from layercheck.artifact.dotnet import MAX_DEPS, read_deps
from layercheck.artifact.php import MAX_EXTENSIONS, MAX_INI, is_php_binary, is_php_ini, read_binary, read_ini
from support.elf_writer import build_elf
from support.zip_writer import simple_zip

TARGET = ".NETCoreApp,Version=v8.0"
LIBRARIES = {
    "App/1.0.0": {"dependencies": {"SkiaSharp": "2.88.8", "Other": "1"}, "runtime": {"App.dll": {}}},
    "Native/1.2": {
        "native": {"runtimes/linux-x64/native/libn.so": {"fileVersion": "0.0.0.0"}},
        "runtimeTargets": {
            "runtimes/win/native/n.dll": {"rid": "win", "assetType": "native"},
            "runtimes/unix/lib/n.dll": {"rid": "unix", "assetType": "runtime"},
            "de/n.resources.dll": {"rid": "unix", "assetType": "resources"},
            "no-rid.so": {"assetType": "native"},
        },
    },
}


def deps(libraries: object, target: str = TARGET) -> bytes:
    return json.dumps({"runtimeTarget": {"name": target}, "targets": {target: libraries}}).encode()


def test_packages_needs_and_native_files_of_the_runtime_target() -> None:
    document = json.loads(deps(LIBRARIES))
    document["targets"][".NETCoreApp,Version=v6.0"] = {"Older/1": {"native": {"x.so": {}}}}
    for data in (json.dumps(document).encode(), b"\xef\xbb\xbf" + json.dumps(document).encode()):
        assert read_deps(data) == DotnetDeps(
            rid="",
            packages={"App": "1.0.0", "Native": "1.2"},
            needs={"App": ("SkiaSharp", "Other"), "Native": ()},
            assets=(
                NativeAsset("Native", "runtimes/linux-x64/native/libn.so", "", "native"),
                NativeAsset("Native", "runtimes/win/native/n.dll", "win", "native"),
                NativeAsset("Native", "runtimes/unix/lib/n.dll", "unix", "runtime"),
            ),
        )
    assert read_deps(deps(LIBRARIES, TARGET + "/linux-arm64")).rid == "linux-arm64"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"a": ' * 50_000, b"nonsense", b"1" * 5_000 + b"x"]
)
def test_what_is_not_json_is_damaged(data: bytes) -> None:
    assert read_deps(data).damage == "it is not JSON"


def test_a_list_of_many_megabytes_is_not_read() -> None:
    assert read_deps(b" " * (MAX_DEPS + 1)).damage is not None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["runtimeTarget", "name", "targets", TARGET, "a/1", "native", "runtimeTargets", "rid"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_raises(document: object) -> None:
    read_deps(json.dumps(document).encode())
    read_deps(deps(document))
    read_deps(deps({"A/1": document}))
    assert read_deps(deps({"A/1": {"runtimeTargets": document, "dependencies": document}})).damage is None


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("bref/etc/php/php.ini", True),
        ("bref/etc/php/conf.d/ext-gd.ini", True),
        ("php/conf.d/x.ini", True),
        ("php.ini", True),
        ("php-8.3/any.ini", True),
        ("etc/php.d/20-gd.ini", True),
        ("etc/conf.d/any.ini", True),
        ("config/app.ini", False),
        ("python/setup.ini", False),
        ("php/readme.txt", False),
    ],
)
def test_which_ini_files_are_php_s(path: str, read: bool) -> None:
    assert is_php_ini(path) is read


INI = b"""; extension=commented.so
[PHP]
extension=gd
 extension = "redis.so" ; in quotes
zend_extension='/opt/x/opcache.so'
extension_dir = "/opt/ext"
extension=\r
my.extension=no
extensions=no
extension_loaded=no
memory_limit=1G\r
extension=/opt/y.so\r
"""


def test_an_ini_file_names_its_extensions() -> None:
    php = read_ini(INI)
    assert php is not None
    assert [tuple(extension) for extension in php.extensions] == [
        ("extension", "gd", 3),
        ("extension", "redis.so", 4),
        ("zend_extension", "/opt/x/opcache.so", 5),
        ("extension", "/opt/y.so", 12),
    ]
    assert php.extension_dir == "/opt/ext"
    assert read_ini(b"memory_limit=1G\n") is None
    assert read_ini(b"") is None


def test_an_ini_file_of_many_lines_is_bounded() -> None:
    php = read_ini(b"extension=x.so\n" * 50_000 + b"\n" * (2 * MAX_INI))
    assert php is not None
    assert len(php.extensions) == MAX_EXTENSIONS
    assert php.extensions[-1].line == MAX_EXTENSIONS


@given(st.binary(max_size=200))
def test_no_ini_file_raises(data: bytes) -> None:
    read_ini(b"extension=" + data)
    php = read_ini(b"extension=x\n" + data)
    assert php is not None
    assert php.extensions[0].value == "x"


@pytest.mark.parametrize(
    ("texts", "php"),
    [
        (["API20210902,NTS"], Php(api="20210902,NTS")),
        (["API20210902,TS,debug"], Php(api="20210902,TS,debug")),
        (["API420240924,NTS"], Php(api="20240924,NTS")),
        (["API220100525,NTS"], Php(api="20100525,NTS")),
        (
            ["API20210902,NTS", "/opt/lib/php/extensions/no-debug-non-zts-20210902"],
            Php((), "/opt/lib/php/extensions/no-debug-non-zts-20210902", "20210902,NTS"),
        ),
        (["API2021,NTS"], None),
        (["API20210902"], None),
        ([], None),
    ],
)
def test_the_api_of_a_binary(texts: list[str], php: Php | None) -> None:
    assert read_binary(build_elf(syms=texts)) == php


def test_only_what_may_be_php_s_is_searched() -> None:
    paths = (
        "bin/php",
        "sbin/php-fpm",
        "bin/php8.3",
        "bref-extra/gd.so",
        "bref/extensions/gd.so",
        "lib/php/modules/x.so",
    )
    assert [path for path in paths if not is_php_binary(path)] == []
    others = ("bin/phpmyadmin", "python/numpy/_core/_x.cpython-312-x86_64-linux-gnu.so", "lib/libz.so.1", "bootstrap")
    assert [path for path in others if is_php_binary(path)] == []


def test_the_facts_come_with_the_scan() -> None:
    noise = bytes((index * 7919 + (index >> 8) * 104729) & 0xFF for index in range(1 << 20))
    php = build_elf(etype="pie", syms=["API20240924,NTS"]) + noise
    files: dict[str, bytes | tuple[bytes, int]] = {
        "bin/php": php,
        "php/conf.d/x.ini": b"extension=gd\n",
        "App.deps.json": deps(LIBRARIES),
    }
    with open_artifact(simple_zip(files)) as artifact:
        found = artifact.facts
        assert found["bin/php"].php == Php(api="20240924,NTS")
        ini, app = found["php/conf.d/x.ini"].php, found["App.deps.json"].dotnet
    assert ini is not None
    assert ini.extensions[0].value == "gd"
    assert app is not None
    assert app.packages == {"App": "1.0.0", "Native": "1.2"}
