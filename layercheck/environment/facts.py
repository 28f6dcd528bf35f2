"""The service's limits, and the packages that a runtime brings along."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ..named_tuple import NamedTuple
from .catalogue import runtime
from .store import read


class Limits(NamedTuple):
    """Quotas of the service. Sizes are in bytes where the name says so, in units of 1024 * 1024 bytes for /tmp.

    ``unzipped_total_bytes`` is for the function and all its layers; ``container_image_bytes`` for an image with all its
    layers, uncompressed; ``code_storage_bytes`` for all functions and layers of an account in one region;
    ``direct_upload_bytes`` for one zip that does not go through S3 (approximate). ``cpu_level`` is the instruction set
    that is documented for each architecture. The source of each is in data/limits.json.
    """

    unzipped_total_bytes: int
    container_image_bytes: int
    code_storage_bytes: int
    direct_upload_bytes: int
    layers_per_function: int
    compatible_runtimes: int
    compatible_architectures: int
    extensions: int
    environment_variables_bytes: int
    file_descriptors: int
    processes: int
    tmp_megabytes_minimum: int
    tmp_megabytes_maximum: int
    cpu_level: Mapping[str, str]


class BundledPackage(NamedTuple):
    """One distribution, module, gem or jar of a runtime; version or directory None where they are not known."""

    name: str
    version: str | None
    directory: str | None


class Bundled(NamedTuple):
    """What a runtime ships beside its language's standard library.

    Python names are normalised (lower case, single hyphens). ``nested`` are Node.js modules that are on disk where a
    function's own ``require`` does not find them. ``complete`` false: there is more than is listed (``note``).
    """

    packages: tuple[BundledPackage, ...]
    nested: frozenset[str]
    complete: bool
    note: str
    source: str
    confidence: str


@cache
def limits() -> Limits:
    """The service's limits."""
    return Limits(**{name: record["value"] for name, record in read("limits")["limits"].items()})


@cache
def bundled_packages(name: str) -> Bundled:
    """What the runtime of that identifier ships. Raises UnknownRuntime."""
    document = read("bundled-packages")
    record = document["runtimes"][runtime(name).identifier]
    packages = [
        BundledPackage(package, version, directory or None)
        for directory, versions in record.get("versions", {}).items()
        for package, version in versions.items()
    ]
    packages += [
        BundledPackage(package, None, directory or None)
        for directory, key in record.get("names", {}).items()
        for package in document["lists"][key]
    ]
    return Bundled(
        packages=tuple(packages),
        nested=frozenset(document["lists"][record["nested"]]) if "nested" in record else frozenset(),
        complete=record["complete"],
        note=record.get("note", ""),
        source=record["source"],
        confidence=record["confidence"],
    )
