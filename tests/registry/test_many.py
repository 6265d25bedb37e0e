"""Many devices at once, and what a gateway is told of changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from baigong.bus.memory import MemoryBus
from baigong.registry.changes import Changes
from baigong.vocab.devices import DeviceSpec, PointSpec, device_yaml
from baigong.vocab.errors import FixConfiguration
from tests.registry.test_devices import opened


def machine(n: int, point: str = "x") -> DeviceSpec:
    return DeviceSpec(device=f"m{n}", driver="sim", points=[PointSpec(name=f"m{n}.{point}", address="1")])


async def test_many_are_taken_together_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "main" / "devices"
    async with opened(tmp_path) as registry:
        rows = await registry.devices.put_many("main", [machine(n) for n in range(100)], "me")
        assert [r.revision for r in rows] == [1] * 100 and len(list(folder.iterdir())) == 100
        clash = DeviceSpec(device="other", driver="sim", points=[PointSpec(name="m7.x", address="9")])
        for wrong in ([machine(200), machine(7), clash], [machine(300), machine(300)]):
            with pytest.raises(FixConfiguration):
                await registry.devices.put_many("main", wrong, "me")
        assert len(registry.devices.of_tenant("main")) == len(list(folder.iterdir())) == 100
        await registry.devices.put_many("main", [machine(7, "y"), machine(100)], "me")
        assert registry.devices.get("main", "m7").revision == 2
        assert registry.book.find("main", "m7.y").spec.address == "1"
    async with opened(tmp_path) as registry:
        assert len(registry.devices.of_tenant("main")) == 101
        assert len(await registry.events.recent("main", limit=1000)) == 102, "an event each, and nothing new at a start"


async def test_a_folder_of_files_is_taken_and_a_wrong_one_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "main" / "devices"
    folder.mkdir(parents=True)
    for n in range(50):
        (folder / f"m{n}.yaml").write_text(device_yaml(machine(n)))
    async with opened(tmp_path) as registry:
        assert len(registry.devices.of_tenant("main")) == 50
        (folder / "m50.yaml").write_text(device_yaml(machine(50)))
        (folder / "m51.yaml").write_text("device: m51\n")
        (folder / "m52.yaml").write_text(device_yaml(machine(52)))
        await registry.watch.look()
        assert len(registry.devices.of_tenant("main")) == 52
        assert [key[1] for key in registry.watch.rejected] == ["m51"]


async def test_a_gateway_is_told_only_what_changed_since(tmp_path: Path) -> None:
    bus = MemoryBus()

    async def ask(**asked: Any) -> dict[str, Any]:
        told: dict[str, Any] = msgspec.json.decode(
            await bus.request("registry.devices.local", msgspec.json.encode(asked))
        )
        return told

    async with opened(tmp_path, bus) as registry:
        await registry.devices.put_many("main", [machine(n) for n in range(20)], "me")
        all_ = await ask()
        assert len(all_["devices"]) == 20 and all_["from"] == 0 and not all_["more"]
        at = {"run": all_["run"], "since": all_["revision"]}
        assert (await ask(**at))["devices"] == []
        await registry.devices.put("main", machine(3, "y"), "me")
        await registry.devices.drop("main", "m4", "me")
        await registry.devices.put("main", msgspec.structs.replace(machine(5), gateway="edge"), "me")
        news = await ask(**at)
        assert [d["spec"]["device"] for d in news["devices"]] == ["m3"]
        assert news["gone"] == [["main", "m4"], ["main", "m5"]]
        assert (await ask(run="another", since=10**6))["from"] == 0, "another run of the registry: from the start"


def test_changes_name_each_device_once_in_the_order_of_its_last_change() -> None:
    changes = Changes()
    changes.note(("t", name) for name in "abcab")
    assert list(changes.since(0)) == [(3, ("t", "c")), (4, ("t", "a")), (5, ("t", "b"))]
    later = Changes()
    later.begin([("t", "a", "local"), ("t", "b", "local"), ("t", "c", "edge"), ("u", "a", "local")])
    assert later.revision == 4 and list(later.since(1)) == [(2, ("t", "b")), (4, ("u", "a"))]
    assert list(later.since(0, "edge")) == [(3, ("t", "c"))], "of the start only its own"
    later.note([("t", "b")])
    assert list(later.since(0)) == [(1, ("t", "a")), (4, ("u", "a")), (5, ("t", "b"))], "each once, at its last change"
    assert list(later.since(4, "edge")) == [(5, ("t", "b"))], "of what changed it may have been its own"
    assert list(changes.since(4)) == [(5, ("t", "b"))] and list(changes.since(5)) == [] and list(changes.since(9)) == []
