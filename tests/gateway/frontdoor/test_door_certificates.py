"""Machines that sign in with a certificate: enrolled, let in, revoked and cut; and all those who are not let in."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho
import pytest
from cryptography import x509

from baigong.bus.memory import MemoryBus
from baigong.registry.sealing import open_ring
from baigong.registry.serving import read_key
from baigong.registry.topics import Topics
from baigong.security.authority import Authority, make_machine_authority
from baigong.stores.records.access import ensure_tenant
from baigong.vocab.errors import FixConfiguration
from tests.gateway.frontdoor.machinery import Clock, Machinery, key_pem, machinery, new_key, request

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto-clients are not installed"),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Machinery]:
    async with machinery(tmp_path) as made:
        await made.device("main", "press3")
        yield made


class Paho:
    """paho's client on its own thread; ``gone`` is set when the connection ended."""

    def __init__(self, house: Machinery, shown: list[str], client_id: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.here, self.gone = asyncio.Event(), asyncio.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv311)
        self.client.on_connect = lambda *told: self._tell(self.here)
        self.client.on_disconnect = lambda *told: self._tell(self.gone)
        words = dict(zip(shown[::2], shown[1::2], strict=True))
        self.client.tls_set(words["--cafile"], words.get("--cert"), words.get("--key"))
        self.port = house.port

    def _tell(self, event: asyncio.Event) -> None:
        self.loop.call_soon_threadsafe(event.set)

    async def __aenter__(self) -> Paho:
        await asyncio.to_thread(self.client.connect, "127.0.0.1", self.port)
        self.client.loop_start()
        async with asyncio.timeout(10):
            await self.here.wait()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    async def publish(self, value: float) -> None:
        """Publish and wait for the acknowledgement."""
        told = self.client.publish("plant/temp", str(value), qos=1)
        await asyncio.to_thread(told.wait_for_publish, 10)


async def test_enrol_connect_publish_revoke_cut(house: Machinery) -> None:
    key = new_key()
    made = await house.registry.certificates.enrol("main", "press3", request(key, "whatever"), by="li")
    assert made.made.key is None, "the key stays with the machine"
    shown = house.save(made, "press3", key_pem(key))
    assert await house.publish(shown, 21.5) == (0, "")
    assert house.values() == [21.5]
    (row,) = house.registry.certificates.of_tenant("main", "press3")
    assert row.used_us > 0

    async with Paho(house, shown, "staying") as staying:
        await staying.publish(22.5)
        await house.registry.certificates.revoke("main", row.serial, "key_compromise", by="li")
        async with asyncio.timeout(2.0):  # at once: nothing here waits for a cache
            await staying.gone.wait()
    code, told = await house.publish(shown, 23.5)
    assert code != 0 and "revoked" not in told
    assert 23.5 not in house.values()
    await house.until(lambda: house.refused("certificate revoked") >= 1)
    refusal = house.told["mqtt"]["recent_refusals"][-1]
    assert (refusal["device"], refusal["reason"]) == ("press3", "certificate revoked")
    events = await house.registry.events.recent("main", subjects=["device:press3"])
    kinds = [e.kind for e in events]
    assert {"certificate.enrolled", "certificate.revoked", "client.refused"} <= set(kinds)


async def test_a_revoked_secret_cuts_at_once_even_when_the_news_was_lost(
    house: Machinery, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await house.registry.credentials.put("main", "press3", "press3")
    shown = [*house.server()]
    staying = Paho(house, shown, "with-a-secret")
    staying.client.username_pw_set("press3", secret)
    async with staying:
        await staying.publish(1.0)
        publish, lost = MemoryBus.publish, []

        async def deaf(bus: MemoryBus, subject: str, payload: bytes) -> None:
            if subject == "registry.standing" and not lost:
                lost.append(payload)
            else:
                await publish(bus, subject, payload)

        monkeypatch.setattr(MemoryBus, "publish", deaf)
        await house.registry.credentials.drop("main", "press3")
        async with asyncio.timeout(5.0):
            await staying.gone.wait()
    assert lost
    code, _ = await house.publish([*shown, "-u", "press3", "-P", secret], 2.0)
    assert code != 0 and 2.0 not in house.values()


async def test_who_only_says_who_he_is_is_not_let_in(house: Machinery) -> None:
    """A foreign authority, one that signed itself, our own listener's: none of them gets as far as MQTT."""
    now = house.clock
    at = _time(now)
    foreign = Authority(*make_machine_authority("elsewhere", at))
    lying = foreign.enrol("main", "press3", None, at, at + timedelta(days=9))
    pem, key = house.folder / "foreign.pem", house.folder / "foreign.key"
    pem.write_text(lying.pem)
    key.write_text(lying.key_pem or "")
    code, told = await house.publish(house.shown(pem, key), 1.0)
    assert code != 0 and "unknown ca" not in told.lower()
    await house.until(lambda: house.refused("certificate of an unknown authority") == 1)
    listener = house.folder / "data" / "certificates"
    listeners_key = house.folder / "listener.key"
    listeners_key.write_bytes(read_key(listener / "mqtt-server.key", open_ring(house.folder / "data")))
    code, _ = await house.publish(house.shown(listener / "mqtt-server.pem", listeners_key), 1.0)
    assert code != 0
    await house.until(lambda: house.refused("certificate of an unknown authority") == 2)
    assert house.values() == []


async def test_a_request_cannot_claim_another_name(house: Machinery) -> None:
    await house.device("main", "press4")
    key = new_key()
    csr = request(key, "press4", uri="urn:baigong:rival:device:press4")
    made = await house.registry.certificates.enrol("main", "press3", csr)
    names = made.made.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(n.value) for n in names] == ["urn:baigong:main:device:press3"]
    assert "press4" not in made.made.certificate.subject.rfc4514_string()
    shown = house.save(made, "press3", key_pem(key))
    assert (await house.publish(shown, 5.0))[0] == 0
    await house.until(lambda: len(house.registry.book.of_device("main", "press3")) == 1)
    assert house.registry.book.of_device("main", "press4") == []
    code, _ = await house.publish([*shown, "-u", "press4"], 6.0)  # nor by a user name beside it
    assert code != 0 and 6.0 not in house.values()
    await house.until(lambda: house.refused("certificate of another than the user name") == 1)


async def test_another_companys_topics_stay_closed(house: Machinery) -> None:
    await house.registry.records.write(lambda c: ensure_tenant(c, "rival", house.clock()))
    await house.registry.tenants.load()
    await house.device("rival", "press3")
    made = await house.registry.certificates.enrol("rival", "press3")
    shown = house.save(made, "rival")
    assert (await house.publish(shown, 7.0, "press3/main/data"))[0] == 0
    assert house.values("rival") == [7.0] and house.values("main") == []
    assert (await house.publish(shown, 8.0, "$SYS/main/press3"))[0] != 0
    assert house.values("main") == [] and house.values("rival") == [7.0]


async def test_a_machine_is_given_topics_and_loses_them_at_once(house: Machinery) -> None:
    """A secret and a certificate of one device: each has its own; a renewed one has what the one before had."""
    registry, topics = house.registry, house.registry.credentials.topics
    secret = await registry.credentials.put("main", "press3", "box")
    made = await registry.certificates.enrol("main", "press3")
    box, shown = [*house.server(), "-u", "box", "-P", secret], house.save(made, "press3")
    for how in (box, shown):
        assert (await house.publish(how, 1.0, "press4/temp"))[0] != 0
    log = registry.audit.entries
    await _until_async(lambda: log(tenant="main", allowed=False))
    (entry,) = await log(tenant="main", allowed=False)
    assert (entry.who, entry.action, entry.object) == ("device:press3", "ingest", "Topic:main/press4/temp")
    seen = await house.bus.request("gateway.local.status", b"{}")
    row = next(r for r in msgspec.json.decode(seen) if r["device"] == "press3")
    assert row["counters"]["refused_topics"] == 2 and row["error"]["code"] == "mqtt.topic_denied"

    for key in (("user", "box"), ("certificate", made.row.sha256)):
        before = await topics.put("main", "press3", key, Topics(publish=("+/temp",)), by="li")
        assert before == Topics()
    for how in (box, shown):  # asked anew: what was known of it is forgotten
        await _until_async(lambda how=how: _publishes(house, how))
    old, other = box, await registry.credentials.put("main", "press3", "box")
    assert old[-1] != other and topics.of("user", "box") == Topics(publish=("+/temp",))
    rotated = await registry.certificates.rotate("main", made.row.serial)
    assert topics.of("certificate", rotated.row.sha256) == Topics(publish=("+/temp",))
    await topics.load()
    assert topics.of("certificate", rotated.row.sha256) == Topics(publish=("+/temp",))
    await registry.credentials.drop("main", "box")
    await registry.credentials.put("main", "press3", "box")
    assert topics.of("user", "box") == Topics(), "who comes after it inherits nothing"
    for wrong in ("a/#/b", "a+", "", "$SYS/#", "x" * 1001):
        with pytest.raises(FixConfiguration) as refused:
            await topics.put("main", "press3", ("user", "box"), Topics(subscribe=(wrong,)))
        assert (refused.value.code, refused.value.place) == ("config.invalid", "subscribe")


async def _publishes(house: Machinery, how: list[str]) -> bool:
    return (await house.publish(how, 2.0, "press4/temp"))[0] == 0


async def _until_async(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.02)


async def test_one_that_has_ended_opens_nothing_and_cuts_who_stayed(house: Machinery) -> None:
    certificates = house.registry.certificates
    made = await certificates.enrol("main", "press3", days=1)
    shown = house.save(made, "short")
    assert (await house.publish(shown, 1.0))[0] == 0
    house.clock.ahead_us = 2 * 86_400_000_000
    assert [row.serial for row in certificates.ending("main")] == [made.row.serial]
    house.registry.standing.note(made.row.tenant, "certificate", made.row.sha256)  # forget what was right yesterday
    await asyncio.sleep(0)
    code, _ = await house.publish(shown, 2.0)
    assert code != 0 and house.values() == [1.0]
    await house.until(lambda: house.refused("certificate ended") >= 1)


async def test_rotation_loses_no_message_and_the_old_one_ends(house: Machinery) -> None:
    certificates = house.registry.certificates
    old = await certificates.enrol("main", "press3")
    shown = house.save(old, "old")
    sent: list[float] = []
    async with Paho(house, shown, "machine") as first:
        for n in range(10):
            await first.publish(float(n))
            sent.append(float(n))
        new = await certificates.rotate("main", old.row.serial, overlap_days=1, by="li")
        for n in range(10, 20):  # the old connection goes on
            await first.publish(float(n))
            sent.append(float(n))
        async with Paho(house, house.save(new, "new"), "machine-anew") as second:
            for n in range(20, 30):
                await second.publish(float(n))
                sent.append(float(n))
            assert (await house.publish(shown, 30.0))[0] == 0  # both are good
            house.clock.ahead_us = 86_400_000_000 + 1_000_000
            certificates._wake.set()  # it would look by itself when it comes to the end as the clock says it
            async with asyncio.timeout(5.0):
                await first.gone.wait()
            await second.publish(31.0)
    assert sorted(house.values()) == [*sent, 30.0, 31.0]
    held = certificates.get("main", old.row.serial)
    assert (held.reason, held.successor) == ("superseded", new.row.serial)
    assert held.number in [one.serial_number for one in await certificates.revoked()]


async def test_a_device_that_is_gone_leaves_nothing_open(house: Machinery) -> None:
    made = await house.registry.certificates.enrol("main", "press3")
    async with Paho(house, house.save(made, "gone"), "gone") as staying:
        await house.registry.devices.drop("main", "press3", "li")
        async with asyncio.timeout(5.0):
            await staying.gone.wait()
    await house.until(lambda: house.registry.certificates.get("main", made.row.serial).revoked_us is not None)
    await house.device("main", "press3")  # another one of the same name is another one
    assert (await house.publish(house.shown(house.folder / "gone.pem", house.folder / "gone.key"), 1.0))[0] != 0


async def test_where_certificates_are_required_a_secret_is_not_enough(tmp_path: Path) -> None:
    async with machinery(tmp_path, required=True) as house:
        await house.device("main", "press3")
        secret = await house.registry.credentials.put("main", "press3", "press3")
        code, _ = await house.publish([*house.server(), "-u", "press3", "-P", secret], 1.0)
        assert code != 0
        await house.until(lambda: house.refused("no certificate") == 1)
        made = await house.registry.certificates.enrol("main", "press3")
        shown = house.save(made, "press3")
        assert (await house.publish([*shown, "-u", "press3", "-P", secret], 2.0))[0] == 0
        assert (await house.publish([*shown, "-u", "press3", "-P", "wrong guess"], 3.0))[0] != 0
        assert house.values() == [2.0]


async def test_a_resumed_session_is_asked_about_again(house: Machinery) -> None:
    """TLS keeps a client's certificate in its ticket; what that is worth now, the registry says."""
    made = await house.registry.certificates.enrol("main", "press3")
    words = dict(zip(*[iter(house.save(made, "resumes"))] * 2, strict=True))
    context = ssl.create_default_context(cafile=words["--cafile"])
    context.load_cert_chain(words["--cert"], words["--key"])

    def connect(session: Any) -> tuple[bytes, Any, bool]:
        plain = socket.create_connection(("127.0.0.1", house.port), 10)
        with context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as tls:
            tls.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01r")
            return tls.recv(4), tls.session, bool(tls.session_reused)

    answer, session, resumed = await asyncio.to_thread(connect, None)
    assert (answer, resumed) == (b"\x20\x02\x00\x00", False)
    answer, session, resumed = await asyncio.to_thread(connect, session)
    assert (answer, resumed) == (b"\x20\x02\x00\x00", True)
    await house.registry.certificates.revoke("main", made.row.serial)
    await house.until(lambda: house.told["mqtt"]["connections"] == 0)
    answer, _, resumed = await asyncio.to_thread(connect, session)
    assert (answer, resumed) == (b"\x20\x02\x00\x05", True)


def _time(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock() / 1e6, UTC)
