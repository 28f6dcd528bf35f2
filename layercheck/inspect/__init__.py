"""Views beside check, made from the same facts: what each file loads, and from where."""

from .libs import Libraries, Need, NoSuchRoot, RootView, VersionNeed, libs

__all__ = ["Libraries", "Need", "NoSuchRoot", "RootView", "VersionNeed", "libs"]
