"""A whole API on an ephemeral port: the real registry, the in-process bus, and a lake in memory."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import httpx2 as httpx
import numpy as np
import pyarrow as pa
import uvicorn

from baigong.api import ApiSettings, Live, create_app
from baigong.bus.memory import MemoryBus
from baigong.bus.subjects import tenant_of
from baigong.registry.assettable import assets_table, relations_table
from baigong.registry.opening import Registry, open_registry
from baigong.registry.tasktable import tasks_table
from baigong.registry.visible import Visible, open_episodes
from baigong.stores.lake.bursts import LAKE_BURSTS, BurstReader
from baigong.stores.lake.contract import ALL, LAKE, Names, Snapshot
from baigong.stores.lake.reader import FileCache
from baigong.stores.lake.scansql import FileShapes
from baigong.stores.lake.sqlview import part_points, sql_view
from baigong.stores.lake.toldsql import LotTables
from baigong.vocab import burst as bursts
from baigong.vocab import frame as frames
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import TIME
from tests.postgres import place_of
from tests.stores.test_sqlview import open_view

PUMP = DeviceSpec(
    device="pump",
    driver="sim",
    title="Pump station",
    scan={"default": "1s"},
    points=[
        PointSpec(name="pump1.flow", address="sine:1", unit="m3/h", title="Flow"),
        PointSpec(name="pump1.pressure", address="sine:2", unit="bar"),
        PointSpec(name="pump1.state", address="state:1", kind="state", states={"0": "off", "1": "on"}),
    ],
)


class TapeLake:
    """A LakeReader over everything that the bus has stored: slow and simple, and right."""

    def __init__(self) -> None:
        self.rows: dict[str, pa.Table] = {}
        self.waves: dict[str, pa.Table] = {}
        self.seq = 0
        self.pinned = False

    def take(self, tenant: str, seq: int, seen_us: int, batch: pa.RecordBatch) -> None:
        n = len(batch)
        seen = pa.array(np.full(n, seen_us)).cast(TIME)
        if bursts.is_burst(batch):
            table = pa.Table.from_arrays([*batch.columns, seen, pa.array(np.full(n, seq))], schema=LAKE_BURSTS)
            self.waves[tenant] = pa.concat_tables([self.waves.get(tenant, LAKE_BURSTS.empty_table()), table])
            self.seq = seq
            return
        table = pa.Table.from_arrays([*batch.columns, seen, pa.array(np.full(n, seq, np.int64))], schema=LAKE)
        held = self.rows.get(tenant, LAKE.empty_table())
        self.rows[tenant] = pa.concat_tables([held, table])
        self.seq = seq

    def _resolved(self, tenant: str) -> pa.Table:
        table = self.rows.get(tenant, LAKE.empty_table()).combine_chunks()
        order = np.lexsort(
            (
                np.arange(len(table)),
                table.column("time").combine_chunks().view(pa.int64()).to_numpy(),
                table.column("point").to_numpy(),
            )
        )
        table = table.take(pa.array(order))
        points = table.column("point").to_numpy()
        times = table.column("time").combine_chunks().view(pa.int64()).to_numpy()
        last = np.ones(len(table), bool)
        last[:-1] = (points[1:] != points[:-1]) | (times[1:] != times[:-1])
        return table.filter(pa.array(last))

    def snapshot(self, tenant: str) -> Snapshot:
        return Snapshot(tenant, 0, 0, (), self._resolved(tenant))

    def series(self, tenant: str, points: Sequence[int], start_us: int, end_us: int, columns: Names = ALL) -> pa.Table:
        table = self._resolved(tenant)
        times = table.column("time").combine_chunks().view(pa.int64()).to_numpy()
        wanted = np.isin(table.column("point").to_numpy(), np.array(points, np.int64))
        return table.filter(pa.array(wanted & (times >= start_us) & (times < end_us))).select(columns)

    def latest(self, tenant: str, points: Sequence[int] | None = None) -> pa.Table:
        table = self._resolved(tenant)
        held = table.column("point").to_numpy()
        last = np.ones(len(table), bool)
        last[:-1] = held[1:] != held[:-1]
        if points is not None:
            last &= np.isin(held, np.array(points, np.int64))
        return table.filter(pa.array(last))

    def bursts(self, tenant: str, point: int, start_us: int, end_us: int, most: int) -> tuple[int, Iterator[pa.Table]]:
        hot, reader = self.waves.get(tenant, LAKE_BURSTS.empty_table()).combine_chunks(), BurstReader(FileCache())
        keys = reader.keys((), hot, point, start_us, end_us).resolved()
        return len(keys), reader.read((), hot, keys.thinned(most))

    def pin(self, who: str, lease_s: float) -> None:
        self.pinned = True

    def unpin(self, who: str) -> None:
        self.pinned = False

    async def forget(self, tenant: str) -> Any:
        self.rows.pop(tenant, None)
        self.waves.pop(tenant, None)
        return SimpleNamespace(left=0)

    def stats(self) -> dict[str, Any]:
        return {"rows": sum(map(len, self.rows.values())), "files": 0, "bytes": 0, "visible_values_s": 0.0}


class PlainSql:
    """SQL without a sandbox, for tests only."""

    def __init__(self, lake: TapeLake, registry: Registry) -> None:
        self._lake = lake
        self._registry = registry

    async def query(
        self, tenant: str, sql: str, *, limit: int | None, timeout_s: float, only: Visible | None = None
    ) -> pa.Table:
        episodes = await asyncio.to_thread(self._registry.episodes.table_now, tenant)
        points, lake = self._registry.book.table(tenant), self._lake
        if only is not None:
            points, episodes = part_points(points, only.part), open_episodes(episodes, tenant, only)
        view = sql_view(
            self._lake.snapshot(tenant),
            points,
            (only or self._registry.rights.everything).lake(lake).latest(tenant),
            episodes,
            FileShapes(),
            None if only is None else only.part,
            assets=lambda: assets_table(self._registry.assets, tenant, only),
            relations=lambda: relations_table(self._registry.assets, tenant, only),
            tasks=await asyncio.to_thread(tasks_table, self._registry.tasks, tenant, only),
            lots=LotTables() if only is not None else self._registry.lots.tables(tenant),
            records={} if only is not None else self._registry.business.tables.of(tenant),
        )
        with open_view(view) as connection:
            try:
                table = connection.sql(sql).to_arrow_table()
            except duckdb.Error as error:
                raise FixConfiguration("sql.invalid", str(error)) from error
        return table if limit is None else table.slice(0, limit)


@dataclass
class World:
    url: str
    data: Path
    registry: Registry
    bus: MemoryBus
    lake: TapeLake
    live: Live
    secret: str
    token: str
    app: Any

    def client(self, *, token: str | None = None) -> httpx.AsyncClient:
        shown = self.token if token is None else token
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=30.0)

    async def settled(self) -> None:
        """Wait until everything stored has been taken by the lake."""
        while True:
            state = await self.bus.stream_state("p0")
            if state is None or self.lake.seq >= state.last_seq:
                return
            await asyncio.sleep(0.01)

    async def put(self, name: str, times_us: Sequence[int], values: Sequence[float], quality: Any = 0) -> None:
        """Store rows of a point, as a gateway would."""
        number = self.registry.book.find("main", name).number
        batch = frames.frame(np.full(len(times_us), number), times_us, values, quality)
        for piece in frames.split(batch):
            await self.bus.store("p0", "main", frames.encode(piece))
        await self.settled()


def now_us() -> int:
    return time.time_ns() // 1000


def any_driver(spec: DeviceSpec) -> None:
    if spec.driver == "nonsense":
        raise FixConfiguration("driver.unknown", "there is no driver 'nonsense'")


@asynccontextmanager
async def world(data: Path, **settings: Any) -> AsyncIterator[World]:
    bus, lake, live = MemoryBus(), TapeLake(), Live()
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 30)
    async with open_registry(
        data, bus, tenant="main", clock_us=now_us, check=any_driver, look_every_s=0.05, records_at=place_of(data)
    ) as registry:
        secret = await registry.people.first_secret("main")
        token = await registry.people.ensure_key(data / "key", "main")
        app = create_app(registry, lake, PlainSql(lake, registry), bus, live, ApiSettings(**settings))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", ws_ping_interval=None))
        # asyncio turns Nagle's algorithm off only for sockets that say TCP
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            tasks = [
                asyncio.create_task(server.serve(sockets=[listener])),
                asyncio.create_task(_historian(bus, lake, live)),
            ]
            while not server.started:
                await asyncio.sleep(0.01)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            try:
                yield World(url, data, registry, bus, lake, live, secret or "", token, app)
            finally:
                server.should_exit = True
                await tasks[0]
                tasks[1].cancel()
                await asyncio.gather(tasks[1], return_exceptions=True)
                await bus.close()


async def _historian(bus: MemoryBus, lake: TapeLake, live: Live) -> None:
    async for batch in bus.read("p0", 1):
        for message in batch:
            rows = bursts.decode(message.payload)
            if not bursts.is_burst(rows):
                live.feed(tenant_of(message.subject), rows)
            lake.take(tenant_of(message.subject), message.seq, message.time_us, rows)
