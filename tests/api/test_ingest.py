from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from baigong.vocab import frame as frames
from baigong.vocab import quality as q
from baigong.vocab.ids import point_number
from tests.api.test_series import T0
from tests.api.world import World, now_us

ARROW = "application/vnd.apache.arrow.stream"


def arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1000)
    return sink.getvalue().to_pybytes()


async def _rows(plant: World, name: str) -> list[tuple]:
    await plant.settled()
    number = plant.registry.book.find("main", name).number
    table = plant.lake.series("main", [number], 0, 1 << 60)
    times = table.column("time").cast("int64").to_pylist()
    return list(zip(times, table["value"].to_pylist(), table["quality"].to_pylist(), strict=True))


async def test_json_values_are_stored_when_the_answer_comes(plant: World) -> None:
    iso = datetime.fromtimestamp(T0 / 1e6, UTC).isoformat()
    body = {
        "values": [
            {"point": "pump1.flow", "time": iso, "value": 1},
            {"point": "pump1.flow", "time": T0 + 1, "value": None, "quality": q.BAD},
            {"point": "oven.temperature", "value": True, "quality": q.GOOD_LOCAL_OVERRIDE},
        ]
    }
    before = now_us()
    async with plant.client() as client:
        answer = await client.post("/ingest", json=body)
    assert answer.json() == {"accepted": 3, "seq": 1}
    state = await plant.bus.stream_state("p0")
    assert state is not None and state.last_seq == 1
    assert await _rows(plant, "pump1.flow") == [(T0, 1.0, 0), (T0 + 1, None, q.BAD)]
    ((time_us, value, quality),) = await _rows(plant, "oven.temperature")
    assert before <= time_us <= now_us() and (value, quality) == (1.0, q.GOOD_LOCAL_OVERRIDE)


async def test_new_names_become_points_of_the_device_api(plant: World) -> None:
    async with plant.client() as client:
        body = {"columns": {"point": ["oven.temperature", "oven.text"], "time": [T0, T0], "value": [20.5, "heiß"]}}
        assert (await client.post("/ingest", json=body)).json()["accepted"] == 2
        point = (await client.get("/points/oven.temperature")).json()
    assert point["device"] == "api" and point["discovered"] is True
    assert point["number"] == str(point_number("main", "api", "oven.temperature"))
    events = await plant.registry.events.recent("main", subjects=["device:api"])
    assert [e.kind for e in events] == ["point.registered"]


async def test_arrow_by_number_keeps_simulated_quality_and_is_split(plant: World) -> None:
    number = plant.registry.book.find("main", "pump1.flow").number
    n = 100_000
    batch = frames.frame(
        np.full(n, number), T0 + np.arange(n), np.random.default_rng(1).normal(size=n), q.GOOD | q.SIMULATED
    )
    async with plant.client() as client:
        answer = await client.post(
            "/ingest", content=arrow(pa.Table.from_batches([batch])), headers={"Content-Type": ARROW}
        )
    assert answer.json()["accepted"] == n and answer.json()["seq"] > 1
    rows = await _rows(plant, "pump1.flow")
    assert len(rows) == n and {r[2] for r in rows} == {q.SIMULATED}


async def test_arrow_by_name_may_be_dictionary_encoded(plant: World) -> None:
    table = pa.table(
        {
            "name": pa.array(["pump1.flow", "oven.a", "pump1.flow"]).dictionary_encode(),
            "time": pa.array([T0, T0, T0 + 1]).cast(pa.timestamp("us", tz="UTC")),
            "value": pa.array([1, 2, 3], pa.int64()),
        }
    )
    async with plant.client() as client:
        answer = await client.post("/ingest", content=arrow(table), headers={"Content-Type": ARROW})
    assert answer.json()["accepted"] == 3, answer.text
    assert [r[1] for r in await _rows(plant, "pump1.flow")] == [1.0, 3.0]
    assert [r[1] for r in await _rows(plant, "oven.a")] == [2.0]


BAD_JSON = [
    (b"{", "payload.malformed"),
    (b"[" * 100_000, "payload.malformed"),
    (b"\xff\xfe", "payload.malformed"),
    (b"{}", "payload.malformed"),
    (b'{"values":[{"point":"pump1.flow","value":{}}]}', "payload.malformed"),
    (b'{"values":[{"point":"no dots","value":1}]}', "payload.malformed"),
    (b'{"values":[{"point":"pump1.flow","value":1,"time":"soon"}]}', "config.invalid"),
    (b'{"values":[{"point":"pump1.flow","value":1,"quality":99999999999}]}', "frame.invalid"),
    (b'{"columns":{"point":["pump1.flow"],"value":[1,2]}}', "payload.malformed"),
    (b'{"values":[{"point":"pump1.flow"}]}', "payload.malformed"),
    (b'{"values":[{"point":"pump1.flow","value":1},{"point":"pump1.flow","value":null}]}', "payload.malformed"),
    (b'{"columns":{"point":["pump1.flow"],"value":[null],"quality":[0]}}', "payload.malformed"),
]


@pytest.mark.parametrize(("raw", "code"), BAD_JSON)
async def test_bad_json_stores_nothing(plant: World, raw: bytes, code: str) -> None:
    async with plant.client() as client:
        answer = await client.post("/ingest", content=raw, headers={"Content-Type": "application/json"})
    assert answer.json()["code"] == code, answer.text
    assert (await plant.bus.stream_state("p0")).last_seq == 0


async def test_a_row_without_a_value_is_named(plant: World) -> None:
    rows = [{"point": "pump1.flow", "value": 1}, {"point": "pump1.pressure"}]
    async with plant.client() as client:
        answer = await client.post("/ingest", json={"values": rows})
    assert answer.status_code == 400 and answer.json()["place"] == "values[1]"
    assert answer.json()["title"] == "row 2 ('pump1.pressure') has no value"


async def test_bad_arrow_stores_nothing(plant: World) -> None:
    time = pa.array([T0]).cast(pa.timestamp("us", tz="UTC"))
    number = plant.registry.book.find("main", "pump1.flow").number
    good = arrow(pa.table({"point": [number], "time": time, "value": [1.0]}))
    cases = [
        (b"not arrow", "frame.invalid"),
        (good[: len(good) // 2], "frame.invalid"),
        (arrow(pa.table({"point": [1], "time": time})), "point.unknown"),
        (arrow(pa.table({"point": [number], "time": time, "colour": ["red"]})), "frame.invalid"),
        (arrow(pa.table({"name": ["new.one"], "value": [1.0]})), "frame.invalid"),
        (arrow(pa.table({"name": ["new.one"], "point": [1], "time": time})), "frame.invalid"),
        (arrow(pa.table({"name": pa.array([None], pa.string()), "time": time})), "frame.invalid"),
        (arrow(pa.table({"point": [number], "time": time, "value": ["warm"]})), "frame.invalid"),
    ]
    async with plant.client() as client:
        for raw, code in cases:
            answer = await client.post("/ingest", content=raw, headers={"Content-Type": ARROW})
            assert answer.json()["code"] == code, answer.text
        plain = await client.post("/ingest", content=b"a=1", headers={"Content-Type": "text/plain"})
        assert plain.json()["place"] == "content-type"
    assert (await plant.bus.stream_state("p0")).last_seq == 0
    assert "new.one" not in plant.registry.book.known("main").by_name, "a refused request registers no point"


async def test_a_body_beyond_the_limit_is_refused_and_counted(plant: World) -> None:
    object.__setattr__(plant.app.state.rooms.settings, "max_body", 1 << 20)
    async with plant.client() as client:
        answer = await client.post("/ingest", content=b" " * (30 << 20), headers={"Content-Type": ARROW})
        assert (answer.status_code, answer.json()["code"]) == (413, "payload.too_large")
        dropped = (await client.get("/system")).json()["dropped"]
    (row,) = [row for row in dropped if row["what"] == "payload.too_large"]
    assert (row["where"], row["count"]) == ("api", 1) and row["last_us"] > 0


async def test_a_full_stream_says_so(plant: World) -> None:
    plant.bus._streams["p0"].max_bytes = 10
    async with plant.client() as client:
        answer = await client.post("/ingest", json={"values": [{"point": "pump1.flow", "value": 1}]})
    assert (answer.status_code, answer.json()["code"]) == (507, "storage.full")
