"""Real recordings through real servers, the real gateway process and the lake: every row, and no other.

A handful of experiments normally; all of them with BAIGONG_LONG=1. Each experiment is a device of its own.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from baigong.drivers.modbus.sim import Simulator
from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.stores.lake.files import decode_decimals
from baigong.vocab import quality as q
from tests.outage.rig import PlatformProcess
from tests.real.recordings import QUANTITIES, Recording, recordings

LONG = os.environ.get("BAIGONG_LONG") == "1"
pytestmark = pytest.mark.timeout(900 if LONG else 120)
COUNTER = "holding:0:uint32"
REGISTERS = {name: f"holding:{2 + 4 * i}:float64" for i, name in enumerate(QUANTITIES)}


@pytest.fixture
def tapes(shared: Path) -> list[Recording]:
    if not (shared / "data" / "skab").is_dir():
        pytest.skip("no SKAB recordings in the shared data")
    return recordings(shared, every=LONG)


async def put(platform: PlatformProcess, spec: dict[str, Any]) -> None:
    async with httpx.AsyncClient(base_url=platform.url, headers=platform.headers, timeout=30) as client:
        answer = await client.put(f"/api/v1/devices/{spec['device']}", json=spec)
        assert answer.status_code == 200, answer.text


async def until_rows(platform: PlatformProcess, count: int, where: str, wait_s: float) -> int:
    """Wait until ``count`` rows are there, and then half a second more for rows that should not be."""
    deadline, found = time.monotonic() + wait_s, -1
    while time.monotonic() < deadline:
        table = await platform.sql(f"select count(*) from telemetry where {where}")
        found = table.column(0)[0].as_py()
        if found >= count:
            await asyncio.sleep(0.5)
            return found
        await asyncio.sleep(0.25)
    return found


def lake_rows(data: Path) -> list[tuple[int, int, float | None, int]]:
    """Read (point, time, value, quality) of every row from the lake's files alone, nothing resolved."""
    rows: list[tuple[int, int, float | None, int]] = []
    for uri in DeltaTable(str(data / "lake" / "p0" / "telemetry")).file_uris():
        if "tenant=main/" not in uri:  # the platform's own points are in the lake too
            continue
        table = decode_decimals(pq.read_table(uri.removeprefix("file://"), partitioning=None))
        names = ("point", "time", "value", "quality")
        columns = [table.column(n).cast("int64") if n == "time" else table.column(n) for n in names]
        rows += zip(*(c.to_pylist() for c in columns), strict=True)
    return rows


async def test_over_opc_ua_values_and_source_times_are_those_of_the_files(tapes, tmp_path, capsys):
    """Values are written sample by sample, as fast as the server takes them, with the recording's times.

    The subscription's queue on the server (option ``queue_size``) is longer than any recording: nothing may be
    lost however far the reader falls behind. Each node holds its recording's first row before anybody subscribes,
    since a subscription begins by telling the value that is there.
    """
    nodes = [SimNode(f"{t.name}.{name}", 0.0) for t in tapes for name in QUANTITIES]
    platform = PlatformProcess(tmp_path / "data")
    async with OpcUaSim(nodes=nodes, types=SimTypes()) as sim:
        for tape in tapes:
            await play(sim, tape, 0)
        await platform.start()
        try:
            for tape in tapes:
                await put(platform, opcua_device(sim, tape))
            first = len(tapes) * len(QUANTITIES)
            assert await until_rows(platform, first, "name like 'skab%'", 30) == first
            began = time.monotonic()
            await asyncio.gather(*(replay(sim, tape) for tape in tapes))
            written_s = time.monotonic() - began
            wanted = {key: value for tape in tapes for key, value in tape.expected().items()}
            await until_rows(platform, len(wanted), "name like 'skab%'", 120)
            found = await platform.sql("select name, epoch_us(time) as t, value, quality, point from telemetry")
            seconds = time.monotonic() - began
            devices = [await platform.get(f"/api/v1/devices/{tape.name}") for tape in tapes]
        finally:
            await platform.stop()
    rows = found.to_pylist()
    got = {(r["name"], r["t"]): r["value"] for r in rows}
    missing, invented = len(wanted.keys() - got.keys()), len(got.keys() - wanted.keys())
    with capsys.disabled():
        print(
            f"\n| OPC UA, {len(tapes)} recordings | written {sum(map(len, tapes)) * 8} | expected {len(wanted)} | "
            f"found {len(rows)} | missing {missing} | invented {invented} | "
            f"written in {written_s:.1f} s, in SQL after {seconds:.1f} s |"
        )
    assert len(rows) == len(got) == len(wanted)
    assert got == wanted, "value and source time, bit for bit"
    # before a device's first answer its points may have been told to wait; nothing else may be anything but good
    assert {r["quality"] for r in rows} <= {q.GOOD, q.BAD_WAITING_FOR_INITIAL_DATA}
    rows = [r for r in rows if r["quality"] == q.GOOD]
    for device in devices:
        counters = device["status"]["counters"]
        assert not counters.get("queue_overflows") and not counters.get("sequence_gaps"), counters
    names = {r["point"]: r["name"] for r in rows}
    stored = lake_rows(platform.data)
    good = [(names[p], t, v) for p, t, v, quality in stored if quality == q.GOOD]
    assert {(n, t): v for n, t, v in good} == wanted
    assert len(good) == len(wanted), "in the files of the lake no row twice"
    ends = [(p, quality) for p, _, _, quality in stored if quality != q.GOOD]
    assert sorted(ends) == sorted((p, q.BAD_NOT_CONNECTED) for p in names), "and one farewell for each point"


def opcua_device(sim: OpcUaSim, tape: Recording) -> dict[str, Any]:
    points = [{"name": f"{tape.name}.{n}", "address": sim.address(f"{tape.name}.{n}")} for n in QUANTITIES]
    return {
        "device": tape.name,
        "driver": "opcua",
        "options": {"url": sim.url, "queue_size": 10_000, "publishing_s": 0.1},
        "max_age": "7300d",
        "points": points,
    }


async def play(sim: OpcUaSim, tape: Recording, row: int) -> None:
    values = dict(zip((f"{tape.name}.{n}" for n in QUANTITIES), tape.values[row].tolist(), strict=True))
    await sim.set(values, int(tape.times_us[row]))


async def replay(sim: OpcUaSim, tape: Recording) -> None:
    for row in range(1, len(tape)):
        await play(sim, tape, row)
        await asyncio.sleep(0)  # the server answers in this same loop


class Tape(Simulator):
    """A Modbus device that shows one sample until it was read, and then the next.

    Polling is slower than the recordings are replayed, so a device that ran on its own clock would lose samples
    honestly. Here an answered read of the counter releases the next sample: every sample is seen, as long as no
    answer is lost. All registers lie in one request and change together, so no reading mixes two samples.
    """

    def __init__(self, tape: Recording) -> None:
        super().__init__({"holding": [(0, 2 + 4 * len(QUANTITIES))]})
        self.tape = tape
        self.row = -1
        self._read = asyncio.Event()

    async def _action(self, function: int, first: int, address: int, count: int, registers: Any, values: Any) -> Any:
        if values is None and address == 0:
            self._read.set()  # the answer is cut from the registers before anybody waiting here runs
        return await super()._action(function, first, address, count, registers, values)

    async def show(self, row: int) -> None:
        values = dict(zip(REGISTERS.values(), self.tape.values[row].tolist(), strict=True))
        await self.update({COUNTER: row + 1, **values})
        self.row = row

    async def replay(self) -> None:
        for row in range(1, len(self.tape)):
            self._read.clear()
            await self._read.wait()
            await self.show(row)
        self._read.clear()
        await self._read.wait()


async def test_over_modbus_the_sequence_of_samples_is_that_of_the_file(tapes, tmp_path, capsys):
    """Registers are float64, so that values stay exact (a float32 register would round at the seventh digit)."""
    platform = PlatformProcess(tmp_path / "data")
    devices = [Tape(tape) for tape in tapes]
    try:
        for device in devices:
            await device.show(0)
            await device.start()
        await platform.start()
        began = time.monotonic()
        for device in devices:
            await put(platform, modbus_device(device))
        await asyncio.gather(*(device.replay() for device in devices))
        seconds = time.monotonic() - began
        await until_last(platform, tapes)
        behind = time.monotonic() - began - seconds
        rows = [r for tape in tapes for r in await rows_of(platform, tape)]
        scans = {d.tape.name: (await platform.get(f"/api/v1/devices/{d.tape.name}"))["status"] for d in devices}
    finally:
        await platform.stop()
        for device in devices:
            await device.stop()
    # before a device's first answer its points may have been told to wait; nothing else may be anything but good
    assert {r["quality"] for r in rows} <= {q.GOOD, q.BAD_WAITING_FOR_INITIAL_DATA}
    rows = [r for r in rows if r["quality"] == q.GOOD]
    readings: dict[str, dict[int, dict[str, float]]] = {tape.name: {} for tape in tapes}
    for r in rows:
        asset, _, quantity = r["name"].rpartition(".")
        readings[asset].setdefault(r["t"], {})[quantity] = r["value"]
    seen = sum(len(one) for one in readings.values())
    missing = 0
    for tape in tapes:
        sequence = [readings[tape.name][t] for t in sorted(readings[tape.name])]
        missing += len(tape) - len({s["counter"] for s in sequence})
    with capsys.disabled():
        print(
            f"\n| Modbus, {len(tapes)} recordings | samples {sum(map(len, tapes))} | readings {seen} | "
            f"missing {missing} | read in {seconds:.1f} s, in SQL {behind:.1f} s later |"
        )
    for tape in tapes:
        check_sequence(tape, readings[tape.name], scans[tape.name])


async def until_last(platform: PlatformProcess, tapes: list[Recording]) -> None:
    """Wait until every recording's last sample can be asked for: all before it can, too."""
    wanted = {f"{tape.name}.counter": len(tape) for tape in tapes}
    async with asyncio.timeout(300 if LONG else 30):
        while True:
            found = await platform.sql(
                "select name, max(value) as last from telemetry where name like '%.counter' group by name"
            )
            if {r["name"]: r["last"] for r in found.to_pylist()} == wanted:
                return
            await asyncio.sleep(0.5)


async def rows_of(platform: PlatformProcess, tape: Recording) -> list[dict[str, Any]]:
    """Ask for one recording: a short one was read over and over until the longest had been seen."""
    found = await platform.sql(
        f"select name, epoch_us(time) as t, value, quality from telemetry where name like '{tape.name}.%'"
    )
    return found.to_pylist()  # type: ignore[no-any-return]


def check_sequence(tape: Recording, readings: dict[int, dict[str, float]], status: dict[str, Any]) -> None:
    """The counter never goes back and never jumps; what is read again under one counter is the same sample."""
    sequence = [readings[t] for t in sorted(readings)]
    assert all(len(s) == len(QUANTITIES) + 1 for s in sequence), "every reading is whole"
    counters = [s["counter"] for s in sequence]
    assert sorted(counters) == counters
    assert sorted(set(counters)) == list(range(1, len(tape) + 1)), status["counters"]
    for s in sequence:
        assert [s[n] for n in QUANTITIES] == tape.values[int(s["counter"]) - 1].tolist()


def modbus_device(device: Tape) -> dict[str, Any]:
    name = device.tape.name
    points = [{"name": f"{name}.{n}", "address": address} for n, address in REGISTERS.items()]
    return {
        "device": name,
        "driver": "modbus",
        "options": device.options,
        "scan": {"default": "10ms"},
        "points": [{"name": f"{name}.counter", "address": COUNTER}, *points],
    }
