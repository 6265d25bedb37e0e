"""What comes in at the front door becomes points, described by itself or by a device file."""

from __future__ import annotations

from typing import Any

import pytest
from doors import HeldSink, client, house, publish, until

from baigong.drivers.mqtt import packets as p
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.ids import point_number


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
