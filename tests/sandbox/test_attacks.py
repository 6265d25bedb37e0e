"""Attacks through the front door: SQL. After each the pool still answers, and no file has changed."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pyarrow as pa
import pytest

from baigong.sandbox import walls
from baigong.sandbox.sql import SqlPool
from baigong.vocab.errors import BaigongError
from tests.sandbox.world import Seen, World

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")
CEILING = 1200 << 20  # bytes one child may ever hold: memory_limit + slack + code


async def attack(pool: SqlPool, world: World, sql: str, timeout_s: float = 10.0) -> BaigongError:
    before = world.fingerprint()
    filled = sql.replace("{mine}", str(world.folder("acme"))).replace("{other}", str(world.folder("rival")))
    with pytest.raises(BaigongError) as caught:
        await pool.query("acme", filled, timeout_s=timeout_s)
    assert world.fingerprint() == before
    answer = await pool.query("acme", "select count(*) as n from telemetry")
    assert answer.to_pylist() == [{"n": 1000}]
    return caught.value


REFUSED = [
    # writing
    "copy (select 1) to '/tmp/baigong-escape.csv'",
    "copy telemetry to '{mine}/a.parquet'",
    "with w as (copy (select 1 as point) to '{mine}/a.parquet') select * from w",
    "with w as (insert into points values (9, 'x') returning *) select * from w",
    "export database '/tmp/baigong-escape'",
    "create table t as select 1",
    "create or replace view telemetry as select 1",
    "insert into telemetry values (1)",
    "drop view telemetry",
    "select 1; drop view telemetry",
    # files
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/proc/self/environ')",
    "select * from '/etc/passwd'",
    "select * from '{other}/a.parquet'",
    "select * from read_parquet('{other}/a.parquet')",
    "select * from parquet_scan('{mine}/../tenant=rival/a.parquet')",
    "select * from parquet_metadata('{other}/a.parquet')",
    "select * from parquet_schema('{mine}/a.parquet')",
    "select * from glob('/etc/*')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from read_json_auto('/etc/os-release')",
    "from read_duckdb('{other}/x.db')",
    # other databases, extensions, settings, statements in disguise
    "attach '{other}/x.db' as x",
    "install httpfs",
    "load '/tmp/x.so'",
    "set memory_limit = '100GB'",
    "reset all",
    "pragma enable_profiling",
    "pragma database_list",
    "call pragma_version()",
    "explain select 1",
    "prepare p as select 1",
    "begin",
    "vacuum",
    "checkpoint",
    "use memory",
    "select * from query('copy (select 1) to ''/tmp/x''')",
    "select * from query_table('telemetry')",
    "select * from json_execute_serialized_sql('{}')",
    "select json_serialize_plan('select 1')",
    "select stats(1)",
    "select current_setting('home_directory')",
    "pivot telemetry on point",
    # raw memory: these take addresses
    "select * from arrow_scan(1, 2, 3)",
    "select * from arrow_scan_dumb(1, 2, 3)",
    "select * from python_arrow_scan(1)",
    "select * from pandas_scan(12345)",
    "select * from seq_scan(1)",
    "select (select count(*) from pandas_scan(1)), 1",
    "select * from points p, lateral (select * from glob(p.name)) g",
]


@pytest.mark.parametrize("sql", REFUSED)
async def test_refused(pool: SqlPool, world: World, sql: str) -> None:
    error = await attack(pool, world, sql)
    assert error.code in ("sql.refused", "sql.invalid"), error
    assert not Path("/tmp/baigong-escape.csv").exists()
    assert pool.stats()["started"] <= 2  # nothing of it cost a child


async def test_refusals_say_so(pool: SqlPool, world: World) -> None:
    for sql in ("copy (select 1) to '/tmp/x'", "attach 'x'", "select 1; select 2", "set threads = 1", "install httpfs"):
        assert (await attack(pool, world, sql)).code == "sql.refused", sql


UNKNOWN = ["select getenv('HOME')", "select * from sys", "select * from connection", "select * from request",
           "select * from tables", "select system('id')"]  # fmt: skip


@pytest.mark.parametrize("sql", UNKNOWN)
async def test_nothing_of_python_or_the_environment_shows(pool: SqlPool, world: World, sql: str) -> None:
    assert (await attack(pool, world, sql)).code == "sql.invalid"


HUNGRY = [
    "select count(*) from (select distinct a.range * 7919 + b.range from range(100000) a, range(100000) b)",
    "select list(range) from range(2000000000)",
    "select length(repeat('a', 4000000000))",
    "select repeat('abcdefgh', 10000000000)",
    "select string_agg(range::varchar, ',') from range(10000000000)",
    "select * from range(10000000000) order by hash(range)",
    "select sum(length(x)) from (select repeat('x', 100000000) as x from range(100) order by x)",
    "select count(*) from telemetry a, telemetry b, telemetry c group by a.point, b.point, c.point",
    "with recursive r as (select [1, 2, 3] as l union all select list_concat(l, l) from r) select count(l) from r",
    "select map_from_entries(list((range, range))) from range(1000000000)",
]


@pytest.mark.parametrize("sql", HUNGRY)
async def test_memory_ends(pool: SqlPool, world: World, sql: str) -> None:
    highest = 0

    async def watch() -> None:
        nonlocal highest
        while True:
            for pid in pool.stats()["children"]:
                with contextlib.suppress(OSError):
                    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
                    highest = max([highest, *(int(x.split()[1]) << 10 for x in lines if x.startswith("VmHWM"))])
            await asyncio.sleep(0.02)

    watcher = asyncio.create_task(watch())
    error = await attack(pool, world, sql, timeout_s=20)
    watcher.cancel()
    assert error.code in ("sql.memory", "sql.timeout", "sql.invalid"), error
    assert 0 < highest < CEILING


ENDLESS = [
    "with recursive r as (select 1 as i union all select i + 1 from r) select count(*) from r",
    "select sum(a.range) from range(10000000000000) a",
    "select sleep_ms(100000)",
    "select pg_sleep(100000)",
    "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range = 7",
    "select sum(levenshtein(repeat('a', 3000 + range::int % 9), repeat('b', 3000))) from range(1000000)",
]


@pytest.mark.parametrize("sql", ENDLESS)
async def test_time_ends(pool: SqlPool, world: World, sql: str) -> None:
    error = await attack(pool, world, sql, timeout_s=1.0)
    assert error.code in ("sql.timeout", "sql.memory"), error


async def test_a_link_in_the_lake_leads_nowhere(world: World, tmp_path: Path) -> None:
    """Even when our own listing were fooled: Landlock looks at where the link goes."""
    secret = tmp_path / "elsewhere.parquet"
    world.add_file("rival", "z", pa.table({"point": [1], "owner": ["rival"]})).rename(secret)
    link = world.folder("acme") / "z.parquet"
    link.symlink_to(secret)

    def fooled(tenant: str, only: object) -> Seen:
        seen = world.view(tenant)
        if not honest:
            seen.statements = [("", f"create view telemetry as from read_parquet('{link}')")]
        return seen

    pool, honest = SqlPool(fooled), False
    try:
        with pytest.raises(BaigongError) as caught:
            await pool.query("acme", "select * from telemetry")
        assert caught.value.code == "storage.corrupt"
        honest = True
        assert (await pool.query("acme", "select count(*) as n from telemetry")).to_pylist() == [{"n": 1000}]
    finally:
        await pool.close()


STRANGE = [
    "select " + "(" * 5000 + "1" + ")" * 5000,
    "select " + "-" * 50000 + "1",
    "select '" + "x" * 1000,
    "select " + "+".join(["1"] * 20000),
    "\x00",
    "",
    ";;;",
    "/*",
    "select 1 --" + "x" * 10**6 + "\n;select 2",
]


async def test_deep_nesting_and_long_texts_are_survived(pool: SqlPool, world: World) -> None:
    before = world.fingerprint()
    for sql in STRANGE:
        with contextlib.suppress(BaigongError):
            await pool.query("acme", sql, timeout_s=10)
        assert (await pool.query("acme", "select 1 as x")).num_rows == 1
    assert world.fingerprint() == before
