"""LC110 to LC121: permissions, debris and secrets."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import DIRECTORY, FILE, Entry, Facts
from ..elf import ElfImage
from ..elf.image import MACHINES
from ..finding import Confidence, Severity
from .base import ArtifactView, Fault, StackView, Subject, quote, rule, zip_again

_DOCS = "AWS Lambda developer guide, troubleshooting deployment: files 644, or 755 if executable; directories 755"
_WORTH_TELLING = 100_000
"""Bytes of debris below which nobody wants to hear of it."""
_MANY = 20
"""Files of one mode that are told one by one; beyond, they are told together."""
_STARTED = ("bootstrap", "extensions/", "bin/")
_TESTS = frozenset(("test", "tests", "testing", "fixtures", "testdata", "test_data", "examples", "example"))


@rule(
    "LC110",
    "unreadable-file",
    Severity.ERROR,
    "artifact",
    what="A file that others may not read.",
    why="Lambda runs your code as another user than the one who unpacked it: 'Permission denied', or just "
    "'No module named …'.",
    fix="chmod -R a+rX . before zipping.",
    example="lambda_function.py has mode 0600",
    sources=(_DOCS, "https://github.com/ubergeek42/lambda-letsencrypt/issues/28"),
)
def UNREADABLE_FILE(view: ArtifactView) -> Iterator[Fault]:
    files: dict[int, list[str]] = {}
    for entry in view.subject.artifact.entries:
        mode = entry.mode
        if mode is None or mode & 0o004:
            continue
        if entry.kind == FILE:
            files.setdefault(mode & 0o7777, []).append(entry.path)
        elif entry.kind == DIRECTORY:
            yield Fault(
                f"mode {mode & 0o7777:04o}: others may not enter it; Lambda mends directories itself",
                view.subject,
                entry.path,
                "chmod -R a+rX .",
                Severity.INFO,
            )
    for permissions, paths in sorted(files.items()):
        # A umask takes the bit from everything at once: one cause, told once.
        shown = paths if len(paths) <= _MANY else paths[:1]
        others = "" if len(paths) <= _MANY else f" (as have {len(paths) - 1} other files)"
        for path in shown:
            yield Fault(
                f"mode {permissions:04o}{others}: Lambda's user may not read it (Permission denied, or No module "
                "named …)",
                view.subject,
                path,
                "chmod -R a+rX . && " + zip_again(view.subject),
                details={"mode": f"{permissions:04o}", "files": len(paths), "examples": paths[:20]},
            )


def _must_run(path: str, kind: str, wrapper: str | None, at: str) -> str | None:
    """Why Lambda or the function starts this file, or None."""
    if path == "bootstrap":
        return "Lambda starts it"
    if kind == "layer" and path.startswith("extensions/") and path.count("/") == 1:
        return "Lambda starts every file in extensions/"
    if wrapper == f"{at}/{path}":
        return "AWS_LAMBDA_EXEC_WRAPPER names it"
    if kind == "layer" and path.startswith("bin/"):
        return "/opt/bin is on PATH"
    return None


@rule(
    "LC111",
    "missing-execute-bit",
    Severity.ERROR,
    "stack",
    what="A file that is started as a program and is not executable.",
    why="'fork/exec /var/task/bootstrap: permission denied'. Zips made on Windows, or by a library that writes no "
    "modes, lose the bit.",
    fix="chmod +x it and zip on Linux or macOS, or set the mode in the zip.",
    example="bootstrap has mode 0644",
    sources=(_DOCS, "https://github.com/aws-samples/aws-lambda-extensions/issues/38"),
)
def MISSING_EXECUTE_BIT(view: StackView) -> Iterator[Fault]:
    wrapper = view.env.get("AWS_LAMBDA_EXEC_WRAPPER")
    for subject in view.subjects:
        facts = subject.artifact.facts
        for entry in subject.artifact.entries:
            mode, path = entry.mode, entry.path
            if (mode is not None and mode & 0o001) or entry.kind != FILE:
                continue
            # Of thousands of modules hardly one may have to start.
            if path not in facts and not path.startswith(_STARTED) and wrapper is None:
                continue
            reason = _must_run(entry.path, subject.kind, wrapper, subject.at)
            fact = facts.get(entry.path)
            image = fact.elf if fact is not None and isinstance(fact.elf, ElfImage) else None
            if reason is None and not (_is_program(entry, image) if image is not None else _is_script(entry, fact)):
                continue
            startable = fact is not None and (fact.elf is not None or fact.first_line is not None)
            if not startable and entry.path.startswith(("bin/", "extensions/")):
                continue
            if image is not None and not image.is_program and entry.path != "bootstrap":
                continue
            stored = "no mode is stored" if entry.mode is None else f"mode {entry.mode & 0o7777:04o}"
            yield Fault(
                f"{stored}: it cannot be started (permission denied)"
                + (f"; {reason}" if reason else ", though it is a program"),
                subject,
                entry.path,
                f"chmod +x {quote(entry.path)} && {zip_again(subject)}",
                None if reason else Severity.WARNING,
            )


def _is_script(entry: Entry, fact: Facts | None) -> bool:
    """A #! script that is no module: what begins with #! among .py and .js files is hardly ever started."""
    if (
        "node_modules/" in entry.path
        or "site-packages/" in entry.path
        or (entry.path.startswith("python/") and not entry.path.startswith("python/bin/"))
    ):
        return False
    name = entry.path.rsplit("/", 1)[-1]
    suffix = name.rpartition(".")[2] if "." in name else "sh"
    return fact is not None and fact.first_line is not None and entry.mode is not None and suffix in ("sh", "bash")


def _is_program(entry: Entry, image: ElfImage) -> bool:
    name = entry.path.rsplit("/", 1)[-1]
    return (
        image.is_program
        and image.machine in MACHINES.values()
        and ".so" not in name
        and not name.endswith((".o", ".ko"))
    )


@rule(
    "LC112",
    "no-unix-modes",
    Severity.INFO,
    "artifact",
    what="The archive stores no Unix permissions, as zips made on Windows do.",
    why="Nothing is executable then. For plain Python or JavaScript code that does no harm.",
    fix="Zip on Linux, or in WSL, when anything in it must be started.",
    example="made by FAT/Windows (host 0)",
    sources=("https://github.com/aws/serverless-application-model/issues/1487", "APPNOTE.TXT 6.3.10, section 4.4.2"),
)
def NO_UNIX_MODES(view: ArtifactView) -> Iterator[Fault]:
    files = [entry for entry in view.subject.artifact.entries if entry.kind == FILE]
    bare = [entry for entry in files if entry.mode is None]
    plain_jar = view.subject.artifact.form == "jar" and not view.subject.shape.programs
    if bare and view.subject.artifact.form != "directory" and not plain_jar:
        hosts = sorted({entry.host for entry in bare})
        yield Fault(
            f"{len(bare)} of {len(files)} files carry no Unix mode (made on host system {', '.join(map(str, hosts))}): "
            "none of them is executable",
            view.subject,
            details={"hosts": hosts, "files": len(bare)},
        )


def debris_kind(path: str) -> str | None:
    """What kind of debris a file is, by its path; substring tests, since there may be 200,000 of them."""
    if "__pycache__/" in path:
        return "bytecode caches"
    if "/tests/" in path or "/test/" in path:
        return "tests"
    if path.endswith((".h", ".hpp", ".hh", ".pxd")):
        return "C headers"
    if path.endswith(".a"):
        return "static libraries"
    if "._" in path or ".DS_Store" in path or "__MACOSX/" in path:
        name = path[path.rfind("/") + 1 :]
        return "macOS metadata" if name.startswith(("._", ".DS_Store")) or "__MACOSX/" in path else None
    if ".git/" in path or ".hg/" in path or ".svn/" in path:
        return "version control" if not {".git", ".hg", ".svn"}.isdisjoint(path.split("/")) else None
    return None


def debris(subject: Subject) -> dict[str, tuple[int, int]]:
    """What is of no use at run time, by kind: (files, bytes)."""
    found: dict[str, tuple[int, int]] = {}
    for entry in subject.artifact.entries:
        what = debris_kind(entry.path) if entry.kind != DIRECTORY else None
        if what is not None:
            files, count = found.get(what, (0, 0))
            found[what] = (files + 1, count + entry.bytes)
    return found


@rule(
    "LC120",
    "build-debris",
    Severity.INFO,
    "artifact",
    what="Files that are of no use at run time: __MACOSX, .DS_Store, caches, .git, tests, headers, static libraries.",
    why="They count against the limit and slow the download; caches can even be stale.",
    fix="Leave them out when zipping.",
    example="python/numpy/tests: 10.2 MB",
    sources=("AWS Lambda developer guide, Python: do not include __pycache__",),
)
def BUILD_DEBRIS(view: ArtifactView) -> Iterator[Fault]:
    found = debris(view.subject)
    total = sum(count for _, count in found.values())
    if total >= _WORTH_TELLING or "macOS metadata" in found or "version control" in found:
        parts = ", ".join(
            f"{what} {files} files {count / 1e6:.1f} MB"
            for what, (files, count) in sorted(found.items(), key=lambda item: (-item[1][1], item[0]))
        )
        yield Fault(
            f"{total:,} bytes are of no use at run time: {parts}",
            view.subject,
            fix="Leave out what you know is not needed (some packages import from their tests):\n"
            + zip_again(view.subject)
            + " -x '*/__pycache__/*' -x '__MACOSX/*' -x '*.DS_Store' -x '*/tests/*'",
            details={what: {"files": files, "bytes": count} for what, (files, count) in sorted(found.items())},
        )


_SECRET_NAMES = tuple(
    f"/{name}"
    for name in (
        *(".env", ".env.local", ".env.production", ".env.prod", ".env.development", ".env.dev", ".env.staging"),
        *(".aws/credentials", ".netrc", ".pypirc", ".npmrc", ".git-credentials", ".dockercfg", ".docker/config.json"),
        *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
    )
)
_SECRET_BASES = frozenset([name[name.rfind("/") + 1 :] for name in _SECRET_NAMES])


@rule(
    "LC121",
    "secret-file",
    Severity.WARNING,
    "artifact",
    what="A private key, a credentials file or a .env file.",
    why="Everyone who may use a layer may download it, and what is in it.",
    fix="Leave it out, and read secrets from Secrets Manager or the environment. Change a secret that was published.",
    example="python/app/.env",
    sources=("AWS Lambda developer guide, GetLayerVersion returns a link to download the layer",),
)
def SECRET_FILE(view: ArtifactView) -> Iterator[Fault]:
    fix = "Leave it out (zip -x NAME), and change what it holds if it was ever published."
    keys = {path for path, fact in view.subject.artifact.facts.items() if fact.magic == "private key"}
    if not keys and view.subject.shape.names.isdisjoint(_SECRET_BASES):
        return
    for entry in view.subject.artifact.entries:
        if entry.kind != FILE or not entry.size:
            continue
        named = f"/{entry.path}".endswith(_SECRET_NAMES)
        if not (named or entry.path in keys) or _is_test(entry.path):
            continue
        if entry.path in keys:
            yield Fault(
                "holds a private key, which everyone who may use it can download", view.subject, entry.path, fix
            )
        else:
            yield Fault(
                "by its name a file of credentials, which everyone who may use it can download",
                view.subject,
                entry.path,
                fix,
                confidence=Confidence.LIKELY,
            )


def _is_test(path: str) -> bool:
    return not _TESTS.isdisjoint(path.lower().split("/")[:-1])


RULES = (UNREADABLE_FILE, MISSING_EXECUTE_BIT, NO_UNIX_MODES, BUILD_DEBRIS, SECRET_FILE)
