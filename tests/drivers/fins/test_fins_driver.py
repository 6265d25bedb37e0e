"""The FINS driver in front of its simulator: both transports, few requests, what is learnt, captures."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.drivers.contract import Wanted
from baigong.drivers.fins import codec
from baigong.drivers.fins.address import canonical, parse
from baigong.drivers.fins.driver import FinsDriver
from baigong.drivers.fins.settings import settings
from baigong.drivers.fins.sim import Simulator
from baigong.drivers.plan import Span
from baigong.drivers.scan import Refused
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Command

VALUES = {"d0:real": 47.5, "d10:int": -7, "e1_5": 300, "cio0.1": 1, "w10.15": 1, "t5:bcd16": 12, "tf5": 1, "c3": 9}
AREAS = {"d": 1000, "e1": 64, "cio": 8, "w": 16, "t": 16, "c": 16, "tf": 16}
SHARED = Path(os.environ.get("BAIGONG_SHARED", Path(__file__).parents[3].parent / "shared"))
CAPTURES = SHARED / "data/ics_pcaps/omron_fins"


def wanted(*addresses: str) -> list[Wanted]:
    return [Wanted(i, address) for i, address in enumerate(addresses)]


def command(address: str, value: Any) -> Command:
    return Command(id="1", tenant="t", point=1, address=address, value=value, asked_by="test", expires_us=1 << 60)


async def requests(driver: FinsDriver) -> int:
    return (await driver.health()).counters["requests"]


# -- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("D100", "d100:word"),
        ("%DM100 : FLOAT32", "d100:real"),
        ("D100.03", "d100.3"),
        ("CIO 0.01", "cio0.1"),
        ("0.01", "cio0.1"),
        ("100", "cio100:word"),
        ("WR10.15", "w10.15"),
        ("H5:INT", "h5:int"),
        ("A500", "a500:word"),
        ("E0_100", "e0_100:word"),
        ("EM18_5.1", "e18_5.1"),
        ("TIM5", "t5:word"),
        ("C5:bcd", "c5:bcd16"),
        ("TF5", "tf5"),
        ("D200:string9", "d200:string9"),
    ],
)
def test_every_notation_names_one_point(written: str, short: str) -> None:
    assert canonical(written) == short
    assert canonical(short) == short


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "write D100"),
        ("M5", "write D100"),
        ("D1F", "write D100"),
        ("D100.16", "00 to 15"),
        ("D100.03:int", "no other type"),
        ("E19_5", "E0 to E18"),
        ("E5", "write D100"),
        ("W512", "ends at 511"),
        ("D32767:real", "ends at 32767"),
        ("T5.1", "completion flag TF5"),
        ("TF5:int", "no other type"),
        ("T5:real", "one word"),
        ("D5:quad", "no type 'quad'"),
        ("D5:", "after the colon"),
    ],
)
def test_what_is_no_address_is_said(address: str, why: str) -> None:
    with pytest.raises(FixConfiguration, match=r"driver\.address") as caught:
        parse(address)
    assert why in caught.value.message


# -- telegrams --------------------------------------------------------------------------------------------


def payloads(name: str) -> list[bytes]:
    """What the TCP segments and UDP datagrams of a capture (Ethernet, IPv4) carry."""
    raw, at, made = (CAPTURES / name).read_bytes(), 24, []
    order = "<" if raw[:1] in (b"\xd4", b"\x4d") else ">"
    while at + 16 <= len(raw):
        size = struct.unpack_from(f"{order}I", raw, at + 8)[0]
        packet = raw[at + 16 : at + 16 + size]
        at += 16 + size
        ip = packet[14:]
        inner = ip[4 * (ip[0] & 15) : int.from_bytes(ip[2:4], "big")]
        made.append(inner[8:] if ip[9] == 17 else inner[4 * (inner[12] >> 4) :])
    return [one for one in made if one]


@pytest.mark.skipif(not CAPTURES.exists(), reason="the captured FINS connections are not here")
def test_captured_telegrams_are_understood_and_written_so() -> None:
    hello, welcome, ask, told, *udp = payloads("ee_omrontest.pcap")
    assert codec.hello(0) == hello
    used, kind, content = codec.take(welcome)
    assert (used, kind, codec.nodes(content)) == (len(welcome), codec.WELCOME, (251, 200))
    route = codec.Route(node=200, source_unit=0xEF)
    assert codec.wrap(codec.FRAME, route.frame(5, codec.MODEL, b"\0")) == ask
    used, kind, content = codec.take(told)
    assert kind == codec.FRAME
    sid, asked, content = codec.answer(content)
    assert (sid, asked) == (5, codec.MODEL)
    assert codec.data(content).startswith(b"CP1L-EL20DR-D")
    frame = next(p for p in udp if p[:1] == b"\x80")
    assert codec.Route(source_node=0x63).frame(0xEF, codec.MODEL, b"\0") == frame
    sid, asked, content = codec.answer(next(p for p in udp if p[:1] == b"\xc0"))
    assert (sid, asked) == (0xEF, codec.MODEL)
    assert codec.data(content).startswith(b"CP1L-EL20DR-D")


@pytest.mark.skipif(not CAPTURES.exists(), reason="the captured FINS connections are not here")
def test_a_simulator_answers_every_captured_request() -> None:
    """245 requests of every command that Wireshark's dissector knows: what is not ours is refused, none breaks it."""
    answer = Simulator().session(datagrams=True)
    codes = set()
    for frame in payloads("ee_omron.pcap"):
        if frame[:1] == b"\x80":
            told = codec.answer(answer(frame)[1])[2]
            codes.add(told[:2].hex())
    assert "0401" in codes


@given(st.binary(max_size=80))
def test_any_bytes_are_an_answer_a_wait_or_a_typed_error(raw: bytes) -> None:
    spans = [Span("d", 0, 0, 3), Span("tf", 0, 1, 2)]
    for came in (raw, codec.wrap(codec.FRAME, b"\xc0" + raw)):
        try:
            used, kind, content = codec.take(came)
            if used and kind == codec.FRAME:
                told = codec.data(codec.answer(content)[2])
                codec.answers(told, spans)
        except (RetryLater, Refused):
            pass


def test_requests_are_filled_but_never_overfilled() -> None:
    spans = [Span("d", 0, 20 * i, 1 + i % 12) for i in range(1000)]
    seen: list[int] = []
    for few in codec.packed(spans, multiple=True):
        assert len(few) == 1 or sum(spans[i].count for i in few) <= 167
        seen += few
    assert sorted(seen) == list(range(1000))


# -- reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_both_transports_read_and_write(transport: str) -> None:
    async with Simulator(AREAS, values=VALUES) as plc:
        for multiple in (True, False):
            async with FinsDriver(plc.options | {"transport": transport, "multiple": multiple}) as driver:
                frame = await driver.read(wanted(*VALUES, "d1500"))
                assert frame["value"].to_pylist() == [*VALUES.values(), None]
                for address, value in (("d200:dint", -70000), ("w10.14", 1), ("e1_5.0", 1)):
                    assert (await driver.write(command(address, value))).ok
                    assert (await driver.read(wanted(address, "w10.15")))["value"].to_pylist() == [value, 1]
                    await plc.set(address, 0)


async def test_two_hundred_scattered_values_cost_few_requests() -> None:
    values = {f"d{30 * i}:real": i / 4 for i in range(200)}
    async with Simulator(values=values) as plc, FinsDriver(plc.options) as driver:
        assert (await driver.read(wanted(*values)))["value"].to_pylist() == list(values.values())
        before = await requests(driver)
        await driver.read(wanted(*values))
        assert await requests(driver) - before == 3


async def test_a_command_that_a_plc_does_not_know_is_left_out() -> None:
    async with Simulator(AREAS, values=VALUES) as plc:
        plc.knows -= {codec.MULTIPLE, codec.MODEL}
        async with FinsDriver(plc.options) as driver:
            for _ in range(2):
                assert (await driver.read(wanted(*VALUES)))["value"].to_pylist() == list(VALUES.values())
            assert await driver.browse()
        plc.knows.clear()
        async with FinsDriver(plc.options) as driver:
            with pytest.raises(RetryLater, match="the command is not known"):
                await driver.read(wanted("d0"))


async def test_an_empty_battery_spoils_nothing() -> None:
    async with Simulator(AREAS, values=VALUES) as plc, FinsDriver(plc.options) as driver:
        plc.flags = 0x0040
        assert (await driver.read(wanted(*VALUES)))["value"].to_pylist() == list(VALUES.values())


async def test_browsing_shows_areas_pages_and_words() -> None:
    async with Simulator({"d": 250, "e1": 10}, values={"d200": 7, "e1_9": 5}) as plc, FinsDriver(plc.options) as driver:
        assert {"d", "e1", "cio"} <= {n.path for n in await driver.browse()}
        assert (await driver.health()).detail.startswith("CJ2M-CPU33")
        assert [n.title for n in await driver.browse("d")] == ["D0 – D99", "D100 – D199", "D200 – D249"]
        words = await driver.browse("d/200")
        assert (len(words), words[0].address, words[0].value) == (50, "d200:word", 7)
        assert (await driver.browse("e1/0"))[9].value == 5
        assert await driver.browse("w") == []


def test_options_are_checked() -> None:
    assert settings({"host": "x", "node": 5}).place == "x:9600 node 5"
    for wrong in ({"node": 255}, {"transport": "serial"}, {"host": " "}, {"multiple": 1}):
        with pytest.raises(FixConfiguration, match=r"driver\.option"):
            settings({"host": "x", **wrong})


# -- PLCs that answer wrongly -------------------------------------------------------------------------------

WELCOME = codec.wrap(codec.WELCOME, bytes([0, 0, 0, 9, 0, 0, 0, 1]))


@asynccontextmanager
async def wrong(welcome: bytes, told: bytes) -> AsyncIterator[dict[str, Any]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while came := await reader.read(4096):
            if came[11] == codec.HELLO:
                writer.write(welcome)
            else:
                writer.write(codec.wrap(codec.FRAME, b"\xc0\0\2" + bytes(6) + came[25:26] + came[26:28] + told))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "timeout_s": 0.2}


@pytest.mark.parametrize(
    ("welcome", "told", "code"),
    [
        (WELCOME, b"\0\0\0\7", "fine"),
        (WELCOME, b"\0\0\0", "driver.protocol"),
        (WELCOME, b"\0\0\0\7\0\7", "driver.protocol"),
        (WELCOME, b"\2\5", "driver.protocol"),
        (codec.wrap(codec.REFUSED, b"", 0x20), b"", "driver.unreachable"),
        (codec.wrap(codec.WELCOME, bytes(8), 0x25), b"", "driver.unreachable"),
        (codec.wrap(codec.WELCOME, bytes(3)), b"", "driver.protocol"),
        (b"", b"", "driver.timeout"),
        (b"HTTP/1.1 400 Bad Request", b"", "driver.protocol"),
        (b"FINS" + bytes(12), b"", "driver.protocol"),
    ],
)
async def test_a_wrong_answer_is_a_typed_error_in_time(welcome: bytes, told: bytes, code: str) -> None:
    async with wrong(welcome, told) as options:
        try:
            async with asyncio.timeout(3), FinsDriver(options) as driver:
                assert (await driver.read(wanted("d0")))["value"].to_pylist() == [7]
                assert code == "fine"
        except BaigongError as error:
            assert error.place, "which PLC was it?"
            assert error.code in (code, "driver.unreachable" if code == "driver.timeout" else code)
