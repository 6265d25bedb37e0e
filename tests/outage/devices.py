"""Devices and their gateway go away: pulled plugs, a killed gateway, a killed platform under MQTT publishers."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil

from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.vocab import quality as q
from tests.outage.meters import Meter, MeterProcess
from tests.outage.publisher import Publisher
from tests.outage.rig import PlatformProcess, Verdict, kill_9

NODES = 10


# --- an OPC UA server that remembers -------------------------------------------------------------------------


class Machine:
    """An OPC UA server whose machine runs on while its network is gone: what it makes, its history keeps."""

    def __init__(self) -> None:
        names = [f"pull.n{i}" for i in range(NODES)]
        self.sim = OpcUaSim(nodes=[SimNode(n, 0.0, history=True) for n in names], types=SimTypes())
        self.names = names
        self.steps = 0
        self.produced: dict[tuple[str, int], float] = {}

    async def step(self) -> None:
        """Give every node a new value; each says where it belongs."""
        self.steps += 1
        now_us = time.time_ns() // 1_000_000 * 1000  # whole milliseconds: the server's clock is finer than needed
        values = {name: self.steps + i / 100 for i, name in enumerate(self.names)}
        await self.sim.set(values, now_us)
        self.produced |= {(name, now_us): value for name, value in values.items()}

    async def run(self) -> None:
        while True:
            await self.step()
            await asyncio.sleep(0.01)

    def remembered(self) -> dict[tuple[str, int], float]:
        """What the server's history still holds of what was produced."""
        kept = {}
        for name in self.names:
            node = self.sim._nodes[name][0]
            for held in self.sim.memory.values[node]:
                at_us = round(held.SourceTimestamp.timestamp() * 1e6)
                if (name, at_us) in self.produced:
                    kept[name, at_us] = held.Value.Value
        return kept


async def opcua_pulled(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """Pull an OPC UA device with history for some seconds under load: the hole is filled from its memory."""
    away = [rng.uniform(2.0, 5.0) for _ in range(rounds)]
    return await _with_memory(f"OPC UA device pulled {rounds}×, history filled in", folder, away, rng)


async def opcua_pulled_for_a_minute(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """Pull an OPC UA device with history for a whole minute, once."""
    return await _with_memory("OPC UA device pulled for a minute, history filled in", folder, [60.0], rng)


async def _with_memory(title: str, folder: Path, away: list[float], rng: random.Random) -> Verdict:
    platform, machine = PlatformProcess(folder / "data"), Machine()
    recovery = 0.0
    async with machine.sim:
        await machine.step()
        await platform.start()
        points = [{"name": n, "address": machine.sim.address(n)} for n in machine.names]
        options = {"url": machine.sim.url, "timeout_s": 2.0, "publishing_s": 0.1}
        spec = {"device": "pulled", "driver": "opcua", "options": options, "scan": {"default": "20ms"}}
        await put(platform, spec | {"points": points})
        await until_good(platform, "pull.n0", 0)  # the subscription exists: from here on nothing may be missing
        running = asyncio.create_task(machine.run())
        for times, seconds in enumerate(away, 1):
            await asyncio.sleep(rng.uniform(0.5, 1.5))
            await machine.sim.stop()
            await asyncio.sleep(seconds)
            back = time.monotonic()
            await machine.sim.start()
            await until_filled(platform, "pulled", times)
            recovery = max(recovery, time.monotonic() - back)
        await asyncio.sleep(1.0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        recoverable = machine.remembered()
        await asyncio.sleep(1.5)  # the last notification's way to the lake
        rows = await rows_of(platform, "pull.%")
        lost = [e for e in await events(platform, "pulled") if e["kind"] == "gap.left"]
        await platform.stop()
    assert not lost, lost
    assert not [r for r in rows if r["quality"] & 0x8000], "our marks inside a filled hole are taken back"
    return verdict(title, len(machine.produced), recoverable, good(rows), recovery)


# --- a Modbus device that forgets ------------------------------------------------------------------------------


async def modbus_pulled(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """Pull a Modbus device: nothing can be asked later, so the gap is marked bad from its first moment to its last.

    Recoverable is what the device had answered; the one answer that may be on the wire when the plug is pulled
    is not (at most one for each pull, counted here).
    """
    away = [rng.uniform(1.0, 3.0) for _ in range(rounds)]
    return await _without_memory(f"Modbus device pulled {rounds}×, gaps marked bad from–to", folder, Meter(), away, rng)


async def modbus_pulled_for_a_minute(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """Pull a Modbus device for a whole minute, once."""
    title = "Modbus device pulled for a minute, gap marked bad from–to"
    return await _without_memory(title, folder, Meter(), [60.0], rng)


async def device_killed(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """kill -9 the device itself at random moments of its answering; it goes on counting where it was."""
    away = [rng.uniform(0.0, 2.0) for _ in range(rounds)]
    title = f"device killed -9 {rounds}×, gaps marked bad from–to"
    return await _without_memory(title, folder, MeterProcess(folder), away, rng)


async def _without_memory(
    title: str, folder: Path, meter: Meter | MeterProcess, away: list[float], rng: random.Random
) -> Verdict:
    platform = PlatformProcess(folder / "data")
    outages: list[Outage] = []
    recovery = 0.0
    await meter.start()
    try:
        await platform.start()
        await put(platform, meter.spec("meter"))
        await until_good(platform, "meter.count", meter.told)
        for seconds in away:
            await asyncio.sleep(rng.uniform(0.3, 1.0))
            from_us = time.time_ns() // 1000
            await meter.stop()
            gone_us = time.time_ns() // 1000
            await asyncio.sleep(seconds)
            back, to_us = time.monotonic(), time.time_ns() // 1000
            outages.append(Outage(from_us, gone_us, to_us, meter.told))  # one more may have been answered meanwhile
            await meter.start()
            await until_good(platform, "meter.count", outages[-1].told)
            recovery = max(recovery, time.monotonic() - back)
        await asyncio.sleep(0.5)
        last = meter.told
        await asyncio.sleep(1.0)
        rows = await rows_of(platform, "meter.count")
        gaps = [e["detail"] for e in await events(platform, "meter") if e["kind"] == "gap.left"]
    finally:
        await platform.stop()
        await meter.stop()
    counts = [value for _, _, value in good(rows)]
    on_the_wire = {outage.told for outage in outages} - set(counts)
    wanted = {("meter.count", c): float(c) for c in range(1, last + 1) if c not in on_the_wire}
    check_counts(rows)
    times = {r["t"] for r in rows}
    found = [("meter.count", int(c), c) for c in sorted(set(counts)) if c <= last]
    assert len(times) == len(rows), "no (point, time) twice"
    check_gaps(rows, gaps, outages)
    return verdict(title, last, wanted, found, recovery)


@dataclass(frozen=True)
class Outage:
    """A device was being taken away from ``from_us``, was away from ``gone_us`` to ``to_us``; its last count."""

    from_us: int
    gone_us: int
    to_us: int
    told: int


def check_gaps(rows: list[dict[str, Any]], gaps: list[dict[str, Any]], outages: list[Outage]) -> None:
    """One bad row at the beginning of each outage, none elsewhere, good again after it; and an event that says so."""
    bad = [r["t"] for r in rows if r["quality"] == q.BAD_NO_COMMUNICATION]  # not: still waiting for the first value
    assert len(bad) == len(outages) == len(gaps), (bad, outages, gaps)
    told = sorted(gaps, key=lambda g: g["from_us"])
    for at, gap, away in zip(sorted(bad), told, outages, strict=True):
        assert away.from_us - 100_000 <= at <= away.gone_us + 2_000_000, "marked when noticed, within the time limit"
        assert gap["from_us"] <= away.gone_us + 1000 and gap["to_us"] >= away.to_us, "the event covers all of it"
        inside = [r for r in rows if at < r["t"] < away.to_us]
        assert not inside, "nothing is invented between"
        assert next(r for r in rows if r["t"] >= away.to_us)["quality"] == q.GOOD


# --- MQTT publishers, and who serves them is killed ------------------------------------------------------------


async def gateway_killed(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """kill -9 the gateway while it polls and while MQTT publishers send QoS 1: every PUBACK was a promise."""
    platform = PlatformProcess(folder / "data")

    async def strike() -> None:
        for process, command in platform.children():
            if " gateway " in f"{command} " and "baigong" in command:
                kill_9(process)
                await asyncio.to_thread(psutil.wait_procs, [process], 20)

    return await _publishing("gateway killed -9 under QoS 1 publishers and a poll", platform, strike, rounds, rng)


async def platform_killed_publishing(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """kill -9 the platform while MQTT publishers send QoS 1; start it again."""
    platform = PlatformProcess(folder / "data")

    async def strike() -> None:
        processes = [process for process, _ in platform.children()]
        platform.kill()
        await asyncio.to_thread(psutil.wait_procs, processes, 20)
        await platform.restart()

    return await _publishing("platform killed -9 under QoS 1 publishers and a poll", platform, strike, rounds, rng)


async def _publishing(title: str, platform: PlatformProcess, strike: Any, rounds: int, rng: random.Random) -> Verdict:
    meter = Meter()
    await meter.start()
    await platform.start()
    await put(platform, meter.spec("meter"))
    senders = [Publisher(platform.mqtt_port, f"sender{n}", await credential(platform, n), f"q{n}") for n in range(3)]
    running = [asyncio.create_task(s.run()) for s in senders]
    recovery = 0.0
    try:
        await _all_heard(senders, [0] * len(senders))
        await until_good(platform, "meter.count", 0)
        for _ in range(rounds):
            await asyncio.sleep(rng.uniform(0.3, 1.5))
            struck, told, connects = time.monotonic(), meter.told, [s.connects for s in senders]
            await strike()
            await asyncio.gather(_all_heard(senders, connects), until_good(platform, "meter.count", told))
            recovery = max(recovery, time.monotonic() - struck)
        for sender in senders:
            sender.stop()
        async with asyncio.timeout(30):
            await asyncio.gather(*running)
        await asyncio.sleep(0.5)
        polled = await rows_of(platform, "meter.count")
        rows = await rows_of(platform, "%q_.count")
    finally:
        for task in running:
            task.cancel()
        await platform.stop()
        await meter.stop()
    check_counts(polled)
    wanted = {(f"q{n}", t): v for n, s in enumerate(senders) for t, v in s.acked.items()}
    found = [(name[name.index("q") :].split(".")[0], t, v) for name, t, v in good(rows)]
    return verdict(title, sum(s.sent for s in senders), wanted, found, recovery)


def check_counts(rows: list[dict[str, Any]]) -> None:
    """Polled counts only grow. One may be told again right after a mark, when it was read before and arrived after."""
    marked = False
    last = 0.0
    for row in rows:
        if row["quality"] == q.GOOD:
            assert row["value"] > last or (marked and row["value"] == last), (last, row)
            last, marked = row["value"], False
        else:
            marked = True


async def _all_heard(senders: list[Publisher], connects: list[int]) -> None:
    """Wait until each sender got a PUBACK over a later connection than these: one on its way counts for nothing."""
    async with asyncio.timeout(60):
        while not all(
            s.connects > before and s.last_ack > s.connected for s, before in zip(senders, connects, strict=True)
        ):
            await asyncio.sleep(0.02)


async def credential(platform: PlatformProcess, number: int) -> str:
    """Make a device for a publisher, and what it signs in with."""
    await put(platform, {"device": f"sender{number}", "driver": "frontdoor"})
    async with _client(platform) as client:
        asked = {"username": f"sender{number}", "device": f"sender{number}", "publish": ["+"]}
        answer = await client.post("/api/v1/credentials", json=asked)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["password"])


# --- asking the platform ---------------------------------------------------------------------------------------


def _client(platform: PlatformProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=platform.url, headers=platform.headers, timeout=30)


async def put(platform: PlatformProcess, spec: dict[str, Any]) -> None:
    async with _client(platform) as client:
        answer = await client.put(f"/api/v1/devices/{spec['device']}", json=spec)
        assert answer.status_code == 200, answer.text


async def events(platform: PlatformProcess, device: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await platform.get(f"/api/v1/devices/{device}/events?limit=1000")
    return found


async def rows_of(platform: PlatformProcess, like: str) -> list[dict[str, Any]]:
    text = f"select name, epoch_us(time) as t, value, quality from telemetry where name like '{like}' order by name, t"
    found: list[dict[str, Any]] = (await platform.sql(text)).to_pylist()
    return found


def good(rows: list[dict[str, Any]]) -> list[tuple[str, int, float]]:
    return [(r["name"], r["t"], r["value"]) for r in rows if r["quality"] == q.GOOD]


async def until_good(platform: PlatformProcess, name: str, above: float) -> None:
    async with asyncio.timeout(40):
        while True:
            with contextlib.suppress(httpx.HTTPError, AssertionError):
                text = f"select count(*) from telemetry where name = '{name}' and value > {above}"
                if (await platform.sql(text)).column(0)[0].as_py():
                    return
            await asyncio.sleep(0.1)


async def until_filled(platform: PlatformProcess, device: str, times: int) -> None:
    async with asyncio.timeout(60):
        while sum(e["kind"] == "hole.filled" for e in await events(platform, device)) < times:
            await asyncio.sleep(0.1)


def verdict(
    title: str,
    produced: int,
    recoverable: dict[tuple[str, int], float],
    found: list[tuple[str, int, float]],
    recovery_s: float,
) -> Verdict:
    rows = {(name, at): value for name, at, value in found}
    there = recoverable.keys() & rows.keys()
    return Verdict(
        title,
        produced,
        len(recoverable),
        len(there),
        produced - len(recoverable),
        len(found) - len(rows),
        sum(rows[key] != recoverable[key] for key in there),
        recovery_s,
    )


SCENARIOS = (opcua_pulled, modbus_pulled, device_killed, gateway_killed, platform_killed_publishing)
LONG = (opcua_pulled_for_a_minute, modbus_pulled_for_a_minute)
