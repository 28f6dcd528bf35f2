"""LC001 to LC009 and LC013: the form of the archive itself."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import DIRECTORY
from ..artifact.printable import is_printable
from ..finding import Confidence, Severity
from .base import ArtifactView, Fault, quote, rule, zip_again
from .links import BROKEN_SYMLINK, ESCAPING_SYMLINK, FILE_DIRECTORY_CLASH, FLATTENED_SYMLINK
from .wheels import wheel_faults

_PERMISSIONS = "AWS Lambda developer guide, troubleshooting deployment"
_CORRUPT = frozenset(
    {
        "bad-crc",
        "bad-size",
        "undecodable",
        "truncated",
        "local-mismatch",
        "bad-central",
        "count-mismatch",
        "zip64-mismatch",
        "multi-disk",
        "too-many",
    }
)
_ODD = {"prefix": Severity.WARNING, "trailing": Severity.WARNING, "gap": Severity.INFO}
_REZIP = "Make the archive anew from the files, and compare sizes before and after the upload:\n"


def _of_kind(view: ArtifactView, kinds: frozenset[str], fix: str) -> Iterator[Fault]:
    for defect in view.subject.artifact.defects:
        if defect.kind in kinds:
            yield Fault(defect.detail, view.subject, defect.entry, fix, details={"kind": defect.kind})


@rule(
    "LC001",
    "not-a-zip",
    Severity.ERROR,
    "artifact",
    what="The file is not a zip archive: a web page, JSON, base64 text, a tar, an empty file, a Git LFS pointer.",
    why="Lambda answers 'Could not unzip uploaded file. Please check your file, then try to upload again.'",
    fix="Upload the archive itself. Often a download gave an error page, or the bytes were encoded once too often.",
    example="layer.zip: it is an HTML page",
    sources=(
        _PERMISSIONS,
        "https://github.com/boto/boto3/issues/488",
        "https://github.com/Sparticuz/chromium/issues/322",
    ),
)
def NOT_A_ZIP(view: ArtifactView) -> Iterator[Fault]:
    for defect in view.subject.artifact.defects:
        if defect.kind == "not-a-zip":
            yield Fault(
                f"not a zip archive: {defect.detail}; Lambda cannot unzip it",
                view.subject,
                fix=_not_a_zip_fix(defect.detail),
            )


def _not_a_zip_fix(detail: str) -> str:
    if "base64" in detail:
        return "Decode it before the upload (the AWS CLI takes the file with fileb://, not its base64 text):\n" + (
            "base64 -d layer.zip > decoded.zip"
        )
    if "LFS" in detail:
        return "Fetch the real file first:\ngit lfs pull"
    if "tar" in detail or "gzip" in detail:
        return "Lambda takes only zip archives. Unpack it and zip the content:\nzip -qry layer.zip ."
    return "Look at the file (head -c 200) and fetch or build the real archive again."


@rule(
    "LC002",
    "corrupt-entry",
    Severity.ERROR,
    "artifact",
    what="Data of the archive is damaged or contradicts itself: CRC, sizes, headers, directory. A wheel that is none, "
    "or whose files are not those of its RECORD (a warning).",
    why="Lambda unzips strictly. A damaged member ends the upload, or worse, arrives with other content. pip refuses a "
    "wheel without METADATA, WHEEL or RECORD, and installs one that was altered without a word.",
    fix="Build the archive again; do not transfer it as text; do not edit it in place.",
    example="python/numpy/core.so: its CRC-32 is 1c291ca3, the archive declares 00000000",
    sources=("APPNOTE.TXT 6.3.10, sections 4.3 and 4.4", "PEP 427", _PERMISSIONS),
)
def CORRUPT_ENTRY(view: ArtifactView) -> Iterator[Fault]:
    yield from _of_kind(view, _CORRUPT, _REZIP + zip_again(view.subject))
    for defect in view.subject.artifact.defects:
        severity = _ODD.get(defect.kind)
        if severity is not None:
            yield Fault(
                f"{defect.detail}: most readers skip them; what Lambda does with them is not documented",
                view.subject,
                defect.entry,
                _REZIP + zip_again(view.subject),
                severity,
                Confidence.LIKELY,
                {"kind": defect.kind},
            )
    yield from wheel_faults(view.subject)


@rule(
    "LC003",
    "unsafe-path",
    Severity.ERROR,
    "artifact",
    what="A member's name is absolute, leaves the archive through '..', or has a drive letter, NUL or empty component.",
    why="Such a member is refused, or lands somewhere else than the name says.",
    fix="Zip from inside the folder, with relative names.",
    example="../../etc/passwd",
    sources=("APPNOTE.TXT 6.3.10, section 4.4.17.1",),
)
def UNSAFE_PATH(view: ArtifactView) -> Iterator[Fault]:
    fix = "Zip from inside the folder, with relative names:\ncd folder && zip -qry ../layer.zip ."
    yield from _of_kind(view, frozenset(("unsafe-path",)), fix)


@rule(
    "LC004",
    "backslash-path",
    Severity.ERROR,
    "artifact",
    what="Names hold backslashes, as some Windows tools write them.",
    why="On Linux a backslash is an ordinary character: every file lands flat in /opt or /var/task under a literal "
    "name such as python\\requests\\__init__.py, and nothing can be imported.",
    fix="Use a tool that writes '/', such as 7-Zip, tar -a, Python's zipfile or PowerShell 7's Compress-Archive.",
    example="python\\requests\\api.py",
    sources=(
        "https://github.com/aws/aws-cli/issues/8501",
        "APPNOTE.TXT 6.3.10, section 4.4.17.1: all slashes must be forward slashes",
    ),
)
def BACKSLASH_PATH(view: ArtifactView) -> Iterator[Fault]:
    bad = [d.entry for d in view.subject.artifact.defects if d.kind == "backslash"]
    if bad:
        yield Fault(
            f"{len(bad)} names hold backslashes: on Linux they are part of the name, so every file lands flat "
            "and nothing can be imported",
            view.subject,
            bad[0],
            "Zip again with forward slashes, in the folder:\npython -m zipfile -c layer.zip *",
            details={"count": len(bad), "files": bad[:20]},
        )


@rule(
    "LC005",
    "duplicate-entry",
    Severity.WARNING,
    "artifact",
    what="Two members have the same name.",
    why="Which one wins depends on the reader: the last for most that unzip one after the other, the first for others.",
    fix="Delete the archive before zipping again; do not append to it.",
    example="python/app.py: the archive has this name more than once",
    sources=("APPNOTE.TXT 6.3.10, section 4.1.5",),
)
def DUPLICATE_ENTRY(view: ArtifactView) -> Iterator[Fault]:
    sizes: dict[str, list[int]] = {}
    wanted = {d.entry for d in view.subject.artifact.defects if d.kind == "duplicate"}
    for entry in view.subject.artifact.entries if wanted else ():
        if entry.path in wanted and entry.kind != DIRECTORY:
            sizes.setdefault(entry.path, []).append(entry.bytes)
    for path, found in sizes.items():
        yield Fault(
            f"the archive holds this name {len(found)} times ({', '.join(map(str, found))} bytes); a reader that "
            "unzips in order keeps the last",
            view.subject,
            path,
            "Delete the old archive before zipping:\n" + zip_again(view.subject),
            details={"sizes": found},
        )


@rule(
    "LC006",
    "unsupported-compression",
    Severity.WARNING,
    "artifact",
    what="A member is encrypted or compressed with something else than deflate.",
    why="AWS names no method that it takes; stored and deflated are the only ones that are known to work.",
    fix="Zip with deflate: zip -r, not -Z bzip2; 7z a -tzip -mm=Deflate.",
    example="model.bin: it is compressed with method 14",
    sources=("APPNOTE.TXT 6.3.10, section 4.4.5",),
)
def UNSUPPORTED_COMPRESSION(view: ArtifactView) -> Iterator[Fault]:
    for defect in view.subject.artifact.defects:
        if defect.kind in ("encrypted", "method"):
            yield Fault(
                f"{defect.detail}; only stored and deflated members are known to work, and its content was not checked",
                view.subject,
                defect.entry,
                "Zip it again without encryption, with deflate:\n" + zip_again(view.subject),
                Severity.ERROR if defect.kind == "encrypted" else None,
                Confidence.LIKELY,
            )


@rule(
    "LC007",
    "decompression-bomb",
    Severity.ERROR,
    "artifact",
    what="Members share their bytes, or inflate to more than the archive declares.",
    why="The true size is not the declared one. No ordinary tool makes such an archive.",
    fix="Build the archive again with an ordinary tool, and ask where this one came from.",
    example="a: inflates to more than the 1024 bytes that the archive declares",
    sources=("David Fifield, A better zip bomb (2019)",),
)
def DECOMPRESSION_BOMB(view: ArtifactView) -> Iterator[Fault]:
    yield from _of_kind(view, frozenset(("bomb", "overlap")), _REZIP + zip_again(view.subject))


@rule(
    "LC008",
    "empty-artifact",
    Severity.ERROR,
    "artifact",
    what="The archive holds no file.",
    why="Lambda answers 'Uploaded file must be a non-empty zip'.",
    fix="Look at the include and exclude patterns of the packaging tool.",
    example="layer.zip: it holds no file (3 entries)",
    sources=("https://github.com/adieuadieu/serverless-chrome/issues/331",),
)
def EMPTY_ARTIFACT(view: ArtifactView) -> Iterator[Fault]:
    for defect in view.subject.artifact.defects:
        if defect.kind == "empty":
            yield Fault(
                f"{defect.detail}: Lambda refuses it",
                view.subject,
                fix="Look at the include and exclude patterns of your packaging tool; list what it packs:\n"
                "unzip -l layer.zip",
            )


@rule(
    "LC009",
    "nested-archive",
    Severity.WARNING,
    "artifact",
    what="All that the archive holds is another zip.",
    why="Lambda unzips once. The inner archive stays a file in /opt, and nothing in it is found.",
    fix="Upload the inner archive.",
    example="layer.zip holds only layer-1.2.zip",
    sources=("https://github.com/aws/aws-sam-cli/issues/1489",),
)
def NESTED_ARCHIVE(view: ArtifactView) -> Iterator[Fault]:
    artifact = view.subject.artifact
    files = [entry for entry in artifact.entries if entry.kind != DIRECTORY]
    inner = [e for e in files if (f := artifact.facts.get(e.path)) is not None and f.magic == "zip"]
    inner = [entry for entry in inner if entry.path.lower().endswith(".zip")]
    if not inner:
        return
    names = {entry.path for entry in inner}
    # A readme beside it changes nothing; real content does.
    others = [entry for entry in files if entry.path not in names and not _is_note(entry.path)]
    if not others:
        yield Fault(
            "the archive holds only another zip; Lambda unzips once, so nothing inside it is found",
            view.subject,
            inner[0].path,
            f"Upload the inner archive instead:\nunzip -j {quote(artifact.name)} {quote(inner[0].path)}",
        )


def _is_note(path: str) -> bool:
    return path.lower().endswith((".md", ".txt", ".rst")) or path.rsplit("/", 1)[-1].upper() in ("LICENSE", "README")


@rule(
    "LC013",
    "case-collision",
    Severity.INFO,
    "artifact",
    what="Two names differ only in upper and lower case.",
    why="Lambda keeps both, but on macOS and Windows one overwrites the other when the archive is unpacked and zipped.",
    fix="Rename one of them, and build on Linux.",
    example="python/Foo.py and python/foo.py",
    sources=("Apple, APFS guide: volumes are case-insensitive by default",),
)
def CASE_COLLISION(view: ArtifactView) -> Iterator[Fault]:
    paths = {entry.path for entry in view.subject.artifact.entries}
    together = "\n".join(paths)
    # All at once where that is the same: one name a line, and letters that do not depend on those beside them.
    plain = together.isascii() and together.count("\n") < len(paths)
    folded = set(together.lower().split("\n") if plain else map(_lower, paths))
    if len(folded) == len(paths):
        return
    first: dict[str, str] = {}
    for path in sorted(paths):
        other = first.setdefault(_lower(path), path)
        if other != path:
            yield Fault(f"differs from {other} only in case", view.subject, path)


def _lower(path: str) -> str:
    """In lower case; pairs of letters that Unicode took in lately are none, as older Pythons do not know them."""
    if path.isascii() or is_printable(path):
        return path.lower()
    return "".join([character.lower() if is_printable(character) else character for character in path])


RULES = (
    NOT_A_ZIP,
    CORRUPT_ENTRY,
    UNSAFE_PATH,
    BACKSLASH_PATH,
    DUPLICATE_ENTRY,
    UNSUPPORTED_COMPRESSION,
    DECOMPRESSION_BOMB,
    EMPTY_ARTIFACT,
    NESTED_ARCHIVE,
    BROKEN_SYMLINK,
    ESCAPING_SYMLINK,
    FLATTENED_SYMLINK,
    CASE_COLLISION,
    FILE_DIRECTORY_CLASH,
)
