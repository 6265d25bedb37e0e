"""The MC protocol driver in front of its simulator: every dialect, few requests, what is learnt, a peer's telegrams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.drivers.contract import Wanted
from baigong.drivers.mc import codec
from baigong.drivers.mc.address import canonical, parse
from baigong.drivers.mc.driver import McDriver
from baigong.drivers.mc.settings import settings
from baigong.drivers.mc.sim import Simulator
from baigong.drivers.plan import Span
from baigong.drivers.scan import Refused
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Command

VALUES = {"d0:real": 47.5, "d10:int": -7, "w1f:word": 300, "d60.a": 1, "m17": 1, "x20": 1, "tn5": 12, "zr40:int": 5}
AREAS = {"d": 1000, "w": 64, "m": 8, "x": 4, "tn": 16, "ts": 1, "zr": 100}


def wanted(*addresses: str) -> list[Wanted]:
    return [Wanted(i, address) for i, address in enumerate(addresses)]


def command(address: str, value: Any) -> Command:
    return Command(id="1", tenant="t", point=1, address=address, value=value, asked_by="test", expires_us=1 << 60)


async def requests(driver: McDriver) -> int:
    return (await driver.health()).counters["requests"]


# -- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "series", "short"),
    [
        ("D100", "q", "d100:int"),
        ("D100 : FLOAT32", "q", "d100:real"),
        ("D100.10", "q", "d100.a"),
        ("d100.a:bool", "q", "d100.a"),
        ("X1f", "q", "x1f"),
        ("X0A", "q", "xa"),
        ("X17", "fx5", "x17"),
        ("SB1f", "q", "sb1f"),
        ("SD5:uint", "q", "sd5:word"),
        ("ST7", "q", "sn7:int"),
        ("CS7", "q", "cs7"),
        ("M32:dword", "q", "m32:dword"),
        ("ZR65536:string9", "q", "zr65536:string9"),
    ],
)
def test_every_notation_names_one_point(written: str, series: str, short: str) -> None:
    assert canonical(written, series) == short
    assert canonical(short, series) == short


@pytest.mark.parametrize(
    ("address", "series", "why"),
    [
        ("", "q", "write D100"),
        ("Q5", "q", "write D100"),
        ("D1F", "q", "decimal"),
        ("X18", "fx5", "octal"),
        ("D100.16", "q", "0 to F"),
        ("D100.3:int", "q", "no other type"),
        ("M5.1", "q", "a bit already"),
        ("M5:int", "q", "multiple of 16"),
        ("D5:quad", "q", "no type 'quad'"),
        ("D5:", "q", "after the colon"),
        ("D5:string600", "q", "1 to 512"),
        ("D16777215:dint", "q", "beyond the last"),
    ],
)
def test_what_is_no_address_is_said(address: str, series: str, why: str) -> None:
    with pytest.raises(FixConfiguration, match=r"driver\.address") as caught:
        parse(address, series)
    assert why in caught.value.message


# -- telegrams --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoken", "command", "sub", "content", "telegram"),
    [  # sent by pymcprotocol 0.3.0 (its monitoring timer is 1 s too)
        (codec.Dialect(), codec.MODEL, 0, "", "500000ffff03000600040001010000"),
        (codec.Dialect(), codec.READ, 0, "d100:lint", "500000ffff03000c00040001040000640000a80400"),
        (codec.Dialect(), codec.READ, 0, "m16:int", "500000ffff03000c00040001040000100000900100"),
        (
            codec.Dialect(series="iqr"),
            codec.READ,
            2,
            "d100:lint",
            "500000ffff03000e000400010402006400" + "0000a8000400",
        ),
        (
            codec.Dialect("4e", ascii=True, series="iqr"),
            codec.READ,
            2,
            "m16:int",
            b"540000000000".hex() + b"00FF03FF00001C000404010002M***000000160001".hex(),
        ),
        (
            codec.Dialect(ascii=True),
            codec.READ,
            0,
            "x40:int",
            b"500000FF03FF000018000404010000X*0000400001".hex(),
        ),
    ],
)
def test_telegrams_are_those_of_others(
    spoken: codec.Dialect, command: int, sub: int, content: str, telegram: str
) -> None:
    told = spoken.read([parse(content).span], "none")[1] if content else b""
    assert spoken.request(0, command, sub, told).hex() == telegram


@given(st.booleans(), st.sampled_from(["3e", "4e"]), st.binary(max_size=60))
def test_any_bytes_are_an_answer_a_wait_or_a_typed_error(text: bool, frame: str, raw: bytes) -> None:
    spoken = codec.Dialect(frame, ascii=text)
    for came in (raw, spoken.subheader(0xD0, 0) + raw):
        try:
            used, _, content = spoken.take(came)
            if used:
                spoken.answers(spoken.data(content), [Span("d", 0, 0, 3)], "blocks")
        except (RetryLater, Refused):
            pass


def test_requests_are_filled_but_never_overfilled() -> None:
    spans = [Span("d" if i % 3 else "m", 0, 20 * i, 1 + i % 7) for i in range(1000)]
    for way, most in (("blocks", 120), ("words", 192), ("none", 1)):
        for wide in (False, True):
            seen: list[int] = []
            for few in codec.packed(spans, way, wide=wide, max_words=960):
                words = sum(spans[i].count for i in few)
                assert words <= 960
                if len(few) > 1:
                    assert (words if way == "words" else len(few)) <= most // (1 + wide)
                seen += few
            assert sorted(seen) == list(range(1000))


# -- reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", ["3e", "4e"])
@pytest.mark.parametrize("code", ["binary", "ascii"])
@pytest.mark.parametrize("series", ["q", "iqr"])
async def test_every_dialect_reads_and_writes(frame: str, code: str, series: str) -> None:
    async with Simulator(AREAS, values=VALUES) as plc:
        for transport, scattered in (("tcp", "blocks"), ("udp", "words"), ("tcp", "none")):
            spoken = {"frame": frame, "code": code, "series": series, "transport": transport, "scattered": scattered}
            async with McDriver(plc.options | spoken) as driver:
                frame_ = await driver.read(wanted(*VALUES, "d1500"))
                assert frame_["value"].to_pylist() == [*VALUES.values(), None]
                for address, value in (("d200:dint", -70000), ("m19", 1), ("d60.b", 1)):
                    assert (await driver.write(command(address, value))).ok
                    assert (await driver.read(wanted(address, "d60.a", "m17")))["value"].to_pylist() == [value, 1, 1]
                    await plc.set(address, 0)


async def test_two_hundred_scattered_values_cost_few_requests() -> None:
    values = {f"d{30 * i}:real": i / 4 for i in range(200)}
    async with Simulator(values=values) as plc:
        for scattered, most in (("blocks", 2), ("words", 3)):
            async with McDriver(plc.options | {"scattered": scattered}) as driver:
                assert (await driver.read(wanted(*values)))["value"].to_pylist() == list(values.values())
                before = await requests(driver)
                await driver.read(wanted(*values))
                assert await requests(driver) - before == most


async def test_commands_that_a_device_does_not_know_are_left_out() -> None:
    async with Simulator(AREAS, values=VALUES) as plc:
        for unknown, most in (({codec.BLOCKS}, 2), ({codec.BLOCKS, codec.RANDOM, codec.MODEL}, 8)):
            plc.knows -= unknown
            async with McDriver(plc.options) as driver:
                assert (await driver.read(wanted(*VALUES)))["value"].to_pylist() == list(VALUES.values())
                before = await requests(driver)
                await driver.read(wanted(*VALUES))
                assert await requests(driver) - before <= most
                assert await driver.browse()
        plc.knows.clear()
        async with McDriver(plc.options) as driver:
            with pytest.raises(RetryLater, match="the command is not known"):
                await driver.read(wanted(*VALUES))


async def test_many_wrong_addresses_do_not_cost_many_requests_at_once() -> None:
    points = wanted("d0", *(f"d{100 + 40 * i}" for i in range(100)))
    async with Simulator({"d": 50}, values={"d0": 1}) as plc, McDriver(plc.options) as driver:
        for _ in range(12):
            before = await requests(driver)
            frame = await driver.read(points)
            assert await requests(driver) - before <= 120
        assert frame["value"].to_pylist() == [1] + [None] * 100
        assert set(frame["quality"].to_pylist()[1:]) == {q.BAD_NODE_ID_UNKNOWN}


async def test_browsing_shows_areas_pages_words_and_bits() -> None:
    async with Simulator({"d": 250, "x": 20}, values={"d200": -7, "x8f": 1}) as plc, McDriver(plc.options) as driver:
        assert {"d", "x", "tn"} <= {n.path for n in await driver.browse()}
        assert (await driver.health()).detail.startswith("Q03UDVCPU")
        assert [n.title for n in await driver.browse("d")] == ["D0 – D99", "D100 – D199", "D200 – D249"]
        words = await driver.browse("d/200")
        assert (len(words), words[0].address, words[0].value) == (50, "d200:int", -7)
        assert [n.title for n in await driver.browse("x")] == ["X0 – X7F", "X80 – XFF", "X100 – X13F"]
        bits = await driver.browse("x/128")
        assert (len(bits), bits[15].address, bits[15].value, bits[15].writable) == (128, "x8f", True, False)
        assert await driver.browse("w") == []


def test_options_are_checked() -> None:
    assert settings({"host": "x", "monitor_s": 2}).dialect.timer == 8
    for wrong in ({"frame": "1e"}, {"station": 256}, {"host": " "}, {"max_words": 961}, {"code": "bcd"}):
        with pytest.raises(FixConfiguration, match=r"driver\.option"):
            settings({"host": "x", **wrong})


# -- PLCs that answer wrongly -------------------------------------------------------------------------------


@asynccontextmanager
async def wrong(answer: bytes) -> AsyncIterator[dict[str, Any]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "timeout_s": 0.2}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("d00000ffff03000400" + "00000700", "fine"),
        ("d00000ffff03000300" + "000007", "driver.protocol"),
        ("d00000ffff03000600" + "000007000800", "driver.protocol"),
        ("d00000ffff03000100" + "00", "driver.protocol"),
        ("d00000ffff0300ffff" + "00", "driver.protocol"),
        ("d00000ffff03000b00" + "01c200ffff0300" + "01040000", "driver.protocol"),
        ("d40000000000" + "00ffff03000400" + "00000700", "driver.protocol"),
        ("d00000ffff0300", "driver.timeout"),
        ("44303030", "driver.protocol"),
    ],
)
async def test_a_wrong_answer_is_a_typed_error_in_time(answer: str, code: str) -> None:
    async with wrong(bytes.fromhex(answer)) as options:
        try:
            async with asyncio.timeout(3), McDriver(options) as driver:
                assert (await driver.read(wanted("d0")))["value"].to_pylist() == [7]
                assert code == "fine"
        except BaigongError as error:
            assert error.place, "which PLC was it?"
            assert error.code == code


async def test_cancelling_a_read_leaves_the_connection_in_step() -> None:
    async with Simulator(values={"d0": 1, "d100": 2}) as plc:
        for frame in ("3e", "4e"):
            async with McDriver(plc.options | {"frame": frame}) as driver:
                for _ in range(10):
                    task = asyncio.ensure_future(driver.read(wanted("d0")))
                    await asyncio.sleep(0.0005)
                    task.cancel()
                    await asyncio.wait([task])
                    assert (await driver.read(wanted("d100")))["value"].to_pylist() == [2]
