"""The runtime table as plain rows, for the command that shows it."""

from __future__ import annotations

from typing import Any

from .catalogue import runtimes
from .store import read


def runtime_rows(date: str) -> list[dict[str, Any]]:
    """One row a runtime as of an ISO date, ready for JSON: facts, state, and each fact's source and confidence.

    Raises ValueError if ``date`` is not YYYY-MM-DD.
    """
    own = read("runtime-libraries")
    rows: list[dict[str, Any]] = []
    for runtime in runtimes():
        system = read(f"libraries-{runtime.os}")
        origins = {
            fact: {"source": runtime.sources[fact], "confidence": runtime.confidence[fact]} for fact in runtime.sources
        }
        listed = own["runtimes"][runtime.identifier]["date"]
        for fact, record, date_seen in (
            ("system_libraries", system, system["date"]),
            ("runtime_libraries", own, listed),
        ):
            origins[fact] = {"source": record["source"], "confidence": record["confidence"], "date": date_seen}
        rows.append(
            {
                "identifier": runtime.identifier,
                "language": runtime.language,
                "os": runtime.os,
                "glibc": system["glibc"],
                "architectures": list(runtime.architectures),
                "state": runtime.state(date),
                "deprecation_date": runtime.deprecation_date,
                "block_create_date": runtime.block_create_date,
                "block_update_date": runtime.block_update_date,
                "origins": origins,
            }
        )
    return rows


def source_texts() -> dict[str, dict[str, str]]:
    """What each source id means: ``what`` it is and where it is found (``at``)."""
    sources: dict[str, dict[str, str]] = read("sources")["sources"]
    return {name: dict(record) for name, record in sources.items()}
