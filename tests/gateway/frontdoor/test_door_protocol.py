"""The front door and the letter of MQTT 3.1.1, byte by byte."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from doors import HeldSink, client, house, raw_client, until

from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import encode
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.ids import point_number


def publish(packet_id: int, value: Any = 1, *, qos: int = 1, topic: str = "plant/data", **more: Any) -> p.Publish:
    return p.Publish(topic, json.dumps({"n": value}).encode(), qos, packet_id if qos else 0, **more)


# acceptance


async def test_no_puback_before_the_sink_returned() -> None:
    async with house(is_open=False) as home:
        press = await client(home.port)
        press.send(publish(1), publish(2), publish(3, qos=2))
        assert await press.silent(0.2)
        home.sink.open.set()
        assert [await press.get() for _ in range(3)] == [p.Puback(1), p.Puback(2), p.Pubrec(3)]
        assert home.sink.values() == [1, 1, 1]


async def test_a_stream_that_says_later_is_asked_again() -> None:
    sink = HeldSink(failures=[RetryLater("storage.full", "no room"), RetryLater("bus.down", "restarting")])
    async with house(sink=sink) as home:
        press = await client(home.port)
        press.send(publish(1))
        assert await press.get() == p.Puback(1)
        assert (sink.calls, sink.values()) == (3, [1])
        assert home.door.stats()["retries"] == 2


async def test_what_the_stream_will_never_take_is_counted_and_acknowledged() -> None:
    sink = HeldSink(failures=[FixConfiguration("payload.too_large", "too large")])
    async with house(sink=sink) as home:
        press = await client(home.port)
        press.send(publish(1))
        assert await press.get() == p.Puback(1)
        assert home.door.stats()["dropped"] == {"payload.too_large": 1}
        assert sink.values() == []


async def test_a_sink_that_breaks_answers_nobody_and_recovers() -> None:
    sink = HeldSink(failures=[ZeroDivisionError("a bug")])
    async with house(sink=sink) as home:
        press = await client(home.port, clean=False)
        press.send(publish(1, qos=2))
        assert await press.gone()
        assert home.door.stats()["closed"]["batch abandoned"] == 1
        press = await client(home.port, clean=False)
        press.send(publish(1, qos=2, dup=True))
        assert await press.get() == p.Pubrec(1)
        assert sink.values() == [1]


async def test_sockets_are_not_read_while_the_stream_is_full() -> None:
    async with house(is_open=False, batch_rows=50) as home:
        press = await client(home.port)
        sent = 0
        while sent < 2_000_000:  # bytes, until nobody takes them any more
            raw = b"".join(encode(publish(i + 1)) for i in range(1000))
            press.send(raw)
            sent += len(raw)
            try:
                async with asyncio.timeout(0.2):
                    await press.writer.drain()
            except TimeoutError:
                break
        await asyncio.sleep(0.1)
        before = home.door.stats()["messages"]
        await asyncio.sleep(0.1)
        assert home.door.stats()["messages"] == before
        assert home.door.stats()["backlog"] >= 50
        home.sink.open.set()
        total = sent // len(encode(publish(1)))
        await until(lambda: home.door.stats()["accepted"] >= total - 1, 20)
        press.cut()


async def test_an_unacknowledged_message_comes_again_and_is_stored() -> None:
    async with house(is_open=False) as home:
        press = await client(home.port, clean=False)
        press.send(publish(7, 1))
        assert await press.silent()
        press.cut()
        press = await client(home.port, clean=False)
        press.send(publish(7, 1, dup=True))
        home.sink.open.set()
        assert await press.get() == p.Puback(7)
        assert set(home.sink.values()) == {1}


async def test_acknowledgements_keep_their_order() -> None:
    async with house(linger_s=0.001) as home:
        press = await client(home.port)
        for i in range(1, 2001):
            press.send(publish(i))
            if i % 50 == 0:
                await asyncio.sleep(0.002)
        assert [(await press.get()).packet_id for _ in range(2000)] == list(range(1, 2001))  # type: ignore[union-attr]
        assert home.door.stats()["batches"] > 1


async def test_qos_2_is_stored_exactly_once() -> None:
    async with house() as home:
        press = await client(home.port, clean=False)
        press.send(publish(5, 1, qos=2))
        assert await press.get() == p.Pubrec(5)
        press.send(publish(5, 1, qos=2, dup=True))  # it did not hear the PUBREC
        assert await press.get() == p.Pubrec(5)
        press.cut()
        press = await client(home.port, clean=False)
        assert press.session_present  # type: ignore[attr-defined]
        press.send(publish(5, 1, qos=2, dup=True))
        assert await press.get() == p.Pubrec(5)
        press.send(p.Pubrel(5))
        assert await press.get() == p.Pubcomp(5)
        press.send(p.Pubrel(5))  # again: still answered
        assert await press.get() == p.Pubcomp(5)
        press.send(publish(5, 2, qos=2))  # the identifier is free, this is another message
        assert await press.get() == p.Pubrec(5)
        assert home.sink.values() == [1, 2]
        assert home.door.stats()["duplicates"] == 2


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_what_is_not_values_is_counted_and_acknowledged(qos: int) -> None:
    async with house() as home:
        press = await client(home.port)
        press.send(p.Publish("plant/data", b"{rubbish", qos, 1 if qos else 0), publish(2))
        if qos:
            assert (await press.get()).packet_id == 1  # type: ignore[union-attr]
        assert await press.get() == p.Puback(2)
        assert home.door.stats()["dropped"] == {"payload.malformed": 1}
        assert home.sink.values() == [1]
        why = home.door.why("demo", point_number("demo", "press1", "plant/data#n"))
        assert why is not None
        assert why["error"]["code"] == "payload.malformed"
        assert (why["clients"], why["topic"], why["messages"]) == (["c1"], "plant/data", 2)


# signing in


@pytest.mark.parametrize(
    ("connect", "code"),
    [
        (p.Connect("c", level=3), p.BAD_LEVEL),
        (p.Connect("c", level=5, username="press1", password=b"secret"), p.BAD_LEVEL),
        (p.Connect("", clean=False, username="press1", password=b"secret"), p.BAD_CLIENT_ID),
        (p.Connect("c", username="press1", password=b"wrong"), p.BAD_CREDENTIALS),
        (p.Connect("c", username="nobody", password=b"secret"), p.BAD_CREDENTIALS),
        (p.Connect("c"), p.NOT_AUTHORIZED),
    ],
)
async def test_strangers_are_refused_with_the_right_code(connect: p.Connect, code: int) -> None:
    async with house() as home:
        stranger = await raw_client(home.port)
        stranger.send(connect)
        assert await stranger.get() == p.Connack(code)
        assert await stranger.gone()
        assert sum(home.door.stats()["refused"].values()) == 1
        assert home.door.stats()["sessions"] == 0


async def test_anonymous_clients_come_in_only_when_told_so() -> None:
    async with house(anonymous_clients_are_let_in_as=("demo", "anybody")) as home:
        press = await client(home.port, user=None, password=None)
        press.send(publish(1))
        assert await press.get() == p.Puback(1)
        assert home.points[0][:2] == ("demo", "anybody")


async def test_packets_behind_connect_wait_for_its_answer() -> None:  # [MQTT-3.1.4-5]
    async with house() as home:
        press = await raw_client(home.port)
        press.send(
            encode(p.Connect("c", username="press1", password=b"secret")) + encode(publish(1)) + encode(publish(2))[:9]
        )
        assert await press.get() == p.Connack()
        assert await press.get() == p.Puback(1)
        press.send(encode(publish(2))[9:])
        assert await press.get() == p.Puback(2)


async def test_a_client_id_is_taken_over_within_its_tenant_only() -> None:
    async with house() as home:
        first = await client(home.port, "same")
        rival = await client(home.port, "same", user="other")
        second = await client(home.port, "same")
        assert await first.gone()
        for one in (second, rival):
            one.send(publish(1))
            assert await one.get() == p.Puback(1)
        assert home.door.stats()["closed"] == {"taken over": 1}


async def test_a_disabled_device_is_put_out_and_kept_out() -> None:
    async with house() as home:
        press = await client(home.port)
        home.door.configure("demo", "press1", DeviceSpec(device="press1", driver="frontdoor", enabled=False))
        assert await press.gone()
        press = await raw_client(home.port)
        press.send(p.Connect("c", username="press1", password=b"secret"))
        assert await press.get() == p.Connack(p.NOT_AUTHORIZED)


# what closes a connection


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x30\xff\xff\xff\x7f", "payload.too_large"),
        (b"\x30\x80\xc2\xd7\x2f" + b"x" * 100, "payload.too_large"),  # "100 MB follow"
        (b"\x30\xff\xff\xff\xff\x01", "mqtt.malformed"),
        (b"\x30\x05\x00\x03\xff\xfe\xfd", "mqtt.malformed"),  # not UTF-8
        (b"\x36\x05\x00\x01a\x00\x01", "mqtt.malformed"),  # QoS 3
        (b"\x00\x00", "mqtt.malformed"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "mqtt.malformed"),
        (encode(p.Connect("c")), "second CONNECT"),
        (encode(p.Connack()), "packet only a server sends"),
        (encode(p.Publish("$SYS/broker", b"1")), "auth.denied"),
    ],
)
async def test_broken_rules_close_the_connection_and_are_counted(raw: bytes, reason: str) -> None:
    async with house() as home:
        press = await client(home.port)
        press.send(raw)
        assert await press.gone()
        await until(lambda: home.door.stats()["connections"] == 0)
        assert home.door.stats()["closed"] == {reason: 1}
        other = await client(home.port)
        other.send(publish(1))
        assert await other.get() == p.Puback(1)


@pytest.mark.parametrize(
    "raw", [b"\x00" * 10, b"\xff" * 10, encode(publish(1)), b"\x10\xff\xff\xff\x7f", b"\x16\x03\x01\x02\x00"]
)
async def test_who_does_not_begin_with_connect_is_put_out(raw: bytes) -> None:
    async with house() as home:
        stranger = await raw_client(home.port)
        stranger.send(raw)
        assert await stranger.gone()
        assert sum(home.door.stats()["closed"].values()) == 1


async def test_slow_loris_is_put_out() -> None:
    async with house(connect_timeout_s=0.5, packet_timeout_s=0.5) as home:
        silent, dripping = await raw_client(home.port), await client(home.port)
        letters = iter(encode(publish(1)) * 100)
        home_free = asyncio.create_task(dripping.gone())
        while not home_free.done():
            dripping.send(bytes((next(letters),)) if home.door.stats()["messages"] == 0 else b"")
            await asyncio.sleep(0.4)
        assert await silent.gone()
        assert home.door.stats()["closed"] == {"slow packet": 1, "slow to sign in": 1}


async def test_keep_alive_is_kept() -> None:  # [MQTT-3.1.2-24]
    async with house() as home:
        dead, alive = await client(home.port, "dead", keep_alive_s=1), await client(home.port, "alive", keep_alive_s=1)
        for _ in range(6):
            await asyncio.sleep(0.5)
            alive.send(p.Pingreq())
            assert await alive.get() == p.Pingresp()
        assert await dead.gone(0.5)
        assert home.door.stats()["closed"] == {"keep alive": 1}


async def test_a_denied_publish_closes_and_is_told() -> None:
    async with house(permits=lambda tenant, device, topic, action: not topic.startswith("secret")) as home:
        press = await client(home.port)
        press.send(p.Subscribe(1, (("secret/#", 1), ("open/#", 1))))
        assert await press.get() == p.Suback(1, (p.REFUSED, 1))
        press.send(publish(1), publish(2, topic="secret/x"), publish(3))
        assert await press.gone()
        stats = home.door.stats()
        assert (stats["dropped"], stats["closed"]) == ({"auth.denied": 1}, {"auth.denied": 1})
        assert [e.kind for e in home.events] == ["client.disconnected"]


async def test_a_flood_is_slowed_and_told() -> None:
    async with house(messages_s=200.0) as home:
        press = await client(home.port)
        began = asyncio.get_running_loop().time()
        for i in range(5):
            press.send(*(publish(i * 100 + k + 1) for k in range(100)))
            for _ in range(100):
                await press.get()
        assert asyncio.get_running_loop().time() - began > 1.0
        assert home.door.stats()["slowed"] >= 2
        assert [e.kind for e in home.events] == ["quota.exceeded"]
        assert len(home.sink.values()) == 500


async def test_a_tenant_has_only_so_many_connections() -> None:
    async with house(connections_per_tenant=2) as home:
        kept = [await client(home.port, f"c{i}") for i in range(2)]
        more = await raw_client(home.port)
        more.send(p.Connect("c3", username="press1", password=b"secret"))
        assert await more.get() == p.Connack(p.UNAVAILABLE)
        await client(home.port, "c0")  # a take-over is not one more
        await client(home.port, "c1", user="other")  # nor is another tenant
        assert len(kept) == 2


# subscriptions


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


# points


async def test_points_are_announced_once_and_named() -> None:
    async with house() as home:
        press = await client(home.port)
        for i in range(3):
            press.send(p.Publish("plant/press3/data", b'{"temp": {"front": 1}, "on": true, "state": "RUN"}', 1, i + 1))
            await press.get()
        await until(lambda: len(home.points) == 3)
        assert {(t, d, f.address, f.name, f.kind) for t, d, f in home.points} == {
            ("demo", "press1", "plant/press3/data#temp.front", "plant.press3.data.temp.front", "gauge"),
            ("demo", "press1", "plant/press3/data#on", "plant.press3.data.on", "state"),
            ("demo", "press1", "plant/press3/data#state", "plant.press3.data.state", "text"),
        }
        assert {f.number for _, _, f in home.points} == {
            point_number("demo", "press1", f.address) for _, _, f in home.points
        }


async def test_a_registry_that_is_down_or_objects_stops_nothing() -> None:
    answers = [
        RetryLater("gateway.down", "not yet"),
        FixConfiguration("point.collision", "x"),
        FixConfiguration("point.collision", "x"),
    ]
    seen: list[str] = []

    async def register(tenant: str, device: str, found: Any) -> None:
        seen.append(found[0].name)
        if answers:
            raise answers.pop(0)

    async with house(register=register) as home:
        press = await client(home.port)
        press.send(publish(1))
        assert await press.get() == p.Puback(1)
        await until(lambda: home.door.stats()["points"] == 1)
        assert seen == ["plant.data.n"] * 3 + ["press1.plant.data.n"]


async def test_a_device_file_says_what_its_payloads_mean() -> None:
    async with house() as home:
        press = await client(home.port)
        spec = DeviceSpec(
            device="press1",
            driver="frontdoor",
            options={"mapping": [{"topic": "plant/#", "fields": {"n": "speed"}}, {"topic": "state", "format": "text"}]},
            points=[PointSpec(name="press1.speed", address="plant/data#n", scale=2.0)],
        )
        home.door.configure("demo", "press1", spec)
        press.send(p.Publish("plant/data", b'{"n": 4, "other": 5}', 1, 1), p.Publish("state", b"RUN", 1, 2))
        assert [await press.get(), await press.get()] == [p.Puback(1), p.Puback(2)]
        assert sorted(map(str, home.sink.values())) == ["8.0", "RUN"]
        await until(lambda: len(home.points) == 1)
        assert home.points[0][2].name == "state.value"
        with pytest.raises(FixConfiguration):
            home.door.configure(
                "demo", "press1", DeviceSpec(device="press1", driver="frontdoor", options={"mapping": "]["})
            )


async def test_a_taken_port_is_a_clear_error() -> None:
    async with house() as home:
        with pytest.raises(FixConfiguration) as caught:
            async with house_on(home.port):
                pass
        assert caught.value.code == "bus.port_taken"


def house_on(port: int) -> Any:
    from doors import FrontDoor, Options

    class Opening:
        async def __aenter__(self) -> None:
            async def nobody(*_: Any) -> None:
                return None

            await FrontDoor(
                sink=HeldSink(), credentials=nobody, register_points=nobody, options=Options(port=port)
            ).start()

        async def __aexit__(self, *_: object) -> None:
            return None

    return Opening()
