"""The host application's rules, message by message, without a connection."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest

from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.sparkplug import wire
from baigong.drivers.sparkplug.codec import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    INT,
    LONG,
    STRING,
    TEMPLATE,
    Metric,
    Payload,
    Template,
    decode,
    encode,
    encode_properties,
    encode_template,
)
from baigong.drivers.sparkplug.host import Host
from baigong.drivers.sparkplug.rebirths import Rebirths
from baigong.drivers.sparkplug.values import NUMBER, value_of
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import times_us

T0 = 1_700_000_000_000  # ms
Row = tuple[str, int, Any, int]


class Plant:
    """A host and what it was told; ``rows`` are (address, ms after T0, value, quality)."""

    def __init__(self, most: int = 20_000) -> None:
        self.numbers: dict[str, int] = {}
        self.host = Host(lambda a: self.numbers.setdefault(a, len(self.numbers) + 1), 5.0, most)
        self.now_s = 100.0

    def tell(self, topic: str, payload: Payload | bytes, at_ms: int = 0) -> list[Row]:
        raw = payload if isinstance(payload, bytes) else encode(payload)
        columns = Columns()
        self.host.take(f"spBv1.0/{topic}", raw, columns, (T0 + at_ms) * 1000, self.now_s)
        return self.rows(columns)

    def wait(self, seconds: float, at_ms: int = 0) -> list[Row]:
        self.now_s += seconds
        columns = Columns()
        self.host.tick(columns, (T0 + at_ms) * 1000, self.now_s)
        return self.rows(columns)

    def rows(self, columns: Columns) -> list[Row]:
        if not len(columns):
            return []
        frame, names = columns.frame(), {number: address for address, number in self.numbers.items()}
        times = (times_us(frame) // 1000 - T0).tolist()
        made = []
        for row, when in zip(frame.to_pylist(), times, strict=True):
            held = [row[name] for name in ("value", "whole", "text") if row[name] is not None]
            made.append((names[row["point"]], when, held[0] if held else None, row["quality"]))
        return made

    def wants_rebirth(self) -> bool:
        return bool(self.host.rebirths.wanted)


def metric(name: str | None, value: Any, alias: int | None = None, at_ms: int | None = None, **more: Any) -> Metric:
    field, kind = (STRING, "String") if isinstance(value, str) else (DOUBLE, "Double")
    stamp = None if at_ms is None else T0 + at_ms
    return Metric(name, alias, stamp, NUMBER[kind] if name else 0, at=field, value=value, **more)


def birth(seq: int, *metrics: Metric, bd: int | None = None, at_ms: int = 0) -> Payload:
    own = [] if bd is None else [Metric("bdSeq", None, None, NUMBER["Int64"], at=LONG, value=bd)]
    return Payload(T0 + at_ms, seq, own + list(metrics))


def data(seq: int | None, *metrics: Metric, at_ms: int = 0) -> Payload:
    return Payload(T0 + at_ms, seq, list(metrics))


def born(*, bd: int = 7) -> Plant:
    plant = Plant()
    plant.tell("G/NBIRTH/N", birth(0, metric("a", 1.0, 1), bd=bd))
    plant.tell("G/DBIRTH/N/D", birth(1, metric("b", 2.0, 2)))
    return plant


def test_births_make_points_with_their_units_and_data_come_by_alias() -> None:
    plant = Plant()
    unit = encode_properties({"engUnit": (12, "°C"), "Quality": (3, 500)})
    rows = plant.tell("G/NBIRTH/N", birth(0, metric("Temp/Front", 21.5, 9, properties=unit), bd=0))
    assert rows == [("G/N#Temp/Front", 0, 21.5, q.UNCERTAIN_LAST_USABLE)]
    (found,) = plant.host.fresh
    assert (found.name, found.kind, found.unit) == ("G.N.Temp.Front", "gauge", "Cel")
    good = encode_properties({"Quality": (3, 192)})
    assert plant.tell("G/NDATA/N", data(1, metric(None, 22.0, 9, 40, properties=good))) == [
        ("G/N#Temp/Front", 40, 22.0, 0)
    ]


def test_node_death_marks_all_its_points_at_once_and_birth_brings_them_back() -> None:
    plant = born()
    dead = plant.tell("G/NDEATH/N", birth(0, bd=7, at_ms=-5000), at_ms=900)
    assert dead == [(a, 900, None, q.BAD_NO_COMMUNICATION) for a in ("G/N#a", "G/N/D#b")]
    back = plant.tell("G/NBIRTH/N", birth(0, metric("a", 1.0, 1, at_ms=0), bd=8, at_ms=2000), at_ms=2000)
    assert back == [("G/N#a", 0, 1.0, 0), ("G/N#a", 2000, 1.0, 0)], "unchanged since before the death, and good again"
    assert plant.wait(6, 8000) == [], "the device is marked already"
    assert plant.tell("G/DBIRTH/N/D", birth(1, metric("b", 5.0, 2, at_ms=3000)), 3000) == [("G/N/D#b", 3000, 5.0, 0)]


def test_the_will_of_an_older_session_ends_nothing() -> None:
    plant = born(bd=8)
    assert plant.tell("G/NDEATH/N", birth(0, bd=7)) == []
    assert plant.host.counters["old_deaths"] == 1
    assert plant.tell("G/NDATA/N", data(2, metric(None, 3.0, 1)))[0][2] == 3.0


def test_a_death_that_is_ahead_of_the_birth_is_one() -> None:
    """Of pysparkplug 0.6.1: born with bdSeq 0, farewell with bdSeq 1."""
    vectors = json.loads(Path(__file__).with_name("vectors.json").read_text())
    plant, rows = Plant(), []
    for vector in vectors:
        if "PyNode" in vector["name"]:
            rows = plant.tell(vector["topic"].removeprefix("spBv1.0/"), base64.b64decode(vector["payload"]), 10**12)
    assert len(rows) == 8
    assert {row[3] for row in rows} == {q.BAD_NO_COMMUNICATION}


def test_device_death_marks_exactly_its_points_at_the_time_it_says() -> None:
    plant = born()
    assert plant.tell("G/DDEATH/N/D", data(2, at_ms=700), 900) == [("G/N/D#b", 700, None, q.BAD_NO_COMMUNICATION)]
    assert plant.tell("G/NDATA/N", data(3, metric(None, 3.0, 1)))[0][2] == 3.0
    assert plant.tell("G/DDATA/N/D", data(4, metric(None, 3.0, 2))) == []
    assert plant.wants_rebirth()


def test_a_death_comes_after_values_of_a_clock_that_is_ahead() -> None:
    plant = born()
    plant.tell("G/DDATA/N/D", data(2, metric(None, 3.0, 2, at_ms=60_000)))
    assert plant.tell("G/DDEATH/N/D", data(3, at_ms=100))[0][1] >= 60_000


def test_messages_that_overtook_each_other_are_taken_in_order() -> None:
    plant = born()
    assert plant.tell("G/NDATA/N", data(4, metric(None, 4.0, 1, 4))) == []
    assert plant.tell("G/NDATA/N", data(3, metric(None, 3.0, 1, 3))) == []
    assert [row[2] for row in plant.tell("G/NDATA/N", data(2, metric(None, 2.0, 1, 2)))] == [2.0, 3.0, 4.0]
    assert not plant.wants_rebirth()
    assert plant.host.next_s() is None


def test_a_message_that_never_comes_costs_a_rebirth_and_no_value() -> None:
    plant = born()
    plant.tell("G/NDATA/N", data(4, metric(None, 4.0, 1, 4)))
    assert plant.host.next_s() == 105.0
    assert plant.wait(4.9) == []
    assert [row[2] for row in plant.wait(0.2)] == [4.0]
    assert plant.wants_rebirth()
    assert plant.tell("G/NDATA/N", data(5, metric(None, 5.0, 1, 5)))[0][2] == 5.0, "and it goes on from there"


def test_sequence_numbers_wrap_around() -> None:
    plant = born()
    for seq in [*range(2, 256), 0, 1]:
        assert len(plant.tell("G/NDATA/N", data(seq, metric(None, float(seq), 1, seq)))) == 1
    assert not plant.wants_rebirth()


def test_a_repeated_number_is_counted_and_its_values_kept() -> None:
    plant = born()
    plant.tell("G/NDATA/N", data(2, metric(None, 2.0, 1, 10)))
    assert plant.tell("G/NDATA/N", data(2, metric(None, 2.5, 1, 20), at_ms=20))[0][2] == 2.5
    assert plant.tell("G/NDATA/N", data(1, metric(None, 9.0, 1, -90), at_ms=-90)) == [], (
        "of before the birth: whose alias?"
    )
    assert plant.host.counters["repeated"] == 2


def test_data_before_a_birth_are_not_guessed() -> None:
    plant = Plant()
    assert plant.tell("G/NDATA/N", data(5, metric(None, 1.0, 1))) == []
    assert plant.host.counters["before_birth"] == 1
    assert plant.wants_rebirth()


def test_an_alias_that_two_metrics_have_is_named_and_nothing_is_mixed_up() -> None:
    plant = Plant()
    first = plant.tell("G/NBIRTH/N", birth(0, metric("a", 1.0, 1), metric("c", 3.0, 3), bd=0))
    assert [row[3] for row in first] == [0, 0]
    rows = plant.tell("G/DBIRTH/N/D", birth(1, metric("b", 2.0, 1)))
    assert rows == [("G/N/D#b", 0, 2.0, q.BAD_CONFIGURATION)]
    assert plant.tell("G/NDATA/N", data(2, metric(None, 9.0, 1), metric(None, 4.0, 3))) == [("G/N#c", 0, 4.0, 0)]
    assert plant.host.counters["shared_alias"] == 1
    assert plant.host.trouble() == "G/N: alias 1 is given to G/N#a and to G/N/D#b"


def test_a_new_birth_means_new_aliases() -> None:
    plant = born()
    plant.tell("G/NBIRTH/N", birth(0, metric("z", 1.0, 1), bd=8))
    (row,) = plant.tell("G/NDATA/N", data(1, metric(None, 5.0, 1)))
    assert row[0] == "G/N#z"


def test_what_a_new_birth_leaves_out_is_gone() -> None:
    plant = born()
    rows = plant.tell("G/NBIRTH/N", birth(0, metric("z", 1.0, 1), bd=8, at_ms=50))
    assert ("G/N#a", 50, None, q.BAD_NO_COMMUNICATION) in rows
    assert plant.wait(5.1, 6000) == [("G/N/D#b", 6000, None, q.BAD_NO_COMMUNICATION)], "the device was not born again"


def test_null_transient_and_historical() -> None:
    plant = born()
    null = Metric(None, 1, T0 + 5, is_null=True)
    assert plant.tell("G/NDATA/N", data(2, null)) == [("G/N#a", 5, None, q.BAD_DATA_UNAVAILABLE)]
    assert plant.tell("G/NDATA/N", data(3, metric(None, 3.0, 1, is_transient=True))) == []
    assert plant.tell("G/NDATA/N", data(4, metric(None, 4.0, 1, -90_000, is_historical=True)))[0][1] == -90_000


def test_members_of_an_instance_are_points_of_their_own() -> None:
    plant = Plant()

    def motor(speed: float, name: str | None, alias: int) -> Metric:
        inner = Template(reference="Motor", metrics=[metric("rpm", speed), metric("state/word", "run")])
        return Metric(name, alias, T0, 19 if name else 0, at=TEMPLATE, value=encode_template(inner))

    definition = Metric("Motor", None, T0, 19, at=TEMPLATE, value=encode_template(Template(is_definition=True)))
    rows = plant.tell("G/NBIRTH/N", birth(0, definition, motor(1.0, "M1", 4), bd=0))
    assert [row[:3:2] for row in rows] == [("G/N#M1/rpm", 1.0), ("G/N#M1/state/word", "run")]
    assert plant.tell("G/NDATA/N", data(1, motor(2.0, None, 4)))[0][2] == 2.0
    assert {row[0] for row in plant.tell("G/NDEATH/N", birth(0, bd=0))} == {"G/N#M1/rpm", "G/N#M1/state/word"}


def test_more_points_than_there_may_be_are_counted() -> None:
    plant = Plant(most=1)
    rows = plant.tell("G/NBIRTH/N", birth(0, metric("a", 1.0, 1), metric("b", 2.0, 2), bd=0))
    assert [row[0] for row in rows] == ["G/N#a"]
    assert plant.host.counters["too_many"] == 1


@pytest.mark.parametrize(
    ("kind", "at", "raw", "meant"),
    [
        ("Int8", INT, 0xFF, -1),
        ("Int16", INT, 0xFFFE, -2),
        ("Int32", INT, 0xFFFFFFFF, -1),
        ("Int32", LONG, (1 << 64) - 1, -1),
        ("Int64", LONG, (1 << 64) - 5, -5),
        ("UInt8", INT, 255, 255),
        ("UInt64", LONG, (1 << 64) - 1, (1 << 64) - 1),
        ("Boolean", BOOLEAN, True, True),
        ("DateTime", LONG, 1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        ("Bytes", BYTES, b"\x01\x02", "AQI="),
        ("Int8Array", BYTES, bytes([0xEF, 0x7B]), "[-17,123]"),
        ("UInt32Array", BYTES, bytes([52, 0, 0, 0]), "[52]"),
        ("BooleanArray", BYTES, bytes([12, 0, 0, 0, 0x34, 0xD0]), None),
        ("StringArray", BYTES, b"ABC\0hello\0", '["ABC","hello"]'),
        ("DateTimeArray", BYTES, (0).to_bytes(8, "little"), '["1970-01-01T00:00:00.000Z"]'),
    ],
)
def test_every_type_has_its_value(kind: str, at: int, raw: Any, meant: Any) -> None:
    value = value_of(NUMBER[kind], at, raw)
    if kind == "BooleanArray":  # the example of the specification, 6.4.17
        bits = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
        assert json.loads(value) == [bool(bit) for bit in bits]
    else:
        assert value == meant


def test_a_data_set_becomes_json() -> None:
    rows = wire.put_bytes(1, wire.put_varint(1, 0xFFFFFFFF)) + wire.put_bytes(1, wire.put_bytes(6, b"on"))
    raw = b"".join([wire.put_varint(1, 2), wire.put_bytes(2, b"n"), wire.put_bytes(2, b"s")])
    raw += wire.put_varint(3, NUMBER["Int32"]) + wire.put_varint(3, NUMBER["String"]) + wire.put_bytes(4, rows)
    assert value_of(NUMBER["DataSet"], 17, raw) == '{"columns":["n","s"],"rows":[[-1,"on"]]}'


def test_other_peoples_vectors_are_read_and_no_damage_hangs_or_crashes() -> None:
    """``vectors.json``: of united-manufacturing-hub/benthos-umh (Apache-2.0), pysparkplug and sparkplug-client."""
    chance = random.Random(7)
    for vector in json.loads(Path(__file__).with_name("vectors.json").read_text()):
        raw = base64.b64decode(vector["payload"])
        payload = decode(raw)
        assert len(payload.metrics) == vector["metrics"], vector["name"]
        assert decode(encode(payload)) == payload, vector["name"]
        plant = Plant()
        for cut in range(len(raw)) if len(raw) < 300 else range(0, len(raw), 31):
            flipped = bytearray(raw)
            flipped[cut] ^= 1 << chance.randrange(8)
            for damaged in (raw[:cut], bytes(flipped)):
                plant.tell("G/NBIRTH/N", damaged)
                try:
                    decode(damaged)
                except FixConfiguration as error:
                    assert error.code == "payload.malformed"


def test_a_node_that_never_gets_it_right_is_asked_ever_more_seldom() -> None:
    rebirths, now_s, asked = Rebirths(), 0.0, 0
    while now_s < 3600:
        rebirths.want(("G", "N"))
        while rebirths.due(now_s):
            rebirths.born(("G", "N"))  # it answers, and is wrong again
            asked += 1
        now_s += 0.5
    assert 5 <= asked <= 13


def test_many_nodes_are_asked_one_after_the_other() -> None:
    rebirths = Rebirths()
    for number in range(1000):
        rebirths.want(("G", str(number)))
    asked = 0
    for tenth in range(100):  # ten seconds
        while rebirths.due(tenth / 10):
            asked += 1
    assert asked <= 201
    assert rebirths.next_s() is not None
