"""The MQTT codec against its inverse, against broken bytes and against other people's telegrams."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import decode, encode, encode_publish, frame_size, scan
from baigong.drivers.mqtt.topics import covers, topic_filter
from baigong.vocab.errors import FixConfiguration

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

SHARED = Path(os.environ.get("BAIGONG_SHARED") or Path(__file__).parents[4] / "shared")
VECTORS = SHARED / "data/vectors/plc4x/protocols/mqtt"

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=40)
filters = (
    st.lists(names.map(lambda n: n.replace("/", "")) | st.just("+"), min_size=1, max_size=5).map("/".join).filter(bool)
)
ids = st.integers(1, 65535)
qos = st.integers(0, 2)
wills = st.builds(p.Will, names, st.binary(max_size=50), qos, st.booleans())


@st.composite
def connects(draw: st.DrawFn) -> p.Connect:
    username = draw(st.none() | words)
    level = draw(st.sampled_from([4, 5]))
    will = draw(st.none() | wills)
    return p.Connect(
        draw(words),
        draw(st.booleans()),
        draw(st.integers(0, 65535)),
        username,
        None if username is None else draw(st.none() | st.binary(max_size=30)),
        will,
        level,
        draw(st.binary(max_size=200)) if level == 5 else b"",
        draw(st.binary(max_size=20)) if level == 5 and will else b"",
    )


@st.composite
def publishes(draw: st.DrawFn) -> p.Publish:
    level = draw(qos)
    return p.Publish(
        draw(names),
        draw(st.binary(max_size=300)),
        level,
        draw(ids) if level else 0,
        draw(st.booleans()),
        draw(st.booleans()) if level else False,
    )


anything = st.one_of(
    connects(),
    st.integers(0, 5).flatmap(
        lambda code: st.builds(p.Connack, st.just(code), st.booleans() if not code else st.just(False))
    ),
    publishes(),
    *(st.builds(kind, ids) for kind in (p.Puback, p.Pubrec, p.Pubrel, p.Pubcomp, p.Unsuback)),
    st.builds(p.Subscribe, ids, st.lists(st.tuples(filters, qos), min_size=1, max_size=5).map(tuple)),
    st.builds(p.Suback, ids, st.lists(st.sampled_from([0, 1, 2, 128]), min_size=1, max_size=5).map(tuple)),
    st.builds(p.Unsubscribe, ids, st.lists(filters, min_size=1, max_size=5).map(tuple)),
    st.sampled_from([p.Pingreq(), p.Pingresp(), p.Disconnect()]),
)


@given(anything, st.binary(max_size=10))
def test_what_was_written_is_read_back(packet: p.Packet, more: bytes) -> None:
    raw = encode(packet)
    assert decode(raw + more) == (packet, len(raw))
    assert decode(more + raw, len(more)) == (packet, len(raw))
    assert frame_size(raw, 0, len(raw)) == len(raw)


@given(anything)
def test_every_truncation_waits_for_more(packet: p.Packet) -> None:
    raw = encode(packet)
    for cut in range(len(raw)):
        assert decode(raw[:cut]) == (None, 0)


@settings(max_examples=300)
@given(anything, st.data())
def test_a_flipped_bit_gives_a_value_or_a_typed_error(packet: p.Packet, data: st.DataObject) -> None:
    raw = bytearray(encode(packet))
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[at // 8] ^= 1 << at % 8
    survives(bytes(raw))


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_noise_gives_a_value_or_a_typed_error(raw: bytes) -> None:
    survives(raw)


def survives(raw: bytes) -> None:
    try:
        packet, used = decode(raw)
    except FixConfiguration as error:
        assert error.code in ("mqtt.malformed", "payload.too_large")
    else:
        assert (packet is None) == (used == 0)
        assert used <= len(raw)
    try:
        assert scan(raw, 0, {}).used <= len(raw)
    except FixConfiguration as error:
        assert error.code in ("mqtt.malformed", "payload.too_large")


@given(st.lists(publishes(), max_size=8), st.integers(0, 20))
def test_scanning_finds_what_decoding_finds(sent: list[p.Publish], cut: int) -> None:
    raw = b"".join(map(encode, sent))
    raw = raw[: max(len(raw) - cut, 0)]
    found = scan(raw, 0, {})
    at, expected = 0, []
    while True:
        packet, used = decode(raw, at)
        if packet is None:
            break
        expected.append(packet)
        at += used
    assert found.used == at
    rebuilt = [
        p.Publish(topic, payload, flags >> 1 & 3, packet_id, bool(flags & 1), bool(flags & 8))
        for topic, payload, packet_id, flags in zip(found.topics, found.payloads, found.ids, found.flags, strict=True)
    ]
    assert rebuilt == expected


def test_scanning_stops_at_another_packet() -> None:
    raw = encode_publish("a", b"1") + encode(p.Pingreq()) + encode_publish("b", b"2")
    found = scan(raw, 0, {})
    assert (found.topics, found.used) == (["a"], 6)
    assert scan(raw, 8, {}).topics == ["b"]


@pytest.mark.parametrize(
    ("raw", "clause"),
    [
        ("00 00", "MQTT-2.2.1"),
        ("f0 00", "MQTT-2.2.1"),
        ("c1 00", "MQTT-2.2.2-2"),
        ("60 02 00 01", "MQTT-2.2.2-2"),
        ("80 06 00 01 00 01 61 00", "MQTT-2.2.2-2"),
        ("30 ff ff ff ff 01", "MQTT-2.2.3"),
        ("c0 01 00", "MQTT-2.2.3"),
        ("40 02 00 00", "MQTT-2.3.1-1"),
        ("30 03 00 01 ff", "MQTT-1.5.3-1"),
        ("30 05 00 03 ed a0 80", "MQTT-1.5.3-1"),  # a surrogate
        ("30 03 00 01 00", "MQTT-1.5.3-2"),
        ("30 03 00 01 23", "MQTT-3.3.2-2"),
        ("30 02 00 00", "MQTT-4.7.3-1"),
        ("36 05 00 01 61 00 01", "MQTT-3.3.1-4"),
        ("38 03 00 01 61", "MQTT-3.3.1-2"),
        ("32 05 00 01 61 00 00", "MQTT-2.3.1-1"),
        ("32 03 00 01 61", "MQTT-2.2.3"),
        ("30 03 00 09 61", "MQTT-2.2.3"),
        ("30 01 00", "MQTT-2.2.3"),
        ("82 02 00 01", "MQTT-3.8.3-3"),
        ("82 06 00 01 00 01 61 03", "MQTT-3.8.3-4"),
        ("82 07 00 01 00 02 61 23 00", "MQTT-4.7.1-2"),
        ("82 07 00 01 00 02 61 2b 00", "MQTT-4.7.1-3"),
        ("a2 02 00 01", "MQTT-3.10.3-2"),
        ("90 03 00 01 03", "MQTT-3.9.3-2"),
        ("20 02 02 00", "MQTT-3.2.2-1"),
        ("20 02 01 01", "MQTT-3.2.2-4"),
        ("10 0c 00 04 4d 51 54 58 04 02 00 00 00 00", "MQTT-3.1.2-1"),
        ("10 0c 00 04 4d 51 54 54 04 03 00 00 00 00", "MQTT-3.1.2-3"),
        ("10 0c 00 04 4d 51 54 54 04 0a 00 00 00 00", "MQTT-3.1.2-11"),
        ("10 0c 00 04 4d 51 54 54 04 1e 00 00 00 00", "MQTT-3.1.2-14"),
        ("10 0c 00 04 4d 51 54 54 04 42 00 00 00 00", "MQTT-3.1.2-22"),
    ],
)
def test_each_rule_is_named_when_broken(raw: str, clause: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        decode(bytes.fromhex(raw))
    assert (caught.value.code, caught.value.fields["clause"]) == ("mqtt.malformed", clause)
    if raw.startswith("3"):
        with pytest.raises(FixConfiguration) as caught:
            scan(bytes.fromhex(raw), 0, {})
        assert caught.value.fields["clause"] == clause


def test_a_lie_about_the_length_is_found_before_the_bytes_arrive() -> None:
    lie = b"\x30" + bytes(
        (0x80 | 100_000_000 & 0x7F, 0x80 | 100_000_000 >> 7 & 0x7F, 0x80 | 100_000_000 >> 14 & 0x7F, 100_000_000 >> 21)
    )
    for read in (lambda: decode(lie, limit=1 << 20), lambda: scan(lie, 0, {}, limit=1 << 20)):
        with pytest.raises(FixConfiguration) as caught:
            read()
        assert caught.value.code == "payload.too_large"


@pytest.mark.parametrize("level", [0, 3, 6, 255])
def test_other_versions_are_recognised_for_a_polite_refusal(level: int) -> None:
    body = b"\x00\x04MQTT" + bytes((level,)) + b"whatever follows"
    packet, _ = decode(bytes((0x10, len(body))) + body)
    assert packet == p.Connect("", level=level)
    packet, _ = decode(b"\x10\x0b\x00\x06MQIsdp\x03\x02\x00")
    assert packet == p.Connect("", level=3)


def test_a_byte_order_mark_stays() -> None:  # [MQTT-1.5.3-3]
    assert decode(encode_publish("\ufeffa", b""))[0] == p.Publish("\ufeffa", b"")


@pytest.mark.parametrize(
    ("wanted", "name", "is_covered"),
    [  # the examples of §4.7.1 and §4.7.2
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
        ("sport/#", "sport", True),
        ("#", "a/b", True),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/x", False),
        ("+/monitor/Clients", "$SYS/monitor/Clients", False),
        ("$SYS/#", "$SYS/monitor/Clients", True),
        ("$SYS/monitor/+", "$SYS/monitor/Clients", True),
        ("ACCOUNTS", "Accounts", False),
        ("a", "/a", False),
    ],
)
def test_wildcards(wanted: str, name: str, is_covered: bool) -> None:
    assert topic_filter(wanted.encode()) == wanted
    assert covers(wanted, name) is is_covered


def vectors() -> list[tuple[str, str, bytes]]:
    found = []
    for path in sorted(VECTORS.rglob("*ParserSerializerTestsuite.xml")):
        suite = ET.parse(path).getroot()
        for case in suite.findall("testcase"):
            found.append(
                (suite.findtext("name") or "", case.findtext("name") or "", bytes.fromhex(case.findtext("raw") or ""))
            )
    return found


def test_recorded_telegrams_of_another_implementation() -> None:
    """Apache PLC4X keeps one telegram for MQTT, a CONNECT of MQTT 5; it has none of 3.1.1."""
    cases = vectors()
    if not cases:
        pytest.skip("no vectors: set BAIGONG_SHARED to the folder that holds data/vectors/plc4x")
    assert [(suite, name) for suite, name, _ in cases] == [("MQTT5", "MQTT Connection Request")]
    for _, _, raw in cases:
        packet, used = decode(raw)
        assert used == len(raw)
        assert packet == p.Connect("lwmqtt", True, 5, "try", b"try", level=5)
        assert encode(packet) == raw
