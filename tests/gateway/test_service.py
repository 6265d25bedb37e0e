"""The gateway as a role: told by the registry, asked over the bus, stopped and started again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rig import spec, until

from baigong.bus.contract import Message
from baigong.bus.memory import MemoryBus
from baigong.drivers.modbus.sim import Simulator
from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.encoding import encode
from baigong.gateway import GatewayOptions, run_gateway
from baigong.gateway.buffer import BufferOptions
from baigong.gateway.frontdoor import Options as FrontDoorOptions
from baigong.gateway.probe import endpoint
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration, Reauthenticate
from baigong.vocab.frame import decode

OPTIONS = GatewayOptions(buffer=BufferOptions(reserve_bytes=0))


class Plant:
    """A bus with a registry on it, and what the gateway said."""

    def __init__(self, folder: Path) -> None:
        self.bus = MemoryBus()
        self.folder = folder
        self.devices: list[DeviceSpec] = []
        self.registered: list[dict[str, Any]] = []
        self.health: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    async def registry(self) -> None:
        async def devices(message: Message) -> bytes:
            listed = [{"tenant": "demo", "spec": d} for d in self.devices]
            page = {"run": "r", "revision": 0, "from": 0, "more": False, "devices": listed, "gone": []}
            return msgspec.json.encode(page)

        async def register(message: Message) -> bytes:
            self.registered.append(msgspec.json.decode(message.payload))
            return b'{"ok":true}'

        async def credentials(message: Message) -> bytes:
            asked = msgspec.json.decode(message.payload)
            if asked["username"] != "press":
                raise Reauthenticate("auth.required", "nobody")
            return msgspec.json.encode({"tenant": "demo", "device": "press"})

        async def networks(message: Message) -> bytes:
            return b'{"own": ["demo"], "networks": {}}'

        await self.bus.serve("registry.devices.local", devices)
        await self.bus.serve("registry.networks.local", networks)
        await self.bus.serve("registry.points.register.local", register)
        await self.bus.serve("registry.credentials.local", credentials)

    async def ask(self, verb: str, **asked: Any) -> Any:
        if verb in ("test", "browse", "preview"):
            asked.setdefault("tenant", "demo")
        return msgspec.json.decode(
            await self.bus.request(f"gateway.local.{verb}", msgspec.json.encode(asked), timeout_s=20)
        )

    def rows(self, number: int) -> list[dict[str, Any]]:
        stored = [decode(m.payload).to_pylist() for m in self.bus._streams["p0"].log]
        return [row for rows in stored for row in rows if row["point"] == number]

    async def listen(self, subject: str, into: list[dict[str, Any]]) -> None:
        async for message in self.bus.subscribe(subject):
            into.append(msgspec.json.decode(message.payload))


@asynccontextmanager
async def gateway(plant: Plant, mqtt: FrontDoorOptions | None = None) -> AsyncIterator[None]:
    await plant.bus.ensure_stream("p0", epoch=1, max_bytes=1 << 30)
    stop = asyncio.Event()
    ears = [
        asyncio.create_task(plant.listen("gateway.local.health", plant.health)),
        asyncio.create_task(plant.listen("event.>", plant.events)),
    ]
    running = asyncio.create_task(
        run_gateway(plant.bus, plant.folder, "local", mqtt=mqtt, stop=stop, options=OPTIONS, rng=random.Random(1))
    )
    try:
        await until(lambda: plant.health)
        yield
        assert not running.done(), running.result()
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await running
        await asyncio.sleep(0)
        for ear in ears:
            ear.cancel()
        await asyncio.wait(ears)


@pytest.fixture
async def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path)


async def test_told_by_the_registry_and_heard_on_the_bus(plant: Plant) -> None:
    plant.devices = [spec("d", addresses=("constant?value=4", "sine"))]
    await plant.registry()
    async with gateway(plant):
        await until(lambda: len(plant.rows(1)) > 3)
        await until(lambda: len(plant.health) > 1 and plant.health[-1]["values_s"] > 0)
        beat = plant.health[-1]
        assert beat["backlog"]["frames"] == 0
        assert beat["dropped"] == {}
        assert [(d["tenant"], d["device"], d["state"]) for d in beat["devices"]] == [("demo", "d", "connected")]
        assert beat["devices"][0]["values_s"] > 0
        assert (await plant.ask("status", tenant="demo", device="d"))[0]["points"] == 2
        assert await plant.ask("status", tenant="other") == []
        why = await plant.ask("why", tenant="demo", number="1")
        assert [s["step"] for s in why["chain"]] == ["register", "device", "driver", "scaling", "point"]
        assert {s["state"] for s in why["chain"]} == {"good"}
        with pytest.raises(FixConfiguration) as caught:
            await plant.ask("why", tenant="other", number=1)
        assert caught.value.code == "point.unknown"
        with pytest.raises(FixConfiguration) as caught:
            await plant.ask("preview", addresses="no list")
        assert caught.value.code == "payload.malformed"
    assert (plant.folder / "certificates" / "client.der").exists()
    assert (plant.folder / "certificates" / "client.key").stat().st_mode & 0o077 == 0
    kinds = [e["kind"] for e in plant.events]
    assert kinds[0] == "gateway.started" or "gateway.started" in kinds
    assert kinds[-1] == "gateway.stopped"


async def test_a_change_is_followed_at_once(plant: Plant) -> None:
    plant.devices = [spec("d", addresses=("constant?value=4",))]
    await plant.registry()
    async with gateway(plant):
        await until(lambda: plant.rows(1))
        plant.devices = [spec("d", addresses=("constant?value=5", "square")), spec("e", points=[])]
        assert await plant.ask("reload", tenant="demo", device="d") == {"ok": True}
        await until(lambda: plant.rows(2))
        assert plant.rows(1)[-1]["value"] == 5
        await until(lambda: any(e["kind"] == "device.applied" for e in plant.events))
        plant.devices = []
        await plant.ask("reload")
        await until(lambda: plant.rows(1)[-1]["quality"] == q.BAD_NOT_CONNECTED)
        assert await plant.ask("status") == []


async def test_starting_without_the_registry_uses_the_last_configuration(plant: Plant) -> None:
    plant.devices = [spec("d", addresses=("constant?value=4",))]
    await plant.registry()
    async with gateway(plant):
        await until(lambda: plant.rows(1))
    alone = Plant(plant.folder)
    async with gateway(alone):
        await until(lambda: alone.rows(1))
        await asyncio.sleep(0.1)
        assert alone.events == [], "nobody listens yet: events wait"
        await alone.registry()
        alone.devices = plant.devices
        await until(lambda: {"link.connected", "gap.left", "hole.filled"} & {e["kind"] for e in alone.events})


async def test_looking_at_a_device_before_it_is_saved(plant: Plant) -> None:
    await plant.registry()
    async with Simulator({"holding": [(0, 10)]}, values={"holding:3:uint16": 77}) as plc, gateway(plant):
        way = {"driver": "modbus", "options": {"host": "localhost", "port": plc.port}}
        tested = await plant.ask("test", timeout_s=3, **way)
        assert tested["ok"], tested
        assert [s["name"] for s in tested["steps"]] == [
            "name resolution", "TCP connect", "protocol handshake", "read a value",
        ]  # fmt: skip
        top = await plant.ask("browse", path="", **way)
        assert top["total"] == len(top["nodes"]) >= 2
        page = await plant.ask("browse", path="", offset=1, limit=1, **way)
        assert page["nodes"] == top["nodes"][1:2]
        seen = await plant.ask(
            "preview", addresses=["holding:3:uint16", "holding:5000:uint16", "not an address"], **way
        )
        assert (seen[0]["value"], seen[0]["quality"], seen[0]["error"]) == (77, 0, None)
        assert [row["address"] for row in seen] == ["holding:3:uint16", "holding:5000:uint16", "not an address"]
        assert all(row["value"] is None and row["error"]["code"] == "driver.address" for row in seen[1:])


async def test_a_test_says_how_far_it_got(plant: Plant) -> None:
    await plant.registry()
    async with gateway(plant):
        nowhere = await plant.ask(
            "test", driver="modbus", options={"host": "no.such.host.invalid", "port": 1}, timeout_s=5
        )
        assert not nowhere["ok"]
        assert [(s["name"], s["ok"]) for s in nowhere["steps"]] == [("name resolution", False)]
        assert nowhere["error"]["code"] == "driver.unreachable"
        closed = await plant.ask("test", driver="modbus", options={"host": "127.0.0.1", "port": 1}, timeout_s=5)
        assert [(s["name"], s["ok"]) for s in closed["steps"]] == [("name resolution", True), ("TCP connect", False)]
        wrong = await plant.ask("test", driver="modbus", options={"colour": "red"})
        assert wrong["error"]["code"] == "driver.option"
        assert not wrong["steps"][-1]["ok"]
        unknown = await plant.ask("test", driver="teleprinter", options={})
        assert unknown["error"]["code"] == "driver.unknown"


async def test_a_running_device_is_not_connected_to_twice(plant: Plant) -> None:
    await plant.registry()
    async with Simulator({"holding": [(0, 10)]}, values={"holding:3:uint16": 77}) as plc:
        options = {"host": "127.0.0.1", "port": plc.port}
        plant.devices = [spec("d", "modbus", ("holding:3:uint16",), options=options)]
        async with gateway(plant):
            await until(lambda: plant.rows(1))
            seen = await plant.ask("preview", tenant="demo", device="d", addresses=["holding:3:uint16"])
            assert seen[0]["value"] == 77
            tested = await plant.ask("test", driver="modbus", options=options)
            assert tested["ok"]
            assert "already connected" in tested["steps"][0]["detail"]
            assert (await plant.ask("browse", tenant="demo", device="d"))["total"] > 0
            with pytest.raises(FixConfiguration) as caught:
                await plant.ask("browse", tenant="demo", device="nobody")
            assert caught.value.code == "device.unknown"


async def test_what_comes_through_the_front_door_is_followed_too(plant: Plant) -> None:
    point = PointSpec(name="press.force", address="press/force#", number=5)
    plant.devices = [DeviceSpec(device="press", driver="frontdoor", points=[point], stale_after_s=1.0)]
    await plant.registry()
    async with gateway(plant, FrontDoorOptions(port=0)):
        await until(lambda: plant.health and plant.health[-1]["mqtt"].get("port"))
        reader, writer = await asyncio.open_connection("127.0.0.1", plant.health[-1]["mqtt"]["port"])
        writer.write(encode(p.Connect(client_id="c", username="press", password=b"x")))
        assert (await reader.readexactly(4))[3] == 0
        writer.write(encode(p.Publish(topic="press/force", payload=b"12.5", qos=1, packet_id=1)))
        assert await reader.readexactly(4) == b"\x40\x02\x00\x01"
        assert plant.rows(5)[-1]["value"] == 12.5, plant.rows(5)
        await until(lambda: (plant.health[-1]["devices"] or [{}])[0].get("state") == "connected")
        for packet_id in range(2, 60):  # a busy machine takes longer to ask than a value stays fresh
            why = await plant.ask("why", tenant="demo", number=5)
            if why["state"] == "good":
                break
            writer.write(encode(p.Publish(topic="press/force", payload=b"12.5", qos=1, packet_id=packet_id)))
            assert (await reader.readexactly(4))[3] == packet_id
        assert why["state"] == "good"
        assert [s["step"] for s in why["chain"]] == ["register", "device", "driver", "scaling", "point"]
        await until(lambda: plant.rows(5)[-1]["quality"] == q.UNCERTAIN_LAST_USABLE)
        assert plant.rows(5)[-1]["value"] == 12.5
        writer.close()
        await until(lambda: "link.lost" in [e["kind"] for e in plant.events])
        reader, writer = await asyncio.open_connection("127.0.0.1", plant.health[-1]["mqtt"]["port"])
        writer.write(encode(p.Connect(client_id="c", username="stranger", password=b"x")))
        assert (await reader.readexactly(4))[3] != 0
        writer.close()


def test_endpoints() -> None:
    assert endpoint({"url": "opc.tcp://plc:4840/UA"}) == ("plc", 4840)
    assert endpoint({"url": "opc.tcp://[::1]"}) == ("::1", 4840)
    assert endpoint({"host": "10.0.0.1", "port": 502}) == ("10.0.0.1", 502)
    assert endpoint({"url": "opc.tcp://plc:99999"}) == ("", 0)
    assert endpoint({"serial_port": "/dev/ttyS0"}) == ("", 0)
