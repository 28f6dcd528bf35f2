"""How much is kept of one artifact: far more than any real one needs, and never so much that memory runs out.

Compression makes a few megabytes of input out of gigabytes of links, lists and names, so that the size of an archive
bounds nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from ..elf import ElfImage
from ..finding import Defect

MAX_TARGETS = 4 << 20
"""Bytes of the targets of all symlinks. A whole root file system has a hundred thousand."""
MAX_LISTINGS = 16 << 20
"""Bytes of files that list others (RECORD, .deps.json, .ini) and are read. A hundred distributions bring 5 MB."""
MAX_IMAGES = 64 << 20
"""Bytes that the facts of all ELF files may take, roughly. 500 modules take one million."""
_PER_NAME, _PER_SEGMENT = 100, 300


class Room:
    """What is left of it. ``unread`` counts by kind what found no room any more."""

    def __init__(self) -> None:
        self._targets, self._listings, self._images = MAX_TARGETS, MAX_LISTINGS, MAX_IMAGES
        self.unread: dict[str, int] = {}

    def for_target(self, size: int) -> bool:
        """Whether the target of one more symlink, of ``size`` bytes, may be kept."""
        self._targets -= size
        return self._targets >= 0 or self._left_out("symlinks")

    def for_listing(self, size: int) -> bool:
        """Whether one more file of ``size`` bytes may be read that lists others."""
        self._listings -= size
        return self._listings >= 0 or self._left_out("files that list others")

    def for_image(self, read: Callable[[], ElfImage | Defect]) -> ElfImage | Defect:
        """What ``read`` gives, as long as there is room; then a Defect of kind ``unread``."""
        if self._images >= 0:
            image = read()
            self._images -= _weight(image) if isinstance(image, ElfImage) else 0
            return image
        self._left_out("ELF files")
        return Defect("unread", None, "the ELF files of this artifact hold more names than are read")

    def _left_out(self, what: str) -> bool:
        self.unread[what] = self.unread.get(what, 0) + 1
        return False


def _weight(image: ElfImage) -> int:
    """About the bytes that an image takes."""
    # Nodes have short names; where there are few, long ones would be told by their bytes.
    names = [*image.needed, image.rpath, image.runpath, image.soname, image.interp, image.filter, image.auxiliary]
    for name, nodes in image.verneed:
        names.append(name)
        names += [node for node, _ in nodes]
    names += [node for node, _ in image.verdef or ()]
    return 4 * sum(map(len, filter(None, names))) + _PER_NAME * len(names) + _PER_SEGMENT * len(image.loads)
