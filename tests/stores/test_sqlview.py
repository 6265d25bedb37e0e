"""The SQL view says what the snapshot says: compared with a brute-force oracle, over overlaps made at random."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baigong.stores.lake.contract import LAKE, LakeFile, Snapshot
from baigong.stores.lake.recordsql import RECORD_TABLES
from baigong.stores.lake.rollup import ROLLUP, rollup
from baigong.stores.lake.scansql import FileShapes
from baigong.stores.lake.sqlview import (
    POINTS,
    VISIBLE,
    SqlView,
    sql_view,
)
from baigong.stores.lake.toldsql import EPISODES, episodes_table
from baigong.vocab import quality as q
from baigong.vocab.happenings import Episode

DAY_US = 86_400_000_000
START = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000
STORED = pa.schema([*LAKE, pa.field("digits", pa.int64()), pa.field("scale", pa.int8())])
Row = dict[str, Any]


def day_of(time_us: int) -> str:
    return str(np.datetime64(time_us, "us").astype("datetime64[D]"))


def row(point: int, time_us: int, value: float | None, seq: int, quality: int = 0, **more: Any) -> Row:
    text = {"point": point, "time": time_us, "value": value, "whole": None, "text": None, "quality": quality}
    return text | {"seen": time_us + 5, "seq": seq} | more


def table(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, LAKE)


def decimal(rows: list[Row]) -> pa.Table:
    coded = []
    for item in rows:
        value = item["value"]
        short = value is not None and abs(value) < 1e13 and round(value, 2) == value
        digits = {"value": None, "digits": round(value * 100), "scale": 2} if short else {"digits": None, "scale": None}
        coded.append(item | digits)
    return pa.Table.from_pylist(coded, STORED)


def write(root: Path, rows: list[Row], name: str, decimals: bool = False, late: bool = False) -> list[LakeFile]:
    made = []
    for day in sorted({day_of(r["time"]) for r in rows}):
        mine = sorted((r for r in rows if day_of(r["time"]) == day), key=lambda r: (r["point"], r["time"]))
        path = root / "telemetry" / "tenant=demo" / f"day={day}" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(decimal(mine) if decimals else table(mine), path)
        made.append(LakeFile(str(path), "demo", day, len(mine), path.stat().st_size, late=late))
    return made


def points(count: int = 3, **more: Any) -> pa.Table:
    rows = [{"number": n, "name": f"pump{n}.flow", "asset": f"pump{n}", "quantity": "flow", "unit": "m3/h"} | more
            for n in range(1, count + 1)]  # fmt: skip
    return pa.Table.from_pylist(rows, POINTS)


def open_view(view: SqlView) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for name, handed in view.tables.items():
        made = handed() if callable(handed) else handed
        connection.register(name, pa.concat_tables(made) if isinstance(made, tuple) else made)
    connection.execute("set timezone = 'UTC'")
    connection.execute("attach ':memory:' as base")
    for statement in (*view.base, *(statement for _, statement in view.statements)):
        connection.execute(statement)
    return connection


def view_of(snapshot: Snapshot, **more: Any) -> SqlView:
    given_points = more.get("points", points())
    return sql_view(
        snapshot, given_points, LAKE.empty_table(), more.get("episodes", EPISODES.empty_table()), FileShapes()
    )


def ask(snapshot: Snapshot, sql: str, **more: Any) -> pa.Table:
    with open_view(view_of(snapshot, **more)) as connection:
        return connection.sql(sql).to_arrow_table()


def snapshot(files: list[LakeFile], hot: list[Row], **more: Any) -> Snapshot:
    return Snapshot("demo", 1, 0, tuple(files), table(hot), **more)


def test_nothing_is_before_the_first_day_of_the_files_and_the_first_hot_row() -> None:
    days = [LakeFile(day, "demo", day, 1, 1) for day in ("2026-03-02", "1969-12-31")]
    assert snapshot(days, []).first_us == -DAY_US
    assert snapshot(days[:1], []).first_us == 1_772_409_600_000_000
    assert snapshot([], []).first_us == 0


# -- telemetry -----------------------------------------------------------------------------------------------------

moments = st.integers(0, 5).flatmap(lambda d: st.integers(0, 2).map(lambda i: START + d // 2 * DAY_US + i * 1_000_000))
samples = st.tuples(
    st.integers(1, 4),  # point 4 is not registered
    moments,
    st.one_of(st.none(), st.sampled_from([0.0, 1.25, -7.5, 1 / 3, 1e300])),
    st.sampled_from([q.GOOD, q.BAD_NO_COMMUNICATION, q.UNCERTAIN, q.DELETED, q.DELETED | q.SIMULATED]),
)


@given(
    batches=st.lists(st.tuples(st.lists(samples, max_size=6), st.booleans()), max_size=5),
    hot=st.lists(samples, max_size=6),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_overlap_resolves_as_brute_force_does(tmp_path_factory: Any, batches: Any, hot: Any) -> None:
    root = tmp_path_factory.mktemp("lake")
    seq, rows, files, hot_rows, hot_late, flagged, newest = 0, [], [], [], [], set(), {}
    for number, (batch, decimals) in enumerate([*batches, (hot, False)]):
        made, late = [], []
        for point, time_us, value, quality in batch:
            seq += 1
            late.append(time_us <= newest.get(point, 0) or quality & 0xFFFF == q.DELETED)
            newest[point] = max(time_us, newest.get(point, 0))
            flagged |= {day_of(time_us)} if late[-1] else set()
            made.append(row(point, time_us, value, seq, quality, text=None if value else f"t{seq}", whole=seq))
        rows += made
        if number < len(batches):
            for is_late in (False, True):
                part = [r for r, there in zip(made, late, strict=True) if there is is_late]
                files += write(root, part, f"f{number}{is_late}", decimals, is_late)
        else:
            hot_rows, hot_late = made, late
    frame = pd.DataFrame(rows, columns=LAKE.names)
    # an oracle without SQL: the last of equal keys by seq, then retractions fall away
    kept = frame.sort_values("seq").drop_duplicates(["point", "time"], keep="last")
    kept = kept[(kept["quality"] & 0xFFFF) != q.DELETED].sort_values(["point", "time"])
    columns = ["point", "time", "value", "text", "whole", "seq"]
    wanted = [tuple(None if pd.isna(x) else x for x in r) for r in kept[columns].itertuples(index=False)]
    sql = "select point, epoch_us(time), value, text, whole, seq from telemetry order by point, time"
    mask = np.array(hot_late) if any(hot_late) else None
    told = snapshot(files, hot_rows, overlapping=frozenset(flagged), hot_late=mask)
    with open_view(view_of(told)) as connection:
        assert connection.sql(sql).fetchall() == wanted
        named = connection.sql("select count(*) from telemetry where name = 'pump2.flow'").fetchall()[0][0]
        assert named == sum(r[0] == 2 for r in wanted)


def test_columns_and_types(tmp_path: Path) -> None:
    files = write(tmp_path, [row(1, START, 12.34, 1, q.UNCERTAIN), row(9, START, None, 2, text="on")], "a", True)
    found = ask(snapshot(files, []), "select * exclude (seen) from telemetry order by point").to_pylist()
    time = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert found == [
        {"name": "pump1.flow", "point": 1, "asset": "pump1", "quantity": "flow", "unit": "m3/h", "time": time,
         "value": 12.34, "whole": None, "text": None, "quality": q.UNCERTAIN, "severity": "uncertain", "seq": 1},
        {"name": None, "point": 9, "asset": None, "quantity": None, "unit": None, "time": time,
         "value": None, "whole": None, "text": "on", "quality": 0, "severity": "good", "seq": 2},
    ]  # fmt: skip


def test_an_empty_tenant_has_all_tables() -> None:
    with open_view(view_of(snapshot([], []), points=POINTS.empty_table())) as connection:
        for name in VISIBLE:
            assert connection.sql(f"select * from {name}").fetchall() == []
        shown = connection.sql("show tables").fetchall()
    assert {r[0] for r in shown} == {
        *VISIBLE,
        "hot_in",
        "points_in",
        "latest_in",
        "episodes_in",
        "lot_uses_in",
        "genealogy_in",
        "tasks_in",
        *(f"{name}_in" for name in RECORD_TABLES),
        "assets_in",
        "relations_in",
        "bursts_in",
    }


def test_decimals_come_back_to_the_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    values = [float(v) for v in np.round(rng.normal(0, 1e6, 500), 2)] + [0.1, 0.29, 1e15 + 0.5]
    files = write(tmp_path, [row(1, START + i, v, i) for i, v in enumerate(values)], "a", True)
    found = ask(snapshot(files, []), "select value from telemetry order by time").column("value").to_pylist()
    assert found == values


def test_a_filter_on_name_reads_one_row_group_of_many(tmp_path: Path) -> None:
    files = []
    for day in range(4):
        path = tmp_path / "telemetry" / "tenant=demo" / f"day={day_of(START + day * DAY_US)}" / "a.parquet"
        path.parent.mkdir(parents=True)
        rows = [row(p, START + day * DAY_US + i, 1.0, i) for p in range(1, 41) for i in range(50)]
        pq.write_table(table(rows), path, row_group_size=50)
        files.append(LakeFile(str(path), "demo", day_of(START + day * DAY_US), len(rows), 0))
    late = LakeFile(files[1].path, "demo", files[1].day, 0, 0, late=True)
    for corrected in ([], [late]):
        overlapping = frozenset(f.day for f in corrected)
        view = view_of(snapshot([*files, *corrected], [], overlapping=overlapping), points=points(40))
        with open_view(view) as connection:
            sql = "select * from telemetry where name = 'pump7.flow'"
            assert len(connection.sql(sql).fetchall()) == 200
            plan = connection.sql(f"explain analyze {sql}").fetchall()[0][1]
        scanned = [line for line in plan.replace("│", "\n").splitlines() if "Row Groups Scanned" in line]
        files_read = [tuple(map(int, line.split(":")[1].split("/"))) for line in scanned if "/" in line]
        # late rows are read twice: the point's as rows, and point and time of all, for what they replace
        wanted = (240, 5 + 40) if corrected else (160, 4)
        assert tuple(sum(column) for column in zip(*(f for f in files_read if f[1] > 1), strict=True))[::-1] == wanted


def test_years_of_files_are_bounded_by_time(tmp_path: Path) -> None:
    rows = [row(1, START + d * DAY_US, float(d), d) for d in range(150)]
    files = write(tmp_path, rows, "a")
    told = snapshot(files, [])
    assert ask(told, "select count(*) as n from telemetry").column("n").to_pylist() == [150]
    late = f"select value from telemetry where time >= make_timestamptz({START + 149 * DAY_US})"
    assert ask(told, late).column("value").to_pylist() == [149.0]


# -- the other tables ----------------------------------------------------------------------------------------------


def test_latest_points_and_episodes() -> None:
    handed = episodes_table([Episode(id="e1", asset="pump1", kind="run", start_us=START, attributes={"order": 7})])
    latest = table([row(2, START, 3.5, 9, q.BAD_NO_COMMUNICATION)])
    view = sql_view(snapshot([], []), points(), latest, handed, FileShapes())
    with open_view(view) as connection:
        assert connection.sql("select name, value, severity from latest").fetchall() == [("pump2.flow", 3.5, "bad")]
        assert connection.sql("select point, name from points where asset = 'pump3'").fetchall() == [(3, "pump3.flow")]
        found = connection.sql("select id, end_time, attributes->>'order' from episodes").fetchall()
        assert found == [("e1", None, "7")]


def test_roots_are_the_tenants_own_folders(tmp_path: Path) -> None:
    files = write(tmp_path, [row(1, START, 1.0, 1), row(1, START + DAY_US, 1.0, 2)], "a")
    assert view_of(snapshot(files, [])).roots == (str(tmp_path / "telemetry" / "tenant=demo"),)


# -- rollups -------------------------------------------------------------------------------------------------------


def oracle(rows: list[Row], bucket_s: int, sloped: bool) -> dict[tuple[int, int], dict[str, Any]]:
    """Second by second would be slow; piece by piece is brute enough."""
    us = bucket_s * 1_000_000
    out: dict[tuple[int, int], dict[str, Any]] = {}

    def slot(point: int, bucket: int) -> dict[str, Any]:
        return out.setdefault((point, bucket), {"count": 0, "values": [], "worst": 0, "integral": 0.0, "good_s": 0.0})

    def usable(r: Row) -> bool:
        return r["value"] is not None and not r["quality"] & 0x8000

    for point, day in sorted({(r["point"], r["time"] // DAY_US) for r in rows}):
        mine = sorted((r for r in rows if (r["point"], r["time"] // DAY_US) == (point, day)), key=lambda r: r["time"])
        for r, after in zip(mine, [*mine[1:], None], strict=True):
            here = slot(point, r["time"] // us)
            here["count"] += 1
            here["worst"] = max(here["worst"], r["quality"] & 0xFFFF)
            if not usable(r):
                continue
            here["values"].append(r["value"])
            if after is None:
                continue
            for bucket in range(r["time"] // us, (after["time"] - 1) // us + 1):
                a, e = max(r["time"], bucket * us), min(after["time"], (bucket + 1) * us)
                mean = r["value"]
                if sloped and usable(after):
                    share = ((a + e) / 2 - r["time"]) / (after["time"] - r["time"])
                    mean += (after["value"] - r["value"]) * share
                slot(point, bucket)["integral"] += mean * (e - a) / 1e6
                slot(point, bucket)["good_s"] += (e - a) / 1e6
    return out


@pytest.mark.parametrize("sloped", [False, True])
@pytest.mark.parametrize(("name", "seconds"), [("1m", 60), ("1h", 3600)])
def test_computed_rollups_are_those_of_the_oracle(tmp_path: Path, name: str, seconds: int, sloped: bool) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for point in (1, 2):
        at = START + int(rng.integers(0, 10**9))
        for i in range(120):
            at += int(rng.integers(1, 2_500)) * 1_000_000 + int(rng.integers(0, 10**6))
            quality = int(rng.choice([0, 0, 0, q.UNCERTAIN, q.BAD]))
            rows.append(row(point, at, None if rng.random() < 0.05 else float(rng.normal()), i, quality))
    files = write(tmp_path, rows[:-30], "a")
    known = points(2).drop_columns(["sloped"]).append_column("sloped", pa.array([sloped, sloped]))
    sql = f"select * from rollup_{name} order by point, time"
    found = ask(snapshot(files, rows[-30:]), sql, points=known)
    wanted = oracle(rows, seconds, sloped)
    times = found.column("time").cast(pa.int64()).to_pylist()
    keys = [(p, t // (seconds * 1_000_000)) for p, t in zip(found.column("point").to_pylist(), times, strict=True)]
    assert keys == sorted(wanted)
    for key, got in zip(keys, found.to_pylist(), strict=True):
        want = wanted[key]
        values = want["values"]
        assert (got["count"], got["worst_quality"]) == (want["count"], want["worst"])
        assert got["integral"] == pytest.approx(want["integral"], abs=1e-9)
        assert got["good_s"] == pytest.approx(want["good_s"], abs=1e-9)
        ends = (min(values), max(values), values[0], values[-1]) if values else (None,) * 4
        assert (got["min"], got["max"], got["first"], got["last"]) == ends
        assert got["sum"] == (pytest.approx(sum(values)) if values else None)
        assert got["name"] == f"pump{key[0]}.flow"
        if want["good_s"]:
            assert got["mean_time_weighted"] == pytest.approx(want["integral"] / want["good_s"])
        else:
            assert got["mean_time_weighted"] is None


@pytest.mark.parametrize(("name", "seconds"), [("1m", 60), ("1h", 3600)])
def test_computed_rollups_are_those_that_get_stored(tmp_path: Path, name: str, seconds: int) -> None:
    rng = np.random.default_rng(5)
    times = START + np.sort(rng.choice(80_000, 300, replace=False)) * 1_000_000
    rows = [row(1, int(t), float(rng.normal()), i, int(rng.choice([0, q.BAD]))) for i, t in enumerate(times)]
    sloped = np.ones(len(rows), bool)
    stored = rollup(table(rows), seconds, sloped).to_pandas()
    known = points(1, sloped=True)
    columns = ", ".join(f'"{c}"' for c in ROLLUP.names)
    sql = f"select {columns} from rollup_{name} order by point, time"
    computed = ask(snapshot(write(tmp_path, rows, "a"), []), sql, points=known).cast(ROLLUP).to_pandas()
    pd.testing.assert_frame_equal(computed, stored, rtol=1e-9, atol=1e-9)


def test_stored_rollups_serve_their_days_until_a_late_row_comes(tmp_path: Path) -> None:
    rows = [row(1, START + s * 1_000_000, float(s), s) for s in range(0, 7200, 600)]
    files = write(tmp_path, rows, "a") + write(tmp_path, [row(1, START + DAY_US, 5.0, 99)], "b")
    with open_view(view_of(snapshot(files, []))) as connection:
        computed = connection.sql("select * exclude (name, mean_time_weighted) from rollup_1h").to_arrow_table()
    marked = computed.filter(pa.compute.less(computed.column("time").cast(pa.int64()), START + DAY_US))
    marked = marked.set_column(marked.schema.get_field_index("count"), "count", pa.array([1000] * len(marked)))
    path = tmp_path / "rollup" / "1h" / "tenant=demo" / f"day={files[0].day}" / "a.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(marked, path)
    sql = 'select sum("count") as n from rollup_1h'
    rolled = {"rollups": {"1h": (str(path),)}, "rolled_days": frozenset({files[0].day})}
    assert ask(snapshot(files, [], **rolled), sql).column("n").to_pylist() == [2001]
    late = [row(1, START + 7_000_000_000, 1.0, 100)]
    assert ask(snapshot(files, late, **rolled), sql).column("n").to_pylist() == [14]
    view = view_of(snapshot(files, [], **rolled))
    assert view.roots == tuple(str(tmp_path / part / "tenant=demo") for part in ("rollup/1h", "telemetry"))
