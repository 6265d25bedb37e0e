"""What ``make test`` runs, in order: the cheap and telling first. Prints what took how long."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
STEPS = [
    ("style", [BIN / "ruff", "check", "."]),
    ("format", [BIN / "ruff", "format", "--check", "src", "tests", "bench", "tools"]),
    ("types", [BIN / "mypy"]),
    ("tests", [BIN / "pytest", "-n", "2", "--dist", "loadgroup", "--durations", "12"]),
]


def main() -> int:
    for name, command in STEPS:
        began = time.monotonic()
        code = subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode
        print(f"— {name}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - began:.0f} s", flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
