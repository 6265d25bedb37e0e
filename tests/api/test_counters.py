"""Counters over HTTP: increase, exchanged meters; and how long history is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from baigong.vocab.devices import Counter, DeviceSpec, PointSpec
from baigong.vocab.keep import Keep
from tests.api.world import World

METER = DeviceSpec(
    device="meter",
    driver="sim",
    points=[
        PointSpec(name="hall.energy", address="counter:1", kind="counter", unit="kW.h", counter=Counter(rollover=1000)),
        PointSpec(name="hall.o'clock", address="counter:2", kind="counter"),
        PointSpec(name="hall.power", address="sine:1", unit="kW"),
    ],
)
T0 = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
MINUTE = 60_000_000
HOUR = 60 * MINUTE


@pytest.fixture
async def metered(plant: World) -> World:
    await plant.registry.devices.put("main", METER, "test")
    return plant


async def test_increase_by_interval_in_every_form(metered: World) -> None:
    times = [T0 + i * 10 * MINUTE for i in range(13)]
    await metered.put("hall.energy", times, [(990.5 + i) % 1000 for i in range(13)])
    span = {"start": str(T0), "end": str(T0 + 3 * HOUR)}
    async with metered.client() as client:
        for every, wanted in (("1h", [6.0, 6.0]), ("30min", [3.0] * 4), ("1d", [12.0])):
            told = (await client.get("/points/hall.energy/increase", params=span | {"every": every})).json()
            assert [r["increase"] for r in told["rows"]] == wanted
            assert told["total"] == 12.0 and told["unit"] == "kW.h"
            assert sum(r["rollovers"] for r in told["rows"]) == 1
            assert told["rows"][0]["time_us"] == T0
            assert told["rows"][0]["rate"] * told["every_s"] == pytest.approx(wanted[0])
        raw = await client.get("/points/hall.energy/increase", params=span | {"format": "arrow"})
        with pa.ipc.open_stream(raw.content) as reader:
            assert reader.read_all().column("increase").to_pylist() == [6.0, 6.0]
        csv = await client.get("/points/hall.energy/increase", params=span | {"format": "csv"})
        assert csv.text.splitlines()[0].startswith('"time","increase"')
        assert (await client.get("/points/hall.o'clock/increase", params=span)).json()["rows"] == []


async def test_series_of_counters_as_increase_and_rate(metered: World) -> None:
    times = [T0 + i * 10 * MINUTE for i in range(13)]
    await metered.put("hall.energy", times, [(990.5 + i) % 1000 for i in range(13)])
    span = {"points": "hall.energy", "start": str(T0), "end": str(T0 + 3 * HOUR), "every": "1h"}
    async with metered.client() as client:
        (line,) = (await client.get("/series", params=span | {"as": "increase"})).json()["series"]
        assert (line["values"], line["times_us"], line["unit"]) == ([6.0, 6.0], [T0, T0 + HOUR], "kW.h")
        assert (line["kind"], line["sloped"]) == ("gauge", False)
        (line,) = (await client.get("/series", params=span | {"as": "rate"})).json()["series"]
        assert (line["values"], line["unit"]) == (pytest.approx([6 / 3600, 6 / 3600]), "kW.h/s")
        del span["every"]
        for width, bars in ((0, 12), (72, 8), (12, 2)):  # intervals of a minute, of 15, of an hour
            (line,) = (await client.get("/series", params=span | {"as": "increase", "width": width})).json()["series"]
            assert sum(line["values"]) == 12.0 and len(line["values"]) == bars
        raw = await client.get("/series", params=span | {"as": "increase", "format": "arrow", "every": "1d"})
        with pa.ipc.open_stream(raw.content) as reader:
            assert reader.read_all().column("value").to_pylist() == [12.0]
        csv = await client.get("/series", params=span | {"as": "rate", "format": "csv"})
        assert csv.text.startswith('"point","time","value"')
        gauge = await client.get("/series", params=span | {"points": "hall.power", "as": "rate"})
        assert gauge.status_code == 422 and "not a counter" in gauge.json()["title"]
        wrong = await client.get("/series", params=span | {"as": "integral"})
        assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("zone", "every", "first"),
    [
        ("Asia/Shanghai", "1d", "2026-03-27 00"),
        ("Asia/Shanghai", "1w", "2026-03-23 00"),  # a Monday
        ("Asia/Shanghai", "1mo", "2026-03-01 00"),
        ("Asia/Shanghai", "1y", "2026-01-01 00"),
        ("Asia/Shanghai", "3h", "2026-03-27 00"),
        ("Asia/Kolkata", "1d", "2026-03-27 00"),  # half an hour beside the hours of UTC
        ("Europe/Berlin", "1d", "2026-03-27 00"),  # the 29th has 23 hours
        ("UTC", "1mo", "2026-03-01 00"),
    ],
)
async def test_days_begin_at_midnight_where_the_meter_is(metered: World, zone: str, every: str, first: str) -> None:
    begin = datetime(2026, 3, 27, tzinfo=ZoneInfo(zone))
    begin_us = int(begin.timestamp()) * 1_000_000
    times = [begin_us + i * 30 * MINUTE for i in range(241)]  # five days, over the end of March
    await metered.put("hall.energy", times, [i / 2 for i in range(241)])
    span = {"start": str(begin_us - 24 * HOUR), "end": str(times[-1] + HOUR), "every": every, "tz": zone}
    async with metered.client() as client:
        told = (await client.get("/points/hall.energy/increase", params=span)).json()
        (line,) = (await client.get("/series", params=span | {"points": "hall.energy", "as": "increase"})).json()[
            "series"
        ]
    wanted: dict[str, float] = {}
    for time_us in times[1:]:  # a reading belongs to what ends with it
        local = datetime.fromtimestamp((time_us - MINUTE) / 1e6, ZoneInfo(zone))
        day = local.replace(hour=0, minute=0)
        starts = {"1d": day, "1w": day - timedelta(day.weekday()), "1mo": day.replace(day=1),
                  "1y": day.replace(month=1, day=1), "3h": day.replace(hour=local.hour // 3 * 3)}  # fmt: skip
        label = f"{starts[every]:%Y-%m-%d %H}"
        wanted[label] = wanted.get(label, 0.0) + 0.5
    found = {f"{datetime.fromtimestamp(r['time_us'] / 1e6, ZoneInfo(zone)):%Y-%m-%d %H}": r for r in told["rows"]}
    assert {at: row["increase"] for at, row in found.items()} == wanted
    assert min(found) == first
    assert (told["total"], line["values"]) == (120.0, list(wanted.values()))
    if every == "1d":
        full = list(found)[:4]  # half a unit in half an hour, however many hours the day has
        assert [found[at]["rate"] for at in full] == pytest.approx([1 / 3600] * 4)


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"every": "90s"}, "every"),
        ({"every": "soon"}, "every"),
        ({"tz": "Mars/Base"}, "tz"),
        ({"tz": "../UTC"}, "tz"),
        ({"start": "then"}, "start"),
    ],
)
async def test_what_cannot_be_asked_is_said(metered: World, params: dict[str, str], place: str) -> None:
    async with metered.client() as client:
        refused = await client.get("/points/hall.energy/increase", params=params)
        assert refused.status_code == 422 and refused.json()["place"] == place
        gauge = await client.get("/points/hall.power/increase")
        assert gauge.status_code == 422 and "not a counter" in gauge.json()["title"]


async def test_a_meter_is_exchanged_corrected_and_the_exchange_cancelled(metered: World) -> None:
    await metered.put("hall.energy", [T0, T0 + 2 * HOUR], [900.0, 17.0])
    span = {"start": str(T0), "end": str(T0 + 3 * HOUR), "every": "1d"}
    at = "2026-01-01T01:00:00Z"

    async def total() -> float:
        await metered.settled()
        found = (await client.get("/points/hall.energy/increase", params=span)).json()
        return float(found["total"])

    async with metered.client() as client:
        assert await total() == 117.0  # taken for a rollover
        body = {"time": at, "old_end": 905.0, "new_start": 0, "note": "Q1 calibration"}
        made = await client.post("/points/hall.energy/exchanges", json=body)
        assert made.status_code == 200, made.text
        assert await total() == 5.0 + 17.0
        await client.post("/points/hall.energy/exchanges", json=body | {"old_end": 904.0, "new_start": 10})
        assert await total() == 4.0 + 7.0
        [held] = (await client.get("/points/hall.energy/exchanges")).json()
        assert held["old_end"] == 904.0 and held["time_us"] == T0 + HOUR and held["note"] == "Q1 calibration"
        number = metered.registry.book.find("main", "hall.energy").number
        told = await metered.registry.events.recent("main", subjects=[f"point:{number}"])
        assert [e.kind for e in told] == ["meter.exchanged"] * 2
        assert (await client.delete(f"/points/hall.energy/exchanges/{T0}")).status_code == 422
        assert (await client.delete(f"/points/hall.energy/exchanges/{at}")).status_code == 204
        assert await total() == 117.0
        assert (await client.get("/points/hall.energy/exchanges")).json() == []


async def test_states_in_sql_with_words(metered: World) -> None:
    await metered.put("pump1.state", [T0, T0 + MINUTE, T0 + 2 * MINUTE], [1.0, 0.0, 0.0])
    async with metered.client() as client:
        sql = "select word, seconds, entries from rollup_states_1h where name = 'pump1.state' order by word"
        told = (await client.post("/sql", json={"sql": sql})).json()
        assert told["rows"] == [["off", 60.0, 1], ["on", 60.0, 0]]


async def test_history_is_kept_until_somebody_has_seen_what_would_go(metered: World) -> None:
    async with metered.client() as client:
        told = (await client.get("/retention")).json()
        assert told["keep"] == {"raw_days": None, "minute_days": None, "hour_days": None}
        assert told["would_go"]["days"] == 0
        made = await client.put("/retention", json={"raw_days": 90, "hour_days": 3650})
        assert made.status_code == 200 and made.json()["keep"]["raw_days"] == 90
        assert metered.registry.retention.of("main") == Keep(raw_days=90, hour_days=3650)
        [event] = await metered.registry.events.recent("main", subjects=["retention"])
        assert event.detail["is"]["raw_days"] == 90 and event.detail["was"]["raw_days"] is None
        assert (await client.put("/retention", json={"raw_days": 0})).status_code == 400
    await metered.registry.retention.load()
    assert metered.registry.retention.of("main").raw_days == 90


async def test_nothing_goes_unseen(metered: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from baigong.stores.lake.contract import LakeFile

    held = metered.lake.snapshot("main")
    days = [str(d) for d in np.arange("2026-01-01", "2026-01-04", dtype="datetime64[D]")]
    files = tuple(LakeFile(f"/lake/day={d}/a.parquet", "main", d, 1000, 9) for d in days)
    monkeypatch.setattr(metered.lake, "snapshot", lambda tenant: type(held)("main", 1, 1, files, held.hot))
    async with metered.client() as client:
        seen = (await client.get("/retention", params={"raw_days": 1})).json()
        assert seen["would_go"]["rows"] == 3000 and seen["would_go"]["first_day"] == "2026-01-01"
        refused = await client.put("/retention", json={"raw_days": 1, "confirm_days": 2})
        assert refused.status_code == 409 and "3 days" in refused.json()["title"]
        assert metered.registry.retention.of("main") == Keep()
        assert (await client.put("/retention", json={"raw_days": 1, "confirm_days": 3})).status_code == 200


async def test_integers_of_64_bits_survive_to_the_end(metered: World) -> None:
    """Ingest, stream, lake, SQL as JSON, Arrow and CSV, and the newest value."""
    big = [2**53 + 1, 2**63 - 1, -(2**63), -(2**53) - 1]
    values = [{"point": "hall.serial", "time": T0 + i, "value": n} for i, n in enumerate(big)]
    async with metered.client() as client:
        assert (await client.post("/ingest", json={"values": values})).status_code == 200
        await metered.settled()
        asked = {"sql": "select whole from telemetry where name = 'hall.serial' order by time"}
        told = (await client.post("/sql", json=asked)).json()
        assert [row[0] for row in told["rows"]] == [str(n) for n in big]  # most readers of JSON would round numbers
        raw = await client.post("/sql", json=asked, params={"format": "arrow"})
        with pa.ipc.open_stream(raw.content) as reader:
            assert reader.read_all().column("whole").to_pylist() == big
        csv = await client.post("/sql", json=asked, params={"format": "csv"})
        assert csv.text.split()[1:] == [str(n) for n in big]
        newest = await client.get("/latest", params={"points": "hall.serial"})
        assert str(big[-1]) in newest.text
