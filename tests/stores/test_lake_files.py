"""What goes into a Parquet file of the lake comes out bit for bit; rollups agree with a slow, plain one."""

import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.stores.lake.contract import LAKE
from baigong.stores.lake.files import LakeFileWriter, decode_decimals, encode_decimals
from baigong.stores.lake.rollup import rollup
from baigong.stores.lake.sorting import order_by_point_time, resolve, sort_table
from baigong.vocab import quality as q

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**7), 10**7).map(lambda i: i / 100),
    st.integers(-(2**53), 2**53).map(float),
    st.sampled_from([0.0, -0.0, 1e-7, 0.1, 0.30000000000000004, 123456.789012, 1e300, -1e-300]),
    st.none(),
)


def lake(points, times, values, qualities=0, seqs=None):
    n = len(points)
    kind = LAKE.field("time").type
    return pa.table(
        {
            "point": pa.array(points, pa.int64()),
            "time": pa.array(times, pa.int64()).cast(kind),
            "value": pa.array(values, pa.float64()),
            "whole": pa.nulls(n, pa.int64()),
            "text": pa.nulls(n, pa.string()),
            "quality": pa.array(np.full(n, qualities, np.int32) if np.isscalar(qualities) else qualities, pa.int32()),
            "seen": pa.array(times, pa.int64()).cast(kind),
            "seq": pa.array(range(n) if seqs is None else seqs, pa.int64()),
        },
        schema=LAKE,
    )


def bits(values):
    return [None if v is None else np.float64(v).tobytes() for v in values]


@given(st.lists(st.tuples(st.integers(1, 4), numbers), max_size=60))
@settings(max_examples=300, deadline=None)
def test_decimals_come_back_bit_for_bit(rows):
    rows = sorted(rows, key=lambda row: row[0])
    table = lake([p for p, _ in rows], list(range(len(rows))), [v for _, v in rows])
    back = decode_decimals(encode_decimals(table))
    assert bits(back.column("value").to_pylist()) == bits(table.column("value").to_pylist())


def test_a_file_keeps_every_column(tmp_path):
    table = lake([1, 1, 2], [5, 6, 5], [1.5, None, 2.25])
    table = table.set_column(3, LAKE.field("whole"), pa.array([None, 2**60, None]))
    table = table.set_column(4, LAKE.field("text"), pa.array([None, None, "运行"]))
    with LakeFileWriter(tmp_path / "a.parquet") as writer:
        writer.write(table)
    import pyarrow.parquet as pq

    assert decode_decimals(pq.read_table(tmp_path / "a.parquet")).cast(LAKE).equals(table)


@given(st.lists(st.tuples(st.integers(0, 70_000), st.integers(0, 20)), min_size=1, max_size=80))
@settings(max_examples=200, deadline=None)
def test_order_is_by_point_then_time_then_arrival(rows):
    codes = np.array([c for c, _ in rows], np.int32)
    times = np.array([t for _, t in rows])
    order = order_by_point_time(codes, times)
    assert order.tolist() == sorted(range(len(rows)), key=lambda i: (codes[i], times[i], i))


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6), st.booleans()), max_size=60))
@settings(max_examples=200, deadline=None)
def test_the_highest_position_wins_and_retractions_disappear(rows):
    table = lake(
        [r[0] for r in rows],
        [r[1] for r in rows],
        list(map(float, range(len(rows)))),
        np.array([q.DELETED if r[2] else 0 for r in rows], np.int32),
    )
    want = {}
    for i, (point, time, deleted) in enumerate(rows):
        want[point, time] = None if deleted else float(i)
    have = resolve(sort_table(table))
    got = list(zip(have.column("point").to_pylist(), have.column("time").cast("int64").to_pylist(), strict=True))
    assert got == sorted(k for k, v in want.items() if v is not None)
    assert have.column("value").to_pylist() == [want[k] for k in got]


def slow_rollup(rows, bucket, sloped):
    """One row at a time, as one would on paper; rows: (point, second, value|None, quality)."""
    made = {}

    def slot(point, at):
        return made.setdefault(
            (point, at // bucket), {"count": 0, "values": [], "worst": 0, "integral": 0.0, "good_s": 0.0}
        )

    for i, (point, at, value, quality) in enumerate(rows):
        here = slot(point, at)
        here["count"] += 1
        here["worst"] = max(here["worst"], quality & 0xFFFF)
        usable = value is not None and not quality & 0x8000
        if usable:
            here["values"].append(value)
        if not usable or i + 1 == len(rows) or rows[i + 1][0] != point:
            continue
        _, then, after, next_quality = rows[i + 1]
        slope = sloped and after is not None and not next_quality & 0x8000
        steps = 40 * (then - at)
        for k in range(steps):  # midpoints of thin slices
            t = at + (k + 0.5) / 40
            v = value + (after - value) * (t - at) / (then - at) if slope else value
            piece = slot(point, int(t))
            piece["integral"] += v / 40
            piece["good_s"] += 1 / 40
    return made


@given(
    st.lists(
        st.tuples(
            st.integers(1, 2),
            st.integers(0, 25),
            st.one_of(st.none(), st.integers(-9, 9).map(float)),
            st.sampled_from([0, q.UNCERTAIN, q.BAD, q.SIMULATED]),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda r: (r[0], r[1]),
    ),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_rollups_agree_with_a_slow_one(rows, sloped):
    rows = sorted(rows, key=lambda r: r[:2])
    table = lake(
        [r[0] for r in rows],
        [r[1] * 1_000_000 for r in rows],
        [r[2] for r in rows],
        np.array([r[3] for r in rows], np.int32),
    )
    want = slow_rollup(rows, 7, sloped)
    have = rollup(table, 7, np.full(len(rows), sloped)).to_pylist()
    assert [(r["point"], int(r["time"].timestamp()) // 7) for r in have] == sorted(want)
    for row, key in zip(have, sorted(want), strict=True):
        truth = want[key]
        assert row["count"] == truth["count"] and row["worst_quality"] == truth["worst"]
        values = truth["values"]
        for name, value in (
            ("min", min(values, default=None)),
            ("max", max(values, default=None)),
            ("sum", sum(values) if values else None),
            ("first", values[0] if values else None),
            ("last", values[-1] if values else None),
        ):
            assert row[name] == value, name
        assert math.isclose(row["integral"], truth["integral"], abs_tol=1e-6)
        assert math.isclose(row["good_s"], truth["good_s"], abs_tol=1e-9 + 1e-6)
