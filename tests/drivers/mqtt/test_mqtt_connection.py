"""The mqtt driver's connection: options, certificates, looking around, and a broker that talks nonsense."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import gmqtt
import pytest
import trustme
from mqttbroker import WANTED, Mosquitto, free_port, mosquitto, needs_mosquitto, opened, publisher, within

from baigong.drivers.contract import Wanted
from baigong.drivers.manifest import manifest
from baigong.drivers.mqtt.sim import Simulator
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater


@needs_mosquitto
async def test_browsing_shows_topics_and_values(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, opened(broker.port) as driver:
        source = await publisher(broker.port)
        source.publish("plant/data", b'{"n": 1.5, "deep": {"m": true}, "s": "RUN"}', qos=1, retain=True)
        source.publish("plant/level", b"2.5", qos=1, retain=True)
        source.publish("plant/picture", b"\xff\xd8\xff", qos=1, retain=True)
        await asyncio.sleep(0.2)
        top = await within(driver.browse())
        assert [(n.title, n.has_children, n.address, n.value) for n in top] == [
            ("plant/data", True, "", None),
            ("plant/level", False, "plant/level#", 2.5),
        ]
        below = await within(driver.browse("plant/data"))
        assert [(n.title, n.address, n.value, n.type, n.kind) for n in below] == [
            ("n", "plant/data#n", 1.5, "number", "gauge"),
            ("deep.m", "plant/data#deep.m", True, "boolean", "state"),
            ("s", "plant/data#s", "RUN", "string", "text"),
        ]
        await source.disconnect()


@needs_mosquitto
async def test_opening_does_not_take_over_a_running_watch(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, opened(broker.port) as running:
        watching = running.watch(WANTED)
        first = asyncio.ensure_future(anext(watching))
        await asyncio.sleep(0.3)
        async with opened(broker.port) as second:
            await within(second.browse())
        assert not first.done()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await watching.aclose()


@needs_mosquitto
async def test_password_and_certificate_are_used_and_checked(tmp_path: Path) -> None:
    authority = trustme.CA()
    served = authority.issue_cert("localhost", "127.0.0.1")
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    (tmp_path / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in served.cert_chain_pems))
    (tmp_path / "key.pem").write_bytes(served.private_key_pem.bytes())
    (tmp_path / "key.pem").chmod(0o644)
    child = await asyncio.create_subprocess_exec(
        "mosquitto_passwd", "-b", "-c", str(tmp_path / "passwords"), "baigong", "secret"
    )
    await child.wait()
    (tmp_path / "passwords").chmod(0o644)
    port = free_port()
    lines = (
        f"listener {port} 127.0.0.1", "allow_anonymous false", f"password_file {tmp_path}/passwords",
        f"certfile {tmp_path}/cert.pem", f"keyfile {tmp_path}/key.pem",
    )  # fmt: skip
    broker = Mosquitto(tmp_path, *lines)
    broker.port = port
    await broker.start()
    try:
        good = {"tls": True, "ca": authority.cert_pem.bytes().decode(), "username": "baigong", "password": "secret"}
        async with opened(port, **good) as driver:
            assert (await driver.health()).ok
        # a name that resolves to nothing: connected to what was judged, and the certificate is checked for the name
        judged = manifest("mqtt").open({"host": "localhost", "port": port} | good, ["127.0.0.2", "127.0.0.1"])
        async with judged as driver:
            assert (await driver.health()).ok
        elsewhere = manifest("mqtt").open({"host": "broker.invalid", "port": port} | good, ["127.0.0.1"])
        with pytest.raises(BaigongError) as caught:
            async with elsewhere:
                pass
        assert caught.value.code == "driver.certificate"
        async with opened(port, **(good | {"ca": "", "tls_without_checking_the_certificate": True})) as driver:
            assert (await driver.health()).ok
        for wrong, code in [
            ({"ca": trustme.CA().cert_pem.bytes().decode()}, "driver.certificate"),
            ({"password": "wrong"}, "driver.credentials"),
            ({"username": "", "password": ""}, "driver.credentials"),
            ({"tls": False, "timeout_s": 1.0}, None),
        ]:
            with pytest.raises(BaigongError) as caught:
                async with opened(port, **(good | wrong)):
                    pass
            assert caught.value.code in (
                {code} if code else {"driver.protocol", "driver.timeout", "driver.unreachable"}
            )
    finally:
        await broker.stop(kill=True)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"topics": "a#b"}, "topics"),
        ({"mapping": "]["}, "mapping"),
        ({"qos": 2}, "qos"),
        ({"port": 0}, "port"),
        ({"version": "4"}, "version"),
        ({"client_id": "设备"}, "client_id"),
        ({"tls": True, "ca": "rubbish"}, "ca"),
        ({"timeout_s": 0}, "timeout_s"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], place: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        opened(**({"port": 1883} | options))
    assert (caught.value.code, caught.value.place) == ("driver.option", place)


async def test_the_hooks_into_gmqtt_are_there() -> None:
    """The adapter replaces some of gmqtt's methods; a version that renames them must not pass unnoticed."""
    handler = gmqtt.Client("x")._package_handler
    assert callable(handler._handle_qos_1_publish_packet)
    assert callable(handler._send_puback)
    assert callable(handler._handle_pingresp_packet)
    assert callable(handler._handle_packet)


@needs_mosquitto
async def test_what_the_topic_filters_bring_beside_the_wanted_points_is_found(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, opened(broker.port, topics="plant/#") as driver:
        source = await publisher(broker.port)
        source.publish("plant/a", b'{"known": 1.5, "other": 2.5}', qos=1, retain=True)
        assert driver.discover(lambda address: 1000 + len(address))
        watching = driver.watch([Wanted(1, "plant/a#known")])
        delivery = await within(anext(watching))
        assert [(f.number, f.address, f.name) for f in driver.take_found()] == [
            (1013, "plant/a#other", "plant.a.other")
        ]
        assert driver.take_found() == []
        rows = {(row["point"], row["value"]) for row in delivery.frame.to_pylist()}
        assert rows == {(1, 1.5), (1013, 2.5)}
        await watching.aclose()
        await source.disconnect()


def test_only_topic_filters_find_points_and_not_when_told_otherwise() -> None:
    assert not opened(1883, topics="plant/#", discover=False).discover(len)
    assert not opened(1883).discover(len), "nothing is subscribed but what is wanted"


@pytest.mark.parametrize("nonsense", [b"\x00\x00", b"\x31\x7f"], ids=["no such packet", "rest never comes"])
async def test_a_broker_that_cannot_be_read_any_more_is_left(nonsense: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baigong.drivers.mqtt.link._SILENT_S", 0.2)
    monkeypatch.setattr("baigong.drivers.mqtt.link._LOOK_S", 0.1)
    async with Simulator({"a/b": 1}) as broker, opened(broker.port, timeout_s=0.3) as driver:
        stream = driver.watch([Wanted(1, "a/b#")])
        first = await within(anext(stream))
        await first.accept()
        (client,) = [client for client in broker.clients if client.session is not None]
        client.transport.write(nonsense)
        with pytest.raises(RetryLater, match="ended"):
            async with asyncio.timeout(5):
                async for delivery in stream:
                    await delivery.accept()
