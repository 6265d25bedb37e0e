"""Renames: numbers, history, rights and switches stay, and a name that was given up means the same as before."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from baigong.registry.opening import Registry
from baigong.registry.people import Principal
from baigong.registry.rights import asset_ref, point_ref, policy_text, tenant_ref
from baigong.registry.sources import sources
from baigong.security.scope import Ref
from baigong.stores.records.commands import StopRow
from baigong.stores.records.renaming import ASSET_COLUMNS, ITS_OWN
from baigong.stores.records.tables import metadata
from baigong.vocab.assets import AssetSpec
from baigong.vocab.devices import AssetWords, DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode
from tests.registry.test_devices import opened

BOTH_DATABASES = True

PLC = DeviceSpec(
    device="plc",
    driver="sim",
    assets={"hall.press1": AssetWords(title="Press 1")},
    points=[
        PointSpec(name="hall.press1.force", address="1", unit="kN"),
        PointSpec(name="hall.press1.oil.temp", address="2"),
        PointSpec(name="hall2.press9.force", address="3"),
    ],
)
WANG = Principal(tenant="main", user="wang", role="", by="cookie")


async def _plant(registry: Registry) -> None:
    await registry.devices.put("main", PLC, "me")
    hall = AssetSpec(asset="hall", level="area", title="Hall")
    press = AssetSpec(asset="hall.press1", code="P-1")
    away = AssetSpec(asset="mould7", parent="hall.press1", level="part")
    await registry.assets.put("main", [hall, press, away], "me")


async def test_an_asset_with_all_its_parts_gets_another_name_and_numbers_stay(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await _plant(registry)
        numbers = {p.name: p.number for p in registry.book.active("main")}
        await registry.episodes.put(
            "main", [Episode(id="e1", asset="hall.press1", kind="order", start_us=1, end_us=2)], "me"
        )
        plan = registry.renaming.plan("main", "asset", "hall", "north")
        assert registry.book.find("main", "hall.press1.force").name == "hall.press1.force", "to look changes nothing"
        made = await registry.renaming.rename("main", "asset", "hall", "north", "me")
        assert made == plan
        assert made.points == [
            ("hall.press1.force", "north.press1.force"), ("hall.press1.oil.temp", "north.press1.oil.temp"),
        ]  # fmt: skip
        assert made.devices == ["plc"]
        assert ("hall.press1.oil", "north.press1.oil") in made.assets
        found = {p.name: p.number for p in registry.book.active("main")}
        assert found == {n.replace("hall.", "north."): number for n, number in numbers.items()}
        for name in ("hall.press1.force", "north.press1.force"):
            assert registry.book.find("main", name).number == numbers["hall.press1.force"]
        assert registry.assets.rows("main")["mould7"].spec.parent == "north.press1"
        assert registry.assets.words("main")["north.press1"].title == "Press 1"
        assert "hall" not in registry.assets.tree("main")
        assert [e.asset for e in await registry.episodes.list("main")] == ["north.press1"]
        (renamed,) = [e for e in await registry.life.of("main", "north") if e.kind == "renamed"]
        assert (renamed.by, renamed.detail["from"]) == ("me", "hall")
        text = registry.devices.text("main", "plc")
    async with opened(tmp_path) as registry:
        assert registry.devices.text("main", "plc") == text
        assert registry.book.find("main", "hall.press1.oil.temp").name == "north.press1.oil.temp"
        assert registry.assets.above("main", "north.press1") == "north"
        await registry.episodes.put("main", [Episode(id="e2", asset="hall.press1", kind="order", start_us=3)], "me")
        assert {e.asset for e in await registry.episodes.list("main")} == {"north.press1"}


async def test_what_still_says_the_old_name_is_the_same_point(tmp_path: Path) -> None:
    """A file written by hand, a gateway that was not told yet, a machine that sends something new."""
    async with opened(tmp_path) as registry:
        path = tmp_path / "config" / "main" / "devices" / "plc.yaml"
        await registry.devices.put("main", PLC, "me")
        path.write_text(
            "# by hand\ndevice: plc\ndriver: sim\npoints:\n"
            "- name: hall.press1.force  # tons\n  address: '1'\n- {name: hall2.press9.force, address: '3'}\n"
        )
        await registry.watch.look()
        number = registry.book.find("main", "hall.press1.force").number
        await registry.renaming.rename("main", "asset", "hall.press1", "hall.p1", "me")
        assert "- name: hall.p1.force  # tons" in path.read_text(), "comments stay"
        assert "oil" not in path.read_text()
        assert registry.book.find("main", "hall.press1.oil.temp").name == "hall.p1.oil.temp", "retired ones, too"
        path.write_text(path.read_text().replace("hall.p1.force", "hall.press1.force").replace("'1'", "'7'"))
        await registry.watch.look()
        row = registry.book.find("main", "hall.press1.force")
        assert (row.number, row.name, row.spec.address) == (number, "hall.p1.force", "7")
        heard = [PointSpec(name="hall.press1.speed", address="9", number=77)]
        (fresh,) = await registry.devices.register("main", "mqtt1", heard)
        assert fresh.name == "hall.p1.speed"


async def test_a_rename_is_no_move_and_opens_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await _plant(registry)
        rights = registry.rights
        await rights.grant(
            "main", policy_text(Ref("User", "wang"), ["read"], asset_ref("main", "hall.press1")), "", "me"
        )
        await rights.grant(
            "main",
            'forbid (principal, action in [Action::"command"], resource == Asset::"main/hall.press1");',
            "",
            "me",
        )
        force = registry.book.find("main", "hall.press1.force").number
        other = registry.book.find("main", "hall2.press9.force").number
        made = await registry.renaming.rename("main", "asset", "hall.press1", "weld.p1", "me")
        assert (made.stays, len(made.grants)) == ("hall", 2)
        assert registry.assets.tree("main").path("weld.p1") == ["hall", "weld.p1"], "it stays where it was"
        assert "weld" not in registry.assets.tree("main")

        def may(ref: Ref) -> bool:
            return rights.decide(WANG, "read", ref).allowed

        assert may(point_ref("main", force)) and may(asset_ref("main", "weld.p1")) and may(asset_ref("main", "mould7"))
        assert may(asset_ref("main", "hall.press1")), "the name before is the same asset"
        assert not may(point_ref("main", other)) and not may(asset_ref("main", "hall"))
        assert not may(asset_ref("main", "weld")) and not may(tenant_ref("main"))
        assert rights.decide(WANG, "command", asset_ref("main", "weld.p1")).because, "what was forbidden still is"
        await rights.grant("main", policy_text(Ref("User", "li"), ["read"], asset_ref("main", "hall.press1")), "", "me")
        li = Principal(tenant="main", user="li", role="", by="cookie")
        assert rights.decide(li, "read", point_ref("main", force)).allowed, "the name before may be said in a new one"
        assert not rights.decide(li, "read", asset_ref("main", "hall")).allowed
        with pytest.raises(FixConfiguration, match="earlier name"):
            await registry.assets.put("main", [AssetSpec(asset="hall.press1")], "me")
        with pytest.raises(FixConfiguration, match="grant"):
            await registry.renaming.release("main", "asset", "hall.press1", "me")
        found = {p.name for p in registry.book.active("main") if may(point_ref("main", p.number))}
        assert found == {"weld.p1.force", "weld.p1.oil.temp"}
    async with opened(tmp_path) as registry:
        assert registry.rights.decide(WANG, "read", point_ref("main", force)).allowed, "after a restart, too"
        assert not registry.rights.decide(WANG, "read", point_ref("main", other)).allowed


async def test_an_emergency_switch_goes_on_stopping(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await _plant(registry)
        stops = registry.stops
        stops._on["main", "hall"] = StopRow("main", "hall", "wang", 1, "fire")
        await registry.renaming.rename("main", "asset", "hall", "north", "me")
        await registry.renaming.rename("main", "asset", "north.press1", "weld.p1", "me")
        found = stops.covering("main", "weld.p1.oil")
        assert found is not None and found.asset == "north"
        assert stops.covering("main", "hall2.press9") is None
        told = set(stops._stopped(found))
        assert {"north", "weld.p1", "hall", "north.press1"} <= told, "a gateway may know any of these names"
        assert "hall2.press9" not in told


async def test_names_that_may_not_be_given(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await _plant(registry)
        renaming = registry.renaming
        for kind, old, new, code in (
            ("asset", "nowhere", "x", "http.not_found"),
            ("asset", "hall", "hall2", "config.conflict"),
            ("asset", "hall", "mould7", "config.conflict"),
            ("asset", "hall", "a b", "config.invalid"),
            ("asset", "hall", "hall.old", "config.invalid"),
            ("asset", "hall", "n" * 195, "config.invalid"),
            ("point", "hall.press1.force", "hall2.press9.force", "config.conflict"),
            ("point", "hall.press1.force", "force", "config.invalid"),
        ):
            with pytest.raises(FixConfiguration) as caught:
                await renaming.rename("main", kind, old, new, "me")  # type: ignore[arg-type]
            assert caught.value.code == code, (old, new)
        await renaming.rename("main", "asset", "hall", "north", "me")
        for old, new in (("hall2", "hall"), ("hall2.press9", "hall.press9")):
            with pytest.raises(FixConfiguration, match="earlier name of north"):
                renaming.plan("main", "asset", old, new)
        await renaming.rename("main", "asset", "north.press1", "north.p1", "me")
        await renaming.rename("main", "asset", "north", "hall", "me")  # back to what it was called
        for name in ("north.press1.force", "hall.press1.force", "north.p1.force", "hall.p1.force"):
            assert registry.book.find("main", name).name == "hall.p1.force", name
        await renaming.release("main", "asset", "north", "me")
        await renaming.rename("main", "asset", "hall2", "north", "me")
        assert registry.book.find("main", "north.press9.force").spec.address == "3"


async def test_a_point_gets_another_name_whoever_gives_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await _plant(registry)
        number = registry.book.find("main", "hall.press1.force").number
        await registry.renaming.rename("main", "point", "hall.press1.force", "hall.press1.pressure", "me")
        renamed = [
            msgspec.structs.replace(p, name=p.name.replace("pressure", "load"))
            for p in registry.devices.get("main", "plc").spec.points
        ]
        await registry.devices.put("main", msgspec.structs.replace(PLC, points=renamed), "me")
        for name in ("force", "pressure", "load"):
            row = registry.book.find("main", f"hall.press1.{name}")
            assert (row.number, row.name) == (number, "hall.press1.load")
        await registry.renaming.rename("main", "point", "hall.press1.load", "hall.press1.force", "me")
        assert registry.book.find("main", "hall.press1.load").name == "hall.press1.force"
        with pytest.raises(FixConfiguration, match="listed"):
            both = [*PLC.points, PointSpec(name="hall.press1.load", address="8")]
            await registry.devices.put("main", msgspec.structs.replace(PLC, points=both), "me")


async def test_what_fed_a_point_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await _plant(registry)
        force = PLC.points[0]

        async def put(**changes: object) -> None:
            points = [msgspec.structs.replace(force, **changes), *PLC.points[1:]]
            await registry.devices.put("main", msgspec.structs.replace(PLC, points=points), "me")

        await put(title="Force")
        row = registry.book.find("main", force.name)
        (only,) = (await sources(registry.records, "main", [row]))[0]
        assert (only.from_us, only.until_us) == (row.created_us, None)
        await put(address="5", scale=0.1)
        await put(address="5", scale=0.2)
        found = (await sources(registry.records, "main", [registry.book.find("main", force.name)]))[0]
        assert [(s.address, s.scale) for s in found] == [("1", 1.0), ("5", 0.1), ("5", 0.2)]
        assert [s.until_us for s in found[:-1]] == [s.from_us for s in found[1:]] and found[-1].until_us is None
        await registry.devices.drop("main", "plc", "me")
        await registry.devices.put("main", msgspec.structs.replace(PLC, device="plc2"), "me")
        found = (await sources(registry.records, "main", [registry.book.find("main", force.name)]))[0]
        assert [s.device for s in found] == ["plc", "plc", "plc", "plc2"]
        assert found[2].until_us < found[3].from_us, "nothing fed it meanwhile"  # type: ignore[operator]


def test_no_table_that_calls_an_asset_by_its_name_is_forgotten() -> None:
    found = {
        f"{table.name}.{c.name}" for table in metadata.sorted_tables for c in table.c if c.name in ("asset", "parent")
    }
    known = {f"{table.name}.{name}" for table, name in ASSET_COLUMNS} | set(ITS_OWN)
    assert found - known == {"episodes.parent"}, "say in stores/records/renaming.py what a rename does with it"


async def test_another_plc_takes_over_and_nothing_is_lost(tmp_path: Path) -> None:
    async with opened(tmp_path) as registry:
        await _plant(registry)
        numbers = {p.name: p.number for p in registry.book.active("main")}
        new = DeviceSpec(
            device="plc2",
            driver="sim",
            points=[
                PointSpec(name="hall.press1.force", address="77", scale=0.1),  # by its name
                PointSpec(name="plc2.r2", address="2"),  # by its address
                PointSpec(name="plc2.r9", address="9"),
            ],
        )
        old = registry.devices.get("main", "plc").spec
        looked = await registry.devices.replace("main", old, new, "me", check=True)
        assert registry.devices.find("main", "plc2") is None, "to look changes nothing"
        assert [(t.point, t.was, t.address, t.by) for t in looked.taken] == [
            ("hall.press1.force", "1", "77", "name"), ("hall.press1.oil.temp", "2", "2", "address"),
        ]  # fmt: skip
        assert (looked.left, looked.added) == (["hall2.press9.force"], ["plc2.r9"])
        with pytest.raises(FixConfiguration, match="leave 1"):
            await registry.devices.replace("main", old, new, "me")
        assert registry.book.find("main", "hall.press1.force").device == "plc"
        await registry.devices.replace("main", old, new, "me", leave=1)
        for name, address in (("hall.press1.force", "77"), ("hall.press1.oil.temp", "2")):
            row = registry.book.find("main", name)
            assert (row.number, row.device, row.spec.address) == (numbers[name], "plc2", address)
        assert registry.book.find("main", "hall.press1.force").spec.unit == "kN", "what people said of it stays"
        assert registry.book.find("main", "hall2.press9.force").retired_us is not None
        was = registry.devices.get("main", "plc").spec
        assert (was.enabled, was.points) == (False, [])
        (told,) = [e for e in await registry.life.of("main", "hall.press1") if e.kind == "source_replaced"]
        assert (told.detail["from"], told.detail["to"]) == ("plc", "plc2")
        found = (await sources(registry.records, "main", [registry.book.find("main", "hall.press1.force")]))[0]
        assert [(s.device, s.address, s.scale) for s in found] == [("plc", "1", 1.0), ("plc2", "77", 0.1)]
        same = DeviceSpec(device="plc3", driver="sim")  # the same PLC, another box
        copied = await registry.devices.replace("main", registry.devices.get("main", "plc2").spec, same, "me")
        assert {one.by for one in copied.taken} == {"copy"}
        assert registry.book.find("main", "hall.press1.force").device == "plc3"
        assert registry.book.find("main", "hall.press1.force").number == numbers["hall.press1.force"]
    async with opened(tmp_path) as registry:
        assert registry.book.find("main", "hall.press1.force").device == "plc3"
