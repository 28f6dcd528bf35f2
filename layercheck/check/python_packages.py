"""What a run learns of Python's packages beyond the one pass. Loaded only where there is Python code."""

from __future__ import annotations

from ..named_tuple import TYPE_CHECKING
from ..rules import StackView, Subject, TargetView
from .lost import lost_files
from .metadata import metadata_asked
from .needs import NeedReader, listed_in
from .python_code import PythonCode

if TYPE_CHECKING:
    from ..rules.python_findings import Altered
    from .hashes import Compared


class PythonPackages:
    """Reads the code of packages again where a fault makes it worth while, for one deployment on all its targets."""

    def __init__(self, compared: dict[str, Compared]) -> None:
        self._compared = compared
        self._code = PythonCode()
        self._needs = NeedReader(self._code)

    def of_stack(self, stack: StackView, *, verify_hashes: bool) -> StackView:
        """The stack with what its packages have lost, whatever the target."""
        subjects = stack.subjects
        altered: tuple[Altered, ...] = ()
        if verify_hashes:
            from .hashes import HashCheck

            altered = HashCheck(self._compared).altered(subjects)
        return stack._replace(
            lost=lost_files(subjects, stack.overlay, self._code),
            altered=altered,
            asked=metadata_asked(subjects, self._code),
            listed=tuple(listed_in(subjects)),
        )

    def of_target(self, view: TargetView) -> TargetView:
        """The view with what is required on its target, and not there."""
        return view._replace(needs=self._needs.needs(view), unlisted=self._needs.unlisted(view))

    def unread(self, subject: Subject) -> tuple[str, ...]:
        """The files of an artifact that are too large to be compared with their RECORD."""
        known = self._compared.get(subject.id)
        return known.unread if known is not None else ()
