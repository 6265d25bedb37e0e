"""Real Modbus servers, killed, stopped and restarted at random moments under polling."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rig import rig, spec, until

from baigong.drivers.opcua.sim import OpcUaSim, SimNode
from baigong.vocab import quality as q

_SERVER = """
import asyncio, sys, time
from baigong.drivers.modbus.sim import Simulator

async def main():
    async with Simulator({"holding": [(0, 100)]}, port=int(sys.argv[1])) as device:
        while True:  # the register tells the time, so that every value read can be judged by itself
            await device.set("holding:0:uint32", int(time.time() * 100) % 2**32)
            await asyncio.sleep(0.005)

asyncio.run(main())
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Plc:
    def __init__(self, port: int) -> None:
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", _SERVER, str(self.port)])

    def signal(self, number: int) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def plc():
    made = Plc(free_port())
    yield made
    made.kill()


async def test_a_plc_killed_stopped_and_restarted_at_random(
    tmp_path: Path, plc: Plc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.05)
    monkeypatch.setattr("baigong.gateway.supervisor._LONGEST_S", 0.3)
    rng = random.Random(11)
    device = spec(
        "plc",
        "modbus",
        ("holding:0:uint32", "holding:50:uint16", "holding:400:uint16"),
        options={"host": "127.0.0.1", "port": plc.port, "timeout_s": 0.4},
        scan={"default": "20ms"},
        timeout_s=0.5,
    )
    async with rig(tmp_path) as r:
        await r.run(device)  # before there is anybody
        plc.start()
        for outage in range(5):
            seen = len(good(r))
            await until(lambda seen=seen: len(good(r)) > seen + 5, 20)
            await asyncio.sleep(rng.uniform(0, 0.4))
            if outage % 2:
                plc.signal(signal.SIGSTOP)
                await until(lambda: r.device("plc").state == "down")
                await asyncio.sleep(rng.uniform(0, 0.3))
                plc.signal(signal.SIGCONT)
            else:
                plc.kill()
                await until(lambda: r.device("plc").state == "down")
                await asyncio.sleep(rng.uniform(0, 0.3))
                plc.start()
        await until(lambda: r.device("plc").state == "connected" and r.rows(1)[-1][3] == 0, 20)
        began = time.monotonic()
        before = len(good(r))
        await asyncio.sleep(1.0)
        rate = (len(good(r)) - before) / (time.monotonic() - began)
        status = r.device("plc").status("local")

    assert rate > 20, f"{rate:.0f} readings a second of 50 asked for"
    assert [s["class"] for s in status["scan"]] == ["default"]
    rows = r.rows(1)
    assert len({row[1] for row in rows}) == len(rows), "no value twice"
    for _, at_us, value, _ in good(r):
        assert abs(value / 100 - (at_us / 1e6) % (2**32 / 100)) < 1.0, "a value of another time"
    marks = [row for row in rows if row[3] == q.BAD_NO_COMMUNICATION]
    lost = r.kinds("link.lost", "link.connected")
    assert lost == (["link.lost", "link.connected"] * 10)[: len(lost)], "one after the other"
    assert len(marks) == lost.count("link.lost") >= 6
    assert r.kinds("gap.left").count("gap.left") == lost.count("link.connected")
    assert {row[3] for row in r.rows(2)} <= {0, q.BAD_NO_COMMUNICATION, q.BAD_NOT_CONNECTED}
    wrong = {row[3] for row in r.rows(3)}
    assert 0 not in wrong, "the register that does not exist is bad, and spoils no other"


def good(r):
    return [row for row in r.rows(1) if row[3] == 0]


async def test_a_server_that_accepts_and_never_answers(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(1000):
                pass
        finally:
            writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options = {"host": "127.0.0.1", "port": port, "timeout_s": 0.3}
    async with rig(tmp_path) as r:
        await r.run(spec("d", "modbus", ("holding:1:uint16",), options=options, timeout_s=0.3))
        await until(lambda: r.rows(1))
        assert r.rows(1)[0][3] == q.BAD_NO_COMMUNICATION
        assert r.device("d").error.code == "driver.timeout"
        assert len(r.abandoned) == 0
    server.close()
    await server.wait_closed()


async def test_a_server_that_talks_nonsense(tmp_path: Path) -> None:
    rng = random.Random(3)

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(1000):
                writer.write(rng.randbytes(rng.randrange(1, 300)))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    options = {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "timeout_s": 0.2}
    async with rig(tmp_path) as r:
        await r.run(spec("d", "modbus", ("holding:1:uint16",), options=options, timeout_s=0.3))
        await until(lambda: r.device("d").attempts >= 3, 20)
        assert r.device("d").error.code in {"driver.protocol", "driver.timeout", "driver.unreachable"}
        assert len(r.rows(1)) == 1
    server.close()
    await server.wait_closed()


async def test_an_opc_ua_server_gone_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.1)
    async with OpcUaSim() as sim, rig(tmp_path) as r:
        addresses = sim.address("Machine.Temp"), sim.address("Machine.Name"), sim.address("Machine.Cycles")
        options = {"url": sim.url, "timeout_s": 2.0}
        await r.run(spec("cnc", "opcua", addresses, options=options, scan={"default": "100ms"}))
        await until(lambda: all(r.rows(n) for n in (1, 2, 3)))
        assert r.rows(2)[0][2] == "VMC-850"
        assert r.rows(3)[0][2] == 9007199254740995, "every digit"
        assert r.device("cnc").status("local")["session"]["mode"] == "watch"
        await sim.stop()
        await until(lambda: r.rows(2)[-1][3] == q.BAD_NO_COMMUNICATION, 30)
        await sim.start()
        await until(lambda: latest(r, 2)[3] == 0, 30)
        assert latest(r, 2)[2] == "VMC-850", "unchanged since before the outage, and known to be good again"
        assert r.device("cnc").status("local")["state"] == "connected"
        assert len({row[:2] for row in r.rows(2)}) <= len(r.rows(2))


@pytest.mark.parametrize("shift_s", [-60, 60])
async def test_the_hole_of_a_server_with_a_wrong_clock_is_filled_from_its_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift_s: int
) -> None:
    """Every value the server remembers is stored, those that the broken link swallowed too."""
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.1)
    made: dict[int, float] = {}  # by the server's own clock
    async with OpcUaSim(nodes=[SimNode("Machine.Level", 0.0, "Double", history=True)]) as sim, rig(tmp_path) as r:

        async def produce() -> None:
            while True:
                at_us = time.time_ns() // 1000 + shift_s * 1_000_000
                made[at_us] = float(len(made) + 1)
                await sim.set({"Machine.Level": made[at_us]}, at_us, server_time_us=at_us)
                await asyncio.sleep(0.02)

        def stored() -> dict[int, float]:
            return {
                at: value for _, at, value, quality in r.rows(1) if quality == 0 and at in made
            }  # not what was told again

        producing = asyncio.create_task(produce())
        options = {"url": sim.url, "timeout_s": 2.0}
        await r.run(spec("cnc", "opcua", (sim.address("Machine.Level"),), options=options, scan={"default": "50ms"}))
        await until(lambda: len(stored()) > 20, 30)
        since = max(stored())
        await sim.stop()
        await until(lambda: r.device("cnc").state == "down", 30)
        gone = len(made)
        await until(lambda: len(made) > gone + 50, 30)
        await sim.start()
        await until(lambda: "hole.filled" in r.kinds(), 30)
        back = max(made)
        await until(lambda: max(stored()) > back, 30)
        producing.cancel()
        await asyncio.wait({producing})
        lost = [at for at in made if since < at <= back and at not in stored()]
        assert lost == []
        assert all(stored()[at] == made[at] for at in made if since < at <= back)
        heard = r.fleet.heard["demo/cnc"]
        assert abs((heard.said_us - heard.heard_us) / 1e6 - shift_s) < 10


def latest(r, number: int):
    """What a reader of the lake calls the latest value: by time, not by arrival."""
    return max((row for row in r.rows(number) if row[3] != q.DELETED), key=lambda row: row[1])
