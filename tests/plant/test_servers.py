"""The live plant answers real clients, and what they read is what the plant shows."""

import asyncio
import contextlib
import os
import signal
import struct
import sys
import threading
import time
from typing import Any

import msgspec
import pytest
from asyncua import Client
from pymodbus.client import AsyncModbusTcpClient

from baigong.drivers.contract import Wanted
from baigong.drivers.manifest import manifest
from baigong.plant import Ports, devices, first_scenario, free_ports, save_scenario, set_fault, tour
from baigong.plant.catalogue import signals
from baigong.plant.live import LivePlant
from baigong.plant.modbus_servers import ModbusServers
from baigong.plant.opcua_servers import OpcUaServer
from baigong.plant.points import MODBUS_UNITS, MQTT_DEVICES, OPCUA_DEVICES, OPCUA_URIS, TOPICS, node_path, register
from baigong.plant.publishers import FrontDoor, payload, publishers
from baigong.plant.servers import run_plant, serving
from baigong.plant.world import Plant
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Command

NOW = time.time_ns() // 1000
SCENARIO = first_scenario(7, NOW, 3)
MODBUS = [spec for spec in devices(Ports()) if spec.driver == "modbus"]
UNPACK = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "float32": ">f",
}


@pytest.fixture(scope="module")
def shown():
    return LivePlant(Plant(SCENARIO)).at(NOW)


async def read(client: AsyncModbusTcpClient, address: str, unit: int, order: str) -> float:
    """Read one address with nothing of ours but its text."""
    area, rest = address.split(":", 1)
    number, _, kind = rest.partition(":")
    number, _, bit = number.partition(".")
    kind, _, own = kind.partition(":")
    count = struct.calcsize(UNPACK[kind or "uint16"]) // 2
    ask = client.read_input_registers if area == "input" else client.read_holding_registers
    words = (await ask(int(number), count=count, device_id=unit)).registers
    if bit:
        return float(words[0] >> int(bit) & 1)
    if (own or order) == "cdab":
        words = words[::-1] if count == 2 else words[2:] + words[:2]
    return float(struct.unpack(UNPACK[kind], struct.pack(f">{count}H", *words))[0])


@contextlib.asynccontextmanager
async def modbus_only(ports: Ports, shown):
    servers = ModbusServers(ports)
    try:
        await servers.show(shown)
        yield servers
    finally:
        await servers.close()


async def test_modbus_clients_read_every_point(shown):
    ports = free_ports()
    async with modbus_only(ports, shown):
        for spec in devices(ports):
            if spec.driver != "modbus":
                continue
            options = spec.options
            client = AsyncModbusTcpClient(options["host"], port=options["port"])
            assert await client.connect()
            for point in spec.points:
                raw = await read(client, point.address, options["unit"], options.get("order", "abcd"))
                assert raw * point.scale == pytest.approx(shown.values[point.name], rel=1e-6, abs=1e-9), point.name
            client.close()


async def test_modbus_refuses_writes_and_what_is_not_there(shown):
    ports = free_ports()
    async with modbus_only(ports, shown):
        client = AsyncModbusTcpClient("127.0.0.1", port=ports.pump)
        assert await client.connect()
        assert (await client.write_register(1, 7, device_id=1)).isError()
        assert (await client.read_holding_registers(900, count=1, device_id=1)).isError()
        assert (await client.read_input_registers(1, count=1, device_id=1)).isError()
        assert not (await client.read_holding_registers(0, count=120, device_id=1)).isError()
        client.close()


@pytest.fixture(scope="module")
def plant_ports(shown):
    """The whole plant, standing still at one moment, in a thread of its own."""
    ports, up, stop = free_ports(), threading.Event(), threading.Event()

    async def stand() -> None:
        async with serving(ports, None, shown):
            up.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=asyncio.run, args=(stand(),))
    thread.start()
    assert up.wait(60)
    yield ports
    stop.set()
    thread.join(20)


async def test_opcua_clients_read_every_point_and_browse_the_machines(shown, plant_ports):
    ports = plant_ports
    for device in OPCUA_DEVICES:
        async with Client(f"opc.tcp://127.0.0.1:{ports.of(device)}") as client:
            own = await client.get_namespace_index(OPCUA_URIS[device])
            machinery = await client.get_namespace_index("http://opcfoundation.org/UA/Machinery/")
            machines = await client.nodes.objects.get_child(f"{machinery}:Machines")
            assert len(await machines.get_children()) == 3
            for point in signals(device):
                node = client.get_node(f"ns={own};s={node_path(point)}")
                got = await node.read_data_value(raise_on_bad_status=False)
                if point.name in shown.bad:
                    assert not got.StatusCode.is_good() and got.Value.Value is None
                    continue
                assert got.Value.Value == shown.values[point.name], point.name
                assert round(got.SourceTimestamp.timestamp() * 1e6) == shown.time_us
            plate = await client.get_node(f"ns={own};s={'CNC1' if device == 'cnc-cell' else 'Press1'}").get_child(
                [f"{machinery}:Identification", f"{machinery}:Manufacturer"]
            )
            assert await plate.read_value()


@pytest.mark.parametrize(
    "spec", [spec for spec in devices(Ports()) if spec.driver != "frontdoor"], ids=lambda s: s.device
)
async def test_our_own_drivers_read_every_point_good(shown, plant_ports, spec):
    spec = next(one for one in devices(plant_ports) if one.device == spec.device)
    wanted = [Wanted(i + 1, point.address) for i, point in enumerate(spec.points)]
    async with manifest(spec.driver).open(spec.options) as driver:
        batch = await driver.read(wanted)
    rows = {row["point"]: row for row in batch.to_pylist()}
    for number, point in enumerate(spec.points, 1):
        row, expected = rows[number], shown.values[point.name]
        assert row["quality"] == shown.bad.get(point.name, 0), point.name
        if isinstance(expected, str):
            assert row["text"] == expected
        elif point.name not in shown.bad:
            raw = row["value"] if row["value"] is not None else row["whole"]
            assert raw * point.scale == pytest.approx(expected, rel=1e-6, abs=1e-9), point.name


async def test_a_broken_sensor_has_a_bad_status():
    broken = LivePlant(Plant(set_fault(SCENARIO, "sensor_failure", True, NOW - 1_000_000))).at(NOW)
    server = OpcUaServer("press-hall", free_ports().press)
    await server.start()
    try:
        await server.show(broken)
        async with Client(f"opc.tcp://127.0.0.1:{server.port}") as client:
            own = await client.get_namespace_index(OPCUA_URIS["press-hall"])
            node = client.get_node(f"ns={own};s=Press3.InjectionUnits.InjectionUnit_1.MeltTemperature")
            got = await node.read_data_value(raise_on_bad_status=False)
            assert got.StatusCode.name == "BadSensorFailure" and got.Value.Value is None
    finally:
        await server.stop()


async def until(check, timeout_s: float = 10.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await check():
            await asyncio.sleep(0.1)


async def different_values(port: int) -> int:
    """Count what the main meter's power shows within three seconds."""
    where = register(next(s for s in signals("meter-main") if s.name == "meter_main.power"))
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    assert await client.connect()
    seen = set()
    for _ in range(15):
        words = await client.read_input_registers(where.start, count=2, device_id=MODBUS_UNITS["meter-main"])
        seen.add(tuple(words.registers))
        await asyncio.sleep(0.2)
    client.close()
    return len(seen)


async def test_switches_reach_the_machines_through_the_file(tmp_path):
    ports, file, stop, ready = free_ports(), tmp_path / "plant.json", asyncio.Event(), asyncio.Event()
    save_scenario(file, SCENARIO)
    running = asyncio.create_task(run_plant(ports, None, file, stop, ready.set))
    try:
        async with asyncio.timeout(30):
            await ready.wait()

        async def answers() -> bool:
            client = AsyncModbusTcpClient("127.0.0.1", port=ports.air, retries=0, timeout=1)
            try:
                return await client.connect()
            finally:
                client.close()

        async def silent() -> bool:
            return not await answers()

        assert await answers()
        assert await different_values(ports.meters) >= 3
        pulled = set_fault(SCENARIO, "cable_pulled", True, time.time_ns() // 1000)
        save_scenario(file, pulled)
        await until(silent)
        save_scenario(file, set_fault(pulled, "cable_pulled", False, time.time_ns() // 1000))
        await until(answers)
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running


async def test_a_port_that_is_taken_is_named(shown):
    ports = free_ports()
    listener = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", ports.furnace)
    async with listener:
        with pytest.raises(FixConfiguration, match=str(ports.furnace)):
            async with modbus_only(ports, shown):
                pytest.fail("it started nevertheless")


async def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FixConfiguration):
        await run_plant(free_ports(), None, tmp_path / "none.json", asyncio.Event())


def test_sensors_send_what_the_plant_shows(shown):
    clamp = msgspec.json.decode(payload("old-press-clamp", shown))
    assert clamp == {
        "current": shown.values["press_old.current"],
        "battery": shown.values["press_old.battery"],
        "rssi": shown.values["press_old.signal"],
    }
    rooms = msgspec.json.decode(payload("room-climate", shown))
    assert rooms["hall"]["temperature"] == shown.values["hall.temp"]
    assert rooms["lab"]["pressure"] == shown.values["lab.pressure"]


async def test_sensors_sign_in_publish_and_come_back(shown):
    """Against a listener of a few lines: CONNECT and PUBLISH as bytes (MQTT 3.1.1 §3.1, §3.3)."""
    signed: list[bytes] = []
    topics: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await one_packet(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def one_packet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readexactly(1))[0]
        length, shift, byte = 0, 0, 0x80
        while byte & 0x80:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
        body = await reader.readexactly(length)
        if head >> 4 == 1:
            signed.append(body)
            writer.write(b"\x20\x02\x00\x00")
        elif head >> 4 == 3:
            size = int.from_bytes(body[:2], "big")
            topics.append(body[2 : 2 + size].decode())
            writer.write(b"\x40\x02" + body[2 + size : 4 + size])
            return False  # hang up after every message: they must come back
        return True

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    door = FrontDoor(port=port, users={device: (f"demo-{device}", f"secret-{device}") for device in MQTT_DEVICES})

    async def came_back() -> bool:
        return topics.count(TOPICS["old-press-clamp"]) >= 2 and TOPICS["room-climate"] in topics

    async with server:
        sensors = publishers(door)
        running = [asyncio.create_task(sensor.run()) for sensor in sensors]
        for sensor in sensors:
            sensor.shown = shown
        await until(came_back, 20.0)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert any(b"demo-old-press-clamp" in one and b"secret-old-press-clamp" in one for one in signed)


async def test_the_plant_runs_as_a_process_of_its_own(tmp_path):
    ports, file, config = free_ports(), tmp_path / "plant.json", tmp_path / "config.json"
    save_scenario(file, SCENARIO)
    config.write_bytes(msgspec.json.encode({"scenario": str(file), "ports": ports}))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "baigong.plant", str(config), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        client = AsyncModbusTcpClient("127.0.0.1", port=ports.furnace)
        assert await client.connect()
        client.close()
        os.kill(process.pid, signal.SIGTERM)
        async with asyncio.timeout(15):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_the_tour_takes_ten_minutes_and_knows_this_plant():
    steps = tour(SCENARIO)
    assert 8 <= sum(step.minutes for step in steps) <= 12
    assert len({step.id for step in steps}) == len(steps)
    known = {signal.name for signal in signals()}
    for step in steps:
        assert step.title and step.title_zh and step.text and step.text_zh and step.link.startswith("/")
        if step.link.startswith("/trends?p="):
            assert set(step.link.removeprefix("/trends?p=").split("&")[0].split(",")) <= known


async def test_a_set_point_is_written_and_the_machine_follows() -> None:
    """Only set-points can be written; the water follows the new value, and the programme goes on below it."""
    ports = free_ports()
    spec = next(d for d in devices(ports) if d.device == "pump-plc")
    by_name = {p.name: p for p in spec.points}
    names = ("cooling.setpoint", "cooling.supply_temp")
    wanted = [Wanted(i, by_name[name].address) for i, name in enumerate(names)]
    live = LivePlant(Plant(SCENARIO))
    start = NOW

    def order(name: str, raw: float) -> Command:
        return Command(
            id="c", tenant="t", point=1, address=by_name[name].address, value=raw, asked_by="x", expires_us=1
        )

    async def read(driver: Any) -> list[float]:
        rows = (await driver.read(wanted)).to_pylist()
        return [row["value"] * by_name[name].scale for row, name in zip(rows, names, strict=True)]

    async with serving(ports, None, live.at(start)) as servers, manifest("modbus").open(spec.options) as driver:
        before = await read(driver)
        assert before[0] == pytest.approx(22.0)
        await driver.write(order("cooling.setpoint", 250))
        assert (await read(driver))[0] == pytest.approx(25.0)
        with pytest.raises(FixConfiguration):
            await driver.write(order("cooling.supply_temp", 100))
        for tick in range(1, 9):
            await servers.show(live.at(start + tick * 40_000_000))
        after = await read(driver)
        assert after[0] == pytest.approx(25.0) and after[1] == pytest.approx(before[1] + 3.0, abs=0.8)
