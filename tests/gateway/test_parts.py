"""The small parts: bounded calls, the outbox of events, identity, and the words of *why*."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from clocks import HandClock
from rig import rig, spec, until

from baigong.bus.memory import MemoryBus
from baigong.drivers.manifest import manifest
from baigong.gateway.bounded import Abandoned, bounded, typed
from baigong.gateway.clock import SystemClock
from baigong.gateway.companyfiles import CompanyFiles
from baigong.gateway.frontdoor.options import Machine
from baigong.gateway.identity import OwnCertificate, SignIn
from baigong.gateway.outbox import Outbox
from baigong.security.certificates import read_certificate
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration, Reauthenticate, ReportBug, RetryLater
from baigong.vocab.happenings import Event


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (OSError(111, "refused"), "driver.unreachable"),
        (EOFError(), "driver.unreachable"),
        (TimeoutError(), "driver.timeout"),
        (ValueError("x"), "internal.error"),
        (ExceptionGroup("g", [ExceptionGroup("h", [FixConfiguration("driver.address", "a")])]), "driver.address"),
    ],
)
async def test_what_a_driver_raises_gets_a_name(raised: Exception, code: str) -> None:
    async def work() -> None:
        raise raised

    with pytest.raises((RetryLater, ReportBug, FixConfiguration)) as caught:
        await bounded(work(), 1.0, "reading", Abandoned())
    assert caught.value.code == code
    assert typed(raised, "x").code == code


async def test_cancelling_a_bounded_call_cancels_the_call() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.set()

    task = asyncio.create_task(bounded(work(), None, "x", Abandoned()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


class Ears:
    connected = True

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def publish(self, subject: str, payload: bytes) -> None:
        if not self.connected:
            raise RetryLater("bus.down", "away")
        self.heard.append(f"{subject} {msgspec.json.decode(payload, type=Event).detail['n']}")


async def test_events_wait_on_disk_for_somebody_who_listens(tmp_path: Path) -> None:
    ears, file = Ears(), tmp_path / "events.jsonl"
    box = Outbox(ears, file, SystemClock())
    running = asyncio.create_task(box.run())
    for n in range(3):
        box.tell("demo", "link.lost", "device:d", n=n)
    await until(file.exists)
    assert ears.heard == []
    running.cancel()  # as good as killed: what is on disk is there
    await asyncio.wait({running})
    file.write_bytes(file.read_bytes() + b'{"kind": "torn')
    again = Outbox(ears, file, SystemClock())
    assert len(again) == 3
    again.open_()
    running = asyncio.create_task(again.run())
    await until(lambda: len(ears.heard) == 3)
    assert ears.heard == [f"event.demo.link.lost {n}" for n in range(3)]
    ears.connected = False
    again.tell("demo", "link.connected", "device:d", n=9)
    await until(lambda: file.exists() and b"link.connected" in file.read_bytes())
    ears.connected = True
    await until(lambda: len(ears.heard) == 4)
    await until(lambda: not file.exists())
    running.cancel()
    await asyncio.wait({running})


async def test_the_outbox_is_bounded_and_counts(tmp_path: Path) -> None:
    box = Outbox(Ears(), tmp_path / "e", SystemClock(), limit=5)
    for n in range(9):
        box.tell("demo", "x.happened", "device:d", n=n)
    assert (len(box), box.dropped) == (5, 4)


async def test_signing_in_is_remembered_by_its_hash_and_survives_an_absent_registry() -> None:
    bus, clock = MemoryBus(), HandClock()
    asked: list[dict[str, Any]] = []

    async def check(message: Any) -> bytes:
        asked.append(msgspec.json.decode(message.payload))
        if asked[-1]["username"] == "press" and asked[-1]["password_sha256"].startswith("9f86d08"):
            return b'{"tenant":"demo","device":"press1"}'
        raise Reauthenticate("auth.required", "no")

    sign_in = SignIn(bus, "local", clock, b"pepper")
    with pytest.raises(RetryLater):
        await sign_in("press", b"test", "c")
    await bus.serve("registry.credentials.local", check)
    assert await sign_in("press", b"test", "c") == Machine("demo", "press1", ("#",), ("#",))
    assert await sign_in("press", b"test", "c") == Machine("demo", "press1", ("#",), ("#",))
    assert len(asked) == 1
    assert "test" not in str(asked)
    assert await sign_in("press", b"wrong", "c") is None
    clock.pass_(61)
    assert await sign_in("press", b"test", "c") == Machine("demo", "press1", ("#",), ("#",))
    assert len(asked) == 3
    await bus.close()
    clock.pass_(3600)
    assert await sign_in("press", b"test", "c") == Machine("demo", "press1", ("#",), ("#",)), (
        "known yesterday, and nobody to ask"
    )
    with pytest.raises(RetryLater):
        await sign_in("press", b"other", "c")


def test_our_certificate_is_made_once_and_given_to_drivers_that_know_it(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path / "certificates")
    own.ensure()
    before = own.certificate.read_bytes()
    own.ensure()
    assert own.certificate.read_bytes() == before
    assert read_certificate(before).application_uri.startswith("urn:")
    files = CompanyFiles(own, lambda tenant: False)
    filled = files.complete(manifest("opcua"), {"url": "opc.tcp://x", "private_key": ""}, "demo")
    assert filled["certificate"] == str(own.certificate)
    assert filled["private_key"] == own.key_pem().decode(), "its text: the file may lie closed"
    assert files.complete(manifest("modbus"), {"host": "x"}, "demo") == {"host": "x"}


async def test_why_tells_the_way_of_a_value(tmp_path: Path) -> None:
    points = [PointSpec(name="pump.flow", address="constant?value=20", number=1, scale=0.5, offset=-1, unit="m3/h")]
    async with rig(tmp_path) as r:
        await r.run(spec("pump", points=points))
        await until(lambda: r.rows(1))
        why = r.fleet.why("demo", 1)
        assert why is not None
        by_step = {s["step"]: s for s in why["chain"]}
        assert by_step["register"]["detail"] == "raw value 20"
        assert by_step["scaling"]["detail"] == "20 becomes 9 m3/h"
        assert by_step["point"]["detail"] == "9 m3/h, good"
        assert why["last_good_us"]
        await r.run(spec("pump", points=points, enabled=False))
        off = r.fleet.why("demo", 1)
        assert off is not None
        assert off["chain"][1]["detail"] == "switched off here"
