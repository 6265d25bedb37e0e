from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import baigong
from baigong.client import Plant
from baigong.client.link import find_server
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, Reauthenticate, RetryLater
from baigong.vocab.happenings import Episode
from tests.api.test_series import T0
from tests.api.world import PUMP, World, now_us, world


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        await made.registry.devices.put("main", PUMP, "test")
        (tmp_path / "url").write_text(made.url + "\n")
        yield made


async def in_thread(served: World, work):
    """The SDK is synchronous; the server lives on this loop."""

    def run():
        with baigong.connect(data=served.data) as plant:
            return work(plant)

    return await asyncio.to_thread(run)


async def test_values_come_as_a_dataframe_with_quality(served: World) -> None:
    now = now_us()
    times = now - np.arange(5_000, 0, -1, dtype=np.int64) * 1_000_000
    values = np.arange(5_000.0)
    values[10] = np.nan
    await served.put("pump1.flow", times, values, q.GOOD | q.SIMULATED)
    frame = await in_thread(served, lambda plant: plant.asset("pump1")["flow"].df("30d"))
    assert list(frame.columns) == ["value", "quality"] and len(frame) == 5_000
    assert isinstance(frame.index, pd.DatetimeIndex) and str(frame.index.tz) == "UTC" and frame.index.name == "time"
    assert np.array_equal(frame["value"].to_numpy(), values, equal_nan=True)
    assert frame["quality"].iloc[0] == q.SIMULATED
    thin = await in_thread(served, lambda plant: plant.point("pump1.flow").df("2h", width=10))
    assert 10 <= len(thin) <= 40
    start = datetime.fromtimestamp(times[0] / 1e6, UTC)
    table = await in_thread(served, lambda plant: plant.point("pump1.flow").arrow(start, int(times[5])))
    assert isinstance(table, pa.Table) and len(table) == 5


async def test_lots_are_followed_both_ways_as_dataframes(served: World) -> None:
    def run(id: str, consumed: list[str], produced: list[str]) -> Episode:
        told = {"consumed": consumed, "produced": produced, "people": ["wang"], "tools": ["m7"]}
        return Episode(id=id, asset="pump1", kind="production", start_us=T0, end_us=T0 + 60_000_000, attributes=told)

    await served.registry.episodes.put("main", [run("cut", ["H13"], ["a", "b"]), run("mill", ["a"], ["SN-1"])], "me")
    await served.put("pump1.flow", [T0 + 1_000_000, T0 + 2_000_000], [1.0, 3.0])
    recall = await in_thread(served, lambda plant: plant.lots.recall("H13"))
    assert recall.lots["steps"].to_dict() == {"H13": 0, "a": 1, "b": 1, "SN-1": 2} and recall.whole
    assert sorted(map(tuple, recall.links.to_numpy())) == [
        ("H13", "a", "cut"), ("H13", "b", "cut"), ("a", "SN-1", "mill"),
    ]  # fmt: skip
    assert recall.steps.loc["mill", "people"] == ["wang"] and str(recall.steps["end"].dt.tz) == "UTC"
    assert recall.parameters.empty
    trace = await in_thread(served, lambda plant: plant.lots.trace("SN-1"))
    assert set(trace.lots.index) == {"SN-1", "a", "H13"}
    assert trace.parameters.set_index("episode").loc["mill", ["point", "mean"]].to_list() == ["pump1.flow", 2.0]
    assert await in_thread(served, lambda plant: plant.lots("S")) == ["SN-1"]
    with pytest.raises(FixConfiguration, match="no episode names"):
        await in_thread(served, lambda plant: plant.lots.trace("nothing"))


async def test_points_devices_latest_and_why(served: World) -> None:
    await served.put("pump1.flow", [T0], [3.5])

    def work(plant: Plant) -> None:
        assert [p.name for p in plant.points("flow")] == ["pump1.flow"]
        assert len(plant.asset("pump1").points()) == 3
        assert plant.asset("pump1")["flow"].latest()["value"] == 3.5
        assert plant.point("pump1.pressure").latest() is None
        assert plant.point("pump1.flow").info()["unit"] == "m3/h"
        assert list(plant.devices()["device"]) == ["pump"]
        assert plant.device("pump")["spec"]["driver"] == "sim"
        assert plant.point("pump1.flow").why()["chain"]
        newest = plant.latest(asset="pump1")
        assert newest.loc["pump1.flow", "value"] == 3.5 and newest.loc["pump1.flow", "time"].year == 2025
        assert plant.episodes().empty

    await in_thread(served, work)


async def test_what_people_type_first(served: World) -> None:
    """A name for a list, spans and dates, seconds where microseconds are wanted, the console's address."""
    now = now_us()
    await served.put("pump1.flow", [now - 7_200_000_000, now - 1_800_000_000], [1.0, 2.0])

    def work(plant: Plant) -> None:
        flow = plant.point("pump1.flow")
        assert plant.assets()[0].name == "pump1" and repr(plant.assets()[0]["flow"]) == "<Point pump1.flow>"
        assert list(plant.df("pump1.flow", "1h")["pump1.flow"]) == [2.0]
        assert len(flow.df(timedelta(hours=1))) == 1 and len(flow.df(datetime.now(UTC).date() - timedelta(days=1))) == 2
        for seconds in (now // 1_000_000 - 3600, now / 1e6 - 3600):
            with pytest.raises(FixConfiguration, match="not in microseconds"):
                flow.df(seconds)
        for meant in (plant.asset("pump1")["flwo"], plant.asset("pmp1")["flow"]):
            with pytest.raises(FixConfiguration, match=r"perhaps pump1\.flow"):
                meant.df("1h")
        with baigong.connect(f"{served.url}/trends", token="x") as wrong, pytest.raises(FixConfiguration):
            wrong.points()

    await in_thread(served, work)


async def test_sql_comes_as_a_dataframe_or_arrow(served: World) -> None:
    await served.put("pump1.flow", [T0, T0 + 1], [1.0, 2.0])
    frame = await in_thread(served, lambda plant: plant.sql("select sum(value) as total from telemetry"))
    assert frame["total"].tolist() == [3.0]
    table = await in_thread(served, lambda plant: plant.sql_arrow("select time from telemetry", limit=1))
    assert len(table) == 1 and pa.types.is_timestamp(table.schema.field("time").type)


async def test_ingest_takes_what_people_have(served: World) -> None:
    times = pd.date_range("2026-01-01", periods=3, freq="1s", tz="Asia/Shanghai")
    wide = pd.DataFrame({"oven.a": [1.0, 2.0, None], "oven.b": [4, 5, 6]}, index=times)
    long = pd.DataFrame({"time": times, "name": "oven.c", "value": ["ok", 1.5, None], "quality": 0})
    arrow = pa.table({"name": ["oven.a"], "time": pa.array([T0]).cast(pa.timestamp("us", tz="UTC")), "value": [9.0]})

    def work(plant: Plant) -> list[int]:
        return [
            plant.ingest(wide),
            plant.ingest(long),
            plant.ingest(arrow),
            plant.ingest([{"point": "oven.b", "value": 7}]),
        ]

    assert await in_thread(served, work) == [5, 3, 1, 1]
    await served.settled()
    both = await in_thread(served, lambda plant: plant.df(["oven.a", "oven.b"], "2026-01-01", "2026-01-02"))
    assert len(both) == 0, "written at midnight in Shanghai, which is the day before in UTC"
    both = await in_thread(served, lambda plant: plant.df(["oven.a", "oven.b"], "2025-12-31", "2026-01-01"))
    assert both["oven.b"].tolist() == [4, 5, 6] and both["oven.a"].tolist()[:2] == [1.0, 2.0]
    text = await in_thread(served, lambda plant: plant.point("oven.c").df("2025-12-31", "2026-01-01"))
    assert text["text"].tolist()[0] == "ok" and text["value"].tolist()[1] == 1.5


async def test_integers_keep_every_digit(served: World) -> None:
    big = [2**53 + 1, 2**63 - 1]

    def send(plant: Plant) -> None:
        rows = [*big, 5]
        plant.ingest([{"point": "meter.n", "time": T0 + i, "value": v} for i, v in enumerate(rows)])
        plant.ingest([{"point": "meter.mixed", "time": T0 + i, "value": v} for i, v in enumerate([*big, 0.5])])

    await in_thread(served, send)
    await served.settled()
    frame = await in_thread(served, lambda plant: plant.point("meter.n").df(T0))
    assert str(frame["value"].dtype) == "Int64" and frame["value"].tolist() == [*big, 5]
    mixed = await in_thread(served, lambda plant: plant.point("meter.mixed").arrow(T0))
    assert mixed["whole"].to_pylist() == [*big, None] and mixed["value"].to_pylist() == [None, None, 0.5]
    # What was read goes back as it is.
    table = await in_thread(served, lambda plant: plant.point("meter.n").arrow(T0))
    names = pa.array(["meter.copy"] * len(table))
    await in_thread(served, lambda plant: plant.ingest(table.append_column("name", names)))
    await served.settled()
    copy = await in_thread(served, lambda plant: plant.point("meter.copy").df(T0))
    assert copy["value"].tolist() == [*big, 5]


async def test_errors_are_the_servers_own(served: World) -> None:
    def unknown(plant: Plant) -> None:
        with pytest.raises(FixConfiguration) as caught:
            plant.point("no.such").df("1h")
        assert caught.value.code == "point.unknown" and caught.value.place == "no.such"
        with pytest.raises(FixConfiguration) as caught:
            plant.point("pump1.flow").write(1)
        assert caught.value.code == "command.off"
        with pytest.raises(FixConfiguration) as caught:
            plant.ingest(pd.DataFrame({"value": [1]}))
        assert caught.value.code == "frame.invalid"

    await in_thread(served, unknown)

    def stranger() -> None:
        with baigong.connect(served.url, token="bgt_wrong") as plant, pytest.raises(Reauthenticate):
            plant.points()

    await asyncio.to_thread(stranger)


def test_a_server_that_is_not_there_is_said_so() -> None:
    with baigong.connect("127.0.0.1:9", token="x") as plant, pytest.raises(RetryLater) as caught:
        plant.points()
    assert caught.value.code == "platform.down" and "http://127.0.0.1:9 cannot be reached" in caught.value.message


def test_a_folder_without_a_platform_is_not_another_server(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match="no platform has run"):
        baigong.connect(data=tmp_path)


def test_where_the_server_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BAIGONG_URL", "BAIGONG_TOKEN", "BAIGONG_DATA"):
        monkeypatch.delenv(name, raising=False)
    assert find_server(None, None, None) == ("http://127.0.0.1:8600", None)
    (tmp_path / "key").write_text("bgt_k\n")
    (tmp_path / "url").write_text("http://127.0.0.1:9999\n")
    monkeypatch.setenv("BAIGONG_DATA", str(tmp_path))
    assert find_server(None, None, None) == ("http://127.0.0.1:9999", "bgt_k")
    assert find_server("http://x", None, None) == ("http://x", None), "a key is shown to its own server only"
    assert find_server("http://x", None, tmp_path) == ("http://x", "bgt_k")
    monkeypatch.setenv("BAIGONG_TOKEN", "bgt_env")
    assert find_server("http://x", None, None) == ("http://x", "bgt_env")


def test_importing_baigong_stays_light() -> None:
    code = (
        "import sys, baigong; heavy = {'pandas', 'pyarrow', 'httpx2', 'sqlalchemy'} & set(sys.modules);"
        "assert not heavy, heavy; baigong.connect; assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
