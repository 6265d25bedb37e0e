"""Restore: a backup becomes a new data folder that goes on in an epoch of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from baigong.bus import snapshot as streams
from baigong.bus.embedded import EmbeddedNats
from baigong.bus.nats import NatsBus
from baigong.bus.passes import RESTORE
from baigong.cli.archive import read_archive
from baigong.cli.busplace import cluster_pass
from baigong.cli.bustls import bus_tls
from baigong.cli.folder import FORMAT
from baigong.cli.place import partitions
from baigong.registry.sealing import KEY_FILE, SEALED_WITH, find_key, read_keys, write_keys
from baigong.security.envelope import Ring
from baigong.stores.lake.bursts import BurstTable
from baigong.stores.lake.table import PartitionTable, split_position
from baigong.vocab.errors import FixConfiguration, RetryLater

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Restored:
    """``frames``: what the lake had not yet got; the platform takes it in when it starts."""

    facts: dict[str, Any]
    frames: int = 0
    rows: int = 0
    key: str = ""  # the name of the key that has to be brought, where it was not


async def restore(
    source: Path,
    data: Path,
    progress: Progress = lambda *_: None,
    *,
    nats_url: str = "",
    nats_token: str = "",
    key: Path | None = None,
) -> Restored:
    """Make ``data`` from an archive. It appears when it is whole; raises config.conflict when it exists.

    ``key``: the key file that belongs to it; secret.key when it is another's. Without, it is brought later.
    ``nats_url``: a cluster that takes the streams (it must have none of these names) instead of the folder's server.
    """
    size = await asyncio.to_thread(_check_may, source, data)
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress("unpacking", done, size)

    fresh = data.with_name(f".{data.name}.restoring-{secrets.token_hex(4)}")
    await asyncio.to_thread(fresh.mkdir, 0o700, True)
    try:
        made = Restored(await asyncio.to_thread(read_archive, source, fresh, step))
        if int(made.facts.get("format", 0)) > FORMAT:
            raise FixConfiguration(
                "storage.version", f"the backup has format {made.facts['format']}, we know {FORMAT}", place=str(source)
            )
        made.key = await asyncio.to_thread(_bring_key, fresh, key)
        progress("records", size, size)
        await asyncio.to_thread(_check_records, fresh / "records.db")
        progress("stream", size, size)
        await _restore_streams(fresh, made, nats_url, nats_token)
        shutil.rmtree(fresh / "stream", ignore_errors=True)
        await asyncio.to_thread(os.sync)
        await asyncio.to_thread(_put, fresh, data)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return made


def _bring_key(fresh: Path, key: Path | None) -> str:
    sealed = fresh / SEALED_WITH
    wanted = sealed.read_text("ascii").strip() if sealed.exists() else ""
    if not wanted:
        return ""
    if key is None:
        source = find_key(fresh)
        return "" if source.text and wanted in Ring(read_keys(source.text, "key")) else wanted
    keys = read_keys(key.read_text("ascii"), str(key))
    if wanted not in Ring(keys):
        raise FixConfiguration("secret.key", f"the backup was closed with the key {wanted}, not this", place=str(key))
    write_keys(fresh / KEY_FILE, keys)
    return ""


def _check_may(source: Path, data: Path) -> int:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise FixConfiguration("config.conflict", "restore makes a new folder; this one exists", place=str(data))
    if not source.is_file():
        raise FixConfiguration("config.invalid", "there is no such backup", place=str(source))
    return source.stat().st_size


def _put(fresh: Path, data: Path) -> None:
    if data.exists():
        data.rmdir()  # it was empty
    fresh.rename(data)


def _check_records(path: Path) -> None:
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        raise RetryLater("storage.corrupt", f"the records cannot be read: {error}", place=str(path)) from error
    if verdict != "ok":
        raise RetryLater("storage.corrupt", f"the records are damaged: {verdict}", place=str(path))


async def _restore_streams(fresh: Path, made: Restored, nats_url: str, nats_token: str) -> None:
    async with AsyncExitStack() as stack:
        url, by = nats_url, cluster_pass(fresh, RESTORE, nats_url, nats_token)
        if not url:
            server = await stack.enter_async_context(EmbeddedNats(fresh / "nats", port=0, users=(RESTORE,), reserve=0))
            url, by = server.url, server.passes[RESTORE]
        bus = await NatsBus.connect(url, by=by, name="baigong restore", tls=bus_tls(url, by))
        stack.push_async_callback(bus.close)
        for name in partitions(fresh):
            table = await asyncio.to_thread(PartitionTable, fresh / "lake" / name, name)
            waves = await asyncio.to_thread(BurstTable, fresh / "lake" / name, name)
            missing = await asyncio.to_thread(_missing, table) + await asyncio.to_thread(_missing, waves)
            if missing:
                raise RetryLater("storage.corrupt", f"{missing} files of the table are not as they should be")
            made.rows += sum(file.rows for file in table.files.values())
            highest = max(table.highest_epoch(), waves.highest_epoch())
            made.frames += await _restore_stream(bus, fresh, name, table, highest)


def _missing(table: PartitionTable) -> int:
    return sum(not Path(f.path).is_file() or Path(f.path).stat().st_size != f.bytes for f in table.files.values())


async def _restore_stream(bus: NatsBus, fresh: Path, partition: str, table: PartitionTable, highest: int) -> int:
    """Give the stream back, drop what the lake has already, and mint an epoch; returns the frames still to come."""
    folder = fresh / "stream" / partition
    if not (folder / "about.json").exists():
        return 0
    about = msgspec.json.decode((folder / "about.json").read_bytes(), type=dict)

    def chunks() -> Iterator[bytes]:
        for path in sorted(folder.glob("[0-9]*")):
            yield path.read_bytes()

    await streams.restore(bus, partition, about["config"], about["state"], chunks())
    state = await streams.settled(bus, partition)
    epoch, seq = split_position(table.last_position())
    if state.epoch == epoch:
        await bus.purge(partition, seq + 1)
    # The platform that was backed up goes on in the old epoch; two that went on in one could not be told apart.
    await bus.set_epoch(partition, max(state.epoch, highest) + 1)
    state = await streams.settled(bus, partition)
    return state.messages
