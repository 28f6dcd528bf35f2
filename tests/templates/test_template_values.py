"""What the functions of a template come to: with known values, and with values that only a deployment knows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck.project.evaluate import MAX_TEXT, Given, Scope
from layercheck.project.nodes import Map
from layercheck.project.reader import read_template
from layercheck.project.values import NO_VALUE, Attribute, Unknown

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
  Count: {Type: Number, Default: 3}
  Secret: {Type: String}
  Arns: {Type: CommaDelimitedList, Default: "a, b,c"}
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x/y}
Mappings:
  Regions:
    eu-west-1: {Arn: here}
    us-east-1: {Arn: there}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Dev: !Not [!Condition Prod]
  Hidden: !Equals [!Ref Secret, x]
  Both: !And [!Condition Dev, !Condition Hidden]
  Neither: !And [!Condition Prod, !Condition Hidden]
  Either: !Or [!Condition Hidden, !Condition Dev]
  Round: !Not [!Condition Round]
  Odd: !Contains [a, b]
Resources:
  Layer: {Type: X}
Value: """


def scope(text: str = "x", **given: Any) -> Scope:
    names = {key.replace("__", "::"): value for key, value in given.items()}
    document = read_template((TEMPLATE + text + "\n").encode(), "t.yaml")
    assert document.root is not None, document.flaws
    return Scope(document.root, Given(names))


def value(text: str, **given: Any) -> Any:
    found = scope(text, **given)
    return found.value(found.root["Value"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref Count", "3"),
        ("!Ref Arns", ["a", "b", "c"]),
        ("!Ref Layer", Attribute("", "Layer")),
        ("!GetAtt Layer.Arn", Attribute("", "Layer", "Arn")),
        ("!GetAtt Layer.Outputs.X", Attribute("", "Layer", "Outputs.X")),
        ("!Sub '${Stage}-${Count}'", "dev-3"),
        ("!Sub 'a${!Stage}'", "a${Stage}"),
        ("!Sub ['${A}-${Stage}', {A: !Ref Count}]", "3-dev"),
        ("!Sub '${Layer}'", Attribute("", "Layer")),
        ("!Join ['-', [a, !Ref Stage]]", "a-dev"),
        ("!Join ['-', !Ref Arns]", "a-b-c"),
        ("!If [Prod, a, b]", "b"),
        ("!If [Dev, !Ref AWS::NoValue, b]", NO_VALUE),
        ("[a, !If [Dev, !Ref AWS::NoValue, b], c]", ["a", "c"]),
        ("{p: !Ref AWS::NoValue, q: !Ref Stage}", {"q": "dev"}),
        ("!If [Either, a, b]", "a"),
        ("!If [Neither, a, b]", "b"),
        ("!FindInMap [Regions, us-east-1, Arn]", "there"),
        ("!FindInMap [Regions, us-west-1, Arn, {DefaultValue: none}]", "none"),
        ("!Select [1, [a, b]]", "b"),
        ("!Select [0, !Split ['-', !Sub '${Stage}-x']]", "dev"),
        ("!Split [',', 'a,b']", ["a", "b"]),
    ],
)
def test_known_values(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "why", "shown"),
    [
        ("!Ref Secret", "parameter Secret has no default (see --set)", "${Secret}"),
        ("!Ref Image", "parameter Image is read from the parameter store", "${Image}"),
        ("!Ref AWS::Region", "AWS::Region is not given (see --set)", "${AWS::Region}"),
        ("!Ref Nothing", "nothing in the template is called Nothing", "${Nothing}"),
        ("!GetAtt Nothing.Arn", "nothing in the template is called Nothing", "${Nothing.Arn}"),
        ("!Sub 'arn:${AWS::Region}:x'", "AWS::Region is not given (see --set)", "arn:${AWS::Region}:x"),
        ("!Sub 'a-${Layer}'", "${Layer} is known only when it is deployed", "a-${Layer}"),
        ("!Join [':', [a, !Ref Secret]]", "parameter Secret has no default (see --set)", "a:${Secret}"),
        (
            "!If [Hidden, a, b]",
            "condition Hidden is not known: parameter Secret has no default (see --set)",
            "${Hidden}",
        ),
        ("!If [Round, a, b]", "condition Round is not known: condition Round depends on itself", "${Round}"),
        ("!If [None, a, b]", "condition None is not known: there is no condition None", "${None}"),
        ("!FindInMap [Regions, !Ref AWS::Region, Arn]", "AWS::Region is not given (see --set)", "${${AWS::Region}}"),
        ("!FindInMap [Regions, eu-west-9, Arn]", "the map has no 'eu-west-9'", "…"),
        ("!ImportValue x", "x is exported by another stack", "${x}"),
        ("!Select [5, [a]]", "the list has no item 5", "…"),
        ("!Cidr [a, b]", "Fn::Cidr is worked out when it is deployed", "${Fn::Cidr}"),
        ("'{{resolve:ssm:/a}}'", "it is resolved when it is deployed", "{{resolve:ssm:/a}}"),
    ],
)
def test_unknown_values_say_why_and_what_is_known(text: str, why: str, shown: str) -> None:
    assert value(text) == Unknown(why, shown)


def test_given_values_beat_defaults() -> None:
    assert value("!If [Prod, a, b]", Stage="prod") == "a"
    assert value("!Sub '${AWS::Region}/${AWS::Partition}/${AWS::URLSuffix}'", AWS__Region="cn-north-1") == (
        "cn-north-1/aws-cn/amazonaws.com.cn"
    )
    assert value("!Ref Arns", Arns="x,y") == ["x", "y"]


def test_a_value_that_a_stack_passes_stays_what_it_is() -> None:
    passed = Attribute("outer", "Layer")
    assert value("[!Ref Secret]", Secret=passed) == [passed]


def test_exports_of_the_project_are_known() -> None:
    found = scope("!ImportValue x")
    found.given = Given(imports={"x": "arn"})
    assert found.value(found.root["Value"]) == "arn"


def test_three_values_of_conditions() -> None:
    found = scope()
    assert found.holds("Dev") is True
    assert found.holds("Prod") is False
    assert isinstance(found.holds("Hidden"), Unknown)
    assert isinstance(found.holds("Both"), Unknown)
    assert isinstance(found.holds("Odd"), Unknown)


def test_long_chains_of_conditions_end() -> None:
    names = "".join(f"  C{n}: !Not [!Condition C{n + 1}]\n" for n in range(5000))
    document = read_template(f"Conditions:\n{names}  C5000: !Equals [a, a]\n".encode(), "t.yaml")
    assert document.root is not None
    found = Scope(document.root).holds("C0")
    assert isinstance(found, Unknown)
    assert "deep" in found.why


def test_texts_and_work_are_bounded() -> None:
    long = value("!Join ['', [" + ", ".join(["!Ref Secret"] * 20) + "]]", Secret="x" * (MAX_TEXT // 10))
    assert isinstance(long, Unknown)
    assert "longer than" in long.why
    found = scope("[a]")
    found._work.left = 0
    assert isinstance(found.value(found.root["Value"]), Unknown)


TEXTS = st.sampled_from(["Stage", "Secret", "Arns", "Layer", "AWS::Region", "AWS::NoValue", "a", "${Stage}", "1", ""])
NAMES = st.sampled_from(
    ["Ref", *[f"Fn::{n}" for n in ("Sub", "GetAtt", "Join", "If", "FindInMap", "Select", "Split", "ImportValue", "X")]]
)
NODES = st.recursive(
    TEXTS | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=1)
        | st.dictionaries(TEXTS, inner, max_size=2)
    ),
    max_leaves=15,
)


@given(NODES)
def test_any_value_comes_to_something_known_or_says_why(node: Any) -> None:
    document = read_template(json.dumps({"Value": node}).encode(), "t.json")
    assert document.root is not None
    base = scope()
    found = Scope(Map(), base.given)
    found.parameters, found.resources, found.mappings = base.parameters, base.resources, base.mappings
    told = found.value(document.root["Value"])
    assert told is None or isinstance(told, (str, list, dict, Unknown, Attribute)) or told is NO_VALUE
    if isinstance(told, Unknown):
        assert told.why
