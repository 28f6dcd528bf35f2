"""Check one layer against three targets, show what comes, and end with 0 when all came out as they must.

Run it as ``python benchmarks/demo.py LAYER.zip``, with a layer of Python 3.12 extension modules for x86_64.
"""

from __future__ import annotations

import subprocess
import sys

EXPECTED = (("python3.12", "x86_64", 0), ("python3.12", "arm64", 1), ("python3.11", "x86_64", 1))


def main() -> int:
    layer = sys.argv[1]
    surprises = 0
    for runtime, architecture, expected in EXPECTED:
        command = ["-m", "layercheck", layer, "-r", runtime, "-a", architecture]
        print("$ python", *command, flush=True)
        code = subprocess.run([sys.executable, *command]).returncode
        print(f"exit code {code}", "(as it should be)" if code == expected else f"(expected {expected})", "\n")
        surprises += code != expected
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
