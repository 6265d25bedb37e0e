"""Our OPC UA server beside the API of a world, and clients with certificates of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto import security_policies as sp
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from baigong.api.opcua import Feed, OpcUaServer, OpcUaSettings
from baigong.security.certificates import Pair, make_certificate
from baigong.vocab import frame as frames
from baigong.vocab.assets import AssetSpec
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.writing import WriteRule
from tests.api.world import PUMP, World, now_us, world
from tests.drivers.opcua.conftest import node_modules  # noqa: F401 - a fixture

CLIENT_URI = "urn:scada:test"
MORE = DeviceSpec(
    device="more",
    driver="sim",
    points=[
        PointSpec(name="pump1.mode", address="m", kind="state", states={"0": "off", "1": "hand", "2": "auto"}),
        PointSpec(name="pump1.batch", address="t", kind="text"),
        PointSpec(name="pump1.speed", address="s", unit="/min", kind="setpoint", write=WriteRule(min=0, max=3000)),
        PointSpec(name="oven.power", address="p", unit="kW"),
        PointSpec(name="oven.load", address="l", unit="kg"),
        PointSpec(name="oven.temp", address="o", unit="Cel", title="Temperature", title_zh="温度"),
    ],
)
ASSETS = [
    AssetSpec(asset="hall", level="area", parent="", title="Hall", title_zh="车间"),
    AssetSpec(
        asset="pump1", level="unit", parent="hall", type="pump", title="Pump 1", title_zh="一号泵", code="P-101",
        properties={"manufacturer": "Acme"},
    ),
]  # fmt: skip


@dataclass
class Served:
    world: World
    server: OpcUaServer
    feed: Feed
    client_pair: Pair
    folder: Path
    password: str = ""

    def client(
        self, user: str = "scada", password: str | None = None, *, policy: type = sp.SecurityPolicyAes256Sha256RsaPss,
        pair: Pair | None = None,
    ) -> AbstractAsyncContextManager[Client]:  # fmt: skip
        return _connected(self, user, self.world.token if password is None else password, policy, pair)

    async def put(self, name: str, values: list[float], times: list[int] | None = None, quality: int = 0) -> None:
        """Store values as a gateway would, and let the server hear of them as the historian does."""
        number = self.world.registry.book.find("main", name).number
        at = times or [now_us() + i for i in range(len(values))]
        await self.world.put(name, at, values, quality)
        self.feed.take("main", frames.frame(np.full(len(at), number), at, values, quality))


@asynccontextmanager
async def _connected(
    served: Served, user: str, password: str, policy: type, pair: Pair | None
) -> AsyncIterator[Client]:
    own = pair or served.client_pair
    client = Client(served.server.url, timeout=10)
    client.application_uri = CLIENT_URI
    client.set_user(user)
    client.set_password(password)
    theirs = x509.load_der_x509_certificate(served.server._settings.pair.certificate_der)
    mine = x509.load_der_x509_certificate(own.certificate_der)
    key = serialization.load_pem_private_key(own.key_pem, None)
    secured = policy(theirs, mine, key, ua.MessageSecurityMode.SignAndEncrypt)
    client.security_policy = secured
    client.uaclient.set_security(secured)
    async with client:
        yield client


@pytest.fixture(scope="session")
def pairs() -> tuple[Pair, Pair, Pair]:
    """Certificates of the server, of a client, and of a stranger."""
    now = datetime.now(UTC)
    server = make_certificate("localhost", now, addresses=["127.0.0.1"], server=True)
    return server, *(make_certificate("scada", now, uri=CLIENT_URI) for _ in range(2))


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def served(tmp_path_factory: pytest.TempPathFactory, pairs: tuple[Pair, Pair, Pair]) -> AsyncIterator[Served]:
    """One server for all: the standard's nodes take a second to make."""
    tmp_path = tmp_path_factory.mktemp("served")
    async with world(tmp_path) as made:
        await made.registry.devices.put("main", PUMP, "test")
        await made.registry.devices.put("main", MORE, "test")
        await made.registry.assets.put("main", ASSETS, "test")
        async with serving(made, tmp_path / "opcua", pairs) as served:
            yield served


@asynccontextmanager
async def serving(made: World, folder: Path, pairs: tuple[Pair, Pair, Pair]) -> AsyncIterator[Served]:
    feed = Feed(now_us)
    settings = OpcUaSettings(host="127.0.0.1", port=0, pair=pairs[0], folder=folder)
    server = OpcUaServer(made.app.state.rooms, settings, feed)
    server.clients.add(pairs[1].certificate_der)
    running = asyncio.create_task(server.run())
    waiting = asyncio.create_task(server.ready.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
    try:
        yield Served(made, server, feed, pairs[1], folder)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
