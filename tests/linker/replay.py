"""Recorded runs of real loaders (data/*.jsonl): builds each case's tree, runs our loader, puts it as the records do.

Placeholders in a record: @M@ the machine, @ALIEN@ another one, @32@ the 32-bit one beside it, @SYS0@ ... the default
directories, @LD@ the loader's path, @LDNAME@ its file name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from layercheck.elf import ElfImage, read_elf
from layercheck.elf.symbols import Symbols, read_symbols
from layercheck.environment.model import Environment, EnvironmentFile, Link, Loader, Named, Other, Versions
from layercheck.filesystem import Filesystem, Overlay
from layercheck.linker import GlibcLoader, Load, LoadedObject, MissingVersion, MuslLoader, split_library_path
from layercheck.linker.behaviour import behaviour_of
from layercheck.linker.musl import MuslProcess
from layercheck.linker.process import Process
from layercheck.linker.symbols import Supplier, names_in, scope_of, unbound
from support.elf_writer import build_elf

DATA = Path(__file__).parent / "data"
PROGRAM = "/the-program-that-opens"
Case = dict[str, Any]
Result = dict[str, Any]


class Recorded(NamedTuple):
    """One of the loaders that the records come from."""

    name: str
    kind: str
    version: str
    machine: str
    path: str
    directories: tuple[str, ...]
    lib: str
    versions: dict[str, str]

    @property
    def architecture(self) -> str:
        return "x86_64" if self.machine == "x86_64" else "arm64"


@cache
def recorded() -> tuple[Recorded, ...]:
    table = json.loads((DATA / "loaders.json").read_text())
    return tuple(
        Recorded(
            name, r["kind"], r["version"], r["architecture"], r["loader"], tuple(r["default_directories"]),
            r.get("lib", "lib"), r.get("versions", {}),
        )
        for name, r in table.items()
    )  # fmt: skip


@cache
def cases(file: str) -> tuple[Case, ...]:
    return tuple(json.loads(line) for line in (DATA / file).read_text().splitlines())


def applies(case: Case, loader: Recorded) -> bool:
    only = case.get("only", [])
    kinds, machines = {"glibc", "musl"} & set(only), {"x86_64", "aarch64"} & set(only)
    return (not kinds or loader.kind in kinds) and (not machines or loader.machine in machines)


def expected(case: Case, loader: Recorded) -> Result:
    results = case["results"]
    for selector in (loader.name, f"{loader.kind}-{loader.version}", loader.kind):
        if selector in results:
            return dict(resolved_for(results[selector], loader))
    raise LookupError(f"{case['name']} has no result for {loader.name}")


def resolved_for(value: Any, loader: Recorded) -> Any:
    """A piece of a record with the placeholders of one loader filled in."""
    text = json.dumps(value)
    for number, directory in enumerate(loader.directories):
        text = text.replace(f"@SYS{number}@", directory)
    alien = "aarch64" if loader.machine == "x86_64" else "x86_64"
    narrow = "i386" if loader.machine == "x86_64" else "arm"
    text = text.replace("@LDNAME@", loader.path.rpartition("/")[2]).replace("@LD@", loader.path)
    return json.loads(text.replace("@M@", loader.machine).replace("@ALIEN@", alien).replace("@32@", narrow))


@cache
def image(fields: str, machine: str, size: int | None) -> EnvironmentFile:
    """The file of some ELF fields, read as any other; text where it is no longer ELF."""
    read = read_elf(build_elf(**{"machine": machine, **json.loads(fields)})[:size])
    return read if isinstance(read, ElfImage) else Other("text")


@cache
def symbols(fields: str, machine: str, size: int | None) -> Symbols | None:
    return read_symbols(build_elf(**{"machine": machine, **json.loads(fields)})[:size])


def undefined(case: Case, loader: Recorded, load: Load, *, lazy: bool = False) -> list[str]:
    """The names of the symbols that the load lacks. The loaders' own C libraries have none of the names in the records
    (which keep only their version nodes); a file cut short has no symbols that could be read."""
    if load.status != "loads":
        return []
    own: dict[str, Symbols] = {}
    for path, file in resolved_for(case["files"], loader).items():
        if "elf" in file:
            known = symbols(json.dumps(file["elf"]), loader.machine, file.get("truncate"))
            own[path] = known if known is not None else Symbols({})
    names = names_in(load)
    scope = [
        Supplier(item.path, own.get(item.real, Symbols({})), names.get(item.path, frozenset()))
        for item in scope_of(
            load, LoadedObject(loader.path, loader.path, "environment", None), musl=loader.kind == "musl"
        )
    ]
    facts = Loader(loader.kind, loader.version, loader.path, loader.directories, loader.lib)
    behaviour = behaviour_of(facts, loader.architecture, "") if loader.kind == "glibc" else None
    found = unbound(scope, {item.path for item in load.objects}, behaviour, lazy=lazy)
    return [item.symbol.name for item in found]


def files_of(case: Case, loader: Recorded) -> dict[str, EnvironmentFile]:
    files: dict[str, EnvironmentFile] = {}
    for path, file in resolved_for(case["files"], loader).items():
        if path.startswith("@SYS"):
            continue
        if "elf" in file:
            files[path] = image(json.dumps(file["elf"]), loader.machine, file.get("truncate"))
        elif "link" in file:
            files[path] = Link(file["link"])
        else:
            files[path] = Other("directory" if "dir" in file else "text" if file["text"] else "empty")
    own = {loader.path: loader.path.rpartition("/")[2], f"{loader.directories[0]}/libc.so.6": "libc.so.6"}
    if loader.kind == "glibc" and case["mode"] == "dlopen":
        own[f"{loader.directories[0]}/libdl.so.2"] = "libdl.so.2"
    for path, soname in own.items():
        nodes = loader.versions.get(soname, "").split()
        known = Versions(frozenset([*nodes, soname]), frozenset(), True) if nodes else None
        files.setdefault(path, Named(soname, known))
    if case["mode"] == "dlopen":
        needed = ["libdl.so.2", "libc.so.6"] if loader.kind == "glibc" else ["libc.so"]
        fields = {"etype": "pie", "interp": loader.path, "needed": needed, **case.get("process", {})}
        files[PROGRAM] = image(json.dumps(fields), loader.machine, None)
    return files


def cache_of(case: Case, loader: Recorded, files: dict[str, EnvironmentFile]) -> dict[str, str]:
    """What ldconfig writes: each soname of the libraries in its directories, the first directory first."""
    found: dict[str, str] = {}
    directories = (*case["ldconfig"], *loader.directories) if "ldconfig" in case else ()
    for directory in directories:
        for path, file in files.items():
            if path.rpartition("/")[0] == directory and isinstance(file, (ElfImage, Named)) and file.soname:
                found.setdefault(file.soname, path)
    return found


def loader_of(case: Case, loader: Recorded) -> GlibcLoader | MuslLoader:
    files = files_of(case, loader)
    text = resolved_for(case.get("library_path"), loader)
    library_path = split_library_path(text) if loader.kind == "glibc" else tuple((text or "").split(":"))
    facts = Loader(
        loader.kind, loader.version, loader.path, loader.directories, loader.lib, cache_of(case, loader, files)
    )
    environment = Environment("replay", loader.architecture, None, facts, library_path, files, "replay")
    filesystem = Filesystem(Overlay([]), environment)
    cwd = case.get("cwd", "/")
    if loader.kind == "musl":
        return MuslLoader(filesystem, cwd=cwd)
    return GlibcLoader(filesystem, cwd=cwd, cpu_level="x86-64-v4" if loader.machine == "x86_64" else None)


def replay(case: Case, loader: Recorded) -> Result:
    """What our loader does with a case, in the words of the record; empty lists are there."""
    ours = loader_of(case, loader)
    mode = case["mode"]
    if mode == "dlopen":
        return replay_dlopen(case, loader, ours)
    by_kernel = mode == "kernel-start"
    target = resolved_for(case["target"], loader)
    load = ours.load_program(target, by_kernel=by_kernel, proc=not by_kernel)
    # glibc's trace alone binds nothing, and a start only what is needed at once; musl binds everything, always.
    starts, musl = mode in ("start", "kernel-start"), loader.kind == "musl"
    lacking = undefined(case, loader, load, lazy=starts and not musl) if musl or mode != "trace" else []
    result: Result = {"loads": load.status == "loads" and not lacking, "undefined": lacking}
    if loader.kind == "musl":
        if mode == "trace":
            result["resolved"] = musl_listing(load, loader)
        return result
    stopped = load.error is not None
    if mode == "trace":
        result["stopped"] = stopped
        result["resolved"] = [] if stopped else listing(load)
    # A start ends at the first library that is missing.
    told = not stopped and (mode == "trace" or not load.missing)
    result["missing_versions"] = versions(load.missing_versions if told else ())
    result["missing_weak_versions"] = versions(load.weak if told else ())
    result["no_version_information"] = [list(pair) for pair in load.unversioned] if told else []
    return result


def versions(facts: Iterable[MissingVersion]) -> list[list[str]]:
    return [[fact.path, fact.version, fact.required_by] for fact in facts]


def listing(load: Load) -> list[list[str | None]]:
    """[name, path or null] in glibc's order: as looked up, but a filter's library comes before what it filters."""
    lines: list[list[str | None]] = []
    place = {item.path: number for number, item in enumerate(load.objects)}
    seen = {load.path}
    for lookup in load.lookups:
        if lookup.path is None:
            lines.append([lookup.name, None])
        elif lookup.path in place and lookup.path not in seen:
            seen.add(lookup.path)
            later = [n for n, (_, path) in enumerate(lines) if path is not None and place[path] > place[lookup.path]]
            lines.insert(later[0] if later else len(lines), [lookup.name, lookup.path])
    return lines


def musl_listing(load: Load, loader: Recorded) -> list[list[str | None]]:
    """What was found, musl itself told once for each of its names, and then what was not found."""
    found: list[list[str | None]] = []
    seen = {load.path}
    for lookup in load.lookups:
        own = lookup.path == loader.path
        key = lookup.name.partition(".")[0] if own else lookup.path
        if key is not None and key not in seen and (own or lookup.via != "loaded"):
            found.append([lookup.name, lookup.path])
            seen.add(key)
    absent = [lookup for lookup in load.missing if all(": absent" in line for line in lookup.tried)]
    return [*found, *([lookup.name, None] for lookup in absent)]


def replay_dlopen(case: Case, loader: Recorded, ours: GlibcLoader | MuslLoader) -> Result:
    process = ours.start(PROGRAM, by_kernel=True)
    assert isinstance(process, (Process, MuslProcess))
    opened, mapped = [], []
    for name in resolved_for(case["open"], loader):
        trial = process.copy()
        load = trial.dlopen(name)
        good = load.status == "loads" and not undefined(case, loader, load, lazy=case.get("lazy", False))
        opened.append([name, good])
        if good:
            process = trial
            mapped += [item.path for item in load.objects]
    return {"loads": all(good for _, good in opened), "opened": opened, "mapped": mapped}
