"""Ticks: aligned to the wall clock, free of drift and jitter, late ones counted."""

from __future__ import annotations

import asyncio

import pytest
from clocks import HandClock

from baigong.gateway.points import PointTable
from baigong.gateway.scan import Beat, ScanClass, phase_s, scan_classes
from baigong.vocab.devices import DeviceSpec, PointSpec


async def ticks(clock: HandClock, beat: Beat, work_s: list[float], into: list) -> None:
    for seconds in work_s:
        missed = await beat.tick()
        into.append((clock.now_us(), missed))
        clock.pass_(seconds)


async def test_ticks_fall_on_multiples_of_the_period_and_do_not_drift() -> None:
    clock = HandClock(1_790_000_000_300_000)
    seen: list[tuple[int, int]] = []
    running = asyncio.create_task(ticks(clock, Beat(0.25, clock), [0.001 * (i % 7) for i in range(4000)], seen))
    await clock.turn(1010)
    await running
    # wall time in whole microseconds: the hand clock rounds, the beat must not add it up
    assert all(abs((at - 1_790_000_000_500_000) - i * 250_000) < 3000 for i, (at, _) in enumerate(seen))
    assert sum(missed for _, missed in seen) == 0


async def test_late_ticks_are_skipped_and_counted() -> None:
    clock = HandClock()
    seen: list[tuple[int, int]] = []
    running = asyncio.create_task(ticks(clock, Beat(1.0, clock), [0.1, 2.5, 0.1, 0.9, 0.2, 0.1], seen))
    await clock.turn(20)
    await running
    seconds = [(at - 1_790_000_000_000_000) / 1e6 for at, _ in seen]
    assert seconds == pytest.approx([1, 2, 5, 6, 7, 8], abs=0.01)
    assert [missed for _, missed in seen] == [0, 0, 2, 0, 0, 0]


async def test_a_step_of_the_wall_clock_changes_no_period() -> None:
    clock = HandClock()
    beat = Beat(1.0, clock)
    seen: list[tuple[int, int]] = []
    running = asyncio.create_task(ticks(clock, beat, [0.0] * 10, seen))
    await clock.turn(3.5)
    clock.step_wall(-3600)
    await clock.turn(3.5)
    clock.step_wall(7200)
    await clock.turn(3.5)
    await running
    assert all(missed == 0 for _, missed in seen)


async def test_phase_moves_all_ticks() -> None:
    clock = HandClock()
    seen: list[tuple[int, int]] = []
    running = asyncio.create_task(ticks(clock, Beat(1.0, clock, 0.2), [0.0] * 3, seen))
    await clock.turn(5)
    await running
    assert [round((at % 1_000_000) / 1e6, 2) for at, _ in seen] == [0.2, 0.2, 0.2]


def test_points_of_one_period_are_read_together() -> None:
    points = [
        PointSpec(name=f"a.{n}", address=n, scan=s) for n, s in [("a", ""), ("b", "fast"), ("c", "also"), ("d", "fast")]
    ]
    spec = DeviceSpec(device="d", driver="sim", scan={"default": "1s", "fast": "100ms", "also": "1s"}, points=points)
    classes = scan_classes(PointTable("t", spec))
    assert [(c.period_s, sorted(w.address for w in c.wanted)) for c in classes] == [
        (0.1, ["b", "d"]),
        (1.0, ["a", "c"]),
    ]
    assert classes[0].status()["class"] == "fast"


def test_devices_are_spread_over_their_period() -> None:
    phases = [phase_s(f"demo/plc{n:03}", 1.0) for n in range(500)]
    shares = [sum(tenth / 10 <= p < (tenth + 1) / 10 for p in phases) for tenth in range(10)]
    assert min(shares) >= 35 and max(shares) <= 65
    assert all(0 <= phase_s(f"demo/meter{n}", 3600.0) < 1.0 for n in range(100)), "hourly stays at the full hour"


def test_a_scan_class_tells_how_late_its_readings_begin() -> None:
    scan = ScanClass("fast", 0.1, [])
    assert scan.status()["late_p99_ms"] is None
    for n in range(300):
        scan.begun(0.5 if n < 10 else 0.002)  # what was long ago is forgotten
        scan.reads += 1
    assert scan.status()["late_p99_ms"] == 2.0
