"""SQL of a guest who may read one point between two times: nothing of other points, nor of other times, by any name."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from baigong.sandbox import walls
from baigong.sandbox.sql import SqlPool
from baigong.stores.lake.assetsql import ASSETS, RELATIONS
from baigong.stores.lake.bursts import LAKE_BURSTS, BurstFileWriter
from baigong.stores.lake.contract import LAKE, LakeFile, Snapshot
from baigong.stores.lake.part import Part
from baigong.stores.lake.recordsql import RECORD_TABLES
from baigong.stores.lake.rollup import BUCKETS_S, rollup
from baigong.stores.lake.scansql import FileShapes
from baigong.stores.lake.sqlview import (
    POINTS,
    VISIBLE,
    SqlView,
    part_points,
    sql_view,
)
from baigong.stores.lake.thin import COUNTER, STATE, THINNED, thin
from baigong.stores.lake.toldsql import GENEALOGY, LOT_USES, LotTables, episodes_table
from baigong.vocab.burst import burst
from baigong.vocab.errors import BaigongError
from baigong.vocab.frame import TIME
from baigong.vocab.happenings import Episode

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")
START = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000
HOUR, DAY = 3_600_000_000, 86_400_000_000
WINDOW = (START + HOUR, START + DAY + 2 * HOUR)
MINE, STATED, THEIRS = 1, 3, 2
SECRETS = ("SECRET", "999666", "EARLY", "999777", "press")
LOTS = LotTables(
    pa.Table.from_pylist([{"lot": "SECRET", "side": "produced", "episode": "e2"}], LOT_USES),
    pa.Table.from_pylist([{"consumed": "SECRET", "produced": "SECRET-2", "episode": "e2"}], GENEALOGY),
)
NOT_FOR_GUESTS = ("lots", "lot_uses", "genealogy", *RECORD_TABLES)
KINDS = {MINE: COUNTER, STATED: STATE, THEIRS: COUNTER}


def rows(point: int, first_us: int, count: int, seq: int) -> pa.Table:
    times = first_us + np.arange(count) * 60_000_000
    inside = (times >= WINDOW[0]) & (times < WINDOW[1])
    open_rows = inside if point != THEIRS else np.zeros(count, bool)
    values = np.where(open_rows, np.arange(count) // (7 if point == STATED else 1) + float(seq), 999666.0)
    values = np.where(~inside & (point != THEIRS), 999777.0, values)
    words = ["SECRET" if point == THEIRS else "fine" if mine else "EARLY" for mine in inside]
    stamps = pa.array(times).cast(TIME)
    return pa.table(
        [pa.array([point] * count), stamps, pa.array(values), pa.nulls(count, pa.int64()), pa.array(words),
         pa.array([0] * count, pa.int32()), stamps, pa.array([seq] * count)],
        schema=LAKE,
    )  # fmt: skip


def everybody(first_us: int, count: int, seq: int) -> pa.Table:
    return pa.concat_tables([rows(p, first_us, count, seq) for p in sorted(KINDS)])


def waves(times: list[int], seq: int) -> pa.Table:
    tables = []
    for point in (MINE, THEIRS):
        mine = [point == MINE and WINDOW[0] <= t < WINDOW[1] for t in times]
        samples = [np.array([1.0, -1.0] if own else [999666.0, 999777.0]) for own in mine]
        body = pa.Table.from_batches([burst([point] * len(times), times, [1000.0] * len(times), samples, 0)])
        seen = pa.array(times).cast(TIME)
        tables.append(body.append_column("seen", seen).append_column("seq", pa.array([seq] * len(times))))
    return pa.concat_tables(tables).cast(LAKE_BURSTS)


@dataclass
class Cut:
    key: int
    part: Part


class Plant:
    """Two days of files (the first rolled and thinned), late rows, hot rows. ``clip``: keep only what is open."""

    def __init__(self, root: Path, clip: Part | None) -> None:
        self._root = root
        self._clip = clip
        self._shapes = FileShapes()
        first = self._file("first", everybody(START, 24 * 60, 1))
        second = self._file("second", everybody(START + DAY, 200, 2))
        late = self._file("late", everybody(START + DAY + 3 * 60_000_000, 5, 50), late=True)
        own = self._file("own", rows(MINE, START + 2 * DAY, 5, 70))
        hot = self._clipped(pa.concat_tables([everybody(START + DAY + 200 * 60_000_000, 30, 4),
                                              everybody(START + DAY + 90 * 60_000_000, 5, 60)]))  # fmt: skip
        path = root / "bursts" / "tenant=demo" / "day=2026-03-01" / "b.parquet"
        with BurstFileWriter(path) as writer:
            writer.write(self._clipped(waves([START, START + HOUR, START + 2 * HOUR], 1)))
        self.snapshot = Snapshot(
            "demo", 1, 1, (first, second, late, own), hot,
            overlapping=frozenset({"2026-03-02"}), hot_late=hot.column("seq").to_numpy() == 60,
            rollups=self._rolled(first), rolled_days=frozenset({"2026-03-01"}),
            bursts=(LakeFile(str(path), "demo", "2026-03-01", 1, 0),),
            hot_bursts=self._clipped(waves([START + DAY, START + 2 * DAY], 2)),
        )  # fmt: skip
        self.latest = self._clipped(hot)

    def _clipped(self, table: pa.Table) -> pa.Table:
        return table if self._clip is None else self._clip.clip(table).combine_chunks()

    def _file(self, name: str, table: pa.Table, late: bool = False) -> LakeFile:
        day = {"first": "2026-03-01", "own": "2026-03-03"}.get(name, "2026-03-02")
        path = self._root / "telemetry" / "tenant=demo" / f"day={day}" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(self._clipped(table), path)
        return LakeFile(str(path), "demo", day, len(table), 0, late=late)

    def _rolled(self, file: LakeFile) -> dict[str, tuple[str, ...]]:
        table = pq.read_table(file.path).cast(LAKE)
        made = {name: rollup(table, seconds) for name, seconds in BUCKETS_S.items()}
        kinds = np.array([KINDS[p] for p in table.column("point").to_pylist()])
        made[THINNED] = thin(table, kinds)
        found = {}
        for name, rolled in made.items():
            path = self._root / "rollups" / name / "tenant=demo" / "day=2026-03-01" / "r.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(rolled, path)
            found[name] = (str(path),)
        return found

    def view(self, tenant: str, only: Cut | None = None) -> SqlView:
        runs = [Episode(id="e1", asset="pump1", kind="run", start_us=WINDOW[0], end_us=WINDOW[1])]
        if only is None and self._clip is None:
            runs.append(Episode(id="e2", asset="press", kind="SECRET", start_us=START, end_us=START + 9))
        points = pa.Table.from_pylist(
            [{"number": MINE, "name": "pump1.count", "asset": "pump1", "kind": "counter"},
             {"number": STATED, "name": "pump1.state", "asset": "pump1", "kind": "state"},
             {"number": THEIRS, "name": "press.count", "asset": "press", "kind": "counter"}],
            POINTS,
        )  # fmt: skip
        whole = only is None and self._clip is None
        described = pa.Table.from_pylist(
            [{"asset": one} for one in (("pump1", "press") if whole else ("pump1",))], ASSETS
        )
        names = ("pump1", "press") if whole else ("pump1",)
        related = pa.Table.from_pylist([{"asset": one, "kind": "feeds", "other": one} for one in names], RELATIONS)
        if whole:
            return sql_view(
                self.snapshot, points, self.latest, episodes_table(runs), self._shapes, assets=lambda: described,
                relations=related, lots=LOTS,
            )  # fmt: skip
        part = self._clip if only is None else only.part
        assert part is not None
        shown = part_points(points, part)
        clipped = part.clip(self.latest)
        return sql_view(
            self.snapshot, shown, clipped, episodes_table(runs), self._shapes, None if only is None else part,
            assets=lambda: described, relations=related,
        )  # fmt: skip


@pytest.fixture
def guest() -> Cut:
    return Cut(7, Part({MINE: WINDOW, STATED: WINDOW}))


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[SqlPool]:
    made = SqlPool(Plant(tmp_path / "whole", None).view)
    yield made
    await made.close()


def sorted_rows(table: pa.Table) -> list[Any]:
    return sorted((list(row.values()) for row in table.to_pylist()), key=repr)


async def test_a_part_looks_like_a_lake_that_holds_nothing_else(pool: SqlPool, tmp_path: Path, guest: Cut) -> None:
    oracle = SqlPool(Plant(tmp_path / "open", guest.part).view)
    try:
        for name in VISIBLE:
            expected = await oracle.query("demo", f"from {name}")
            found = await pool.query("demo", f"from {name}", only=guest)
            assert len(found) > 0 or name in (*NOT_FOR_GUESTS, "tasks"), name  # which nobody handed in
            assert found.column_names == expected.column_names, name
            assert sorted_rows(found) == sorted_rows(expected), name
    finally:
        await oracle.close()


NAMES = (
    *VISIBLE, "hot_in", "points_in", "bursts_in", "latest_in", "episodes_in", "lake.rows", "lake.points", "lake.open",
    "lake.kinds", "base.points", "base.main.points", "plant.lake.rows", "plant.main.telemetry", "memory.hot_in",
    "temp.hot_in", "main.hot_in", "lot_uses_in", "genealogy_in",
)  # fmt: skip
ATTEMPTS = (
    "select * from {name}",
    "select * from {name} as t where error(t::varchar) is null",
    "select * from {name} as t where case when t::varchar like '%SECRET%' or t::varchar like '%999777%' "
    "then error('told: SECRET') end is null",
    "select * from {name} as t where t::varchar::int > 0",
    "select * from {name} as t join (select 2 as point) o using (point)",
    "select * from (from {name} union all by name select 2 as point) where name is null and time is not null",
    "select count(*) as n from {name} as t where t::varchar like '%999666%' having n > 0",
    "select t.*, telemetry.* from {name} t full outer join telemetry using (point) limit 5",
    "select * from telemetry where text::int = 1 or point + 0 = 2 -- {name} rollup latest episode burst consumption",
    "select * from telemetry where error(text || name) is null -- {name} rollup_states",
)


async def test_no_name_leads_to_other_rows(pool: SqlPool, guest: Cut) -> None:
    reached = 0
    for name in NAMES:
        for attempt in ATTEMPTS:
            # the words make every table there is be made
            sql = attempt.format(name=name) + " -- telemetry rollup latest episode burst consumption rollup_states"
            sql += " lots lot_uses genealogy " + " ".join(RECORD_TABLES)
            try:
                told = str((await pool.query("demo", sql, only=guest)).to_pylist())
                reached += 1
            except BaigongError as error:
                told = error.message.replace("told: SECRET", "" if "LINE" in error.message else "told: SECRET")
            assert not any(secret in told for secret in SECRETS), (sql, told[:500])
    assert reached > len(VISIBLE)


async def test_a_file_of_open_points_alone_is_read_as_the_company_reads_it(tmp_path: Path) -> None:
    """The wall is left away there, and stands before every file that holds a row of somebody else."""
    plant = Plant(tmp_path, None)
    pool = SqlPool(plant.view)
    both = Cut(8, Part({MINE: (None, None), STATED: (None, None)}))
    try:
        view = next(sql for sql in (s for _, s in plant.view("demo", both).statements) if "view lake.rows" in sql)
        walled = [part for part in view.split("read_parquet") if "join base.points" in part]
        assert "own.parquet" not in str(walled)
        assert all(f"{name}.parquet" in str(walled) for name in ("first", "second", "late"))
        asked = "select count(*) as n from telemetry where time >= '2026-03-03'"
        assert (await pool.query("demo", asked, only=both)).to_pylist() == [{"n": 5}]
        for attempt in ATTEMPTS:
            try:
                told = str((await pool.query("demo", attempt.format(name="telemetry"), only=both)).to_pylist())
            except BaigongError as error:
                told = error.message.partition("LINE")[0]
            assert not any(f"{secret}" in told for secret in ("999666", "press.count", "SECRET', '")), attempt
        probe = "select count(*) as n from telemetry where point + 0 = 2 and error('there') is null"
        assert (await pool.query("demo", probe, only=both)).to_pylist() == [{"n": 0}]
        less = Cut(9, Part({STATED: (None, None)}))
        assert (await pool.query("demo", asked, only=less)).to_pylist() == [{"n": 0}]
    finally:
        await pool.close()


async def test_what_is_found_out_by_errors_is_one_s_own(pool: SqlPool, guest: Cut) -> None:
    """A condition that fails on a row says that there is such a row: it must not be asked of others' rows."""
    for table in ("telemetry", "rollup_1m", "rollup_1h", "consumption_1m", "rollup_states_1m", "bursts", "latest"):
        columns = (await pool.query("demo", f"from {table} limit 0", only=guest)).column_names
        for column in columns:
            sql = f"select count(*) from {table} where error({column}::varchar) is null"
            try:
                told = str((await pool.query("demo", sql, only=guest)).to_pylist())  # a column of nulls
            except BaigongError as error:
                told = error.message
            assert not any(secret in told for secret in SECRETS), (sql, told)
        probe = f"select count(*) as n from {table} where point + 0 = 2 and error('there') is null"
        assert (await pool.query("demo", probe, only=guest)).to_pylist() == [{"n": 0}], table


async def test_the_catalogue_tells_no_numbers_and_files(pool: SqlPool, guest: Cut) -> None:
    for sql in ("from duckdb_views()", "from duckdb_tables()", "show all tables", "from information_schema.views",
                "select * from pg_catalog.pg_views"):  # fmt: skip
        told = str((await pool.query("demo", sql, only=guest)).to_pylist())
        assert "parquet" not in told and "open_from" not in told, sql


async def test_files_cannot_be_read_past_the_views(pool: SqlPool, tmp_path: Path, guest: Cut) -> None:
    path = next((tmp_path / "whole" / "telemetry").rglob("*.parquet"))
    for sql in (f"from '{path}'", f"from read_parquet('{path}')", f"from parquet_metadata('{path}')",
                f"from \"{path}\"", f"from glob('{path}')", f"from parquet_scan('{path}')"):  # fmt: skip
        with pytest.raises(BaigongError) as caught:
            await pool.query("demo", sql, only=guest)
        assert caught.value.code in ("sql.refused", "sql.invalid"), sql


async def test_parts_have_children_of_their_own(pool: SqlPool, guest: Cut) -> None:
    other = Cut(8, Part({THEIRS: (None, None)}))
    count = "select count(distinct point) as n, min(name) as name from telemetry"
    whole = (await pool.query("demo", count)).to_pylist()
    assert whole == [{"n": 3, "name": "press.count"}]
    assert (await pool.query("demo", count, only=guest)).to_pylist() == [{"n": 2, "name": "pump1.count"}]
    assert (await pool.query("demo", count, only=other)).to_pylist() == [{"n": 1, "name": "press.count"}]
    assert (await pool.query("demo", count)).to_pylist() == whole
    assert len(pool.stats()["children"]) >= 3
