"""The corpus: recipes of good and bad artifacts (corpus/cases/<group>/<case>.toml), read strictly and built.

corpus/README.md is the reference of the format. Sizes are bytes. A recipe that this module does not fully understand is
a RecipeError, so that a misspelt expectation cannot pass unnoticed.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from layercheck.environment import Environment
from support.elf_writer import build_elf
from support.foreign_writer import build_macho, build_pe
from support.recipe_build import ArtifactRecipe, FileRecipe, full_size, member, pieces, write_artifact
from support.recipe_environment import environment_of
from support.zip_writer import MSDOS, UNIX, build_zip

# The same module under two names: the standard library has it from Python 3.11 on.
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
CASES = Path(__file__).resolve().parents[2] / "corpus" / "cases"
_CONTENT_KEYS = ("text", "base64", "elf", "macho", "pe", "link", "zip")
_GLIBC = {  # interpreter, and the oldest version node of that architecture's libc.so.6
    "x86_64": ("/lib64/ld-linux-x86-64.so.2", "GLIBC_2.2.5"),
    "aarch64": ("/lib/ld-linux-aarch64.so.1", "GLIBC_2.17"),
}


class RecipeError(Exception):
    """A recipe says something that the format does not know."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A finding that must be there; ``message`` and ``fix`` hold words that must occur, ``path`` None takes any."""

    rule: str
    severity: str
    path: str | None
    message: tuple[str, ...]
    fix: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One artifact with its verdict."""

    id: str
    group: str
    says: str
    incidents: tuple[str, ...]
    threads: tuple[str, ...]
    reported: Mapping[str, str]
    runtime: str
    architecture: str
    judged_because: str | None
    not_reproducible: str | None
    handler: str | None
    env: Mapping[str, str]
    upload: str
    environment: Environment | None
    artifact: ArtifactRecipe
    layers: tuple[ArtifactRecipe, ...]
    expect: tuple[Expectation, ...]
    allow: tuple[str, ...]
    forbid: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class Built:
    """What to hand to the checker: a path, and the layers as paths or ARNs, in order."""

    artifact: Path
    layers: tuple[Path | str, ...]


class Table:
    """A table of a recipe whose every key must be taken, with the type that it should have."""

    def __init__(self, where: str, data: Mapping[str, Any]) -> None:
        self.where = where
        self._left = dict(data)

    def take(self, key: str, kind: type, default: Any = ...) -> Any:
        if key not in self._left:
            if default is ...:
                raise RecipeError(f"{self.where}: {key} is missing")
            return default
        value = self._left.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RecipeError(f"{self.where}: {key} must be {kind.__name__}, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise RecipeError(f"{self.where}: {key} must be a list of texts")
        return tuple(values)

    def one_of(self, key: str, choices: tuple[str, ...], default: Any = ...) -> Any:
        value = self.take(key, str, default)
        if value != default and value not in choices:
            raise RecipeError(f"{self.where}: {key} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def rest(self) -> dict[str, Any]:
        """The keys that were not taken, for another judge."""
        left, self._left = self._left, {}
        return left

    def finish(self) -> None:
        if self._left:
            raise RecipeError(f"{self.where}: unknown {', '.join(sorted(self._left))}")


def load_cases(folder: Path = CASES) -> list[Case]:
    """Every case below ``folder``, sorted by group and id. Raises RecipeError."""
    return [load_case(path) for path in sorted(folder.glob("*/*.toml"))]


def load_case(path: Path) -> Case:
    """The case of one recipe; its file name is its id, its folder the group. Raises RecipeError."""
    where = f"{path.parent.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{where}: {error}") from error
    table = Table(where, data)
    if table.take("id", str) != path.stem:
        raise RecipeError(f"{where}: the id must be the file's name")
    reported = Table(f"{where} [reported]", table.take("reported", dict, {}))
    judge = Table(f"{where} [judge]", table.take("judge", dict))
    env = judge.take("env", dict, {})
    case = Case(
        id=path.stem,
        group=path.parent.name,
        says=table.take("says", str),
        incidents=table.texts("incidents"),
        threads=table.texts("threads"),
        reported={key: reported.take(key, str) for key in ("runtime", "architecture") if data.get("reported")},
        runtime=judge.take("runtime", str),
        architecture=judge.one_of("architecture", ("x86_64", "arm64")),
        judged_because=judge.take("judged_because", str, None),
        not_reproducible=table.take("not_reproducible", str, None),
        handler=judge.take("handler", str, None),
        env={key: str(value) for key, value in env.items()},
        upload=judge.one_of("upload", ("s3", "direct"), "s3"),
        environment=_environment(f"{where} [judge.environment]", judge.take("environment", dict, {}), data["judge"]),
        artifact=_artifact(f"{where} [artifact]", table.take("artifact", dict), "artifact"),
        layers=tuple(
            _artifact(f"{where} [[layers]] {number}", layer, f"layer{number}")
            for number, layer in enumerate(table.take("layers", list, []), 1)
        ),
        expect=tuple(_expectation(f"{where} [[expect]]", item) for item in table.take("expect", list, [])),
        allow=table.texts("allow"),
        forbid=table.texts("forbid"),
        exit_code=table.take("exit_code", int),
    )
    for part in (reported, judge, table):
        part.finish()
    return case


def _environment(where: str, data: Mapping[str, Any], judge: Mapping[str, Any]) -> Environment | None:
    if not data:
        return None
    table = Table(where, data)
    glibc, files = table.take("glibc", str), list(files_of(where, table.take("files", dict)))
    table.finish()
    if any(file.kind != "symlink" and not file.data.startswith(b"\x7fELF") for file in files):
        raise RecipeError(f"{where}: only ELF files and links")
    return environment_of(files, glibc, judge["architecture"])


def build(case: Case, folder: Path) -> Built:
    """Make the artifacts of ``case`` below ``folder``."""
    return Built(
        write_artifact(case.artifact, folder / "artifact"),
        tuple(
            layer.arn if layer.arn is not None else write_artifact(layer, folder / f"layer{number}")
            for number, layer in enumerate(case.layers, 1)
        ),
    )


def _expectation(where: str, data: Mapping[str, Any]) -> Expectation:
    table = Table(where, data)
    found = Expectation(
        table.take("rule", str),
        table.one_of("severity", ("error", "warning", "info")),
        table.take("path", str, None),
        table.texts("message"),
        table.texts("fix"),
    )
    table.finish()
    return found


def _artifact(where: str, data: Mapping[str, Any], name: str) -> ArtifactRecipe:
    table = Table(where, data)
    if arn := table.take("arn", str, None):
        table.finish()
        return ArtifactRecipe(arn=arn)
    form = table.one_of("form", ("zip", "directory", "text"), "zip")
    files = list(files_of(where, table.take("files", dict, {})))
    for wheel in table.take("wheels", list, []):
        files += _wheel(f"{where} wheel", wheel)
    recipe = ArtifactRecipe(
        kind=table.one_of("kind", ("auto", "layer", "function"), "auto"),
        form=form,
        name=table.take("name", str, name if form == "directory" else f"{name}.zip"),
        files=tuple(files),
        text=table.take("text", str, ""),
        host=MSDOS if table.one_of("host", ("unix", "msdos"), "unix") == "msdos" else UNIX,
        modes=table.take("modes", bool, True),
        backslashes=table.take("backslashes", bool, False),
        encode=table.one_of("encode", ("base64",), None),
    )
    table.finish()
    return recipe


def files_of(where: str, data: Mapping[str, Any]) -> Iterator[FileRecipe]:
    """The files of a table of a recipe. Raises RecipeError."""
    for path, value in data.items():
        yield _file(f"{where} {path}", path, {"text": value} if isinstance(value, str) else value)


def _file(where: str, path: str, data: Mapping[str, Any]) -> FileRecipe:
    table = Table(where, data)
    kinds = [key for key in _CONTENT_KEYS if key in data]
    if len(kinds) != 1 and (kinds or "size" not in data):
        raise RecipeError(f"{where}: one content of {', '.join(_CONTENT_KEYS)} (or a size alone), not {kinds}")
    content = _content(table, path, kinds[0]) if kinds else b""
    executable = kinds and kinds[0] in ("elf", "macho")
    recipe = FileRecipe(
        path=path,
        data=content,
        kind="symlink" if kinds == ["link"] else "file",
        mode=table.take("mode", int, 0o777 if kinds == ["link"] else 0o755 if executable else 0o644),
        size=table.take("size", int, None),
        fill=table.one_of("fill", ("sparse", "noise"), "sparse"),
        seed=table.take("seed", str, path),
        stored=table.take("stored", bool, False),
    )
    table.finish()
    return recipe


def _content(table: Table, path: str, kind: str) -> bytes:
    if kind in ("text", "link"):
        return str(table.take(kind, str)).encode("utf-8")
    if kind == "base64":
        return base64.b64decode(table.take(kind, str), validate=True)
    fields = table.take(kind, dict)
    if kind == "elf":
        return _elf(f"{table.where} elf", path, fields)
    if kind == "zip":
        return build_zip(member(file, ArtifactRecipe()) for file in files_of(f"{table.where} zip", fields))
    try:
        return build_macho(**fields) if kind == "macho" else build_pe(**fields)
    except TypeError as error:
        raise RecipeError(f"{table.where}: {error}") from error


def _elf(where: str, path: str, data: Mapping[str, Any]) -> bytes:
    """An ELF file: build_elf's fields over what ``like`` stands for, ``needs`` and ``versions`` added to them."""
    table = Table(where, data)
    like = table.one_of("like", ("extension", "library", "program", "static"), "extension")
    machine = table.take("machine", str, "x86_64")
    needs, versions = table.texts("needs"), table.take("versions", dict, {})
    fields: dict[str, Any] = {"machine": machine}
    if like != "static":
        interp, oldest = _GLIBC[machine]
        nodes = {file: list(names) for file, names in versions.items()}
        nodes["libc.so.6"] = list(dict.fromkeys([oldest, *nodes.get("libc.so.6", [])]))
        fields |= {"needed": [*needs, "libc.so.6"], "verneed": nodes}
        if like == "library":
            fields["soname"] = path.rsplit("/", 1)[-1]
        if like == "program":
            fields |= {"etype": "pie", "interp": interp}
            if "interp" not in data:  # another loader, another C library: without glibc's note
                fields["abi_note"] = (0, 3, 2, 0)
    elif needs or versions:
        raise RecipeError(f"{where}: a static program needs nothing")
    else:
        fields["etype"] = "exec"
    try:
        return build_elf(**(fields | table.rest()))
    except TypeError as error:
        raise RecipeError(f"{where}: {error}") from error


def _wheel(where: str, data: Mapping[str, Any]) -> list[FileRecipe]:
    """An installed wheel: its files below ``root`` and the dist-info that pip leaves beside them."""
    table = Table(where, data)
    name, version, tag = table.take("name", str), table.take("version", str), table.take("tag", str)
    root = table.take("root", str, "")
    pure = "false" if "linux" in tag or "macosx" in tag or "win" in tag else "true"
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    files = list(files_of(where, table.take("files", dict)))
    tags = "".join(f"Tag: {part}\n" for part in _expand_tag(tag))
    wheel = f"Wheel-Version: 1.0\nGenerator: bdist_wheel (0.43.0)\nRoot-Is-Purelib: {pure}\n{tags}"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    about += "".join(f"Requires-Dist: {requirement}\n" for requirement in table.texts("requires"))
    files += [
        FileRecipe(f"{info}/INSTALLER", b"pip\n"),
        FileRecipe(f"{info}/METADATA", about.encode()),
        FileRecipe(f"{info}/WHEEL", wheel.encode()),
    ]
    rows = [f"{file.path},{_record_hash(file)}" for file in files]
    rows += [f"{path},," for path in (*table.texts("lost"), f"{info}/RECORD")]
    table.finish()
    files.append(FileRecipe(f"{info}/RECORD", "".join(f"{row}\n" for row in rows).encode()))
    return [_below(root, file) for file in files]


def _expand_tag(tag: str) -> list[str]:
    python, abi, platforms = tag.split("-")
    return [f"{python}-{abi}-{platform}" for platform in platforms.split(".")]


def _record_hash(file: FileRecipe) -> str:
    digest = hashlib.sha256()
    for piece in pieces(file):
        digest.update(piece)
    return f"sha256={base64.urlsafe_b64encode(digest.digest()).decode().rstrip('=')},{full_size(file)}"


def _below(root: str, file: FileRecipe) -> FileRecipe:
    return replace(file, path=f"{root}/{file.path}") if root else file
