"""Files by what is in them: a content has its SHA-256 as name, below a folder of its company; whole, or not there."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from baigong.stores.durable import sync_folder
from baigong.vocab.documents import SNIFFED
from baigong.vocab.errors import FixConfiguration, RetryLater

_COMING = ".coming"


class ObjectFolder:
    """``<root>/<tenant>/<2 digits>/<sha256>``. Callable from threads; one process writes below a root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def clear(self) -> None:
        """Take away what was cut short before this process began."""
        shutil.rmtree(self._root / _COMING, ignore_errors=True)

    def begin(self, tenant: str) -> Coming:
        """Begin to take a content; ``Coming.close`` must follow."""
        folder = self._root / _COMING
        with _mapped():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / f"{tenant}.{secrets.token_hex(8)}"
            return Coming(self, tenant, path, open(path, "xb"))

    def path(self, tenant: str, sum: str) -> Path:
        return self._root / tenant / sum[:2] / sum

    def folder(self, tenant: str) -> Path:
        return self._root / tenant

    def drop(self, tenant: str, sum: str) -> None:
        self.path(tenant, sum).unlink(missing_ok=True)

    def forget(self, tenant: str) -> None:
        """Delete all of a company."""
        if (folder := self.folder(tenant)).exists():
            shutil.rmtree(folder)


@dataclass(slots=True)
class Coming:
    """A content on its way; ``finish`` puts it in its place, on disk when it returns."""

    folder: ObjectFolder
    tenant: str
    path: Path
    file: IO[bytes]
    size: int = 0
    head: bytes = b""
    _sum: Any = field(default_factory=sha256)

    def write(self, piece: bytes) -> None:
        if len(self.head) < SNIFFED:
            self.head += piece[: SNIFFED - len(self.head)]
        with _mapped():
            self.file.write(piece)
        self._sum.update(piece)
        self.size += len(piece)

    def finish(self) -> str:
        """Return the SHA-256 as hex."""
        sum: str = self._sum.hexdigest()
        at = self.folder.path(self.tenant, sum)
        with _mapped():
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            at.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.replace(self.path, at)
            for folder in (at.parent, at.parent.parent, at.parent.parent.parent):
                sync_folder(folder)
        return sum

    def close(self) -> None:
        """End, also in the middle; nothing is left of what was not finished."""
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RetryLater("storage.full", f"the file cannot be written: {error.strerror}") from error
        raise FixConfiguration("config.invalid", f"the file cannot be written: {error.strerror}") from error
