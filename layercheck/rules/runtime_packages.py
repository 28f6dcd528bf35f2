"""LC506 and LC511: packages that the runtime ships as well: which copies work together, and what a copy weighs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..finding import Confidence, Severity
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .advice import pip_install
from .base import Fault, Subject, TargetView, Unsure, quote, rule
from .installed import Installed, installed, search_path
from .requirement import parse, satisfies

if TYPE_CHECKING:
    from typing import Any

_LEAST_BYTES = 1_048_576
"""Copies that take less together are not worth a word: nearly every layer has urllib3 or six by way of another."""


class Copy(NamedTuple):
    """What Python takes for a package of the table. ``version`` is "" where it is not known.

    ``subject`` is None for the runtime's own; else ``path`` is the package's directory or module in that artifact.
    """

    name: str
    version: str
    place: str
    subject: Subject | None
    path: str

    @property
    def label(self) -> str:
        """Name, and version if known."""
        return f"{self.name} {self.version}".strip()


def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_table(__file__, "runtime-packages")
    return found


@rule(
    "LC506",
    "runtime-package-conflict",
    Severity.ERROR,
    "target",
    what="A package of the deployment that does not work with what the runtime ships: with its boto3, botocore or "
    "s3transfer, or with its Python; or a part of the AWS SDK without the rest.",
    why="/var/task and the layers come before the runtime's packages in sys.path, so an import takes the first copy of "
    "each package, and a set may be mixed: \"cannot import name 'DEFAULT_CIPHERS' from 'urllib3.util.ssl_'\", "
    "\"cannot import name 'DEPRECATED_SERVICE_NAMES' from 'botocore.docs'\". A part of the SDK works until AWS updates "
    "the other part in the runtime.",
    fix="Bring boto3, botocore and s3transfer together, or none of them; take a version that is known to work.",
    example="urllib3 2 on python3.8; botocore 1.29 in a layer, under the runtime's boto3 1.40",
    sources=(
        "https://github.com/aws/aws-lambda-base-images/issues/118",
        "https://github.com/boto/boto3/issues/4058",
        "https://github.com/boto/s3transfer/issues/324",
        "https://github.com/psf/requests/issues/6438",
    ),
)
def RUNTIME_PACKAGE_CONFLICT(view: TargetView) -> Iterator[Fault | Unsure]:
    if view.runtime.language != "python":
        return
    copies = _copies(view)
    if all(copy.subject is None for copy in copies.values()):
        return
    told: set[str] = set()
    for row in _table()["conflicts"]:
        names = {row["package"], row.get("with", row["package"])}
        fault = _conflict(view, copies, row) if told.isdisjoint(names) else None
        if fault is not None:
            told |= names
            yield fault
    if not told & set(_table()["sdk"]["packages"]):
        yield from _incomplete(view, copies)


def _copies(view: TargetView) -> dict[str, Copy]:
    """For each package of the table the copy that an import takes."""
    present = installed(view)
    wanted: Mapping[str, str] = _table()["modules"]
    found: dict[str, Copy] = {}
    for place in search_path(view):
        here = [item for item in present if item.place == place and item.name in wanted]
        for name, module in wanted.items():
            if name in found:
                continue
            items = [item for item in here if item.name == name]
            copy = _shipped(view, name, module, place, items) or next(
                (Copy(name, item.version, place, None, "") for item in items if item.subject is None), None
            )
            if copy is not None:
                found[name] = copy
    return found


def _shipped(view: TargetView, name: str, module: str, place: str, items: Iterable[Installed]) -> Copy | None:
    """The copy of an artifact in this directory, by its files: metadata may be left over, or stripped."""
    for subject in view.stack.subjects:
        if place != subject.at and not place.startswith(subject.at + "/"):
            continue
        root = place[len(subject.at) + 1 :] + ("/" if place != subject.at else "")
        file = f"{root}{module}.py" if module == "six" else f"{root}{module}/__init__.py"
        if not subject.artifact.has(file) or not view.shows(subject, file):
            continue
        path = file if module == "six" else root + module
        versions = {item.version for item in items if item.subject is subject}
        # What an update left over says nothing: then the marks decide, if there are any.
        version = versions.pop() if len(versions) == 1 else _marked(subject, root, name)
        return Copy(name, version, place, subject, path)
    return None


def _marked(subject: Subject, root: str, name: str) -> str:
    """A version by a file that only some have; "" where there is none."""
    for row in _table()["marks"]:
        if row["package"] == name and subject.artifact.has(root + row["file"]):
            return str(row["version"])
    return ""


def _conflict(view: TargetView, copies: Mapping[str, Copy], row: Mapping[str, Any]) -> Fault | None:
    """The fault that a row of the table describes, if both copies and the Python are those that it speaks of."""
    mine, other = copies.get(row["package"]), copies.get(row.get("with", ""))
    if mine is None or ("with" in row and other is None):
        return None
    shipped = next((copy for copy in (mine, other) if copy is not None and copy.subject is not None), None)
    if shipped is None or not mine.version or satisfies(mine.version, row["versions"]) is not True:
        return None
    if other is not None and (not other.version or satisfies(other.version, row["with_versions"]) is not True):
        return None
    python = view.runtime.identifier
    if satisfies(python.removeprefix("python"), row.get("python", "")) is not True:
        return None
    warning = row["severity"] == "warning"
    fails = "is not made for" if warning else "does not work with"
    if other is not None:
        whose = f"{python}'s own {other.label}" if other.subject is None else f"{other.label} in {other.place}"
        if mine.subject is None:
            fact = f"{python}'s own {mine.label} {fails} {other.label}, which comes before the runtime's"
        else:
            fact = f"{mine.label} {fails} {whose}"
    else:
        fact = f"{mine.label} does not work on {python}"
    return Fault(
        f"{fact}: {row['fails']}",
        shipped.subject,
        shipped.path,
        f"{row['text']}\n{_install(view, shipped, row['install'])}",
        Severity.WARNING if warning else None,
        Confidence.CERTAIN if row["confidence"] == "measured" and not warning else Confidence.LIKELY,
        {
            "package": mine.name,
            "version": mine.version,
            "with": None if other is None else {"package": other.name, "version": other.version, "place": other.place},
            "source": row["source"],
        },
    )


def _install(view: TargetView, copy: Copy, wanted: str) -> str:
    assert copy.subject is not None
    return pip_install(view, copy.subject, copy.path, quote(wanted))


def _incomplete(view: TargetView, copies: Mapping[str, Copy]) -> Iterator[Fault | Unsure]:
    """A part of the SDK from the deployment, the rest from the runtime."""
    packages = [name for name in _table()["sdk"]["packages"] if name in copies]
    shipped = [copies[name] for name in packages if copies[name].subject is not None]
    own = [copies[name] for name in packages if copies[name].subject is None]
    if not shipped or not own:
        return
    first = shipped[0]
    if view.stack.open:
        yield Unsure(
            f"whether {' and '.join(copy.label for copy in shipped)} fits the rest of the AWS SDK",
            f"the rest could be in {', '.join(view.stack.open)}, which is not at hand",
            first.subject,
            first.path,
        )
        return
    requirer = _requirer(view, first)
    came = f" (required by {requirer})" if requirer else ""
    fact = (
        f"{_listed(shipped)}{came} {'are' if len(shipped) > 1 else 'is'} here, and {_listed(own)} "
        f"{'are' if len(own) > 1 else 'is'} the runtime's own, which AWS updates: they are made to go together"
    )
    extra = _table()["sdk"]["extras"].get(requirer or "")
    if extra is None and len({copy.version for copy in shipped if copy.name != "s3transfer"}) == 1:
        core = next((copy for copy in shipped if copy.name != "s3transfer"), None)
        # boto3 takes its botocore of the same series, and s3transfer by its own requirement.
        extra = f"boto3~={_series(core.version)}" if core is not None and core.name == "boto3" else None
    bring, leave = _install(view, first, extra or "boto3"), _remove(shipped)
    yield Fault(
        fact,
        first.subject,
        first.path,
        f"Bring all three:\n{bring}\nor leave the SDK to the runtime:\n{leave}",
        Severity.WARNING,
        Confidence.LIKELY,
        {
            "shipped": {copy.name: copy.version for copy in shipped},
            "runtime": {copy.name: copy.version for copy in own},
            "required_by": requirer,
        },
    )


def _remove(copies: list[Copy]) -> str:
    """The command that takes these packages out of the unpacked artifact of the first."""
    paths = []
    for copy in copies:
        if copy.subject is copies[0].subject and copy.subject is not None:
            root = copy.path[: copy.path.rfind("/") + 1]
            found = [d.info for d in copy.subject.distributions.all if d.name == copy.name and d.directory == root]
            paths += [copy.path, *found]
    return "rm -r " + " ".join([quote(path) for path in paths])


def _series(version: str) -> str:
    return version if version.count(".") == 2 else f"{version}.0"


def _listed(copies: list[Copy]) -> str:
    labels = [copy.label for copy in copies]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _requirer(view: TargetView, copy: Copy) -> str | None:
    """The distribution that brought a package along: the first that asks for it, other than the SDK itself."""
    sdk = _table()["sdk"]["packages"]
    for item in installed(view):
        if item.distribution is None or item.name in sdk:
            continue
        for text in item.distribution.requires:
            requirement = parse(text)
            if requirement is not None and requirement.name == copy.name and "extra" not in requirement.marker:
                return item.name
    return None


@rule(
    "LC511",
    "runtime-package-bundled",
    Severity.INFO,
    "target",
    what="Packages in the deployment that the runtime ships as well, with their bytes.",
    why="They count towards the 250 MB and are loaded in place of the runtime's. With boto3, botocore and s3transfer "
    "that is what AWS advises for production: the versions stay yours when the runtime is updated. This rule only says "
    "what it costs.",
    fix="Nothing, if you lock the versions. Else leave them out of the package.",
    example="boto3 and botocore in a function, 20 MB",
    sources=("AWS Lambda developer guide, Working with .zip file archives for Python Lambda functions",),
)
def RUNTIME_PACKAGE_BUNDLED(view: TargetView) -> Iterator[Fault]:
    present = installed(view)
    own = {item.name for item in present if item.subject is None}
    for subject in view.stack.subjects:
        names = sorted({item.name for item in present if item.subject is subject and item.name in own})
        if not names:
            continue
        sizes = {p.name: size for p, size in subject.packages.sizes() if p.ecosystem == "python" and p.name in names}
        total = sum(sizes.values())
        if total < _LEAST_BYTES:
            continue
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))
        locked = set(names) & set(_table()["sdk"]["packages"])
        many = len(largest) > 1
        yield Fault(
            f"{', '.join(largest)} {'take' if many else 'takes'} {total:,} bytes here, and the runtime ships "
            + ("them" if many else "it")
            + " as well"
            + ("; it is right to keep them where the SDK's versions are locked" if locked else ""),
            subject,
            fix=None if locked else f"Leave out what need not be of a version of its own: {', '.join(largest)}.",
            details={"packages": sizes, "bytes": total},
        )


RULES = (RUNTIME_PACKAGE_CONFLICT, RUNTIME_PACKAGE_BUNDLED)
