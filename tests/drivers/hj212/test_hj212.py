"""HJ 212: published packets, broken streams, marks and moments; and monitors that dial the gateway."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.drivers.contract import Delivery, Wanted
from baigong.drivers.hj212 import codec
from baigong.drivers.hj212.address import parse
from baigong.drivers.hj212.codec import Packet, crc, take, wrap
from baigong.drivers.hj212.driver import Hj212Driver
from baigong.drivers.hj212.pollutants import POLLUTANTS
from baigong.drivers.hj212.settings import settings
from baigong.drivers.hj212.sim import Simulator
from baigong.drivers.hj212.values import rows
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import times_us
from baigong.vocab.units import is_unit

ZONE = ZoneInfo("Asia/Shanghai")
# HJ 212-2017, annex C: the example of a setting
PUBLISHED = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    b"CP=&&RtdInterval=30&&1C80\r\n"
)
MN = "010000A8900016F000169DC0"


def packet(fields: dict[str, str], command: int = 2011, **more: Any) -> Packet:
    made = Packet("20160801085857223", "32", command, "123456", MN, 5, fields)
    return replace(made, **more)


def all_of(buffer: bytes) -> tuple[list[Packet], list[str]]:
    packets, faults = [], []
    while buffer:
        used, made, fault = take(buffer)
        if not used:
            break
        buffer = buffer[used:]
        packets += [made] if made else []
        faults += [fault] if fault else []
    return packets, faults


# -- packets ----------------------------------------------------------------------------------------------


def test_the_published_packet() -> None:
    used, made, fault = take(PUBLISHED)
    assert (used, fault) == (len(PUBLISHED), "")
    assert made is not None
    assert (made.command, made.monitor, made.fields, made.wants_answer) == (1062, MN, {"RtdInterval": "30"}, True)
    assert wrap(made) == PUBLISHED


_WORDS = st.text("abcABC0123456789.-污水", min_size=1, max_size=12)


@given(st.dictionaries(_WORDS, _WORDS, max_size=20), st.integers(0, 255), st.integers(1, 9))
def test_packets_come_back(fields: dict[str, str], flag: int, part: int) -> None:
    whole = packet(fields, flag=flag, parts=9 if flag & 2 else 1, part=part if flag & 2 else 1)
    assert all_of(wrap(whole)) == ([whole], [])


@given(st.binary(max_size=400))
def test_any_bytes_are_a_packet_a_fault_or_a_wait(noise: bytes) -> None:
    all_of(noise)
    assert all_of(noise + b"\r\n" + PUBLISHED * 3)[0], "what comes after noise was not found"


@given(st.integers(0, len(PUBLISHED) - 3), st.integers(1, 255))
def test_one_wrong_byte_is_noticed_and_the_next_packet_is_read(at: int, flip: int) -> None:
    broken = bytearray(PUBLISHED)
    broken[at] ^= flip
    packets, faults = all_of(bytes(broken) + PUBLISHED * 200)
    assert faults or packets[0] == take(PUBLISHED)[1]  # a digit of the CRC in lower case is the same digit
    assert len(packets) >= 100


@pytest.mark.parametrize(
    ("raw", "fault"),
    [(PUBLISHED.replace(b"1C80", b"1C81"), "crc"), (PUBLISHED.replace(b"##0101", b"##0104"), "length"),
     (PUBLISHED.replace(b"##0101", b"##0099"), "length"), (b"GET / HTTP/1.1\r\n", "noise")],
)  # fmt: skip
def test_faults_have_names(raw: bytes, fault: str) -> None:
    packets, faults = all_of(raw + PUBLISHED)
    assert fault in faults
    assert len(packets) == 1


def test_answers() -> None:
    data = packet({})
    assert codec._text(data.answer(9014)) == f"QN={data.number};ST=91;CN=9014;PW=123456;MN={MN};Flag=4;CP=&&&&"
    old = packet({}, 2051, flag=1)
    assert codec._text(old.answer(9014)).endswith(f"Flag=0;CP=&&QN={old.number};CN=2051&&")
    assert crc(b"") == b"FFFF"


# -- values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "expected"),
    [("N", "good"), ("S", "good"), ("F", "uncertain"), ("M", "uncertain"), ("C", "uncertain"), ("T", "uncertain"),
     ("D", "bad"), ("B", "bad"), ("P", "bad"), ("?", "uncertain")],
)  # fmt: skip
def test_marks_are_qualities_of_their_own_code_only(mark: str, expected: str) -> None:
    said = {"DataTime": "20160801085857", "w01018-Rtd": "63.0", "w01018-Flag": mark, "w01001-Rtd": "7.2"}
    cod, flag, ph = rows(packet(said), ZONE, 0)
    assert (cod.address, cod.value, q.severity(cod.quality)) == ("real:w01018-Rtd", 63.0, expected)
    assert (flag.value, flag.quality, ph.quality) == (mark, q.GOOD, q.GOOD)
    assert cod.time_us == int(datetime(2016, 8, 1, 8, 58, 57, tzinfo=ZONE).timestamp()) * 1_000_000


def test_what_is_no_number_is_a_bad_value() -> None:
    (row,) = rows(packet({"w01018-Rtd": "----"}), ZONE, 0)
    assert (row.value, row.quality) == (None, q.BAD_TYPE_MISMATCH)


def test_every_code_has_a_unit_that_is_one() -> None:
    assert all(not one.unit or is_unit(one.unit) for one in POLLUTANTS.values())
    assert len(POLLUTANTS) > 60


@pytest.mark.parametrize("address", ["", "real", "real:", "week:w01018-Rtd", "set:PW", "real:a b", "12:x"])
def test_wrong_addresses_are_typed(address: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        parse(address)
    assert caught.value.code == "driver.address"


def test_a_zone_that_is_none() -> None:
    with pytest.raises(FixConfiguration) as caught:
        settings({"mn": MN, "time_zone": "Mars/Olympus"})
    assert caught.value.place == "time_zone"


# -- over the wire ----------------------------------------------------------------------------------------

POINTS = [Wanted(1, "real:w01018-Rtd"), Wanted(2, "minute:w01018-Avg")]
VALUES = {"real:w01018-Rtd": 63.0, "minute:w01018-Avg": 61.5}


async def until(true: Any) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


async def deliveries(driver: Hj212Driver, count: int) -> list[Delivery]:
    made: list[Delivery] = []
    async with asyncio.timeout(5):
        async for delivery in driver.watch(POINTS):
            made.append(delivery)
            if sum(len(one.frame) for one in made) >= count:
                break
    return made


async def test_nothing_is_acknowledged_before_it_is_stored_and_nothing_is_stored_twice() -> None:
    async with Simulator(VALUES, again_s=0.1) as device:
        options = {"host": "127.0.0.1", "port": device.port, "mn": device.mn}
        async with Hj212Driver(options) as driver:
            first = await deliveries(driver, 2)
            await asyncio.sleep(0.3)  # it sends again, three times
            assert device.acknowledged == []
            for delivery in first:
                await delivery.accept()
            await until(lambda: not device.unacknowledged)
            told = await device.tell("real")
            (again,) = await deliveries(driver, 1)
            assert again.frame["point"].to_pylist() == [1]
            await again.accept()
            await until(lambda: told[0].number in device.acknowledged)
            assert (await driver.health()).counters["repeated"] >= 2


async def test_late_values_land_in_their_own_time() -> None:
    at = datetime(2026, 11, 20, 3, 0, tzinfo=ZONE)
    async with Simulator({"hour:w01018-Avg": 5.0}) as device:
        options = {"host": "127.0.0.1", "port": device.port, "mn": device.mn}
        async with Hj212Driver(options) as driver:
            await device.tell("hour", at)
            found: list[int] = []
            async with asyncio.timeout(5):
                async for delivery in driver.watch([Wanted(1, "hour:w01018-Avg")]):
                    found += times_us(delivery.frame).tolist()
                    if len(found) >= 2:
                        break
            assert int(at.timestamp()) * 1_000_000 in found


async def test_strangers_and_wrong_passwords_are_counted_and_never_acknowledged() -> None:
    async with Simulator(VALUES, mn="X1", password="123456") as device:
        where = {"host": "127.0.0.1", "port": device.port}
        async with Hj212Driver(where | {"mn": "X2"}) as driver:
            await until(lambda: driver._counters["unknown_mn"] == 2)
            assert "MN X1" in (await driver.health()).detail
        async with Hj212Driver(where | {"mn": "X1", "password": "654321"}) as driver:
            await until(lambda: driver._counters["wrong_password"] == 2)
        assert device.acknowledged == []


async def test_without_a_gateway_nobody_answers_a_call() -> None:
    with pytest.raises(RetryLater) as caught:
        async with Hj212Driver({"mn": MN}):
            pytest.fail("it says it is connected to nobody")
    assert caught.value.code == "driver.unreachable"


async def test_all_it_tells_becomes_points_with_names_and_units() -> None:
    async with Simulator({"real:w01018-Rtd": 63.0, "real:w01018-Flag": "N"}) as device:
        options = {"host": "127.0.0.1", "port": device.port, "mn": device.mn}
        async with Hj212Driver(options) as driver:
            assert driver.discover(lambda address: 77 if address.endswith("Rtd") else 78)
            async with asyncio.timeout(5):
                async for delivery in driver.watch([]):
                    assert sorted(delivery.frame["point"].to_pylist()) == [77, 78]
                    break
            found = {one.address: one for one in driver.take_found()}
            cod = found["real:w01018-Rtd"]
            assert (cod.name, cod.unit, cod.kind) == ("w01018.real_rtd", "mg/L", "gauge")
            assert cod.title.startswith("化学需氧量实时值 Chemical oxygen demand")


async def test_a_refused_command_says_why() -> None:
    from baigong.vocab.happenings import Command

    async with Simulator(VALUES) as device:
        device.refuses[1062] = ("3", "")
        device.refuses[1064] = ("1", "5")
        async with Hj212Driver({"host": "127.0.0.1", "port": device.port, "mn": device.mn}) as driver:
            for address, why in (("set:RtdInterval", "wrong PW"), ("set:MinInterval", "busy")):
                command = Command(id="1", tenant="t", point=1, address=address, value=30, asked_by="x", expires_us=1)
                with pytest.raises(FixConfiguration, match=why):
                    await driver.write(command)
