"""Several builds of one thing in one package: for other systems, architectures, C libraries or interpreter ABIs.

Where one of them fits the target, the others are weight and no fault.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_SYSTEM = r"linuxmusl|linux|darwin|macosx|macos|osx|win32|windows|win|freebsd|openbsd|netbsd|sunos|aix|android|alpine"
_MACHINE = (
    r"x86_64|x86-64|amd64|x64|ia32|i686|i386|x86|aarch_64|aarch64|arm64|armv7l|armv7|armv6|armel|armhf|arm|"
    r"ppc64le|ppc64|ppcle|ppc|s390x|riscv64|loongarch64|mips(?:64)?(?:el)?|sparc(?:v9)?"
)
_LIBC = r"gnueabihf|musleabihf|glibc|musl|gnu|msvc"
_ABI = r"cpython-\d+t?|cp\d+|pypy\d+|abi3|node-v\d+|abi\d+|node\.abi\d+"
_TOKEN = rf"(?i)(?<![A-Za-z])({_SYSTEM}|{_MACHINE}|{_LIBC}|{_ABI})(?![a-z])|armv\d\w*"
_SUFFIX = r"\.(pyd|dylib|dll)$"
_PREBUILDS = r"/prebuilds/[^/]*(darwin|linux|win32|android|freebsd|openbsd|ios|alpine)[^/]*/.*"
"""Below prebuilds/ a package chooses by directory, whatever the files in it are called."""
_FILLER = r"[-_.+]*\*[-_.+*\d]*"


def family(path: str) -> str:
    """The path with every word for a system, machine, C library or ABI left out: equal for builds of one thing."""
    plain = re.sub(_PREBUILDS, "/prebuilds/*", path)
    plain = re.sub(_SUFFIX, ".so", plain)
    return re.sub(_FILLER, "*", re.sub(_TOKEN, "*", plain))


def module_of(path: str) -> str:
    """The directory and the module's name of an extension: pkg/_x.cpython-312-x86_64-linux-gnu.so is pkg/_x."""
    directory, slash, name = path.rpartition("/")
    return f"{directory}{slash}{name.split('.', 1)[0]}"


def has_sibling(path: str, fitting: Collection[str]) -> bool:
    """Prebuilt addons are chosen at run time by directory: prebuilds/darwin-x64/node.napi.node beside linux-x64.

    ``fitting``: the families of what fits the target.
    """
    parent = family(path[: path.rfind("/")])
    return "*" in parent and any(name.startswith(parent) for name in fitting)
