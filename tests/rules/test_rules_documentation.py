"""Every rule is documented where it is written, and is called what the catalogue calls it."""

from __future__ import annotations

import re

import pytest

from layercheck.rules import Rule, all_rules

CATALOGUE = """
LC001 not-a-zip error
LC002 corrupt-entry error
LC003 unsafe-path error
LC004 backslash-path error
LC005 duplicate-entry warning
LC006 unsupported-compression warning
LC007 decompression-bomb error
LC008 empty-artifact error
LC009 nested-archive warning
LC010 broken-symlink warning
LC011 escaping-symlink error
LC012 flattened-symlink error
LC013 case-collision info
LC014 file-directory-clash error
LC101 unrecognised-layer-root error
LC102 extra-top-directory error
LC103 wrong-python-directory error
LC104 misplaced-packages error
LC110 unreadable-file error
LC111 missing-execute-bit error
LC112 no-unix-modes info
LC120 build-debris info
LC121 secret-file warning
LC201 unzipped-limit error
LC202 direct-upload-limit info
LC203 too-many-layers error
LC204 near-limit info
LC205 duplicate-content info
LC206 budget-exceeded error
LC301 wrong-architecture error
LC302 foreign-binary error
LC303 damaged-elf error
LC304 misaligned-segment error
LC305 musl-linked error
LC306 missing-interpreter error
LC307 cpu-level-too-high warning
LC308 executable-stack info
LC401 missing-library error
LC402 symbol-version-not-found error
LC403 shadowed-library warning
LC404 library-off-search-path error
LC405 unusable-candidate error
LC406 undefined-symbol warning
LC407 unresolved-dlopen-name warning
LC501 extension-abi-mismatch error
LC506 runtime-package-conflict error
LC508 stdlib-shadowed error
LC510 duplicate-distribution warning
LC511 runtime-package-bundled info
LC512 unresolved-import warning
LC541 class-version-too-new error
LC542 damaged-class error
LC561 bootstrap-missing error
LC562 bootstrap-misnamed error
LC563 crlf-script error
LC581 dotnet-native-missing error
LC591 php-extension-path error
LC592 php-api-mismatch error
LC701 target-disagreement warning
LC702 deprecated-runtime warning
LC703 layer-not-retained warning
LC704 mixed-layer-versions warning
LC705 public-layer warning
LC706 layer-arn-exported warning
LC707 layer-version-not-shared warning
LC708 layer-other-region error
LC709 broken-template error
LC710 duplicate-key warning
LC711 missing-code error
"""
WANTED = {line.split()[0]: tuple(line.split()[1:]) for line in CATALOGUE.split("\n") if line}
# A URL, or a document that is named: a guide, a standard, a manual page, a paper or release notes.
SOURCE = re.compile(
    r"^https://[^\s]+$|[A-Z].{7,}|^man \d \S+|^PEP \d+$|^glibc, \S+|^glibc \d|^x86-64 psABI|^layercheck's"
)


def test_ids_names_and_severities_are_those_of_the_catalogue() -> None:
    implemented = {rule.id: (rule.name, rule.severity.value) for rule in all_rules()}
    assert {rule: implemented.get(rule) for rule in WANTED} == WANTED


def test_rules_are_listed_once_and_in_order() -> None:
    ids = [rule.id for rule in all_rules()]
    names = [rule.name for rule in all_rules()]
    assert ids == sorted(set(ids))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert re.fullmatch(r"LC\d{3}", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.scope in ("artifact", "stack", "target", "project")
    for text in (rule.what, rule.why, rule.fix):
        assert text == text.strip()
        assert text[-1] in ".'\")", text
        assert len(text) > 15, text
    assert rule.example.strip()
    assert rule.sources
    assert [source for source in rule.sources if SOURCE.search(source) is None] == []


def test_texts_are_not_copied_from_rule_to_rule() -> None:
    for field in ("what", "why", "example"):
        texts = [getattr(rule, field) for rule in all_rules()]
        assert len(set(texts)) == len(texts), field
