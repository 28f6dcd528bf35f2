"""The targets of the fuzzing, on their seeds and on some changes of them: also where atheris is not installed."""

from __future__ import annotations

import random

import pytest

from fuzz.seeds import seeds
from fuzz.targets import PATHS, TARGETS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_targets_come_back(target: str) -> None:
    source = random.Random(target)
    found = seeds(target)
    assert len(found) == len(set(found)) >= 4
    for seed in found:
        TARGETS[target](seed)
        for _ in range(3 if target == "check" else 30):
            TARGETS[target](changed(seed, source))


def changed(seed: bytes, source: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(source.randint(1, 6)):
        at = source.randrange(len(data) + 1)
        match source.randrange(4):
            case 0:
                data[at : at + 1] = source.randbytes(1)
            case 1:
                del data[at : at + source.randint(1, 8)]
            case 2:
                data[at:at] = source.choice((b"\0" * 4, b"\xff" * 8, b"PK\5\6", b"\x7fELF", b"\n", b"\xed\xa0\x80"))
            case _:
                data[at:at] = data[source.randrange(len(data) + 1) :][:40]
    return bytes(data)


def test_every_name_that_is_probed_has_a_seed() -> None:
    assert [seed[0] for seed in seeds("probes")] == list(range(len(PATHS)))
