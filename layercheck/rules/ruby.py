"""LC551: whether gems lie where the target's Ruby looks for them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..finding import Severity
from .base import Fault, TargetView, quote, rule

_GEMS = r"^ruby/gems/\d+\.\d+\.\d+$"


@rule(
    "LC551",
    "gem-path-mismatch",
    Severity.ERROR,
    "target",
    what="Gems in the directory of another Ruby ABI than the target's.",
    why="GEM_PATH holds /opt/ruby/gems/3.4.0 on ruby3.4 and no other version's directory: cannot load such file.",
    fix="Install the gems with the target's Ruby; those with extensions must be built for it anyway.",
    example="ruby/gems/3.3.0 in a layer for ruby3.4",
    sources=("AWS Lambda developer guide, packaging your layer content", "Ruby runtimes: GEM_PATH (data, env-ruby)"),
)
def GEM_PATH_MISMATCH(view: TargetView) -> Iterator[Fault]:
    if view.runtime.language != "ruby":
        return
    own = next((place for place in view.runtime.layer_directories if place.startswith("ruby/gems/")), "")
    for subject in view.stack.subjects:
        if subject.kind != "layer" or subject.shape.below(own):
            continue
        for directory in sorted(subject.shape.directories):
            if re.match(_GEMS, directory):
                yield Fault(
                    f"gems for Ruby {directory[10:-2]}; {view.runtime.identifier} searches {own}, not this",
                    subject,
                    directory,
                    f"Install them with the target's Ruby:\ngem install --install-dir {quote(own)} NAME",
                )


RULES = (GEM_PATH_MISMATCH,)
