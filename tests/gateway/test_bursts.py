"""Waveforms from a driver's delivery to the stream: scaled, accepted only when stored, their clock checked."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rig import Rig, Script, rig, spec, until

from baigong.drivers.contract import Delivery
from baigong.vocab import burst as bursts
from baigong.vocab import quality as q
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import RetryLater
from baigong.vocab.frame import frame

POINT = PointSpec(name="d.shake", address="a", kind="burst", number=1, scale=2.0, offset=1.0)


def stored(r: Rig) -> list[bursts.Recording]:
    made = [bursts.decode(message.payload) for message in r.bus._streams["p0"].log]
    return [one for batch in made if bursts.is_burst(batch) for one in bursts.recordings(batch)]


def delivery(accepted: asyncio.Event, refused: list[str], moment: int, samples: Any) -> Delivery:
    async def accept() -> None:
        accepted.set()

    async def refuse(reason: str) -> None:
        refused.append(reason)

    return Delivery(frame([], []), accept, refuse, bursts.burst([1], [moment], [1000.0], [samples]))


async def test_a_delivery_s_waveforms_are_scaled_stored_and_then_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(capabilities=["watch"])
    script.install(monkeypatch)
    accepted, refused, now = asyncio.Event(), [], time.time_ns() // 1000
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", points=[POINT]))
        await script.queue.put(delivery(accepted, refused, now, [1.0, 2.0, 3.0]))
        await until(accepted.is_set)
        (one,) = stored(r)
        assert (one.point, one.time_us, one.rate_hz, one.quality) == (1, now, 1000.0, 0)
        assert one.samples.tolist() == [3.0, 5.0, 7.0]
        status = r.device("d").status("local")
        assert (status["good"], status["values"], status["state"]) == (1, 1, "connected"), "it was heard"
    assert not refused


async def test_a_wrong_clock_never_costs_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(capabilities=["watch"])
    script.install(monkeypatch)
    accepted = asyncio.Event()
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", points=[POINT]))
        before = time.time_ns() // 1000
        await script.queue.put(delivery(accepted, [], 1_000_000, np.zeros(500)))
        await until(accepted.is_set)
        (one,) = stored(r)
    assert one.quality == q.UNCERTAIN_CLOCK
    assert before - 500_000 <= one.time_us <= time.time_ns() // 1000 - 500_000, "as if it had ended on arrival"


async def test_what_the_stream_cannot_take_waits_in_the_spool_and_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(capabilities=["watch"])
    script.install(monkeypatch)
    accepted, now = asyncio.Event(), time.time_ns() // 1000
    wave = np.random.default_rng(2).normal(size=700_000).astype(np.float32)
    async with rig(tmp_path) as r:
        r.refusing = RetryLater("bus.down", "away")
        await r.run(spec("d", "scripted", points=[PointSpec(name="d.shake", address="a", kind="burst", number=1)]))
        await script.queue.put(delivery(accepted, [], now, wave))
        await until(accepted.is_set)
        assert stored(r) == [], "durable in the spool, not yet in the stream"
        r.refusing = None
        await until(lambda: sum(len(one.samples) for one in stored(r)) == len(wave))
        pieces = stored(r)
    assert [one.time_us - now for one in pieces] == sorted({one.time_us - now for one in pieces}) and len(pieces) == 3
    assert np.concatenate([one.samples for one in pieces]).tobytes() == wave.tobytes()
