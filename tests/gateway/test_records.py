"""Records from a database through a gateway into the registry: every row once, whatever is refused or restarted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from baigong.drivers.sql import sim
from baigong.gateway import GatewayOptions, run_gateway
from baigong.vocab.devices import DeviceSpec
from tests.api.world import World, world

SQL = sim.mapping().replace("every: 1min", "every: 1s").replace("every: 5min", "every: 1s")
COUNTS = {"order": 60, "item": 20, "customer": 6, "bom": 24, "routing": 24, "stock": 12, "lot": 12}


@asynccontextmanager
async def gateway(plant: World) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_gateway(
            plant.bus, plant.data, "local", mqtt=None, stop=stop, options=GatewayOptions(), rng=random.Random(1)
        )
    )
    try:
        yield
    finally:
        stop.set()
        await running


async def until(client: Any, told: Any) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            found = (await client.get("/business")).json()
            counts = {one["kind"]: (one["there"], one["gone"]) for one in found["counts"]}
            if told(counts):
                return dict(found)
            await asyncio.sleep(0.05)


async def test_an_erp_is_followed_through_restarts_and_deletions(tmp_path: Path) -> None:
    own = tmp_path / "certificates" / "companies" / "main" / "own"
    own.mkdir(parents=True)
    sim.make_file(own / "erp.db")
    engine = sa.create_engine(f"sqlite:///{own / 'erp.db'}")

    def change(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    spec = DeviceSpec(device="erp", driver="sql", options={"dialect": "sqlite", "file": "erp.db", "feeds": SQL})
    async with world(tmp_path) as plant, plant.client() as client:
        await plant.registry.devices.put("main", spec, "test")
        async with gateway(plant):
            await until(client, lambda c: c == {kind: (there, 0) for kind, there in COUNTS.items()})
            change(
                "delete from STK_INVENTORY where FITEM = 'R003'",
                "update STK_INVENTORY set FQTY = 7 where FITEM = 'R004'",
            )
            await until(client, lambda c: c["stock"] == (11, 1))
            change("delete from STK_INVENTORY where FITEM < 'R009'")
            found = await until(client, lambda c: c["stock"] == (11, 1))
            while not found["held"]:
                found = await until(client, lambda c: True)
            assert (found["held"][0]["kind"], found["held"][0]["told"]["held"]) == ("stock", 8)
        change("insert into PRD_MO values ('MO99999','','','C01','','下达','','2026-11-21 09:00:00')",
               "insert into PRD_MOENTRY values ('MO99999',1,'P001',5,0,'台',null,null,'')")  # fmt: skip
        async with gateway(plant):  # it begins where it was, and tells nothing twice
            await until(client, lambda c: c["order"] == (61, 0))
        runs = (await client.get("/business/runs", params={"limit": 1000})).json()
        assert sum(run["told"]["counts"]["inserted"] for run in runs if run["kind"] == "order") == 61
        page = (
            await client.get("/business/record", params={"kind": "stock", "source": "erp", "key": "R004//原料仓"})
        ).json()
        assert page["history"][0]["before"]["fields"]["quantity"] == 104.5
    engine.dispose()
