"""Devices under supervision: whatever a driver does, the loop goes on and every point says how it is."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from rig import Script, rig, spec, until

from baigong.gateway.memory import LastHeard
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import frame


def now_us() -> int:
    return time.time_ns() // 1000


async def test_a_simulated_device_from_its_signal_to_the_stream(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.run(spec("d", addresses=("constant?value=4", "sine?period=5&amplitude=1&offset=50")))
        await until(lambda: len(r.rows(1)) > 5 and len(r.rows(2)) > 5)
        assert {row[2] for row in r.rows(1)} == {4.0}
        status = r.device("d").status("local")
        assert (status["state"], status["points"], status["good"], status["bad"]) == ("connected", 2, 2, 0)
        assert status["session"]["mode"] == "watch"
        assert status["error"] is None
        assert r.kinds() == ["link.connected"]
    rows = r.rows(1)
    assert rows[-1][3] == q.BAD_NOT_CONNECTED, "the end is said, not just there"
    assert len({(p, t) for p, t, _, _ in r.rows()}) == len(r.rows())


async def test_no_exception_of_a_driver_ends_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [ValueError("codec"), KeyError("x"), OSError(104, "reset"), RetryLater("driver.protocol", "nonsense"),
              FixConfiguration("driver.address", "no such"), TimeoutError(), EOFError(), RuntimeError("bug"),
              asyncio.IncompleteReadError(b"", 4), RecursionError()]  # fmt: skip
    script, left = Script(), list(errors)

    async def read(points):
        if left:
            raise left.pop(0)
        return frame([1], [now_us()], [1.0])

    script.read = read
    script.install(monkeypatch)
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.01)
    monkeypatch.setattr("baigong.gateway.supervisor._LONGEST_S", 0.02)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a",)))
        await until(lambda: any(row[3] == 0 for row in r.rows(1)))
        assert not left
        assert script.opened >= 5
        assert script.opened - script.closed == 1, "one connection is open, all others were closed"
        assert r.device("d").status("local")["counters"]["error.internal.error"] >= 3
        qualities = {row[3] for row in r.rows(1)}
        assert {q.BAD_UNEXPECTED, q.BAD_NO_COMMUNICATION, 0} <= qualities


async def test_a_wrong_option_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Script().install(monkeypatch)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a",), options={"wrong": True}), spec("e", "teleprinter", ("a",)))
        await until(lambda: r.device("d").state == "down" and r.rows(1))
        status = r.device("d").status("local")
        assert status["error"]["code"] == "driver.option"
        assert status["backoff_s"] >= 2.5, "what people must mend is not tried twice a second"
        assert r.rows(1)[0][3] == q.BAD_NO_COMMUNICATION
        unknown = next(s for s in r.fleet.statuses() if s["device"] == "e")
        assert (unknown["state"], unknown["error"]["code"]) == ("down", "driver.unknown")


async def test_calls_that_hang_are_bounded_even_when_they_swallow_their_cancellation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baigong.gateway.bounded._GRACE_S", 0.1)
    monkeypatch.setattr("baigong.gateway.bounded._CLOSE_S", 0.1)
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.05)
    script, release, hung = Script(), asyncio.Event(), 0

    async def stubborn(points):
        nonlocal hung
        hung += 1
        if hung > 2:
            return frame([1], [now_us()], [1.0])
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return frame([1], [1], [1.0])

    async def leave():
        if hung <= 2:
            await asyncio.Event().wait()

    script.read, script.leave = stubborn, leave
    script.install(monkeypatch)
    async with rig(tmp_path) as r:
        await r.run(
            spec("d", "scripted", ("a",), timeout_s=0.2), spec("other", addresses=("constant?value=1", "square"))
        )
        try:
            await until(lambda: r.device("d").state == "connected" and any(row[3] == 0 for row in r.rows(1)))
            await until(lambda: hung > 4)
            assert len(r.abandoned) == 2
            lost = [e for e in r.events if e.kind == "link.lost" and e.subject == "device:d"]
            assert [e.detail["error"]["code"] for e in lost] == ["driver.timeout"], "told once, tried twice"
        finally:
            release.set()
        await until(lambda: len(r.abandoned) == 0)


async def test_a_lost_link_is_marked_once_and_backed_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, alive = Script(), True

    async def read(points):
        if not alive:
            raise RetryLater("driver.unreachable", "pulled")
        return frame([1, 2], [now_us()] * 2, [1.0, 2.0])

    async def enter():
        if not alive:
            raise RetryLater("driver.unreachable", "still pulled")

    script.read, script.enter = read, enter
    script.install(monkeypatch)
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.1)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a", "b")))
        await until(lambda: len(r.rows(1)) > 3)
        alive = False
        await until(lambda: r.device("d").attempts >= 3)
        status = r.device("d").status("local")
        assert (status["state"], status["good"], status["bad"]) == ("down", 0, 2)
        assert status["error"]["title"] == "still pulled"
        bad = [row for row in r.rows() if row[3] == q.BAD_NO_COMMUNICATION]
        assert sorted(row[0] for row in bad) == [1, 2], "one row per point, however often it is tried"
        why = r.fleet.why("demo", 1)
        assert why
        assert [s["step"] for s in why["chain"]] == ["register", "device", "driver", "scaling", "point"]
        assert why["state"] == "bad"
        assert why["chain"][1]["error"]["code"] == "driver.unreachable"
        assert why["last_good_us"]
        alive = True
        await until(lambda: r.device("d").state == "connected" and r.rows(1)[-1][3] == 0)
        await until(lambda: "gap.left" in r.kinds())
        assert r.kinds("link.connected", "link.lost") == ["link.connected", "link.lost", "link.connected"]
        gap = next(e for e in r.events if e.kind == "gap.left")
        assert gap.detail["from_us"] < bad[0][1] <= gap.detail["to_us"]
        assert r.fleet.why("demo", 1)["state"] == "good"
        assert r.fleet.why("demo", 77) is None


async def test_watched_values_are_accepted_when_stored_and_refused_when_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(capabilities=["watch"])
    script.install(monkeypatch)
    told: list[tuple[str, int]] = []

    def deliver(i: int):
        from baigong.drivers.contract import Delivery

        async def accept() -> None:
            told.append(("accepted", i))

        async def refuse(reason: str) -> None:
            told.append((reason, i))

        script.queue.put_nowait(Delivery(frame([1], [now_us()], [float(i)]), accept, refuse))

    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a",)))
        deliver(0)
        await until(lambda: told == [("accepted", 0)])
        assert r.rows(1)[-1][2] == 0.0
        r.refusing = RetryLater("bus.down", "away")
        monkeypatch.setattr(r.publisher.held._spool, "append", _full)
        deliver(1)
        await until(lambda: len(told) == 2)
        assert told[1] == ("storage.full", 1)
        assert r.rows(1)[-1][2] == 0.0
        r.refusing = None
        deliver(1)
        await until(lambda: len(told) == 3)
        assert told[2] == ("accepted", 1)
        assert r.rows(1)[-1][2] == 1.0
        assert r.device("d").state == "connected", "a full stream is not the device's fault"


def _full(records):
    raise RetryLater("storage.full", "no")


async def test_a_driver_that_cannot_watch_after_all_is_polled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(capabilities=["read", "watch"])
    script.queue.put_nowait(FixConfiguration("driver.unsupported", "no subscriptions here"))
    script.install(monkeypatch)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a",)))
        await until(lambda: len(r.rows(1)) > 3)
        assert r.device("d").status("local")["session"]["mode"] == "poll"
        assert script.opened == 1


async def test_a_point_that_goes_silent_is_marked_once_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(capabilities=["watch"])
    script.install(monkeypatch)
    monkeypatch.setattr("baigong.gateway.session._LOOK_S", 0.05)
    from baigong.drivers.contract import Delivery

    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a", "b"), stale_after_s=0.3))
        for _ in range(8):  # b speaks, a once, so a is stale
            rows = [2] if r.rows(1) else [1, 2]
            script.queue.put_nowait(Delivery(frame(rows, [now_us()] * len(rows), [7.5] * len(rows))))
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        assert [(v, quality) for _, _, v, quality in r.rows(1)] == [(7.5, 0), (7.5, q.UNCERTAIN_LAST_USABLE)]
        assert {row[3] for row in r.rows(2)} == {0}
        stale = [e for e in r.events if e.kind == "point.stale"]
        assert [e.detail["points"] for e in stale] == [["1"]]
        script.queue.put_nowait(Delivery(frame([1], [now_us()], [8.0])))
        await until(lambda: "point.recovered" in r.kinds())
        assert r.rows(1)[-1][2:] == (8.0, 0)


async def test_a_point_never_heard_is_waiting_for_its_first_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(capabilities=["watch"])
    script.install(monkeypatch)
    monkeypatch.setattr("baigong.gateway.session._LOOK_S", 0.05)
    monkeypatch.setattr("baigong.gateway.session._FIRST_NEWS_S", 0.2)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a",)))
        await until(lambda: r.rows(1))
        await asyncio.sleep(0.3)
        assert [row[3] for row in r.rows(1)] == [q.BAD_WAITING_FOR_INITIAL_DATA]


async def test_a_device_that_remembers_fills_its_hole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, alive = Script(capabilities=["read", "history"]), True

    async def read(points):
        if not alive:
            raise RetryLater("driver.unreachable", "pulled")
        return frame([1, 2], [now_us()] * 2, [1.0, 2.0])

    async def enter():
        if not alive:
            raise RetryLater("driver.unreachable", "pulled")

    script.read, script.enter = read, enter
    script.install(monkeypatch)
    monkeypatch.setattr("baigong.gateway.supervisor._FIRST_S", 0.05)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a", "b")))
        await until(lambda: len(r.rows(1)) > 3)
        assert script.asked == []
        alive = False
        await until(lambda: r.device("d").state == "down")
        lost = now_us()
        script.remembered = [RetryLater("driver.unreachable", "broke again")]
        alive = True
        await until(lambda: script.asked)
        missed = [lost + 1000 * i for i in range(10)]
        script.remembered = [frame([1] * 10, missed, list(range(10)))]
        await until(lambda: "hole.filled" in r.kinds())
        filled = next(e for e in r.events if e.kind == "hole.filled")
        assert filled.detail["values"] == 10
        start, end = script.asked[-1]
        assert start < lost < end
        rows = r.rows(1)
        assert [row[1] for row in rows if row[1] in missed] == missed
        marks = {row[1] for row in rows if row[3] == q.BAD_NO_COMMUNICATION}
        await until(lambda: marks == {row[1] for row in r.rows(1) if row[3] == q.DELETED})
        assert not [row for row in r.rows(2) if row[3] == q.DELETED], "of b the device remembered nothing"
        assert "gap.left" not in r.kinds()


async def test_history_is_asked_for_when_the_subscription_reports_so_that_nothing_falls_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from baigong.drivers.contract import Delivery

    script = Script(capabilities=["watch", "history"])
    script.install(monkeypatch)
    script.remembered = [frame([1], [now_us() - 60_000_000], [1.0])]
    async with rig(tmp_path, heard={"demo/d": LastHeard(heard_us=now_us() - 3_600_000_000)}) as r:
        await r.run(spec("d", "scripted", ("a",)))
        await until(lambda: r.device("d").state == "connected")
        await asyncio.sleep(0.3)
        assert script.asked == []
        reported = now_us()
        script.queue.put_nowait(Delivery(frame([1], [reported], [2.0])))
        await until(lambda: "hole.filled" in r.kinds())
        assert script.asked[-1][1] > reported


async def test_a_device_that_remembers_nothing_leaves_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(capabilities=["read", "history"])
    script.remembered = [FixConfiguration("driver.unsupported", "this server keeps no history")]
    script.install(monkeypatch)
    long_ago = now_us() - 3_600_000_000
    async with rig(tmp_path, heard={"demo/d": LastHeard(heard_us=long_ago)}) as r:
        await r.run(spec("d", "scripted", ("a",)))
        await until(lambda: "gap.left" in r.kinds())
        gap = next(e for e in r.events if e.kind == "gap.left")
        assert gap.detail["from_us"] == long_ago
        assert gap.detail["reason"] == "this server keeps no history"
        await until(lambda: len(r.rows(1)) > 2)
        first = r.rows(1)[0]
        assert first[3] == q.BAD_NO_COMMUNICATION, "the gateway was killed an hour ago: the gap has a beginning"
        assert long_ago < first[1] < long_ago + 10_000_000
        assert r.device("d").state == "connected"


async def test_unwell_twice_is_a_broken_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(capabilities=["watch"], well=False)
    script.install(monkeypatch)
    monkeypatch.setattr("baigong.gateway.session._HEALTH_S", 0.05)
    async with rig(tmp_path) as r:
        await r.run(spec("d", "scripted", ("a",)))
        await until(lambda: "link.lost" in r.kinds())


async def test_changes_restart_only_what_changed(tmp_path: Path) -> None:
    a, b = spec("a", addresses=("constant?value=1",)), spec("b", addresses=("constant?value=2", "square"))
    async with rig(tmp_path) as r:
        await r.run(a, b)
        await until(lambda: r.device("a").state == r.device("b").state == "connected" and r.rows(2))
        was = r.device("a"), r.device("b")
        await r.run(a, spec("b", addresses=("constant?value=2",)))
        assert r.device("a") is was[0]
        assert r.device("b") is not was[1]
        await until(lambda: r.rows(2)[-1][3] == q.BAD_NOT_CONNECTED)
        await r.run(a, spec("b", addresses=("constant?value=2",), enabled=False))
        assert r.device("b").status("local")["state"] == "disabled"
        await r.run(a)
        assert r.fleet.find("demo", "b") is None


async def test_many_devices_that_hang_do_not_disturb_one_that_works(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    dead = [
        spec(f"dead{i}", "modbus", ("holding:1:uint16",), options={"host": "127.0.0.1", "port": port}, timeout_s=0.5)
        for i in range(20)
    ]
    async with rig(tmp_path) as r:
        await r.run(spec("good", points=[]), *dead)
        await r.run(spec("live", addresses=("constant?value=1", "square", "sine"), stale_after_s=1), *dead)
        await until(lambda: all(r.device(f"dead{i}").state == "down" for i in range(20)))
        assert r.device("live").state == "connected"
        told = {r.device(f"dead{i}").error.code for i in range(20)}
        assert told <= {"driver.timeout", "driver.unreachable"}  # on a busy machine connecting may be what times out
        assert "point.stale" not in r.kinds()
    server.close()
    await server.wait_closed()
