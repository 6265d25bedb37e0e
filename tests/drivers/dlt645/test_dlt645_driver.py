"""The DL/T 645 driver in front of simulated meters on one line: blocks, silence, echo, orders."""

from __future__ import annotations

import asyncio
import os
import socket
import tty
from typing import Any

import pytest

from baigong.drivers.calls import expected
from baigong.drivers.contract import Wanted
from baigong.drivers.dlt645 import codec
from baigong.drivers.dlt645.driver import Dlt645Driver
from baigong.drivers.dlt645.settings import settings
from baigong.drivers.dlt645.sim import Simulator
from baigong.drivers.manifest import manifest
from baigong.gateway.calls import Calls
from baigong.gateway.clock import SystemClock
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Command
from baigong.vocab.networks import CallPort

VOLTS = {"02010100": 230.1, "02010200": 229.9, "02010300": 231.0}
ENERGIES = {f"0001{i:02d}00": 100.25 * i for i in range(5)}
SECRET = {"password": "02123456"}


def wanted(*addresses: str) -> list[Wanted]:
    return [Wanted(i, address) for i, address in enumerate(addresses)]


def command(address: str, value: Any) -> Command:
    return Command(id="1", tenant="t", point=1, address=address, value=value, asked_by="test", expires_us=1 << 60)


async def values(driver: Dlt645Driver, *addresses: str) -> list[Any]:
    rows = (await driver.read(wanted(*addresses))).to_pylist()
    return [row["quality"] or (row["text"] if row["value"] is None else row["value"]) for row in rows]


async def requests(driver: Dlt645Driver) -> int:
    return (await driver.health()).counters["requests"]


# -- reading ----------------------------------------------------------------------------------------------


async def test_neighbours_are_asked_for_as_one_block_where_the_meter_knows_it() -> None:
    async with Simulator({"12": VOLTS | ENERGIES | {"02800002": 50.01}}) as line:
        asked = [*VOLTS, *ENERGIES, "02800002"]
        for blocks, most in ((True, 3), (False, 9)):
            line.blocks = blocks
            async with Dlt645Driver(line.options) as driver:
                for _ in range(2):
                    before = await requests(driver)
                    assert await values(driver, *asked) == [*VOLTS.values(), *ENERGIES.values(), 50.01]
                assert await requests(driver) - before == most


async def test_a_block_shorter_than_its_members_is_given_up() -> None:
    async with (
        Simulator({"12": VOLTS | {"0201FF00:hex4": b"\1\x23\2\x23"}}) as line,
        Dlt645Driver(line.options) as driver,
    ):
        assert await values(driver, *VOLTS) == list(VOLTS.values())


async def test_what_a_meter_has_not_is_asked_for_once_a_minute() -> None:
    now_s = 0.0
    async with Simulator({"12": VOLTS}) as line:
        driver = Dlt645Driver(line.options, clock_s=lambda: now_s)
        async with driver:
            for asked in (2, 1):
                before = await requests(driver)
                assert await values(driver, "02010100", "02800002") == [230.1, q.BAD_NODE_ID_UNKNOWN]
                assert await requests(driver) - before == asked
            await line.set("02800002", 49.9)
            now_s = 61.0
            assert await values(driver, "02010100", "02800002") == [230.1, 49.9]


async def test_a_silent_meter_spoils_only_its_own_points() -> None:
    now_s = 0.0
    meters = {"1": VOLTS, "2": VOLTS, "3": VOLTS}
    asked = [f"{meter}!02010100" for meter in (1, 2, 3)]
    async with Simulator(meters) as line:
        line.deaf = {"000000000002"}
        driver = Dlt645Driver(line.options | {"timeout_s": 0.1}, clock_s=lambda: now_s)
        async with driver:
            for _ in range(3):
                found = await values(driver, *asked)
                assert found[1] == q.BAD_NO_COMMUNICATION
            assert found == [230.1, q.BAD_NO_COMMUNICATION, 230.1]
            assert (await driver.health()).counters["timeouts"] == 2  # asked and asked again, once
            line.deaf = set()
            now_s = 6.0
            assert await values(driver, *asked) == [230.1] * 3
            line.deaf = set(f"{i:012d}" for i in range(4))
            with pytest.raises(RetryLater, match=r"driver\.timeout"):
                for _ in range(4):
                    await values(driver, *asked)


async def test_an_echoing_line_answers_of_several_frames_and_values_that_are_none() -> None:
    held = {"05060101": [12.5, 1.0, 2.0, 3.0, 6.5], "04000403:ascii200": "A" * 150 + "Z" * 50, "02010100": b"\xff\xff"}
    async with Simulator({"12": held}) as line:
        line.echo = True
        async with Dlt645Driver(line.options) as driver:
            told = await values(driver, "05060101", "05060101/4", "05060101/5", "04000403:ascii200", "02010100")
        assert told == [12.5, 6.5, q.BAD_NODE_ID_UNKNOWN, held["04000403:ascii200"], q.BAD_DATA_UNAVAILABLE]


async def test_the_only_meter_is_asked_who_it_is() -> None:
    async with Simulator({"77": VOLTS}) as line, Dlt645Driver(line.options | {"meter": ""}) as driver:
        assert await values(driver, "02010100") == [230.1]
        assert "000000000077" in (await driver.health()).detail


async def test_meters_of_1997() -> None:
    held = {"9010": 12.5, "9011": 2.5, "B611": 230, "C032": "000000000012"}
    async with Simulator({"12": held}, standard="1997") as line, Dlt645Driver(line.options | SECRET) as driver:
        assert await values(driver, *held, "9020", "00010000") == [
            *held.values(),
            q.BAD_NODE_ID_UNKNOWN,
            q.BAD_CONFIGURATION,
        ]
        assert (await driver.write(command("C032", "000000000013"))).ok
        assert await values(driver, "C032") == ["000000000013"]


async def test_browsing_shows_what_the_meter_answers() -> None:
    async with Simulator({"12": VOLTS | ENERGIES}) as line, Dlt645Driver(line.options) as driver:
        assert "energy" in {node.path for node in await driver.browse()}
        nodes = await driver.browse("energy")
        assert [(n.address, n.value, n.unit, n.kind) for n in nodes][1] == ("00010100", 100.25, "kWh", "counter")
        assert "正向有功电能" in nodes[0].title
        assert {n.address for n in await driver.browse("now")} == set(VOLTS)
        with pytest.raises(FixConfiguration, match=r"driver\.address"):
            await driver.browse("nowhere")


# -- writing ----------------------------------------------------------------------------------------------


async def test_relays_take_orders_with_the_password_only() -> None:
    async with Simulator({"12": VOLTS, "13": VOLTS}) as line:
        async with Dlt645Driver(line.options) as driver:
            with pytest.raises(FixConfiguration, match="give the option password"):
                await driver.write(command("relay", 0))
        async with Dlt645Driver(line.options | {"password": "02999999"}) as driver:
            with pytest.raises(FixConfiguration, match="the password is wrong"):
                await driver.write(command("relay", 0))
        assert not line.orders
        noon_us = 1_780_000_000_000_000
        driver = Dlt645Driver(line.options | SECRET | {"operator": "00000007"}, now_us=lambda: noon_us)
        async with driver:
            assert (await driver.write(command("13!relay", 0))).ok
            assert await values(driver, "relay", "13!relay") == [1, 0]
            ((meter, order),) = line.orders
            assert (meter, order[:2]) == ("000000000013", bytes([codec.TRIP, 0]))
            assert len(order) == 8
            await driver.write(command("13!relay", 1))
            assert await values(driver, "13!relay") == [1]


# -- lines ------------------------------------------------------------------------------------------------


def test_options_are_checked() -> None:
    assert settings({"host": "x", "meter": "12"}).own == "000000000012"
    assert settings({"registration": "DTU1"}).place == "DTU1"
    for wrong in (
        {"meter": "12A"},
        {"meter": "1234567890123"},
        {"password": "123456"},
        {"operator": "1"},
        {"standard": "2021"},
        {"host": " "},
        {"transport": "serial"},
        {"transport": "serial", "serial_port": "socket://x"},
    ):
        with pytest.raises(FixConfiguration, match=r"driver\.option"):
            settings({"host": "x", **wrong})


async def test_a_serial_line() -> None:
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    answer, held = Simulator({"12": VOLTS}).session(), b""

    def serve() -> None:
        nonlocal held
        held += os.read(ours, 4096)
        used, told = answer(held)
        held = held[used:]
        os.write(ours, told)

    loop = asyncio.get_running_loop()
    loop.add_reader(ours, serve)
    try:
        options = {"transport": "serial", "serial_port": os.ttyname(theirs), "meter": "12", "parity": "none"}
        async with Dlt645Driver(options) as driver:
            assert await values(driver, *VOLTS) == list(VOLTS.values())
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)


async def test_two_devices_behind_one_dtu_that_calls_us() -> None:
    claimed, calls = manifest("dlt645"), Calls(SystemClock(), bool, bool)
    given = [{"registration": "DTU0001", "meter": meter, "pause_ms": 0} for meter in ("12", "13")]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    calls.listen_at([CallPort(port=port)])
    for one in given:
        calls.change(("main", one["meter"]), DeviceSpec(device=f"m{one['meter']}", driver="dlt645", options=one))
    running = asyncio.create_task(calls.run())
    async with asyncio.timeout(5):
        while not calls.status()["listening"]:
            await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"DTU0001")
    answer = Simulator({"12": VOLTS, "13": {"02010100": 240.5}}).session()

    async def dtu() -> None:
        held = b""
        while came := await reader.read(4096):
            held += came
            used, told = answer(held)
            held = held[used:]
            writer.write(told)

    serving = asyncio.create_task(dtu())
    try:
        both = [claimed.open(one, caller=calls.caller("main", expected(claimed, one))) for one in given]  # type: ignore[arg-type]
        async with both[0] as first, both[1] as second:
            for _ in range(5):
                told = await asyncio.gather(values(first, *VOLTS), values(second, "02010100"))  # type: ignore[arg-type]
                assert told == [list(VOLTS.values()), [240.5]]
    finally:
        for task in (running, serving):
            task.cancel()
        writer.transport.abort()
        await asyncio.wait({running, serving})


async def test_cancelling_a_read_leaves_the_line_in_step() -> None:
    async with Simulator({"12": VOLTS}) as line, Dlt645Driver(line.options) as driver:
        for _ in range(10):
            task = asyncio.ensure_future(values(driver, "02010200"))
            await asyncio.sleep(0.0005)
            task.cancel()
            await asyncio.wait([task])
            assert await values(driver, "02010100") == [230.1]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (codec.wrap("000000000012", 0x91, bytes.fromhex("000101020123")), "fine"),
        (codec.wrap("000000000012", 0x91, bytes.fromhex("0001010201")), "fine"),  # half a value is no value
        (codec.wrap("000000000013", 0x91, bytes.fromhex("000101020123")), "driver.timeout"),
        (codec.wrap("000000000012", 0x91, bytes.fromhex("000201020123")), "driver.timeout"),
        (codec.wrap("000000000012", 0x91, bytes.fromhex("000101020123"))[:-2] + b"\0\x16", "driver.timeout"),
        (b"\xfe" * 9000, "driver.protocol"),
    ],
)
async def test_a_wrong_answer_is_a_typed_error_in_time(answer: bytes, code: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        options = {"host": "127.0.0.1", "port": port, "timeout_s": 0.1, "retries": 0, "meter": "12"}
        try:
            async with asyncio.timeout(3), Dlt645Driver(options) as driver:
                assert await values(driver, "02010100") in ([230.1], [q.BAD_TYPE_MISMATCH])
                assert code == "fine"
        except BaigongError as error:
            assert error.place
            assert error.code == code
