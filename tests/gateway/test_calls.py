"""Devices that call: real connections to the gateway's listener, and the Modbus driver asking over them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from baigong.drivers.calls import Skipped, expected, names_of
from baigong.drivers.contract import Wanted
from baigong.drivers.hj212.sim import Simulator
from baigong.drivers.manifest import manifest
from baigong.drivers.modbus.codec import wrap_rtu, wrap_tcp
from baigong.gateway.calls import Calls
from baigong.gateway.clock import SystemClock
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.networks import CallPort

MODBUS = manifest("modbus")
POINTS = [Wanted(1, "holding:5"), Wanted(2, "holding:6")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dtu:
    """Dials in as ``first`` says, and answers every register with its own number and the unit's."""

    def __init__(self, port: int, first: bytes, *, tcp: bool = False) -> None:
        self.port, self.first, self.tcp = port, first, tcp
        self.before = self.after = b""  # said around every answer
        self.asked: list[bytes] = []
        self.late: asyncio.Event | None = None  # the next answer is held back until then

    async def __aenter__(self) -> Dtu:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(self.first)
        self.work = asyncio.create_task(self.serve())
        return self

    async def __aexit__(self, *ignored: object) -> None:
        self.work.cancel()
        self.writer.transport.abort()
        await asyncio.wait({self.work})

    async def serve(self) -> None:
        while data := await self.reader.read(12 if self.tcp else 8):
            self.asked.append(data)
            unit, start, count = (
                (data[6:] if self.tcp else data)[0],
                data[-3 if self.tcp else 3],
                data[-1 if self.tcp else 5],
            )
            pdu = bytes([3, 2 * count]) + b"".join(bytes([unit, start + i]) for i in range(count))
            answer = wrap_tcp(int.from_bytes(data[:2], "big"), unit, pdu) if self.tcp else wrap_rtu(unit, pdu)
            late, self.late = self.late, None
            if late is not None:
                await late.wait()
            self.writer.write(self.before + answer + self.after)

    async def hung_up(self) -> None:
        async with asyncio.timeout(5):
            await asyncio.wait({self.work})


@asynccontextmanager
async def listening(*, allow: list[str] | None = None, permits: Callable[[str], bool] = bool) -> AsyncIterator[Any]:
    calls = Calls(SystemClock(), permits, lambda tenant: tenant == "main")
    port = CallPort(port=free_port(), allow=tuple(allow or ()))
    calls.listen_at([port])
    running = asyncio.create_task(calls.run())
    async with asyncio.timeout(5):
        while not calls.status()["listening"]:
            await asyncio.sleep(0.01)
    try:
        yield calls, port.port
    finally:
        running.cancel()
        await asyncio.wait({running})


def options(registration: str, **more: Any) -> dict[str, Any]:
    return {"transport": "rtu-over-tcp", "registration": registration, "timeout_s": 3.0, **more}


def driver(calls: Calls, given: dict[str, Any], tenant: str = "main") -> Any:
    wanted = expected(MODBUS, given)
    assert wanted is not None
    return MODBUS.open(given, caller=calls.caller(tenant, wanted))


def wait_for(calls: Calls, device: str, given: dict[str, Any]) -> None:
    calls.change(("main", device), DeviceSpec(device=device, driver="modbus", options=given))


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


async def values(of: Any, points: list[Wanted] = POINTS) -> list[Any]:
    return (await of.read(points))["value"].to_pylist()  # type: ignore[no-any-return]


KINDS: list[tuple[dict[str, Any], bytes]] = [
    (options("DTU0001"), b"DTU0001\r\n"),
    (options("aa 01 ff", registration_is="hex"), bytes.fromhex("aa01ff")),
    (options("867567012345678", registration_is="number"), b"+REG:IMEI=867567012345678,CSQ=21"),
    (options("89860619040012345678", registration_is="number"), b"ICCID:89860619040012345678"),
    (options("WATER-??-*", registration_is="pattern"), b"WATER-07-pump"),
]


@pytest.mark.parametrize(("given", "said"), KINDS)
async def test_a_dtu_is_known_by_what_it_says_first(given: dict[str, Any], said: bytes) -> None:
    async with listening() as (calls, port):
        wait_for(calls, "pump", given)
        async with Dtu(port, said), driver(calls, given) as opened:
            assert await values(opened) == [1 << 8 | 5, 1 << 8 | 6]
            assert calls.status()["strangers"] == []


@pytest.mark.parametrize("tcp", [False, True])
async def test_heartbeats_and_the_registration_said_again_are_passed_over(tcp: bool) -> None:
    given = options("DTU0001", heartbeat="hex:fe", transport="tcp" if tcp else "rtu-over-tcp")
    async with listening() as (calls, port):
        wait_for(calls, "pump", given)
        async with Dtu(port, b"DTU0001", tcp=tcp) as dtu, driver(calls, given) as opened:
            assert await values(opened) == [261, 262]
            for before, after in ((b"DTU0001", b""), (b"", b"DTU0001"), (b"noise", b""), (b"", b"noise")):
                dtu.before, dtu.after = before, after
                dtu.writer.write(b"\xfe")
                assert await values(opened) == [261, 262]


async def test_devices_behind_one_dtu_share_its_line_and_who_leaves_first_ends_nothing() -> None:
    async with listening() as (calls, port):
        first, second = options("DTU0001"), options("DTU0001", unit=2)
        for device, given in (("a", first), ("b", second)):
            wait_for(calls, device, given)
        async with Dtu(port, b"DTU0001") as dtu, driver(calls, second) as b:
            async with driver(calls, first) as a:
                assert list(await asyncio.gather(values(a), values(b))) == [[261, 262], [517, 518]]
            assert await values(b) == [517, 518]
            assert all(len(telegram) == 8 for telegram in dtu.asked), "requests were mixed on the line"
            line = b._link
            assert line.alive
        assert not line.alive
        assert calls.status()["connected"] <= 1


async def test_the_call_outlives_the_driver() -> None:
    """Saving a device opens it anew; a DTU that had to dial again for it would be away for a minute."""
    given = options("DTU0001")
    async with listening() as (calls, port):
        wait_for(calls, "pump", given)
        async with Dtu(port, b"DTU0001") as dtu:
            for _ in range(3):
                async with driver(calls, given) as opened:
                    assert await values(opened) == [261, 262]
            assert not dtu.work.done()


async def test_who_calls_again_ends_the_half_open_connection_before() -> None:
    given = options("DTU0001")
    async with listening() as (calls, port):
        wait_for(calls, "pump", given)
        async with Dtu(port, b"DTU0001") as old, driver(calls, given) as opened:
            assert await values(opened) == [261, 262]
            async with Dtu(port, b"DTU0001"):
                await old.hung_up()
                with pytest.raises(RetryLater) as caught:
                    await values(opened)
                assert caught.value.code == "driver.unreachable"
                async with driver(calls, given) as anew:
                    assert await values(anew) == [261, 262]


async def test_an_unknown_caller_is_shown_with_its_bytes_and_can_be_made_a_device_of() -> None:
    async with listening() as (calls, port), Dtu(port, b"\x01DTU9") as dtu:
        await until(lambda: calls.status()["strangers"])
        dtu.writer.write(b"PING")
        await asyncio.sleep(0.5)  # longer than the silence that ends a packet
        (met,) = calls.status()["strangers"]
        assert (met["text"], met["hex"], met["address"]) == ("\x01DTU9", "01 44 54 55 39", "127.0.0.1")
        assert (met["connected"], met["count"]) == (True, 1)
        async with driver(calls, options("DTU9", registration_is="pattern") | {"registration": "?DTU9"}) as opened:
            assert await values(opened) == [261, 262]
        assert calls.status()["strangers"] == []


async def test_nobody_calls() -> None:
    async with listening() as (calls, _):
        with pytest.raises(RetryLater) as caught:
            async with driver(calls, options("DTU0001", timeout_s=0.1)):
                pytest.fail("it says it is connected to nobody")
        assert (caught.value.code, caught.value.place) == ("driver.unreachable", "DTU0001")


async def test_who_may_call() -> None:
    async with listening(allow=["10.0.0.0/8"]) as (calls, port), Dtu(port, b"DTU0001") as dtu:
        await dtu.hung_up()
        assert calls.refused["network"] == 1
    async with listening(permits=lambda tenant: tenant == "main") as (calls, _):
        with pytest.raises(FixConfiguration) as caught:
            driver(calls, options("DTU0001"), tenant="guest")
        assert caught.value.code == "driver.network"


async def test_a_late_answer_is_never_taken_for_the_present_one() -> None:
    """However late: a question whose answer looks different is put in between."""
    given = options("DTU0001", timeout_s=0.4, retries=0)
    async with listening() as (calls, port):
        wait_for(calls, "pump", given)
        async with Dtu(port, b"DTU0001") as dtu, driver(calls, given) as opened:
            release = dtu.late = asyncio.Event()
            with pytest.raises(RetryLater):
                await values(opened)
            asking = asyncio.create_task(values(opened, [Wanted(1, "holding:9"), Wanted(2, "holding:10")]))
            await until(lambda: opened._link.counters.requests == 2)
            release.set()
            assert await asking == [265, 266]


async def test_garbage_is_given_up_and_the_dtu_may_call_again() -> None:
    given = options("DTU0001", timeout_s=1.0, retries=0)
    async with listening() as (calls, port):
        wait_for(calls, "pump", given)
        async with Dtu(port, b"DTU0001") as dtu, driver(calls, given) as opened:
            silent = dtu.late = asyncio.Event()
            asking = asyncio.create_task(values(opened))
            await until(lambda: dtu.asked)
            dtu.writer.write(b"\xff" * 5000)
            with pytest.raises(RetryLater) as caught:
                await asking
            silent.set()
            assert caught.value.code in {"driver.protocol", "driver.unreachable"}
            await dtu.hung_up()
        async with Dtu(port, b"DTU0001"), driver(calls, given) as opened:
            assert await values(opened) == [261, 262]


async def test_a_device_that_is_taken_away_hangs_up() -> None:
    given = options("DTU0001")
    async with listening() as (calls, port):
        wait_for(calls, "pump", given)
        async with Dtu(port, b"DTU0001") as dtu:
            await until(lambda: not calls.status()["unknown"] and calls.status()["connected"])
            calls.change(("main", "pump"), None)
            await dtu.hung_up()


async def test_a_thousand_dtus_at_one_port() -> None:
    async with listening() as (calls, port):
        for i in range(1000):
            wait_for(calls, f"d{i}", options(f"DTU{i:05}"))
        dialled: list[Any] = []

        async def dial(i: int) -> None:
            dtu = Dtu(port, b"DTU%05d" % i)
            dialled.append(await dtu.__aenter__())

        for at in range(0, 1000, 100):
            await asyncio.gather(*(dial(i) for i in range(at, at + 100)))
        try:
            await until(lambda: calls.status()["unknown"] == 0 and calls.status()["connected"] == 1000)
            async with driver(calls, options("DTU00777")) as opened:
                assert await values(opened) == [261, 262]
        finally:
            for dtu in dialled:
                await dtu.__aexit__()


def test_packets_and_names() -> None:
    packet = b"##0136QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&&&1C80\r\n"
    assert ("mn", b"010000A8900016F000169DC0") in names_of(packet)
    skipped = Skipped()
    skipped.learn([b"DTU0001\r\n"])
    assert skipped.clean(b"DTU0001") == skipped.clean(b"DTU0001\r\nDTU0001\r\n") == b""
    assert skipped.clean(b"\x0d\x03DTU0001") == b"\x0d\x03"


@pytest.mark.parametrize(
    "given",
    [{"registration": "zz", "registration_is": "hex"}, {"registration": "a b", "registration_is": "number"}],
)
def test_registrations_that_are_none(given: dict[str, Any]) -> None:
    with pytest.raises(FixConfiguration) as caught:
        MODBUS.open(given)
    assert (caught.value.code, caught.value.place) == ("driver.option", "registration")


async def test_a_monitor_calls_and_nothing_it_said_before_the_driver_came_is_lost() -> None:
    claimed = manifest("hj212")
    given = {"mn": "010000A8900016F000169DC0"}
    wanted = expected(claimed, given)
    assert wanted is not None
    async with listening() as (calls, port):
        calls.change(("main", "outlet"), DeviceSpec(device="outlet", driver="hj212", options=given))
        device = Simulator({"real:w01018-Rtd": 63.0, "minute:w01018-Avg": 61.5}, again_s=60)
        device.call("127.0.0.1", port)
        try:
            await until(lambda: calls.status()["connected"] and not calls.status()["unknown"])
            told = await device.tell("real", answered=False)
            found: dict[int, Any] = {}
            async with claimed.open(given, caller=calls.caller("main", wanted)) as driver:
                async with asyncio.timeout(5):
                    points = [Wanted(1, "real:w01018-Rtd"), Wanted(2, "minute:w01018-Avg")]
                    async for delivery in driver.watch(points):
                        found |= dict.fromkeys(delivery.frame["point"].to_pylist())
                        await delivery.accept()
                        if len(found) == 2 and (await driver.health()).counters["packets"] == 3:
                            break
                await until(lambda: not device.unacknowledged)
            assert told[0].number not in device.acknowledged
        finally:
            await device.stop()
