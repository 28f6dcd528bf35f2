"""Layer or function: what an artifact is, told by what lies at its top."""

from __future__ import annotations

import re

from ..artifact.packages import PackageIndex
from ..rules import Shape

_LAYER_ROOTS = ("python", "nodejs", "ruby", "extensions")
_GENERIC_ROOTS = frozenset(("bin", "lib", "share", "etc", "include", "fonts", "data"))
_SAYS_LAYER = r"(?i)(?<![a-z])layers?(?![a-z])"
_HANDLERS = (".py", ".js", ".mjs", ".cjs", ".rb", ".class", ".dll")
_LANGUAGE_ROOTS = {"python": "python", "nodejs": "nodejs", "java": "java", "ruby": "ruby"}
_SUFFIX_LANGUAGE = {
    ".py": "python",
    ".js": "nodejs",
    ".mjs": "nodejs",
    ".cjs": "nodejs",
    ".rb": "ruby",
    ".class": "java",
    ".jar": "java",
    ".dll": "dotnet",
}


def tell_kind(
    shape: Shape, form: str, name: str, handler: str | None, packages: PackageIndex, wrapper: str | None = None
) -> tuple[str, str]:
    """(layer or function, the reason in words). ``wrapper`` is the function's AWS_LAMBDA_EXEC_WRAPPER."""
    if form == "wheel":
        return "layer", "a wheel is judged as installed in a layer's python/"
    if form == "jar":
        return "function", "a jar is a function's package"
    if handler is not None:
        return "function", "a handler was given"
    tops = shape.tops
    loose = [file for file in shape.root_files if file.endswith(_HANDLERS) or file == "bootstrap"]
    roots = [root for root in _LAYER_ROOTS if root in tops and root not in shape.root_files]
    if shape.below("java/lib"):
        roots.append("java/lib")
    if roots and not [file for file in loose if file != "bootstrap"]:
        return "layer", f"it has {roots[0]}/"
    if re.search(_SAYS_LAYER, name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]):
        return "layer", "its file name says layer"
    if wrapper is not None and wrapper.removeprefix("/opt/") in shape.root_files:
        return "layer", "AWS_LAMBDA_EXEC_WRAPPER names a file at its root"
    if _only_installed(shape, loose, packages):
        return "layer", "it holds installed packages and no code of a function"
    if loose:
        return "function", f"it has {loose[0]} at its root"
    if any(program.endswith("/bootstrap") for program in shape.programs):
        return "function", "it has a bootstrap, in a folder"
    if shape.python_packages or shape.npm_packages or shape.distributions or "node_modules" in tops:
        return "function", "it has packages at its root"
    inner = {directory.split("/")[1] for directory in shape.directories if "/" in directory}
    if len(tops) == 1 and inner & set(_LAYER_ROOTS):
        return "layer", f"it has {min(inner & set(_LAYER_ROOTS))}/ below {next(iter(tops))}/"
    if tops and _GENERIC_ROOTS.issuperset(tops):
        return "layer", f"it has only {', '.join(sorted(tops))}"
    if not shape.root_files and any("/" in program for program in shape.programs):
        return "layer", f"its programs lie in folders ({', '.join(sorted(tops)[:3])})"
    if any(languages - {"native"} for languages in shape.languages.values()):
        return "function", "it holds code outside a layer's directories"
    if shape.programs:
        return "function", "it holds a program outside a layer's directories"
    return "layer", "it holds no code of a function"


def _only_installed(shape: Shape, loose: list[str], packages: PackageIndex) -> bool:
    """Whether all code comes from installed packages, so that nothing could be a handler."""
    if "node_modules" in shape.tops:
        return not loose and set(shape.tops) <= {"node_modules", "package.json", "package-lock.json", "yarn.lock"}
    if not shape.distributions:
        return False
    own = [f"{package}/__init__.py" for package in shape.python_packages] + loose
    return all(packages.owner(path) is not None for path in own)


def tell_languages(shape: Shape, kind: str) -> frozenset[str]:
    """The languages whose runtimes the artifact is meant for; empty when it tells nothing."""
    if kind == "layer":
        found = {language for root, language in _LANGUAGE_ROOTS.items() if root in shape.tops}
        if found:
            return frozenset(found)
        inner = {directory.split("/")[1] for directory in shape.directories if "/" in directory}
        found = {language for root, language in _LANGUAGE_ROOTS.items() if root in inner and len(shape.tops) == 1}
        if found:
            return frozenset(found)
        if "node_modules" in shape.tops or shape.npm_packages:
            return frozenset(("nodejs",))
        if shape.python_packages or shape.distributions:
            return frozenset(("python",))
        return frozenset(("provided",)) if "bootstrap" in shape.root_files else frozenset()
    if "bootstrap" in shape.root_files:
        return frozenset(("provided",))
    if any(file.endswith((".deps.json", ".runtimeconfig.json")) for file in shape.root_files):
        return frozenset(("dotnet",))
    found = {
        language for file in shape.root_files for suffix, language in _SUFFIX_LANGUAGE.items() if file.endswith(suffix)
    }
    if "META-INF" in shape.tops:
        found.add("java")
    if not found and ("node_modules" in shape.tops or "package.json" in shape.root_files):
        found.add("nodejs")
    if not found and (shape.python_packages or shape.distributions):
        found.add("python")
    if not found:
        found = {name for names in shape.languages.values() for name in names if name != "native"}
    if not found and shape.programs:
        found.add("provided")
    return frozenset(found)
