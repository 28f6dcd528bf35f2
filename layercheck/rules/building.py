"""Commands that build a program for the target, or fetch a library from its operating system."""

from __future__ import annotations

import re

from ..elf import ElfImage
from ..elf.image import MACHINES
from .alternatives import family
from .base import Subject, TargetView, quote

_SAFE = r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$"
_DOCKER = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
_GO = {"x86_64": "amd64", "arm64": "arm64"}
_CARGO_LAMBDA = {"x86_64": "--x86-64", "arm64": "--arm64"}
_PYTHON_HOME = r"^python/(lib/python[\d.]+/site-packages/)?"
_RUST = {"x86_64": "x86_64", "arm64": "aarch64"}


def system_of(view: TargetView) -> str:
    """The target's operating system, in words."""
    return {"al2": "Amazon Linux 2", "al2023": "Amazon Linux 2023"}.get(view.runtime.os, "the runtime's system")


def _container(view: TargetView) -> str:
    image = "amazonlinux:2" if view.runtime.os == "al2" else "amazonlinux:2023"
    return f'--platform {_DOCKER[view.environment.architecture]} -v "$PWD:/out" {image}'


def copy_library(view: TargetView, library: str) -> str:
    """How to bring ``library`` along from Amazon Linux: by the name under which its package provides it."""
    system = system_of(view)
    if re.match(_SAFE, library) is None or view.runtime.os not in ("al2", "al2023"):
        return f"Copy {library} into lib/, built for {view.environment.architecture} on {system} or older."
    tool = "yum" if view.runtime.os == "al2" else "dnf"
    return (
        f"Copy it from {system} into lib/ (a layer's is /opt/lib):\n"
        f"docker run --rm {_container(view)} sh -c \"{tool} install -y findutils '{library}()(64bit)' && mkdir -p "
        f'/out/lib && find /usr/lib64 -name {library} -exec cp -L -t /out/lib {{}} +"'
    )


def go(view: TargetView, name: str = "bootstrap") -> str:
    """``go build`` for the target."""
    return f"GOOS=linux GOARCH={_GO[view.environment.architecture]} CGO_ENABLED=0 go build -o {quote(name)} ."


def rust(view: TargetView) -> str:
    """``cargo lambda build`` for the target, against its glibc."""
    architecture, release = view.environment.architecture, view.environment.loader.version
    if view.runtime.os == "al2":
        return f"cargo lambda build --release --target {_RUST[architecture]}-unknown-linux-gnu.{release}"
    return f"cargo lambda build --release {_CARGO_LAMBDA[architecture]}"


def compilers(view: TargetView, path: str, image: ElfImage | None) -> list[str]:
    """What to type, by what can be told of the language of a program; nothing for libraries."""
    name = path[path.rfind("/") + 1 :]
    if ".so" in name:
        return []
    if image is not None and image.go:
        return [go(view, name)]
    if name != "bootstrap" and ("/" in path or not view.runtime.identifier.startswith("provided")):
        return []
    return [f"Go: {go(view, name)}", f"Rust: {rust(view)}"]


def build_for(view: TargetView, path: str, image: ElfImage | None = None) -> str:
    """How to get a file for the target that belongs to no package."""
    where = f"Linux on {view.environment.architecture}"
    lines = compilers(view, path, image)
    if not lines:
        return f"Take its build for {where}, or compile it there:\ndocker run --rm -it -w /out {_container(view)}"
    if image is None:
        lines.append("GraalVM: native-image in a Linux container (Quarkus: -Dquarkus.native.container-build=true)")
    elif not image.go:
        docker = _container(view).rpartition(" ")[0]
        lines.append(
            f"Swift: docker run --rm -w /out {docker} swift:amazonlinux2 swift build -c release --static-swift-stdlib"
        )
    return "\n".join([f"Build it for {where}.", *lines])


def without_musl(view: TargetView, path: str) -> str:
    """How to build a program that was linked against musl."""
    lines = ["Link it statically, or build it on a system with glibc."]
    if path.rsplit("/", 1)[-1] == "bootstrap":
        target = f"{_RUST[view.environment.architecture]}-unknown-linux-musl"
        static = f"RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --target {target}"
        lines += [f"Rust, static: {static}", f"Rust, glibc: {rust(view)}", f"Go: {go(view)}"]
    return "\n".join(lines)


def copies_for_linux(view: TargetView, subject: Subject) -> dict[str, tuple[str, str]]:
    """What layers have of the target's files that a function may hide: by family, the layer's name and the path."""
    machine = MACHINES[view.environment.architecture]
    found: dict[str, tuple[str, str]] = {}
    for layer in view.stack.subjects if subject.kind == "function" else ():
        for path, fact in layer.artifact.facts.items() if layer.kind == "layer" else ():
            if isinstance(fact.elf, ElfImage) and fact.elf.machine == machine:
                name = layer.artifact.name.replace("\\", "/").rsplit("/", 1)[-1]
                found.setdefault(family(_as_imported(path)), (name, path))
    return found


def hidden_copy(copies: dict[str, tuple[str, str]], path: str) -> str:
    """A word about the layer's copy for Linux that the function's own copy hides."""
    found = copies.get(family(_as_imported(path)))
    if found is None:
        return ""
    own = path[: path.find("node_modules/") + 13] if "node_modules/" in path else ""
    rest = path[len(own) :].split("/")
    own += "/".join(rest[: 2 if rest[0].startswith("@") else 1])
    return (
        f"{found[0]} has it for Linux ({found[1]}), and this copy hides that one. Leave it out of the function:\n"
        f"rm -r {quote(own)}\nOr: "
    )


def _as_imported(path: str) -> str:
    """The path below node_modules or a directory of Python packages."""
    cut = path.rfind("node_modules/")
    return path[cut:] if cut >= 0 else re.sub(_PYTHON_HOME, "", path)
