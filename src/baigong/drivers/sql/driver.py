"""A database of a business system: feeds of records and of values, each at its own pace; nothing is ever written."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Health, Node, Notebook, Wanted
from baigong.drivers.recordsource import Feed, Loose, checked, new_run, parse_feeds, parts, said
from baigong.drivers.sql import cursor
from baigong.drivers.sql.codec import values_of
from baigong.drivers.sql.source import Place, Source
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.frame import frame
from baigong.vocab.happenings import Command
from baigong.vocab.recordkinds import record_kinds
from baigong.vocab.recordmap import Mapped, understand

T = TypeVar("T")
_SHOWN = 5  # rows of a look
_NOTHING = frame(np.empty(0, np.int64), np.empty(0, np.int64), None, 0)


class _Sending:
    """One run of a feed, on its way."""

    def __init__(self, run: str, whole: bool) -> None:
        self.run, self.whole, self.number = run, whole, 0
        self.troubles: list[str] = []
        self._keys: set[str] = set()

    def take(self, mapped: Mapped) -> None:
        """Raise record.key for a key that an earlier piece of a whole telling had: rows would hide one another."""
        keys = set(mapped.records.column("key").to_pylist())
        if self.whole and (twice := keys & self._keys):
            raise FixConfiguration("record.key", f"several rows have the key {min(twice)}", place="key")
        self._keys |= keys
        self.troubles.append(said(mapped.told))


class SqlDriver:
    """See ``drivers.contract``. One query at a time, in a thread; what is wrong with one feed stops no other."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._feeds = parse_feeds(options.get("feeds") or "")
        dialect = options.get("dialect") or "postgresql"
        if dialect == "sqlite" and not options.get("file"):
            raise FixConfiguration("driver.option", "file: SQLite needs the name of a file", place="file")
        if dialect != "sqlite" and not str(options.get("host") or "").strip():
            raise FixConfiguration("driver.option", "host: where is the database?", place="host")
        for feed in self._feeds:
            if bool(feed.query.strip()) == bool(feed.table):
                raise FixConfiguration("driver.option", f"{feed.name}: say either query or table", place="feeds")
        self._place = Place(
            dialect=dialect,
            host=str(options.get("host") or "").strip(),
            port=int(options.get("port") or 0),
            database=str(options.get("database") or ""),
            user=str(options.get("user") or ""),
            password=str(options.get("password") or ""),
            file=str(options.get("file") or ""),
            timeout_s=float(options.get("timeout_s") or 60.0),
            connect_to=tuple(options.get("connect_to") or ()),
        )
        self._overlap_s = float(options.get("overlap_s", 60.0))
        self._threads = ThreadPoolExecutor(1, "sql")
        self._notes: Notebook = Loose()
        self._recent: dict[str, set[bytes]] = {}  # rows that the last reading told, by their digests
        self._telling: dict[str, set[bytes]] = {}  # and those that the present one does
        self._troubles: dict[str, str] = {}
        self._counters: Counter[str] = Counter()
        self._source: Source

    async def __aenter__(self) -> Self:
        self._source = Source(self._place)
        await self._blocking(self._source.check)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.submit(self._source.close)
        self._threads.shutdown(wait=False)

    def keep_in(self, notebook: Notebook) -> None:
        self._notes = notebook

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        """Ask every feed when it is due; a part or a frame is gone on from only when it was accepted."""
        due = {feed.name: 0.0 for feed in self._feeds}
        if strange := [point.number for point in points if not self._knows(point.address)]:
            yield Delivery(_bad(strange, q.BAD_CONFIGURATION))
        while True:
            for feed in self._feeds:
                if due[feed.name] > time.monotonic():
                    continue
                due[feed.name] = time.monotonic() + feed.every_s
                async for delivery in self._told(feed, points):
                    yield delivery
            await asyncio.sleep(max(0.05, min(due.values(), default=60.0) - time.monotonic()))

    async def _told(self, feed: Feed, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        try:
            reading = self._records(feed) if feed.kind else self._values(feed, points)
            async for delivery in reading:
                yield delivery
        except RetryLater:
            raise  # the link: the gateway connects anew
        except BaigongError as error:
            self._troubles[feed.name] = f"{feed.name}: {error.message}"
            mine = [point.number for point in points if point.address.startswith(f"{feed.name}.")]
            if mine:
                yield Delivery(_bad(mine, q.BAD_CONFIGURATION))

    def _knows(self, address: str) -> bool:
        name, _, value = address.partition(".")
        return any(f.name == name and not f.kind and (f.point or value in f.values) for f in self._feeds)

    # -- records -------------------------------------------------------------------------------------------------

    async def _records(self, feed: Feed) -> AsyncIterator[Delivery]:
        """Tell what changed, and from time to time the whole, which shows what is gone."""
        now_us = time.time_ns() // 1000
        notes = self._noted(feed)
        whole = not feed.changed or now_us - notes.get("whole_us", 0) >= feed.whole_every_s * 1e6
        since = None if whole else cursor.earlier(cursor.loaded(notes.get("cursor")), self._overlap_s)
        sending = _Sending(new_run(feed, now_us), whole)
        async for table, last in self._tables(feed, since):
            fresh = table if whole else self._unseen(feed, table)
            mapped = checked(fresh, feed, "the database")
            sending.take(mapped)
            _advance(notes, feed, table)
            if not (whole or len(fresh) or (last and sending.number)):
                continue
            cut = list(parts(mapped, feed, sending.run, sending.number, whole=whole, last=last))
            for part, rows in cut:
                sending.number = part.part + 1
                # how far it was, counts with the last part of rows in their order; of a whole, with its end
                ended = part.last if whole else part is cut[-1][0]
                far = notes | ({"whole_us": now_us} if whole else {}) if ended else None
                async for delivery in self._until_accepted(Delivery(_NOTHING, records=(part, rows)), feed, far):
                    yield delivery
            self._counters["records"] += len(mapped.records)
        self._settle(feed, sending.troubles)

    async def _tables(self, feed: Feed, since: Any) -> AsyncIterator[tuple[pa.Table, bool]]:
        """Yield what the query gives, piece by piece, and whether it is the last."""
        reader = self._source.rows(feed, since)
        self._telling[feed.name] = set()
        try:
            ahead = await self._blocking(next, reader, None)
            while ahead is not None:
                table, ahead = ahead, await self._blocking(next, reader, None)
                yield table, ahead is None
            self._recent[feed.name] = self._telling[feed.name]
        finally:
            with suppress(RuntimeError):  # closed already
                self._threads.submit(reader.close)  # it holds the connection

    def _unseen(self, feed: Feed, table: pa.Table) -> pa.Table:
        """Leave out the rows that the last reading told too: the overlap is read again each time."""
        told, before = cursor.digests(table), self._recent.get(feed.name, set())
        self._telling[feed.name].update(told)
        return table.filter(pa.array([one not in before for one in told], pa.bool_()))

    async def _until_accepted(
        self, told: Delivery, feed: Feed, notes: dict[str, Any] | None
    ) -> AsyncIterator[Delivery]:
        """Give a delivery until it is accepted: the database holds the rows for us. ``notes``: how far that is."""
        accepted = False
        while not accepted:
            done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

            async def accept(done: asyncio.Future[bool] = done) -> None:
                if notes is not None:
                    await asyncio.to_thread(self._notes.put, feed.name, notes)
                if not done.done():
                    done.set_result(True)

            async def refuse(reason: str, done: asyncio.Future[bool] = done) -> None:
                if not done.done():
                    done.set_result(False)

            yield replace(told, accept=accept, refuse=refuse)
            accepted = await done

    # -- values --------------------------------------------------------------------------------------------------

    async def _values(self, feed: Feed, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        mine = _mine(feed, points)
        if not mine:
            return
        notes = self._noted(feed)
        since = cursor.earlier(cursor.loaded(notes.get("cursor")), self._overlap_s)
        troubles = []
        async for table, _ in self._tables(feed, since):
            fresh = self._unseen(feed, table) if feed.changed else table
            batch, trouble = values_of(fresh, feed, mine, time.time_ns() // 1000)
            troubles.append(trouble)
            self._counters["values"] += len(batch)
            _advance(notes, feed, table)
            if len(batch):
                async for delivery in self._until_accepted(Delivery(batch), feed, dict(notes)):
                    yield delivery
        self._settle(feed, troubles)

    # -- the other verbs -----------------------------------------------------------------------------------------

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        """Return the last value of each point that its feed has now."""
        batches = []
        for feed in self._feeds:
            mine = _mine(feed, points)
            if mine and not feed.kind:
                table = await self._blocking(self._whole, feed)
                batches.append(values_of(table, feed, mine, time.time_ns() // 1000, newest=True)[0])
        read = pa.Table.from_batches(batches, _NOTHING.schema).combine_chunks().to_batches()
        known = set(read[0].column("point").to_pylist()) if read else set()
        waiting = [p.number for p in points if p.number not in known and self._knows(p.address)]
        strange = [p.number for p in points if p.number not in known and not self._knows(p.address)]
        rest = [_bad(waiting, q.BAD_WAITING_FOR_INITIAL_DATA), _bad(strange, q.BAD_CONFIGURATION)]
        whole = pa.Table.from_batches([*read, *rest]).combine_chunks().to_batches()
        return whole[0] if whole else _NOTHING

    def _whole(self, feed: Feed) -> pa.Table:
        return pa.concat_tables(list(self._source.rows(feed)), promote_options="permissive")

    async def browse(self, path: str = "") -> list[Node]:
        """Show the feeds, each with what is understood of its first rows; then the tables with their columns."""
        if not path:
            found = [Node(f"feed:{f.name}", f.name, True, type=f.kind or "values") for f in self._feeds]
            return found + [Node(f"table:{t}", t, True) for t in await self._blocking(self._source.tables)]
        what, _, name = path.partition(":")
        if what == "table":
            columns = await self._blocking(self._source.columns, name)
            return [Node(f"column:{name}.{column}", column, type=kind) for column, kind in columns]
        feed = next((one for one in self._feeds if one.name == name), None)
        if feed is None:
            raise FixConfiguration("driver.address", f"there is no feed {name!r}", place=name)
        return await self._look(feed)

    async def _look(self, feed: Feed) -> list[Node]:
        table = pa.concat_tables(await self._blocking(lambda: list(self._source.rows(feed, limit=_SHOWN))))
        first = table.slice(0, 1).to_pylist()[0] if len(table) else {}
        if not feed.kind:
            return [
                Node(f"value:{name}", name, address=f"{feed.name}.{name}", type=str(table.schema.field(name).type),
                     value=first.get(name)) for name in feed.values if name in first or name in table.column_names
            ]  # fmt: skip
        mapping = feed.mapping(table.column_names)
        told = understand(table, mapping).told
        words = {field.name: field.en for field in record_kinds()[feed.kind].fields}
        shown = [
            Node(f"field:{field}", f"{column} → {words[field]}", type=field, value=_plain(first.get(column)))
            for field, column, _ in told.fields
        ]
        lacking = [Node(f"missing:{m.column}", f"{m.column} is not there" + (f"; perhaps now {m.nearest}" if m.nearest
                   else ""), type=m.field, quality=q.BAD_CONFIGURATION) for m in told.missing]  # fmt: skip
        kept = [Node(f"kept:{name}", f"{name} → attributes", type="attribute", value=_plain(first.get(name)))
                for name in told.kept]  # fmt: skip
        return [*lacking, *shown, *kept]

    async def write(self, command: Command) -> Ack:
        return Ack(False, "a database of a business system is only read")

    async def health(self) -> Health:
        return Health(True, "; ".join(self._troubles.values()), dict(self._counters))

    # -- inside --------------------------------------------------------------------------------------------------

    async def _blocking(self, work: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)

    def _noted(self, feed: Feed) -> dict[str, Any]:
        held = self._notes.get(feed.name)
        mark = cursor.fingerprint(feed)
        return dict(held) if isinstance(held, dict) and held.get("of") == mark else {"of": mark}

    def _settle(self, feed: Feed, troubles: Sequence[str]) -> None:
        told = [trouble for trouble in troubles if trouble]
        if told:
            self._troubles[feed.name] = f"{feed.name}: {told[0]}"
        else:
            self._troubles.pop(feed.name, None)


def _mine(feed: Feed, points: Sequence[Wanted]) -> dict[str, int]:
    """Return the numbers of a feed's points, by what follows its name in their addresses."""
    return {p.address.partition(".")[2]: p.number for p in points if p.address.startswith(f"{feed.name}.")}


def _advance(notes: dict[str, Any], feed: Feed, table: pa.Table) -> None:
    if feed.changed and (reached := cursor.last(table, feed.changed)) is not None:
        notes["cursor"] = cursor.kept(reached)


def _bad(numbers: Sequence[int], quality: int) -> pa.RecordBatch:
    return frame(np.array(numbers, np.int64), np.full(len(numbers), time.time_ns() // 1000), None, quality)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
