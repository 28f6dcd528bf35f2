"""What the reader takes, what it refuses, and in which words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.made import fault, read, write
from layercheck.config import ConfigError, configuration, overrides
from layercheck.config.keys import TOP_KEYS
from layercheck.config.lines import key_lines
from layercheck.config.read import Configuration
from layercheck.config.read import read as read_found
from layercheck.config.search import MAX_BYTES, Found
from layercheck.finding import Severity, Source

WRONG = {
    "sverity = 1": "layercheck.toml:1: sverity: unknown key; did you mean 'severity'?",
    "fail_on = 'error'": "layercheck.toml:1: fail_on: unknown key; did you mean 'fail-on'?",
    "zzz = 1": "layercheck.toml:1: zzz: unknown key",
    "[tool.layercheck]\nstrict = true": (
        "layercheck.toml:1: tool: unknown key: here the keys stand at the top, without [tool.layercheck]"
    ),
    "fail-on = 'erorr'": (
        "layercheck.toml:1: fail-on: expected error, warning, info or never: not 'erorr'; did you mean 'error'?"
    ),
    "\n\nstrict = 'yes'": "layercheck.toml:3: strict: expected true or false: not 'yes'",
    "strict = 1": "layercheck.toml:1: strict: expected true or false: not 1",
    "handler = true": "layercheck.toml:1: handler: expected a text: not true",
    "handler = ' '": "layercheck.toml:1: handler: expected a text: it is empty",
    'baseline = "a\\u0000"': "layercheck.toml:1: baseline: expected a text: it holds a NUL character",
    "max-zip = '5 parsec'": "'5 parsec' is not a size such as 50000000, 50MB or 50MiB",
    "max-zip = -1": "layercheck.toml:1: max-zip: expected a size: bytes, or a text such as 200MB or 190MiB: not -1",
    "max-zip = 0x" + "f" * 40: "not a very large number",
    "max-zip = true": "not true",
    "max-zip = 1.5": "not 1.5",
    "date = 2026-01-01T00:00:00": "layercheck.toml:1: date: expected a date (YYYY-MM-DD): not a date",
    "date = '2026-02-30'": "'2026-02-30' is not a date (YYYY-MM-DD)",
    "date = '20260101'": "'20260101' is not a date (YYYY-MM-DD)",
    "select = ['LC3', 'LC9']": "layercheck.toml:1: select[2]: no rule is called or begins with 'LC9'",
    "ignore = 'mising-library'": "did you mean 'missing-library'",
    "ignore = [['LC3']]": "layercheck.toml:1: ignore[1]: not a list (expected a list of rules",
    "runtimes = ['python3.12', 'pyton3.12']": (
        "layercheck.toml:1: runtimes[2]: 'pyton3.12' is not a Lambda runtime; did you mean python3.12"
    ),
    "architectures = 'x86'": "layercheck.toml:1: architectures[1]: ",
    "runtime = 'python3.12'\nruntimes = []": "layercheck.toml:2: runtimes: is given twice, as runtimes and as runtime",
    "env = ['A=1']": "layercheck.toml:1: env: expected a table of environment variables, each a text: not a list",
    "[env]\nA = 1": "layercheck.toml:2: env.A: not 1 (expected a table of environment variables, each a text)",
    "[severity]\nLC401 = 'fatal'": "layercheck.toml:2: severity.LC401: not 'fatal'",
    "[severity]\nLC9 = 'off'": "layercheck.toml:2: severity.LC9: no rule is called or begins with 'LC9'",
    "[per-path-ignores]\n'a/**' = 'LX'": "layercheck.toml:2: per-path-ignores.a/**[1]: no rule is called",
    "reports = 'x.sarif'": "layercheck.toml:1: reports: expected a table of formats, each with a file: not 'x.sarif'",
    "[reports]\nsarf = 'x'": "layercheck.toml:2: reports.sarf: there is no such format; did you mean 'sarif'?",
    "artifact = 1": "layercheck.toml:1: artifact: expected an array of tables, [[artifact]], not 1",
    "[artifact]\npath = 'x'": "layercheck.toml:1: artifact: expected an array of tables, [[artifact]], not a table",
    "[[artifact]]\nkind = 'layer'": "layercheck.toml:1: artifact[1]: lacks path",
    "[[artifact]]\npath = 'a'\n[[artifact]]\npath = 'b'\nkinds = 'layer'": (
        "layercheck.toml:5: artifact[2].kinds: unknown key; did you mean 'kind'?"
    ),
    "[[artifact]]\npath = 'dist/**'": "layercheck.toml:2: artifact[1].path: would take every folder",
    "[[artifact]]\npath = 'a'\nfail-on = 'never'": "layercheck.toml:3: artifact[1].fail-on: unknown key",
    "[[artifacts]]\npath = 'a'\n[[artifact]]\npath='a'": "is given twice, as artifact and as artifacts",
    "[[exception]]\nrule = 'LC401'": "layercheck.toml:1: exception[1]: lacks reason",
    "[[exception]]\nreason = 'x'": "layercheck.toml:1: exception[1]: lacks rule",
    "[[exception]]\nrule = []\nreason = 'x'": "layercheck.toml:2: exception[1].rule: names no rule",
    "[[exception]]\nrule = 'LC401'\nreason = 'x'\nexpires = 'soon'": "layercheck.toml:4: exception[1].expires: ",
    "exception = [1]": "layercheck.toml:1: exception[1]: expected a table, not 1",
    "a = ": "layercheck.toml: is not TOML: ",
    "a = 1\na = 2": "layercheck.toml: is not TOML: ",
    "a = " + "[" * 100_000: "layercheck.toml: is nested too deeply",
    "a = " + "9" * 5000: "layercheck.toml: is not TOML: ",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40])
def test_a_fault_is_told_with_file_line_key_and_what_is_expected(tmp_path: Path, text: str) -> None:
    said = fault(tmp_path, text)
    assert WRONG[text] in said
    assert len(said) < 400


def test_a_number_too_long_to_be_shown_is_no_trouble(tmp_path: Path) -> None:
    assert "not a very large number" in fault(tmp_path, "max-zip = 0x" + "f" * 5000)
    assert "LC4[1]: not a very large number" in fault(tmp_path, "[per-path-ignores]\nLC4 = [0x" + "f" * 5000 + "]")


def test_all_keys_are_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
        select = ["LC3", "LC4"]
        ignore = "LC401, LC402"
        fail-on = "never"
        min-confidence = "certain"
        baseline = "base.json"
        date = 2026-01-02
        runtime = "python3.12"
        architectures = ["arm64", "amd64"]
        layers = ["a.zip", "arn:aws:lambda:eu-west-1:1:layer:x:1"]
        max-zip = "1.5MiB"
        max-unzipped = 7
        strict = false
        env = { A = "", B = "x=y" }
        severity = { LC120 = "off", missing-library = "warning" }
        [per-path-ignores]
        "*.so" = ["LC308"]
        [[artifact]]
        path = "dist/*.zip"
        kind = "layer"
        [[exception]]
        rules = ["LC401"]
        path = "a.zip:python/**"
        reason = " because "
        expires = 2027-01-01
        """,
    )
    here = str(tmp_path)
    assert {k: v for k, v in found.values.items() if k not in ("layer", "baseline")} == {
        "select": [["LC3", "LC4"]],
        "ignore": [["LC401", "LC402"]],
        "fail_on": "never",
        "min_confidence": "certain",
        "date": "2026-01-02",
        "runtime": ["python3.12"],
        "architecture": ["arm64", "amd64"],
        "max_zip": 1_572_864,
        "max_unzipped": 7,
        "strict": False,
        "env": [("A", ""), ("B", "x=y")],
    }
    assert Path(found.values["baseline"]).resolve() == tmp_path / "base.json"
    assert Path(found.values["layer"][0]).resolve() == tmp_path / "a.zip"
    assert found.values["layer"][1] == "arn:aws:lambda:eu-west-1:1:layer:x:1"
    assert [(entry.path, entry.values, entry.line) for entry in found.artifacts] == [
        ("dist/*.zip", {"kind": "layer"}, 18)
    ]
    decided = found.overrides
    assert decided.severity == (("LC120", None), ("missing-library", Severity.WARNING))
    assert decided.ignore_at == (("*.so", ("LC308",)),)
    assert (decided.base, decided.where) == (here, None)
    [exception] = decided.exceptions
    assert exception._replace(source=None) == (("LC401",), "a.zip:python/**", "because", "2027-01-01", None)
    assert exception.source is not None
    assert exception.source.line == 21


def test_the_lines_of_keys() -> None:
    text = '\na.b = 1\n[x]\n"q.r" = 1\n  [[ x . y ]] # c\nk=1\n[x.y.z]\nm = """\n[fake]\nn = 1\n"""\no = 1\n'
    text += "[[x.y]]\nk=2\r\n"
    assert key_lines(text) == {
        ("a", "b"): 2,
        ("x",): 3,
        ("x", "q.r"): 4,
        ("x", "y", 0): 5,
        ("x", "y", 0, "k"): 6,
        ("x", "y", 0, "z"): 7,
        ("x", "y", 0, "z", "m"): 8,
        ("x", "y", 0, "z", "o"): 12,
        ("x", "y", 1): 13,
        ("x", "y", 1, "k"): 14,
    }


def test_what_a_resource_says_of_itself() -> None:
    where = Source("infra/template.yaml", 12, "Fn")
    found = overrides(
        {
            "ignore": ["LC120"],
            "severity": {"LC204": "warning"},
            "exceptions": [{"rule": "LC401", "reason": "r", "expires": date(2027, 1, 1), "path": "a/**"}],
        },
        where,
    )
    assert (found.ignore, found.severity, found.where) == (("LC120",), (("LC204", Severity.WARNING),), where)
    assert found.exceptions == ((("LC401",), "a/**", "r", "2027-01-01", where),)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (
            {"ignored": []},
            "infra/template.yaml:12: Fn.Metadata.layercheck.ignored: unknown key; did you mean 'ignore'?",
        ),
        ([], "infra/template.yaml:12: Fn.Metadata.layercheck: expected a table, not a list"),
        ({1: 2}, "infra/template.yaml:12: Fn.Metadata.layercheck.1: unknown key"),
        ({"strict": True}, "Fn.Metadata.layercheck.strict: unknown key"),
        ({"severity": {1: "off"}}, "Fn.Metadata.layercheck.severity: expected a table of rules"),
    ],
)
def test_a_wrong_resource_is_told_with_its_line(mapping: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        overrides(mapping, Source("infra/template.yaml", 12, "Fn"))


TOML: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        *(st.booleans(), st.integers(), st.floats(), st.dates(), st.datetimes(), st.times(), st.text(max_size=20)),
        st.sampled_from(["error", "off", "LC401", "missing-library", "python3.12", "arm64", "50MB", "*.zip", "text"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=8), st.sampled_from(["path", "rule", "reason", "LC4"])), inner),
    ),
    max_leaves=8,
)
NAMES = [name for key in TOP_KEYS for name in (key.name, key.also) if name] + ["artifact", "exception", "exceptions"]


def outcome(call: Callable[[], Configuration | None]) -> Configuration | str:
    """What a reader gives, or what it says is wrong."""
    try:
        found = call()
    except ConfigError as error:
        return str(error)
    assert found is not None
    return found


@given(st.dictionaries(st.sampled_from(NAMES), TOML, max_size=3))
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_gives_a_configuration_or_a_clear_error(table: dict[str, Any]) -> None:
    found = Found("layercheck.toml", "/project", "", table, ())
    said = outcome(lambda: read_found(found))
    assert isinstance(said, Configuration) or (said.startswith("layercheck.toml: ") and len(said) < 1000)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode())))
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_gives_a_configuration_or_a_clear_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "layercheck.toml"
    path.write_bytes(data)
    said = outcome(lambda: configuration(str(path)))
    assert isinstance(said, Configuration) or "layercheck.toml" in said


@given(st.text(max_size=200))
@settings(deadline=None)
def test_looking_for_lines_takes_any_text(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in key_lines(text).values())


def test_a_file_with_a_mark_at_its_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "layercheck.toml"
    path.write_bytes(b"\xef\xbb\xbfstrict = true\r\n")
    found = configuration(str(path))
    assert found is not None
    assert found.values == {"strict": True}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = 1\nb = '\xff'", ":2: is not UTF-8 text"),
        ("strict = true".encode("utf-16"), ":1: is not UTF-8 text"),
        (b"# " + b"x" * MAX_BYTES, ": is larger than 1,048,576 bytes"),
    ],
    ids=("latin", "utf-16", "huge"),
)
def test_what_is_no_text_is_told(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "layercheck.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=re.escape("layercheck.toml" + said)):
        configuration(str(path))


HUGE = {
    "key": "a" + ".a" * 400_000 + " = 1",
    "quoted": "'a'" + " . 'a'" * 100_000 + " = 1",
    "table": "[" + "a." * 400_000 + "a]",
    "name": "a" * 900_000 + " = 1",
    "quotes": "'" * 900_000,
    "tables": "[[x]]\n" * 30_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_large_files_do_not_hang(tmp_path: Path, name: str) -> None:
    write(tmp_path, HUGE[name])
    start = time.process_time()
    with pytest.raises(ConfigError) as error:
        configuration(str(tmp_path / "layercheck.toml"))
    assert time.process_time() - start < 10
    assert len(str(error.value)) < 300 + len(str(tmp_path))
