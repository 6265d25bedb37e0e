from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.api.world import World

ARROW = "application/vnd.apache.arrow.stream"
T0 = 1_760_000_000_000_000
N = 20_000


def read_arrow(raw: bytes) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(raw)) as reader:
        return reader.read_all()


async def _wave(plant: World) -> tuple[np.ndarray, np.ndarray]:
    times = T0 + np.arange(N, dtype=np.int64) * 1_000_000
    values = np.sin(np.arange(N) / 50) + np.random.default_rng(7).normal(size=N)
    await plant.put("pump1.flow", times, values)
    return times, values


async def test_json_is_thinned_to_the_chart_and_keeps_the_extremes(plant: World) -> None:
    _, values = await _wave(plant)
    async with plant.client() as client:
        params = {"points": "pump1.flow", "start": T0, "end": T0 + N * 1_000_000, "width": 100}
        answer = (await client.get("/series", params=params)).json()
    (line,) = answer["series"]
    assert (answer["start_us"], line["rows"], line["downsampled"], line["unit"]) == (T0, N, True, "m3/h")
    assert len(line["times_us"]) == len(line["values"]) == len(line["qualities"]) <= 400
    assert line["times_us"] == sorted(set(line["times_us"]))
    assert (min(line["values"]), max(line["values"])) == (values.min(), values.max())


async def test_arrow_carries_the_lines_with_their_names(plant: World) -> None:
    await _wave(plant)
    await plant.put("pump1.pressure", [T0, T0 + 1], [1.0, float("nan")])
    async with plant.client() as client:
        params = {"points": "pump1.pressure,pump1.flow", "start": T0, "end": T0 + N * 1_000_000, "width": 50}
        answer = await client.get("/series", params=params, headers={"Accept": ARROW})
    table = read_arrow(answer.content)
    about = pa.py_buffer(table.schema.metadata[b"series"]).to_pybytes()
    assert b'"pump1.pressure"' in about and b'"rows":20000' in about
    assert table.schema.names == ["series", "time", "value", "text", "quality"]
    first = table.filter(pa.compute.equal(table["series"], 0))
    assert first.column("value").to_pylist() == [1.0, None]
    assert first.column("quality").to_pylist()[1] & 0x8000
    assert table.filter(pa.compute.equal(table["series"], 1)).num_rows <= 200


@pytest.mark.parametrize("back_us", [1, 5_000_000, 3_600_000_001, 40 * 86_400_000_000])
@pytest.mark.parametrize("later", [True, False])
async def test_a_state_is_drawn_from_the_value_it_had_before(plant: World, back_us: int, later: bool) -> None:
    times = [T0 - back_us - 1, T0 - back_us] + ([T0 + 1_000_000, T0 + 90_000_000] if later else [])
    await plant.put("pump1.state", times, [0.0, 1.0, 0.0, 1.0][: len(times)])
    await plant.put("pump1.flow", times, [0.0, 1.0, 0.0, 1.0][: len(times)])
    async with plant.client() as client:
        params = {"points": "pump1.state,pump1.flow", "start": T0, "end": T0 + 60_000_000, "width": 100}
        state, flow = (await client.get("/series", params=params)).json()["series"]
        exact = params | {"start": T0 - back_us}
        begun = (await client.get("/series", params=exact)).json()["series"][0]
        rows = (await client.get("/series", params=params | {"width": 0})).json()["series"][0]
    inside = [T0 + 1_000_000] if later else []
    assert (state["held"], state["times_us"], state["rows"]) == (True, [T0 - back_us, *inside], len(inside))
    assert not state["downsampled"]
    assert (flow["held"], flow["times_us"]) == (False, inside)  # between its samples a gauge is a slope
    assert (begun["held"], begun["times_us"]) == (False, [T0 - back_us, *inside])  # nothing to hold at the start
    assert (rows["held"], rows["times_us"]) == (False, inside)


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv"])
async def test_raw_exports_hold_every_row(plant: World, form: str) -> None:
    _, values = await _wave(plant)
    async with plant.client() as client:
        params = {"points": "pump1.flow", "start": T0, "end": "now", "width": 0, "format": form}
        answer = await client.get("/series", params=params)
    assert answer.status_code == 200
    if form == "arrow":
        table = read_arrow(answer.content)
    elif form == "parquet":
        table = pa.parquet.read_table(io.BytesIO(answer.content))
    else:
        assert answer.headers["content-disposition"] == 'attachment; filename="pump1.flow.csv"'
        table = pa.csv.read_csv(io.BytesIO(answer.content))
    assert table.num_rows == N
    assert np.array_equal(table.column("value").to_numpy(), values)
    if form == "arrow":
        assert table.schema.names[0] == "series" and b"pump1.flow" in table.schema.metadata[b"series"]
    else:
        assert set(table.column("point").to_pylist()) == {"pump1.flow"}


BIG = [2**53 + 1, -(2**62) - 1, 2**63 - 1]


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv", "json"])
async def test_raw_exports_lose_no_digit_of_an_integer(plant: World, form: str) -> None:
    async with plant.client() as client:
        values = [{"point": "meter.big", "time": T0 + i, "value": v} for i, v in enumerate([7, *BIG])]
        assert (await client.post("/ingest", json={"values": values})).status_code == 200
        await plant.settled()
        params = {"points": "meter.big", "start": T0, "end": "now", "width": 0, "format": form}
        answer = await client.get("/series", params=params)
    if form == "json":
        assert answer.json()["series"][0]["values"] == [7.0, *map(str, BIG)]
        return
    if form == "arrow":
        table = read_arrow(answer.content)
    elif form == "parquet":
        table = pa.parquet.read_table(io.BytesIO(answer.content))
    else:
        table = pa.csv.read_csv(io.BytesIO(answer.content))
    assert table.column("whole").to_pylist() == [None, *BIG]
    assert table.column("value").to_pylist() == [7.0, *map(float, BIG)]


async def test_csv_for_excel_begins_with_a_bom(plant: World) -> None:
    await plant.put("pump1.flow", [T0], [1.5])
    async with plant.client() as client:
        params = {"points": "pump1.flow", "start": T0, "width": 0, "format": "csv", "bom": "true"}
        raw = (await client.get("/series", params=params)).content
    assert raw.startswith(b"\xef\xbb\xbf") and b"2025-10-09" in raw


@pytest.mark.parametrize(("bom", "note"), [("true", b'"\'=cmd"'), ("false", b'"=cmd"')])
async def test_csv_for_excel_has_no_text_that_it_would_run(plant: World, bom: str, note: bytes) -> None:
    async with plant.client() as client:
        values = [{"point": "pump1.note", "time": T0, "value": "=cmd"}]
        assert (await client.post("/ingest", json={"values": values})).status_code == 200
        await plant.settled()
        params = {"points": "pump1.note", "start": T0, "width": 0, "format": "csv", "bom": bom}
        assert note in (await client.get("/series", params=params)).content


async def test_texts_and_big_integers_are_shown(plant: World) -> None:
    async with plant.client() as client:
        values = [
            {"point": "pump1.note", "time": T0, "value": "gut"},
            {"point": "meter.big", "time": T0, "value": 2**60},
        ]
        assert (await client.post("/ingest", json={"values": values})).status_code == 200
        await plant.settled()
        params = {"points": "pump1.note,meter.big", "start": T0}
        series = (await client.get("/series", params=params)).json()["series"]
    assert [s["values"] for s in series] == [["gut"], ["1152921504606846976"]]
    assert [s["kind"] for s in series] == ["text", "gauge"]


@pytest.mark.parametrize(
    ("params", "code", "place"),
    [
        ({"points": "nosuch.point"}, "point.unknown", "nosuch.point"),
        ({"points": "pump1.flow", "start": "yesterday"}, "config.invalid", "start"),
        ({"points": "pump1.flow", "start": "now", "end": "-1h"}, "config.invalid", "end"),
        ({"points": "pump1.flow", "width": "-1"}, "config.invalid", "query"),
        ({"points": "pump1.flow", "widht": "10"}, "config.invalid", "query"),
        ({"points": ""}, "config.invalid", "points"),
        ({"points": ",".join(["pump1.flow"] * 51)}, "config.invalid", "points"),
        ({"points": "pump1.flow", "format": "xlsx"}, "http.not_acceptable", "format"),
        ({"points": "pump1.flow", "start": "99999999999999999999"}, "config.invalid", "start"),
    ],
)
async def test_bad_questions_are_told_what_is_wrong(plant: World, params: dict, code: str, place: str) -> None:
    async with plant.client() as client:
        answer = await client.get("/series", params=params)
    assert (answer.json()["code"], answer.json()["place"]) == (code, place)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_too_many_rows_for_json_are_refused_with_advice(plant: World) -> None:
    object.__setattr__(plant.app.state.rooms.settings, "json_rows", 100)
    await _wave(plant)
    async with plant.client() as client:
        params = {"points": "pump1.flow", "start": T0, "width": 0}
        answer = await client.get("/series", params=params)
    assert answer.status_code == 413 and "Arrow" in answer.json()["title"]
