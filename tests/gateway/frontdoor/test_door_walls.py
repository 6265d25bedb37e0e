"""A device of one company neither publishes to, nor hears, nor takes over anything of another, whatever it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from baigong.drivers.mqtt import packets as p
from tests.gateway.frontdoor.doors import client, house, until

TOPICS = ("plant/data", "demo/press1/data", "tenant/demo/press1", "frame.p0.demo", "spBv1.0/demo/DDATA/press1/x")
FILTERS = ("#", "+/#", "demo/#", "+/press1/#", "tenant/demo/#", "plant/+", "frame.p0.demo", "$SYS/#", "$share/g/#",
           "spBv1.0/#", "/#", "+")  # fmt: skip


@pytest.mark.parametrize("topic", TOPICS)
async def test_what_one_company_publishes_is_its_own_whatever_the_topic_says(topic: str) -> None:
    async with house() as home:
        ours = await client(home.port, "ours")
        ours.send(p.Subscribe(1, (("#", 1),)))
        await ours.get()
        rival = await client(home.port, "rival", user="other")
        rival.send(p.Publish(topic, b'{"n": 666}', 1, 1, retain=True))
        answer = await rival.get()
        assert answer == p.Puback(1)
        assert await ours.silent()
        assert home.sink.values("demo") == []
        assert all(tenant == "rival" for tenant, _ in home.sink.frames)
        assert all(tenant == "rival" for tenant, _, _ in home.points)


async def test_no_filter_reaches_another_company(  # retained, live, waiting and wills
) -> None:
    async with house() as home:
        spies = []
        for index, wanted in enumerate(FILTERS):
            spy = await client(home.port, f"spy{index}", user="other", clean=False)
            spy.send(p.Subscribe(1, ((wanted, 1),)))
            assert isinstance(await spy.get(), p.Suback), wanted
            spies.append(spy)
        dying = await client(home.port, "dying", will=p.Will("plant/will", b"gone", 1, True))
        ours = await client(home.port, "ours")
        for number, topic in enumerate(TOPICS, 1):
            ours.send(p.Publish(topic, b'{"n": 1}', 1, number, retain=True))
            assert await ours.get() == p.Puback(number)
        dying.cut()
        await until(lambda: home.door.stats()["retained"] > len(TOPICS))
        for spy in spies:
            assert await spy.silent(0.05)
        late = await client(home.port, "late", user="other")
        late.send(p.Subscribe(1, tuple((wanted, 1) for wanted in FILTERS)))
        await late.get()
        assert await late.silent(), "nothing that is retained either"


async def test_a_client_id_opens_no_session_of_another_company() -> None:
    async with house() as home:
        ours = await client(home.port, "same", clean=False)
        ours.send(p.Subscribe(1, (("#", 1),)))
        await ours.get()
        await ours.close()
        await until(lambda: home.door.stats()["connections"] == 0)
        pub = await client(home.port, "pub")
        pub.send(p.Publish("plant/data", b'{"n": 1}', 1, 1))
        assert await pub.get() == p.Puback(1)
        thief = await client(home.port, "same", user="other", clean=False)
        assert thief.session_present is False  # type: ignore[attr-defined]
        assert await thief.silent()
        owner = await client(home.port, "same", clean=False)
        got = await owner.get()
        assert isinstance(got, p.Publish) and got.payload == b'{"n": 1}'


async def test_of_a_company_that_leaves_nothing_is_left_in_memory_or_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "mqtt.db"
    async with house(file) as home:
        rival = await client(home.port, "stays", user="other", clean=False)
        rival.send(p.Publish("kept/topic", b'{"n": 2}', 1, 1, retain=True))
        assert await rival.get() == p.Puback(1)
        away = await client(home.port, "zq7xaway", clean=False)
        away.send(p.Subscribe(1, (("#", 1),)))
        await away.get()
        await away.close()
        ours = await client(home.port, "zq7xours", clean=False, will=p.Will("zq7xwill", b"gone", 1, True))
        ours.send(p.Publish("zq7xtopic", b'{"zq7xname": 1}', 1, 1, retain=True))
        assert await ours.get() == p.Puback(1)
        assert any(b"zq7x" in path.read_bytes() for path in tmp_path.iterdir())
        await home.door.room("demo").dissolve()
        home.door.rooms.pop("demo")
        assert await ours.gone()
        assert not any(b"zq7x" in path.read_bytes() for path in tmp_path.iterdir())
        assert any(b"kept/topic" in path.read_bytes() for path in tmp_path.iterdir())
    async with house(file) as home:
        assert {tenant for tenant, room in home.door.rooms.items() if room.sessions or room.retained} == {"rival"}
