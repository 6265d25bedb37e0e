"""KPIs of types over a span: weighted by time, bad values left out, in the unit that is asked for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from baigong.registry.rights import asset_ref, policy_text
from baigong.security.scope import Ref
from baigong.vocab.devices import Counter, DeviceSpec, PointSpec
from tests.api.world import World, now_us

S = 1_000_000
T0 = 1_767_225_600_000_000  # 2026-01-01, a whole hour
TEXT = """\
type: cell
points:
  power: {unit: W}
  flow: {unit: m3/h}
  energy: {kind: counter, unit: kW.h, required: false}
  parts: {kind: counter, required: false}
  state: {kind: state, states: {"0": idle, "1": running, "3": down}, states_zh: {"1": 运行}}
properties:
  rated: {kind: number, unit: kW}
kpis:
  used: {unit: "%", expression: time(state == "running") / time(state), better: higher, target: 60, title_zh: 利用率}
  load: {unit: "%", expression: mean(power) / rated}
  per_m3: {unit: kW.h/m3, expression: integral(power) / integral(flow), better: lower, target: 1}
  per_part: {unit: W.h, expression: delta(energy) / delta(parts)}
  downs: {unit: /h, expression: entries(state == 3) / span()}
  high: {unit: min, expression: time(power > 1500)}
  both: {unit: "%", expression: used * load}
  most: {unit: kW, expression: max(power) - min(power)}
"""
CELL = DeviceSpec(
    device="cell",
    driver="sim",
    scan={"default": "1s"},
    points=[
        PointSpec(name=f"cell{n}.{quantity}", address=f"{quantity}{n}", **more)
        for n in (1, 2)
        for quantity, more in {
            "power": {"unit": "kW"},  # not the type's unit: the same quantity
            "flow": {"unit": "m3/h"},
            "state": {"kind": "state", "states": {"0": "idle", "1": "running", "3": "down"}, "sloped": False},
            **({"energy": {"kind": "counter", "unit": "kW.h", "counter": Counter(rollover=1000.0)}} if n == 1 else {}),
            **({"parts": {"kind": "counter"}} if n == 1 else {}),
        }.items()
    ],
)


async def _plant(plant: World, client: Any) -> dict[str, int]:
    """One cell that ran 30 of 60 minutes at 2 kW, then stood at 1 kW; a value is bad for the last ten minutes."""
    await plant.registry.devices.put("main", CELL, "test")
    assert (await client.put("/types/cell", json={"text": TEXT})).status_code == 200
    await client.put("/assets/cell1", json={"asset": "cell1", "type": "cell", "properties": {"rated": 4}})
    await client.put("/assets/cell2", json={"asset": "cell2", "type": "cell"})
    times = [T0 + minute * 60 * S for minute in range(61)]
    power = [2.0 if minute < 30 else 1.0 for minute in range(61)]
    quality = np.array([0 if minute < 50 else 0x8000 for minute in range(61)], np.int32)
    await plant.put("cell1.power", times, power, quality)
    await plant.put("cell1.flow", times, [3.0] * 61)
    await plant.put("cell1.state", [T0 - 600 * S, T0 + 1800 * S, T0 + 2400 * S, T0 + 3600 * S], [1.0, 3.0, 0.0, 0.0])
    await plant.put("cell1.energy", [T0, T0 + 1800 * S, T0 + 3500 * S], [999.0, 0.0, 0.5])
    await plant.put("cell1.parts", [T0, T0 + 3500 * S], [100.0, 130.0])
    return {"start": T0, "end": T0 + 3600 * S}


async def test_kpis_of_an_asset_are_what_they_say(plant: World) -> None:
    async with plant.client() as client:
        span = await _plant(plant, client)
        found = (await client.get("/assets/cell1/kpis", params=span)).json()
        assert (found["start_us"], found["end_us"]) == (span["start"], span["end"])
        value = {one["kpi"]: one["value"] for one in found["kpis"]}
        told = {one["kpi"]: one for one in found["kpis"]}
        assert value["used"] == pytest.approx(50.0)
        assert (told["used"]["met"], told["used"]["title_zh"], told["used"]["unit"]) == (False, "利用率", "%")
        # sloped between samples: 29 min at 2 kW, one minute down to 1 kW, 19 min at 1 kW, the last good value to 50'
        power_kwmin = 29 * 2 + 1.5 + 20 * 1
        assert value["load"] == pytest.approx(power_kwmin / 50 / 4 * 100, rel=0.01)
        assert told["load"]["good"] == pytest.approx(50 / 60, abs=0.02)
        assert value["per_m3"] == pytest.approx(power_kwmin / 60 / 3.0, rel=0.01)
        assert told["per_m3"]["met"] is True
        assert value["per_part"] == pytest.approx(1500 / 30)  # over the rollover
        assert value["downs"] == pytest.approx(1.0)
        assert value["high"] == pytest.approx(30.0)
        assert value["both"] == pytest.approx(value["used"] * value["load"] / 100)
        assert value["most"] == pytest.approx(1.0)


async def test_two_days_that_begin_within_a_minute_are_read_by_minutes(plant: World) -> None:
    async with plant.client() as client:
        await _plant(plant, client)
        span = {"start": T0 + 90 * S, "end": T0 + (2 * 86_400 + 90) * S}
        found = (await client.get("/assets/cell1/kpis", params=span)).json()
        assert (found["start_us"], found["end_us"]) == (T0 + 60 * S, T0 + (2 * 86_400 + 120) * S)
        most = next(one for one in found["kpis"] if one["kpi"] == "most")
        assert most["value"] == pytest.approx(1.0), "the first hour counts, though only 59 minutes of it"


async def test_kpis_of_many_say_why_one_is_not_known(plant: World) -> None:
    async with plant.client() as client:
        span = await _plant(plant, client)
        of_type = (await client.get("/types/cell/kpis", params=span)).json()["kpis"]
        assert [one["asset"] for one in of_type] == ["cell1"] * 8 + ["cell2"] * 8
        why = {one["kpi"]: (one["value"], one["why"], one["good"]) for one in of_type if one["asset"] == "cell2"}
        assert why["per_part"] == (None, "no point energy", 0)
        assert why["load"] == (None, "the property rated is not given", 0)
        assert why["used"] == (None, "nothing good was measured in this span", 0)
        table = await client.get("/kpis", params={"assets": "cell2,cell1", "format": "arrow", **span})
        with pa.ipc.open_stream(io.BytesIO(table.content)) as opened:
            rows = opened.read_all()
        assert (len(rows), rows.column("value").null_count) == (16, 8)
        text = await client.get("/types/cell/kpis", params={**span, "format": "csv"})
        assert text.text.splitlines()[0].startswith('"asset","type","kpi","value"')
        assert (await client.get("/kpis", params={"assets": "nobody"})).status_code == 404
        assert (await client.get("/assets/cell1/kpis", params={"start": "x"})).status_code == 422


async def test_a_text_is_tried_on_real_assets_and_not_written(plant: World) -> None:
    async with plant.client() as client:
        span = await _plant(plant, client)
        text = TEXT.replace('time(state == "running") / time(state)', "1 - time(state == 1) / time(state)")
        tried = await client.post("/types/cell/kpis", json={"text": text, **{k: str(v) for k, v in span.items()}})
        (used,) = [one for one in tried.json()["kpis"] if (one["asset"], one["kpi"]) == ("cell1", "used")]
        assert used["value"] == pytest.approx(50.0)
        assert (await client.get("/types/cell")).json()["version"] == 1
        wrong = await client.post("/types/cell/kpis", json={"text": text.replace("time(state == 1)", "tim(state)")})
        assert (wrong.status_code, wrong.json()["fields"]["letter"]) == (422, 5), wrong.text
        assert wrong.json()["fields"]["line"] == 11


async def test_who_may_read_some_points_gets_the_kpis_of_these(plant: World) -> None:
    async with plant.client() as client:
        span = await _plant(plant, client)
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    text = policy_text(Ref("Token", who.token), ["see", "read"], asset_ref("main", "cell1"))
    await plant.registry.rights.grant("main", text, "loan", "me", None)
    async with plant.client(token=token) as guest:
        shown = {**span, "tenant": "main"}
        found = (await guest.get("/assets/cell1/kpis", params=shown)).json()["kpis"]
        assert {one["kpi"]: one["value"] for one in found}["used"] == pytest.approx(50.0)
        of_type = (await guest.get("/types/cell/kpis", params=shown)).json()["kpis"]
        assert {one["asset"] for one in of_type} == {"cell1"}
        assert (await guest.get("/assets/cell2/kpis", params=shown)).status_code == 404
        assert (await guest.post("/types/cell/kpis", params={"tenant": "main"}, json={"text": TEXT})).status_code == 403


ALARMS = """\
alarms:
  hot: {point: power, when: high, limit: 1500, priority: high, title: Overload, title_zh: 过载, response: Stop it.}
  weak: {point: power, when: low, limit: 500, on_delay: 10s}
  swift: {point: power, when: rate, limit: 100, per: 1min}
  silent: {point: flow, when: stale, after: 1min}
  down: {point: state, when: state, states: [3], priority: critical}
  counted: {point: parts, when: stale, after: 1d}
  quiet: {point: flow, when: high, limit: 1, enabled: false}
"""


async def test_alarms_are_judged_by_the_newest_values(plant: World) -> None:
    async with plant.client() as client:
        await _plant(plant, client)
        await client.put("/types/cell", json={"text": TEXT + ALARMS})
        now = now_us()
        await plant.put("cell2.power", [now - S], [1.6])  # kW; the type's limit is in W
        await plant.put("cell2.flow", [now - 120 * S], [3.0])
        await plant.put("cell2.state", [now - S], [3.0])
        told = (await client.get("/assets/cell2/alarms")).json()["alarms"]
        assert [(one["alarm"], one["state"]) for one in told] == [
            ("down", "active"),
            ("hot", "active"),
            ("silent", "active"),
            ("swift", "unjudged"),
            ("weak", "normal"),
            ("quiet", "off"),
            ("counted", "absent"),
        ]
        hot = next(one for one in told if one["alarm"] == "hot")
        assert (hot["limit"], hot["unit"], hot["value"], hot["told"]["response"]) == (1.5, "kW", 1.6, "Stop it.")
        assert [one["alarm"] for one in told if one["needs_engine"]] == ["swift", "weak"]
        assert (told[0]["word"], hot["came"]) == ("down", "cell")
        await plant.put("cell2.power", [now], [float("nan")])
        again = (await client.get("/assets/cell2/alarms")).json()["alarms"]
        assert {one["alarm"]: one["state"] for one in again}["hot"] == "unknown"
        assert (await client.get("/assets/nobody/alarms")).status_code == 404
