"""Small C files that are preloaded into a process, to stop it at a step or to move its clock."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def may_preload() -> bool:
    """Tell whether this machine can: Linux and a C compiler."""
    return sys.platform == "linux" and shutil.which("gcc") is not None


def preloaded(name: str, folder: Path) -> Path:
    """Compile ``<name>.c`` into ``folder``; its path goes into LD_PRELOAD."""
    made = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made
