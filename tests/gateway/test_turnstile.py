"""Devices that come back in one moment come in one by one, and none waits behind one that hangs."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from clocks import HandClock
from rig import Script, rig, spec, until

from baigong.gateway.turnstile import Turnstile
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import frame


async def test_three_hundred_at_once_come_in_one_by_one_in_the_order_of_asking() -> None:
    clock = HandClock()
    turnstile, came = Turnstile(clock, a_second=100), []

    async def come(number: int) -> None:
        await turnstile.enter()
        came.append((number, clock.monotonic()))

    coming = [asyncio.create_task(come(n)) for n in range(300)]
    await clock.turn(0.0)
    assert (len(came), turnstile.waiting) == (1, 299)
    await clock.turn(3.0)
    await asyncio.gather(*coming)
    assert [n for n, _ in came] == list(range(300))
    apart = [later - sooner for (_, sooner), (_, later) in itertools.pairwise(came)]
    assert min(apart) == pytest.approx(0.01, rel=1e-6)


async def test_who_comes_alone_does_not_wait_and_who_gave_up_holds_nobody_up_longer_than_his_turn() -> None:
    clock = HandClock()
    turnstile = Turnstile(clock, a_second=10)
    await turnstile.enter()
    given_up = asyncio.create_task(turnstile.enter())
    await clock.turn(0.0)
    given_up.cancel()
    await asyncio.wait({given_up})
    assert turnstile.waiting == 0
    await clock.turn(0.3)
    await asyncio.wait_for(turnstile.enter(), 1)


async def test_each_cause_of_a_loss_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    causes = [RetryLater("driver.unreachable", "gone"), RetryLater("driver.unreachable", "gone"),
              FixConfiguration("driver.credentials", "wrong"), RetryLater("driver.unreachable", "gone")]  # fmt: skip
    script, left = Script(), list(causes)

    async def enter() -> None:
        if left:
            raise left.pop(0)

    async def read(points):
        return frame([1], [1_790_000_000_000_000], [1.0])

    script.enter, script.read = enter, read
    script.install(monkeypatch)
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.01)
    monkeypatch.setattr("baigong.gateway.supervisor._WRONG_S", 0.01)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a",)))
        await until(lambda: "link.connected" in r.kinds())
        told = [(e.kind, (e.detail.get("error") or {}).get("code")) for e in r.events if e.kind.startswith("link.")]
    assert told == [
        ("link.lost", "driver.unreachable"),
        ("link.failed", "driver.credentials"),
        ("link.connected", None),
    ]
