"""Texts and files that people name on the command line: read whole, and written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def text_of(file: Path) -> str:
    """Read a text that somebody wrote; ``-`` is standard input. Raises OSError, UnicodeDecodeError."""
    return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears when it is whole; when what is done inside raises, nothing is left behind."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
