"""Reading, watching, history and browsing, against the simulator."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
from asyncua import ua

from baigong.drivers.contract import Wanted
from baigong.drivers.opcua.driver import OpcUaDriver
from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.vocab.frame import times_us

T0 = 1_760_000_000_000_001  # a microsecond that floats would lose
PLAIN: dict[str, Any] = {"types": SimTypes()}


def cells(batch: Any) -> dict[int, Any]:
    rows = batch.to_pylist()
    return {r["point"]: next((r[c] for c in ("value", "whole", "text") if r[c] is not None), None) for r in rows}


async def test_every_kind_of_value() -> None:
    wishes: dict[str, Any] = {
        "Machine.Name": "VMC-850",
        "Machine.Serial": 4503599627370497 * 4,
        "Machine.Mode": 2,
        "Machine.Running": 1,
        "Machine.Parts": 1200,
        "Machine.Cycles": 9007199254740995,
        "Machine.Started": "1970-01-01T00:00:00Z",
        "Machine.Message": "",
        "Machine.Names": '["rough", "finish"]',
        "Machine.Names#[1]": "finish",
        "Machine.Temps#[3]": 24,
        "Machine.Temps#[4]": None,
        "Machine.AxisX#Moving": 1,
        "Machine.AxisX#Nothing": None,
        "Machine.Tool#Wear[1]": 0.02,
        "Machine.Tool#Axis": '{"Position": 1.0, "Speed": 0.0, "Moving": false, "Label": "T"}',
        "Machine.Axes#[2].Label": "Z",
        "Machine.Temp#[0]": None,
    }
    async with OpcUaSim() as sim:
        uri = f"nsu={sim.namespace};s="
        wanted = [Wanted(i, sim.address(n)) for i, n in enumerate(wishes)]
        wanted += [Wanted(1000 + i, uri + n) for i, n in enumerate(wishes)]  # the same nodes by URI
        async with OpcUaDriver({"url": sim.url}) as driver:
            found = cells(await driver.read(wanted))
            for i, expected in enumerate(wishes.values()):
                assert found[i] == expected
                assert found[1000 + i] == expected
            tool = cells(await driver.read([Wanted(1, sim.address("Machine.Tool"))]))[1]
            assert json.loads(tool)["Axis"]["Label"] == "T"

            await sim.set({"Machine.Temp": 1.0, "Machine.Parts": 5}, T0, status=0x40900000)
            await sim.set({"Spindle.Speed": 1.0}, T0 + 1, status=0x808C0000)
            names = ["Machine.Temp", "Machine.Parts", "Spindle.Speed"]
            batch = await driver.read([Wanted(i, sim.address(n)) for i, n in enumerate(names)])
            assert times_us(batch).tolist() == [T0, T0, T0 + 1]
            assert batch["quality"].to_pylist() == [0x4090, 0x4090, 0x808C]
            assert batch["value"].to_pylist() == [1.0, 5.0, None]


async def test_watch_tells_every_sample_even_an_equal_one() -> None:
    nodes = [SimNode(f"L.P{i}", 0.0) for i in range(30)]
    async with OpcUaSim(nodes=nodes, **PLAIN) as sim:
        wanted = [Wanted(i, sim.address(f"L.P{i}"), 0.05) for i in range(30)]
        options = {"url": sim.url, "items_per_subscription": 7, "items_per_call": 4, "queue_size": 1000}
        async with OpcUaDriver(options) as driver:
            seen: dict[int, list[tuple[int, float]]] = {i: [] for i in range(30)}
            told: set[int] = set()
            started = asyncio.Event()

            async def produce() -> None:
                await started.wait()
                for step in range(100):
                    values = {f"L.P{i}": float(step // 10 + i) for i in range(30)}  # ten equal values in a row
                    await sim.set(values, T0 + step * 1000)
                    if step % 7 == 0:
                        await asyncio.sleep(0.02)

            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                group.create_task(produce())
                async for delivery in driver.watch(wanted):
                    batch = delivery.frame
                    for point, at, value in zip(
                        batch["point"].to_pylist(), times_us(batch).tolist(), batch["value"].to_pylist(), strict=True
                    ):
                        if at >= T0 and at < T0 + 10**6:
                            seen[point].append((at, value))
                    await delivery.accept()
                    told |= set(batch["point"].to_pylist())
                    if len(told) == 30:  # the initial values are through: production begins
                        started.set()
                    if all(len(s) >= 100 for s in seen.values()):
                        break
            for i in range(30):
                assert seen[i] == [(T0 + step * 1000, float(step // 10 + i)) for step in range(100)]
            counters = (await driver.health()).counters
            assert counters["sequence_gaps"] == 0
            assert counters["values"] >= 3000


async def test_a_refused_frame_comes_again_and_is_acknowledged_only_when_accepted() -> None:
    async with OpcUaSim(nodes=[SimNode("M.T", 0.0)], **PLAIN) as sim:
        wanted = [Wanted(1, sim.address("M.T"), 0.05)]
        async with OpcUaDriver({"url": sim.url}) as driver, asyncio.timeout(20):
            values: list[float] = []
            refusals = 2
            async for delivery in driver.watch(wanted):
                if refusals:
                    refusals -= 1
                    await delivery.refuse("disk full")
                    continue
                values += delivery.frame["value"].to_pylist()
                await delivery.accept()
                if len(values) == 3:
                    break
                await sim.set({"M.T": float(len(values))})
            assert values == [0.0, 1.0, 2.0]


async def test_a_slow_reader_makes_the_server_wait_and_memory_stays_bounded() -> None:
    async with OpcUaSim(nodes=[SimNode("M.T", 0.0)], **PLAIN) as sim:
        wanted = [Wanted(1, sim.address("M.T"), 0.05)]
        async with OpcUaDriver({"url": sim.url, "queue_size": 10_000}) as driver, asyncio.timeout(30):
            values: list[float] = []
            async for delivery in driver.watch(wanted):
                values += delivery.frame["value"].to_pylist()
                await delivery.accept()
                if len(values) == 1:
                    for step in range(1, 101):
                        await sim.set({"M.T": float(step)}, T0 + step)
                        await asyncio.sleep(0.025)
                    assert driver._watches[0].queue.qsize() <= 8
                if values[-1] == 100.0:
                    break
            assert values == [float(i) for i in range(101)]


async def test_history_page_by_page() -> None:
    nodes = [SimNode("H.A", 0.0, history=True), SimNode("H.B", 0, "Int64", history=True), SimNode("H.C", 0.0)]
    async with OpcUaSim(nodes=nodes, **PLAIN) as sim:
        for step in range(3500):  # the simulator answers 1000 at a time
            await sim.set({"H.A": float(step), "H.B": 2**60 + step}, T0 + step * 10)
        async with OpcUaDriver({"url": sim.url}) as driver:
            wanted = [Wanted(i, sim.address(f"H.{n}")) for i, n in enumerate("ABC")]
            wanted.append(Wanted(9, sim.address("H.Nothing")))
            frames = [f async for f in driver.history(wanted, T0 + 100, T0 + 34_000)]
            points = np.concatenate([f["point"].to_numpy() for f in frames])
            moments = np.concatenate([times_us(f) for f in frames])
            assert set(points.tolist()) == {0, 1}
            for point in (0, 1):
                assert moments[points == point].tolist() == [T0 + step * 10 for step in range(10, 3400)]
            wholes = [w for f in frames for w in f["whole"].to_pylist() if w is not None]
            assert wholes == [2**60 + step for step in range(10, 3400)]
            assert [f async for f in driver.history(wanted[2:], T0, T0 + 10**9)] == []


async def test_browse_tells_type_unit_access_and_value() -> None:
    async with OpcUaSim() as sim:
        async with OpcUaDriver({"url": sim.url}) as driver:
            top = await driver.browse("")
            assert top[0].title == "Machine"
            assert top[-1].path.startswith("i=")  # the standard's own nodes come last
            machine = {n.address: n for n in await driver.browse(sim.address("Machine"))}
            temp = machine[sim.address("Machine.Temp")]
            assert (temp.title, temp.type, temp.unit, temp.value) == ("Cabinet temperature", "Double", "Cel", 21.5)
            assert not temp.writable
            mode = machine[sim.address("Machine.Mode")]
            assert (mode.type, mode.kind, mode.writable, mode.value) == ("MachineMode", "state", True, 2.0)
            members = await driver.browse(sim.address("Machine.Tool"))
            assert sim.address("Machine.Tool") + "#Axis.Position" in {n.address for n in members}
            assert all(n.quality == 0 for n in members)
            hits = await driver.browse("?tool 03 life")
            assert [(n.title, n.folders, n.type, round(n.value, 2)) for n in hits] == [
                ("Tool 3 life", ("Magazine", "T03"), "Float", 0.97)
            ]
            (homed,) = await driver.browse("?axes z homed")
            assert (homed.type, homed.kind) == ("Boolean", "state"), "as when its folder is opened"
            assert await driver.browse("? ") == []
        async with OpcUaDriver({"url": sim.url, "address_form": "uri"}) as driver:
            (folder,) = [n for n in await driver.browse("") if n.title == "Axes"]
            assert folder.path == f"nsu={sim.namespace};s=Axes"
            (x,) = [n for n in await driver.browse(folder.path) if n.title == "X"]
            position = (await driver.browse(x.path))[0]
            assert cells(await driver.read([Wanted(1, position.address)]))[1] == 0.0


async def test_a_large_server_is_asked_within_its_limits() -> None:
    ids = ua.ObjectIds
    limits = {
        ids.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead: 50,
        ids.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse: 20,
        ids.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall: 64,
    }
    nodes = [SimNode(f"F{i % 3}.Tag{i}", float(i)) for i in range(2400)]
    async with OpcUaSim(nodes=nodes, limits=limits, **PLAIN) as sim:
        largest = {"read": 0, "browse": 0}
        service = sim.server.iserver.attribute_service
        original = service.read

        def counted(params: Any, *rest: Any, **more: Any) -> Any:
            largest["read"] = max(largest["read"], len(params.NodesToRead))
            return original(params, *rest, **more)

        service.read = counted
        async with OpcUaDriver({"url": sim.url}) as driver:
            wanted = [Wanted(i, sim.address(f"F{i % 3}.Tag{i}"), 0.2) for i in range(2400)]
            found = cells(await driver.read(wanted))
            assert found == {i: float(i) for i in range(2400)}
            assert largest["read"] == 50
            assert len(await driver.browse(sim.address("F1"))) == 800
            hits = await driver.browse("?tag1")
            assert len(hits) == 1111
            assert all(hit.value is not None for hit in hits[:500]), "what is seen first has its value"
            count = 0
            async with asyncio.timeout(30):
                async for delivery in driver.watch(wanted):
                    count += len(delivery.frame)
                    await delivery.accept()
                    if count == 2400:
                        break
