"""The data folder: one lock, one format version, one key for whoever may read the folder."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from baigong.stores.durable import replace_file
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


def check_format(path: Path) -> None:
    """Write the format version into a new folder, or check that of an old one."""
    file = path / "format"
    if not file.exists():
        replace_file(file, f"{FORMAT}\n")
        return
    text = file.read_text().strip()
    if not text.isdigit() or int(text) > FORMAT:
        raise FixConfiguration(
            "storage.version", f"the folder has format {text!r}, this program knows up to {FORMAT}", place=str(file)
        )


def write_secret(path: Path, text: str | None = None) -> str:
    """Write a secret that only we may read (a random one by default) and return it."""
    secret = text or secrets.token_urlsafe(32)
    replace_file(path, secret)
    return secret
