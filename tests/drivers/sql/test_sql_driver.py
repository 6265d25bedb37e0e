"""The ``sql`` driver before a stand-in ERP: all of it understood, nothing twice, nothing lost, a new name said."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from baigong.drivers.contract import Delivery, Wanted
from baigong.drivers.manifest import manifest
from baigong.drivers.recordsource import Loose
from baigong.drivers.sql import sim
from baigong.drivers.sql.driver import SqlDriver
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError
from baigong.vocab.recordwire import Part
from tests.postgres import PASSWORD, ROLE, cluster

POINTS = [Wanted(1, "meters.M1"), Wanted(2, "meters.M2"), Wanted(3, "meterz.M3")]
TOLD = {"orders": 60, "items": 20, "partners": 6, "boms": 24, "routings": 24, "stock": 12, "lots": 12}
ORDERS = """
- name: orders
  kind: order
  table: PRD_MO
  key: [FBILLNO]
  fields: {order: FBILLNO, status: FSTATUS, customer: FCUSTOMER}
  changed: FMODIFYDATE
  every: 1s
"""


@pytest.fixture
def erp(tmp_path: Path) -> Path:
    sim.make_file(tmp_path / "erp.db")
    return tmp_path / "erp.db"


def change(file: Path, *statements: str) -> None:
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def driver_of(feeds: str, **options: Any) -> SqlDriver:
    made = manifest("sql").open({"feeds": feeds, **options})
    assert isinstance(made, SqlDriver)
    return made


async def take(
    stream: AsyncIterator[Delivery], enough: Callable[[list[Delivery]], bool], refuse: int = 0
) -> list[Delivery]:
    """Accept what comes until it is enough; the first ``refuse`` are refused."""
    found: list[Delivery] = []
    async with asyncio.timeout(20):
        async for delivery in stream:
            if refuse:
                refuse -= 1
                await delivery.refuse("bus.down")
                continue
            await delivery.accept()
            found.append(delivery)
            if enough(found):
                break
    return found


def keys(found: list[Delivery]) -> list[str]:
    return [key for one in found if one.records for key in one.records[1].column("key").to_pylist()]


def parts(found: list[Delivery]) -> list[Part]:
    return [one.records[0] for one in found if one.records]


async def test_the_stand_in_erp_is_understood_to_its_last_row(erp: Path) -> None:
    async with driver_of(sim.mapping(), dialect="sqlite", file=str(erp)) as driver:
        found = await take(driver.watch(POINTS), lambda f: sum(len(one.frame) for one in f) >= 41)
        rows = Counter[str]()
        for one in found:
            if one.records:
                rows[one.records[0].run.split("-")[0]] += len(one.records[1])
        assert rows == TOLD
        assert all(part.whole and part.last and not part.refused for part in parts(found))
        health = await driver.health()
        assert health.ok and health.detail == ""
        order = next(one.records[1] for one in found if one.records and one.records[0].kind == "order").to_pylist()[0]
        assert (order["key"], order["order"], order["quantity"], order["customer"]) == (
            "MO00000/1",
            "MO00000",
            10,
            "C00",
        )
        assert str(order["start"]) == "2026-11-20 00:00:00+00:00", "eight in the morning in Shanghai"
        values = [one.frame for one in found if len(one.frame)]
        assert values[0].column("quality").to_pylist() == [q.BAD_CONFIGURATION]
        assert [batch.num_rows for batch in values] == [1, 40], "one point nobody knows, and all readings"
        assert str(values[1].column("time")[0].as_py()) == "2026-11-20 00:00:00+00:00"
        last = await driver.read(POINTS)
        assert dict(zip(last.column("point").to_pylist(), last.column("value").to_pylist(), strict=True)) == {
            1: 1009.75, 2: 1009.5, 3: None,
        }  # fmt: skip


async def test_after_a_restart_only_what_changed_is_told_and_a_refused_part_comes_again(erp: Path) -> None:
    notes = Loose()
    async with driver_of(ORDERS, dialect="sqlite", file=str(erp)) as driver:
        driver.keep_in(notes)
        stream = driver.watch([])
        first = await take(stream, lambda f: len(f) == 1, refuse=2)
        assert len(keys(first)) == 30 and parts(first)[0].whole
        change(erp, "update PRD_MO set FSTATUS = '完工', FMODIFYDATE = '2026-11-21 09:00:00' where FBILLNO = 'MO00007'")
        second = await take(stream, lambda f: "MO00007" in keys(f))
        assert not parts(second)[-1].whole
    change(erp, "insert into PRD_MO values ('MO99999','','','C01','','下达','','2026-11-21 09:00:00')")
    async with driver_of(ORDERS, dialect="sqlite", file=str(erp)) as driver:
        driver.keep_in(notes)
        third = await take(driver.watch([]), lambda f: "MO99999" in keys(f))
        assert set(keys(third)) == {"MO00007", "MO99999"}, "of the same second both; of before, none"


async def test_a_renamed_column_is_said_and_read_again_when_it_is_back(erp: Path) -> None:
    change(erp, "alter table PRD_MO rename column FSTATUS to FBILLSTATUS")
    meters = "- {name: m, query: select * from EMS_METER, values: [FKWH], every: 1s}"
    async with driver_of(ORDERS + meters, dialect="sqlite", file=str(erp)) as driver:
        stream = driver.watch([Wanted(1, "m.FKWH")])
        found = await take(stream, lambda f: len(f) == 1)
        assert keys(found) == [] and len(found[0].frame) == 40, "one feed that is wrong stops no other"
        detail = (await driver.health()).detail
        assert "'FSTATUS' (for status), perhaps now 'FBILLSTATUS'" in detail
        look = await driver.browse("feed:orders")
        assert look[0].title == "FSTATUS is not there; perhaps now FBILLSTATUS"
        change(erp, "alter table PRD_MO rename column FBILLSTATUS to FSTATUS")
        assert len(keys(await take(stream, lambda f: bool(keys(f))))) == 30
        await take(stream, lambda f: len(f) == 1)
        assert (await driver.health()).detail == ""
        change(erp, "alter table PRD_MO rename column FMODIFYDATE to FMODIFYTIME")
        await take(stream, lambda f: len(f) == 2)
        assert "'FMODIFYDATE' (changed), perhaps now 'FMODIFYTIME'" in (await driver.health()).detail


async def test_it_writes_nothing_and_names_what_is_wrong(erp: Path) -> None:
    wrong = ORDERS.replace("table: PRD_MO", "query: delete from PRD_MO").replace("  changed: FMODIFYDATE\n", "")
    async with driver_of(wrong, dialect="sqlite", file=str(erp)) as driver:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                async for _ in driver.watch([]):
                    raise AssertionError("nothing can be told")
        assert "orders:" in (await driver.health()).detail
        nodes = await driver.browse("table:PRD_MO")
        assert [node.title for node in nodes][:2] == ["FBILLNO", "FDATE"]
    for options, place in (
        ({"dialect": "sqlite", "file": str(erp), "feeds": "- {name: x, kind: order}"}, "feeds"),
        ({"dialect": "sqlite", "file": str(erp), "feeds": "- {name: x, table: t}"}, "feeds"),
        ({"dialect": "sqlite", "feeds": ORDERS}, "file"),
        ({"dialect": "postgresql", "feeds": ORDERS}, "host"),
    ):
        with pytest.raises(BaigongError) as caught:
            manifest("sql").open(options)
        assert (caught.value.code, caught.value.place) == ("driver.option", place)


async def test_postgresql_is_read_with_its_own_spelling_and_refuses_writes() -> None:
    with cluster() as server:
        name = server.empty()
        engine = sa.create_engine(f"postgresql+psycopg://postgres@/{name}?host={server.folder}&port={server.port}")
        sim.fill(engine)
        engine.dispose()
        server.admin(f"grant all on all tables in schema public to {ROLE}", name)
        place = {"dialect": "postgresql", "host": "127.0.0.1", "port": server.port, "database": name}
        async with driver_of(sim.mapping(), **place, user=ROLE, password=PASSWORD) as driver:
            found = await take(driver.watch(POINTS), lambda f: sum(len(one.frame) for one in f) >= 41)
            assert len(keys(found)) == sum(TOLD.values())
        deleting = "- {name: x, kind: order, query: 'delete from PRD_MO returning *', key: [FBILLNO], fields: {}}"
        async with driver_of(deleting, **place, user=ROLE, password=PASSWORD) as driver:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await take(driver.watch([]), lambda f: True)
        assert server.admin("select count(*) from PRD_MO", name, fetch=True) == [(30,)]
        with pytest.raises(BaigongError) as caught:
            async with driver_of(ORDERS, **place, user=ROLE, password="wrong"):
                pass
        assert caught.value.code == "driver.credentials"
        server.stop()
        with pytest.raises(BaigongError) as caught:
            async with driver_of(ORDERS, **place, user=ROLE, password=PASSWORD):
                pass
        assert caught.value.code == "driver.unreachable"
