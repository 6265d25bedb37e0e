"""What bounds the front door, what it remembers, and what it tells."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from doors import ALL, OPENED, Client, HeldSink, client, house, raw_client, until
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.bus.memory import MemoryBus
from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import encode, encode_publish
from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.payload import Book, numbering_of
from baigong.drivers.mqtt.topics import covers
from baigong.gateway.frontdoor import FrontDoor, Options
from baigong.gateway.frontdoor.bridge import decode_topic, encode_topic
from baigong.gateway.frontdoor.options import Machine
from baigong.gateway.frontdoor.tree import Tree
from baigong.vocab.errors import RetryLater
from baigong.vocab.frame import times_us
from baigong.vocab.ids import point_number

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

levels = st.sampled_from(["a", "b", "", "$x", "+"])
names = st.lists(levels.filter(lambda level: level != "+"), min_size=1, max_size=4).map("/".join).filter(bool)
filters = st.lists(levels, min_size=1, max_size=4).map("/".join).filter(bool) | st.lists(levels, max_size=3).map(
    lambda some: "/".join([*some, "#"])
)


@given(
    st.lists(st.tuples(filters, st.integers(0, 3), st.integers(0, 2)), max_size=8),
    st.lists(names, min_size=1, max_size=4),
    st.data(),
)
def test_the_tree_finds_what_comparing_finds(
    subscriptions: list[tuple[str, int, int]], topics: list[str], data: Any
) -> None:
    tree: Tree[int] = Tree()
    held: dict[tuple[str, int], int] = {}
    for wanted, who, qos in subscriptions:
        tree.add(wanted, who, qos)
        held[wanted, who] = qos
    for _ in range(2):
        for topic in topics:
            expected: dict[int, int] = {}
            for (wanted, who), qos in held.items():
                if covers(wanted, topic):
                    expected[who] = max(qos, expected.get(who, 0))
            assert tree.match(topic) == expected
        assert bool(tree) == bool(held)
        if held:
            gone = data.draw(st.sampled_from(sorted(held)))
            tree.remove(*gone)
            tree.remove("never/was", 1)
            del held[gone]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), max_size=6), min_size=1).map(
        "/".join
    )
)
def test_topics_become_subjects_and_come_back(topic: str) -> None:
    subject = encode_topic(topic)
    assert decode_topic(subject) == topic
    assert all(
        token and set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=")
        for token in subject.split(".")
    )


async def test_two_gateways_share_live_messages_and_store_once() -> None:
    bus, sinks = MemoryBus(), [HeldSink(), HeldSink()]
    doors = []

    async def credentials(username: str, password: bytes, client_id: str) -> Machine:
        return Machine("demo", username, *ALL)

    async def register(tenant: str, device: str, points: Any) -> None:
        return None

    for sink in sinks:
        sink.open.set()
        door = FrontDoor(sink=sink, credentials=credentials, register_points=register, options=Options(port=0), bus=bus)
        await door.start()
        doors.append(door)
    try:
        here, there = [await client(door.port, f"c{i}") for i, door in enumerate(doors)]
        there.send(p.Subscribe(1, (("plant/#", 1),)))
        await there.get()
        here.send(p.Publish("plant/press 3/x.y", b'{"n": 1}', 1, 1, retain=True))
        assert await here.get() == p.Puback(1)
        got = await there.get()
        assert (got.topic, got.payload, got.qos, got.retain) == ("plant/press 3/x.y", b'{"n": 1}', 1, False)
        doors[0].publish("demo", "plant/cmd", b"5")
        assert (await there.get()).payload == b"5"
        assert [door.stats()["retained"] for door in doors] == [1, 1]
        assert [sink.values() for sink in sinks] == [[1], []]
        for one in (here, there):
            one.cut()
    finally:
        for door in doors:
            await door.stop(1.0)
        await bus.close()


async def test_retained_messages_are_bounded() -> None:
    async with house(retained_per_tenant=3, retained_bytes_per_tenant=1000) as home:
        press = await client(home.port)
        for i in range(5):
            press.send(p.Publish(f"t/{i}", b"1", 1, i + 1, retain=True))
            await press.get()
        assert home.door.stats()["retained"] == 3
        press.send(p.Publish("t/0", b'"' + b"x" * 2000 + b'"', 1, 9, retain=True))
        await press.get()
        stats = home.door.stats()
        assert (stats["retained"], stats["dropped"]) == (2, {"too many retained messages": 3})


async def test_a_queue_is_bounded_in_bytes() -> None:
    async with house(queue_bytes=10_000) as home:
        sub = await client(home.port, "sub", clean=False)
        sub.send(p.Subscribe(1, (("plant/#", 1),)))
        await sub.get()
        sub.cut()
        pub = await client(home.port, "pub")
        for i in range(20):
            pub.send(p.Publish("plant/x", b'"' + b"y" * 1000 + b'"', 1, i + 1))
            await pub.get()
        stats = home.door.stats()
        assert stats["queued"] == 9
        assert stats["dropped"] == {"subscriber's queue is full": 11}


async def test_a_subscriber_that_takes_nothing_hurts_nobody_and_is_put_out() -> None:
    async with house(write_timeout_s=0.5) as home:
        deaf = await client(home.port, "deaf")
        deaf.send(p.Subscribe(1, (("plant/#", 0),)))
        await deaf.get()
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        pub = await client(home.port, "pub")
        payload = json.dumps("x" * 60_000).encode()
        for i in range(400):
            pub.send(p.Publish("plant/x", payload, 1, i + 1))
            assert await pub.get() == p.Puback(i + 1)
        await until(lambda: home.door.stats()["closed"].get("subscriber takes nothing") == 1)
        assert home.door.stats()["dropped"]["subscriber is slow"] > 0


async def test_a_session_nobody_came_back_for_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "mqtt.sqlite"
    async with house(file) as home:
        sub = await client(home.port, "sub", clean=False)
        sub.send(p.Subscribe(1, (("plant/#", 1),)))
        await sub.get()
        sub.cut()
        await until(lambda: home.door.stats()["connections"] == 0)
    async with house(file, session_expiry_s=1000.0) as home:
        assert home.door.stats()["sessions"] == 1
    await asyncio.sleep(0.1)
    async with house(file, session_expiry_s=0.05) as home:
        assert home.door.stats()["sessions"] == 0
        await home.door.rooms["demo"].settle()
        with sqlite3.connect(file) as db:
            assert db.execute("select count(*) from subscription").fetchone() == (0,)
        db.close()


async def test_a_file_that_cannot_be_written_delays_the_acknowledgement(tmp_path: Path) -> None:
    file = tmp_path / "mqtt.sqlite"
    async with house(file) as home:
        press = await client(home.port, clean=False)
        await home.door.rooms["demo"].settle()
        with sqlite3.connect(file, isolation_level=None) as blocker:
            blocker.execute("begin exclusive")
            press.send(p.Publish("plant/x", b"1", 2, 1))
            assert await press.silent(0.3)
            blocker.execute("rollback")
        blocker.close()
        assert await press.get(10) == p.Pubrec(1)
        assert home.sink.values() == [1]


async def test_refused_clients_are_remembered_for_whoever_asks() -> None:
    async with house() as home:
        stranger = await raw_client(home.port)
        stranger.send(p.Connect("c9", username="press1", password=b"wrong"))
        assert await stranger.get() == p.Connack(p.BAD_CREDENTIALS)
        (refusal,) = home.door.stats()["recent_refusals"]
        assert (refusal["client"], refusal["username"], refusal["from"], refusal["reason"]) == (
            "c9",
            "press1",
            "127.0.0.1",
            "credentials",
        )


async def test_a_registry_that_is_down_lets_nobody_in_and_says_later() -> None:
    async def credentials(username: str, password: bytes, client_id: str) -> tuple[str, str] | None:
        raise RetryLater("gateway.down", "not yet")

    async with house() as home:
        home.door.entrance._credentials = credentials
        early = await raw_client(home.port)
        early.send(p.Connect("c", username="press1", password=b"secret"))
        assert await early.get() == p.Connack(p.UNAVAILABLE)


async def test_a_hundred_clients_at_once() -> None:
    async with house() as home:

        async def one(i: int) -> None:
            press = await client(home.port, f"c{i}")
            for n in range(20):
                press.send(p.Publish(f"plant/p{i}", json.dumps({"n": n}).encode(), 1 + n % 2, n + 1))
                answer = await press.get(20)
                assert answer.packet_id == n + 1  # type: ignore[union-attr]
                if n % 2:
                    press.send(p.Pubrel(n + 1))
                    assert await press.get(20) == p.Pubcomp(n + 1)
            press.send(p.Disconnect())

        async with asyncio.TaskGroup() as group:
            for i in range(100):
                group.create_task(one(i))
        assert len(home.sink.values()) == 2000
        assert home.door.stats()["batches"] < 1000
        await until(lambda: home.door.stats()["connections"] == 0)
        assert home.door.devices("demo") == [
            {"tenant": "demo", "device": "press1", "connections": 0, "enabled": True, "messages": 2000, "topics": 100,
             "points": 100, "refused_points": 0, "refused_topics": 0, "denied": None,
             "last_us": home.door.devices("demo")[0]["last_us"]}
        ]  # fmt: skip


async def test_a_packet_in_pieces_of_one_byte_is_read_once() -> None:
    async with house() as home:
        press = await client(home.port)
        raw = encode_publish("plant/x", json.dumps({"n": 1, "pad": "x" * 3000}).encode(), 1, 1)
        for i in range(len(raw)):
            press.send(raw[i : i + 1])
            if i % 100 == 0:
                await press.writer.drain()
                await asyncio.sleep(0)
        assert await press.get() == p.Puback(1)
        assert home.door.stats()["messages"] == 1


async def test_stopping_stores_and_answers_what_was_read() -> None:
    sink = HeldSink()
    async with house(sink=sink, is_open=False) as home:
        press = await client(home.port)
        press.send(p.Publish("plant/x", b"1", 1, 1))
        await until(lambda: home.door.stats()["messages"] == 1)
        stopping = asyncio.create_task(home.door.stop(5.0))
        await asyncio.sleep(0.1)
        sink.open.set()
        assert await press.get() == p.Puback(1)
        await stopping
        assert await press.gone()


async def test_stopping_without_a_stream_answers_nobody() -> None:
    async with house(is_open=False) as home:
        press = await client(home.port)
        press.send(p.Publish("plant/x", b"1", 1, 1))
        await until(lambda: home.door.stats()["messages"] == 1)
        await home.door.stop(0.2)
        with pytest.raises((EOFError, ConnectionError)):
            await press.get()
        assert home.sink.values() == []


@pytest.mark.parametrize(
    "flood", [encode(p.Pingreq()) * 50_000, encode(p.Puback(1)) * 50_000, encode(p.Pubrel(1)) * 20_000]
)
async def test_floods_of_small_packets_are_slowed(flood: bytes) -> None:
    async with house(messages_s=5_000.0) as home:
        press, calm = await client(home.port), await client(home.port, "calm")
        reading = asyncio.create_task(swallow(press))
        press.send(flood)
        await asyncio.sleep(0.2)
        calm.send(p.Publish("plant/x", b"1", 1, 1))
        assert await calm.get() == p.Puback(1)
        assert home.door.stats()["slowed"] >= 1
        press.cut()
        await reading


async def swallow(one: Client) -> None:
    try:
        while await one.reader.read(65_536):
            pass
    except ConnectionError:
        pass


def test_a_clock_that_was_set_back_is_followed() -> None:
    book, columns = Book(numbering_of("demo", "d")), Columns()
    hour = 3_600_000_000
    for now_us in (10 * hour, 10 * hour, 9 * hour, 9 * hour + 5):
        book.reader("t").take(b"1", columns, now_us)
    assert sorted(times_us(columns.frame()).tolist()) == [9 * hour, 9 * hour + 5, 10 * hour, 10 * hour + 1]


async def test_why_knows_what_waits() -> None:
    async with house(sink=HeldSink(failures=[RetryLater("storage.full", "no room")] * 1000)) as home:
        press = await client(home.port)
        press.send(p.Publish("plant/x", b'{"n": 1}', 1, 1))
        number = point_number("demo", "press1", "plant/x#n")
        await until(lambda: (home.door.why("demo", number) or {}).get("waiting"))
        why = home.door.why("demo", number)
        assert why is not None
        assert (why["waiting"]["code"], why["address"], why["connected"]) == ("storage.full", "plant/x#n", True)
        assert home.door.why("rival", number) is None
        assert home.door.why("demo", 12345) is None
        assert home.door.stats()["waiting"]["code"] == "storage.full"
        home.sink.failures.clear()
        assert await press.get() == p.Puback(1)
        home.sink.open.set()


async def test_who_outstays_what_it_signed_in_with_is_shown_out() -> None:
    async with house() as home:
        press = await client(home.port, "press")
        (connection,) = home.door.rooms["demo"].connections
        connection.until_us = 1  # a certificate that ended meanwhile
        assert await press.gone()
        assert home.door.counts.closed["certificate ended"] == 1


async def test_machines_of_one_address_that_come_at_once_all_get_in() -> None:
    async with house(signing_in_per_address=20, line_per_address=500) as home:
        seen: list[int] = []

        async def one(i: int) -> None:
            press = await raw_client(home.port)
            seen.append(home.door.stats()["in_line"])
            press.send(p.Connect(f"c{i}", username="press1", password=b"secret"))
            assert await press.get(20) == p.Connack(p.ACCEPTED)

        async with asyncio.TaskGroup() as group:
            for i in range(300):
                group.create_task(one(i))
        told = home.door.stats()
        assert (told["connections"], told["signing_in"], told["in_line"]) == (300, 0, 0) and max(seen) > 100
        assert not told["refused"] and not told["closed"]


async def test_who_says_nothing_holds_no_place_for_long_and_none_of_others() -> None:
    async with house(signing_in_per_address=20, line_per_address=10, crowded_timeout_s=0.1) as home:
        [await raw_client(home.port) for _ in range(25)]
        await until(lambda: home.door.stats()["in_line"] == 5)
        away = Client(*await asyncio.open_connection("127.0.0.1", home.port, local_addr=("127.0.0.9", 0)))
        OPENED.append(away)
        away.send(p.Connect("away", username="press2", password=b"secret"))
        assert await away.get() == p.Connack(p.ACCEPTED)  # another address, at once
        behind = await client(home.port, "behind")  # the same one, when the silent are put out
        assert home.door.stats()["closed"]["slow to sign in"] >= 5
        [await raw_client(home.port) for _ in range(40)]
        await until(lambda: home.door.stats()["refused"].get("too many from one address"))
        assert home.door.stats()["recent_refusals"][-1]["from"] == "127.0.0.1"
        assert home.door.stats()["connections"] >= 2 and not behind.writer.is_closing()
