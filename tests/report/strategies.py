"""Reports of any content, for properties that every format keeps."""

from __future__ import annotations

from hypothesis import strategies as st

from layercheck.finding import (
    ArtifactSummary,
    Compatibility,
    Confidence,
    Finding,
    Linkage,
    ProjectSummary,
    Remark,
    Report,
    Severity,
    Source,
    Suppressed,
    Target,
    Unchecked,
)

MARKUP = [
    *("::error::x", "::stop-commands::x", "##[group]", "##vso[x]", "%0A", "%", "\r\n", "\n\n", "\x1b[2J", "\u202e"),
    *("</details>", "<script>", "<!--", "-->", "&amp;", "]]>", '"', "'", "<b>", "</failure>"),
    *("```", "````", "`", "~~~", "# x", "- x", "1. x", "> x", "---", "===", "|", "\\|", "\\", "*x*", "__x__"),
    *("[a](b)", "![a](b)", "[a]: b", "@octocat", "#1", ":tada:", "https://example.org", "www.example.org", "a@b.co"),
    *("{0}", "{", "}", "](", "\ufffe", "\ud800", "é", "層", "\u0301", ",", ":", " ", "\t"),
]
"""What some format or service gives a meaning."""
ANY_TEXT = st.text(st.characters(), max_size=30) | st.lists(st.sampled_from(MARKUP), max_size=6).map("".join)
IDS = st.sampled_from(["a1", "a2", "t1", "t2", "t10"])
TARGET_IDS = st.lists(IDS, max_size=4, unique=True).map(lambda ids: tuple(sorted(ids)))
NAMES = st.none() | ANY_TEXT
SIZES = st.integers(0, 10**12)
DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "tried": st.lists(ANY_TEXT, max_size=12),
        "chain": st.lists(ANY_TEXT, max_size=3),
        "consequences": st.lists(st.sampled_from(["LC401", "LC306"])) | st.dictionaries(ANY_TEXT, st.integers(1, 9)),
        "other": st.recursive(st.none() | ANY_TEXT | st.integers(), lambda inner: st.lists(inner), max_leaves=3),
    },
)
SOURCES = st.none() | st.builds(Source, file=ANY_TEXT, line=st.none() | st.integers(1, 10**6), resource=NAMES)
FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from(["LC001", "LC301", "LC402"]),
    name=ANY_TEXT,
    severity=st.sampled_from(Severity),
    message=ANY_TEXT,
    confidence=st.sampled_from(Confidence),
    targets=TARGET_IDS,
    artifact=st.none() | IDS,
    path=NAMES,
    fix=NAMES,
    details=DETAILS,
    fingerprint=ANY_TEXT,
    fact=ANY_TEXT,
    source=SOURCES,
)
REPORTS = st.builds(
    Report,
    tool_version=ANY_TEXT,
    data_version=ANY_TEXT,
    date=ANY_TEXT,
    exit_code=st.integers(0, 3),
    targets=st.lists(
        st.builds(
            Target,
            id=IDS,
            runtime=st.sampled_from(["python3.9", "nodejs22.x"]) | ANY_TEXT,
            architecture=st.sampled_from(["x86_64", "arm64"]),
            function=st.none() | IDS,
            layers=TARGET_IDS,
            handler=NAMES,
            open=st.lists(ANY_TEXT, max_size=2).map(tuple),
            passed=st.booleans(),
            reason=ANY_TEXT,
            state=ANY_TEXT,
            source=SOURCES,
        ),
        max_size=4,
    ).map(tuple),
    artifacts=st.lists(
        st.builds(
            ArtifactSummary,
            id=IDS,
            kind=st.sampled_from(["layer", "function"]),
            form=ANY_TEXT,
            path=ANY_TEXT,
            code_sha256=NAMES,
            content_sha256=ANY_TEXT,
            zip_bytes=st.none() | SIZES,
            unzipped_bytes=SIZES,
            files=SIZES,
            elf_files=SIZES,
            kind_reason=ANY_TEXT,
            followed_bytes=st.none() | SIZES,
            packages=st.lists(st.tuples(ANY_TEXT, SIZES), max_size=9).map(tuple),
            linkage=st.lists(
                st.builds(
                    Linkage,
                    kind=st.sampled_from(["glibc", "musl", "bionic", "static-glibc", "go-static", "none", "unknown"]),
                    files=st.integers(1, 9),
                    path=ANY_TEXT,
                    evidence=ANY_TEXT,
                ),
                max_size=3,
            ).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    compatibility=st.lists(
        st.builds(Compatibility, architecture=ANY_TEXT, runtimes=st.lists(ANY_TEXT, max_size=3).map(tuple)), max_size=3
    ).map(tuple),
    findings=st.lists(FINDINGS, max_size=14).map(tuple),
    unchecked=st.lists(
        st.builds(Unchecked, what=ANY_TEXT, why=ANY_TEXT, targets=TARGET_IDS, artifact=st.none() | IDS, path=NAMES),
        max_size=9,
    ).map(tuple),
    gate=st.booleans(),
    limit_bytes=st.integers(1, 10**9),
    suppressed=st.lists(
        st.builds(
            Suppressed,
            finding=FINDINGS,
            by=st.sampled_from(["ignore", "severity", "path", "exception", "baseline", "confidence"]),
            reason=NAMES,
        ),
        max_size=4,
    ).map(tuple),
    remarks=st.lists(
        st.builds(
            Remark,
            kind=st.sampled_from(["expired-exception", "unused-exception", "gone-from-baseline"]),
            severity=st.sampled_from(Severity),
            message=ANY_TEXT,
            source=SOURCES,
        ),
        max_size=4,
    ).map(tuple),
    projects=st.lists(
        st.builds(
            ProjectSummary,
            file=ANY_TEXT,
            form=st.sampled_from(["sam", "cloudformation", "cdk"]),
            functions=st.integers(0, 9),
            layers=st.integers(0, 9),
            stacks=st.integers(1, 3),
        ),
        max_size=2,
    ).map(tuple),
)
