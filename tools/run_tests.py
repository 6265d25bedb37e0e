"""What ``make test`` runs, in order: the cheap and telling first. Prints what took how long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
STEPS = [
    ("style", [BIN / "ruff", "check", "."]),
    ("format", [BIN / "ruff", "format", "--check", "src", "tests", "bench", "tools"]),
    ("types", [BIN / "mypy"]),
    ("tests", [BIN / "pytest", "-n", "3", "--dist", "loadgroup", "--durations", "12"]),
]


_MOST_AGAIN = 5  # more failures than this are no accident of a busy machine


def main() -> int:
    for name, command in STEPS:
        began = time.monotonic()
        code = once_more([str(part) for part in command]) if name == "tests" else run([str(part) for part in command])
        print(f"— {name}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - began:.0f} s", flush=True)
        if code:
            return code
    return 0


def run(command: list[str], **environment: str) -> int:
    return subprocess.run(command, cwd=ROOT, check=False, env=os.environ | environment).returncode


def once_more(command: list[str]) -> int:
    """Run the tests; a handful that failed beside all the others is run again alone, and named either way."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "failed"
        code = run(command, BAIGONG_FAILED_LIST=str(listed))
        failed = listed.read_text().splitlines() if code == 1 and listed.exists() else []
        if not 0 < len(failed) <= _MOST_AGAIN:
            return code
        print("— failed beside the others, now alone:", *failed, sep="\n    ", flush=True)
        return run([command[0], *failed])


if __name__ == "__main__":
    sys.exit(main())
