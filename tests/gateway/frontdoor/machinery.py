"""A registry and a gateway with its TLS front door in this process, a bus between, real MQTT clients as programs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from baigong.bus.memory import MemoryBus
from baigong.gateway.frontdoor import Options
from baigong.gateway.frontdoor.tls import DoorCertificate
from baigong.gateway.service import GatewayOptions, run_gateway
from baigong.registry.machines import Enrolled
from baigong.registry.opening import Registry, open_registry
from baigong.registry.sealing import open_ring
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.frame import decode

MAPPING = {"mapping": "- topic: plant/temp\n"}  # so that this topic is the device's own


class Clock:
    """The real time, and what a test adds to it."""

    def __init__(self) -> None:
        self.ahead_us = 0

    def __call__(self) -> int:
        return time.time_ns() // 1000 + self.ahead_us


@dataclass
class Machinery:
    folder: Path
    bus: MemoryBus
    registry: Registry
    clock: Clock
    told: dict[str, Any]

    @property
    def port(self) -> int:
        return int(self.told["mqtt"]["tls_port"])

    async def device(self, tenant: str, device: str) -> None:
        await self.registry.devices.put(tenant, DeviceSpec(device=device, driver="frontdoor", options=MAPPING), "test")

    async def until(self, holds: Callable[[], bool], within_s: float = 45.0) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                await asyncio.sleep(0.01)

    def refused(self, why: str) -> int:
        return int(self.told["mqtt"]["refused"].get(why, 0))

    def values(self, tenant: str = "main") -> list[float]:
        found: list[float] = []
        for message in self.bus._streams["p0"].log:
            if message.subject.endswith(f".{tenant}"):
                table = pa.Table.from_batches([decode(message.payload)])
                found += [v for v, q in zip(table["value"].to_pylist(), table["quality"].to_pylist(), strict=True)
                          if v is not None and q == 0]  # fmt: skip
        return found

    def save(self, made: Enrolled, name: str, key: str | None = None) -> list[str]:
        """Write what a machine was given, and return how mosquitto's clients are told of it."""
        pem, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        pem.write_text(made.made.pem)
        secret.write_text(key or made.made.key_pem or "")
        return self.shown(pem, secret)

    def shown(self, pem: Path, key: Path) -> list[str]:
        return [*self.server(), "--cert", str(pem), "--key", str(key)]

    def server(self) -> list[str]:
        trusted = self.folder / "data" / "certificates" / "mqtt-ca.pem"
        return ["-V", "mqttv311", "-h", "127.0.0.1", "-p", str(self.port), "--cafile", str(trusted)]

    async def publish(self, how: list[str], value: float, topic: str = "plant/temp") -> tuple[int, str]:
        """Publish with mosquitto_pub; returns its exit code and what it said."""
        return await said("mosquitto_pub", *how, "-q", "1", "-t", topic, "-m", str(value))


async def said(*command: str, wait_s: float = 20.0) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(wait_s):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode()


@asynccontextmanager
async def machinery(folder: Path, *, required: bool = False) -> AsyncIterator[Machinery]:
    """Run a registry and a gateway until the block ends."""
    bus, clock, data = MemoryBus(), Clock(), folder / "data"
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 30)
    async with open_registry(
        data, bus, tenant="main", clock_us=clock, check=lambda spec: None, look_every_s=5.0
    ) as registry:
        made = Machinery(folder, bus, registry, clock, {"mqtt": {}})
        stop = asyncio.Event()

        async def listen() -> None:
            async for message in bus.subscribe("gateway.*.health"):
                made.told = msgspec.json.decode(message.payload)

        ring = open_ring(data)
        certificate = DoorCertificate(
            data / "certificates", ["127.0.0.1", "localhost"], sealed_with=ring, is_required=required
        )
        options = Options(port=0, tls_port=0, refusal_delay_s=0.0)
        listening = asyncio.create_task(listen())
        gateway = asyncio.create_task(
            run_gateway(
                bus,
                data,
                "local",
                mqtt=options,
                door_certificate=certificate,
                stop=stop,
                options=GatewayOptions(sealed_with=ring),
            )
        )
        try:
            await made.until(lambda: bool(made.told["mqtt"].get("tls_port")))
            yield made
        finally:
            stop.set()
            await asyncio.gather(gateway, return_exceptions=True)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def request(key: ec.EllipticCurvePrivateKey, name: str, *, uri: str = "") -> str:
    """A signing request, as a device makes it; it may claim to be anybody."""
    made = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    if uri:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
        made = made.add_extension(names, critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
