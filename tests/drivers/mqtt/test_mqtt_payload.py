"""From payloads to frames: what is found, how it is named, what bad input becomes."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.mapping import parse_mapping
from baigong.drivers.mqtt.payload import Book, numbering_of
from baigong.drivers.mqtt.sniff import join, keys_of, propose_name
from baigong.vocab import quality as q
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import FRAME, times_us
from baigong.vocab.ids import point_number

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

NOW = 1_790_000_000_000_000
TS_MS = 1_789_999_999_000


def a_book(mapping: Any = None, **more: Any) -> Book:
    return Book(numbering_of("demo", "d1"), parse_mapping(mapping), **more)


def rows(book: Book, columns: Columns) -> dict[str, tuple[Any, int, int]]:
    """Turn columns into path -> (value, time, quality)."""
    frame = columns.frame()
    assert frame.schema.equals(FRAME)
    made = {}
    for row, moment in zip(frame.to_pylist(), times_us(frame).tolist(), strict=True):
        held = [row[k] for k in ("value", "whole", "text") if row[k] is not None]
        assert len(held) <= 1
        path = book.by_number[row["point"]].address.partition("#")[2]
        made[path] = (held[0] if held else None, moment, row["quality"])
    return made


def read(payload: Any, mapping: Any = None, topic: str = "plant/press3/data") -> dict[str, tuple[Any, int, int]]:
    """Read a payload three times: the long way, and then by its plan; all must agree."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    book = a_book(mapping)
    made = []
    for _ in range(3):
        columns = Columns()
        book.reader(topic)._clock_us = 0
        book.reader(topic).take(raw, columns, NOW)
        made.append(rows(book, columns))
    assert made[0] == made[1] == made[2]
    return made[0]


def values(payload: Any, mapping: Any = None) -> dict[str, Any]:
    return {path: value for path, (value, _, _) in read(payload, mapping).items()}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"temp": 21.5, "on": True, "n": 3}, {"temp": 21.5, "on": 1.0, "n": 3.0}),
        ({"temp": {"front": 1, "rear": 2}, "x": 3}, {"temp.front": 1.0, "temp.rear": 2.0, "x": 3.0}),
        ({"d": {"temp": 1}}, {"d.temp": 1.0}),
        ({"a.b": 1, "c[0]": 2, "e\\f": 3}, {"a\\.b": 1.0, "c\\[0]": 2.0, "e\\\\f": 3.0}),
        ([{"name": "temp", "value": 1}, {"name": "flow", "value": 2}], {"temp": 1.0, "flow": 2.0}),
        ({"metrics": [{"id": "a", "v": 1, "unit": "bar"}]}, {"metrics.a": 1.0}),
        ({"name": "temp", "value": 7}, {"temp": 7.0}),
        ({"id": "press3", "v": 230, "a": 5}, {"id": "press3", "v": 230.0, "a": 5.0}),  # volts and amperes
        ({"xyz": [1, 2]}, {"xyz[0]": 1.0, "xyz[1]": 2.0}),
        ({"state": "RUN", "n": 1}, {"state": "RUN", "n": 1.0}),
        (12.5, {"": 12.5}),
        ("RUN", {"": "RUN"}),
        (True, {"": 1.0}),
        ({"big": 2**60, "small": 1}, {"big": 2**60, "small": 1.0}),
        ({"huge": 2**70}, {"huge": str(2**70)}),
        ({"float": 1e300}, {"float": 1e300}),
        ({"time": 12.5, "t": 21.0}, {"time": 12.5, "t": 21.0}),  # a cycle time and a temperature
        ({}, {}),
        ([], {}),
        (None, {}),
        ({"signal": list(range(100)), "n": 1}, {"n": 1.0}),  # a signal, not a hundred points
    ],
)
def test_values_are_found(payload: Any, expected: dict[str, Any]) -> None:
    assert values(payload) == expected


@pytest.mark.parametrize(
    ("payload", "path", "expected"),
    [
        ({"ts": TS_MS, "values": {"temp": 1}}, "values.temp", TS_MS * 1000),
        ({"ts": TS_MS / 1000, "temp": 1}, "temp", TS_MS * 1000),
        ({"timestamp": "2026-09-21T13:33:20Z", "temp": 1}, "temp", 1_789_997_600_000_000),
        ({"timestamp": "2026-09-21T21:33:20.5+08:00", "temp": 1}, "temp", 1_789_997_600_500_000),
        ({"time": str(TS_MS), "temp": 1}, "temp", TS_MS * 1000),
        ({"d": {"ts": TS_MS * 1000, "temp": 1}, "e": {"x": 1}}, "d.temp", TS_MS * 1000),
        ({"d": {"ts": TS_MS * 1000, "temp": 1}, "e": {"x": 1}}, "e.x", NOW),
        ([{"n": "temp", "v": 1, "t": TS_MS}], "temp", TS_MS * 1000),
        ({"temp": 1}, "temp", NOW),
    ],
)
def test_times_are_found(payload: Any, path: str, expected: int) -> None:
    assert read(payload)[path][1:] == (expected, q.GOOD)


@pytest.mark.parametrize("ts", [0, 5, -1, 10**18 * 9, 4_200_000_000, 10**19])
def test_a_wrong_clock_costs_no_value(ts: int) -> None:
    assert read({"ts": ts, "temp": 1})["temp"] == (1.0, NOW, q.UNCERTAIN_CLOCK)


def test_samples_of_several_times_are_one_point() -> None:
    book, columns = a_book(), Columns()
    payload = [{"ts": TS_MS + i, "values": {"temp": i}} for i in range(3)]
    assert book.reader("t").take(json.dumps(payload).encode(), columns, NOW) == 3
    frame = columns.frame()
    assert len(set(frame["point"].to_pylist())) == 1
    assert times_us(frame).tolist() == [(TS_MS + i) * 1000 for i in range(3)]
    assert frame["value"].to_pylist() == [0.0, 1.0, 2.0]


def test_two_messages_in_one_read_are_two_samples() -> None:
    book, columns = a_book(), Columns()
    for _ in range(4):
        book.reader("t").take(b'{"temp": 1}', columns, NOW)
    assert sorted(times_us(columns.frame()).tolist()) == [NOW, NOW + 1, NOW + 2, NOW + 3]


@pytest.mark.parametrize(
    "raw", [b'{"a": NaN, "b": 1}', b'{"a": Infinity, "b": 1}', b'{"a": -Infinity, "b": 1}', b'{"a": 1e999, "b": 1}']
)
def test_what_is_not_a_number_is_null_and_bad(raw: bytes) -> None:
    found = read(raw)
    assert found["a"] == (None, NOW, q.BAD_NOT_A_NUMBER)
    assert found["b"] == (1.0, NOW, q.GOOD)


def test_null_says_that_a_known_point_has_no_value() -> None:
    book = a_book()
    columns = Columns()
    assert book.reader("t").take(b'{"a": null, "b": 1}', columns, NOW) == 1  # a was never seen: not yet a point
    book.reader("t").take(b'{"a": 1, "b": 1}', columns, NOW)
    columns = Columns()
    book.reader("t").take(b'{"a": null, "b": 1}', columns, NOW + 10)
    assert rows(book, columns)["a"] == (None, NOW + 10, q.BAD_DATA_UNAVAILABLE)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"a": }', b"RUN", b"\xff\xfe", b'{"a": "\xff"}', b"[" * 100_000, b'{"a":' * 50 + b"1" + b"}" * 50,
     b'{"a": NaN, "b": "\\ud800"}', b'{"a": 1} trailing', b"9" * 5000 + b"x", b'{"a": NaN, "b": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_not_json_is_a_typed_error_and_leaves_nothing(raw: bytes) -> None:
    book, columns = a_book(), Columns()
    with pytest.raises(FixConfiguration) as caught:
        book.reader("t").take(raw, columns, NOW)
    assert caught.value.code == "payload.malformed"
    assert len(columns) == 0
    assert book.reader("t").error is caught.value


def test_a_changed_shape_is_noticed() -> None:
    book = a_book()
    columns = Columns()
    reader = book.reader("t")
    for payload in ({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1, "c": 3}, {"a": "x", "b": 2}, {"a": {"z": 1}, "b": 2},
                    {"a": [1], "b": 2}, {"a": None, "b": 2}, [1], 5, {"a": 1, "b": 2}):  # fmt: skip
        columns = Columns()
        reader.take(json.dumps(payload).encode(), columns, NOW)
        found = {path: value for path, (value, _, _) in rows(book, columns).items()}
        if isinstance(payload, dict) and payload.get("a") in (1, "x"):
            assert found == {k: v for k, v in payload.items()}
    assert found == {"a": 1.0, "b": 2.0}


leaves = st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=8) | st.none()
documents = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(["ts", "name", "value", "q"]), inner, max_size=5)
    ),
    max_leaves=15,
)


@given(st.lists(documents, min_size=1, max_size=4))
def test_any_json_becomes_a_frame_or_a_typed_error(sent: list[Any]) -> None:
    book, columns = a_book(), Columns()
    total = 0
    for document in sent * 2:
        try:
            total += book.reader("t").take(json.dumps(document).encode(), columns, NOW)
        except FixConfiguration as error:
            assert error.code == "payload.malformed"
    assert len(columns.frame()) == total == len(columns)


entries = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abc"), "value": st.integers() | st.floats(allow_nan=False) | st.booleans()},
        optional={"ts": st.sampled_from([TS_MS, TS_MS + 1, 0, "x"]), "unit": st.just("bar"), "q": st.just(192)},
    ),
    max_size=4,
)
stamped = st.fixed_dictionaries(
    {"ts": st.sampled_from([TS_MS, 0, "2026-01-01T00:00:00Z"])},
    optional={
        "d": st.dictionaries(st.text(max_size=3), st.floats() | st.text(max_size=3)),
        "m": entries,
        "x": st.integers(),
    },
)


@given(st.lists(entries | stamped, min_size=1, max_size=5))
def test_a_plan_finds_what_the_long_way_finds(sent: list[Any]) -> None:
    planned = a_book()
    for document in [*sent, *sent]:
        raw = json.dumps(document).encode()
        fast, slow, fresh = Columns(), Columns(), a_book()
        planned.reader("t")._clock_us = 0
        assert planned.reader("t").take(raw, fast, NOW) == fresh.reader("t").take(raw, slow, NOW)
        key = [("point", "ascending"), ("time", "ascending"), ("value", "ascending"), ("text", "ascending")]
        assert fast.frame().sort_by(key).to_pylist() == slow.frame().sort_by(key).to_pylist()


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5).filter(
            lambda k: k not in ("ts", "t", "time", "timestamp", "_ts", "datetime")
        ),
        st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
        max_size=6,
    )
)
def test_plain_documents_lose_nothing(document: dict[str, Any]) -> None:
    found = values(document)
    expected = {join("", k): v for k, v in document.items()}
    if not {"name", "n", "id", "tag", "key", "metric", "sensor", "code"} & set(document):
        assert found == expected


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4))
def test_paths_can_be_taken_apart(keys: list[str]) -> None:
    path = ""
    for key in keys:
        path = join(path, key)
    assert keys_of(path) == tuple(keys)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=300),
    st.text(max_size=200),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_proposed_names_are_allowed(topic: str, path: str, asset: str, quantity: str) -> None:
    PointSpec(name=propose_name(topic, path, asset, quantity), address="x")


def test_named_values_keep_unit_quality_and_time_whatever_changes() -> None:
    book = a_book()
    reader = book.reader("t")

    def taken(document: Any) -> dict[str, tuple[Any, int, int]]:
        columns = Columns()
        reader.take(json.dumps(document).encode(), columns, NOW)
        return rows(book, columns)

    stamped = [
        {"name": "a", "value": 1, "ts": TS_MS, "unit": "bar"},
        {"name": "b", "value": 2, "ts": TS_MS + 1, "unit": "Cel"},
    ]
    for _ in range(2):
        assert taken(stamped) == {"a": (1.0, TS_MS * 1000, 0), "b": (2.0, TS_MS * 1000 + 1000, 0)}
    assert {p.address: p.unit for p in book.fresh} == {"t#a": "bar", "t#b": "Cel"}
    assert taken([*stamped, {"name": "c", "value": 3, "ts": TS_MS, "unit": ""}])["c"] == (3.0, TS_MS * 1000, 0)
    assert taken([{"name": "a", "value": 5, "ts": TS_MS, "quality": "bad"}]) == {"a": (5.0, TS_MS * 1000, q.BAD)}
    assert taken([{"name": "a", "value": "off", "ts": TS_MS, "unit": "bar"}]) == {"a": ("off", TS_MS * 1000, 0)}
    assert taken([{"name": "a", "value": 2**60, "ts": TS_MS, "unit": "bar"}]) == {"a": (2**60, TS_MS * 1000, 0)}
    wrapped = {"ts": TS_MS, "metrics": [{"n": "a", "v": 1}, {"n": "b", "v": True}]}
    for _ in range(2):
        assert taken(wrapped) == {"metrics.a": (1.0, TS_MS * 1000, 0), "metrics.b": (1.0, TS_MS * 1000, 0)}


def test_mapping_says_what_payloads_mean() -> None:
    mapping = """
    mapping:
      - topic: plant/+/data
        time: meta.at
        time_unit: s
        quality: meta.q
        quality_form: opcda
        fields: {temp.front: temperature_front}
        asset: line1.press{2}
      - topic: "#"
        format: ignore
    """
    found = read({"meta": {"at": TS_MS // 1000, "q": 64}, "temp": {"front": 1.5, "rear": 2}, "ts": 1}, mapping)
    assert found == {"temp.front": (1.5, TS_MS * 1000, q.UNCERTAIN)}
    book = a_book(mapping)
    book.reader("plant/p3/data").take(b'{"temp":{"front":1}}', Columns(), NOW)
    assert [p.name for p in book.fresh] == ["line1.pressp3.temperature_front"]
    assert book.reader("other").take(b"rubbish", Columns(), NOW) == 0


def test_mapped_fields_go_by_plan_too() -> None:
    mapping = [{"topic": "#", "time": "meta.at", "time_unit": "s", "fields": {"temp.front": ""}}]
    found = read({"meta": {"at": TS_MS // 1000}, "temp": {"front": 1.5, "rear": 2}, "ts": 1}, mapping)
    assert found == {"temp.front": (1.5, TS_MS * 1000, q.GOOD)}


def test_text_is_kept_where_a_mapping_says_so() -> None:
    mapping = [{"topic": "#", "format": "text"}]
    assert read(b"RUN", mapping) == {"": ("RUN", NOW, q.GOOD)}
    assert read(b"23.5", mapping) == {"": ("23.5", NOW, q.GOOD)}


@pytest.mark.parametrize(
    "mapping", ["- topic: a#", "- colour: red", "][", "- topic: 5", [{"format": "xml"}], "just text"]
)
def test_a_wrong_mapping_is_refused(mapping: Any) -> None:
    with pytest.raises(FixConfiguration) as caught:
        parse_mapping(mapping)
    assert (caught.value.code, caught.value.place) == ("driver.option", "mapping")


def test_configured_points_keep_their_number_and_scaling() -> None:
    specs = [PointSpec(name="press3.temp", address="t#temp", number=77, scale=0.1, offset=5.0)]
    book, columns = a_book(specs=specs), Columns()
    for payload in (b'{"temp": 100, "n": 1}', b'{"temp": 200, "n": 1}'):
        book.reader("t").take(payload, columns, NOW)
    frame = columns.frame()
    found = zip(frame["point"].to_pylist(), frame["value"].to_pylist(), strict=True)
    assert sorted(value for number, value in found if number == 77) == [15.0, 25.0]
    assert [p.address for p in book.fresh] == ["t#n"]
    assert book.fresh[0].number == point_number("demo", "d1", "t#n")


def test_integers_no_column_can_hold_are_bad_values_not_crashes() -> None:
    for specs in ([], [PointSpec(name="a.b", address="t#n", scale=2.0)]):
        book = a_book(specs=specs)
        for digits in (309, 400, 4000, 4301, 100_000):
            columns = Columns()
            try:
                book.reader("t").take(b'{"n": ' + b"9" * digits + b"}", columns, NOW)
            except FixConfiguration as error:
                assert error.code == "payload.malformed"
            else:
                assert rows(book, columns)["n"] == (None, NOW, q.BAD_NOT_A_NUMBER) or digits > 4000
            book.reader("t")._clock_us = 0


def test_points_beyond_the_limit_are_counted() -> None:
    book, columns = a_book(max_points=3), Columns()
    payload = json.dumps({f"k{i}": i for i in range(10)}).encode()
    assert book.reader("t").take(payload, columns, NOW) == 3
    assert book.reader("t").take(payload, columns, NOW) == 3
    assert book.refused >= 7


def test_floats_survive() -> None:
    for number in (0.1, -0.0, 5e-324, math.pi, 1.7976931348623157e308):
        assert values({"x": number})["x"] == number
    assert msgspec.json.decode(b"0.1") == 0.1
