"""The text of ``layercheck size``: bars against the limit, then where the bytes go, then the advice."""

from __future__ import annotations

from collections.abc import Sequence

from ..artifact.packages import Package
from ..finding import ProjectSummary, Unchecked
from ..inspect.advise import Advice
from ..inspect.contents import table
from ..inspect.deployments import Measured
from ..inspect.size import ArtifactSize, Share, Sizes, add
from ..inspect.size_json import split
from .assets import short_paths
from .page import Page, Part
from .words import declared_at, human, plural, project_words

TOP = 15
"""Packages that are listed when nothing else is asked for."""
_BAR, _LIMIT_BAR = 16, 40
_NEAR = 0.8
_FULL, _EMPTY, _HALVES = "█", "░", ("", "▌")
_FITS = {"yes": "fits", "after-removing": "fits without what could go", "no": "does not fit", "unknown": "not known"}
_FORMS = {"zip": "zip of the function", "layer": "layer", "image": "container image", "none": "nothing"}


def render(sizes: Sizes, advice: Advice | None, *, top: int | None, color: bool, width: int) -> str:
    """The whole page; ``top``: how many packages are listed (None: ``TOP``)."""
    page = Page(width, color)
    for item in sizes.artifacts:
        _write_artifact(page, item)
    page.gap()
    _write_limit(page, sizes)
    _write_packages(page, sizes, TOP if top is None else top)
    _write_kinds(page, sizes)
    if advice is not None:
        _write_advice(page, advice)
    _write_notes(page, _notes(sizes, advice))
    return page.finish()


def render_project(
    project: ProjectSummary,
    parts: Sequence[Measured],
    notes: Sequence[Unchecked],
    *,
    top: int | None,
    color: bool,
    width: int,
) -> str:
    """Each deployment of a project against the limit; its packages only where ``top`` asks for them."""
    page = Page(width, color)
    page.paragraph((project.file, "bold"), f": {project_words(project)}", hang=2)
    for part in _readable(parts) if project.form == "cdk" else parts:
        page.gap()
        at = f" ({declared_at(part.origin)})" if part.origin is not None else ""
        page.paragraph((part.name, "bold"), at, hang=2)
        _write_limit(page, part.sizes)
        if top is not None:
            _write_packages(page, part.sizes, top)
        if part.advice is not None:
            _write_advice(page, part.advice)
        _write_notes(page, _notes(part.sizes, part.advice))
    _write_notes(page, [f"{note.what}: {note.why}" for note in notes])
    page.gap()
    fits = sum([part.sizes.exit_code == 0 for part in parts])
    words = f"{fits:,} of {len(parts):,} fit" if parts else "NOT MEASURED: there is no code at hand"
    page.paragraph((words, "bold green" if parts and fits == len(parts) else "bold red"))
    return page.finish()


def _readable(parts: Sequence[Measured]) -> list[Measured]:
    """With short names of CDK's assets."""
    short = short_paths([item.path for part in parts for item in part.sizes.artifacts])
    return [
        part._replace(
            sizes=part.sizes._replace(
                artifacts=tuple([item._replace(path=short[item.path]) for item in part.sizes.artifacts])
            )
        )
        for part in parts
    ]


def _notes(sizes: Sizes, advice: Advice | None) -> list[str]:
    notes = [f"{item.what}: {item.why}" for item in sizes.unchecked]
    return [*notes, *(advice.unchecked if advice is not None else ())]


def _write_notes(page: Page, notes: Sequence[str]) -> None:
    if notes:
        page.gap()
    for note in notes:
        page.paragraph(("not checked ", "yellow"), note, hang=2)


def bar(size: int, whole: int, width: int, empty: str = "") -> str:
    """A bar of at most ``width`` characters, in halves; something is always seen of what is not nothing."""
    if whole <= 0 or size <= 0:
        return empty * width
    halves = max(1, min(2 * width, (2 * width * size + whole // 2) // whole))
    drawn = _FULL * (halves // 2) + _HALVES[halves % 2]
    return drawn + empty * (width - len(drawn))


def percent(size: int, whole: int) -> str:
    """``27.9 %``; nothing where there is no whole."""
    return f"{100 * size / whole:.1f} %" if whole > 0 else ""


def _write_artifact(page: Page, item: ArtifactSize) -> None:
    zipped = "not zipped yet" if item.zip_bytes is None else f"{human(item.zip_bytes)} zipped"
    page.paragraph(
        (item.path, "bold"),
        f": {item.kind} {item.form} ({item.kind_reason}), {human(item.share.bytes)} unzipped, {zipped}, "
        + plural(item.share.files, "file"),
        hang=2,
    )


def _write_limit(page: Page, sizes: Sizes) -> None:
    least = "at least " if sizes.open else ""
    over = sizes.total > sizes.limit
    style = "bold red" if over else "yellow" if sizes.total > _NEAR * sizes.limit else "green"
    page.paragraph(
        (f"{least}{sizes.total:,} bytes", "bold"),
        f" unzipped of the {sizes.limit:,} that a function takes with its layers",
        hang=2,
    )
    drawn = bar(min(sizes.total, sizes.limit), sizes.limit, _LIMIT_BAR, _EMPTY)
    rest = f"{-sizes.left:,} bytes too many" if over else f"{sizes.left:,} bytes left"
    page.paragraph(
        (drawn, style), f" {percent(sizes.total, sizes.limit)}, ", (rest, "bold red" if over else ""), indent=2
    )
    if len(sizes.artifacts) > 1:
        rows = [
            [item.path, f"{item.share.bytes:,} bytes", human(item.share.bytes), percent(item.share.bytes, sizes.limit)]
            for item in sizes.artifacts
        ]
        page.table(rows, right=(1, 2, 3))
    for what, size, budget in sizes.over_budget():
        page.paragraph((f"{what}: {size:,} bytes, over the budget of {budget:,}", "bold red"), indent=2, hang=2)
    for name in sizes.open:
        page.paragraph(f"not at hand: {name}", indent=2, hang=2)
    for item in sizes.artifacts:
        if item.followed_bytes is not None and item.followed_bytes != item.share.bytes:
            text = f"{item.path}: {item.followed_bytes:,} bytes if its links are stored as copies (sam package, CDK)"
            page.paragraph(text, indent=2, hang=2)


def _write_packages(page: Page, sizes: Sizes, top: int) -> None:
    shown, rest = split(sizes, top)
    if not sizes.packages:
        return
    page.gap()
    page.paragraph(("by package", "bold"), "  unzipped, zipped and files")
    several = len(sizes.artifacts) > 1
    places = {item.id: item.path for item in sizes.artifacts}
    rows = []
    for item in shown:
        place = f" in {places[item.artifact]}" if several else ""
        rows.append(_row(_label(item.package) + place, item.share, sizes))
    if rest:
        rows.append(_row(f"… and {len(rest):,} more", add(item.share for item in rest), sizes))
    page.table(rows, right=(0, 1, 3, 4))


def _label(package: Package) -> str:
    version = f" {package.version}" if package.version else ""
    kind = "" if package.ecosystem == "directory" else f" ({package.ecosystem})"
    return f"{package.name}{version}{kind}"


def _row(label: str, share: Share, sizes: Sizes) -> list[Part]:
    zipped = "" if share.compressed is None else human(share.compressed)
    return [
        human(share.bytes),
        percent(share.bytes, sizes.total),
        (bar(share.bytes, sizes.total, _BAR), "cyan"),
        zipped,
        f"{share.files:,}",
        label,
    ]


def _write_kinds(page: Page, sizes: Sizes) -> None:
    if not sizes.kinds:
        return
    titles = table()["kinds"]
    page.gap()
    page.paragraph(("by kind", "bold"))
    page.table([_row(titles[item.kind]["title"], item.share, sizes) for item in sizes.kinds], right=(0, 1, 3, 4))


def _write_advice(page: Page, advice: Advice) -> None:
    page.gap()
    page.paragraph(("advice: ", "bold"), (_FORMS[advice.recommendation], "bold green"), f". {advice.why}", hang=2)
    for option in advice.options:
        page.paragraph((_FORMS[option.form], "bold"), f": {_FITS[option.fits]}", indent=2)
        for sign, texts in (("+", option.pros), ("-", option.cons)):
            for text in texts:
                page.paragraph(f"{sign} {text}", indent=4, hang=2)
    page.gap()
    page.paragraph(("figures", "bold"))
    rows: list[Sequence[Part]] = [
        [figure.name, f"{figure.value:,}", "of", f"{figure.limit:,}", figure.unit] for figure in advice.figures
    ]
    page.table(rows, right=(1, 3))
    if not advice.removable:
        return
    page.gap()
    page.paragraph(("could go", "bold"), f"  {human(advice.could_go)} unzipped; check again afterwards")
    for item in advice.removable:
        sure = "" if item.confidence == "high" else "likely, "
        aside = "" if item.counted else "; not counted: a choice of its own"
        page.paragraph(
            f"{human(item.bytes)}  {item.what} ({sure}{plural(item.files, 'file')}{aside})", indent=2, hang=2
        )
        page.paragraph(item.how, indent=4, hang=2)
        page.paragraph(f"cost: {item.cost}", indent=4, hang=2)
