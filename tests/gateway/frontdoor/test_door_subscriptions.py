"""Who subscribes at the front door gets what MQTT 3.1.1 promises, and nothing of another tenant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from doors import client, house, publish, until

from baigong.drivers.mqtt import packets as p


async def subscribed(port: int, wanted: str, qos: int = 1, client_id: str = "sub", **more: Any) -> Any:
    made = await client(port, client_id, **more)
    made.send(p.Subscribe(9, ((wanted, qos),)))
    assert await made.get() == p.Suback(9, (qos,))
    return made


@pytest.mark.parametrize(("sent", "wanted"), [(0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)])
async def test_a_subscriber_gets_the_lower_qos(sent: int, wanted: int) -> None:
    async with house() as home:
        sub, pub = await subscribed(home.port, "plant/+", wanted), await client(home.port, "pub")
        pub.send(publish(1, qos=sent))
        got = await sub.get()
        assert isinstance(got, p.Publish)
        assert (got.topic, got.payload, got.qos, got.retain, got.dup) == (
            "plant/data",
            b'{"n": 1}',
            min(sent, wanted),
            False,
            False,
        )
        if got.qos == 2:
            sub.send(p.Pubrec(got.packet_id))
            assert await sub.get() == p.Pubrel(got.packet_id)
            sub.send(p.Pubcomp(got.packet_id))
        elif got.qos == 1:
            sub.send(p.Puback(got.packet_id))
        await until(lambda: home.door.stats()["queued"] == 0)


async def test_overlapping_subscriptions_deliver_once_with_the_greatest_qos() -> None:  # [MQTT-3.3.5-1]
    async with house() as home:
        sub = await client(home.port, "sub")
        sub.send(p.Subscribe(1, (("plant/#", 0), ("plant/+", 1), ("+/data", 0))))
        assert await sub.get() == p.Suback(1, (0, 1, 0))
        (await client(home.port, "pub")).send(publish(1))
        assert (await sub.get()).qos == 1  # type: ignore[union-attr]
        assert await sub.silent()


async def test_unsubscribing_ends_it() -> None:
    async with house() as home:
        sub, pub = await subscribed(home.port, "plant/#"), await client(home.port, "pub")
        sub.send(p.Unsubscribe(3, ("plant/#", "never/was")))
        assert await sub.get() == p.Unsuback(3)
        pub.send(publish(1))
        assert await pub.get() == p.Puback(1)
        assert await sub.silent()


async def test_tenants_do_not_hear_each_other() -> None:
    async with house() as home:
        rival, pub = await subscribed(home.port, "#", user="other"), await client(home.port, "pub")
        pub.send(publish(1, retain=True))
        assert await pub.get() == p.Puback(1)
        late = await subscribed(home.port, "plant/data", client_id="late", user="other")
        assert await rival.silent()
        assert await late.silent()
        assert home.sink.values("rival") == []


async def test_retained_messages_greet_new_subscribers() -> None:
    async with house() as home:
        pub = await client(home.port, "pub")
        live = await subscribed(home.port, "plant/#", client_id="live")
        pub.send(publish(1, 1, retain=True), publish(2, 2, retain=True), publish(3, 3, topic="plant/x", retain=True))
        assert [(await live.get()).retain for _ in range(3)] == [False] * 3  # type: ignore[union-attr]  # [MQTT-3.3.1-9]
        for wanted in ("plant/data", "plant/+", "#"):
            late = await subscribed(home.port, wanted, client_id=wanted.replace("#", "x").replace("+", "y"))
            got = await late.get()
            assert (got.payload, got.retain, got.topic) == (b'{"n": 2}', True, "plant/data")
        pub.send(p.Publish("plant/data", b"", 1, 4, retain=True))  # [MQTT-3.3.1-10]
        for _ in range(4):
            await pub.get()
        late = await subscribed(home.port, "plant/data", client_id="latest")
        assert await late.silent()
        assert home.door.stats()["retained"] == 1


async def test_the_will_of_who_vanished_is_done_and_of_who_said_goodbye_is_not() -> None:
    async with house() as home:
        sub = await subscribed(home.port, "state/#")
        will = p.Will("state/press1", b'{"online": false}', 1, True)
        vanishing, polite = await client(home.port, "a", will=will), await client(home.port, "b", will=will)
        polite.send(p.Disconnect())
        assert await polite.gone()
        assert await sub.silent()
        vanishing.cut()
        got = await sub.get()
        assert (got.topic, got.payload, got.qos) == ("state/press1", b'{"online": false}', 1)
        assert home.door.stats()["retained"] == 1
        await until(lambda: home.sink.values() == [0.0])  # a will is telemetry, too
        taken = await client(home.port, "c", will=will)
        await client(home.port, "c")
        assert await taken.gone()
        assert (await sub.get()).topic == "state/press1"


async def test_messages_for_somebody_away_wait_and_come_in_order() -> None:
    async with house(window=10) as home:
        sub = await subscribed(home.port, "plant/#", 1, clean=False)
        sub.cut()
        pub = await client(home.port, "pub")
        pub.send(*(publish(i, i) for i in range(1, 51)))
        for _ in range(50):
            await pub.get()
        sub = await client(home.port, "sub", clean=False)
        assert sub.session_present
        first = [await sub.get() for _ in range(10)]
        assert await sub.silent()  # the window is full
        sub.cut()
        sub = await client(home.port, "sub", clean=False)
        again = [await sub.get() for _ in range(10)]
        assert [(m.packet_id, m.payload, m.dup) for m in again] == [(m.packet_id, m.payload, True) for m in first]
        got = list(again)
        for message in again:
            sub.send(p.Puback(message.packet_id))
        while len(got) < 50:
            got.append(await sub.get())
            sub.send(p.Puback(got[-1].packet_id))
        assert [json.loads(m.payload)["n"] for m in got] == list(range(1, 51))
        await until(lambda: home.door.stats()["queued"] == 0)


async def test_a_clean_session_forgets() -> None:
    async with house() as home:
        sub = await subscribed(home.port, "plant/#", 1, clean=False)
        sub.cut()
        sub = await client(home.port, "sub", clean=True)
        assert not sub.session_present
        sub.cut()
        sub = await client(home.port, "sub", clean=False)
        assert not sub.session_present
        assert home.door.stats()["subscriptions"] == 0


async def test_a_queue_has_an_end_and_it_is_counted() -> None:
    async with house(queue=5) as home:
        (await subscribed(home.port, "plant/#", 1, clean=False)).cut()
        pub = await client(home.port, "pub")
        pub.send(*(publish(i, i) for i in range(1, 11)))
        for _ in range(10):
            await pub.get()
        assert home.door.stats()["dropped"] == {"subscriber's queue is full": 5}


async def test_commands_from_inside_reach_subscribers_and_are_not_telemetry() -> None:
    async with house() as home:
        sub = await subscribed(home.port, "cmd/press1", 1)
        home.door.publish("demo", "cmd/press1", b'{"go": 1}', qos=1)
        assert (await sub.get()).payload == b'{"go": 1}'
        assert home.sink.values() == []


# restart


async def test_a_session_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "mqtt.sqlite"
    async with house(file) as home:
        sub = await subscribed(home.port, "plant/#", 2, clean=False)
        sub.cut()
        pub = await client(home.port, "pub", clean=False)
        pub.send(publish(1, 1), publish(2, 2, qos=2, retain=True), publish(3, 3, qos=2))
        assert [await pub.get() for _ in range(3)] == [p.Puback(1), p.Pubrec(2), p.Pubrec(3)]
        pub.send(p.Pubrel(2))
        assert await pub.get() == p.Pubcomp(2)
        sub = await client(home.port, "sub", clean=False)
        got = [await sub.get() for _ in range(3)]
        sub.send(p.Puback(got[0].packet_id), p.Pubrec(got[1].packet_id))
        assert await sub.get() == p.Pubrel(got[1].packet_id)
    async with house(file) as home:
        assert home.door.stats()["retained"] == 1
        sub = await client(home.port, "sub", clean=False)
        assert sub.session_present
        assert await sub.get() == p.Pubrel(got[1].packet_id)
        again = await sub.get()
        assert (again.packet_id, again.payload, again.dup) == (got[2].packet_id, got[2].payload, True)
        sub.send(p.Pubcomp(got[1].packet_id), p.Pubrec(again.packet_id))
        assert await sub.get() == p.Pubrel(again.packet_id)
        pub = await client(home.port, "pub", clean=False)
        pub.send(publish(3, 3, qos=2, dup=True))
        assert await pub.get() == p.Pubrec(3)
        assert home.sink.values() == []  # the first door had stored it
        pub.send(publish(2, 22, qos=2))
        assert await pub.get() == p.Pubrec(2)
        assert home.sink.values() == [22]
        assert (await sub.get()).payload == b'{"n": 22}'
