"""Whatever bytes a name is made of: no control character and no command reaches a report, and JSON stays JSON."""

from __future__ import annotations

import json
import re
import stat
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from check.made import SUFFIX, module
from cli.runs import here
from layercheck import check
from layercheck.artifact.printable import is_printable
from layercheck.report import FORMATS, render
from layercheck.report.escape import visible
from report.markdown_tokens import tokens
from support.elf_writer import build_elf
from support.zip_writer import Member, build_zip

CONTROLS = "\x00\x07\x08\t\n\r\x1b\x7f\x85\x9b\u00ad\u200b\u200e\u2028\u2029\u202e\u2066\ufeff\U000e0001"
NASTY = [
    b"\x1b[2J\x1b]0;x\x07", b"a\nb\r\n::error::x", b"\xc2\x9b31m", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae",
    b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\\x1b", b"\\", b"[bold]", b"%0A", b"##[group]x",
    b"</details>", b"<b>", b"```", b"`", b"[a](b)", b"|", b"@octocat", b"&amp;", b"]]>",
    b"\"',:{}[]", b"\xf0\x9f\x98\x80",
]  # fmt: skip
PARTS = st.one_of(st.sampled_from(NASTY), st.binary(max_size=6), st.text(CONTROLS, max_size=3).map(str.encode))
NAMES = st.lists(PARTS, min_size=1, max_size=5).map(b"".join).filter(lambda name: b"/" not in name)


def harmless(text: str) -> None:
    bad = [char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert bad == []
    ours = r"::(error|warning|notice) (file=[^:,]*,)?title=[^:,]*::"
    others = [line for line in text.split("\n") if not re.match(ours, line)]
    assert not [line for line in others if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]


def layer(name: bytes) -> bytes:
    """A fault of many rules in files of that name: wrong machine, missing library, link, script, mode, duplicate."""
    text = name.decode("utf-8", "surrogateescape")
    tail = SUFFIX.encode()
    return build_zip(
        [
            Member(b"python/" + name + tail, module(machine="aarch64")),
            Member(b"python/n" + name + tail, build_elf(needed=[text + ".so.1"], runpath=text, verneed={text: [text]})),
            Member(b"lib/" + name, name, kind="symlink"),
            Member(b"bin/" + name, b"#!/nowhere/" + name + b"\n", mode=stat.S_IRUSR),
            Member(b"../" + name, b"x"),
            Member(name, b"x"),
            Member(name, b"y"),
            Member(b"python/x.py", b"import ctypes\nctypes.CDLL(" + ascii(text + ".so").encode() + b")\n"),
        ]
    )  # fmt: skip


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES, st.sampled_from(["", "python3.12"]))
@example(b"\x1b[2J", "python3.12")
@example(b"a\nb", "")
def test_no_name_reaches_a_report_raw(name: bytes, runtime: str) -> None:
    report = check(layer(name), runtime=runtime or None, architecture="x86_64" if runtime else None)
    assert report.findings
    for verbose in (False, True):
        harmless(render(report, "text", width=100, verbose=verbose, quiet=False))
    for format in FORMATS:
        harmless(render(report, format))
    ElementTree.fromstring(render(report, "junit"))
    json.loads(render(report, "sarif"))
    found = list(tokens(render(report, "markdown")))
    assert not [token for token in found if token.type in ("link_open", "image", "html_inline", "em_open", "hr")]
    text = render(report, "json")
    assert text.isascii()
    document = json.loads(text)
    # Nothing is lost on the way: the very bytes of the name can be had from the JSON.
    paths = {finding["path"] for finding in document["findings"]}
    assert name.decode("utf-8", "surrogateescape") in paths or not runtime


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=40))
def test_visible_leaves_only_what_prints(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    shown = visible(text)
    harmless(shown)
    assert "\n" not in shown
    assert shown.encode("utf-8").decode("utf-8") == shown
    if is_printable(text):
        assert shown == text


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "\u202e", "\udcff"])
@pytest.mark.parametrize("command", [("check",), ("libs",)])
def test_no_name_reaches_standard_error_raw(tmp_path: Path, name: str, command: tuple[str, ...]) -> None:
    run = here(*command, str(tmp_path / name), "-r", "python3.12", "-a", "x86_64")
    assert (run.code, run.out) == (3, "")
    harmless(run.err)
    assert len(run.err.splitlines()) == 1


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES.filter(lambda name: b"\0" not in name))
@example(b"##[group]x")
def test_no_name_reaches_the_library_tree_raw(name: bytes) -> None:
    from layercheck.check import Options
    from layercheck.cli.libs import tree
    from layercheck.inspect import libs
    from layercheck.inspect.libs_json import document

    found = libs(layer(name), Options(runtimes=("python3.12",), architectures=("x86_64",)), library_path=None, roots=())
    harmless(tree(found, verbose=True, quiet=False))
    assert json.dumps(document(found)).isascii()
