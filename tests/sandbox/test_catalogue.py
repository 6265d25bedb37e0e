"""The catalogue shows which tables and columns there are, and nothing of how, where and for whom they are made."""

from __future__ import annotations

import pytest

from baigong.sandbox import walls
from baigong.sandbox.sql import SqlPool
from baigong.vocab.errors import BaigongError
from tests.sandbox.world import World

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")

NOT_SHOWN = (
    "select * from duckdb_settings()",
    "select * from DuckDB_Settings()",
    'from "duckdb_settings"()',
    "from main.duckdb_settings()",
    "from system.main.duckdb_settings()",
    "select * from (select value from duckdb_settings())",
    "with s as (from duckdb_settings()) select * from s",
    "select (select list(value) from duckdb_settings())",
    "from pg_settings",
    'from pg_catalog."PG_SETTINGS"',
    "from duckdb_profiling_settings()",
    "select current_setting('allowed_directories')",
    "select Current_Setting('temp_directory') from telemetry",
    "from duckdb_secrets()",
    "from duckdb_temporary_files()",
    "from duckdb_extensions()",
    "from duckdb_logs",
    "from pragma_database_size()",
    "select pg_get_viewdef(oid) from pg_class",
    "from query('from duckdb_settings()')",
    "from query_table('duckdb_views')",
    "explain from telemetry",
    "explain analyze from telemetry",
    "prepare p as from duckdb_settings()",
    "execute p",
)
BESIDE_TABLES = (
    "select * from telemetry, (select sql from duckdb_views())",
    "select point from telemetry where point in (select view_oid from main.duckdb_views)",
    "with v as (from duckdb_views()) select sql from v, telemetry",
    "with duckdb_views as (select 1 as a) select * from duckdb_views, telemetry",
    "select t.* from telemetry t, information_schema.views v",
    "select t.* from telemetry t join system.information_schema.tables v on true",
    "select t.* from telemetry t, lateral (select macro_definition from duckdb_functions())",
    "select t.* from telemetry t, (show all tables)",
    "select t.*, sql from telemetry t, sqlite_master",
    "select count(*) from telemetry union all select count(*) from PG_Catalog.Pg_Views",
)
SHOWN = (
    "from duckdb_views()",
    "from duckdb_tables()",
    "from duckdb_columns()",
    "from duckdb_functions()",
    "from information_schema.views",
    "from information_schema.tables",
    "from pg_catalog.pg_views",
    "from pg_class",
    "from sqlite_master",
    "from duckdb_databases",
    "from pragma_database_list",
    "from pg_database",
    "from pragma_table_info('telemetry')",
    "describe telemetry",
    "show all tables",
    "show databases",
)
MISTAKES = (
    "from base.point",
    "from point_in",
    "from nothing_at_all",
    "from lake.telemetr",
    "select ponit from telemetry",
)


async def test_what_is_not_shown_is_refused(pool: SqlPool) -> None:
    for sql in NOT_SHOWN:
        with pytest.raises(BaigongError) as caught:
            await pool.query("acme", sql)
        assert caught.value.code in ("sql.refused", "sql.invalid"), (sql, caught.value)
    for sql in BESIDE_TABLES:
        with pytest.raises(BaigongError, match="a statement of its own"):
            await pool.query("acme", sql)
    assert pool.stats()["started"] <= 2


async def test_what_is_shown_names_no_file_no_folder_and_nothing_of_ours(pool: SqlPool, world: World) -> None:
    for sql in SHOWN:
        _names_nothing(str((await pool.query("acme", sql)).to_pylist()), world, sql)
    for sql in MISTAKES:
        with pytest.raises(BaigongError) as caught:
            await pool.query("acme", sql)
        _names_nothing(caught.value.message, world, sql)
    broken = world.folder("acme") / "b.parquet"
    broken.write_bytes(b"PAR1 nothing else")
    with pytest.raises(BaigongError) as caught:
        await pool.query("acme", "from telemetry")
    assert caught.value.code == "storage.corrupt"
    _names_nothing(caught.value.message, world, "a broken file")


def _names_nothing(told: str, world: World, sql: str) -> None:
    assert str(world.root) not in told, sql
    assert ".parquet" not in told, sql
    assert "points_in" not in told, sql
