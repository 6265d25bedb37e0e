"""The front door on the event loop the product runs on."""

from __future__ import annotations

import pytest
from doors import client, house, until

from baigong.drivers.mqtt import packets as p

uvloop = pytest.importorskip("uvloop")


async def rough_treatment() -> None:
    """Clients that vanish while their sockets are not being read, and one that behaves."""
    async with house(messages_s=300.0, batch_rows=50, is_open=False) as home:
        rude = [await client(home.port, f"c{i}") for i in range(10)]
        for one in rude:
            one.send(*(p.Publish("plant/x", b"1", 1, n + 1) for n in range(500)))
        await until(lambda: home.door.stats()["slowed"] >= 5)
        for one in rude:
            one.cut()
        home.sink.open.set()
        calm = await client(home.port, "calm")
        for n in range(3):
            calm.send(p.Publish("plant/y", b"1", 1, n + 1))
            assert await calm.get(10) == p.Puback(n + 1)
        await until(lambda: home.door.stats()["connections"] == 1, 10)


def test_clients_that_vanish_while_held_back() -> None:
    uvloop.run(rough_treatment())
