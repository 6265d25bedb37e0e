"""Our reader of DataValues against asyncua's writer, and against broken bytes."""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.drivers.opcua.codec import Columns, Reader
from baigong.drivers.opcua.faults import ALL
from baigong.drivers.opcua.structures import Structures
from baigong.drivers.opcua.values import Targets, ticks, value_at
from baigong.vocab.frame import times_us

V = ua.VariantType
numbers = st.one_of(
    st.tuples(st.just(V.Boolean), st.booleans()),
    st.tuples(st.just(V.SByte), st.integers(-128, 127)),
    st.tuples(st.just(V.Byte), st.integers(0, 255)),
    st.tuples(st.just(V.Int16), st.integers(-(2**15), 2**15 - 1)),
    st.tuples(st.just(V.UInt16), st.integers(0, 2**16 - 1)),
    st.tuples(st.just(V.Int32), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(V.UInt32), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(V.Int64), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(V.UInt64), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(V.Float), st.floats(width=32)),
    st.tuples(st.just(V.Double), st.floats()),
    st.tuples(st.just(V.String), st.text(max_size=20)),
    st.tuples(st.just(V.LocalizedText), st.text(max_size=9).map(lambda t: ua.LocalizedText(t, "en"))),
    st.tuples(st.just(V.Double), st.lists(st.floats(allow_nan=False), max_size=4)),
    st.tuples(st.just(V.Null), st.none()),
)
moments = st.one_of(
    st.none(), st.integers(0, 10**15).map(lambda us: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))
)


def made(kind: ua.VariantType, value: Any, source: datetime | None, server: datetime | None, status: int) -> Any:
    code = ua.StatusCode(status) if status >= 0 else None
    variant = ua.Variant(value, kind, is_array=isinstance(value, list))
    return ua.DataValue(variant, code, source, server)


values = st.builds(
    lambda kv, source, server, status: made(*kv, source, server, status),
    numbers,
    moments,
    moments,
    st.sampled_from([-1, 0, 0x40900000, 0x808C0000, 0x480]),
)
# Runs of one layout, as real servers send them, mixed with anything.
batches = st.lists(
    st.one_of(values.map(lambda v: [v]), st.tuples(values, st.integers(2, 9)).map(lambda t: [t[0]] * t[1]))
)


def read(raw: bytes, count: int, *, handled: bool = False) -> Columns:
    return Reader(raw, 0, Structures().decoder).data_values(count, handled=handled)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return bool(a == b)


@settings(max_examples=200, deadline=None)
@given(batches, st.booleans())
def test_reads_what_asyncua_writes(groups: list[list[Any]], handled: bool) -> None:
    items = [item for group in groups for item in group]
    raw = b"".join(
        (struct.pack("<I", i * 7) if handled else b"") + struct_to_binary(item) for i, item in enumerate(items)
    )
    columns = read(raw, len(items), handled=handled)
    for i, item in enumerate(items):
        expected = item.Value.Value
        if isinstance(expected, int) and item.Value.VariantType == V.UInt64 and expected >= 1 << 63:
            expected = str(expected)
        assert same(expected, value_at(columns, i)), (expected, value_at(columns, i))
        assert columns.status[i] == (item.StatusCode.value if item.StatusCode else 0)
        assert columns.source[i] == (ua.datetime_to_win_epoch(item.SourceTimestamp) if item.SourceTimestamp else 0)
        assert columns.server[i] == (ua.datetime_to_win_epoch(item.ServerTimestamp) if item.ServerTimestamp else 0)
        if handled:
            assert columns.handle[i] == i * 7


@settings(max_examples=200, deadline=None)
@given(st.lists(values, min_size=1, max_size=8), st.data())
def test_cut_or_flipped_bytes_end_in_values_or_a_known_error(items: list[Any], data: st.DataObject) -> None:
    raw = bytearray(b"".join(struct_to_binary(item) for item in items))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    elif raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert read(bytes(raw), len(items)).n == len(items)
    except ALL as error:
        assert not isinstance(error, AssertionError)


def test_picoseconds_stand_behind_their_own_time() -> None:
    """OPC 10000-6 §5.2.2.17: source time, source picoseconds, server time, server picoseconds."""
    one = struct.pack("<BBdqHqH", 0x3D, 11, 2.5, 1000, 7, 2000, 9)
    for count in (1, 6):
        columns = read(one * count, count)
        assert columns.number.tolist() == [2.5] * count
        assert columns.source.tolist() == [1000] * count
        assert columns.server.tolist() == [2000] * count


def frame_of(raw: bytes, count: int) -> Any:
    targets = Targets(count)
    for i in range(count):
        targets.add(i, 100 + i, ())
    return targets.frame(read(raw, count), 5)


def test_time_is_the_sources_then_the_servers_then_ours() -> None:
    stamp = ticks(1_700_000_000_123_456)
    assert frame_of(struct.pack("<BBdqq", 0x0D, 11, 1.0, stamp, ticks(9)), 1)["time"].cast("int64").to_pylist() == [
        1_700_000_000_123_456
    ]
    assert times_us(frame_of(struct.pack("<BBdq", 0x09, 11, 1.0, stamp), 1)).tolist() == [1_700_000_000_123_456]
    assert times_us(frame_of(struct.pack("<BBd", 0x01, 11, 1.0), 1)).tolist() == [5]
    assert times_us(frame_of(struct.pack("<BBdq", 0x05, 11, 1.0, 0), 1)).tolist() == [5]


@pytest.mark.parametrize(
    ("raw", "value", "whole", "text", "quality"),
    [
        (struct.pack("<BBdI", 0x03, 11, 4.5, 0x40930000), 4.5, None, None, 0x4093),
        (struct.pack("<BBdI", 0x03, 11, 4.5, 0x808C0000), None, None, None, 0x808C),  # bad: the value is ignored
        (struct.pack("<BBq", 0x01, 8, -(2**60)), None, -(2**60), None, 0),
        (struct.pack("<BBQ", 0x01, 9, 2**63 + 1), None, None, "9223372036854775809", 0),
        (struct.pack("<BBd", 0x01, 11, math.nan), None, None, None, 0x80AF),
        (b"\x00", None, None, None, 0x809E),  # good, and yet nothing
        (struct.pack("<BBi", 0x01, 12, -1), None, None, "", 0),
        (struct.pack("<BBiII", 0x01, 0x80 | 6, 2, 1, 2), None, None, "[1, 2]", 0),
    ],
)
def test_where_values_go(raw: bytes, value: Any, whole: Any, text: Any, quality: int) -> None:
    (row,) = frame_of(raw, 1).to_pylist()
    assert (row["value"], row["whole"], row["text"], row["quality"]) == (value, whole, text, quality)


def test_a_structure_nobody_described_stays_raw_and_spoils_no_neighbour() -> None:
    unknown = b"\x01\x16" + struct.pack("<BBH", 1, 3, 999) + b"\x01" + struct.pack("<i", 2) + b"ab"
    columns = read(struct.pack("<BBd", 1, 11, 1.0) + unknown + struct.pack("<BBd", 1, 11, 3.0), 3)
    assert columns.number.tolist()[::2] == [1.0, 3.0]
    assert len(columns.unknown_types) == 1
    rows = frame_of(struct.pack("<BBd", 1, 11, 1.0) + unknown, 2).to_pylist()
    assert rows[1]["text"] == '{"type": "ns=3;i=999", "body": "YWI="}'
