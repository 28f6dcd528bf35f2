"""What to type to mend it: exact pip and npm commands for the target, and advice on well-known libraries (data)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..elf import ElfImage
from ..json_table import read_table
from ..linker.roots import is_extension_name
from ..named_tuple import TYPE_CHECKING
from .alternatives import module_of
from .base import Subject, TargetView, quote
from .building import compilers, copy_library, rust, system_of

if TYPE_CHECKING:
    from typing import Any

_MANY = 20
"""Packages named in one command; for more, the list that they were installed from is shorter."""
_TAG = r"\.(?:cpython-|cp)3(\d+)[^/]*\.(?:so|pyd)$"
"""What names an extension module for one version of Python, as importlib.machinery.EXTENSION_SUFFIXES has it."""
_FEW = 6
"""Extensions of one package that may be lost before its code is no longer asked."""
_PIP_MACHINE = {"x86_64": "x86_64", "arm64": "aarch64"}
_NPM_CPU = {"x86_64": "x64", "arm64": "arm64"}


def reinstall(view: TargetView, subject: Subject, path: str, release: str | None = None) -> str | None:
    """The command that installs the package of ``path`` for the target; None where its package is not known."""
    return reinstall_all(view, subject, [path], release).get(path)


def reinstall_all(
    view: TargetView, subject: Subject, paths: Iterable[str], release: str | None = None
) -> dict[str, str]:
    """For each path the command for all packages at fault: one command mends them together.

    ``release``: ``==`` the present one; ``<=`` or ``>=`` the newest down or up from it that has a fitting build, where
    the present one may have none; None: as the Python tells that the names of the paths are for.
    """
    paths = list(paths)
    release = release or release_for(view, paths)
    owners = {path: subject.packages.owner(path) for path in paths}
    commands: dict[tuple[str, str], str] = {}
    found: dict[str, str] = {}
    for path, package in owners.items():
        if package is None or package.ecosystem not in ("python", "npm"):
            continue
        python = package.ecosystem == "python"
        key = (package.ecosystem, _target_directory(view, subject, path) if python else "")
        if key not in commands:
            same = {
                other
                for place, other in owners.items()
                if other is not None
                and other.ecosystem == package.ecosystem
                and (package.ecosystem == "npm" or _target_directory(view, subject, place) == key[1])
            }
            if python:
                pins = [quote(f"{_installable(item.name)}{release}{item.version}") for item in sorted(same)]
                if len(pins) > _MANY:
                    pins = ["-r", "requirements.txt"]
                commands[key] = pip_install(view, subject, path, *pins)
            else:
                addons = [place for place, item in owners.items() if item in same]
                names = [quote(item.name) for item in sorted(same)][:_MANY]
                commands[key] = npm_install(view, *names, scripts=any(map(_is_fetched, addons)))
        found[path] = commands[key]
    return found


def release_for(view: TargetView, paths: Iterable[str]) -> str:
    """``==`` unless modules are for another Python alone, by their names: a release has wheels for the Pythons of its
    time, and the target's may not be among them."""
    tagged = [int(found[1]) for found in [re.search(_TAG, path) for path in paths] if found is not None]
    own = re.match(r"python3\.(\d+)$", view.runtime.identifier)
    if not tagged or own is None or int(own[1]) == max(tagged):
        return "=="
    return ">=" if max(tagged) < int(own[1]) else "<="


def _installable(name: str) -> str:
    """The package to install in the place of one that has no wheels for Linux, but a twin with the same versions."""
    twin = _table()["packages"].get(name, {})
    return str(twin["use"]) if twin.get("same") else name


def _is_fetched(path: str) -> bool:
    """Whether an addon is made or fetched by an install script, which --os and --cpu do not reach."""
    return path.endswith(".node") and any(part in path for part in ("/build/Release/", "/binding/", "/bin/"))


def pip_install(view: TargetView, subject: Subject, path: str, *wanted_packages: str) -> str:
    """``pip install`` for the target's Python, architecture and glibc, into the place where the package lies now."""
    python = view.runtime.identifier.removeprefix("python") if view.runtime.language == "python" else None
    machine = _PIP_MACHINE[view.environment.architecture]
    # pip takes what it is told and no older tag, but for manylinux2014, which includes those before it. Wheels of
    # today bear one of these (lxml: 2_26, jaxlib: 2_27).
    old = ["manylinux_2_26", "manylinux2014"]
    tags = old if view.environment.loader.version == "2.26" else [f"manylinux_2_{n}" for n in (34, 28, 27)] + old[1:]
    platforms = " ".join(f"--platform {tag}_{machine}" for tag in tags)
    wanted = f"--python-version {python} " if python else ""
    return (
        f"pip install {platforms} {wanted}--implementation cp --only-binary=:all: --upgrade "
        f"--target {quote(_target_directory(view, subject, path))} {' '.join(wanted_packages)}"
    )


def _target_directory(view: TargetView, subject: Subject, path: str) -> str:
    """Where the package lies now, or python/ when that is searched by another Python only."""
    if subject.kind != "layer":
        return "."
    cut = path.find("/site-packages/")
    if cut < 0:
        return "python"
    versioned = re.match(r"python/lib/(python\d[\d.]*)$", path[:cut])
    searched = view.runtime.language != "python" or versioned is None or versioned[1] == view.runtime.identifier
    return path[: cut + 14] if searched else "python"


def npm_install(view: TargetView, *names: str, scripts: bool = False) -> str:
    """``npm install`` for Linux, glibc and the target's processor.

    ``scripts``: told to prebuild-install and node-pre-gyp as well, which fetch addons after the installation.
    """
    cpu = _NPM_CPU[view.environment.architecture]
    told = ""
    if scripts:
        told = f"npm_config_platform=linux npm_config_arch={cpu} npm_config_target_platform=linux "
        told += f"npm_config_target_arch={cpu} npm_config_target_libc=glibc "
    return f"{told}npm install --os=linux --cpu={cpu} --libc=glibc --force {' '.join(names)}"


def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_table(__file__, "advice")
    return found


def for_library(view: TargetView, subject: Subject, path: str, library: str) -> str:
    """What to do about a missing ``library`` that the file at ``path`` needs."""
    package = subject.packages.owner(path)
    table = _table()
    known = table["libraries"].get(library) or table["libraries"].get(library.partition(".so")[0] + ".so")
    if package is not None and _is_bundled_name(library):
        return (
            f"{package.name} brings {library} itself; it was lost on the way. Install it whole:\n"
            + (reinstall(view, subject, path) or "")
        ).rstrip()
    other = table["packages"].get(package.name) if package is not None else None
    replacement = known["replace"].get(package.name) if known is not None and package is not None else None
    lines = ["Use a build of the package that brings it, or:" if known is None else str(known["text"])]
    if replacement is not None and package is not None and package.ecosystem == "npm":
        lines.append(npm_install(view, quote(replacement)))
    elif replacement is not None:
        lines.append(pip_install(view, subject, path, quote(replacement)))
    elif other is not None:
        lines = [str(other["text"]), pip_install(view, subject, path, quote(other["use"]))]
    else:
        then = known.get("then", "") if known is not None else "copy"
        command = reinstall(view, subject, path, ">=") if then.startswith("wheel") else None
        if then == "rust":
            command = rust(view) if path == "bootstrap" else None
        elif command is None and then in ("copy", "wheel"):
            command = copy_library(view, library)
        lines += [] if command is None else [command]
    return "\n".join(lines)


def for_opened(view: TargetView, stems: Iterable[str], names: Sequence[str]) -> str:
    """What to do about libraries that are opened by name: ``stems``: their names without lib and .so."""
    opened = _table()["opened"]
    lines = list(dict.fromkeys([str(opened[stem]["text"]) for stem in stems if stem in opened]))
    shown = ", ".join(name[name.rfind("/") + 1 :] for name in names)
    copy = (
        f"Copy {shown} (built for {view.environment.architecture} on {system_of(view)} or older), with all that "
        "it needs, into the layer's lib/ directory, which is /opt/lib."
    )
    return "\n".join([*lines, copy])


def is_for_elsewhere(subject: Subject, path: str) -> bool:
    """Whether a file belongs to a package that is made for another system only, and that others do without (data)."""
    package = subject.packages.owner(path)
    return package is not None and package.name in _table()["elsewhere"]


def does_without(subject: Subject, path: str, *, missing: bool) -> str:
    """How a package does without an extension of its own, in words; empty where it does not.

    ``missing``: it is not found under its name, and a module of that name in Python is; else loading it fails, and then
    nothing else is tried. What the package's code does not tell is in the data (``guarded``).
    """
    return _known_to_do_without(subject, path, missing=missing) or _says_so(subject, path, missing=missing)


def done_without(subject: Subject, paths: Iterable[str], *, missing: bool) -> dict[str, str]:
    """``does_without`` for the extensions at fault. The code of a package that loses many is not read: it cannot
    do without all, and a large package has hundreds."""
    found = {path: _known_to_do_without(subject, path, missing=missing) for path in paths}
    counts = Counter([subject.packages.owner(path) for path, words in found.items() if not words])
    for path, words in found.items():
        if not words and counts[subject.packages.owner(path)] <= _FEW:
            found[path] = _says_so(subject, path, missing=missing)
    return found


def machine_done_without(view: TargetView, subject: Subject, paths: Iterable[str]) -> dict[str, str]:
    """``done_without`` for files for another machine: what says so in its name is not found, all else fails."""
    paths = list(paths)
    suffixes = view.runtime.extension_suffixes.get(view.environment.architecture, ())
    own = tuple([suffix for suffix in suffixes if suffix != ".so"])
    tagged = [path for path in paths if path.endswith(".node") or (".cpython-" in path and not path.endswith(own))]
    plain = [path for path in paths if path not in tagged and is_extension_name(path[path.rfind("/") + 1 :])]
    return {**done_without(subject, tagged, missing=True), **done_without(subject, plain, missing=False)}


def for_any_system(subject: Subject, path: str) -> str:
    """What makes a compiled file an extra, in words: its wheel is for any system (none-any), and has such files for
    several; empty where that is not so. debugpy's wheel has them for Windows, macOS and Linux on one processor each."""
    package = subject.packages.owner(path)
    if package is None or package.ecosystem != "python":
        return ""
    tags = [tag for found in subject.distributions.all if found.name == package.name for tag in found.tags]
    if not tags or not all(tag.endswith("-none-any") for tag in tags):
        return ""
    systems = {
        "ELF" if fact.foreign is None else fact.foreign.format
        for other, fact in subject.artifact.facts.items()
        if (fact.elf is not None or fact.foreign is not None) and subject.packages.owner(other) == package
    }
    return f"; its package is for any system, and has {' and '.join(sorted(systems))} files" if len(systems) > 1 else ""


def _known_to_do_without(subject: Subject, path: str, *, missing: bool) -> str:
    extra = for_any_system(subject, path)
    if extra:
        return extra
    package = subject.packages.owner(path)
    if package is not None and package.ecosystem == "npm":
        known = package.name.startswith(tuple(_table()["guarded"]["npm"]))
        return "; its package does without it, more slowly" if known else ""
    module = module_of(path)
    # What mypyc compiles shares one library; it is opened only by modules that have a .py twin each.
    if missing and (module.endswith("__mypyc") or subject.artifact.has(module + ".py")):
        return "; its package does without it, more slowly"
    if any(module == name or module.endswith("/" + name) for name in _table()["guarded"]["modules"]):
        return "; its package does without it"
    return ""


def _says_so(subject: Subject, path: str, *, missing: bool) -> str:
    """What the package's code says: it imports the extension under a guard, or in functions only."""
    from .guards import guarded

    found = guarded(subject, path, missing=missing) if path.endswith(".so") else None
    if found is None:
        return ""
    if found.called:
        return f"; its package imports it in functions only ({found.path}, line {found.line}), and they fail"
    return f"; its package imports it under a guard ({found.path}, line {found.line}) and does without it"


def _is_bundled_name(library: str) -> bool:
    """Whether the name carries the hash that auditwheel puts in: libgomp-f7e03b3e.so.1.0.0."""
    stem = library.split(".so", 1)[0]
    tag = stem.rpartition("-")[2]
    return len(tag) == 8 and all(c in "0123456789abcdef" for c in tag)


def for_symbols(wanted: Iterable[tuple[str, str | None]]) -> str | None:
    """What usually supplies such symbols (names with versions): the advice that fits the most of them; None where none
    of them is known."""
    texts = Counter(
        str(known["text"])
        for name, version in wanted
        for known in _table()["symbols"]
        if re.search(known.get("name", ""), name) and re.search(known.get("version", ""), version or "")
    )
    return texts.most_common(1)[0][0] if texts else None


def for_version(
    view: TargetView, subject: Subject, path: str, library: str, newer_runtime: str | None, image: ElfImage | None
) -> str:
    """What to do about a version node that the runtime's ``library`` lacks; ``image`` is the file that needs it."""
    package = subject.packages.owner(path)
    name = path[path.rfind("/") + 1 :]
    system, release = system_of(view), view.environment.loader.version
    command = reinstall(view, subject, path, "<=")
    if command is not None and package is not None and package.ecosystem == "python":
        lines = [f"Install a build of {package.name} for an older glibc:", command]
    elif package is not None and package.ecosystem == "npm":
        lines = [
            f"Compile it on {system} (glibc {release}), as `sam build --use-container` does, or take an older release:",
            f"npm rebuild --build-from-source {quote(package.name)}",
        ]
    elif image is not None and image.interp is None and ".so" in name and not library.startswith("libstdc++"):
        lines = ["It comes from a newer system.", copy_library(view, name)]
    else:
        lines = [
            f"Build it on {system} (glibc {release}), link it statically, or take a build for an older glibc.",
            *compilers(view, path, image),
        ]
        if library.startswith("libstdc++"):
            lines[1:] = ["With GCC: g++ -static-libstdc++ -static-libgcc (a libstdc++.so.6 in lib/ comes too late)."]
    if newer_runtime is not None:
        lines.append(f"Or use {newer_runtime}, whose libraries are newer.")
    return "\n".join(lines)
