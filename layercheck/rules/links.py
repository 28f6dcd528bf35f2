"""LC010, LC011, LC012 and LC014: symlinks, and names that are a file here and a directory there."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import FILE, SYMLINK, Entry
from ..filesystem import TOO_MANY, Hit
from ..finding import Confidence, Severity
from .base import Fault, StackView, Subject, TargetView, Unsure, rule, zip_again

_LIVE = ("/tmp", "/dev", "/proc", "/sys", "/run")
_DEPLOYED = ("/opt", "/var/task")
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/var/lang", "/var/runtime", "/var/rapid")
_LISTED = ("/usr/lib64", "/lib64", "/var/lang/lib", "/var/runtime/lib")
_ZIP_LINKS = "https://github.com/aws/aws-sam-cli/issues/477"


def _symlinks(subject: Subject) -> Iterator[tuple[Entry, str]]:
    facts = subject.artifact.facts
    for entry in subject.artifact.entries:
        if entry.kind == SYMLINK:
            fact = facts.get(entry.path)
            if fact is not None and fact.link_target:
                yield entry, fact.link_target


def _mild(entry: Entry) -> Severity | None:
    """The interpreter's links that every virtual environment has in bin/: nothing in Lambda uses them."""
    directory, _, name = entry.path.rpartition("/")
    return Severity.INFO if directory.endswith("bin") and name.startswith("python") else None


def _within(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)


def _leads_to(subject: Subject, entry: Entry, target: str) -> str:
    """The absolute path that a link names, in Lambda's file system, '..' taken literally."""
    parts = [] if target.startswith("/") else f"{subject.at}/{entry.path}".split("/")[1:-1]
    for part in target.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


@rule(
    "LC010",
    "broken-symlink",
    Severity.WARNING,
    "target",
    what="A symlink whose target is nowhere in the deployment.",
    why="Opening it fails with 'No such file or directory', though the name is there.",
    fix="Pack the target too, or replace the link by the file.",
    example="lib/libvips.so -> libvips.so.42, which is not in the archive",
    sources=("https://github.com/lovell/sharp/issues/1885", _ZIP_LINKS),
    open=True,
)
def BROKEN_SYMLINK(view: TargetView) -> Iterator[Fault | Unsure]:
    wanted = {lookup.name for load in view.resolution.loads for lookup in load.missing}
    for subject in view.stack.subjects:
        for entry, target in _symlinks(subject):
            path = _leads_to(subject, entry, target)
            if _within(path, _LIVE) or not _within(path, (*_DEPLOYED, *_LISTED)):
                continue
            found = view.filesystem.lookup(f"{subject.at}/{entry.path}")
            if isinstance(found, Hit):
                continue
            if found.reason == TOO_MANY:
                yield Unsure(
                    "where its symlinks lead", "they lead to one another too often to follow them all", subject
                )
                return
            name = entry.path.rsplit("/", 1)[-1]
            needed = name in wanted or name == "bootstrap"
            yield Fault(
                f"a symlink to {target}, which is not in the deployment"
                + ("; something that is loaded needs it" if needed else ""),
                subject,
                entry.path,
                f"Pack its target {path} too, or store the file itself instead of the link (zip without -y).",
                Severity.ERROR if needed else _mild(entry),
                details={"target": target},
            )


@rule(
    "LC011",
    "escaping-symlink",
    Severity.ERROR,
    "stack",
    what="A symlink to a place that exists only on the machine where the artifact was built.",
    why="/home, /Users or /build do not exist in Lambda, so the link leads nowhere.",
    fix="Make the link relative and pack its target, or store the file itself.",
    example="python/pkg -> /home/me/project/pkg (an editable install)",
    sources=(_ZIP_LINKS,),
)
def ESCAPING_SYMLINK(view: StackView) -> Iterator[Fault]:
    for subject in view.subjects:
        for entry, target in _symlinks(subject):
            path = _leads_to(subject, entry, target)
            if not _within(path, _DEPLOYED + _LIVE + _SYSTEM):
                yield Fault(
                    f"a symlink to {target}, a place of the build machine that Lambda does not have",
                    subject,
                    entry.path,
                    "Store the file itself (zip without -y), or make the link relative and pack its target.",
                    _mild(entry),
                    details={"target": target},
                )


@rule(
    "LC012",
    "flattened-symlink",
    Severity.ERROR,
    "stack",
    what="A small text file that holds only the name of another file: a symlink that lost its type.",
    why="The loader finds the text where it needs the library: 'file too short' or 'invalid ELF header'.",
    fix="Zip with symlinks kept (zip -y), or with the files that they lead to.",
    example="lib/libz.so.1 holds the text libz.so.1.2.11",
    sources=("https://github.com/lovell/sharp/issues/1885", _ZIP_LINKS),
)
def FLATTENED_SYMLINK(view: StackView) -> Iterator[Fault]:
    for subject in view.subjects:
        files = {entry.path for entry in subject.artifact.entries}
        for path, fact in subject.artifact.facts.items():
            text = fact.text.strip() if fact.text is not None and fact.link_target is None else ""
            if not text or len(text.split()) != 1 or path.endswith((".txt", ".json", ".py", ".md")):
                continue
            name = path.rsplit("/", 1)[-1]
            target = _leads_to(subject, _named(path), text)[len(subject.at) + 1 :]
            library = ".so" in name and ".so" in text
            command = "/node_modules/.bin/" in f"/{path}" and target in files
            if (library and not text.startswith("#")) or command:
                yield Fault(
                    f"{len(text)} bytes of text ({text!r}) where a file should be: a symlink that was stored as text",
                    subject,
                    path,
                    "Zip again with links kept as links (or dereferenced), on Linux or macOS:\n" + zip_again(subject),
                    confidence=None if target in files else Confidence.LIKELY,
                    details={"target": text, "target_present": target in files},
                )


def _named(path: str) -> Entry:
    return Entry(b"", path, FILE, None, 0, 0, 0, 0, 0, 3, 0)


@rule(
    "LC014",
    "file-directory-clash",
    Severity.ERROR,
    "stack",
    what="One path is a file in one place and a directory in another (of the same artifact, or of another layer).",
    why="Both cannot exist. AWS names it as a cause of 'Lambda layer conversion failed'.",
    fix="Rename one of them.",
    example="python/utils (a file) and python/utils/__init__.py",
    sources=("AWS Lambda developer guide, troubleshooting deployment",),
)
def FILE_DIRECTORY_CLASH(view: StackView) -> Iterator[Fault]:
    for path, one, other in sorted(set(view.overlay.clashes)):
        first, second = view.subjects[one], view.subjects[other]
        where = "the same artifact" if first is second else f"{first.artifact.name} and {second.artifact.name}"
        yield Fault(
            f"a file and a directory of this name in {where}: they cannot both be unpacked",
            second,
            path[len(second.at) + 1 :],
            "Rename one of the two.",
        )
