"""A real gateway process on a real NATS that stands still while orders wait for it (SIGSTOP), and goes on."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from baigong.bus.contract import Message
from baigong.bus.embedded import EmbeddedNats
from baigong.bus.nats import NatsBus
from baigong.bus.passes import PLATFORM, gateway_user
from baigong.drivers.modbus.sim import Simulator
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError
from baigong.vocab.writing import WriteRule, revision

POINT = PointSpec(
    name="pump1.speed", address="holding:1", number=1, kind="setpoint", write=WriteRule(min=0, max=50, settle_s=0.2)
)


class Side:
    """The registry's side of the bus, as far as a write needs it."""

    def __init__(self, bus: NatsBus, device: DeviceSpec) -> None:
        self.bus, self.device, self.stops = bus, device, list[dict[str, str]]()

    async def serve(self) -> None:
        listed = [{"tenant": "demo", "spec": self.device}]
        page = {"run": "r", "revision": 0, "from": 0, "more": False, "devices": listed, "gone": []}
        answers = {"devices": lambda: page, "networks": lambda: {"own": ["demo"], "networks": {}}}
        answers["stops"] = lambda: {"stops": self.stops}
        for verb, made in answers.items():

            async def answer(message: Message, made: Any = made) -> bytes:
                return msgspec.json.encode(made())

            await self.bus.serve(f"registry.{verb}.local", answer)

    async def ask(self, verb: str, timeout_s: float = 5.0, **asked: Any) -> Any:
        return msgspec.json.decode(
            await self.bus.request(f"gateway.local.{verb}", msgspec.json.encode(asked), timeout_s=timeout_s)
        )

    async def order(self, id: str, value: float, left_s: float) -> dict[str, Any]:
        """Make an order as the registry does: in the gateway's own time."""
        moment = await self.ask("moment")
        return {
            "id": id, "tenant": "demo", "point": 1, "value": value, "asked_by": "wang", "expires_us": 1,
            "revision": revision(POINT), "run": moment["run"], "until_us": moment["now_us"] + int(left_s * 1e6),
        }  # fmt: skip

    async def is_connected(self) -> bool:
        try:
            return await self.ask("values", 0.2, tenant="demo", points=[1]) == [10]
        except BaigongError:
            return False


async def test_what_waited_while_a_gateway_stood_still_is_not_written(tmp_path: Path) -> None:
    async with EmbeddedNats(tmp_path / "nats", port=0, reserve=0) as server, Simulator(values={"holding:1": 10}) as plc:
        bus = await NatsBus.connect(server.url, by=server.passes[PLATFORM])
        await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 24)
        side = Side(bus, DeviceSpec(device="plc", driver="modbus", options=plc.options, points=[POINT]))
        await side.serve()
        code = Path(__file__).with_name("gateway_process.py")
        password = server.passes[gateway_user("local")].password
        gateway = subprocess.Popen([sys.executable, str(code), str(tmp_path), server.url, password])
        try:
            async with asyncio.timeout(30):
                while not await side.is_connected():
                    await asyncio.sleep(0.05)
            late, pressed = await side.order("late", 11, 0.3), await side.order("pressed", 12, 30)
            gateway.send_signal(signal.SIGSTOP)
            writing = [asyncio.create_task(side.ask("write", 30, **one)) for one in (late, pressed)]
            await asyncio.sleep(0.5)  # past the end of the first; the second has all the time
            side.stops = [{"tenant": "demo", "asset": ""}]  # pressed, and nobody could be told
            gateway.send_signal(signal.SIGCONT)
            ended = [(one["state"], one["code"]) for one in await asyncio.gather(*writing)]
            assert ended == [("expired", "command.expired"), ("refused", "command.stopped")]
            side.stops = []
            await side.ask("stops", stops=[])  # told of a release, it asks
            assert (await side.ask("write", 20, **await side.order("c", 13, 30)))["state"] == "done"
            assert plc.writes == [("holding", 1, [13])]
        finally:
            gateway.kill()
            await asyncio.to_thread(gateway.wait)
            await bus.close()
