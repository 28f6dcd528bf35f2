"""The runtime table: data/runtimes.json and the search lists of data/layout.json."""

from __future__ import annotations

from functools import cache

from .model import Runtime
from .store import read

_ALIASES = {"x86_64": "x86_64", "x86-64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}


class UnknownRuntime(ValueError):
    """No such runtime identifier. ``nearest`` has the closest known ones, ``retired`` is true if AWS once had it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nearest = nearest(name)
        self.retired = name in read("runtimes")["retired"]["identifiers"]
        hint = f"; did you mean {', '.join(self.nearest)}?" if self.nearest else ""
        reason = "is retired, and its libraries are not known" if self.retired else "is not a Lambda runtime"
        super().__init__(f"{name!r} {reason}{hint}")

    def __reduce__(self) -> tuple[type[UnknownRuntime], tuple[str]]:
        # The default would hand the whole message to __init__ as the name when it crosses a process boundary.
        return (UnknownRuntime, (self.name,))


def runtimes() -> tuple[Runtime, ...]:
    """Every runtime in the table, in the table's order (by language, oldest first)."""
    return tuple(runtime(name) for name in read("runtimes")["runtimes"])


def runtime(name: str) -> Runtime:
    """The runtime of that identifier. Raises UnknownRuntime."""
    if name not in read("runtimes")["runtimes"]:
        raise UnknownRuntime(name)
    return _runtime(name)


def nearest(name: str) -> tuple[str, ...]:
    """Up to three known identifiers that look like ``name``, best first."""
    import difflib

    return tuple(
        difflib.get_close_matches(name.strip().lower().replace(" ", ""), list(read("runtimes")["runtimes"]), n=3)
    )


def normalise_architecture(name: str) -> str:
    """``x86_64`` or ``arm64`` for any of their usual names (amd64, aarch64). Raises ValueError."""
    found = _ALIASES.get(name.strip().lower())
    if found is None:
        raise ValueError(f"{name!r} is not an architecture of Lambda: x86_64 or arm64")
    return found


def data_version() -> str:
    """The ISO date on which the facts were gathered."""
    version: str = read("runtimes")["data_version"]
    return version


@cache
def _runtime(name: str) -> Runtime:
    document = read("runtimes")
    record = document["runtimes"][name]
    layouts = read("layout")
    common, layout = layouts["common"], layouts["layouts"][record["layout"]]
    version = record.get("version", "")

    def filled(patterns: list[str], machine: str = "") -> tuple[str, ...]:
        return tuple(
            pattern.replace("{version}", version)
            .replace("{digits}", version.replace(".", ""))
            .replace("{machine}", machine)
            for pattern in patterns
        )

    origins = {**document["facts"], "dates": record["dates"], "search": layout, "library_path": common}
    for fact in ("node_module_version", "esm_uses_node_path", "class_version"):
        if fact in record:
            origins[fact] = record[fact]
    suffixes = layout.get("extension_suffixes", [])
    machines = layouts["machines"]
    dates = record["dates"]
    return Runtime(
        identifier=name,
        language=record["language"],
        os=record["os"],
        architectures=tuple(record["architectures"]),
        deprecation_date=dates["deprecation"],
        block_create_date=dates["block_create"],
        block_update_date=dates["block_update"],
        library_path=tuple(common["library_path"]),
        path=tuple(common["path"]),
        layer_directories=filled(layout["layer_directories"] + common["layer_directories"]),
        sys_path=filled(layout.get("sys_path", [])),
        node_path=filled(layout.get("node_path", [])),
        gem_path=filled(layout.get("gem_path", [])),
        rubylib=filled(layout.get("rubylib", [])),
        class_path=filled(layout.get("class_path", [])),
        bootstrap=filled(layout.get("bootstrap", [])),
        extension_suffixes={a: filled(suffixes, machines[a]) for a in record["architectures"]} if suffixes else {},
        node_module_version=record.get("node_module_version", {"value": None})["value"],
        esm_uses_node_path=record.get("esm_uses_node_path", {"value": False})["value"],
        supported_in_api=record["supported_in_api"],
        sources={fact: origin["source"] for fact, origin in origins.items()},
        confidence={fact: origin["confidence"] for fact, origin in origins.items()},
        class_version=record.get("class_version", {"value": None})["value"],
    )
