"""``layercheck size --advise``: zip, layer or container image, with the figures that decide it.

Lambda's numbers are facts of environment/data/limits.json. What only the people concerned know, how many functions
share the code, is an argument; without it the answer says what would change it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..check import Options
from ..check.deployment import Deployment
from ..environment import limits
from ..environment.store import read
from ..environment.table import source_texts
from ..finding import Report, Severity
from ..named_tuple import NamedTuple
from .contents import is_named
from .opened import check_open
from .removable import Removable, removable
from .size import Sizes

_FITS, _AFTER, _NOT, _UNKNOWN = "yes", "after-removing", "no", "unknown"
_NAMED = 6
_LIBC = ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1")


class Option(NamedTuple):
    """One way to deploy. ``fits``: yes, after-removing, no, or unknown (a part is not at hand)."""

    form: str
    fits: str
    pros: tuple[str, ...]
    cons: tuple[str, ...]


class Figure(NamedTuple):
    """A measured number beside Lambda's limit for it, with where that is from."""

    name: str
    value: int
    limit: int
    unit: str
    source: str


class Advice(NamedTuple):
    """``recommendation`` is zip, layer, image or none; ``why`` in one sentence; ``could_go`` the unzipped bytes that
    would be saved."""

    recommendation: str
    why: str
    options: tuple[Option, ...]
    figures: tuple[Figure, ...]
    removable: tuple[Removable, ...]
    could_go: int
    unchecked: tuple[str, ...]


class _Facts(NamedTuple):
    """What the options are weighed by."""

    sizes: Sizes
    function: bool
    functions: int | None
    could_go: int
    own: int
    packages: int
    zipped: int | None
    missing: tuple[str, ...]
    too_new: tuple[str, ...]
    image_bytes: int

    @property
    def fits(self) -> str:
        """Whether zip archives hold it."""
        if self.sizes.total - self.could_go > self.sizes.limit:
            return _NOT
        if self.sizes.total > self.sizes.limit:
            return _AFTER if not self.sizes.open else _UNKNOWN
        return _FITS if not self.sizes.open else _UNKNOWN


def advise(deployment: Deployment, sizes: Sizes, options: Options, functions: int | None = None) -> Advice:
    """Advice on an open deployment whose ``sizes`` are measured; ``functions``: how many functions share it."""
    found, unread = removable(deployment.stack.subjects)
    report = check_open(deployment, options)
    found += _bundled(report)
    could_go = sum([item.bytes for item in found if item.counted])
    zips = [item.zip_bytes for item in sizes.artifacts if item.zip_bytes is not None]
    named = sum([item.share.bytes for item in sizes.packages if is_named(item.package)])
    facts = _Facts(
        sizes=sizes,
        function=deployment.main.kind == "function",
        functions=functions,
        could_go=could_go,
        own=sizes.total - named,
        packages=named,
        zipped=sum(zips) if len(zips) == len(sizes.artifacts) else None,
        missing=_missing(report),
        too_new=_too_new(report),
        image_bytes=limits().container_image_bytes,
    )
    recommendation, why = _recommend(facts)
    return Advice(
        recommendation=recommendation,
        why=why,
        options=(_zip(facts), _layer(facts), _image(facts)),
        figures=tuple(_figures(facts, zips)),
        removable=tuple(found),
        could_go=could_go,
        unchecked=tuple(unread),
    )


def _missing(report: Report) -> tuple[str, ...]:
    """Libraries that nothing has: neither the deployment nor any of the runtimes."""
    return _on_all_targets(
        report,
        "LC401",
        lambda details: [str(name) for name in (details.get("library"), *details.get("libraries", ())) if name],
    )


def _too_new(report: Report) -> tuple[str, ...]:
    """Versions of the C library that no runtime has: it is the one library that no layer can bring."""
    return _on_all_targets(
        report,
        "LC402",
        lambda details: [
            str(version["version"])
            for version in details.get("versions", ())
            if str(version["library"]).rpartition("/")[2] in _LIBC
        ],
    )


def _on_all_targets(report: Report, rule: str, names: Callable[[Mapping[str, Any]], list[str]]) -> tuple[str, ...]:
    """What the errors of a rule name, where they do on every target: without a target given, the others would do."""
    targets: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.rule == rule and finding.severity is Severity.ERROR:
            for name in names(finding.details):
                targets.setdefault(name, set()).update(finding.targets)
    return tuple(sorted([name for name, found in targets.items() if len(found) == len(report.targets)]))


def _bundled(report: Report) -> list[Removable]:
    """What the runtime ships as well (LC511): a choice, since a copy of one's own keeps its versions."""
    found: dict[tuple[str, ...], Removable] = {}
    for finding in report.findings:
        if finding.rule == "LC511":
            names = tuple(sorted(finding.details["packages"]))
            found.setdefault(
                names,
                Removable(
                    f"packages that the runtime ships as well: {', '.join(names)}",
                    len(names),
                    int(finding.details["bytes"]),
                    False,
                    "medium",
                    "leave them out of the package",
                    "the versions are then the runtime's, and change with it; AWS advises to bring one's own SDK",
                    "layercheck's rule LC511",
                ),
            )
    return [found[names] for names in sorted(found)]


def _mb(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _recommend(facts: _Facts) -> tuple[str, str]:
    sizes, fits = facts.sizes, facts.fits
    size = f"{sizes.total:,} bytes unzipped of {sizes.limit:,}"
    if fits == _NOT:
        least = "Even without what could go" if facts.could_go else "As it is"
        if sizes.total <= facts.image_bytes:
            return "image", f"{least} it does not fit into zip archives ({size}); an image holds 10 GB."
        return "none", f"{least} it is too large for zip archives ({size}) and for an image."
    before = f"Take away what could go first ({_mb(facts.could_go)}): {size}. " if sizes.total > sizes.limit else ""
    if facts.too_new:
        return "image", (
            f"{before}It needs a newer C library than the runtimes have ({', '.join(facts.too_new)}), which no layer "
            "can bring: build it for them, or use an image of your own."
        )
    shared = facts.functions is not None and facts.functions > 1
    if facts.function:
        if shared and facts.packages > facts.own:
            return "layer", (
                f"{before}{facts.functions} functions share {_mb(facts.packages)} of packages, and have "
                f"{_mb(facts.own)} of files of their own: one layer for the packages, the rest in each function's zip."
            )
        return "zip", f"{before}It fits into the function's zip and its layers ({size}); a layer would save no room."
    if facts.functions == 1:
        return "zip", f"{before}One function alone gains nothing by a layer: both count towards one limit ({size})."
    return "layer", f"{before}It fits as a layer ({size}), which the functions that use it share."


def _zip(facts: _Facts) -> Option:
    pros = ["one archive, one version: nothing can be combined wrongly"]
    cons = [*_size_cons(facts), *_library_cons(facts)]
    if facts.functions is not None and facts.functions > 1 and facts.zipped is not None:
        cons.append(f"{facts.functions} functions upload and store {_mb(facts.functions * facts.zipped)} zipped")
    return Option("zip", facts.fits, tuple(pros), tuple(cons))


def _layer(facts: _Facts) -> Option:
    most = limits().layers_per_function
    pros, cons = [], [*_size_cons(facts), *_library_cons(facts)]
    if facts.functions is not None and facts.functions > 1 and facts.zipped is not None:
        pros.append(f"stored once for {facts.functions} functions: {_mb(facts.zipped)} zipped in all")
    if facts.packages and facts.own and facts.function:
        pros.append(
            f"{_mb(facts.packages)} of packages stay as they are while {_mb(facts.own)} of your own files are deployed"
        )
    used = facts.sizes.layers + (1 if facts.function else 0)
    fits = facts.fits
    if facts.sizes.layers > most:
        cons.append(f"{facts.sizes.layers} layers of at most {most}: merge some")
        fits = _NOT
    elif used > most:
        cons.append(f"it would be layer {used}, and {most} are the most: merge some")
    else:
        pros.append(f"{used} of at most {most} layers")
    cons.append("layers save no room: with the function they count towards the same limit")
    return Option("layer", fits, tuple(pros), tuple(cons))


def _image(facts: _Facts) -> Option:
    total, limit = facts.sizes.total, facts.image_bytes
    fits = _FITS if total <= limit else _NOT
    pros = [f"{_mb(limit - total)} of {_mb(limit)} would be left, minus the base image"] if total <= limit else []
    if facts.missing:
        pros.append(f"the system's package manager can install what is missing: {_listed(facts.missing)}")
    if facts.too_new:
        pros.append("its C library is the one that you choose")
    cons = ["you build, scan and patch the base image; layers cannot be attached to it"]
    if total > limit:
        cons.append(f"{_mb(total - limit)} above {_mb(limit)}")
    return Option("image", fits, tuple(pros), tuple(cons))


def _size_cons(facts: _Facts) -> list[str]:
    sizes = facts.sizes
    cons = []
    if sizes.total > sizes.limit:
        rest = sizes.total - facts.could_go
        cons.append(f"{_mb(sizes.total - sizes.limit)} above the limit; {_mb(rest)} remain without what could go")
    if sizes.open:
        cons.append(f"how large {_listed(sizes.open)} is, is not known")
    direct = limits().direct_upload_bytes
    large = [item for item in sizes.artifacts if item.zip_bytes is not None and item.zip_bytes > direct]
    if large:
        cons.append(f"more than {_mb(direct)} zipped ({len(large)} of the archives): upload it through S3")
    return cons


def _library_cons(facts: _Facts) -> list[str]:
    cons = []
    if facts.missing:
        cons.append(f"the runtime lacks {_listed(facts.missing)}: bring it along in lib/, built for Amazon Linux")
    if facts.too_new:
        cons.append(f"no layer can bring {_listed(facts.too_new)}: it is the C library's")
    return cons


def _listed(names: tuple[str, ...]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _figures(facts: _Facts, zips: list[int]) -> list[Figure]:
    sizes, quota = facts.sizes, limits()
    figures = [
        ("unzipped, with all layers", sizes.total, "unzipped_total_bytes", "bytes"),
        ("unzipped, without what could go", sizes.total - facts.could_go, "unzipped_total_bytes", "bytes"),
        ("the largest archive, for a direct upload", max(zips, default=0), "direct_upload_bytes", "bytes"),
        ("layers", sizes.layers, "layers_per_function", "layers"),
        ("in an image, beside its base", sizes.total, "container_image_bytes", "bytes"),
    ]
    if facts.functions is not None and facts.zipped is not None:
        stored = facts.functions * facts.zipped
        figures.append((f"stored zipped by {facts.functions} functions", stored, "code_storage_bytes", "bytes"))
    records, texts = read("limits")["limits"], source_texts()
    return [
        Figure(name, value, int(getattr(quota, key)), unit, texts[records[key]["source"]]["at"])
        for name, value, key, unit in figures
        if key != "direct_upload_bytes" or zips
    ]
