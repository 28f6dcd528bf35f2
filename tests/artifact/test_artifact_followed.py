"""What an artifact would take if its links were stored as copies, against adding up file by file."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from layercheck.artifact import open_artifact
from support.zip_writer import Member, build_zip

NAMES = st.sampled_from(["a", "a.b", "a0", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(PATHS, st.integers(0, 50), max_size=8), st.dictionaries(NAMES, PATHS, max_size=2))
def test_followed_bytes_adds_what_links_lead_to(files: dict[str, int], links: dict[str, str]) -> None:
    def held(path: str) -> int:
        return sum(size for name, size in files.items() if name == path or name.startswith(path + "/"))

    links = {f"links/{name}": f"../{target}" for name, target in links.items()}
    members = [Member(name, bytes(size)) for name, size in files.items()]
    members += [Member(name, target.encode(), kind="symlink") for name, target in links.items()]
    with open_artifact(build_zip(members)) as artifact:
        leads = [os.path.normpath(f"links/{target}") for target in links.values()]
        assert artifact.followed_bytes() == sum(files.values()) + sum(map(held, leads))
