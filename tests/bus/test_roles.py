"""Roles on a real NATS server: each does its work, each forbidden subject is refused, and the refusal is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from baigong.bus import snapshot
from baigong.bus.contract import Message
from baigong.bus.embedded import PASSES, STRANGER, BusTls, EmbeddedNats
from baigong.bus.nats import NatsBus
from baigong.bus.passes import KEEPER, PLATFORM, RESTORE, Pass, gateway_user, new_password, pass_file, write_pass
from baigong.cli.bustls import bus_tls
from baigong.registry.serving import AUTHORITY, ServerCertificate
from baigong.vocab.errors import BaigongError, FixConfiguration

EDGE = Pass(user=gateway_user("edge"), password=new_password(), companies=("moulds",))


@asynccontextmanager
async def signed_in(server: EmbeddedNats, *passes: Pass) -> AsyncIterator[list[NatsBus]]:
    made = [await NatsBus.connect(server.url, by=by, tls=bus_tls(server.url, by)) for by in passes]
    try:
        yield made
    finally:
        for bus in made:
            await bus.close()


async def refused(bus: NatsBus, subject: str) -> bool:
    """Publish; say whether the server refuses it: it answers a ping after what it has to say of what came before."""
    await bus.publish(subject, b"{}")
    return await _told(bus, "publish", subject)


async def refused_to_listen(bus: NatsBus, subject: str) -> bool:
    await bus.client.subscribe(subject)
    return await _told(bus, "subscription", subject)


async def _told(bus: NatsBus, what: str, subject: str) -> bool:
    for _ in range(3):  # the client hands on what it was told after the answer to the ping
        await bus.client.flush()
        if (what, subject.lower()) in bus.refusals.counts:
            return True
    return False


async def test_a_gateway_stores_asks_and_answers_and_can_do_nothing_else(tmp_path: Path) -> None:
    write_pass(tmp_path / "nats" / PASSES, EDGE)
    told: list[str] = []
    async with EmbeddedNats(tmp_path / "nats", port=0, reserve=0, told=told.append) as server:
        local = server.passes[gateway_user("local")]
        async with signed_in(server, server.passes[PLATFORM], local, EDGE) as (platform, gateway, edge):
            await platform.ensure_stream("p0", epoch=1, max_bytes=1 << 20)

            async def devices(message: Message) -> bytes:
                return message.subject.encode()

            async def status(_: Message) -> bytes:
                return b"well"

            # its work
            await platform.serve("registry.devices.*", devices)
            await gateway.serve("gateway.local.status", status)
            assert await gateway.store("p0", "anybody", b"frame") == 1
            assert await edge.store("p0", "moulds", b"frame") == 2
            assert await gateway.request("registry.devices.local", b"{}") == b"registry.devices.local"
            assert await platform.request("gateway.local.status", b"{}") == b"well"
            heard = platform.subscribe("gateway.*.health")
            await asyncio.gather(platform.client.flush())
            await gateway.publish("gateway.local.health", b"beat")
            async with asyncio.timeout(5):
                assert (await anext(heard)).payload == b"beat"
            assert not gateway.refusals.counts and not edge.refusals.counts

            # another's stream, another's name, what the platform says of itself, the streams themselves
            for bus, tenant in ((edge, "others"), (edge, "platform"), (gateway, "platform")):
                with pytest.raises(BaigongError) as caught:
                    await bus.store("p0", tenant, b"frame")
                assert caught.value.code == "bus.refused"
            for subject in (
                "gateway.edge.health",
                "registry.devices.edge",
                "registry.standing",
                "quota.changed",
                "event.platform.usage.x",
                "$JS.API.STREAM.PURGE.FRAMES_p0",
                "$JS.API.STREAM.DELETE.FRAMES_p0",
                "$JS.API.STREAM.UPDATE.FRAMES_p0",
                "$JS.API.CONSUMER.CREATE.FRAMES_p0",
                "$JS.API.DIRECT.GET.FRAMES_p0",
                "$JS.API.STREAM.MSG.GET.FRAMES_p0",
                "$JS.API.STREAM.SNAPSHOT.FRAMES_p0",
                f"_INBOX.{PLATFORM}.x",
            ):
                assert await refused(gateway, subject), subject
            assert await refused(edge, "event.others.link.lost")
            for subject in ("frame.>", "event.>", "gateway.edge.write", "registry.>", f"_INBOX.{PLATFORM}.>", ">"):
                assert await refused_to_listen(gateway, subject), subject
            with pytest.raises(BaigongError) as caught:
                await gateway.api("STREAM.PURGE.FRAMES_p0")
            assert caught.value.code == "bus.refused"
            state = await platform.stream_state("p0")
            assert state is not None and state.messages == 2

            # and nothing of it in silence
            async with asyncio.timeout(10):
                while min(server.refused[gateway_user("local")], server.refused[EDGE.user]) < 2:
                    await asyncio.sleep(0.05)
            assert any(gateway_user("local") in sentence for sentence in told)


async def test_who_keeps_looks_and_copies_but_changes_nothing(tmp_path: Path) -> None:
    async with (
        EmbeddedNats(tmp_path / "nats", port=0, reserve=0) as server,
        signed_in(server, server.passes[PLATFORM], server.passes[KEEPER]) as (platform, keeper),
    ):
        await platform.ensure_stream("p0", epoch=7, max_bytes=1 << 20)
        for n in range(3):
            await platform.store("p0", "moulds", b"%d" % n)
        copy = await snapshot.snapshot(keeper, "p0")
        chunks = [chunk async for chunk in copy.chunks]
        for subject in ("$JS.API.STREAM.PURGE.FRAMES_p0", "frame.p0.moulds", "gateway.local.write", "event.a.b"):
            assert await refused(keeper, subject), subject
    async with (
        EmbeddedNats(tmp_path / "other", port=0, users=(RESTORE,), reserve=0) as server,
        signed_in(server, server.passes[RESTORE]) as (restoring,),
    ):
        await snapshot.restore(restoring, "p0", copy.config, copy.state, chunks)
        assert (await snapshot.settled(restoring, "p0")).messages == 3
        await restoring.purge("p0", 2)
        await restoring.set_epoch("p0", 8)
        assert (await snapshot.settled(restoring, "p0")).epoch == 8
        assert not restoring.refusals.counts


async def test_a_pass_that_is_taken_away_ends_what_it_opened(tmp_path: Path) -> None:
    async with EmbeddedNats(tmp_path / "nats", port=0, reserve=0) as server:
        for by in (EDGE, Pass(user=PLATFORM, password="wrong")):
            with pytest.raises(BaigongError):
                await NatsBus.connect(server.url, by=by, wait_s=0.5)
        write_pass(tmp_path / "nats" / PASSES, EDGE)
        edge = await NatsBus.connect(server.url, by=EDGE, wait_s=20)
        pass_file(tmp_path / "nats" / PASSES, EDGE.user).unlink()
        async with asyncio.timeout(20):
            while edge.connected:
                await asyncio.sleep(0.02)
        await edge.close()
        async with asyncio.timeout(10):
            while not server.refused[STRANGER]:
                await asyncio.sleep(0.05)


async def test_beyond_loopback_it_speaks_tls_or_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration):
        EmbeddedNats(tmp_path / "nats", port=0, host="0.0.0.0")
    certificate = ServerCertificate(tmp_path / "certificates", "nats", ["localhost", "127.0.0.1"])
    certificate.load()
    tls = BusTls(
        certificate=certificate.certificate,
        key=certificate.key.read_bytes,
        ca=(tmp_path / "certificates" / AUTHORITY).read_text,
    )
    async with EmbeddedNats(tmp_path / "nats", port=0, host="0.0.0.0", tls=tls, reserve=0) as server:
        by = server.passes[PLATFORM]
        assert server.url.startswith("tls://") and by.ca
        async with signed_in(server, by) as (platform,):
            await platform.ensure_stream("p0", epoch=1, max_bytes=1 << 20)
            assert await platform.store("p0", "moulds", b"frame") == 1
        stranger = Pass(user=by.user, password=by.password)
        with pytest.raises(BaigongError):  # who does not trust our authority does not send its password
            await NatsBus.connect(server.url, by=stranger, wait_s=1)
        keys = [path for path in (tmp_path / "nats").rglob("*key*")]
        assert not keys, "the server's key is on no disk in the clear"


async def test_a_pass_opens_the_streams_of_its_partitions_and_no_others(tmp_path: Path) -> None:
    far = Pass(user=gateway_user("far"), password=new_password(), partitions=("p7",))
    write_pass(tmp_path / "nats" / PASSES, far)
    server = EmbeddedNats(tmp_path / "nats", port=0, reserve=0, partitions=("p0", "p7"))
    async with server, signed_in(server, server.passes[PLATFORM], far) as (platform, gateway):
        for partition in ("p0", "p7"):
            await platform.ensure_stream(partition, epoch=1, max_bytes=1 << 20)
        assert await gateway.store("p7", "moulds", b"frame") == 1
        with pytest.raises(BaigongError) as caught:
            await gateway.store("p0", "moulds", b"frame")
        assert caught.value.code == "bus.refused"
