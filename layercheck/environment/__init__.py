"""What Lambda itself provides: the runtime table, library inventories, limits and bundled packages.

The facts live in data/*.json, each with a source and a confidence; data/sources.json explains the sources once.
`layercheck.environment.validate` checks the tables completely; loading trusts them.
"""

from .catalogue import (
    UnknownRuntime,
    data_version,
    nearest,
    normalise_architecture,
    runtime,
    runtimes,
)
from .facts import Bundled, BundledPackage, Limits, bundled_packages, limits
from .libraries import load
from .model import (
    Environment,
    EnvironmentFile,
    Link,
    Loader,
    Named,
    Other,
    Runtime,
    Versions,
)

__all__ = [
    "Bundled",
    "BundledPackage",
    "Environment",
    "EnvironmentFile",
    "Limits",
    "Link",
    "Loader",
    "Named",
    "Other",
    "Runtime",
    "UnknownRuntime",
    "Versions",
    "bundled_packages",
    "data_version",
    "limits",
    "load",
    "nearest",
    "normalise_architecture",
    "runtime",
    "runtimes",
]
