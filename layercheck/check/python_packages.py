"""What a run learns of Python's packages beyond the one pass. Loaded only where there is Python code."""

from __future__ import annotations

from ..rules import StackView, Subject, TargetView
from .hashes import Compared, HashCheck
from .lost import lost_files
from .metadata import metadata_asked
from .needs import NeedReader, listed_in
from .python_code import PythonCode


class PythonPackages:
    """Reads the code of packages again where a fault makes it worth while, for one deployment on all its targets."""

    def __init__(self, compared: dict[str, Compared]) -> None:
        self._code = PythonCode()
        self._needs = NeedReader(self._code)
        self._hashes = HashCheck(compared)

    def of_stack(self, stack: StackView, *, verify_hashes: bool) -> StackView:
        """The stack with what its packages have lost, whatever the target."""
        subjects = stack.subjects
        return stack._replace(
            lost=lost_files(subjects, stack.overlay, self._code),
            altered=self._hashes.altered(subjects) if verify_hashes else (),
            asked=metadata_asked(subjects, self._code),
            listed=tuple(listed_in(subjects)),
        )

    def of_target(self, view: TargetView) -> TargetView:
        """The view with what is required on its target, and not there."""
        return view._replace(needs=self._needs.needs(view), unlisted=self._needs.unlisted(view))

    def unread(self, subject: Subject) -> tuple[str, ...]:
        """The files of an artifact that are too large to be compared with their RECORD."""
        return self._hashes.unread(subject)
