"""A backup's hold: nothing is trimmed or merged while it lasts, and it ends by itself."""

from __future__ import annotations

import msgspec
import pytest

from baigong.bus.memory import MemoryBus
from baigong.historian.hold import Held, HoldRequest, Holds, hold_subject, serve_holds
from baigong.vocab.errors import FixConfiguration


def test_a_hold_ends_with_its_lease() -> None:
    now = [0.0]
    holds = Holds(lambda: now[0])
    assert not holds.active
    holds.take("one", 10)
    holds.take("two", 20)
    now[0] = 15
    assert holds.active, "two still holds"
    holds.release("two")
    assert not holds.active, "one died without a word"
    holds.take("one", 10**9)
    now[0] = 10_000
    assert not holds.active, "nobody holds for ever"


async def test_holds_over_the_bus() -> None:
    bus, holds = MemoryBus(), Holds()
    where = Held(partition="p0", version=7, position=99)
    await serve_holds(bus, "p0", holds, lambda: where)
    asked = msgspec.json.encode(HoldRequest(who="backup"))
    told = await bus.request(hold_subject("p0", "hold"), asked)
    assert msgspec.json.decode(told, type=Held) == where
    assert holds.active
    await bus.request(hold_subject("p0", "release"), asked)
    assert not holds.active
    with pytest.raises(FixConfiguration, match="who"):
        await bus.request(hold_subject("p0", "hold"), b"{}")
