"""The data folder: one lock, one format version, one key for whoever may read the folder."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from baigong.vocab.errors import FixConfiguration

FORMAT = 1  # raised when a newer program must change what an older one wrote


class DataFolder:
    """Opens ``path`` for one running platform; use with ``with``. storage.locked when another runs on it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise FixConfiguration("storage.locked", f"{self.path} is in use", place=str(self.path)) from error
        try:
            check_format(self.path)
        except FixConfiguration:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)

    @property
    def is_new(self) -> bool:
        return not (self.path / "records.db").exists()


def check_format(path: Path) -> None:
    """Write the format version into a new folder, or check that of an old one."""
    file = path / "format"
    if not file.exists():
        write_durably(file, f"{FORMAT}\n")
        return
    text = file.read_text().strip()
    if not text.isdigit() or int(text) > FORMAT:
        raise FixConfiguration(
            "storage.version", f"the folder has format {text!r}, this program knows up to {FORMAT}", place=str(file)
        )


def write_secret(path: Path, text: str | None = None) -> str:
    """Write a secret that only we may read (a random one by default) and return it."""
    secret = text or secrets.token_urlsafe(32)
    write_durably(path, secret)
    return secret


def write_durably(path: Path, text: str) -> None:
    """Replace a small file (mode 600) so that a power cut leaves the old or the new one, never an empty one."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
