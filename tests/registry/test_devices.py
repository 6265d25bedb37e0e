from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from baigong.bus.contract import Message
from baigong.bus.memory import MemoryBus
from baigong.bus.passes import Pass, gateway_user, write_pass
from baigong.registry import files
from baigong.registry.gateways import PASSES
from baigong.registry.opening import Registry, open_registry
from baigong.vocab.devices import DeviceSpec, PointSpec, device_yaml
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Event
from baigong.vocab.ids import point_number
from tests.postgres import place_of

BOTH_DATABASES = True

SPEC = DeviceSpec(device="plc", driver="sim", points=[PointSpec(name="a.x", address="1", unit="kW")])


@asynccontextmanager
async def opened(data: Path, bus: MemoryBus | None = None, look_every_s: float = 1000.0) -> AsyncIterator[Registry]:
    clock = iter(range(1_000_000, 10**12))
    async with open_registry(
        data,
        bus or MemoryBus(),
        tenant="main",
        clock_us=lambda: next(clock),
        check=lambda spec: None,
        look_every_s=look_every_s,
        records_at=place_of(data),
    ) as registry:
        yield registry


def _path(data: Path, device: str = "plc") -> Path:
    return files.device_path(data / "config", "main", device)


async def _kinds(registry: Registry) -> list[str]:
    return [e.kind for e in await registry.events.recent("main", subjects=["device:plc"])]


async def test_what_is_put_is_a_file_and_survives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        assert _path(tmp_path).read_text() == device_yaml(SPEC)
        assert _path(tmp_path).stat().st_mode & 0o777 == 0o600
    async with opened(tmp_path) as registry:
        assert registry.devices.get("main", "plc").spec == SPEC
        assert registry.book.find("main", "a.x").number == point_number("main", "plc", "1")
        assert await _kinds(registry) == ["device.added"], "an unchanged file is no news"


async def test_a_folder_alone_makes_the_plant_again(tmp_path: Path) -> None:
    async with opened(tmp_path / "one") as registry:
        await registry.devices.put("main", SPEC, "me")
        await registry.devices.put("main", _with(SPEC, address="2"), "me")
        number = registry.book.find("main", "a.x").number
    shutil.copytree(tmp_path / "one" / "config", tmp_path / "two" / "config")
    async with opened(tmp_path / "two") as registry:
        assert registry.book.find("main", "a.x").number == number


def _with(spec: DeviceSpec, **changes: object) -> DeviceSpec:
    return msgspec.structs.replace(spec, points=[msgspec.structs.replace(spec.points[0], **changes)])


async def test_a_file_edited_by_hand_is_taken_and_keeps_its_comments(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        text = (
            "# press hall\ndevice: plc\ndriver: sim\npoints:\n"
            "- name: a.x\n  address: '7'  # moved\n  unit: kW\n- address: '8'\n  name: a.y"
        )
        _path(tmp_path).write_text(text)
        await registry.watch.look()
        number = point_number("main", "plc", "1")
        assert registry.book.find("main", "a.x").spec.address == "7"
        assert registry.book.find("main", "a.x").number == number
        want = text.replace("- name: a.x\n", f"- name: a.x\n  number: {number}\n")
        assert _path(tmp_path).read_text() == want
        assert files.parse_file(want, "plc") == registry.devices.get("main", "plc").spec
        await registry.watch.look()
        assert await _kinds(registry) == ["device.changed", "device.added"]
        await registry.devices.put("main", SPEC, "me")
        assert _path(tmp_path).read_text().startswith("# press hall\ndevice: plc")


@pytest.mark.parametrize(
    "text",
    ["{", "device: other\ndriver: sim\n", "device: plc\n", "device: plc\ndriver: sim\nscan: {default: 1x}\n", "\x00"],
)
async def test_a_wrong_file_is_told_and_changes_nothing(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        _path(tmp_path).write_text(text)
        await registry.watch.look()
        await registry.watch.look()
        (rejected,) = registry.watch.rejected.values()
        assert rejected.error.code == "config.invalid"
        assert registry.devices.get("main", "plc").spec == SPEC
        assert (await _kinds(registry))[0] == "device.file_rejected"
        assert len(await _kinds(registry)) == 2, "told once, not at every look"
        _path(tmp_path).write_text(device_yaml(SPEC))
        await registry.watch.look()
        assert registry.watch.rejected == {}


async def test_a_removed_file_removes_the_device_after_a_second_look(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        await registry.credentials.put("main", "plc", "machine")
        await registry.watch.look()
        _path(tmp_path).unlink()
        await registry.watch.look()
        assert registry.devices.find("main", "plc") is not None
        await registry.watch.look()
        assert registry.devices.find("main", "plc") is None
        assert registry.book.find("main", "a.x").retired_us is not None
        assert registry.credentials.of_tenant("main") == []
        events = await registry.events.recent("main", subjects=["device:plc"])
        assert events[0].detail["by"] == "file"


async def test_a_folder_that_is_gone_removes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        os.rename(tmp_path / "config", tmp_path / "away")
        for _ in range(4):
            await registry.watch.look()
        assert registry.devices.find("main", "plc") is not None


async def test_a_crash_between_file_and_records_loses_no_change(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
    files.write_atomically(_path(tmp_path), device_yaml(_with(SPEC, unit="W")))  # then the power went
    async with opened(tmp_path) as registry:
        assert registry.book.find("main", "a.x").spec.unit == "W"


async def test_a_refused_change_leaves_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        other = msgspec.structs.replace(SPEC, device="other")
        with pytest.raises(FixConfiguration):
            await registry.devices.put("main", other, "me")
        with pytest.raises(FixConfiguration):
            await registry.devices.put("main", SPEC, "me", revision=7)
        assert not _path(tmp_path, "other").exists()


async def test_a_file_that_cannot_be_written_is_told_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(RetryLater) as caught:
                await registry.devices.put("main", _with(SPEC, unit="W"), "me")
        assert caught.value.code == "storage.full"
        assert registry.book.find("main", "a.x").spec.unit == "kW"
        assert [p.name for p in _path(tmp_path).parent.iterdir()] == ["plc.yaml"]
        assert _path(tmp_path).read_text() == device_yaml(SPEC)


async def test_changes_reach_the_bus_and_the_gateway(tmp_path: Path) -> None:
    bus, reloads, heard = MemoryBus(), [], []

    async def reload(message: Message) -> bytes:
        reloads.append(msgspec.json.decode(message.payload))
        return b"{}"

    async def listen() -> None:
        async for message in bus.subscribe("event.main.>"):
            heard.append(msgspec.json.decode(message.payload, type=Event))

    await bus.serve("gateway.local.reload", reload)
    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    async with opened(tmp_path, bus) as registry:
        await registry.devices.put("main", SPEC, "me")
        async with asyncio.timeout(5):
            while not (reloads and heard):
                await asyncio.sleep(0.01)
        assert reloads == [{}], "the gateway asks what changed"
        assert heard[0].kind == "device.added" and heard[0].detail["by"] == "me"
        assert await _kinds(registry) == ["device.added"], "what we told is not stored twice"
    listening.cancel()


async def test_the_bus_is_answered_and_told_events_are_stored(tmp_path: Path) -> None:
    bus = MemoryBus()
    async with opened(tmp_path, bus) as registry:
        await registry.devices.put("main", SPEC, "me")
        asked = msgspec.json.decode(await bus.request("registry.devices.local", b"{}"))
        (listed,) = asked["devices"]
        assert listed["tenant"] == "main" and listed["spec"]["device"] == "plc"
        elsewhere = msgspec.json.decode(await bus.request("registry.devices.edge7", b"{}"))
        assert elsewhere["devices"] == [] and elsewhere["gone"] == [["main", "plc"]]
        number = point_number("main", "plc", "topic/a")
        found = {"number": number, "address": "topic/a", "name": "a.x", "kind": "gauge", "unit": "", "title": ""}
        body = msgspec.json.encode({"tenant": "main", "device": "plc", "points": [found]})
        for _ in range(2):
            assert msgspec.json.decode(await bus.request("registry.points.register.local", body))["ok"] is True
        assert registry.book.find("main", "a.x-2").number == number, "the name was taken"
        with pytest.raises(FixConfiguration) as caught:
            await bus.request("registry.points.register.local", b'{"tenant":1}')
        assert caught.value.code == "payload.malformed"
        secret = await registry.credentials.put("main", "plc", "machine")
        body = msgspec.json.encode({"username": "machine", "password": secret})
        told = msgspec.json.decode(await bus.request("registry.credentials.local", body))
        assert (told["tenant"], told["device"]) == ("main", "plc") and told["made_us"] > 0
        event = Event(kind="link.lost", time_us=5, tenant="main", subject="device:plc", detail={"why": "cable"})
        await bus.publish("event.main.link.lost", b"not json")
        await bus.publish("event.main.link.lost", msgspec.json.encode(event))
        async with asyncio.timeout(5):
            while "link.lost" not in await _kinds(registry):
                await asyncio.sleep(0.01)
        assert registry.events.dropped == 1


async def test_discovered_points_survive_edits_of_the_file_and_can_be_reworded(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await registry.devices.put("main", SPEC, "me")
        await registry.devices.register("main", "plc", [PointSpec(name="b.found", address="t/1")])
        await registry.devices.put("main", _with(SPEC, unit="W"), "me")
        assert registry.book.find("main", "b.found").retired_us is None
        row = await registry.devices.edit_point("main", "b.found", {"title": "found", "name": "b.better"}, "me")
        assert row.number == point_number("main", "plc", "t/1") and row.spec.title == "found"
        with pytest.raises(FixConfiguration) as caught:
            await registry.devices.edit_point("main", "b.better", {"name": "a.x"}, "me")
        assert caught.value.code == "point.collision"
    async with opened(tmp_path) as registry:
        assert registry.book.find("main", "b.better").discovered


async def test_a_gateway_with_companies_of_its_own_hears_of_no_others(tmp_path: Path) -> None:
    """What the bus cannot see, because it is inside a question, the registry holds the gateway to."""
    write_pass(tmp_path / PASSES, Pass(user=gateway_user("edge"), password="x", companies=("moulds",)))
    bus = MemoryBus()
    async with opened(tmp_path, bus) as registry:
        at_edge = msgspec.structs.replace(SPEC, gateway="edge")
        for tenant in ("moulds", "bank"):
            await registry.devices.put(tenant, at_edge, "me")
        listed = msgspec.json.decode(await bus.request("registry.devices.edge", b"{}"))["devices"]
        assert [one["tenant"] for one in listed] == ["moulds"]
        found = {"number": 1, "address": "topic/a", "name": "a.x"}
        body = msgspec.json.encode({"tenant": "bank", "device": "plc", "points": [found]})
        with pytest.raises(BaigongError) as caught:
            await bus.request("registry.points.register.edge", body)
        assert caught.value.code == "auth.denied"
        secret = await registry.credentials.put("bank", "plc", "machine")
        asked = msgspec.json.encode({"username": "machine", "password": secret})
        with pytest.raises(BaigongError) as caught:
            await bus.request("registry.credentials.edge", asked)
        assert caught.value.code == "auth.required"
        assert msgspec.json.decode(await bus.request("registry.credentials.local", asked))["tenant"] == "bank"
        quotas = msgspec.json.decode(await bus.request("registry.quotas.edge", b"{}"))
        assert set(quotas["members"]) <= {"moulds"}
