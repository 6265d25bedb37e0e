"""Two cheap sensors that speak MQTT to the front door: a clamp on the old press, and the climate of two rooms."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import Any

import gmqtt
import msgspec
from gmqtt.mqtt.constants import MQTTv311
from msgspec import Struct

from baigong.plant import waves
from baigong.plant.catalogue import signals
from baigong.plant.faults import Scenario
from baigong.plant.live import Shown
from baigong.plant.points import MQTT_DEVICES, TOPICS

PERIOD_S = {"old-press-clamp": 2.0, "room-climate": 10.0}
_RETRY_S = 3.0
_CONNECT_S = 5.0
_NEVER = -2  # gmqtt: -1 is for ever, and 0 still tries once; here ``run`` tries again, with a new client
_log = logging.getLogger(__name__)


class FrontDoor(Struct, frozen=True, kw_only=True):
    """Where devices knock, and what each signs in with: device -> (user, password)."""

    host: str = "127.0.0.1"
    port: int = 1883
    users: dict[str, tuple[str, str]] = {}


@dataclass(slots=True)
class Publisher:
    """One sensor: keeps a connection, tries again for ever, and sends what the plant shows at its period.

    It has no memory: what it could not send is not sent later, as such sensors do.
    """

    device: str
    door: FrontDoor
    shown: Shown | None = None
    sent: int = 0
    _lost: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def period_s(self) -> float:
        return PERIOD_S[self.device]

    def message(self, shown: Shown) -> tuple[str, bytes]:
        """Return the topic and what is sent there."""
        return TOPICS[self.device], payload(self.device, shown)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._session()
            except (OSError, TimeoutError, gmqtt.MQTTConnectError) as error:
                _log.info("%s cannot reach the front door: %s", self.device, error)
            await asyncio.sleep(_RETRY_S)

    async def _session(self) -> None:
        user, password = self.door.users[self.device]
        client: Any = gmqtt.Client(f"demo-{self.device}", clean_session=True)
        client.set_config({"reconnect_retries": _NEVER, "reconnect_delay": 0})
        client.set_auth_credentials(user, password)
        self._lost.clear()
        client.on_disconnect = lambda *_: self._lost.set()
        try:
            async with asyncio.timeout(_CONNECT_S):
                await client.connect(self.door.host, self.door.port, keepalive=30, version=MQTTv311)
            while not self._lost.is_set():
                if self.shown is not None:
                    client.publish(*self.message(self.shown), qos=1)
                    self.sent += 1
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.period_s):
                        await self._lost.wait()
        finally:
            with contextlib.suppress(OSError):
                await client.disconnect()


@dataclass(slots=True)
class WavePublisher(Publisher):
    """The accelerometer: a recording a minute."""

    scenario: Scenario | None = None

    @property
    def period_s(self) -> float:
        return waves.PERIOD_S

    def message(self, shown: Shown) -> tuple[str, bytes]:
        assert self.scenario is not None  # noqa: S101 - given with the first moment shown
        speed = float(shown.values["pump2.speed"])
        return waves.TOPIC, waves.payload(waves.waveform(self.scenario, shown.time_us, speed))


def payload(device: str, shown: Shown) -> bytes:
    """Write what a sensor sends: JSON, nested where the wire's path has dots."""
    document: dict[str, Any] = {}
    for signal in signals(device):
        *above, last = signal.row.wire.split(".")
        part = document
        for key in above:
            part = part.setdefault(key, {})
        part[last] = shown.values[signal.name]
    return msgspec.json.encode(document)


def publishers(door: FrontDoor) -> list[Publisher]:
    """Make a publisher for each device that has something to sign in with."""
    made = [Publisher(device, door) for device in MQTT_DEVICES if device in door.users]
    return made + [WavePublisher(waves.DEVICE, door)] * (waves.DEVICE in door.users)
