"""Coverage-guided fuzzing of one target: ``python tests/fuzz/run.py TARGET SECONDS [FOLDER]`` (extra ``fuzz``).

FOLDER (``.cache/fuzz``) keeps what was found interesting, from run to run, and ``crash-…`` files: the input of each
becomes a test in tests/fuzz/test_fuzz_crashes.py.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SECONDS_EACH, MEGABYTES, MAX_LENGTH = 10, 1024, 1 << 16


def main(target: str, seconds: int, folder: Path) -> None:
    import atheris

    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    with atheris.instrument_imports(include=["layercheck"]):
        from fuzz.targets import TARGETS
    from fuzz.seeds import seeds

    corpus = folder / target
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(target):
        (corpus / sha256(seed).hexdigest()).write_bytes(seed)
    arguments = [
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS_EACH}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-max_len={MAX_LENGTH}",
        f"-artifact_prefix={folder}/{target}-",
        "-print_final_stats=1",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *arguments], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) > 3 else ".cache/fuzz"))
