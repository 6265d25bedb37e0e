"""MTConnect: documents of strangers, what observations mean, the cursor, and what a break costs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baigong.drivers.contract import Delivery, Wanted
from baigong.drivers.mtconnect import codec
from baigong.drivers.mtconnect.codec import _UNITS, AgentError, document, model, streams
from baigong.drivers.mtconnect.driver import MtconnectDriver
from baigong.drivers.mtconnect.sim import Agent
from baigong.drivers.mtconnect.values import Row, States
from baigong.drivers.mtconnect.xml import parse
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import times_us
from baigong.vocab.units import is_unit


def told(agent: Agent) -> dict[str, Row]:
    """Read the agent's buffer as the driver does: the last row of each address."""
    states = States(model(document(agent.probe(), "MTConnectDevices")).items)
    made = streams(document(agent.sample(1, 1000)[0], "MTConnectStreams"))
    return {row.address: row for one in made.observations for row in states.rows(one)}


# -- documents --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"", b"HTTP/1.1 400", b"<a>", b"<a><b></a>", b"\xff" * 100, b"<a/><b/>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<a>" * 200 + b"</a>" * 200, b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)  # fmt: skip
def test_what_is_no_document_is_typed(content: bytes) -> None:
    with pytest.raises(RetryLater) as caught:
        parse(content)
    assert caught.value.code == "driver.protocol"


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.8", "2.0", "2.4"])
def test_every_version_is_read_by_local_names(version: str) -> None:
    agent = Agent(version=version)
    made = model(document(agent.probe(), "MTConnectDevices"))
    assert [device.title for device in made.devices] == ["Mill 1"]
    axis = made.components["d1/axes/x"]
    assert axis.title == "Linear X"
    assert {item.id: item.unit for item in axis.items} == {"Xact": "mm", "Xload": "%", "vib": "mm/s2"}
    assert made.items["Xact"].title == "Linear X position actual"


def test_an_error_document_is_an_error() -> None:
    with pytest.raises(AgentError) as caught:
        document(Agent()._error("OUT_OF_RANGE", "no"), "MTConnectStreams")
    assert caught.value.code == "OUT_OF_RANGE"
    with pytest.raises(RetryLater):
        document(Agent().probe(), "MTConnectStreams")


def test_units_are_ucum() -> None:
    assert all(is_unit(unit) for unit in _UNITS.values())


# -- observations -----------------------------------------------------------------------------------------


def test_unavailable_is_a_bad_value_everywhere() -> None:
    rows = told(Agent())
    for address in ("Xact", "path_pos#z", "exec", "vars", "temp", "temp#code"):
        assert (rows[address].value, rows[address].quality) == (None, q.BAD_DATA_UNAVAILABLE), address


def test_words_stay_words_and_numbers_that_are_none_are_bad() -> None:
    agent = Agent()
    agent.set("program", "0042")
    agent.set("parts", "17")
    agent.set("Xact", "fast")
    rows = told(agent)
    assert (rows["program"].value, rows["parts"].value) == ("0042", 17.0)
    assert (rows["Xact"].value, rows["Xact"].quality) == (None, q.BAD_TYPE_MISMATCH)


def test_conditions_are_the_worst_that_is_active() -> None:
    agent, seen = Agent(), []
    for level, code in (
        ("Warning", "A"), ("Fault", "B"), ("Warning", "C"), ("Normal", "B"), ("Normal", "C"), ("Normal", ""),
        ("Fault", "A"), ("Unavailable", ""),
    ):  # fmt: skip
        agent.set("temp", f"text {code}", level=level, **({"nativeCode": code} if code else {}))
        rows = told(agent)
        seen.append((rows["temp"].value, rows["temp#code"].value))
    assert seen == [
        ("Warning", "A"), ("Fault", "B"), ("Fault", "B"), ("Warning", "C"), ("Warning", "A"), ("Normal", ""),
        ("Fault", "A"), (None, None),
    ]  # fmt: skip


def test_sets_and_tables_tell_what_changed() -> None:
    agent = Agent()
    agent.set("vars", content='<Entry key="a">1</Entry><Entry key="b">x</Entry>')
    agent.set("vars", content='<Entry key="a" removed="true"/><Entry key="c">3</Entry>')
    agent.set("offsets", content='<Entry key="G54"><Cell key="X">1.5</Cell><Cell key="Y">2</Cell></Entry>')
    rows = told(agent)
    assert (rows["vars#a"].value, rows["vars#b"].value, rows["vars#c"].value) == (None, "x", 3.0)
    assert rows["vars"].value == '{"b": "x", "c": "3"}'
    assert (rows["offsets#G54.X"].value, rows["offsets#G54.Y"].value) == (1.5, 2.0)


def test_a_time_series_is_spread_over_its_time() -> None:
    agent = Agent()
    end = datetime(2026, 11, 22, 8, tzinfo=UTC)
    agent.set("vib", "1 2 3 4", end, sampleCount="4", sampleRate="100")
    states = States(model(document(agent.probe(), "MTConnectDevices")).items)
    one = streams(document(agent.sample(1, 1000)[0], "MTConnectStreams")).observations[-1]
    last_us = int(end.timestamp()) * 1_000_000
    assert [(row.value, last_us - row.time_us) for row in states.rows(one)] == [
        (1.0, 30_000), (2.0, 20_000), (3.0, 10_000), (4.0, 0),
    ]  # fmt: skip


# -- over the wire ----------------------------------------------------------------------------------------

POINTS = [Wanted(1, "Xact"), Wanted(2, "parts")]


async def values_until(driver: MtconnectDriver, last: float) -> list[Any]:
    """Watch X until it has this value."""
    made: list[Any] = []
    async with asyncio.timeout(5):
        async for delivery in driver.watch(POINTS):
            made += [row["value"] for row in delivery.frame.to_pylist() if row["point"] == 1]
            if made[-1:] == [last]:
                return made
    raise AssertionError


async def test_the_stream_goes_on_where_the_picture_ends_nothing_lost_nothing_twice() -> None:
    async with Agent() as agent:
        agent.set("Xact", "0")
        async with MtconnectDriver({"url": agent.url, "interval_ms": 10, "count": 7}) as driver:
            watching = asyncio.create_task(values_until(driver, 300))
            for number in range(1, 301):
                agent.set("Xact", str(number))
                if number % 10 == 0:
                    await asyncio.sleep(0.002)
            seen = await watching
        assert seen == sorted(set(seen))
        assert len(seen) == 301 - seen[0]  # from the picture on, every one


async def test_what_the_buffer_forgot_is_a_gap_and_then_it_goes_on() -> None:
    async with Agent(buffer=20) as agent:
        agent.set("Xact", "1")
        async with MtconnectDriver({"url": agent.url, "interval_ms": 200}) as driver:
            seen: list[tuple[int, Any, int]] = []
            async with asyncio.timeout(8):
                async for delivery in driver.watch(POINTS):
                    rows = delivery.frame.to_pylist()
                    seen += [(row["point"], row["value"], row["quality"]) for row in rows]
                    if len(seen) == 2:
                        await asyncio.sleep(0.3)  # the stream is open
                        for number in range(100):
                            agent.set("Xact", str(number))
                    if seen[-1][1] == 99.0 or (1, 99.0, 0) in seen:
                        break
            gaps = [point for point, value, quality in seen if value is None and quality == q.BAD_DATA_UNAVAILABLE]
            assert 1 in gaps[1:]
            assert (await driver.health()).counters["overruns"] == 1


async def test_history_is_the_agents_buffer_in_its_own_time() -> None:
    async with Agent() as agent:
        begin = datetime.now(UTC) - timedelta(minutes=10)
        for minute in range(10):
            agent.set("Xact", str(minute), begin + timedelta(minutes=minute))
        async with MtconnectDriver({"url": agent.url}) as driver:
            start_us = int((begin + timedelta(minutes=3)).timestamp() * 1e6) - 1000
            end_us = start_us + 4 * 60_000_000
            frames = [frame async for frame in driver.history(POINTS, start_us, end_us)]
            assert [value for frame in frames for value in frame["value"].to_pylist()] == [3, 4, 5, 6]
            assert all(start_us <= moment < end_us for frame in frames for moment in times_us(frame))


async def test_an_agent_started_anew_is_connected_to_anew() -> None:
    async with Agent() as agent, MtconnectDriver({"url": agent.url}) as driver:
        await agent.stop()
        await agent.start(anew=True)
        with pytest.raises(RetryLater) as caught:
            await driver.read(POINTS)
        assert "started anew" in caught.value.message
        async with MtconnectDriver({"url": agent.url}) as again:
            assert len(await again.read(POINTS)) == 2


async def test_a_value_that_changed_long_ago_is_told_as_it_is_now() -> None:
    async with Agent() as agent:
        agent.set("Xact", "5", datetime.now(UTC) - timedelta(days=30))
        async with MtconnectDriver({"url": agent.url}) as driver:
            frame = await driver.read(POINTS[:1])
            assert abs(times_us(frame)[0] / 1e6 - datetime.now(UTC).timestamp()) < 5


async def test_all_items_become_points_with_titles_and_units() -> None:
    async with Agent() as agent:
        agent.set("Xact", "5")
        async with MtconnectDriver({"url": agent.url}) as driver:
            assert driver.discover(lambda address: len(address) + 100)
            deliveries: list[Delivery] = []
            async for delivery in driver.watch([]):
                deliveries.append(delivery)
                break
            (found,) = driver.take_found()
            assert (found.name, found.unit, found.title) == ("mill_1.xact", "mm", "Linear X position actual")


async def test_a_device_that_the_agent_has_not() -> None:
    async with Agent() as agent:
        with pytest.raises(FixConfiguration) as caught:
            async with MtconnectDriver({"url": agent.url, "device": "Lathe"}):
                pytest.fail("it has no lathe")
        assert (caught.value.code, caught.value.place) == ("driver.option", "device")
        async with MtconnectDriver({"url": agent.url, "device": "Mill 1"}) as driver:
            assert len(await driver.browse("")) == 1


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://u:p@x", "http://x/?a", "http://x:99999", "nonsense"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        MtconnectDriver({"url": url})
    assert (caught.value.code, caught.value.place) == ("driver.option", "url")


def test_moments() -> None:
    assert codec.moment_us("2026-11-22T16:00:00+08:00") == codec.moment_us("2026-11-22T08:00:00Z")
