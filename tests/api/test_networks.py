"""A gateway shared by companies connects only to where the operator lets each of them, and tells nobody of more."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from baigong.drivers.modbus.sim import Simulator
from baigong.gateway import networks as gateway_networks
from baigong.gateway import run_gateway
from tests.api.world import World, world


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(gateway_networks, "_AGAIN_S", 0.05)
    async with world(tmp_path) as made:
        stop = asyncio.Event()
        gateway = run_gateway(made.bus, made.data, "local", mqtt=None, stop=stop, rng=random.Random(1))
        running = asyncio.create_task(gateway)
        try:
            yield made
        finally:
            stop.set()
            await running


async def mould(house: World, operator: httpx.AsyncClient) -> str:
    """Let a second company in; returns a token of it."""
    body = {"tenant": "mould", "title": "Mould works", "title_zh": "模具厂", "admin": "li"}
    assert (await operator.post("/tenants", json=body)).status_code == 200
    return await house.registry.people.add_token("mould", "theirs", role="tenant_admin")


def here() -> str:
    """An address of this machine beyond loopback, or loopback where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])


async def tried(client: httpx.AsyncClient, host: str, port: int) -> dict[str, Any]:
    body = {"driver": "modbus", "options": {"host": host, "port": port}, "timeout_s": 2.0}
    answer = await client.post("/devices/test", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_guest_learns_nothing_and_the_owner_works(house: World) -> None:
    async with house.client() as operator, Simulator({"holding": [(0, 10)]}) as plc:
        token = await mould(house, operator)
        for host in ("127.0.0.1", "localhost"):
            found = await tried(operator, host, plc.port)
            assert found["ok"], found
        assert plc.requests
        options = {"host": "127.0.0.1", "port": plc.port}
        spec = {"device": "pump", "driver": "modbus", "options": options, "scan": {"default": "50ms"},
                "points": [{"name": "pump.flow", "address": "holding:1"}]}  # fmt: skip
        assert (await operator.put("/devices/pump", json=spec)).status_code == 200
        assert (await tried(operator, "169.254.169.254", 80))["error"]["code"] == "driver.network", "of nobody"
        asked = len(plc.requests)
        async with house.client(token=token) as guest:
            told = []
            for host, port in (
                ("127.0.0.1", plc.port), ("127.0.0.1", 1), ("localhost", plc.port), ("127.0.0.2", 5), ("::1", 4222),
                ("::ffff:127.0.0.1", plc.port), ("0.0.0.0", plc.port), ("169.254.169.254", 80), (here(), plc.port),
                ("10.0.0.1", 502), ("2130706433", plc.port), ("no-such-machine.invalid", 502),
            ):  # fmt: skip
                found = await tried(guest, host, port)
                assert found["error"]["place"] == f"{host}:{port}"
                assert [s["name"] for s in found["steps"] if s["ok"]] == []
                told.append({k: v for k, v in found["error"].items() if k != "place"})
                body = {"driver": "modbus", "options": {"host": host, "port": port}}
                browsed = await guest.post("/devices/browse", json=body)
                assert (browsed.status_code, browsed.json()["code"]) == (403, "driver.network")
            assert told[0]["code"] == "driver.network" and all(one == told[0] for one in told), "one answer to all"
            literal = await guest.put("/devices/spy", json=spec | {"device": "spy"})
            assert (literal.status_code, literal.json()["code"]) == (403, "driver.network")
            assert (await guest.get("/gateways/networks")).status_code == 403
        assert set(plc.requests[asked:]) <= {("holding", 1, 1)}, "only the owner's own polling"
        entries = await house.registry.audit.entries(tenant="mould")
        refused = [e for e in entries if "driver.network" in str(e)]
        assert len(refused) == 1, "told once a minute, not once a try"


async def test_the_operator_opens_and_closes(house: World) -> None:
    async with house.client() as operator, Simulator({"holding": [(0, 10)]}) as plc:
        token = await mould(house, operator)
        async with house.client(token=token) as guest:
            spec = {"device": "spy", "driver": "modbus", "options": {"host": "localhost", "port": plc.port},
                    "scan": {"default": "50ms"}, "points": [{"name": "spy.x", "address": "holding:1"}]}  # fmt: skip
            assert (await guest.put("/devices/spy", json=spec)).status_code == 200, "a name is judged later"

            async def stands(state: str, code: str = "") -> None:
                async with asyncio.timeout(20):
                    while True:
                        status = (await guest.get("/devices/spy")).json()["status"]
                        if (status["state"], (status["error"] or {}).get("code", "")) == (state, code):
                            return
                        await asyncio.sleep(0.05)

            async def put(text: str) -> httpx.Response:
                return await operator.put("/gateways/local/networks", json={"text": text})

            await stands("down", "driver.network")
            assert plc.requests == []
            assert (await put("companies: {mould: {allow: [10.0.0.0/33]}}")).status_code == 422
            made = (await put("companies: {mould: {this_machine: true}}")).json()
            assert (made["own"], made["networks"]["companies"]["mould"]["this_machine"]) == (["main"], True)
            spec["scan"] = {"default": "40ms"}  # begun anew, without waiting for the next try
            assert (await guest.put("/devices/spy", json=spec)).status_code == 200
            await stands("connected")
            assert (await put("deny: [127.0.0.0/8, '::1']")).status_code == 200
            await stands("down", "driver.network")
            (shown,) = (await operator.get("/gateways/networks")).json()
            assert shown["text"].startswith("deny")
            assert not (await tried(operator, "127.0.0.1", plc.port))["ok"], "denied to the owner, too"
