"""The Modbus codec: what is written is read again, whatever is cut short ends in a typed error."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.drivers.modbus import codec
from baigong.drivers.modbus.address import AREAS, ORDERS, WIDTHS, Register, canonical, parse, write
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater

INTEGERS = {f"{sign}int{bits}": (bits, sign == "") for sign in ("", "u") for bits in (8, 16, 32, 64)}


def decoded(register: Register, raw: bytes) -> Any:
    """Decode one value through the vectorised path."""
    made = codec.Decoder(1, [(0, register, 0)]).decode(np.frombuffer(raw, np.uint8))
    if made.faults[0]:
        return int(made.faults[0])
    if made.text is not None and made.text[0] is not None:
        return made.text[0]
    if made.whole is not None and not np.ma.is_masked(made.whole[0]):
        return int(made.whole[0])
    return float(made.value[0])


# -- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("holding:12:float32", Register("holding", 12, 2, "float32", "abcd", False)),
        ("HOLDING:12:Float32:CDAB", Register("holding", 12, 2, "float32", "cdab", True)),
        ("input:3", Register("input", 3, 1, "int16", "abcd", False)),
        ("coil:7", Register("coil", 7, 1, "bool", "abcd", False)),
        ("discrete:65535", Register("discrete", 65535, 1, "bool", "abcd", False)),
        ("holding:5.3", Register("holding", 5, 1, "bits", "abcd", False, 3, 3)),
        ("holding:5:bits:4-7", Register("holding", 5, 1, "bits", "abcd", False, 4, 7)),
        ("holding:5:bits:4-7:ba", Register("holding", 5, 1, "bits", "badc", True, 4, 7)),
        ("holding:20:string15", Register("holding", 20, 8, "string", "abcd", False, 0, 0, 15)),
        ("holding:0:uint64:ghefcdab", Register("holding", 0, 4, "uint64", "cdab", True)),
        ("40012", Register("holding", 11, 1, "int16", "abcd", False)),
        ("400012:uint16", Register("holding", 11, 1, "uint16", "abcd", False)),
        ("465536", Register("holding", 65535, 1, "int16", "abcd", False)),
        ("30001.15", Register("input", 0, 1, "bits", "abcd", False, 15, 15)),
        ("10001", Register("discrete", 0, 1, "bool", "abcd", False)),
        ("00001", Register("coil", 0, 1, "bool", "abcd", False)),
        ("17!holding:5.3", Register("holding", 5, 1, "bits", "abcd", False, 3, 3, unit=17)),
        ("255!coil:1", Register("coil", 1, 1, "bool", "abcd", False, unit=255)),
        ("4x12:bcd32", Register("holding", 11, 2, "bcd32", "abcd", False)),
    ],
)
def test_addresses(address: str, expected: Register) -> None:
    assert parse(address) == expected
    assert parse(canonical(address)) == expected


def test_counting_from_one() -> None:
    assert parse("holding:1", one_based=True).start == 0
    assert parse("40001", one_based=True).start == 0
    assert canonical("40012:float32", one_based=True) == "holding:12:float32"
    with pytest.raises(FixConfiguration):
        parse("holding:0", one_based=True)


WRONG = """
holding|holding:|holding:-1|holding:65536|holding:65535:float32|holding:1:float16|holding:1.16|holding:1.3:float32
holding:1:bits:7-4|holding:1:bits:0-16|holding:1:bits|coil:1:int16|coil:1.1|holding:1:string0|holding:1:string251
holding:1:int16:dbca|40000|20001|4001|466000|4x0|holding:1:int32:abcd:abcd|holding:١:int16|holding:1e3|\x00
256!holding:1|!holding:1|1!2!holding:1|a!holding:1|1!
"""


@pytest.mark.parametrize("address", ["", *WRONG.strip().replace("\n", "|").split("|")])
def test_wrong_addresses_are_typed(address: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        parse(address)
    assert caught.value.code == "driver.address"


@given(st.text(max_size=40))
def test_no_text_crashes_the_address_reader(text: str) -> None:
    try:
        register = parse(text)
    except FixConfiguration:
        return
    assert parse(write(register)) == register


registers = st.builds(
    lambda area, start, kind, order, one: (f"{area}:{start + one}:{kind}{order}", one),
    st.sampled_from(["holding", "input"]),
    st.integers(0, 65000),
    st.sampled_from([k for k in WIDTHS if k != "bits"] + ["string7", "bits:3-9", "bits:0-15"]),
    st.sampled_from(["", *(f":{o}" for o in ORDERS)]),
    st.booleans(),
)


@given(registers)
def test_canonical_is_a_fixed_point(made: tuple[str, bool]) -> None:
    address, one = made
    once = canonical(address, one_based=one)
    assert canonical(once, one_based=one) == once
    assert canonical(address.upper() + " ", one_based=one) == once


# -- values -----------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(INTEGERS)), st.sampled_from(ORDERS), st.data())
def test_integers_come_back(kind: str, order: str, data: st.DataObject) -> None:
    bits, signed = INTEGERS[kind]
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    number = data.draw(st.integers(low, high))
    register = parse(f"holding:0:{kind}", order=order)
    found = decoded(register, codec.encode(register, number))
    assert found == (str(number) if number >= 1 << 63 else number)
    assert isinstance(found, int) == ((1 << 53) < abs(number) < (1 << 63) or number == -(1 << 63))


@given(st.floats(allow_nan=False), st.sampled_from(ORDERS))
def test_doubles_come_back(number: float, order: str) -> None:
    register = parse("holding:0:float64", order=order)
    assert decoded(register, codec.encode(register, number)) == number


@given(st.floats(width=32), st.sampled_from(ORDERS))
def test_singles_come_back(number: float, order: str) -> None:
    register = parse("holding:0:float32", order=order)
    found = decoded(register, codec.encode(register, number))
    assert found == number or (math.isnan(found) and math.isnan(number))


@given(st.sampled_from([("bcd16", 9999), ("bcd32", 99_999_999)]), st.sampled_from(ORDERS), st.data())
def test_decimals_come_back(made: tuple[str, int], order: str, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, made[1]))
    register = parse(f"holding:0:{made[0]}", order=order)
    assert decoded(register, codec.encode(register, number)) == number


def test_a_decimal_digit_above_nine_is_a_fault() -> None:
    assert decoded(parse("holding:0:bcd16"), b"\x1a\x00") == q.BAD_TYPE_MISMATCH


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), st.sampled_from(ORDERS))
def test_texts_come_back(text: str, order: str) -> None:
    register = parse("holding:0:string60", order=order)
    raw = text.encode()
    if len(raw) > 60:
        return
    assert decoded(register, codec.encode(register, text)) == raw.rstrip().decode()


@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 0xFFFF), st.data())
def test_bit_fields_come_back_and_leave_the_others(a: int, b: int, before: int, data: st.DataObject) -> None:
    low, high = sorted((a, b))
    number = data.draw(st.integers(0, (1 << (high - low + 1)) - 1))
    register = parse(f"holding:0:bits:{low}-{high}")
    raw = codec.encode(register, number, before)
    assert decoded(register, raw) == number
    outside = ~(((1 << (high - low + 1)) - 1) << low) & 0xFFFF
    assert struct.unpack(">H", raw)[0] & outside == before & outside


@pytest.mark.parametrize(
    ("order", "wire"),
    [("abcd", "0a0b0c0d"), ("cdab", "0c0d0a0b"), ("badc", "0b0a0d0c"), ("dcba", "0d0c0b0a")],
)
def test_orders_are_those_of_the_documentation(order: str, wire: str) -> None:
    assert decoded(parse(f"holding:0:uint32:{order}"), bytes.fromhex(wire)) == 0x0A0B0C0D


def test_orders_of_eight_bytes() -> None:
    words = {"abcd": "0102030405060708", "cdab": "0708050603040102", "badc": "0201040306050807"}
    for order, wire in (words | {"dcba": "0807060504030201"}).items():
        assert decoded(parse(f"holding:0:uint64:{order}"), bytes.fromhex(wire)) == 0x0102030405060708


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("holding:0:int16", 40000),
        ("holding:0:uint16", -1),
        ("holding:0:bcd16", 10_000),
        ("holding:0:string4", "PUMP7"),
        ("holding:0.3", 2),
        ("holding:0:float32", 1e39),
        ("holding:0:int32", "many"),
    ],
)
def test_what_does_not_fit_is_refused(address: str, value: Any) -> None:
    with pytest.raises(FixConfiguration) as caught:
        codec.encode(parse(address), value)
    assert caught.value.code == "config.invalid"


@given(st.binary(min_size=8, max_size=8), st.sampled_from([k for k in WIDTHS if k != "bits"] + ["string8"]))
def test_any_bytes_are_a_value_or_a_fault(raw: bytes, kind: str) -> None:
    decoded(parse(f"holding:0:{kind}"), raw)


def test_a_signalling_nan_is_only_a_nan() -> None:
    assert math.isnan(decoded(parse("holding:0:float32"), bytes.fromhex("7fa00000")))
    assert math.isnan(decoded(parse("holding:0:float64"), bytes.fromhex("7ff4000000000000")))


def test_many_points_of_many_types_at_once() -> None:
    """The vectorised decoder against one value at a time."""
    rng = np.random.default_rng(5)
    kinds = [k for k in WIDTHS if k != "bits"] + ["string6", "bits:2-5"]
    raw = rng.integers(0, 256, 250, np.uint8)
    items = []
    for row in range(500):
        register = parse(f"holding:0:{kinds[row % len(kinds)]}", order=ORDERS[row % 4])
        items.append((row, register, 2 * int(rng.integers(0, 120))))
    made = codec.Decoder(500, items).decode(raw)
    for row, register, base in items:
        expected = decoded(register, raw[base:].tobytes())
        if made.faults[row]:
            assert made.faults[row] == expected
        elif isinstance(expected, str):
            assert made.text is not None
            assert made.text[row] == expected
        elif isinstance(expected, int):
            assert made.whole is not None
            assert made.whole[row] == expected
        else:
            assert made.value[row] == expected or math.isnan(expected)


# -- telegrams --------------------------------------------------------------------------------------------


def answer(area: str, count: int) -> bytes:
    size = -(-count // 8) if area in ("coil", "discrete") else 2 * count
    return bytes([codec.FUNCTIONS[area], size]) + bytes(range(256))[:size]


def test_bits_travel_lowest_first() -> None:
    # Application Protocol V1.1b3, 6.1: coils 27 to 20 as 0xCD, the output 20 in the lowest bit
    assert codec.payload(bytes([1, 3, 0xCD, 0x6B, 0x05]), "coil", 19).tolist()[:8] == [1, 0, 1, 1, 0, 0, 1, 1]


@given(st.sampled_from(AREAS), st.integers(1, 125), st.data())
def test_an_answer_cut_short_or_too_long_is_typed(area: str, count: int, data: st.DataObject) -> None:
    whole = answer(area, count)
    assert len(codec.payload(whole, area, count)) == (count if area in ("coil", "discrete") else 2 * count)
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"\0"):
        with pytest.raises((RetryLater, codec.Refused)) as caught:
            codec.payload(wrong, area, count)
        if isinstance(caught.value, RetryLater):
            assert caught.value.code == "driver.protocol"


@given(st.binary(max_size=40), st.sampled_from(AREAS), st.integers(1, 20))
def test_any_pdu_is_a_payload_a_refusal_or_typed(pdu: bytes, area: str, count: int) -> None:
    try:
        codec.payload(pdu, area, count)
    except codec.Refused as refused:
        assert pdu[0] & 0x80
        assert refused.code == pdu[1]
    except RetryLater as error:
        assert error.code == "driver.protocol"


@given(st.integers(0, 65535), st.integers(0, 255), st.binary(min_size=2, max_size=253), st.binary(max_size=9))
def test_tcp_telegrams_come_back_and_are_waited_for(transaction: int, unit: int, pdu: bytes, rest: bytes) -> None:
    telegram = codec.wrap_tcp(transaction, unit, pdu)
    assert codec.take_tcp(telegram + rest) == (len(telegram), transaction, unit, pdu)
    for cut in range(len(telegram)):
        assert codec.take_tcp(telegram[:cut])[0] == 0


@given(st.binary(max_size=300))
def test_any_stream_is_a_telegram_a_wait_or_typed(buffer: bytes) -> None:
    try:
        used, _, _, pdu = codec.take_tcp(buffer)
    except RetryLater as error:
        assert error.code == "driver.protocol"
    else:
        assert used <= len(buffer)
        assert len(pdu) == max(used - 7, 0)


@given(st.sampled_from(AREAS), st.integers(1, 100), st.binary(max_size=12), st.binary(max_size=5))
def test_rtu_answers_are_found_in_noise(area: str, count: int, before: bytes, after: bytes) -> None:
    pdu = answer(area, count)
    telegram = codec.wrap_rtu(17, pdu)
    assert codec.find_rtu(before + telegram + after, 17, pdu[0]) is not None
    echo = codec.wrap_rtu(17, codec.request(area, 3, count))
    assert codec.find_rtu(echo + telegram, 17, pdu[0]) == pdu
    for cut in range(len(telegram)):
        assert codec.find_rtu(telegram[:cut], 17, pdu[0]) is None
    assert codec.find_rtu(telegram, 18, pdu[0]) is None


@given(st.integers(0, 200 * 8 - 1))
def test_one_wrong_bit_is_noticed(bit: int) -> None:
    telegram = bytearray(codec.wrap_rtu(1, answer("holding", 98)))
    bit %= len(telegram) * 8
    telegram[bit // 8] ^= 1 << bit % 8
    assert codec.find_rtu(bytes(telegram), 1, 3) is None


@given(st.binary(max_size=300))
def test_no_noise_crashes_the_rtu_reader(buffer: bytes) -> None:
    found = codec.find_rtu(buffer, 1, 3)
    assert found is None or found[0] & 0x7F == 3
