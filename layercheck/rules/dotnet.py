"""LC581: native libraries that .NET assemblies call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from ..artifact import RIDS, DotnetDeps, NativeAsset
from ..finding import Confidence, Severity
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .base import Fault, Subject, TargetView, Unsure, number, quote, rule

if TYPE_CHECKING:
    from typing import Any

_LANGUAGES = ("dotnet", "provided")


def _table() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_table(__file__, "dotnet")["assemblies"]
    return found


class _Application(NamedTuple):
    """A .deps.json of the function, by its path; None where the function has none."""

    path: str | None
    deps: DotnetDeps


@rule(
    "LC581",
    "dotnet-native-missing",
    Severity.ERROR,
    "target",
    what="A native library that a .NET assembly calls, or that the application's .deps.json lists for the target, is "
    "not there.",
    why="'System.DllNotFoundException: Unable to load shared library libSkiaSharp or one of its dependencies'. Many "
    "packages bring the library for Windows only, or for Linux in a package of its own; and what .deps.json lists and "
    "is not there ends the start: 'An assembly specified in the application dependencies manifest was not found'.",
    fix="Add the package that brings the library for Linux, and publish for linux-x64 or linux-arm64.",
    example="SkiaSharp.dll without libSkiaSharp.so",
    sources=(
        "https://github.com/mono/SkiaSharp/issues/833",
        "https://github.com/aws/aws-lambda-dotnet/issues/516",
        "The host of .NET (github dotnet/runtime), hostpolicy/deps_resolver.cpp",
    ),
    open=True,
)
def DOTNET_NATIVE_MISSING(view: TargetView) -> Iterator[Fault | Unsure]:
    function = view.stack.function
    if function is None or view.runtime.language not in _LANGUAGES:
        return
    names = frozenset(path.rpartition("/")[2] for path in view.filesystem.overlay.nodes)
    applications = [_Application(path, fact.dotnet) for path, fact in view.facts(function) if fact.dotnet is not None]
    told: set[str] = set()
    for application in applications:
        if application.deps.damage is not None:
            yield Unsure("the native files that it lists", application.deps.damage, function, application.path)
        for fault in _assets(view, function, application, names):
            told.update(fault.details["libraries"])
            yield fault
    deps = next((item.deps for item in applications if item.path and "/" not in item.path), DotnetDeps())
    for path in sorted(entry.path for entry in function.artifact.entries if entry.path.endswith(".dll")):
        if not path.startswith("runtimes/"):
            for known in _table():
                yield from _called(view, function, path, known, names, deps, told)


def is_known(assembly: str) -> bool:
    """Whether what is known of the assembly ``assembly`` (a file's name) tells which library it needs, and when."""
    return any(fnmatchcase(assembly, known["assembly"]) for known in _table())


def _assets(view: TargetView, function: Subject, application: _Application, names: frozenset[str]) -> Iterator[Fault]:
    """The files of .deps.json that the host looks for on the target, package by package."""
    missing: dict[str, list[NativeAsset]] = {}
    for asset in _wanted(application.deps, view.environment.architecture):
        if not asset.path.endswith("_._") and not _is_there(view, asset, names):
            missing.setdefault(asset.package, []).append(asset)
    for package, assets in sorted(missing.items()):
        files = sorted({asset.path for asset in assets})
        more = f" and {len(files) - 1} more files" if len(files) > 1 else ""
        version = application.deps.packages.get(package, "")
        yield Fault(
            f"lists {files[0]}{more} of {package} {version}".rstrip()
            + ", which is not there: the .NET host ends at its start, or the library is not found when it is called",
            function,
            application.path,
            f"Publish again for the target, and pack everything that comes out:\n{publish(view)}",
            # Lambda starts the application at the root; others beside it are tools.
            None if application.path and "/" not in application.path else Severity.WARNING,
            Confidence.LIKELY,
            {
                "package": package,
                "files": files,
                "library": files[0].rpartition("/")[2],
                "libraries": [file.rpartition("/")[2] for file in files],
            },
        )


def _is_there(view: TargetView, asset: NativeAsset, names: frozenset[str]) -> bool:
    """A native library may be opened from anywhere; of an assembly there is another by that name at the root, so that
    the very path counts, which a package store in a layer repeats."""
    if asset.kind == "native":
        return asset.path.rpartition("/")[2] in names
    return any(path.endswith("/" + asset.path) for path in view.filesystem.overlay.nodes)


def _wanted(deps: DotnetDeps, architecture: str) -> Iterator[NativeAsset]:
    """What was published for one system; of the rest, for each package the files of the system that fits best."""
    own = RIDS[architecture][0]
    if deps.rid in ("", own, "linux"):
        yield from (asset for asset in deps.assets if not asset.rid and asset.kind == "native")
    chosen: dict[tuple[str, str], int] = {}
    order = {rid: place for place, rid in enumerate(RIDS[architecture])}
    for asset in deps.assets:
        if asset.rid in order:
            key = (asset.package, asset.kind)
            chosen[key] = min(chosen.get(key, len(order)), order[asset.rid])
    for asset in deps.assets:
        if asset.rid in order and order[asset.rid] == chosen[asset.package, asset.kind]:
            yield asset


def _called(
    view: TargetView,
    function: Subject,
    path: str,
    known: Mapping[str, Any],
    names: frozenset[str],
    deps: DotnetDeps,
    told: set[str],
) -> Iterator[Fault]:
    """Whether a library is there that a well-known assembly calls; anywhere in the deployment is good enough."""
    file = path.rpartition("/")[2]
    if not fnmatchcase(file, known["assembly"]) or file in known.get("except", ()):
        return
    wanted: list[str] = known["libraries"]
    version = deps.packages.get(known["package"], "")
    major = number(version.split(".")[0])
    only_windows = major is not None and major > known.get("windows_only_from", major)
    there = any(fnmatchcase(name, pattern) for name in names | told for pattern in wanted)
    if there and not only_windows:
        return
    users = sorted(name for name, needs in deps.needs.items() if known["package"] in needs)
    plumbing = bool(users) and set(users) <= set(known.get("plumbing", ()))
    severity = Severity.INFO if plumbing else Severity(known["severity"])
    yield Fault(
        _words(known, version, major) + (f"; only {users[0]} asks for it, which hardly uses it" if plumbing else ""),
        function,
        path,
        _advice(view, known, version),
        severity,
        Confidence.LIKELY,
        {"library": wanted[0], "libraries": wanted, "version": version},
    )


def _words(known: Mapping[str, Any], version: str, major: int | None) -> str:
    first_windows = known.get("windows_only_from")
    library = known["libraries"][0].replace("*", "…")
    if first_windows is not None and major is not None and major >= first_windows:
        if major == first_windows:
            return (
                f"version {version} works on Windows only (elsewhere only with System.Drawing.EnableUnixSupport and "
                f"{library}, which is not there): PlatformNotSupportedException when it draws"
            )
        return f"version {version} works on Windows only: PlatformNotSupportedException when it draws"
    return f"calls {library}, which is not there: DllNotFoundException (Unable to load shared library)"


def _advice(view: TargetView, known: Mapping[str, Any], version: str) -> str:
    lines = [str(known["text"])]
    if "add" in known:
        pin = f" --version {quote(version)}" if known.get("same_version") and version else ""
        lines.append(f"dotnet add package {known['add']}{pin}")
    if "windows_only_from" not in known:
        lines.append(publish(view))
    return "\n".join(lines)


def publish(view: TargetView) -> str:
    """The command that makes the application anew, for the target."""
    return f"dotnet publish -c Release -r {RIDS[view.environment.architecture][0]} --self-contained false"


RULES = (DOTNET_NATIVE_MISSING,)
