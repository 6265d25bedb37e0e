"""The host application at Debian's mosquitto: what it says of itself, and what a killed edge node's will does."""

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

from baigong.drivers.contract import Wanted
from baigong.drivers.manifest import manifest
from baigong.drivers.sparkplug.codec import DOUBLE, LONG, Metric, Payload, decode, encode
from baigong.drivers.sparkplug.values import NUMBER
from baigong.vocab import quality as q

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
pytestmark = pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="mosquitto is not installed")
STATE = "spBv1.0/STATE/baigong"
ADDRESS = "G/N#a"


@asynccontextmanager
async def mosquitto() -> AsyncIterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    quiet = asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(MOSQUITTO, "-p", str(port), stdout=quiet, stderr=quiet)
    try:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
        yield port
    finally:
        child.kill()
        await child.wait()


class Ear:
    """A client that keeps what it hears; an edge node that can be unplugged."""

    def __init__(self, name: str, will: gmqtt.Message | None = None) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._news = asyncio.Event()
        self.client = gmqtt.Client(name, will_message=will)
        self.client.on_message = self._take

    def _take(self, client: Any, topic: str, payload: bytes, qos: int, properties: dict[str, Any]) -> int:
        self.heard.append((topic, bytes(payload), bool(properties["retain"])))
        self._news.set()
        return 0

    async def until(self, wanted: Callable[[str, bytes, bool], bool]) -> bytes:
        async with asyncio.timeout(10):
            while True:
                for topic, payload, retained in self.heard:
                    if wanted(topic, payload, retained):
                        self.heard.clear()
                        return payload
                self._news.clear()
                await self._news.wait()


async def ear(port: int, name: str, topic: str, will: gmqtt.Message | None = None) -> Ear:
    made = Ear(name, will)
    await made.client.connect("127.0.0.1", port, version=4)
    made.client.subscribe(topic, qos=1)
    return made


def edge_says(edge: Ear, kind: str, seq: int, *metrics: Metric) -> None:
    edge.client.publish(f"spBv1.0/G/{kind}/N", encode(Payload(1_700_000_000_000 + seq, seq, list(metrics))), qos=0)


def number(name: str | None, value: float) -> Metric:
    return Metric(name, 1, None, NUMBER["Double"], at=DOUBLE, value=value)


BD = Metric("bdSeq", None, None, NUMBER["Int64"], at=LONG, value=3)


async def test_the_host_tells_who_is_there_and_an_edge_node_dies_by_its_will() -> None:
    async with mosquitto() as port, manifest("sparkplug").open({"host": "127.0.0.1", "port": port}) as driver:
        rows: list[dict[str, Any]] = []
        news = asyncio.Event()

        async def watch() -> None:
            async for delivery in driver.watch([Wanted(1, ADDRESS)]):
                rows.extend(delivery.frame.to_pylist())
                await delivery.accept()
                news.set()

        async def until(quality: int) -> None:
            async with asyncio.timeout(10):
                while not rows or rows[-1]["quality"] != quality:
                    news.clear()
                    await news.wait()

        watching = asyncio.create_task(watch())
        states = await ear(port, "states", STATE)
        online = json.loads(await states.until(lambda topic, payload, _: b"true" in payload))
        will = gmqtt.Message("spBv1.0/G/NDEATH/N", encode(Payload(None, None, [BD])), qos=1)
        edge = await ear(port, "edge", "spBv1.0/G/NCMD/N", will)
        # data without a birth: it asks for one
        edge_says(edge, "NDATA", 9, number(None, 1.0))
        asked = decode(await edge.until(lambda topic, *_: topic.endswith("NCMD/N")))
        assert [(m.name, m.value) for m in asked.metrics] == [("Node Control/Rebirth", True)]
        assert asked.seq is None
        edge_says(edge, "NBIRTH", 0, BD, number("a", 2.0))
        await until(q.GOOD)
        # somebody says that we are away: we are not (retained, QoS 1)
        states.client.publish(STATE, b'{"online":false,"timestamp":1}', qos=1, retain=True)
        await states.until(lambda topic, payload, _: b"false" in payload)
        assert json.loads(await states.until(lambda topic, payload, _: b"true" in payload)) == online
        # unplugged: the broker publishes the will
        edge.client._connection._transport.abort()
        await until(q.BAD_NO_COMMUNICATION)
        # and we go: those who come later are told by what the broker keeps
        watching.cancel()
        await asyncio.wait([watching])
        await states.until(lambda topic, payload, _: b"false" in payload)
        later = await ear(port, "later", STATE)
        offline = json.loads(await later.until(lambda topic, payload, retained: retained))
        assert offline == {"online": False, "timestamp": online["timestamp"]}
        for client in (states.client, later.client):
            await client.disconnect()


async def test_when_the_host_is_killed_its_will_says_so() -> None:
    async with mosquitto() as port, manifest("sparkplug").open({"host": "127.0.0.1", "port": port}) as driver:
        states = await ear(port, "states", STATE)

        async def watch() -> None:
            async for _ in driver.watch([Wanted(1, ADDRESS)]):
                pass

        watching = asyncio.create_task(watch())
        online = json.loads(await states.until(lambda topic, payload, _: b"true" in payload))
        driver._links.lasting._client._connection._transport.abort()  # type: ignore[attr-defined]
        offline = json.loads(await states.until(lambda topic, payload, _: b"false" in payload))
        assert offline["timestamp"] == online["timestamp"]
        await asyncio.wait([watching])
        assert watching.exception() is not None
        await states.client.disconnect()
