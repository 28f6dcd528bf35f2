"""Reports made by hand, as checks would make them."""

from __future__ import annotations

from typing import Any

from layercheck.finding import ArtifactSummary, Compatibility, Finding, Report, Severity, Target, Unchecked

LIMIT = 262_144_000


def artifact(**changes: Any) -> ArtifactSummary:
    made = ArtifactSummary(
        id="a1",
        kind="layer",
        form="zip",
        path="layer.zip",
        code_sha256="pc1L9sR6wSDdvMvNHZX2WQYXHr8ZHo5lZhYCQLgFUF0=",
        content_sha256="0" * 64,
        zip_bytes=58_400_000,
        unzipped_bytes=185_100_000,
        files=2495,
        elf_files=157,
        kind_reason="python/ at the top",
        packages=(("scipy", 80_000_000), ("numpy", 40_000_000)),
    )
    return made._replace(**changes)


def target(**changes: Any) -> Target:
    made = Target(
        id="t1",
        runtime="python3.12",
        architecture="arm64",
        function=None,
        layers=("a1",),
        reason="-r and -a",
    )
    return made._replace(**changes)


def finding(**changes: Any) -> Finding:
    made = Finding(
        rule="LC301",
        name="wrong-architecture",
        severity=Severity.ERROR,
        message="python/numpy/_core.so is built for x86-64",
        targets=("t1",),
        artifact="a1",
        path="python/numpy/_core.so",
        fact="built for x86-64, which arm64 cannot load",
    )
    return made._replace(**changes)


def unchecked(**changes: Any) -> Unchecked:
    return Unchecked(what="GLIBC_2.35 in libc.so.6", why="not measured", artifact="a1")._replace(**changes)


def report(*findings: Finding, **changes: Any) -> Report:
    made = Report(
        tool_version="0.1.0",
        data_version="2026-11-23",
        date="2026-11-23",
        exit_code=1 if any(item.severity is Severity.ERROR for item in findings) else 0,
        targets=(target(),),
        artifacts=(artifact(),),
        compatibility=(),
        findings=findings,
        unchecked=(),
        gate=True,
        limit_bytes=LIMIT,
    )
    return made._replace(**changes)


def wrong_architecture_everywhere() -> Report:
    """157 extension modules of three packages, all for the other machine."""
    counts = {"numpy": 25, "scipy": 120, "PIL": 12}
    fix = (
        "rm -rf python && mkdir python\n"
        "pip install --platform manylinux_2_28_aarch64 --only-binary=:all: --python-version 3.12 --target python numpy"
    )
    paths = [f"python/{package}/_m{number:03}.so" for package, count in counts.items() for number in range(count)]
    return report(
        *[
            finding(path=path, message=f"{path} is for x86-64", fix=fix, details={"consequences": ["LC405"]})
            for path in paths
        ]
    )


def compatibility_table(*findings: Finding) -> Report:
    """No target given: two runtimes on two architectures; python3.9 and all of arm64 are stopped."""
    stopped = finding(targets=("t3", "t4"))
    old = finding(
        rule="LC402", name="symbol-version-not-found", targets=("t1", "t3"), fact="GLIBC_2.34 is absent", fix=None
    )
    return report(
        stopped,
        old,
        *findings,
        exit_code=0,
        gate=False,
        targets=(
            target(id="t1", runtime="python3.9", architecture="x86_64", passed=False, state="deprecated"),
            target(id="t2", runtime="python3.12", architecture="x86_64"),
            target(id="t3", runtime="python3.9", architecture="arm64", passed=False, state="deprecated"),
            target(id="t4", runtime="python3.12", architecture="arm64", passed=False),
        ),
        compatibility=(Compatibility("arm64", ()), Compatibility("x86_64", ("python3.12",))),
    )
