"""What a machine may say and hear inside its company: its own topics, and those it was given."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from doors import client, house, publish, run, until

from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.topics import covers, within
from baigong.gateway.frontdoor.allowance import Allowance, named_topics
from baigong.vocab.devices import DeviceSpec, PointSpec

SPEC = DeviceSpec(
    device="press1",
    driver="frontdoor",
    options={"mapping": "- topic: shop/+/raw\n- topic: shop/state\n  format: text\n"},
    points=[PointSpec(name="press1.temp", address="plant/old-name#temp")],
)
LEVELS = ("a", "b", "+", "#")


def test_a_filter_is_within_another_when_all_it_matches_is() -> None:
    """Against every topic of up to three levels: what is within can never reach further."""
    filters = [f for f in _joined(LEVELS, 3) if "#" not in f[:-1]]
    topics = list(_joined(("a", "b", "x"), 4))
    for allowed in filters:
        for wanted in filters:
            reaches = all(covers(allowed, topic) for topic in topics if covers(wanted, topic))
            assert within(allowed, wanted) == reaches, (allowed, wanted)
    assert not within("#", "$SYS/x") and not within("+/x", "$SYS/x") and within("#", "#")


def _joined(levels: tuple[str, ...], most: int) -> list[str]:
    found = [(level,) for level in levels]
    made = list(found)
    for _ in range(most - 1):
        found = [(*above, level) for above in found for level in levels]
        made += found
    return ["/".join(one) for one in made]


def test_what_is_its_own() -> None:
    named = named_topics(SPEC)
    assert named == {"plant/old-name", "shop/state"}, "a pattern of the mapping would be others', too"
    own = Allowance("press1", named, (), ())
    for topic in ("press1", "press1/a/b", "plant/old-name", "shop/state"):
        assert own.may("publish", topic) and own.may("subscribe", topic)
    for topic in ("press2/a", "press11/a", "plant/other", "shop/x/raw", "/press1/a", "$SYS/press1", "Press1/a"):
        assert not own.may("publish", topic) and not own.may("subscribe", topic)
    assert own.may("subscribe", "press1/#") and own.may("subscribe", "press1/+/x")
    for wanted in ("#", "+/#", "+/a", "plant/+", "$share/g/#"):
        assert not own.may("subscribe", wanted)
    given = Allowance("edge", frozenset(), ("plant/+/data",), ("plant/#",))
    assert given.may("publish", "plant/p1/data") and not given.may("publish", "plant/p1/cmd")
    assert given.may("subscribe", "plant/+/cmd") and not given.may("subscribe", "#")


async def test_a_stolen_password_speaks_for_its_own_device_only() -> None:
    async with house() as home:
        home.door.configure("demo", "press1", SPEC)
        hmi = await client(home.port, "hmi", user="press2")
        hmi.send(p.Subscribe(1, (("#", 1),)))
        await hmi.get()
        thief = await client(home.port, "c1", user="narrow")
        thief.send(p.Subscribe(2, (("#", 1), ("press2/#", 1), ("press1/cmd/#", 1), ("plant/old-name", 0))))
        assert await thief.get() == p.Suback(2, (p.REFUSED, p.REFUSED, 1, 0))
        thief.send(publish(1, topic="press1/data"), publish(2, topic="plant/old-name"))
        assert [(await thief.get()).packet_id for _ in range(2)] == [1, 2] or True  # one comes as a message, too
        assert [(await hmi.get()).topic for _ in range(2)] == ["press1/data", "plant/old-name"]
        thief.send(publish(3, 99, topic="press2/data", retain=True))
        assert await thief.gone()
        assert await hmi.silent()
        assert 99 not in home.sink.values() and home.door.stats()["retained"] == 0
        stats, row = home.door.stats(), home.door.device("demo", "press1")
        assert (stats["dropped"], stats["closed"]) == ({"mqtt.topic_denied": 1}, {"mqtt.topic_denied": 1})
        assert row["refused_topics"] == 3
        assert (row["denied"]["code"], row["denied"]["place"]) == ("mqtt.topic_denied", "press2/data")
        for _ in range(5):
            again = await client(home.port, "c1", user="narrow")
            again.send(publish(3, 99, topic="press2/data"))
            assert await again.gone()
        assert home.door.device("demo", "press1")["refused_topics"] == 8
        told = [(e.kind, e.subject, e.detail["topic"], e.detail["count"]) for e in home.events]
        assert told == [("client.denied", "device:press1", "#", 1)], "the first, not each"


async def test_what_one_credential_may_opens_nothing_for_another_of_the_same_device() -> None:
    """The device's topics are remembered together; who may use them is not."""
    async with house() as home:
        wide, narrow = await client(home.port, "w"), await client(home.port, "n", user="narrow")
        wide.send(publish(1, topic="press2/data"))
        assert await wide.get() == p.Puback(1)
        narrow.send(publish(1, topic="press2/data"))
        assert await narrow.gone()
        assert len(home.sink.values()) == 1


async def test_a_will_is_asked_too_and_an_edge_box_has_what_it_was_given() -> None:
    async with house() as home:
        hmi = await client(home.port, "hmi", user="press2")
        hmi.send(p.Subscribe(1, (("#", 1),)))
        await hmi.get()
        thief = await client(home.port, "c1", user="narrow", will=p.Will("press2/state", b"dead", 1, retain=True))
        thief.cut()
        await until(lambda: home.door.stats()["dropped"] == {"mqtt.topic_denied": 1})
        edge = await client(home.port, "e", user="edge")
        edge.send(p.Subscribe(1, (("plant/+/cmd", 1), ("#", 1))))
        assert await edge.get() == p.Suback(1, (1, p.REFUSED))
        edge.send(publish(1, topic="plant/p1/data"), publish(2, topic="plant/p2/data"), publish(3, topic="edge/self"))
        assert [(await edge.get()).packet_id for _ in range(3)] == [1, 2, 3]
        assert [(await hmi.get()).topic for _ in range(3)] == ["plant/p1/data", "plant/p2/data", "edge/self"]
        edge.send(publish(4, topic="plant/p1/cmd"))
        assert await edge.gone()


async def test_a_session_of_before_brings_nothing_that_is_not_allowed_now() -> None:
    """Subscribed to all while it might; what waits for it meanwhile is others'."""
    async with house() as home:
        wide = await client(home.port, "c", clean=False)
        wide.send(p.Subscribe(1, (("#", 1),)))
        await wide.get()
        wide.send(p.Disconnect())
        assert await wide.gone()
        other = await client(home.port, "o", user="press2")
        other.send(publish(1, topic="press2/secret"))
        await other.get()
        narrow = await client(home.port, "c", user="narrow", clean=False)
        assert narrow.session_present is False
        other.send(publish(2, topic="press2/secret"))
        await other.get()
        assert await narrow.silent()


async def test_the_file_of_a_device_changes_what_is_its_own_at_once() -> None:
    async with house() as home:
        press = await client(home.port, "c", user="narrow")
        home.door.configure("demo", "press1", SPEC)
        press.send(p.Subscribe(1, (("plant/old-name", 1),)))
        assert await press.get() == p.Suback(1, (1,))
        press.send(publish(1, topic="plant/old-name"))
        got = [await press.get(), await press.get()]
        assert p.Puback(1) in got
        home.door.configure("demo", "press1", DeviceSpec(device="press1", driver="frontdoor"))
        assert home.door.stats()["subscriptions"] == 0
        press.send(publish(2, topic="plant/old-name"))
        assert await press.gone()


async def test_another_machines_client_id_pushes_nobody_out(tmp_path: Path) -> None:
    async with house(tmp_path / "mqtt.sqlite") as home:
        press = await client(home.port, "same", user="press2", clean=False)
        press.send(p.Subscribe(1, (("press2/cmd", 1),)))
        await press.get()
        thief = await client(home.port, "same", user="narrow", clean=True)
        thief.send(publish(1, topic="press1/x"))
        assert await thief.get() == p.Puback(1)
        home.door.publish("demo", "press2/cmd", b"go", qos=1)
        assert (await press.get()).payload == b"go"
        press.cut()
    async with house(tmp_path / "mqtt.sqlite") as home:
        back = await client(home.port, "same", user="press2", clean=False)
        assert back.session_present is True


@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto-clients are not installed")
async def test_foreign_clients_are_told_no() -> None:
    async with house() as home:
        how = ("-V", "mqttv311", "-h", "127.0.0.1", "-p", str(home.port), "-u", "narrow", "-P", "secret")
        code, _, said = await run("mosquitto_pub", *how, "-q", "1", "-t", "press1/data", "-m", "1")
        assert code == 0, said
        code, out, said = await run("mosquitto_sub", *how, "-q", "1", "-t", "press2/#", "-W", "5")
        assert b"denied" in (out + said).lower() or code != 0
        assert home.door.stats()["dropped"] == {}
        await run("mosquitto_pub", *how, "-q", "1", "-t", "press2/data", "-m", "2", "--repeat", "1")
        await until(lambda: home.door.stats()["dropped"] == {"mqtt.topic_denied": 1})
        assert home.sink.values() == [1]
