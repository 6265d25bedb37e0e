"""Closes what an older program wrote down openly: device passwords in records, in their copies and in device files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import msgspec
import yaml

from baigong.drivers.manifest import manifests
from baigong.registry import files
from baigong.registry.sealing import Sealing, has_open_secrets, secret_names
from baigong.vocab.devices import DeviceSpec, parse_device
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

_KEPT = "records.db"  # and records.db.v<number>, copies made before an upgrade


def scrub(data: Path, sealing: Sealing) -> int:
    """Close every open secret; returns how many devices had one. Freed pages are overwritten, too.

    Nobody else has the folder open. What cannot be read is left to whoever takes it, who says why.
    """
    found = sum(_database(path, sealing) for path in sorted(data.glob(f"{_KEPT}*")) if not path.name.endswith(_SIDE))
    for path in sorted((data / "config").glob("*/devices/*.yaml")):
        found += _file(path, sealing)
    return found


@cache
def _names() -> frozenset[str]:
    return frozenset(name for driver in manifests() for name in secret_names(driver))


def _may_hold_one(text: str) -> bool:
    """Say whether a device's text names a secret at all: of a million devices few do, and only they are read."""
    return any(name in text for name in _names())


_SIDE = ("-wal", "-shm", "-journal")


def _file(path: Path, sealing: Sealing) -> int:
    try:
        text = path.read_text("utf-8")
        if not _may_hold_one(text):
            return 0
        spec = files.parse_file(text, path.stem)
        if not has_open_secrets(spec):
            return 0
        closed = sealing.close(path.parent.parent.name, spec)
        files.write_atomically(path, files.with_options(text, closed.options) or files.render(closed, text))
    except (OSError, UnicodeDecodeError, BaigongError):
        return 0
    return 1


def _database(path: Path, sealing: Sealing) -> int:
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise FixConfiguration("config.invalid", "this account may not read and write it", place=str(path))
    try:
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
            tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
            if not {"devices", "events"} <= tables:
                return 0
            changed = [*_devices(connection, sealing), *_removed(connection, sealing)]
            if not changed:
                return 0
            connection.execute("begin immediate")
            for statement, values in changed:
                connection.execute(statement, values)
            connection.execute("commit")
            connection.execute("vacuum")  # the old pages still held what was replaced
            connection.execute("pragma wal_checkpoint(truncate)")
            return len(changed)
    except sqlite3.Error as error:
        raise RetryLater("storage.corrupt", f"secrets cannot be closed: {error}", place=str(path)) from error


Change = tuple[str, tuple[object, ...]]


def _devices(connection: sqlite3.Connection, sealing: Sealing) -> Iterator[Change]:
    for number, tenant, text in connection.execute("select rowid, tenant, spec from devices"):
        if not _may_hold_one(text):
            continue
        spec = msgspec.json.decode(text, type=DeviceSpec)
        if has_open_secrets(spec):
            closed = msgspec.json.encode(sealing.close(tenant, spec)).decode()
            yield "update devices set spec = ? where rowid = ?", (closed, number)


def _removed(connection: sqlite3.Connection, sealing: Sealing) -> Iterator[Change]:
    """The event of a removed device keeps its text."""
    asked = "select rowid, tenant, detail from events where kind = 'device.removed'"
    for number, tenant, text in connection.execute(asked).fetchall():
        detail = msgspec.json.decode(text, type=dict)
        try:
            spec = parse_device(str(detail.get("yaml", "")))
        except (BaigongError, yaml.YAMLError):
            continue
        if has_open_secrets(spec):
            detail["yaml"] = files.render(sealing.close(tenant, spec))
            yield "update events set detail = ? where rowid = ?", (msgspec.json.encode(detail).decode(), number)
