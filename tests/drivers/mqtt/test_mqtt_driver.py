"""Values through the mqtt driver: what arrives, and that nothing accepted is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mqttbroker import WANTED, mosquitto, needs_mosquitto, opened, publisher, within

from baigong.drivers.contract import Delivery, Wanted
from baigong.drivers.mqtt.sim import Simulator
from baigong.vocab import quality as q
from baigong.vocab.errors import RetryLater
from baigong.vocab.frame import times_us


async def gather(driver: Any, wanted: list[Wanted], found: list[float], enough: Callable[[], bool]) -> None:
    """Watch and accept until there is enough."""
    async for delivery in driver.watch(wanted):
        found += delivery.frame["value"].to_pylist()
        await delivery.accept()
        if enough():
            return


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
