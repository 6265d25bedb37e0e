"""Small files that are there whole, the old or the new one, also after a power cut."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_TOGETHER = 32  # more files than this are brought to disk by one sync of all, instead of one each


def replace_file(path: Path, content: bytes | str, *, mode: int = 0o600, durable: bool = True) -> None:
    """Put ``content`` at ``path``; on disk when it returns, unless not ``durable``: then only never half of it.

    Raises OSError; the old file is there then.
    """
    fresh = _beside(path)
    try:
        _write(fresh, content, mode, durable=durable)
        os.replace(fresh, path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def replace_files(contents: Mapping[Path, str], *, mode: int = 0o600) -> None:
    """Put many files of one folder there: each is whole at any time, all are on disk when it returns.

    Raises OSError: none has been changed when that was for want of space.
    """
    at_once = len(contents) > _TOGETHER and hasattr(os, "sync")
    try:
        for path, content in contents.items():
            _write(_beside(path), content, mode, durable=not at_once)
        if at_once:
            os.sync()
        for path in contents:
            os.replace(_beside(path), path)
    except OSError:
        for path in contents:
            with suppress(OSError):
                _beside(path).unlink(missing_ok=True)
        raise
    for folder in {path.parent for path in contents}:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    if os.name != "posix":  # Windows has no handle for a folder, and needs none
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def _write(path: Path, content: bytes | str, mode: int, *, durable: bool) -> None:
    raw = content.encode() if isinstance(content, str) else content
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        if durable:
            file.flush()
            os.fsync(file.fileno())
