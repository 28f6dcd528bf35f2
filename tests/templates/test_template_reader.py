"""Templates as texts: lines, short forms, and everything that is wrong with a text."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from layercheck.project.nodes import MAX_DEPTH, MAX_NODES, Document, Map, Seq
from layercheck.project.reader import read_template


def read(text: str | bytes, name: str = "template.yaml") -> Document:
    return read_template(text.encode() if isinstance(text, str) else text, name)


def root(text: str, name: str = "template.yaml") -> Map:
    document = read(text, name)
    assert document.root is not None
    assert document.flaws == ()
    return document.root


def only_flaw(text: str | bytes, name: str = "template.yaml") -> tuple[str, int | None]:
    document = read(text, name)
    assert document.root is None
    (flaw,) = document.flaws
    assert flaw.kind == "broken"
    return flaw.detail, flaw.line


def test_keys_and_mappings_know_their_lines() -> None:
    found = root("Resources:\n  A:\n    Type: T\n    Properties:\n      Layers:\n      - x\n  B: {Type: U}\n")
    assert found.lines == {"Resources": 1}
    assert found["Resources"].lines == {"A": 2, "B": 7}
    assert found["Resources"]["A"]["Properties"].line_of("Layers") == 5
    assert found["Resources"]["A"].line_of("absent") == 3
    assert found["Resources"]["A"]["Properties"]["Layers"].line == 6


def test_json_keys_know_their_lines_too() -> None:
    found = root('{\n "Resources": {\n\n  "A": {"Type":\n "T"}}}', "template.json")
    assert found["Resources"].lines == {"A": 4}
    assert found["Resources"]["A"] == {"Type": "T"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Condition A", {"Condition": "A"}),
        ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
        ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
        ('!Sub "${A}-b"', {"Fn::Sub": "${A}-b"}),
        ("!Join ['', [!Ref A, b]]", {"Fn::Join": ["", [{"Ref": "A"}, "b"]]}),
        ("!If [C, !Ref A, !Ref AWS::NoValue]", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Transform {Name: X}", {"Fn::Transform": {"Name": "X"}}),
        ("Fn::ImportValue: !Sub x", {"Fn::ImportValue": {"Fn::Sub": "x"}}),
        ("!!str 12", "12"),
        ("1.10", "1.10"),
        ("2010-09-09", "2010-09-09"),
        ("yes", "true"),
        ("'yes'", "yes"),
        ("FALSE", "false"),
        ("~", None),
        ("", None),
        ("''", ""),
    ],
)
def test_short_forms_and_scalars(text: str, value: Any) -> None:
    indented = text if "\n" not in text and not text.startswith("Fn::") else "\n  " + text
    assert root(f"a: {indented}\n") == {"a": value}


def test_aliases_and_merges() -> None:
    assert root("a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\nd: {<<: [*x, {r: 4}]}\n") == {
        "a": {"p": "1", "q": "2"},
        "b": {"p": "1", "q": "2"},
        "c": {"q": "3", "p": "1"},
        "d": {"p": "1", "q": "2", "r": "4"},
    }


def test_a_key_that_stands_twice_is_told_with_both_lines() -> None:
    for text, name in (("a: 1\nb: 2\na: 3\n", "t.yaml"), ('{"a": 1,\n"b": 2,\n"a": 3}', "t.json")):
        document = read(text, name)
        assert document.root == {"a": "3", "b": "2"}
        (flaw,) = document.flaws
        assert (flaw.kind, flaw.line) == ("duplicate", 3)
        assert "'a' stands in line 1 already" in flaw.detail


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("a: [", "no YAML", 1),
        ("a: 1\nb:\n\tc: d", "'\\t'", 3),
        ("a: b: c", "not allowed here", 1),
        ("- a", "not a mapping", 1),
        ("a: 1\nb: *c", "*c stands for nothing", 2),
        ("a: &x\n  - *x", "*x stands for nothing", 2),
        ("a: 1\n---\nb: 2", "several documents", 3),
        ("? [a]\n: b", "a key is a mapping", 1),
        ("? !Ref a\n: b", "a key is a function", 1),
        ("a: !!python/object/apply:os.system [x]", "has no meaning", 1),
        ("a: \x07", "special characters", None),
        ("a: 1\n\0", "NUL", 2),
        ("", "empty", None),
        ("a: {<<: b}", "<< takes a mapping", 1),
        (b"a: 1\nb: \xff", "not UTF-8", 2),
        ("[" * 5000, f"more than {MAX_DEPTH} deep", 1),
    ],
)
def test_what_is_no_yaml_template(text: str | bytes, words: str, line: int | None) -> None:
    detail, at = only_flaw(text)
    assert words in detail
    assert line is None or at == line


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ('{"a" 1}', "':' expected", 1),
        ("{", "a key or a closing bracket", 1),
        ("[]", "not a mapping", 1),
        ('{"a":\n[1,]}', "a value expected", 2),
        ("{}\nx", "more after the end", 1),
        ('{"a": "\n"}', "a value expected", 1),
        ('{"a": "\\x"}', "an escape", 1),
        ('\n\n{"a": nul}', "a value expected", 3),
        ('{"a": 1]', "expected", 1),
        ('{"a": ' * 500, "deep", 1),
    ],
)
def test_what_is_no_json_template(text: str, words: str, line: int) -> None:
    detail, at = only_flaw(text, "template.json")
    assert words in detail
    assert at == line


def test_an_alias_bomb_stops_at_the_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    detail, line = only_flaw("\n".join(lines))
    assert f"{MAX_NODES:,}" in detail
    assert line == 6


def test_aliases_cannot_nest_deeper_than_brackets() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 150)]
    assert "deep" in only_flaw("\n".join(lines))[0]


def test_other_encodings() -> None:
    assert read("a: ä".encode("utf-16")).root == {"a": "ä"}
    assert read("\ufeffa: ä".encode()).root == {"a": "ä"}


def test_libyaml_and_its_absence_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["a: [", "a: 1\nb:\n\tc", "a: !Sub 'x'\nb: &x {c: ~}\nd: *x\n", "a: 'b", "a: @b"]
    fast = [read(text) for text in texts]
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert [read(text) for text in texts] == fast


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def plain(value: Any) -> Any:
    """What a JSON value reads as: text, but for lists, mappings and null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)


@given(st.dictionaries(TEXTS.filter(lambda text: "\0" not in text), VALUES, max_size=4), st.sampled_from([None, 1]))
def test_any_json_reads_as_what_was_written(value: dict[str, Any], indent: int | None) -> None:
    assert root(json.dumps(value, indent=indent), "x.json") == plain(value)


@given(st.text(st.sampled_from("{}[]:,\"'ab1 \n-&*!<?|>%#\t.~"), max_size=60), st.sampled_from(["a.yaml", "a.json"]))
def test_any_text_gives_a_document_or_says_why_not(text: str, name: str) -> None:
    document = read(text, name)
    assert (document.root is None) <= any(flaw.kind == "broken" for flaw in document.flaws)
    for flaw in document.flaws:
        assert flaw.line is None or 1 <= flaw.line <= text.count("\n") + 1


@given(st.binary(max_size=40))
def test_any_bytes_give_a_document_or_say_why_not(data: bytes) -> None:
    document = read(data)
    assert document.root is not None or document.flaws


def test_what_is_read_holds_nothing_but_text() -> None:
    found = root("a: 1\nb: [2, {c: 3.0}]\n")
    assert isinstance(found, Map)
    assert isinstance(found["b"], Seq)
    assert found == {"a": "1", "b": ["2", {"c": "3.0"}]}
