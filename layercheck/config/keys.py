"""Every key of the configuration, once: the reader, the JSON Schema and the documentation's page come from here."""

from __future__ import annotations

from collections.abc import Iterable

from ..check.options import PACKAGERS
from ..named_tuple import NamedTuple
from ..report import FORMATS
from .kinds import (
    ARCHITECTURES,
    DATE,
    FILES,
    FLAG,
    PLACES,
    RULES,
    RUNTIMES,
    SEVERITIES,
    SIZE,
    TEXT,
    TEXTS,
    VARIABLES,
    Kind,
    choice,
)


class Key(NamedTuple):
    """One key. ``doc`` says what it does, in Markdown; ``also`` is another spelling of its name.

    ``option``: the attribute of the parsed command line that it stands in for, empty when there is none.
    """

    name: str
    kind: Kind
    doc: str
    option: str = ""
    also: str = ""
    required: bool = False


_LEVELS = ("error", "warning", "info")
RULE_KEYS = (
    Key("select", RULES, "report only these rules", "select"),
    Key("ignore", RULES, "do not report these; beats `select`", "ignore"),
    Key("fail-on", choice(*_LEVELS, "never"), "exit 1 when there is a finding at or above this", "fail_on"),
    Key("min-severity", choice(*_LEVELS), "show only findings at or above this", "min_severity"),
    Key("min-confidence", choice("certain", "likely"), "`certain`: likely findings do not count", "min_confidence"),
    Key("strict", FLAG, "exit 3 when something could not be checked", "strict"),
    Key("require-target", FLAG, "exit 2 where runtime and architecture are not stated", "require_target"),
    Key("baseline", TEXT, "a file of findings that do not count (`--write-baseline` writes it)", "baseline"),
    Key("date", DATE, "judge as on this day; the default is the date of the data", "date"),
)
TARGET_KEYS = (
    Key("kind", choice("auto", "layer", "function"), "what the artifact is", "kind"),
    Key("runtimes", RUNTIMES, "what it must run on, such as `python3.12`", "runtime", "runtime"),
    Key("architectures", ARCHITECTURES, "`x86_64`, `arm64`", "architecture", "architecture"),
    Key("layers", TEXTS, "further layers of the same function, in order: files, folders or ARNs", "layer"),
    Key("handler", TEXT, "the function's handler, such as `app.handler`", "handler"),
    Key("env", VARIABLES, "the function's environment variables", "env"),
    Key("environment", TEXT, "a captured environment: a file of `layercheck capture`", "environment"),
    Key("libraries", choice("newest", "floor"), "judge by the newest libraries known, or the oldest", "libraries"),
    Key("upload", choice("direct", "s3"), "how it will be uploaded", "upload"),
    Key("packager", choice(*PACKAGERS), "what zips a directory: `zip-y` keeps links", "packager"),
    Key("max-unzipped", SIZE, "your own budget for all unzipped bytes", "max_unzipped"),
    Key("max-zip", SIZE, "your own budget for the archive", "max_zip"),
    Key("verify-hashes", FLAG, "compare Python packages with their RECORD", "verify_hashes"),
)
OUTPUT_KEYS = (
    Key("format", choice(*FORMATS), "the format of the report", "format"),
    Key("reports", FILES, 'further reports that are written, such as `sarif = "layercheck.sarif"`', "report"),
)
DECISION_KEYS = (
    Key("severity", SEVERITIES, "how bad a rule's findings are: `error`, `warning`, `info` or `off`"),
    Key("per-path-ignores", PLACES, "rules that are ignored at a place"),
)
ARTIFACT_KEYS = (
    Key("path", TEXT, "the artifacts: a path or a pattern such as `dist/*.zip`", required=True),
    *TARGET_KEYS,
)
EXCEPTION_KEYS = (
    Key("rule", RULES, "the rule whose findings are accepted, or several", also="rules", required=True),
    Key("path", TEXT, "where: a pattern of files in the artifact, or `ARTIFACT:FILE`; everywhere without"),
    Key("reason", TEXT, "why that is right", required=True),
    Key("expires", DATE, "the last day on which it holds"),
)
TOP_KEYS = (*RULE_KEYS, *TARGET_KEYS, *OUTPUT_KEYS, *DECISION_KEYS)
METADATA_KEYS = (RULE_KEYS[1], *DECISION_KEYS)
ARTIFACTS, EXCEPTIONS = ("artifact", "artifacts"), ("exception", "exceptions")
"""The arrays of tables, each with its other spelling."""


def names(keys: Iterable[Key], *more: str) -> list[str]:
    """The names and other spellings of keys, and more."""
    return [name for key in keys for name in (key.name, key.also) if name] + list(more)
