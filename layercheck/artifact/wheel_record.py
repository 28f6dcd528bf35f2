"""Whether a wheel is what its RECORD says: names, sizes and digests of its files, checked with wheel-inspect.

Its RECORD is what an installer goes by. pip checks neither digests nor sizes, and installs what has no row.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from ..finding import Defect
from .artifact import Artifact
from .entry import DIRECTORY, Entry
from .metadata import record_rows

_NEEDED = ("METADATA", "WHEEL", "RECORD")
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")


def wheel_defects(artifact: Artifact) -> tuple[Defect, ...]:
    """What is wrong with a wheel as a wheel; nothing for other artifacts. Reads every file once more, for its digest.

    Kinds: ``no-wheel`` (an installer refuses it), ``altered`` (a file is not what RECORD says), ``unrecorded`` (a file
    has no row) and ``odd-record`` (a row that says nothing of its file). Files that are gone are not told here.
    """
    if artifact.form != "wheel" or not artifact.entries:
        return ()
    tops = {entry.path.partition("/")[0] for entry in artifact.entries if "/" in entry.path}
    infos = sorted(top for top in tops if top.endswith(".dist-info"))
    if len(infos) != 1:
        words = f"it has {len(infos)} .dist-info directories ({', '.join(infos)})" if infos else "it has no .dist-info"
        return (Defect("no-wheel", None, words),)
    (info,) = infos
    missing = [f"{info}/{name}" for name in _NEEDED if not artifact.has(f"{info}/{name}")]
    if missing:
        return tuple([Defect("no-wheel", path, "every wheel has this file, and it is not there") for path in missing])
    return tuple(_compared(artifact, info))


def _compared(artifact: Artifact, info: str) -> Iterator[Defect]:
    from wheel_inspect.errors import RecordDigestMismatchError, RecordSizeMismatchError, WheelValidationError
    from wheel_inspect.inspecting import verify_record
    from wheel_inspect.record import Record, RecordEntry

    fact = artifact.facts.get(f"{info}/RECORD")
    rows = {row.path: row for row in record_rows((fact.metadata if fact is not None else None) or b"")}
    damaged = {defect.entry for defect in artifact.defects}
    files = {entry.path: entry for entry in artifact.entries if entry.kind != DIRECTORY}
    unlisted = {f"{info}/{name}" for name in _UNLISTED}
    for path, entry in files.items():
        row = rows.get(path)
        if path in unlisted or path in damaged or entry.size < 0:
            continue
        if row is None:
            yield Defect("unrecorded", path, "RECORD does not list it")
            continue
        try:
            known = RecordEntry.from_csv_fields([path, row.hash, "" if row.size is None else str(row.size)])
            # One row at a time: it stops at the first that is wrong.
            verify_record(_Files(artifact, {path: entry}), Record(OrderedDict([(path, known)])))
        except RecordSizeMismatchError:
            yield Defect("altered", path, f"{entry.size} bytes, and {row.size} by RECORD")
        except RecordDigestMismatchError as error:
            yield Defect("altered", path, f"another {error.algorithm} than in RECORD")
        except (WheelValidationError, ValueError, TypeError, AttributeError):
            yield Defect("odd-record", path, "its row in RECORD has no sound digest and size")


class _Files:
    """Files of an artifact as wheel-inspect asks for them."""

    def __init__(self, artifact: Artifact, files: Mapping[str, Entry]) -> None:
        self._artifact = artifact
        self._files = files

    def list_files(self) -> list[str]:
        return list(self._files)

    def has_directory(self, path: str) -> bool:
        return any(name.startswith(path) for name in self._files)

    def get_file_size(self, path: str) -> int:
        return self._files[path].size

    def get_file_hash(self, path: str, algorithm: str) -> str:
        from hashlib import new

        digest = new(algorithm)
        for piece in self._artifact.pieces(self._files[path]):
            digest.update(piece)
        return digest.hexdigest()
