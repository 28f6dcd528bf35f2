"""LC527: npm packages that unpack a program, and libraries for the runtime's system, when they run.

A browser or an office suite is too large for a layer, so these packages carry it compressed, where no loader and no ELF
reader sees it. What each release needs on which runtime is data (data/packed.json, read in the packages' own files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..artifact import FILE, Facts
from ..filesystem import Hit
from ..finding import Confidence, Severity
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .base import Fault, Subject, TargetView, Unsure, quote, rule

if TYPE_CHECKING:
    from typing import Any, TypeAlias

_VERSION = r"^v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(-[0-9A-Za-z.-]+)?"
_RUNTIME_NAME = "AWS_LAMBDA_JS_RUNTIME"
"""By this variable, too, @sparticuz/chromium is told on which runtime it is."""
Release: TypeAlias = "Mapping[str, Any]"


def table() -> Mapping[str, Any]:
    """data/packed.json."""
    found: Mapping[str, Any] = read_table(__file__, "packed")
    return found


class _Package(NamedTuple):
    """A package of the table, found in an artifact. ``path`` is that of its package.json, ``root`` its directory."""

    subject: Subject
    path: str
    name: str
    version: str
    facts: Mapping[str, Any]

    @property
    def root(self) -> str:
        return self.subject.where(self.path)[: -len("/package.json")]

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


def _order(version: str) -> tuple[int, int, int, bool] | None:
    match = re.match(_VERSION, version)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3] or 0), match[4] is None)


def _releases(facts: Mapping[str, Any]) -> list[Release]:
    """Where a variant shares the code of another package, that one's."""
    other = facts.get("releases_of")
    found: list[Release] = (facts if other is None else table()["packages"][other])["releases"]
    return found


def _release(package: _Package) -> Release | None:
    own = _order(package.version)
    if own is None:
        return None
    reached = [row for row in _releases(package.facts) if (_order(f"{row['from']}.0") or own) <= own]
    return reached[-1] if reached else None


@rule(
    "LC527",
    "incomplete-node-package",
    Severity.ERROR,
    "target",
    what="An npm package that unpacks a program at run time lacks the archive that it opens on the target, or is a "
    "release that does not know the target.",
    why="chrome-aws-lambda, @sparticuz/chromium and @shelf/aws-lambda-libreoffice carry Chromium or LibreOffice in "
    "brotli archives, and the libraries that Lambda lacks (libnss3.so) in one archive for each Amazon Linux. Bundlers "
    "and exclude patterns drop these files, and a release unpacks them only on the runtimes that it knows: '/tmp/"
    "chromium: error while loading shared libraries: libnss3.so: cannot open shared object file'.",
    fix="Install a release that knows the runtime, and ship the package whole, outside the bundle.",
    example="@sparticuz/chromium 126.0.0 opens bin/al2.tar.br on nodejs18.x, which is not there",
    sources=(
        "https://github.com/Sparticuz/chromium/issues/254",
        "https://github.com/Sparticuz/chromium/issues/285",
        "https://github.com/alixaxel/chrome-aws-lambda/issues/164",
        "https://github.com/shelfio/aws-lambda-libreoffice/issues/127",
    ),
    open=True,
)
def INCOMPLETE_NODE_PACKAGE(view: TargetView) -> Iterator[Fault | Unsure]:
    if view.runtime.language != "nodejs":
        return
    for subject in view.stack.subjects:
        for path in subject.shape.packed:
            fact = subject.artifact.facts[path]
            if not view.shows(subject, path):
                continue
            if fact.npm is not None:
                facts = table()["packages"][fact.npm.name]
                if fact.npm.version is None or _order(fact.npm.version) is None:
                    yield Unsure("whether it suits the runtime", "its version cannot be read", subject, path)
                    continue
                package = _Package(subject, path, fact.npm.name, fact.npm.version, facts)
                release = _release(package)
                if release is not None:
                    yield from _judge(view, package, release)
            elif fact.mentions and subject.kind == "function" and "node_modules/" not in path:
                yield from _bundle(view, subject, path, fact)
            elif path[path.rfind("/") + 1 :] in table()["archives"]["names"]:
                yield from _bare(view, subject, path)


def _judge(view: TargetView, package: _Package, release: Release) -> Iterator[Fault | Unsure]:
    if "program" in release or "opt" in release:
        yield from _outside(view, package, release)
        return
    if "packs" in release:
        arm = _arm64(view, package)
        if arm is not None:
            yield arm
            if isinstance(arm, Fault):
                return
        nodes = _nodes(view)
        wanted = [pack for pack, known in release["packs"].items() if not nodes.isdisjoint(known)]
        if not wanted and not nodes.isdisjoint(_named(package)):
            return  # a copy that was patched for this runtime
        if not wanted and not _has_library(view, package.facts):
            yield _unknown_runtime(view, package, release)
            return
        yield from _absent(view, package, [*release["files"], *wanted])
    else:
        yield from _absent(view, package, release["files"])


def _nodes(view: TargetView) -> set[str]:
    """The Node.js releases by whose names the package may know its runtime."""
    found = re.findall(r"nodejs(\d+)", f"{view.runtime.identifier} {view.stack.env.get(_RUNTIME_NAME, '')}")
    return set(found)


def _named(package: _Package) -> set[str]:
    """The releases that the package's own scripts name."""
    above = package.path[: -len("package.json")]
    facts = package.subject.artifact.facts
    return {name for path in package.subject.shape.packed if path.startswith(above) for name in facts[path].mentions}


def _has_library(view: TargetView, facts: Mapping[str, Any]) -> bool:
    """Whether a layer brings the libraries itself."""
    return bool(view.filesystem.overlay.libraries(facts["library"]))


def _is_there(view: TargetView, path: str) -> bool:
    hit = view.filesystem.lookup(path)
    return (
        isinstance(hit, Hit) and hit.node.entry is not None and hit.node.entry.kind == FILE and hit.node.entry.bytes > 0
    )


def _gone(view: TargetView, package: _Package, names: list[str]) -> list[str]:
    return [name for name in names if not _is_there(view, f"{package.root}/bin/{name}")]


def _listed(names: list[str]) -> str:
    return ", ".join(f"bin/{name}" for name in names)


def _absent(view: TargetView, package: _Package, files: list[str]) -> Iterator[Fault]:
    """The archives of bin/ that the package opens on the target and that are not there."""
    if package.facts.get("packs_elsewhere"):
        return
    gone = _gone(view, package, files)
    if not gone:
        return
    whole = len(gone) == len(files)
    if whole and _lies_elsewhere(view, files[0]):
        return
    program, library = package.facts["program"], package.facts.get("library")
    lost = "its bin/ directory is" if whole else "it is" if len(gone) == 1 else "they are"
    then = "" if library is None else f" ({library}: cannot open shared object file)"
    yield Fault(
        f"{package.title} opens {_listed(gone)} on {view.runtime.identifier}; {lost} not there, so {program} cannot "
        f"start{then}",
        package.subject,
        package.path,
        "Ship the package whole; a bundler or an exclude pattern dropped its archives:\n"
        f"npm install {quote(f'{package.name}@{package.version}')}\n"
        f"With esbuild: --external:{package.name}; webpack: externals; serverless: no '!**/*.br' pattern.",
        confidence=Confidence.LIKELY if whole else None,
        details={"package": package.name, "version": package.version, "missing": [f"bin/{name}" for name in gone]},
    )


def _lies_elsewhere(view: TargetView, name: str) -> bool:
    """Whether the deployment has such an archive in another place: the code may be told where."""
    return bool(view.filesystem.overlay.libraries(name))


def _unknown_runtime(view: TargetView, package: _Package, release: Release) -> Fault:
    known = sorted({node for nodes in release["packs"].values() for node in nodes}, key=int)
    names = ", ".join(f"nodejs{node}.x" for node in known) or "no runtime of today"
    library = package.facts["library"]
    gone = [] if package.facts.get("packs_elsewhere") else _gone(view, package, [*release["files"], *release["packs"]])
    besides = f"; {_listed(gone)} {'is' if len(gone) == 1 else 'are'} missing besides" if gone else ""
    return Fault(
        f"{package.title} unpacks its libraries on {names} only, not on {view.runtime.identifier}: {library}: cannot "
        f"open shared object file{besides}",
        package.subject,
        package.path,
        _newer(view, package),
        confidence=Confidence.LIKELY,
        details={
            "package": package.name,
            "version": package.version,
            "known": [f"nodejs{node}.x" for node in known],
            "missing": [f"bin/{name}" for name in gone],
        },
    )


def _newer(view: TargetView, package: _Package) -> str:
    """The release to install for the target's runtime."""
    use = package.facts["use"]
    rows = _releases(table()["packages"][use])
    nodes = _nodes(view)
    fitting = [row for row in rows if any(not nodes.isdisjoint(known) for known in row["packs"].values())]
    newest = (fitting or rows)[-1]["newest"]
    if not fitting:
        last = max((node for row in rows for known in row["packs"].values() for node in known), key=int)
        return (
            f"No release of {use} up to {newest}, the last one known here, knows {view.runtime.identifier}; it knows "
            f"nodejs{last}.x: use that runtime, or a newer release if there is one."
        )
    command = f"npm install {quote(f'{use}@{newest}')} puppeteer-core"
    if package.name == use:
        head = f"Install a release that knows {view.runtime.identifier}, with the puppeteer-core of the same Chromium:"
        return f"{head}\n{command}"
    head = f"{package.name} is not kept up; {use} takes its place, with the puppeteer-core of the same Chromium:"
    return f"{head}\nnpm uninstall {quote(package.name)}\n{command}"


def _arm64(view: TargetView, package: _Package) -> Fault | Unsure | None:
    """What npm installs is for x86_64, which its compressed form hides from every other rule."""
    if view.environment.architecture != "arm64" or "arm64_from" not in package.facts:
        return None
    since = package.facts["arm64_from"]
    own, first = _order(package.version), None if since is None else _order(since)
    program = package.facts["program"]
    if first is not None and own is not None and own >= first:
        why = "it is compressed, and what npm installs is for x86_64; the author's arm64 layer and packs look the same"
        return Unsure(f"the processor of its {program}", why, package.subject, package.path)
    return Fault(
        f"{package.title} carries {program} for x86_64 only, the target is arm64: cannot execute binary file",
        package.subject,
        package.path,
        "Use x86_64, or on nodejs20.x and newer the arm64 layer of @sparticuz/chromium's releases (135 and newer).",
        details={"package": package.name, "version": package.version},
    )


def _outside(view: TargetView, package: _Package, release: Release) -> Iterator[Fault | Unsure]:
    """Releases that need an archive in /opt, or a program of the system."""
    details = {"package": package.name, "version": package.version}
    program = package.facts["program"]
    if "opt" in release:
        wanted = release["opt"]
        if _is_there(view, f"/opt/{wanted}"):
            return
        other = next((name for name in release["not"] if _is_there(view, f"/opt/{name}")), None)
        if other is None and view.stack.function is None:
            yield Unsure(f"/opt/{wanted}, which it opens", "a layer beside this one could bring it", *package[:2])
            return
        have = f"the layer brings {other} instead" if other is not None else "no layer here brings it"
        yield Fault(
            f"{package.title} opens /opt/{wanted}; {have}, so {program} is not unpacked",
            package.subject,
            package.path,
            f"Attach the layer with {wanted} (libreoffice-brotli), not the one with lo.tar.gz (libreoffice-gzip); when "
            "checking the function, name it with --layer.",
            None if other is not None else Severity.WARNING,
            details={**details, "missing": [f"/opt/{wanted}"]},
        )
        return
    nodes = view.filesystem.overlay.nodes
    if any(path.startswith((f"/opt/bin/{release['program']}", "/opt/bin/soffice")) for path in nodes):
        return
    layer = next((path for path in ("/opt/lo.tar.br", "/opt/lo.tar.gz") if path in nodes), None)
    unused = f"; it does not unpack {layer}, as releases before {release['from']} did" if layer is not None else ""
    yield Fault(
        f"{package.title} starts the program {release['program']} of a container image, which a zip deployment "
        f"does not have{unused}",
        package.subject,
        package.path,
        "Deploy as a container image, as its README says, or go back to the layer with lo.tar.br and:\n"
        f"npm install {quote(package.name + '@3.0.8')}",
        None if layer is not None else Severity.WARNING,
        Confidence.LIKELY,
        details,
    )


def _bundle(view: TargetView, subject: Subject, path: str, fact: Facts) -> Iterator[Fault]:
    """The package's code inside a bundle: it looks for bin/ beside the bundle's own directory."""
    if "url" in fact.mentions or _lies_elsewhere(view, "chromium.br"):
        return
    directory = subject.where(path).rpartition("/")[0].rpartition("/")[0]
    yield Fault(
        f"holds the code of a package that unpacks Chromium, and no chromium.br is in the deployment: it looks for it "
        f"in {directory}/bin",
        subject,
        path,
        "Keep the package out of the bundle and ship it whole (esbuild: --external:@sparticuz/chromium), or use "
        "@sparticuz/chromium-min with the URL of a pack.",
        Severity.WARNING,
        Confidence.LIKELY,
        {"missing": [f"{directory}/bin/chromium.br"]},
    )


def _bare(view: TargetView, subject: Subject, path: str) -> Iterator[Fault]:
    """An archived Chromium of the first Amazon Linux."""
    archives = table()["archives"]
    if _has_library(view, archives):
        return
    yield Fault(
        f"looks like {archives['text']}; it needs {archives['library']}, which Lambda does not have",
        subject,
        path,
        f"Use a Chromium that brings its libraries:\nnpm install {archives['use']} puppeteer-core",
        Severity.WARNING,
        Confidence.LIKELY,
        {"library": archives["library"]},
    )


RULES = (INCOMPLETE_NODE_PACKAGE,)
