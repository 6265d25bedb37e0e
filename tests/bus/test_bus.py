"""One exam for both buses, and what only a real server can show."""

import asyncio
import contextlib
import itertools
import os
import socket
from pathlib import Path

import pytest

from baigong.bus.contract import Bus, Message
from baigong.bus.embedded import EmbeddedNats
from baigong.bus.memory import MemoryBus
from baigong.bus.nats import NatsBus
from baigong.bus.passes import PLATFORM, Pass, pass_file
from baigong.bus.roles import Role
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater


@contextlib.asynccontextmanager
async def opened(kind: str, folder: Path):
    if kind == "memory":
        yield MemoryBus()
        return
    anybody = {"anybody": Role(publish=(">",), subscribe=(">",))}
    async with EmbeddedNats(folder / "nats", port=0, more=anybody) as server:
        bus = await NatsBus.connect(server.url, by=server.passes["anybody"])
        try:
            yield bus
        finally:
            await bus.close()


@pytest.fixture(params=["memory", "nats"])
async def bus(request, tmp_path):
    async with opened(request.param, tmp_path) as made:
        yield made


async def first(bus: Bus, at: int, count: int) -> list:
    got = []
    async with asyncio.timeout(20):
        async for batch in bus.read("p0", at):
            got += batch
            if len(got) >= count:
                return got
    return got


async def test_what_is_stored_is_read_back_in_order_from_anywhere(bus):
    state = await bus.ensure_stream("p0", epoch=3, max_bytes=1 << 20)
    assert (state.epoch, state.messages) == (3, 0)
    seqs = [await bus.store("p0", "demo", f"frame {i}".encode()) for i in range(700)]
    assert seqs == list(range(1, 701))
    got = await first(bus, 1, 700)
    assert [m.seq for m in got] == seqs
    assert got[41].payload == b"frame 41" and got[41].subject == "frame.p0.demo"
    assert all(a.time_us <= b.time_us for a, b in itertools.pairwise(got))
    assert [m.seq for m in await first(bus, 690, 11)] == list(range(690, 701))
    assert await bus.stored_time("p0", 42) == got[41].time_us
    assert await bus.stored_time("p0", 701) is None


async def test_a_reader_at_the_end_waits_and_then_gets_what_comes(bus):
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 20)
    waiting = asyncio.create_task(first(bus, 1, 1))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await bus.store("p0", "demo", b"late")
    assert (await waiting)[0].payload == b"late"


async def test_a_full_stream_refuses_and_forgets_nothing(bus):
    await bus.ensure_stream("p0", epoch=1, max_bytes=8192)
    stored = 0
    with pytest.raises(RetryLater) as told:
        for _ in range(100):
            await bus.store("p0", "demo", b"x" * 1000)
            stored += 1
    assert told.value.code == "storage.full"
    assert [m.seq for m in await first(bus, 1, stored)] == list(range(1, stored + 1))
    await bus.purge("p0", 4)
    await bus.store("p0", "demo", b"x" * 1000)
    state = await bus.stream_state("p0")
    assert (state.first_seq, state.last_seq) == (4, stored + 1)


async def test_reading_what_was_purged_is_an_error_and_not_a_gap(bus):
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 20)
    for _ in range(10):
        await bus.store("p0", "demo", b"x")
    await bus.purge("p0", 5)
    with pytest.raises(RetryLater) as told:
        await first(bus, 2, 1)
    assert told.value.code == "storage.corrupt"


async def test_storing_without_a_stream_is_told(bus):
    with pytest.raises(RetryLater) as told:
        await bus.store("nowhere", "demo", b"x")
    assert told.value.code == "bus.down"


async def test_epoch_can_be_minted_anew(bus):
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 20)
    await bus.set_epoch("p0", 7)
    assert (await bus.stream_state("p0")).epoch == 7
    assert (await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 20)).epoch == 7


async def test_questions_are_answered_and_errors_travel(bus):
    async def answer(message: Message) -> bytes:
        if message.payload == b"bad":
            raise FixConfiguration("driver.address", "no such register", place="point a.b", register=7)
        return message.subject.encode() + b"!" + message.payload

    await bus.serve("gateway.local.*", answer)
    assert await bus.request("gateway.local.test", b"hi") == b"gateway.local.test!hi"
    with pytest.raises(BaigongError) as told:
        await bus.request("gateway.local.test", b"bad")
    error = told.value
    assert (error.code, error.place, error.fields) == ("driver.address", "point a.b", {"register": 7})
    with pytest.raises(RetryLater) as silence:
        await bus.request("gateway.other.test", b"", timeout_s=0.3)
    assert silence.value.code == "gateway.down"


async def test_listeners_hear_what_matches(bus):
    heard = bus.subscribe("event.*.link.>")
    await asyncio.sleep(0.1)
    await bus.publish("event.demo.link.lost", b"1")
    await bus.publish("event.demo.device.changed", b"2")
    await bus.publish("event.demo.link.connected", b"3")
    async with asyncio.timeout(5):
        assert [(await anext(heard)).payload for _ in range(2)] == [b"1", b"3"]


async def test_kill_the_server_under_load_and_lose_nothing_that_was_accepted(tmp_path):
    async with EmbeddedNats(tmp_path / "nats", port=0) as server:
        bus = await NatsBus.connect(server.url, by=server.passes[PLATFORM])
        await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 28)
        accepted: dict[int, bytes] = {}

        async def produce(name: int) -> None:
            for i in range(150):
                payload = f"{name}-{i}".encode() + b"x" * 2000
                while True:
                    try:
                        accepted[await bus.store("p0", "demo", payload)] = payload
                        break
                    except RetryLater:
                        await asyncio.sleep(0.05)

        async def kill() -> None:
            for _ in range(3):
                await asyncio.sleep(0.25)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server.pid, 9)

        async with asyncio.timeout(60):
            await asyncio.gather(kill(), *(produce(n) for n in range(8)))
        state = await bus.stream_state("p0")
        got = {m.seq: m.payload for m in await first(bus, 1, state.messages)}
        assert server.restarts >= 1
        assert all(got[seq] == payload for seq, payload in accepted.items())
        assert len(accepted) >= 8 * 150
        await bus.close()


async def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(FixConfiguration) as told:
            async with EmbeddedNats(tmp_path / "nats", port=port):
                pass
    assert told.value.code == "bus.port_taken" and str(port) in str(told.value)


async def test_a_stranger_without_a_pass_is_refused(tmp_path):
    async with EmbeddedNats(tmp_path / "nats", port=0) as server:
        with pytest.raises(RetryLater):
            await NatsBus.connect(server.url, token="wrong", wait_s=1)
        with pytest.raises(RetryLater):
            await NatsBus.connect(server.url, by=Pass(user=PLATFORM, password="wrong"), wait_s=1)
        assert "sync_interval: always" in (tmp_path / "nats" / "nats.conf").read_text()
        for path in (tmp_path / "nats" / "nats.conf", pass_file(tmp_path / "nats" / "passes", PLATFORM)):
            assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("question", ["api", "request"])
async def test_a_cancellation_in_the_moment_of_the_answer_is_not_forgotten(tmp_path, monkeypatch, question):
    """asyncio.wait_for of Python 3.11, inside nats-py, returns the answer and swallows the cancellation."""
    async with opened("nats", tmp_path) as bus:

        async def answered(*_, **__):
            answer = asyncio.get_running_loop().create_future()

            def both() -> None:
                answer.set_result(type("Reply", (), {"data": b"{}", "headers": None}))
                asking.cancel()

            asyncio.get_running_loop().call_soon(both)
            return await asyncio.wait_for(answer, 5)

        monkeypatch.setattr(bus.client, "request", answered)
        ask = bus.api("INFO") if question == "api" else bus.request("who", b"")
        asking = asyncio.create_task(ask)
        with pytest.raises(asyncio.CancelledError):
            await asking
