from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time

import pytest

from layercheck import environment
from layercheck.environment import (
    Environment,
    Link,
    Named,
    UnknownRuntime,
    Versions,
    catalogue,
    facts,
    libraries,
)
from layercheck.json_table import read_table

ARCHITECTURES = ("x86_64", "arm64")
EVERYWHERE = [
    (runtime.identifier, architecture) for runtime in environment.runtimes() for architecture in ARCHITECTURES
]
LIBRARY_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"


def library(env: Environment, path: str) -> Named:
    """The library at a path, links of its own directory followed."""
    found = env.files[path]
    while isinstance(found, Link):
        path = found.target if found.target.startswith("/") else f"{os.path.dirname(path)}/{found.target}"
        found = env.files[path]
    assert isinstance(found, Named)
    return found


def system(runtime: str, soname: str, architecture: str = "x86_64", libraries: str = "newest") -> Named:
    return library(environment.load(runtime, architecture, libraries), f"/usr/lib64/{soname}")


def test_there_are_31_runtimes_and_every_one_loads() -> None:
    assert len(environment.runtimes()) == 31
    for name, architecture in EVERYWHERE:
        for inventory in ("newest", "floor"):
            env = environment.load(name, architecture, inventory)
            assert env.name == name
            assert env.architecture == architecture
            assert ":".join(env.library_path) == LIBRARY_PATH
            assert library(env, "/usr/lib64/libc.so.6").state("GLIBC_2.17") == "found"
            assert env.loader.default_directories == ("/lib64", "/usr/lib64")


@pytest.mark.parametrize(("name", "architecture"), EVERYWHERE)
def test_every_link_leads_somewhere_inside(name: str, architecture: str) -> None:
    env = environment.load(name, architecture)
    for path, file in env.files.items():
        if isinstance(file, Link) and path not in ("/lib64", "/lib", "/bin"):
            assert library(env, path).soname
    assert env.files["/lib64"] == Link("usr/lib64")
    assert env.files["/lib"] == Link("usr/lib")
    assert env.files["/bin"] == Link("usr/bin")


@pytest.mark.parametrize(
    ("architecture", "path"), [("x86_64", "/lib64/ld-linux-x86-64.so.2"), ("arm64", "/lib/ld-linux-aarch64.so.1")]
)
@pytest.mark.parametrize(("runtime", "version"), [("python3.11", "2.26"), ("python3.12", "2.34")])
def test_the_loader(architecture: str, path: str, runtime: str, version: str) -> None:
    env = environment.load(runtime, architecture)
    assert (env.loader.kind, env.loader.version, env.loader.path, env.loader.lib) == ("glibc", version, path, "lib64")
    assert library(env, f"/usr{path}").state("GLIBC_2.17" if architecture == "arm64" else "GLIBC_2.4") == "found"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_libc_is_judged_by_membership(architecture: str) -> None:
    libc = system("python3.12", "libc.so.6", architecture)
    for node in ("GLIBC_2.17", "GLIBC_2.18", "GLIBC_2.22", "GLIBC_2.34", "GLIBC_PRIVATE"):
        assert libc.state(node) == "found"
    for node in ("GLIBC_2.19", "GLIBC_2.20", "GLIBC_2.21", "GLIBC_2.36", "GLIBC_2.38", "GLIBC_ABI_DT_RELR"):
        assert libc.state(node) == "missing"
    assert libc.state("GLIBC_2.35") == "unverified"
    assert libc.state("GLIBC_2.2.5") == ("found" if architecture == "x86_64" else "missing")
    assert system("python3.12", "libm.so.6", architecture).state("GLIBC_2.35") == "missing"
    assert system("python3.12", "libc.so.6", architecture, "floor").state("GLIBC_2.35") == "missing"
    assert system("python3.11", "libc.so.6", architecture).state("GLIBC_2.27") == "missing"


def test_the_loaders_back_port_is_unverified() -> None:
    env = environment.load("python3.12", "x86_64")
    assert library(env, "/usr/lib64/ld-linux-x86-64.so.2").state("GLIBC_2.35") == "unverified"
    assert library(env, "/usr/lib64/ld-linux-x86-64.so.2").state("GLIBC_2.34") == "found"
    assert system("python3.12", "libc.so.6").state("GLIBC_ABI_DT_X86_64_PLT") == "found"


@pytest.mark.parametrize(
    "soname",
    [
        "libgomp.so.1",
        "libgfortran.so.5",
        "libquadmath.so.0",
        "libatomic.so.1",
        "libX11.so.6",
        "libGL.so.1",
        "libnss3.so",
        "libpq.so.5",
        "libodbc.so.2",
        "libxslt.so.1",
        "libltdl.so.7",
        "libjpeg.so.62",
        "libssl.so.1.1",
        "libcrypto.so.1.1",
        "libc.musl-x86_64.so.1",
        "ld-musl-x86_64.so.1",
        "ld-musl-aarch64.so.1",
    ],
)
def test_what_no_runtime_has(soname: str) -> None:
    for name, architecture in EVERYWHERE:
        names = {path.rpartition("/")[2] for path in environment.load(name, architecture).files}
        assert soname not in names, (name, architecture)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_two_systems_differ(architecture: str) -> None:
    old, new = (environment.load(name, architecture).files for name in ("provided.al2", "provided.al2023"))
    for soname in ("libexpat.so.1", "libnsl.so.1", "libpng15.so.15", "libssl.so.10"):
        assert f"/usr/lib64/{soname}" in old
        assert f"/usr/lib64/{soname}" not in new
    for soname in ("libcurl.so.4", "libxml2.so.2", "libsqlite3.so.0", "liblzma.so.5", "libssl.so.3"):
        assert f"/usr/lib64/{soname}" in new
        assert f"/usr/lib64/{soname}" not in old


def test_the_floor_has_the_older_cxx_library() -> None:
    newest, floor = system("python3.12", "libstdc++.so.6"), system("python3.12", "libstdc++.so.6", libraries="floor")
    for node, state in (("GLIBCXX_3.4.29", "found"), ("CXXABI_1.3.13", "found"), ("CXXABI_TM_1", "found")):
        assert newest.state(node) == floor.state(node) == state
    for node in ("GLIBCXX_3.4.30", "GLIBCXX_3.4.33", "CXXABI_1.3.14"):
        assert newest.state(node) == "found"
        assert floor.state(node) == "missing"
    assert newest.state("GLIBCXX_3.4.34") == "missing"
    files = environment.load("python3.12", "x86_64", "floor").files
    assert "/usr/lib64/libstdc++.so.6.0.29" in files
    assert "/usr/lib64/libstdc++.so.6.0.33" not in files


def test_the_floor_has_the_older_gcc_and_openssl() -> None:
    assert system("provided.al2023", "libgcc_s.so.1").state("GCC_14.0.0") == "found"
    assert system("provided.al2023", "libgcc_s.so.1", libraries="floor").state("GCC_12.0.0") == "missing"
    assert system("provided.al2023", "libgcc_s.so.1", "arm64", "floor").state("GCC_11.0") == "found"
    newest, floor = (system("provided.al2023", "libcrypto.so.3", libraries=which) for which in ("newest", "floor"))
    assert newest.state("OPENSSL_3.2.0") == "found"
    assert newest.state("OPENSSL_3.5.0") == "unverified"
    assert newest.state("OPENSSL_3.6.0") == "missing"
    assert floor.state("OPENSSL_3.0.8") == "found"
    assert floor.state("OPENSSL_3.2.0") == "missing"


def test_nodejs_brings_libraries_of_its_own() -> None:
    files = environment.load("nodejs24.x", "x86_64").files
    assert "/var/lang/lib/libstdc++.so.6" in files
    own = library(environment.load("nodejs24.x", "x86_64"), "/var/lang/lib/libstdc++.so.6")
    assert own.state("GLIBCXX_3.4.32") == "found"
    assert own.state("GLIBCXX_3.4.33") == "missing"
    assert "/var/lang/lib/libstdc++.so.6" not in environment.load("nodejs22.x", "x86_64").files
    openssl = library(environment.load("nodejs22.x", "arm64"), "/var/lang/lib/libcrypto.so.3")
    assert openssl.state("OPENSSL_3.0.0") == "found"
    assert openssl.state("OPENSSL_3.3.0") == "unverified"


def test_libcrypt_comes_from_the_runtime() -> None:
    intel, arm = (environment.load("python3.12", architecture) for architecture in ARCHITECTURES)
    assert {"/var/lang/lib/libcrypt.so.1", "/var/lang/lib/libcrypt.so.2"} <= set(intel.files)
    assert "/var/lang/lib/libcrypt.so.1" not in arm.files
    assert library(arm, "/var/lang/lib/libcrypt.so.2").state("XCRYPT_4.4") == "found"
    assert library(intel, "/var/lang/lib/libcrypt.so.1").state("XCRYPT_2.0") == "unverified"
    old = library(environment.load("python3.11", "x86_64"), "/var/lang/lib/libcrypt.so.1")
    assert (old.state("GLIBC_2.2.5"), old.state("XCRYPT_2.0")) == ("found", "missing")
    assert not [
        path for name, a in EVERYWHERE for path in environment.load(name, a).files if "lib64/libcrypt.so" in path
    ]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_python311_has_an_odd_liblzma(architecture: str) -> None:
    old = library(environment.load("python3.11", architecture), "/var/lang/lib/liblzma.so.5")
    assert [old.state(node) for node in ("XZ_5.0", "XZ_5.2.2", "XZ_5.2")] == ["found", "found", "missing"]
    new = library(environment.load("python3.12", architecture), "/var/lang/lib/liblzma.so.5")
    assert new.state("XZ_5.2") == "found"


def test_single_doubts_and_unknown_lists() -> None:
    zlib = system("provided.al2", "libz.so.1")
    assert [zlib.state(f"ZLIB_1.2.{n}") for n in ("5.2", "7.1", "9")] == ["found", "unverified", "missing"]
    assert system("provided.al2023", "libz.so.1").state("ZLIB_1.2.9") == "found"
    assert system("provided.al2", "libexpat.so.1") == Named("libexpat.so.1", None)
    assert system("provided.al2", "libexpat.so.1").state("ANY_1") == "unverified"
    assert system("provided.al2", "libssl.so.10").state("OPENSSL_1.0.2") == "found"


def test_several_names_are_one_file() -> None:
    files = environment.load("provided.al2", "x86_64").files
    assert isinstance(files["/usr/lib64/libc-2.26.so"], Named)
    assert files["/usr/lib64/libc.so.6"] == Link("libc-2.26.so")
    assert files["/usr/lib64/libcrypto.so.10"] == Link("libcrypto.so.1.0.2k")
    arm = environment.load("provided.al2", "arm64").files
    loaders = [file for path, file in arm.items() if path.endswith("/ld-linux-aarch64.so.1")]
    assert sorted(type(file).__name__ for file in loaders) == ["Link", "Named"]


def test_equal_inventories_are_equal_and_unequal_ones_differ() -> None:
    contents: dict[str, tuple[object, ...]] = {}
    labels: dict[str, set[str]] = {}
    for name, architecture in EVERYWHERE:
        for which in ("newest", "floor"):
            env = environment.load(name, architecture, which)
            content = (env.loader, env.library_path, env.files, env.architecture)
            assert contents.setdefault(env.inventory, content) == content
            key = repr((env.loader, env.library_path, sorted(map(repr, env.files.items())), env.architecture))
            labels.setdefault(key, set()).add(env.inventory)
    assert all(len(found) == 1 for found in labels.values())
    shared = {environment.load(name, "x86_64").inventory for name in ("nodejs20.x", "nodejs22.x")}
    assert len(shared) == 1
    assert len(contents) > 30


def test_another_library_path_is_another_inventory() -> None:
    env = environment.load("python3.12", "x86_64")
    other = env.with_library_path(("/opt/lib",))
    assert other.library_path == ("/opt/lib",)
    assert other.files == env.files
    assert other.inventory != env.inventory
    assert other.with_library_path(env.library_path) == env
    assert env.with_library_path(env.library_path) is env


def test_states_of_a_runtime_by_date() -> None:
    python = environment.runtime("python3.8")
    dates = ("2024-10-13", "2024-10-14", "2027-03-02", "2027-03-03")
    assert [python.state(date) for date in dates] == ["supported", "deprecated", "deprecated", "blocked"]
    assert environment.runtime("python3.15").state("2030-01-01") == "preview"
    for wrong in ("tomorrow", "2026-13-01", "2026-02-29", "2026-1-1", "20261-1-1"):
        with pytest.raises(ValueError, match="not a date"):
            python.state(wrong)
    assert python.state("2024-02-29") == "supported"


def test_search_lists() -> None:
    python = environment.runtime("python3.12")
    assert python.layer_directories == ("python", "python/lib/python3.12/site-packages", "bin", "lib", "extensions")
    assert python.sys_path[:3] == ("/var/task", "/opt/python/lib/python3.12/site-packages", "/opt/python")
    assert "/var/lang/lib/python312.zip" in python.sys_path
    assert python.extension_suffixes == {
        "x86_64": (".cpython-312-x86_64-linux-gnu.so", ".abi3.so", ".so"),
        "arm64": (".cpython-312-aarch64-linux-gnu.so", ".abi3.so", ".so"),
    }
    older = environment.runtime("python3.10").sys_path
    assert older.index("/var/runtime") < older.index("/var/lang/lib/python3.10/site-packages")
    newer = environment.runtime("python3.11").sys_path
    assert newer.index("/var/runtime") > newer.index("/var/lang/lib/python3.11/site-packages")
    node = environment.runtime("nodejs22.x")
    assert node.node_path[:2] == ("/opt/nodejs/node22/node_modules", "/opt/nodejs/node_modules")
    assert (node.node_module_version, node.esm_uses_node_path) == (127, True)
    assert not environment.runtime("nodejs16.x").esm_uses_node_path
    assert environment.runtime("nodejs26.x").node_module_version is None
    ruby = environment.runtime("ruby3.4")
    assert "/opt/ruby/gems/3.4.0" in ruby.gem_path
    assert "ruby/gems/3.4.0" in ruby.layer_directories
    assert "/opt/java/lib/*" in environment.runtime("java21").class_path
    assert environment.runtime("provided.al2023").bootstrap == ("/var/task/bootstrap", "/opt/bootstrap")
    for runtime in environment.runtimes():
        assert runtime.layer_directories[-3:] == ("bin", "lib", "extensions")
        assert ":".join(runtime.path) == "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
        assert set(runtime.sources) == set(runtime.confidence)


@pytest.mark.parametrize(
    ("name", "nearest"), [("python312", "python3.12"), ("nodejs24", "nodejs24.x"), ("Java 21", "java21")]
)
def test_an_unknown_runtime_names_its_neighbours(name: str, nearest: str) -> None:
    with pytest.raises(UnknownRuntime, match="is not a Lambda runtime; did you mean") as caught:
        environment.load(name, "x86_64")
    assert caught.value.nearest[0] == nearest
    assert not caught.value.retired
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.name, again.nearest, str(again)) == (name, caught.value.nearest, str(caught.value))


def test_a_retired_runtime_is_said_to_be_retired() -> None:
    with pytest.raises(UnknownRuntime, match="is retired") as caught:
        environment.runtime("go1.x")
    assert caught.value.retired
    assert environment.nearest("zzzzzz") == ()


def test_architectures_have_several_names() -> None:
    assert environment.normalise_architecture("AMD64") == "x86_64"
    assert environment.normalise_architecture("aarch64") == "arm64"
    assert environment.load("java21", "amd64") == environment.load("java21", "x86_64")
    with pytest.raises(ValueError, match="not an architecture"):
        environment.load("java21", "riscv64")
    with pytest.raises(ValueError, match="not an inventory"):
        environment.load("java21", "arm64", "oldest")


def test_limits() -> None:
    limits = environment.limits()
    assert (limits.unzipped_total_bytes, limits.direct_upload_bytes) == (262_144_000, 52_428_800)
    assert (limits.layers_per_function, limits.compatible_runtimes) == (5, 15)
    assert limits.cpu_level["x86_64"] == "x86-64-v3"
    assert environment.data_version() == "2026-11-23"


def test_bundled_packages() -> None:
    for runtime in environment.runtimes():
        bundled = environment.bundled_packages(runtime.identifier)
        names = {package.name for package in bundled.packages}
        if runtime.language == "python":
            assert {"boto3", "botocore", "urllib3", "python-dateutil"} <= names
            assert "requests" not in names
        assert ("aws-sdk" in names) == (runtime.identifier == "nodejs16.x" or runtime.language == "ruby")
    python = {package.name: package for package in environment.bundled_packages("python3.14").packages}
    assert (python["urllib3"].version, python["urllib3"].directory) == (
        "2.7.0",
        "/var/lang/lib/python3.14/site-packages",
    )
    node = environment.bundled_packages("nodejs24.x")
    assert "@aws-sdk/client-s3" in {package.name for package in node.packages}
    assert "@aws-crypto/crc32" in node.nested
    assert not environment.bundled_packages("ruby3.3").complete
    with pytest.raises(UnknownRuntime):
        environment.bundled_packages("perl5")


def test_versions_and_environments_cross_process_boundaries() -> None:
    env = environment.load("python3.12", "arm64")
    assert pickle.loads(pickle.dumps(env)) == env
    partial = Versions(frozenset({"A_1"}), frozenset({"A_2"}), complete=False)
    assert [partial.state(node) for node in ("A_1", "A_2", "A_3")] == ["found", "unverified", "unverified"]


def test_loading_is_quick() -> None:
    caches = (read_table, catalogue._runtime, libraries._load, libraries._system_files, libraries._own_files)
    best = 1.0
    for _ in range(10):
        for cache in (*caches, libraries._versions):
            cache.cache_clear()
        start = time.perf_counter()
        environment.load("python3.12", "x86_64")
        best = min(best, time.perf_counter() - start)
    assert best < 0.003


def test_importing_stays_light() -> None:
    code = (
        "import sys, layercheck.environment as e; e.load('java21', 'arm64');"
        "print(*sorted({'difflib', 'pathlib', 'datetime', 'importlib.resources', 'hashlib'} & set(sys.modules)))"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == ""
    assert facts.limits() is facts.limits()
