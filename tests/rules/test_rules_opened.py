"""LC407: names that code opens at run time, sought as dlopen and find_library would on the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, link, module, of, told
from layercheck import check
from layercheck.environment.captured import from_document
from layercheck.finding import Confidence
from support.elf_writer import build_elf
from support.zip_writer import simple_zip

P = "python/pkg/__init__.py"
SYSTEM = b"import ctypes\nctypes.CDLL('libc.so.6')\nctypes.CDLL('libm.so.6')\nctypes.CDLL('libcrypto.so.3')\n"


def opening(*names: str) -> bytes:
    return b"import ctypes\n" + "".join(f"ctypes.CDLL({name!r})\n" for name in names).encode()


FIND = b"import ctypes\nfrom ctypes.util import find_library\nctypes.CDLL(find_library('zbar'))\n"

CASES: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str, str | None]]]] = (
    ("nowhere", {P: opening("libx.so.1")}, {}, [("LC407", "warning", P)]),
    ("two of them are one cause", {P: opening("libx.so.1", "liby.so.1")}, {}, [("LC407", "warning", P)]),
    ("in lib", {P: opening("libx.so.1"), "lib/libx.so.1": module()}, {}, []),
    ("a link is enough", {P: opening("libx.so"), "lib/libx.so.1": module(), "lib/libx.so": link("libx.so.1")}, {}, []),
    ("of the system", {P: SYSTEM}, {}, []),
    ("not of the older system", {P: opening("libcrypto.so.3")}, {"runtime": "python3.9"}, [("LC407", "warning", P)]),
    ("under another name", {P: opening("libx.so"), "lib/libx.so.1": module()}, {}, [("LC407", "warning", P)]),
    ("where nothing looks", {P: opening("libx.so.1"), "python/pkg/libx.so.1": module()}, {}, [("LC407", "warning", P)]),
    ("loaded already by a module", {
        P: opening("libx.so.1"), "python/pkg/_m.abi3.so": module("libx.so.1", rpath="$ORIGIN"),
        "python/pkg/libx.so.1": module(),
    }, {}, []),
    ("for another machine", {P: opening("libx.so.1"), "lib/libx.so.1": module(machine="aarch64")}, {},
     [("LC301", "error", "lib/libx.so.1")]),
    ("by its path", {P: opening("/opt/native/libx.so"), "native/libx.so": module()}, {}, []),
    ("by a path that is not there", {P: opening("/opt/native/libx.so")}, {}, [("LC407", "warning", P)]),
    ("where LD_LIBRARY_PATH leads", {P: opening("libx.so.1"), "native/libx.so.1": module()},
     {"env": {"LD_LIBRARY_PATH": "/opt/native"}}, []),
    ("only in a function", {P: b"import ctypes\ndef f():\n    ctypes.CDLL('libx.so.1')\n"}, {}, [("LC407", "info", P)]),
    ("find_library of what the system has", {P: FIND.replace(b"zbar", b"crypto")}, {}, []),
    ("find_library of nothing", {P: FIND}, {}, [("LC407", "warning", P)]),
    ("find_library does not look into lib", {P: FIND, "lib/libzbar.so.0": module()}, {}, [("LC407", "warning", P)]),
    ("another Python's directory", {"python/lib/python3.11/site-packages/a.py": opening("libx.so.1"),
                                    "python/lib/python3.12/site-packages/b.py": b"\n"}, {}, []),
    ("a directory that no import reaches", {"python/my-scripts/a.py": opening("libx.so.1"), P: b"\n"}, {}, []),
    ("Node.js does not run it", {"nodejs/node_modules/a/gyp/b.py": opening("libx.so.1"), P: opening("libx.so.1")},
     {"runtime": "nodejs22.x"}, []),
    ("a driver of ODBC", {"odbcinst.ini": b"[A]\nDriver=/opt/lib/liba.so\n"}, {},
     [("LC407", "warning", "odbcinst.ini")]),
    ("a driver that is there", {"odbcinst.ini": b"[A]\nDriver=/opt/lib/liba.so\n", "lib/liba.so": module()}, {}, []),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], wanted: list[tuple[str, str, str | None]]) -> None:
    found = told(judge(files, kind="layer", **options))
    assert [item for item in found if item[0] in ("LC407", "LC301")] == wanted


def only(files: Files, **options: Any) -> Any:
    (finding,) = of(judge(files, kind="layer", **options), "LC407")
    return finding


def test_words_for_what_is_nowhere() -> None:
    finding = only({P: opening("libpango-1.0.so.0", "libx.so.1")})
    assert finding.fact == (
        "line 2 opens libpango-1.0.so.0, libx.so.1, which nothing provides: cannot open shared object"
    )
    assert finding.confidence is Confidence.CERTAIN
    assert "cloud-print-utils" in finding.fix
    assert "Copy libpango-1.0.so.0, libx.so.1 (built for x86_64 on Amazon Linux 2023 or older)" in finding.fix
    assert finding.details["libraries"] == ["libpango-1.0.so.0", "libx.so.1"]
    assert "/opt/lib/libpango-1.0.so.0: absent (library-path)" in finding.details["tried"]


def test_words_for_another_name() -> None:
    finding = only({P: opening("libx.so"), "lib/libx.so.1": module()})
    assert finding.fix == "Add a link beside it:\nln -s libx.so.1 lib/libx.so"
    finding = only({P: opening("libx.so.1"), "vendor/libx.so.1": module()})
    assert finding.fix.endswith("\nmv vendor/libx.so.1 lib/libx.so.1")
    assert finding.confidence is Confidence.LIKELY


def test_words_for_what_lambda_has_under_a_version() -> None:
    new = only({P: opening("libssl.so")})
    assert new.fact.endswith("; Lambda has it as libssl.so.3")
    assert "ln -s /lib64/libssl.so.3 lib/libssl.so" in new.fix
    assert "Lambda has it as libssl.so.10" in only({P: opening("libssl.so")}, runtime="python3.9").fact


def test_words_for_find_library() -> None:
    finding = only({P: FIND, "lib/libzbar.so.0": module()})
    assert "answers None, although /opt/lib/libzbar.so.0 is there" in finding.fact
    assert "{'zbar': 'libzbar.so.0'}.get(name) or find(name)" in finding.fix
    assert finding.confidence is Confidence.LIKELY


def test_find_library_works_where_a_linker_is() -> None:
    """A captured environment with binutils, such as an image of one's own."""
    libc = {"named": {"soname": "libc.so.6", "versions": None}}
    captured = {
        "schema_version": "1.0", "name": "made", "architecture": "x86_64", "library_path": "/opt/lib",
        "loader": {"kind": "glibc", "version": "2.34", "path": "/lib64/ld-linux-x86-64.so.2",
                   "default_directories": ["/lib64"], "lib": "lib64"},
        "cache": {}, "packages": {}, "path": ["/usr/bin"], "files": {"/lib64/libc.so.6": libc},
        "interpreters": {}, "programs": ["/usr/bin/ld"],
    }  # fmt: skip
    data = simple_zip({P: FIND, "lib/libzbar.so": build_elf()})
    for programs, count in (["/usr/bin/ld"], 1), (["/usr/bin/ld", "/usr/bin/objdump"], 0):
        environment = from_document({**captured, "programs": programs})
        assert len(of(check(data, environment=environment, kind="layer"), "LC407")) == count


def test_a_library_of_a_layer_that_is_not_at_hand() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:pango:3"
    report = judge({"handler.py": opening("libx.so.1")}, kind="function", layers=[arn])
    assert of(report, "LC407") == []
    assert [(item.what, item.path) for item in report.unchecked if "libx" in item.what] == [
        ("libx.so.1, which it needs", "handler.py")
    ]


def test_code_that_was_too_much_is_unchecked() -> None:
    report = judge({P: opening("libx.so.1") + b"#" * 200_000}, kind="layer")
    assert [(item.what, item.path) for item in report.unchecked] == [("the libraries that it opens by name", P)]
