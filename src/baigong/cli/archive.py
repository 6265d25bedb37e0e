"""A backup's file: one tar whose last member, ``manifest.json``, holds the SHA-256 of every other.

An archive without its manifest was cut off; one whose sums differ has rotted. Neither is restored.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from baigong.vocab.errors import FixConfiguration, RetryLater

MANIFEST = "manifest.json"
_PIECE = 1 << 20

Step = Callable[[int], None]  # bytes done since the last call


class ArchiveWriter:
    """Writes ``path``, readable only by us; use with ``with``. Without ``finish`` nothing is left behind."""

    def __init__(self, path: Path, step: Step = lambda _: None) -> None:
        self.path = path
        self._part = path.with_name(f"{path.name}.part")
        self._step = step
        self._sums: dict[str, str] = {}
        self._done = False

    def __enter__(self) -> Self:
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._raw = os.fdopen(descriptor, "wb", buffering=_PIECE)
        self._tar = tarfile.open(fileobj=self._raw, mode="w|", bufsize=_PIECE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._done:
            self._raw.close()
            self._part.unlink(missing_ok=True)

    def add_bytes(self, name: str, content: bytes, *, mode: int = 0o600, mtime: float = 0.0) -> None:
        self._add(name, io.BytesIO(content), len(content), mode, mtime)

    def add_file(self, name: str, path: Path, *, size: int | None = None) -> None:
        """Add a file as long as it is now; storage.corrupt when it should have had ``size``."""
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            if size is not None and stat.st_size != size:
                raise RetryLater("storage.corrupt", f"{stat.st_size} bytes instead of {size}", place=str(path))
            self._add(name, file, stat.st_size, stat.st_mode & 0o777, stat.st_mtime)

    def _add(self, name: str, source: IO[bytes], size: int, mode: int, mtime: float) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, mode, mtime
        watched = _Summed(source, size, self._step)
        self._tar.addfile(entry, watched)
        self._sums[name] = watched.sum.hexdigest()

    def finish(self, facts: dict[str, Any]) -> None:
        """Write the manifest (``facts`` and the sums), sync, and give the file its name."""
        content = msgspec.json.format(msgspec.json.encode({**facts, "sha256": self._sums}), indent=1)
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))
        self._tar.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        os.replace(self._part, self.path)
        self._done = True


class _Summed(io.RawIOBase):
    """Exactly ``size`` bytes of a source that may be growing, summed on the way."""

    def __init__(self, source: IO[bytes], size: int, step: Step) -> None:
        self._source = source
        self._left = size
        self._step = step
        self.sum = sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        self.sum.update(piece)
        self._step(len(piece))
        return piece


def read_archive(path: Path, into: Path | None, step: Step = lambda _: None) -> dict[str, Any]:
    """Check every member against the manifest, unpacking below ``into`` (None: only check); returns the facts.

    Raises storage.corrupt for a file that was cut off or changed, config.invalid for one that is no backup.
    """
    sums: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(path, mode="r|", bufsize=_PIECE) as tar:
            for entry in tar:
                source = tar.extractfile(entry) if entry.isreg() else None
                if source is None:
                    raise FixConfiguration("config.invalid", f"{entry.name!r} is no file", place=str(path))
                if entry.name == MANIFEST:
                    manifest = msgspec.json.decode(source.read(), type=dict)
                    continue
                sums[entry.name] = _take(source, entry, _target(into, entry.name), step)
    except (tarfile.TarError, EOFError, msgspec.MsgspecError) as error:
        if not sums:
            raise FixConfiguration("config.invalid", f"this is no backup: {error}", place=str(path)) from error
        raise RetryLater("storage.corrupt", f"the backup cannot be read: {error}", place=str(path)) from error
    if manifest is None:
        raise RetryLater("storage.corrupt", "the backup has no end: it was cut off", place=str(path))
    wrong = sorted(n for n in sums.keys() | manifest["sha256"].keys() if sums.get(n) != manifest["sha256"].get(n))
    if wrong:
        raise RetryLater("storage.corrupt", f"{len(wrong)} members differ, the first is {wrong[0]}", place=str(path))
    return {name: fact for name, fact in manifest.items() if name != "sha256"}


def _target(into: Path | None, name: str) -> Path | None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name:
        raise FixConfiguration("config.invalid", f"the backup names {name!r}: this is none of ours", place=name)
    return None if into is None else into.joinpath(*parts)


def _take(source: IO[bytes], entry: tarfile.TarInfo, target: Path | None, step: Step) -> str:
    summed = sha256()

    def pieces() -> Iterator[bytes]:
        while piece := source.read(_PIECE):
            summed.update(piece)
            step(len(piece))
            yield piece

    if target is None:
        for _ in pieces():
            pass
        return summed.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, entry.mode & 0o700)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces():
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    os.utime(target, (entry.mtime, entry.mtime))
    return summed.hexdigest()
