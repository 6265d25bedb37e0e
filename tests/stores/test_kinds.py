"""Counters and states: increase conserved to the bit, seconds and entries exact over every border, thinned or whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baigong.stores.lake.contract import LAKE, LakeFile
from baigong.stores.lake.rollup import rollup
from baigong.stores.lake.sqlview import POINTS
from baigong.stores.lake.thin import COUNTER, NEITHER, STATE, THINNED, thin
from baigong.vocab import quality as q
from tests.stores.test_sqlview import DAY_US, START, ask, day_of, row, snapshot, table, write

S = 1_000_000
HOUR = 3600 * S


def counter(number: int = 1, **declared: Any) -> dict[str, Any]:
    return {"number": number, "name": f"meter{number}.energy", "asset": f"meter{number}", "quantity": "energy",
            "unit": "kW.h", "kind": "counter", **declared}  # fmt: skip


def machine(number: int = 1) -> dict[str, Any]:
    return {"number": number, "name": f"press{number}.state", "asset": f"press{number}", "quantity": "state",
            "kind": "state", "states": '{"0":"stopped","1":"running"}', "states_zh": '{"1":"运行"}'}  # fmt: skip


def known(*points: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(points), POINTS)


def thinned(root: Path, files: list[LakeFile], kinds: dict[int, int]) -> dict[str, Any]:
    """Thin every file's day, as the historian does."""
    paths = []
    for file in files:
        rows = pq.read_table(file.path, partitioning=None).select(LAKE.names).cast(LAKE)
        mine = np.array([kinds.get(p, NEITHER) for p in rows.column("point").to_pylist()])
        path = root / "thin" / "tenant=demo" / f"day={file.day}" / Path(file.path).name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(thin(rows, mine), path)
        paths.append(str(path))
    return {"rollups": {THINNED: tuple(paths)}}


def total(root: Path, readings: Sequence[tuple[int, float]], points: pa.Table, *, bucket: str = "1h") -> Any:
    rows = [row(1, START + t, v, i) for i, (t, v) in enumerate(readings)]
    sql = (
        "select sum(increase), sum(rollovers)::int, sum(resets)::int, sum(unexplained)::int "
        f"from consumption_{bucket} where name = 'meter1.energy'"
    )
    found = [ask(snapshot([], rows), sql, points=points)]
    files = write(root, rows, "a")
    found.append(ask(snapshot(files, [], **thinned(root, files, {1: COUNTER})), sql, points=points))
    whole, thin_too = (tuple(t.to_pylist()[0].values()) for t in found)
    assert whole == thin_too
    return whole


def test_a_counter_that_only_rises(tmp_path: Path) -> None:
    assert total(tmp_path, [(0, 100.0), (5 * S, 101.5), (2 * HOUR, 110.25)], known(counter())) == (10.25, 0, 0, 0)


@pytest.mark.parametrize(
    ("declared", "fallen_to", "wanted"),
    [
        ({"rollover": 65536.0}, 36.0, (136.0, 1, 0, 0)),  # 65436 -> 36
        ({"rollover": 65536.0}, 60000.0, (0.0, 0, 0, 1)),  # 60100 of 65536 would be more than half the range
        ({"rollover": 65536.0, "resets": True}, 60000.0, (60000.0, 0, 1, 0)),
        ({"rollover": 65536.0, "max_rate": 20.0}, 36.0, (136.0, 1, 0, 0)),  # 13.6/s
        ({"rollover": 65536.0, "max_rate": 10.0}, 36.0, (0.0, 0, 0, 1)),
        ({"rollover": 65536.0, "max_rate": 10.0, "resets": True}, 36.0, (36.0, 0, 1, 0)),
        ({"resets": True}, 36.0, (36.0, 0, 1, 0)),
        ({"resets": True, "max_rate": 10.0}, 60000.0, (0.0, 0, 0, 1)),  # a misreading, not 60000 in ten seconds
        ({}, 36.0, (0.0, 0, 0, 1)),
    ],
)
def test_what_a_fall_is(tmp_path: Path, declared: Any, fallen_to: float, wanted: Any) -> None:
    readings = [(0, 65436.0), (10 * S, fallen_to)]
    assert total(tmp_path, readings, known(counter(**declared))) == wanted


def test_a_rollover_with_decimals_is_exact(tmp_path: Path) -> None:
    assert total(tmp_path, [(0, 99999.8), (S, 0.1)], known(counter(rollover=99999.9)))[0] == pytest.approx(
        0.2, abs=1e-7
    )


def test_a_reading_at_the_border_closes_the_interval_before(tmp_path: Path) -> None:
    """A meter read on the hour: the hour from nine is what lies between the readings of nine and of ten."""
    rows = [row(1, START + h * HOUR, 100.0 * h, h) for h in (0, 1, 2, 24, 25)]
    files = write(tmp_path, rows, "a")
    sql = "select epoch_us(time), increase, rate * 3600 from consumption_1h order by time"
    for more in ({}, thinned(tmp_path, files, {1: COUNTER})):
        found = [tuple(r.values()) for r in ask(snapshot(files, [], **more), sql, points=known(counter())).to_pylist()]
        at = [(START + h * HOUR, i, pytest.approx(i)) for h, i in ((0, 100.0), (1, 100.0), (23, 2200.0), (24, 100.0))]
        assert found == at


def test_bad_samples_do_not_count_and_late_ones_do() -> None:
    rows = [row(1, START, 10.0, 1), row(1, START + S, 0.0, 2, q.BAD_NO_COMMUNICATION), row(1, START + 2 * S, 11.0, 3)]
    sql = "select sum(increase)::double as n, sum(unexplained)::int as odd from consumption_1m"
    assert ask(snapshot([], rows), sql, points=known(counter())).to_pylist() == [{"n": 1.0, "odd": 0}]
    late = row(1, START - HOUR, 7.0, 4)
    marked = snapshot([], [*rows, late], hot_late=np.array([False, False, False, True]))
    assert ask(marked, sql, points=known(counter())).to_pylist() == [{"n": 4.0, "odd": 0}]


def test_an_exchanged_meter(tmp_path: Path) -> None:
    manual = q.GOOD_LOCAL_OVERRIDE
    rows = [
        row(1, START, 90_000.0, 1),
        row(1, START + HOUR - 1, 90_010.0, 2, manual),  # the old one's end reading
        row(1, START + HOUR, 95_000.0, 3, manual | q.RESTARTED),  # the new one starts higher
        row(1, START + 2 * HOUR, 95_004.0, 4),
    ]
    files = write(tmp_path, rows, "a")
    sql = "select epoch_us(time), increase, exchanges from consumption_1h order by time"
    for more in ({}, thinned(tmp_path, files, {1: COUNTER})):
        found = ask(snapshot(files, [], **more), sql, points=known(counter())).to_pylist()
        assert [tuple(r.values()) for r in found] == [(START, 10.0, 1), (START + HOUR, 4.0, 0)]


def test_integers_beyond_a_double_count_exactly(tmp_path: Path) -> None:
    big = 2**53
    rows = [row(1, START, float(big - 1), 1)]
    rows += [row(1, START + i * S, None, 1 + i, whole=big + i) for i in (1, 2, 4)]
    files = write(tmp_path, rows, "a")
    sql = "select sum(increase)::double as n, sum(unexplained)::int as odd from consumption_1m"
    for more in ({}, thinned(tmp_path, files, {1: COUNTER})):
        assert ask(snapshot(files, [], **more), sql, points=known(counter())).to_pylist() == [{"n": 5.0, "odd": 0}]


steps = st.lists(
    st.tuples(
        st.integers(1, 5_000).map(lambda n: n * 10_000_000),  # up to 14 h
        st.one_of(st.integers(0, 400).map(lambda n: n / 10), st.just(-1.0)),  # -1: it falls to zero
        st.sampled_from([0, 0, 0, q.BAD_NO_COMMUNICATION, q.UNCERTAIN]),
    ),
    min_size=1,
    max_size=40,
)


@given(steps=steps, declared=st.sampled_from([{}, {"rollover": 1000.0}, {"resets": True, "max_rate": 5.0}]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_minutes_add_up_to_hours_and_thinning_changes_nothing(tmp_path_factory: Any, steps: Any, declared: Any) -> None:
    root = tmp_path_factory.mktemp("lake")
    at, reading, rows = START, 512.3, []
    for number, (gap, step, quality) in enumerate(steps):
        at += gap
        reading = 0.0 if step < 0 else round((reading + step) % 1000, 1)
        rows.append(row(1, at, reading, number, quality))
    files = write(root, rows, "a")
    points = known(counter(**declared))
    sql = (
        "select epoch_us(time) as t, increase, rollovers, resets, exchanges, unexplained from consumption_{} order by t"
    )
    found: dict[str, list[Any]] = {}
    for name, more in (("whole", {}), ("thin", thinned(root, files, {1: COUNTER}))):
        for bucket in ("1m", "1h"):
            found[name + bucket] = ask(snapshot(files, [], **more), sql.format(bucket), points=points).to_pylist()
    assert found["whole1m"] == found["thin1m"]
    assert found["whole1h"] == found["thin1h"]
    hours: dict[int, float] = defaultdict(float)
    for minute in found["whole1m"]:
        hours[minute["t"] // HOUR * HOUR] += minute["increase"]
    assert hours == {hour["t"]: hour["increase"] for hour in found["whole1h"]}  # to the bit


# -- states --------------------------------------------------------------------------------------------------------


def brute_states(rows: list[Any], bucket_us: int) -> dict[Any, tuple[float, int]]:
    """Walk through one point's samples by hand."""
    found: dict[Any, list[float]] = defaultdict(lambda: [0.0, 0])
    held = None
    ordered = sorted(rows, key=lambda r: r["time"])
    for sample, after in zip(ordered, [*ordered[1:], None], strict=True):
        state = None if sample["quality"] & 0x8000 or sample["value"] is None else str(int(sample["value"]))
        if state is not None:
            if held is not None and held != state:
                found[sample["time"] // bucket_us, state][1] += 1
            held = state
        at = sample["time"]
        while after is not None and at < after["time"]:
            end = min(after["time"], (at // bucket_us + 1) * bucket_us)
            found[at // bucket_us, state][0] += (end - at) / 1e6
            at = end
    return {key: (pytest.approx(seconds), entries) for key, (seconds, entries) in found.items()}


changes = st.lists(
    st.tuples(
        st.integers(1, 30_000).map(lambda n: n * 1_000_003),
        st.sampled_from([0.0, 1.0, 1.0, 2.0]),
        st.sampled_from([0, 0, 0, q.BAD_NO_COMMUNICATION]),
    ),
    min_size=1,
    max_size=30,
)


@given(changes=changes)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_seconds_and_entries_are_those_of_a_walk_through_the_samples(tmp_path_factory: Any, changes: Any) -> None:
    root = tmp_path_factory.mktemp("lake")
    at, rows = START, []
    for number, (gap, state, quality) in enumerate(changes):
        at += gap
        rows.append(row(1, at, state, number, quality))
    files = write(root, rows, "a")
    for name, us in (("1m", 60 * S), ("1h", HOUR)):
        wanted = brute_states(rows, us)
        for more in ({}, thinned(root, files, {1: STATE})):
            sql = f"select epoch_us(time) // {us} as b, state, seconds, entries from rollup_states_{name}"
            told = ask(snapshot(files, [], **more), sql, points=known(machine())).to_pylist()
            assert {(r["b"], r["state"]): (r["seconds"], r["entries"]) for r in told} == wanted
            assert len(told) == len(wanted)


def test_words_in_both_languages_and_time_without_a_state() -> None:
    lost = q.BAD_NO_COMMUNICATION
    told = [(0, 1.0, 0), (90, 0.0, 0), (120, None, lost), (150, 1.0, 0), (160, 1.0, 0)]
    rows = [row(1, START + at * S, state, i, quality) for i, (at, state, quality) in enumerate(told)]
    sql = (
        "select word, word_zh, sum(seconds) as s, sum(entries)::int as n from rollup_states_1m group by all order by s"
    )
    found = [tuple(r.values()) for r in ask(snapshot([], rows), sql, points=known(machine())).to_pylist()]
    assert found == [(None, None, 30.0, 0), ("stopped", "stopped", 30.0, 1), ("running", "运行", 100.0, 1)]


def test_thinning_keeps_little(tmp_path: Path) -> None:
    rows = table([row(1, START + i * S, float(i), i) for i in range(86_400)])
    kept = thin(rows, np.full(len(rows), COUNTER))
    assert len(kept) <= 2 * 1441 and kept.column("hourly").to_numpy().sum() <= 2 * 25
    steady = table([row(1, START + i * S, 1.0, i) for i in range(86_400)])
    assert len(thin(steady, np.full(len(steady), STATE))) == 2
    assert len(thin(steady, np.full(len(steady), NEITHER))) == 0
    assert day_of(START + DAY_US) == "2026-03-02"


def test_rollups_hold_integers_beyond_a_double_to_the_nearest() -> None:
    rows = [
        row(1, START, None, 1, whole=2**60 + 1),
        row(1, START + S, 2.0, 2),
        row(1, START + 2 * S, None, 3, whole=-(2**60)),
    ]
    sql = 'select "count", "min", "max", "first", "last", good_s from rollup_1m'
    told = ask(snapshot([], rows), sql).to_pylist()[0]
    assert tuple(told.values()) == (3, -(2.0**60), 2.0**60, 2.0**60, -(2.0**60), 2.0)
    stored = rollup(table(rows), 60).to_pylist()[0]
    assert {name: stored[name] for name in told} == told
