"""What is derived from finished days: thinned, made again when a declaration changes, kept when the samples go."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from baigong.bus.memory import MemoryBus
from baigong.historian.shelf import Shelf
from baigong.historian.thinning import Thinner
from baigong.stores.lake.contract import LAKE
from baigong.stores.lake.scansql import FileShapes
from baigong.stores.lake.sqlview import POINTS, sql_view
from baigong.stores.lake.thin import COUNTER, NEITHER, STATE, THINNED
from baigong.stores.lake.toldsql import EPISODES
from baigong.vocab.keep import Keep
from tests.historian.plants import DAY, QUICK, T0, Truth, caught_up, owning, send, until
from tests.stores.test_sqlview import open_view

METER, PRESS, PUMP = 11, 7, 5


class Declared:
    """What a test changes while an owner runs."""

    def __init__(self) -> None:
        self.kinds = {METER: "counter", PRESS: "state", PUMP: "gauge"}
        self.version = 1
        self.keeps = Keep()

    def shelf(self, root):
        known = {"counter": COUNTER, "state": STATE}
        return Shelf(
            root,
            lambda tenant: self.keeps,
            Thinner(
                root,
                lambda tenant, points: np.array([known.get(self.kinds[p], NEITHER) for p in points.tolist()]),
                lambda tenant: self.version,
            ),
        )

    def points(self):
        rows = [{"number": n, "name": f"m.p{n}", "kind": kind} for n, kind in self.kinds.items()]
        return pa.Table.from_pylist(rows, POINTS)


def ask(owner, declared, sql):
    view = sql_view(owner.snapshot("demo"), declared.points(), LAKE.empty_table(), EPISODES.empty_table(), FileShapes())
    with open_view(view) as connection:
        return connection.sql(sql).fetchall()


async def two_days(bus, truth):
    """A reading an hour over two days, 1.5 at a time; the press changes every hour."""
    hours = np.arange(48)
    times = T0 + hours * 3_600_000_000
    await send(bus, truth, "demo", np.full(48, METER), times, hours * 1.5)
    await send(bus, truth, "demo", np.full(48, PRESS), times, hours % 2)
    return await send(bus, truth, "demo", np.full(48, PUMP), times, hours)


COUNTED = "select sum(increase) from consumption_1h"
LASTED = "select state, sum(seconds), sum(entries)::int from rollup_states_1h group by 1 order by 1"


async def test_finished_days_are_thinned_and_thinned_again_when_a_point_becomes_a_counter(tmp_path):
    bus, truth, declared = MemoryBus(), Truth(), Declared()
    async with owning(bus, tmp_path, QUICK, shelf=declared.shelf(tmp_path)) as owner:
        await caught_up(owner, await two_days(bus, truth))
        await until(lambda: len(owner.snapshot("demo").rollups[THINNED]) == 2)
        assert ask(owner, declared, COUNTED) == [(47 * 1.5,)]
        assert ask(owner, declared, LASTED) == [("0", 24 * 3600.0, 23), ("1", 23 * 3600.0, 24)]
        declared.kinds[PUMP], declared.version = "counter", 2
        assert owner.snapshot("demo").rollups[THINNED] == ()  # computed from all rows, until thinned again
        assert ask(owner, declared, COUNTED) == [(47 * 2.5,)]
        await until(lambda: len(owner.snapshot("demo").rollups[THINNED]) == 2)
        assert ask(owner, declared, COUNTED) == [(47 * 2.5,)]


async def test_late_readings_recompute(tmp_path):
    bus, truth, declared = MemoryBus(), Truth(), Declared()
    async with owning(bus, tmp_path, QUICK, shelf=declared.shelf(tmp_path)) as owner:
        await caught_up(owner, await two_days(bus, truth))
        await until(lambda: len(owner.snapshot("demo").rollups[THINNED]) == 2)
        seq = await send(bus, truth, "demo", [METER], [T0 - 1], [-100.0])
        await caught_up(owner, seq)
        assert ask(owner, declared, COUNTED) == [(47 * 1.5 + 100,)]


async def test_samples_go_and_what_was_derived_stays_as_long_as_it_should(tmp_path):
    bus, truth, declared = MemoryBus(), Truth(), Declared()
    rollups = 'select count(*), sum("count")::int from rollup_1h'
    minutes = "select count(*) > 0 from rollup_1m"
    async with owning(bus, tmp_path, QUICK, shelf=declared.shelf(tmp_path)) as owner:
        await caught_up(owner, await two_days(bus, truth))
        await until(lambda: len(owner.snapshot("demo").rollups[THINNED]) == 2)
        before = [ask(owner, declared, sql) for sql in (rollups, COUNTED, LASTED)]
        owner.backups.take("a backup", 600)
        declared.keeps = Keep(raw_days=10)
        with_hold = owner.counters["merges"]
        await owner.flush()
        assert owner.counters["merges"] == with_hold
        owner.backups.release("a backup")
        await until(lambda: not owner.snapshot("demo").files)
        assert ask(owner, declared, "select count(*) from telemetry") == [(0,)]
        assert [ask(owner, declared, sql) for sql in (rollups, COUNTED, LASTED)] == before
        assert ask(owner, declared, minutes) == [(True,)]
    async with owning(bus, tmp_path, QUICK, shelf=declared.shelf(tmp_path)) as owner:
        assert [ask(owner, declared, sql) for sql in (rollups, COUNTED, LASTED)] == before, "also after a start"
        seq = await send(bus, truth, "demo", [METER], [T0 + 5], [0.5])  # too late: it goes, and nothing else does
        await caught_up(owner, seq)
        merges = owner.counters["merges"]
        await until(lambda: owner.counters["merges"] > merges and not owner.snapshot("demo").files)
        await until(lambda: not len(owner.snapshot("demo").hot))
        assert [ask(owner, declared, sql) for sql in (rollups, COUNTED, LASTED)] == before
        declared.keeps = Keep(raw_days=10, minute_days=20)
        owner._shelf.sweep(owner._view.files, 3600.0)
        assert ask(owner, declared, minutes) == [(False,)]
        assert [ask(owner, declared, sql) for sql in (rollups, COUNTED, LASTED)] == before
        assert list((tmp_path / "kept" / "1m").rglob("*.parquet")), "a reader may still be reading them"
        owner._shelf.sweep(owner._view.files, -1.0)
        assert not list((tmp_path / "kept" / "1m").rglob("*.parquet"))
        declared.keeps = Keep(raw_days=10, minute_days=20, hour_days=30)
        owner._shelf.sweep(owner._view.files, -1.0)
        assert ask(owner, declared, rollups) == [(0, None)]
        assert not list((tmp_path / "kept").rglob("*.parquet"))


async def test_rollups_of_replaced_files_are_swept(tmp_path):
    bus, truth, declared = MemoryBus(), Truth(), Declared()
    async with owning(bus, tmp_path, QUICK, shelf=declared.shelf(tmp_path)) as owner:
        await caught_up(owner, await two_days(bus, truth))
        await until(lambda: len(owner.snapshot("demo").rollups[THINNED]) == 2)
        used = {path for paths in owner.snapshot("demo").rollups.values() for path in paths}
        left = tmp_path / "rollup" / "1m" / "tenant=demo" / "day=2025-11-20" / "t9-old.parquet"
        left.write_bytes(b"of a file that was replaced")
        assert owner._shelf.sweep(owner._view.files, -1.0) == 1
        assert {str(p) for p in (tmp_path / "rollup").rglob("*.parquet")} == used
    assert DAY == 86_400_000_000
