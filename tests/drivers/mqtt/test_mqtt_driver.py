"""The mqtt driver against Debian's mosquitto and other people's clients."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gmqtt
import pytest
import trustme

from baigong.drivers.contract import Delivery, Wanted
from baigong.drivers.manifest import manifest
from baigong.drivers.mqtt.sim import Simulator
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.frame import times_us

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
needs_mosquitto = pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="mosquitto is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """A broker as a child process; ``kill`` is SIGKILL, ``start`` brings it back on the same port."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self.folder = folder
        self._config = folder / "mosquitto.conf"
        own = [] if any(line.startswith("listener") for line in lines) else [f"listener {self.port} 127.0.0.1"]
        anonymous = [] if any("allow_anonymous" in line for line in lines) else ["allow_anonymous true"]
        more = [
            f"persistence_location {folder}/",
            "persistence true",
            "user root",
            "max_queued_messages 0",
            "autosave_interval 1",
        ]
        self._config.write_text("\n".join([*own, *anonymous, *more, *lines]) + "\n")
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._child = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
        raise AssertionError("mosquitto does not listen")

    async def stop(self, *, kill: bool = False) -> None:
        if self._child is not None:
            (self._child.kill if kill else self._child.terminate)()
            await self._child.wait()
            self._child = None


@asynccontextmanager
async def mosquitto(folder: Path, *lines: str) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(folder, *lines)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop(kill=True)


async def publisher(port: int) -> Any:
    client = gmqtt.Client("publisher", clean_session=False)
    client.set_config({"reconnect_delay": 0.2})
    await client.connect("127.0.0.1", port, version=4)
    return client


def opened(port: int, **more: Any) -> Any:
    return manifest("mqtt").open({"host": "127.0.0.1", "port": port, "listen_s": 0.5} | more)


async def gather(driver: Any, wanted: list[Wanted], found: list[float], enough: Callable[[], bool]) -> None:
    """Watch and accept until there is enough."""
    async for delivery in driver.watch(wanted):
        found += delivery.frame["value"].to_pylist()
        await delivery.accept()
        if enough():
            return


async def within(awaited: Any, seconds: float = 15.0) -> Any:
    async with asyncio.timeout(seconds):
        return await awaited


WANTED = [Wanted(1, "plant/data#n"), Wanted(2, "plant/data#deep.m")]


@needs_mosquitto
@pytest.mark.parametrize("version", ["5", "3.1.1", "auto"])
async def test_values_arrive_with_number_and_time(tmp_path: Path, version: str) -> None:
    async with mosquitto(tmp_path) as broker, opened(broker.port, version=version) as driver:
        source = await publisher(broker.port)
        watching = driver.watch(WANTED)
        first = asyncio.ensure_future(anext(watching))
        await asyncio.sleep(0.3)
        source.publish("plant/data", b'{"ts": 1790000000000, "n": 1.5, "deep": {"m": 2}, "other": 3}', qos=1)
        delivery: Delivery = await within(first)
        rows = {row["point"]: row["value"] for row in delivery.frame.to_pylist()}
        assert rows == {1: 1.5, 2: 2.0}
        assert set(times_us(delivery.frame).tolist()) == {1_790_000_000_000_000}
        assert (await driver.health()).ok
        await watching.aclose()
        await source.disconnect()


@needs_mosquitto
async def test_nothing_is_acknowledged_before_it_was_accepted(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        source = await publisher(broker.port)
        seen = []
        for attempt in range(3):
            async with opened(broker.port) as driver:
                watching = driver.watch(WANTED)
                first = asyncio.ensure_future(anext(watching))
                await asyncio.sleep(0.3)
                if attempt == 0:
                    source.publish("plant/data", b'{"n": 7}', qos=1)
                if attempt == 2:
                    await asyncio.sleep(0.3)
                    assert not first.done()  # it was accepted in the second attempt
                    first.cancel()
                else:
                    delivery = await within(first)
                    seen.append(delivery.frame["value"].to_pylist())
                    if attempt == 1:
                        await delivery.accept()
                await asyncio.gather(first, return_exceptions=True)
                await watching.aclose()
        assert seen == [[7.0], [7.0]]
        await source.disconnect()


@needs_mosquitto
async def test_a_retained_value_of_unknown_age_is_uncertain(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, opened(broker.port) as driver:
        source = await publisher(broker.port)
        source.publish("plant/data", b'{"n": 1}', qos=1, retain=True)
        source.publish("plant/dated", b'{"ts": 1790000000, "n": 2}', qos=1, retain=True)
        await asyncio.sleep(0.2)
        watching = driver.watch([Wanted(1, "plant/data#n"), Wanted(2, "plant/dated#n")])
        delivery = await within(anext(watching))
        rows = {row["point"]: (row["value"], row["quality"]) for row in delivery.frame.to_pylist()}
        assert rows == {1: (1.0, q.UNCERTAIN_LAST_USABLE), 2: (2.0, q.GOOD)}
        await delivery.accept()
        source.publish("plant/data", b'{"n": 3}', qos=1)
        delivery = await within(anext(watching))
        assert delivery.frame["quality"].to_pylist() == [q.GOOD]
        await watching.aclose()
        await source.disconnect()


@needs_mosquitto
async def test_what_is_refused_comes_again(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, opened(broker.port) as driver:
        source = await publisher(broker.port)
        watching = driver.watch(WANTED)
        first = asyncio.ensure_future(anext(watching))
        await asyncio.sleep(0.3)
        source.publish("plant/data", b'{"n": 7}', qos=1)
        delivery = await within(first)
        await delivery.refuse("no room")
        again = await within(anext(watching))
        assert again.frame.equals(delivery.frame)
        await again.accept()
        await watching.aclose()
        await source.disconnect()


@needs_mosquitto
async def test_thousands_survive_a_broker_that_is_killed(tmp_path: Path) -> None:
    """5,000 QoS 1 messages, the broker killed in between and started again: all arrive."""
    total = 5_000
    found: list[float] = []

    async def consuming() -> None:
        while len(set(found)) < total:
            try:
                async with opened(broker.port) as driver:
                    await gather(driver, WANTED[:1], found, lambda: len(set(found)) >= total)
            except RetryLater:
                await asyncio.sleep(0.1)

    async with mosquitto(tmp_path) as broker:
        source = await publisher(broker.port)
        consumer = asyncio.create_task(consuming())
        await asyncio.sleep(0.5)
        for start in range(0, total, 1000):
            for n in range(start, start + 1000):
                source.publish("plant/data", json.dumps({"n": n}).encode(), qos=1)
            await asyncio.sleep(0.1)
            if start == 2000:
                await asyncio.sleep(1.3)  # autosave: mosquitto keeps its queues on disk only every second
                await broker.stop(kill=True)
                await asyncio.sleep(0.3)
                await broker.start()
                async with asyncio.timeout(10):
                    while not source.is_connected:
                        await asyncio.sleep(0.05)
        await within(consumer, 40)
        await source.disconnect()
    assert set(found) == set(range(total))


@needs_mosquitto
async def test_what_was_published_while_we_were_away_is_waiting(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        found: list[float] = []
        async with opened(broker.port) as driver:
            with pytest.raises(TimeoutError):
                await within(gather(driver, WANTED, found, lambda: False), 0.5)
        source = await publisher(broker.port)
        for n in range(1500):
            source.publish("plant/data", json.dumps({"n": n}).encode(), qos=1)
        await asyncio.sleep(0.3)
        async with opened(broker.port) as driver:
            await within(gather(driver, WANTED, found, lambda: len(found) >= 1500))
        assert sorted(found) == list(range(1500))
        await source.disconnect()


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


async def test_unwanted_and_malformed_messages_are_acknowledged_and_counted() -> None:
    async with Simulator({"plant/data": {"n": 1}}) as broker, opened(broker.port, topics="#") as driver:
        watching = driver.watch(WANTED)
        delivery = await within(anext(watching))
        await delivery.accept()
        following = asyncio.ensure_future(anext(watching))
        broker.publish("elsewhere", b'{"n": 1}')
        broker.publish("plant/data", b"{rubbish")
        async with asyncio.timeout(5):
            while broker.acknowledged < 3:
                await asyncio.sleep(0.02)
        counters = (await driver.health()).counters
        assert (counters["messages"], counters["malformed"], counters["unwanted"]) == (3, 1, 1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await watching.aclose()


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
