"""The front door and the letter of MQTT 3.1.1, byte by byte."""

from __future__ import annotations

import asyncio

import pytest
from doors import HeldSink, client, house, publish, raw_client, until

from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import encode
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.ids import point_number

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
        press.send(publish(1, topic="anybody/data"))
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
        (encode(p.Publish("$SYS/broker", b"1")), "mqtt.topic_denied"),
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
