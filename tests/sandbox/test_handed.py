"""What a query is handed, and what of it a child keeps for the next one."""

from __future__ import annotations

import pyarrow as pa
import pytest

from baigong.sandbox import walls
from baigong.sandbox.blocks import Block
from baigong.sandbox.sql import SqlPool, SqlSettings
from tests.sandbox.world import Seen, World

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")


async def test_only_what_a_query_names_is_handed_over(world: World) -> None:
    made = []

    def heavy() -> pa.Table:
        made.append(1)
        return pa.table({"x": [1, 2, 3]})

    def view(tenant: str, only: object = None) -> Seen:
        seen = world.view(tenant)
        seen.tables["heavy_in"] = heavy
        seen.statements.append(("heavy", "create view heavy as from heavy_in"))
        return seen

    pool = SqlPool(view)
    try:
        await pool.query("acme", "select count(*) from telemetry")
        assert made == []
        assert (await pool.query("acme", "select sum(x) as s from HEAVY")).to_pylist() == [{"s": 6}]
        assert "heavy" in (await pool.query("acme", "show tables")).column(0).to_pylist()
        assert made == [1, 1]
    finally:
        await pool.close()


async def test_a_block_is_mapped_once_and_stays(world: World) -> None:
    block, late = Block(pa.table({"x": [1, 2]})), pa.table({"x": [3]})

    def view(tenant: str, only: object = None) -> Seen:
        pieces = [block, late]
        return Seen(tables={"rows_in": pieces}, statements=[("", "create view rows as from rows_in")])

    pool = SqlPool(view, SqlSettings(keep_spare=False))
    try:
        assert (await pool.query("acme", "select sum(x) as s from rows")).to_pylist() == [{"s": 6}]
        block.close()  # another child could not have it any more
        late = pa.table({"x": [4]})
        assert (await pool.query("acme", "select sum(x) as s from rows")).to_pylist() == [{"s": 7}]
        block = Block(pa.table({"x": [10, 20]}))
        assert (await pool.query("acme", "select sum(x) as s from rows")).to_pylist() == [{"s": 34}]
        assert pool.stats()["started"] == 1
    finally:
        await pool.close()


async def test_base_is_made_again_when_its_block_changes(world: World) -> None:
    block = Block(pa.table({"x": [1]}))

    def view(tenant: str, only: object = None) -> Seen:
        return Seen(
            tables={"known_in": block},
            base=["create table base.known as select x, uuid() as made from known_in"],
            statements=[("", "create view known as from base.known")],
        )

    pool = SqlPool(view, SqlSettings(keep_spare=False))
    try:
        first = (await pool.query("acme", "from known")).to_pylist()
        assert (await pool.query("acme", "show tables")).to_pylist() == [{"name": "known"}]
        again = (await pool.query("acme", "from known")).to_pylist()
        assert (await pool.query("acme", "from known")).to_pylist() == again
        block = Block(pa.table({"x": [2]}))
        changed = (await pool.query("acme", "from known")).to_pylist()
        assert [first[0]["x"], again[0]["x"], changed[0]["x"]] == [1, 1, 2]
        assert changed[0]["made"] != again[0]["made"]
        assert pool.stats()["started"] == 1
    finally:
        await pool.close()


async def test_the_catalogue_shows_what_is_for_people(pool: SqlPool) -> None:
    people = ["points", "telemetry"]
    for sql in (
        "show tables",
        "select table_name from information_schema.tables",
        "with t as (select table_name from information_schema.tables) select * from t",
        "select distinct table_name from information_schema.columns",
        "select table_name from duckdb_tables() union select view_name from duckdb_views() where not internal",
        "select name from (show all tables)",
    ):
        assert sorted((await pool.query("acme", sql)).column(0).to_pylist()) == people, sql
    found = await pool.query("acme", "select count(*) as n from telemetry")
    assert found.to_pylist() == [{"n": 1000}]  # what the catalogue was shown with is gone again
