"""Names of members: which are unsafe, and what path they amount to."""

from __future__ import annotations


def name_defect(raw: bytes) -> tuple[str, str] | None:
    """(kind of defect, detail) for a name that cannot be extracted as it stands, else None."""
    if raw.isalnum():
        return None
    if b"\\" in raw:
        return "backslash", "its name holds backslashes, which are ordinary characters on Linux"
    if not raw or raw[:1] == b"/":
        return "unsafe-path", "its path is absolute" if raw else "its name is empty"
    if b"\0" in raw:
        return "unsafe-path", "its name holds a NUL byte"
    if raw[1:2] == b":" and raw[:1].isalpha():
        return "unsafe-path", "its name begins with a drive letter"
    if b"//" in raw:
        return "unsafe-path", "its path has an empty component"
    if b".." in raw and b".." in raw.split(b"/"):
        return "unsafe-path", "its path leaves the archive through '..'"
    return None


def plain_path(name: str) -> str:
    """The path without trailing slash and without "." components."""
    path = name.rstrip("/") if name.endswith("/") else name
    if path.startswith("./") or "/./" in path or path.endswith("/."):
        path = "/".join([part for part in path.split("/") if part != "."])
    return path or name
