"""The two halves together: a snapshot of the lake, asked through the sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from baigong.sandbox import walls
from baigong.sandbox.sql import SqlPool
from baigong.stores.lake.bursts import LAKE_BURSTS, BurstFileWriter
from baigong.stores.lake.contract import LAKE, LakeFile, Snapshot
from baigong.stores.lake.files import LakeFileWriter
from baigong.stores.lake.recordsql import RECORD_TABLES
from baigong.stores.lake.scansql import FileShapes
from baigong.stores.lake.sqlview import POINTS, VISIBLE, SqlView, sql_view
from baigong.stores.lake.toldsql import episodes_table
from baigong.vocab import quality as q
from baigong.vocab.burst import burst
from baigong.vocab.frame import TIME
from baigong.vocab.happenings import Episode

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")
START = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000


def rows(first_us: int, values: list[float], seq: int, quality: int = 0) -> pa.Table:
    n = len(values)
    times = pa.array(first_us + np.arange(n) * 1_000_000).cast(TIME)
    return pa.table(
        [pa.array([1] * n), times, pa.array(values), pa.nulls(n, pa.int64()), pa.nulls(n, pa.string()),
         pa.array([quality] * n, pa.int32()), times, pa.array([seq] * n)],
        schema=LAKE,
    )  # fmt: skip


def recordings(times: list[int], seq: int, quality: int = 0, scale: float = 1.0) -> pa.Table:
    samples = [np.array([3.0, -4.0]) * scale] * len(times)
    body = pa.Table.from_batches([burst([1] * len(times), times, [25_600.0] * len(times), samples, quality)])
    seen = pa.array(times).cast(TIME)
    return body.append_column("seen", seen).append_column("seq", pa.array([seq] * len(times))).cast(LAKE_BURSTS)


class Plant:
    """A tenant whose last hour of values is corrected by hot rows."""

    def __init__(self, root: Path) -> None:
        self.kind = "gauge"
        self.shapes = FileShapes()
        path = root / "telemetry" / "tenant=demo" / "day=2026-03-01" / "a.parquet"
        with LakeFileWriter(path) as writer:
            writer.write(rows(START, [round(i * 0.1, 1) for i in range(7200)], 1))
        file = LakeFile(str(path), "demo", "2026-03-01", 7200, 0)
        hot = pa.concat_tables([rows(START + 60_000_000, [100.0] * 60, 2), rows(START, [0.0], 3, q.DELETED)])
        waves = root / "bursts" / "tenant=demo" / "day=2026-03-01" / "b.parquet"
        with BurstFileWriter(waves) as writer:
            writer.write(recordings([START, START + 9, START + 18], 1))
        shaken = (LakeFile(str(waves), "demo", "2026-03-01", 3, 0),)
        corrected = pa.concat_tables([recordings([START + 9], 2, scale=100.0), recordings([START + 18], 3, q.DELETED)])
        flagged = frozenset({"2026-03-01"})
        late = np.ones(len(hot), bool)
        more = {"bursts": shaken, "hot_bursts": corrected}
        self.snapshot = Snapshot("demo", 1, 1, (file,), hot, overlapping=flagged, hot_late=late, **more)

    def view(self, tenant: str, only: object = None) -> SqlView:
        known = {"number": 1, "name": "pump1.flow", "asset": "pump1", "unit": "m3/h"}
        points = pa.Table.from_pylist([known | {"kind": self.kind}], POINTS)
        run = Episode(id="e", asset="pump1", kind="run", start_us=START, end_us=START + 120_000_000)
        return sql_view(self.snapshot, points, self.snapshot.hot.slice(59, 1), episodes_table([run]), self.shapes)


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path)


@pytest.fixture
async def pool(plant: Plant) -> AsyncIterator[SqlPool]:
    made = SqlPool(plant.view)
    yield made
    await made.close()


async def test_every_table_answers(plant: Plant, pool: SqlPool) -> None:
    for name in VISIBLE:
        plant.kind = "state" if "states" in name else "counter"
        if name not in (
            "assets",
            "relations",
            "tasks",
            "lots",
            "lot_uses",
            "genealogy",
            *RECORD_TABLES,
        ):  # none here: tests/api has some
            assert (await pool.query("demo", f"select * from {name} limit 5")).num_rows > 0
        assert (await pool.query("demo", f"describe {name}")).num_rows > 2
        assert (await pool.query("demo", f"summarize {name}")).num_rows > 2


async def test_corrections_and_retractions_show(pool: SqlPool) -> None:
    sql = "select count(*) as n, min(value) as low, max(value) filter (seq = 2) as mended from telemetry"
    assert (await pool.query("demo", sql)).to_pylist() == [{"n": 7199, "low": 0.1, "mended": 100.0}]
    sql = """select "count" as n, mean_time_weighted as m from rollup_1m
             where name = 'pump1.flow' order by time limit 2"""
    found = (await pool.query("demo", sql)).to_pylist()
    assert [r["n"] for r in found] == [59, 60]
    assert found[1]["m"] == pytest.approx(100.0)


async def test_bursts_are_resolved_and_computed_with(pool: SqlPool) -> None:
    sql = """select epoch_us(time) as t, severity, rate_hz, len(samples) as n,
             sqrt(list_sum(list_transform(samples, lambda x: x * x)) / len(samples)) as rms
             from bursts where name = 'pump1.flow' order by time"""
    found = (await pool.query("demo", sql)).to_pylist()
    assert [(r["t"], r["n"], r["severity"]) for r in found] == [(START, 2, "good"), (START + 9, 2, "good")]
    assert [r["rms"] for r in found] == pytest.approx([12.5**0.5, 100 * 12.5**0.5])
    listed = await pool.query("demo", "select samples from bursts where time = (select max(time) from bursts)")
    assert listed.to_pylist() == [{"samples": [300.0, -400.0]}]


async def test_episodes_join_values(pool: SqlPool) -> None:
    sql = """select e.id, avg(t.value) as mean from episodes e join telemetry t on t.asset = e.asset
             and t.time >= e.start_time + interval 60 seconds and t.time < e.end_time group by e.id"""
    assert (await pool.query("demo", sql)).to_pylist() == [{"id": "e", "mean": 100.0}]


async def test_common_questions_work(pool: SqlPool) -> None:
    for sql in (
        "select time_bucket(interval 5 minutes, time) as t, avg(value) from telemetry group by all order by 1",
        "select *, value - lag(value) over (partition by name order by time) as step from telemetry limit 5",
        "select l.name, l.value, l.severity from latest l where now() - l.time > interval 1 minute",
        "select date_trunc('hour', time), quantile_cont(value, 0.95) from telemetry group by 1",
        "select * from telemetry using sample 10 rows",
        "select table_name, column_name from information_schema.columns where table_name = 'telemetry'",
        "show tables",
        "pivot (select name, value::int % 2 as odd from telemetry) on odd in (0, 1) using count(*)",
        "from telemetry select time, value limit 3",
    ):
        assert (await pool.query("demo", sql)).num_rows > 0, sql
