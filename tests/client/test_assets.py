"""Assets in Python: found, placed, and the values of all their points in one table; as SQL has them too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import baigong
from baigong.client import Plant
from baigong.client.link import Link
from baigong.registry.rights import asset_ref, policy_text
from baigong.security.scope import Ref
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration
from tests.api.test_series import T0
from tests.api.world import PUMP, World, world

_SECOND = 1_000_000
MINUTE = T0 // (60 * _SECOND) * 60 * _SECOND
FAN = DeviceSpec(
    device="fan",
    driver="sim",
    points=[
        PointSpec(name="fan1.speed", address="sine:1"),
        PointSpec(name="fan1.note", address="text:1", kind="text"),
        PointSpec(name="fan1.count", address="ramp:1", kind="counter"),
    ],
)
PLANT: list[dict[str, Any]] = [
    {"asset": "hall", "level": "area", "title": "Hall 1"},
    {"asset": "line2", "parent": "hall", "level": "line"},
    {"asset": "pump1", "parent": "line2", "type": "pump", "title": "Pump", "properties": {"kW": 5.5}},
    {"asset": "fan1", "parent": "hall", "type": "fan"},
]


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        for device in (PUMP, FAN):
            await made.registry.devices.put("main", device, "test")
        (tmp_path / "url").write_text(made.url + "\n")
        async with made.client() as client:
            assert (await client.post("/assets", json={"assets": PLANT})).status_code == 200
        times = MINUTE + np.arange(180, dtype=np.int64) * _SECOND
        await made.put("pump1.flow", times, np.arange(180.0))
        await made.put("pump1.pressure", times[:60], np.full(60, 2.0), q.BAD)
        await made.put("fan1.speed", times + 250_000, np.arange(180.0) * 2)
        await made.put("fan1.count", times[::60], np.array([1.0, 5.0, 7.0]))
        yield made


async def _in_thread(plant: World, work: Any, **how: Any) -> Any:
    """The SDK is synchronous; the server lives on this loop."""

    def run() -> Any:
        with baigong.connect(**(how or {"data": plant.data})) as connected:
            return work(connected)

    return await asyncio.to_thread(run)


async def test_assets_are_found_and_know_their_place(plant: World) -> None:
    def work(found: Plant) -> None:
        assert {one.name for one in found.assets()} >= {"hall", "line2", "pump1", "fan1"}
        pumps = found.assets.where(type="pump", site="hall")
        assert (len(pumps), pumps.names, [one.name for one in pumps]) == (1, ["pump1"], ["pump1"])
        assert found.assets.where("hall 1", level="area").names == ["hall"]
        assert not found.assets.where(type="nothing") and found.assets.where(type="nothing").df().empty
        pump = pumps[0]
        assert (pump.title, pump.path, pump.properties) == ("Pump", "hall/line2/pump1", {"kW": 5.5})
        assert pump.parent is not None and pump.parent.name == "line2" and pump.parent.parent.name == "hall"
        assert [one.name for one in found.asset("hall").parts()] == ["fan1", "line2"]
        assert found.asset("hall").parent is None
        assert [point.name for point in found.asset("hall").points()] == [p.name for p in found.points(asset="hall")]
        with pytest.raises(FixConfiguration, match="there is no asset 'nobody'"):
            print(found.asset("nobody").path)
        pump.move("hall")
        assert (pump.path, pump.properties) == ("hall/pump1", {"kW": 5.5})
        assert found.asset("pump1").path == "hall/pump1"
        with pytest.raises(FixConfiguration):
            found.asset("hall").move(pump)

    await _in_thread(plant, work)


async def test_kpis_of_many_assets_with_chinese_names_come_in_one_table(plant: World) -> None:
    many = [{"asset": f"{'循环水泵站给水泵机组' * 5}{n}", "parent": "hall"} for n in range(200)]  # 90,000 letters, sent
    async with plant.client() as client:
        assert (await client.post("/assets", json={"assets": many})).status_code == 200
        text = "type: pump\npoints:\n  flow: {}\nkpis:\n  mean: {expression: mean(flow)}\n"
        assert (await client.put("/types/pump", json={"text": text, "confirm": 1})).status_code == 200

    def work(found: Plant) -> None:
        some = found.assets.where(under="hall")
        assert len(some) == 204
        told = some.kpis(MINUTE, MINUTE + 180 * _SECOND)
        assert told.set_index("asset").loc["pump1", ["kpi", "value"]].to_list() == ["mean", 89.5]
        assert set(told["asset"]) == {"fan1", "pump1"} and found.asset("hall").kpis().empty

    await _in_thread(plant, work)


async def test_one_table_of_all_values_is_what_sql_says(plant: World) -> None:
    def work(found: Plant) -> None:
        some = found.assets.where(under="hall")
        assert [point.name for point in some.points()] == [
            "fan1.count", "fan1.note", "fan1.speed", "pump1.flow", "pump1.pressure", "pump1.state",
        ]  # fmt: skip
        frame = some.df(MINUTE, MINUTE + 200 * _SECOND)
        assert list(frame.columns) == ["asset", "quantity", "time", "value", "quality"]
        sql = found.sql(
            """select asset, quantity, time, value, quality from telemetry t join assets a using (asset)
               where a.path like 'hall/%' order by asset, quantity, time"""
        )
        pd.testing.assert_frame_equal(frame, sql, check_dtype=False)
        assert frame.groupby(["asset", "quantity"])["value"].count()[("pump1", "flow")] == 180
        newest = some.latest()
        assert newest.loc[("pump1", "flow"), "value"] == 179 and newest.loc[("fan1", "count"), "unit"] == ""

        wide = some.df(MINUTE, MINUTE + 200 * _SECOND, wide=True)
        assert wide.columns.names == ["asset", "quantity"] and len(wide) == 360
        assert wide["pump1", "flow"].notna().sum() == 180 and str(wide.index.tz) == "UTC"

    await _in_thread(plant, work)


async def test_intervals_average_gauges_and_take_the_last_of_counters(plant: World) -> None:
    def work(found: Plant) -> None:
        some = found.assets.where(under="hall")
        frame = some.df(MINUTE, MINUTE + 180 * _SECOND, every="1m")
        flow = frame[(frame["asset"] == "pump1") & (frame["quantity"] == "flow")]
        assert flow["value"].tolist() == [29.5, 89.5, 149.5]
        assert flow["time"].astype("datetime64[us, UTC]").astype("int64").tolist() == [
            MINUTE + n * 60 * _SECOND for n in range(3)
        ]
        assert frame[frame["quantity"] == "count"]["value"].tolist() == [1.0, 5.0, 7.0]
        assert "pressure" not in set(frame["quantity"])  # all of it was bad
        wide = some.df(MINUTE, MINUTE + 180 * _SECOND, every="1m", how="max", wide=True)
        assert wide["fan1", "speed"].tolist() == [118, 238, 358] and wide.notna().all(axis=None)
        for wrong in ({"every": "1mo"}, {"every": "0s"}, {"every": "1m", "how": "median"}):
            with pytest.raises(FixConfiguration):
                some.df(MINUTE, **wrong)

    await _in_thread(plant, work)


async def test_a_thousand_points_take_few_questions(plant: World, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [PointSpec(name=f"bank{n // 10}.q{n % 10}", address=f"sine:{n + 1}") for n in range(1000)]
    await plant.registry.devices.put("main", DeviceSpec(device="bank", driver="sim", points=many), "test")
    asked = []
    plain = Link._ask
    monkeypatch.setattr(
        Link, "_ask", lambda link, method, path, *rest: asked.append(path) or plain(link, method, path, *rest)
    )

    def work(found: Plant) -> None:
        banks = found.assets.where("bank")
        assert len(banks) == 100 and len(banks.points()) == 1000
        asked.clear()
        banks.df("1h", every="1m")
        assert asked == ["/sql", "/sql"]
        asked.clear()
        banks.df("1h")
        assert len(asked) == 1 + 1000 // 50

    await _in_thread(plant, work)


async def test_a_guest_s_sql_knows_what_was_opened_and_the_names_above(plant: World) -> None:
    async with plant.client() as client:
        secret = {"asset": "hall", "level": "area", "title": "Hall 1", "code": "SECRET", "properties": {"lease": 9}}
        assert (await client.put("/assets/hall", json=secret)).status_code == 200
        for name, kind, other in (
            ("fan1", "feeds", "pump1"),
            ("pump1", "uses", "hall"),
            ("pump1", "controlled_by", "line2"),
        ):
            answer = await client.post(f"/assets/{name}/relations", json={"kind": kind, "other": other})
            assert answer.status_code == 200
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    text = policy_text(Ref("Token", who.token), ["see", "read"], asset_ref("main", "line2"))
    await plant.registry.rights.grant("main", text, "loan", "me")
    url = (plant.data / "url").read_text().strip()

    def work(guest: Plant) -> None:
        found = guest.sql("select * from assets order by path")
        assert found["path"].tolist() == ["hall", "hall/line2", "hall/line2/pump1"]
        assert "SECRET" not in found.to_csv() and "lease" not in found.to_csv()
        assert found["title"].tolist()[0] == "Hall 1" and found["level"].isna().tolist() == [True, False, False]
        assert guest.sql("from relations").values.tolist() == [["pump1", "controlled_by", "line2"]]
        assert [one.name for one in guest.asset("pump1").related()] == ["line2"]
        assert guest.asset("pump1").related("feeds", inverse=True) == []
        assert guest.asset("hall").related("uses", inverse=True) == []
        joined = "select distinct a.asset from telemetry t join assets a using (asset) where a.path like 'hall/%'"
        assert guest.sql(joined)["asset"].tolist() == ["pump1"]
        assert guest.assets.where(under="hall").latest().index.get_level_values("asset").unique().tolist() == ["pump1"]

    await _in_thread(plant, work, url=url, token=token, tenant="main")
    async with plant.client() as client:
        tables = {one["name"]: one["columns"] for one in (await client.get("/sql/schema")).json()}
        asked = await client.post("/sql", json={"sql": "from relations order by asset, kind"})
        assert [row[:2] for row in asked.json()["rows"]] == [
            ["fan1", "feeds"],
            ["pump1", "controlled_by"],
            ["pump1", "uses"],
        ]
        assert [column["name"] for column in tables["assets"]][:3] == ["asset", "parent", "path"]
        (pump,) = (await client.post("/sql", json={"sql": "select properties from assets where asset='pump1'"})).json()[
            "rows"
        ]
        assert pump == ['{"kW":5.5}']
