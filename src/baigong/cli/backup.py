"""Backup of a whole data folder, also while its platform runs, and restore into a new one.

Order (each step sees at least what the one before saw, so nothing falls between): the partitions are held
(no trimming, no merging) → what gateways keep on their own disk → records → lake files of a pinned version
→ stream by JetStream's snapshot → release. Everything accepted before it began is in it once.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from baigong import __version__
from baigong.api.security import LAST_BACKUP
from baigong.bus import snapshot as streams
from baigong.bus.nats import NatsBus
from baigong.cli.archive import ArchiveWriter, read_archive
from baigong.cli.folder import FORMAT
from baigong.cli.place import bus_of, check_is_data, partitions
from baigong.cli.recordsplace import DATABASE, FILE, MOVED, records_of
from baigong.historian.hold import Held, HoldRequest, hold_subject
from baigong.historian.merge import rollup_path
from baigong.registry.opening import OBJECTS
from baigong.registry.sealing import KEY_FILE
from baigong.stores.durable import replace_file
from baigong.stores.lake.bursts import BurstTable
from baigong.stores.lake.contract import LakeFile
from baigong.stores.lake.rollup import BUCKETS_S
from baigong.stores.lake.table import PartitionTable, split_position
from baigong.stores.records import open_records
from baigong.stores.records.moving import copy_records
from baigong.vocab.errors import RetryLater

Progress = Callable[[str, int, int], None]  # what is being done, bytes of it done, bytes in all

_LEASE_S = 60.0
_RENEW_S = 15.0
_PIECE = 8 << 20  # bytes of a stream in one member
# What a platform makes anew at its start, or what is copied in its own way.
# The key of stored secrets stays apart from them.
_LEFT_OUT = {"lock", OBJECTS, "url", "key", KEY_FILE, LAST_BACKUP, "lake", "nats", "logs", DATABASE, MOVED, FILE}
_SIDE_FILES = ("-wal", "-shm", "-journal", ".new", ".part")


@dataclass(slots=True)
class Summary:
    """What a backup holds. ``position``: per partition, up to where the lake has the stream."""

    bytes: int = 0
    files: int = 0
    frames: int = 0
    running: bool = False
    position: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Pinned:
    """One partition's lake at one version: (path below the lake's folder, size)."""

    held: Held
    files: list[tuple[str, int]]


async def backup(
    data: Path, target: Path, *, nats_url: str = "", nats_token: str = "", progress: Progress = lambda *_: None
) -> Summary:
    """Write ``target``; returns what is in it. The platform may run, and need not."""
    check_is_data(data)
    async with bus_of(data, nats_url, nats_token) as (bus, runs):
        found = Summary(running=runs)
        async with _held(bus, data, runs) as held:
            pinned = [await asyncio.to_thread(_pin, data, one) for one in held]
            await _write(data, target, bus, pinned, found, progress)
    found.bytes = size = await asyncio.to_thread(lambda: target.stat().st_size)
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress("checking what was written", done, size)

    await asyncio.to_thread(read_archive, target, None, step)
    await asyncio.to_thread(replace_file, data / LAST_BACKUP, "", mode=0o600)
    return found


async def _write(
    data: Path, target: Path, bus: NatsBus, pinned: list[Pinned], found: Summary, progress: Progress
) -> None:
    kept, other = await asyncio.to_thread(_measured, data)
    total = other + sum(size for one in pinned for _, size in one.files)
    done, what = 0, ""

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress(what, done, max(total, done))

    with ArchiveWriter(target, step) as archive:
        what = "configuration and gateways"
        await asyncio.to_thread(_add_kept, archive, data, kept)
        what = "records"
        await asyncio.to_thread(_add_records, archive, data)
        what = "documents"  # after the records: a content is there before any record says so
        await asyncio.to_thread(_add_kept, archive, data, await asyncio.to_thread(_contents, data))
        for one in pinned:
            what = f"lake {one.held.partition}"
            for relative, size in one.files:
                await asyncio.to_thread(archive.add_file, f"lake/{relative}", data / "lake" / relative, size=size)
                found.files += 1
        for one in pinned:
            what = f"stream {one.held.partition}"
            state = await bus.stream_state(one.held.partition)
            total += state.bytes if state else 0
            found.frames += await _add_stream(archive, bus, one.held)
            found.position[one.held.partition] = one.held.position
        archive.finish(
            {
                "baigong": __version__,
                "format": FORMAT,
                "made_us": time.time_ns() // 1000,
                "running": found.running,
                "partitions": {
                    p.held.partition: {"version": p.held.version, "position": p.held.position} for p in pinned
                },
            }
        )


@asynccontextmanager
async def _held(bus: NatsBus, data: Path, runs: bool) -> AsyncIterator[list[Held]]:
    """Hold every partition for as long as this lasts."""
    names = partitions(data)
    if not runs:
        yield [await asyncio.to_thread(_as_it_stands, data, name) for name in names]
        return
    asked = msgspec.json.encode(HoldRequest(who=f"backup {os.getpid()}", lease_s=_LEASE_S))
    granted = []
    for name in names:
        raw = await bus.request(hold_subject(name, "hold"), asked, timeout_s=10)
        granted.append(msgspec.json.decode(raw, type=Held))

    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            for name in names:
                await bus.request(hold_subject(name, "hold"), asked, timeout_s=10)

    renewing = asyncio.create_task(renew())
    try:
        yield granted
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        for name in names:
            await bus.request(hold_subject(name, "release"), asked, timeout_s=10)


def _as_it_stands(data: Path, partition: str) -> Held:
    table = PartitionTable(data / "lake" / partition, partition)
    waves = BurstTable(table.root, partition) if (table.root / "bursts").is_dir() else None
    return Held(
        partition=partition,
        version=table.version,
        position=table.last_position(),
        bursts=waves.version if waves is not None else None,
    )


def _pin(data: Path, held: Held) -> Pinned:
    """List the files of one version of the tables: log, data, their rollups, and the remembered newest values."""
    root = data / "lake" / held.partition
    found = _data_files(root / "telemetry", held.version)
    for path, _ in list(found):
        tenant, day = (part.partition("=")[2] for part in path.parts[-3:-1])
        file = LakeFile(str(path), tenant, day, 0, 0)
        rolled = [rollup_path(root, name, file) for name in BUCKETS_S]
        found += [(p, p.stat().st_size) for p in rolled if p.exists()]
    found += [(p, p.stat().st_size) for p in (root / "latest").glob("[!.]*.parquet")]
    found += [(p, p.stat().st_size) for p in sorted((root / "kept").rglob("*.parquet"))]  # of days let go
    found += [(p, p.stat().st_size) for p in _log_files(root / "telemetry" / "_delta_log", held.version)]
    if held.bursts is not None:
        found += _data_files(root / "bursts", held.bursts)
        found += [(p, p.stat().st_size) for p in _log_files(root / "bursts" / "_delta_log", held.bursts)]
    return Pinned(held, [(str(p.relative_to(data / "lake")), size) for p, size in found])


def _data_files(table: Path, version: int) -> list[tuple[Path, int]]:
    try:
        actions = DeltaTable(str(table), version=version).get_add_actions(flatten=True)
    except (DeltaError, OSError) as error:
        raise RetryLater("storage.corrupt", f"cannot open the table: {error}", place=str(table)) from error
    rows = pa.table(actions).select(["path", "size_bytes"]).to_pylist()
    return [(table / row["path"], row["size_bytes"]) for row in rows]


def _log_files(log: Path, version: int) -> Iterator[Path]:
    for path in sorted(log.iterdir()):
        number = path.name[:20]
        if number.isdigit() and int(number) <= version and path.suffix in (".json", ".parquet"):
            yield path
        elif path.name == "_last_checkpoint":
            told = msgspec.json.decode(path.read_bytes(), type=dict)
            if int(told.get("version", version + 1)) <= version:
                yield path


def _measured(data: Path) -> tuple[list[Path], int]:
    kept = list(_kept(data))
    return kept, sum(p.stat().st_size for p in [*kept, *_contents(data), data / "records.db"] if p.exists())


def _kept(data: Path) -> Iterator[Path]:
    """Yield everything else in the folder that a platform does not make anew."""
    for path in sorted(data.rglob("*")):
        first = path.relative_to(data).parts[0]
        if first not in _LEFT_OUT and not path.name.endswith(_SIDE_FILES) and path.is_file():
            yield path


def _contents(data: Path) -> list[Path]:
    """List the contents of documents; what is still coming is none."""
    return sorted(path for path in (data / OBJECTS).glob("[!.]*/*/*") if path.is_file())


def _add_kept(archive: ArchiveWriter, data: Path, kept: list[Path]) -> None:
    for path in kept:
        name = path.relative_to(data).as_posix()
        try:
            if path.suffix == ".db":
                _add_database(archive, name, path)
            else:
                archive.add_file(name, path)
        except FileNotFoundError:
            continue  # a spool's segment that was sent on since: it is in the stream


def _add_records(archive: ArchiveWriter, data: Path) -> None:
    """Add the records as a SQLite file, wherever they are: a restored folder is complete and needs no server."""
    place = records_of(data)
    if isinstance(place, Path):
        _add_database(archive, DATABASE, place)
        return
    with tempfile.TemporaryDirectory(dir=archive.path.parent, prefix=".baigong-") as folder, ExitStack() as stack:
        source, copy = open_records(place, upgraded=False), open_records(Path(folder) / DATABASE)
        stack.callback(source.close_now)
        stack.callback(copy.close_now)
        copy_records(source, copy)
        _add_database(archive, DATABASE, Path(folder) / DATABASE)


def _add_database(archive: ArchiveWriter, name: str, path: Path) -> None:
    """Copy a SQLite file as of one moment, while others write to it."""
    if not path.exists():
        return
    with tempfile.TemporaryDirectory(dir=archive.path.parent, prefix=".baigong-") as folder:
        copy = Path(folder) / "copy.db"
        try:
            with closing(sqlite3.connect(path, timeout=10)) as source, closing(sqlite3.connect(copy)) as sink:
                source.backup(sink, pages=4096, sleep=0.01)
                sink.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_FULL"):
                raise RetryLater("storage.full", f"cannot copy {path.name}: {error}", place=folder) from error
            raise RetryLater("storage.corrupt", f"cannot copy: {error}", place=str(path)) from error
        archive.add_file(name, copy)


async def _add_stream(archive: ArchiveWriter, bus: NatsBus, held: Held) -> int:
    """Add the stream; returns its number of frames. Raises storage.corrupt when it lacks what the lake lacks."""
    before = await bus.stream_state(held.partition)
    if before is None:
        return 0
    taken = await streams.snapshot(bus, held.partition)
    first, (epoch, seq) = int(taken.state["first_seq"]), split_position(held.position)
    if before.epoch == epoch and first > seq + 1:
        raise RetryLater(
            "storage.corrupt", f"the stream begins at {first}, the lake ends at {seq}: the hold was lost, begin again"
        )
    place = f"stream/{held.partition}"
    about = {"config": taken.config, "state": taken.state}
    archive.add_bytes(f"{place}/about.json", msgspec.json.encode(about))
    number, pieces, size = 0, [], 0
    async for chunk in taken.chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size >= _PIECE:
            await asyncio.to_thread(archive.add_bytes, f"{place}/{number:08d}", b"".join(pieces))
            number, pieces, size = number + 1, [], 0
    await asyncio.to_thread(archive.add_bytes, f"{place}/{number:08d}", b"".join(pieces))
    return int(taken.state["messages"])


def describe(found: dict[str, Any]) -> str:
    """Say in one line what an archive is."""
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(found.get("made_us", 0) / 1e6))
    return f"made {made} by Baigong {found.get('baigong', '?')}, format {found.get('format', '?')}"
