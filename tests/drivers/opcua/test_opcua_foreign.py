"""Against node-opcua: another implementation's idea of the same standard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from baigong.drivers.contract import Wanted
from baigong.drivers.opcua.driver import OpcUaDriver
from baigong.security.certificates import read_certificate
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import times_us
from baigong.vocab.happenings import Command

Start = Callable[..., Any]
NAMES = ["Speed", "Temp", "Big", "Name", "Curve", "Broken", "Range", "Nope"]
EXPECTED = [100.5, 36.6, 9007199254740993, "外部服务器", "[1.0, 2.5, 4.0]", None, '{"Low": -1.0, "High": 7.0}', None]


def wanted() -> list[Wanted]:
    machine = [Wanted(i, f"ns=1;s=Machine.{name}", 0.05) for i, name in enumerate(NAMES)]
    return machine + [Wanted(100 + i, f"ns=1;s=Tags.{i}", 0.05) for i in range(200)]


def cells(batch: Any) -> dict[int, Any]:
    rows = batch.to_pylist()
    return {r["point"]: next((r[c] for c in ("value", "whole", "text") if r[c] is not None), None) for r in rows}


async def test_read_browse_search_history(foreign: Start) -> None:
    server = foreign()
    async with OpcUaDriver(server.options) as driver:
        batch = await driver.read(wanted())
        found = cells(batch)
        assert [found[i] for i in range(len(NAMES))] == EXPECTED
        assert [found[100 + i] for i in range(200)] == list(range(200))
        qualities = dict(zip(batch["point"].to_pylist(), batch["quality"].to_pylist(), strict=True))
        assert qualities[5] == 0x808C  # bad, sensor failure
        assert qualities[7] == 0x8034  # bad, node id unknown
        at = dict(zip(batch["point"].to_pylist(), times_us(batch).tolist(), strict=True))
        assert at[0] == 1_767_323_045_678_000

        machine = {n.title: n for n in await driver.browse("ns=1;s=Machine")}
        assert machine["Temp"].unit == "Cel"
        assert machine["Temp"].value == 36.6
        assert machine["Curve"].type == "Float[]"
        assert [n.value for n in await driver.browse("ns=1;s=Machine.Curve")] == [1.0, 2.5, 4.0]
        tags = await driver.browse("ns=1;s=Tags")  # 15 nodes per browse, the rest of the list by continuation point
        assert [n.address for n in tags] == [f"ns=1;s=Tags.{i}" for i in range(1200)]
        assert [n.address for n in await driver.browse("?tag1199")] == ["ns=1;s=Tags.1199"]

        origin = 1_767_225_600_000_000
        old = [Wanted(1, "ns=1;s=Machine.Old"), Wanted(2, "ns=1;s=Machine.Name")]
        pages = [p async for p in driver.history(old, origin + 5_000_000, origin + 20_000_000)]
        assert [v for p in pages for v in p["value"].to_pylist()] == [float(i) for i in range(5, 20)]
        assert (await driver.health()).counters["retries"] == 0


@pytest.mark.parametrize(
    ("policy", "mode"),
    [
        ("Basic256Sha256", "SignAndEncrypt"),
        ("Basic256Sha256", "Sign"),
        ("Aes128Sha256RsaOaep", "SignAndEncrypt"),
        ("Aes256Sha256RsaPss", "SignAndEncrypt"),
    ],
)
async def test_secured_with_user(foreign: Start, own: Any, policy: str, mode: str) -> None:
    server = foreign()
    options = server.options | own.options | {"security_policy": policy, "security_mode": mode}
    with pytest.raises(FixConfiguration) as caught:
        await OpcUaDriver(options).__aenter__()
    assert caught.value.code == "driver.certificate"
    shown = caught.value.fields["sha256"]
    assert shown == read_certificate(server.certificate.read_bytes()).sha256
    options |= {"server_fingerprint": shown, "user": "operator", "password": "secret"}
    async with OpcUaDriver(options) as driver:
        assert cells(await driver.read(wanted()))[1] == 36.6
        values: list[float] = []
        async for delivery in driver.watch(wanted()[:1]):
            values += delivery.frame["value"].to_pylist()
            await delivery.accept()
            if len(values) >= 3:
                break
            server.step()
        assert values == [100.5, 101.5, 102.5]
    with pytest.raises(FixConfiguration) as caught:
        await OpcUaDriver(options | {"password": "wrong"}).__aenter__()
    assert caught.value.code == "driver.credentials"


async def test_a_server_that_does_not_know_us_says_driver_certificate(foreign: Start, own: Any) -> None:
    server = foreign(strict=True)
    pin = read_certificate(server.certificate.read_bytes()).sha256
    options = server.options | own.options | {"security_policy": "Basic256Sha256", "server_fingerprint": pin}
    with pytest.raises(FixConfiguration) as caught:
        await OpcUaDriver(options).__aenter__()
    assert caught.value.code == "driver.certificate"
    assert "Kepware" in caught.value.message  # says where ours waits


async def test_killed_and_restarted(foreign: Start) -> None:
    server = foreign()
    points = wanted()
    with pytest.raises(RetryLater) as caught:
        async with OpcUaDriver(server.options) as driver, asyncio.timeout(15):
            async for delivery in driver.watch(points):
                await delivery.accept()
                server.kill()
    assert caught.value.code == "driver.unreachable"
    with pytest.raises(RetryLater):
        await OpcUaDriver(server.options).__aenter__()
    server.start()
    async with OpcUaDriver(server.options) as driver:
        assert len(await driver.read(points)) == len(points)


async def test_a_queue_too_short_is_counted(foreign: Start) -> None:
    server = foreign()
    options = server.options | {"queue_size": 2, "sampling_s": 0.05, "publishing_s": 1.0}
    async with OpcUaDriver(options) as driver, asyncio.timeout(20):
        async for delivery in driver.watch(wanted()[:1]):
            await delivery.accept()
            if (await driver.health()).counters["queue_overflows"]:
                break
            for _ in range(8):
                server.step()
                await asyncio.sleep(0.1)


async def test_a_value_is_written_in_the_type_of_its_node(foreign: Start) -> None:
    server = foreign()
    async with OpcUaDriver(server.options) as driver:
        for address, value in (("ns=1;s=Tags.5", 1234), ("ns=1;s=Tags.6", 77.0)):
            command = Command(id="c", tenant="t", point=1, address=address, value=value, asked_by="x", expires_us=1)
            assert (await driver.write(command)).ok
            assert cells(await driver.read([Wanted(1, address)])) == {1: value}
        unfit = Command(id="c", tenant="t", point=1, address="ns=1;s=Tags.5", value=0.5, asked_by="x", expires_us=1)
        with pytest.raises(FixConfiguration) as caught:
            await driver.write(unfit)
        assert caught.value.code == "config.invalid"
