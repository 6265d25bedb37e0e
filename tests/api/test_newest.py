"""The newest values by column say the same as one object after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.api.newest import LATEST, Heads, as_arrow, as_json
from baigong.api.points import LatestValue
from baigong.stores.lake.contract import LAKE
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import PointSpec
from tests.api.world import PUMP, now_us, world

NAMES = ["a.x", "b.温度", 'c."quoted"', "d.plain", "e.last"]
found = st.fixed_dictionaries(
    {
        "value": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        "whole": st.one_of(st.none(), st.integers(-(1 << 63), (1 << 63) - 1)),
        "text": st.one_of(st.none(), st.text(max_size=5)),
        "quality": st.sampled_from([0, 0x8000, 0x4000]),
        "time_us": st.integers(0, 1 << 52),
    }
)


def row(number: int) -> PointRow:
    spec = PointSpec(name=NAMES[number], address="1")
    return PointRow("main", number, "d", spec, "d", "1", discovered=False, created_us=0)


def _shown(whole: int | None) -> int | str | None:
    return whole if whole is None or abs(whole) <= 1 << 53 else str(whole)


@given(st.permutations(range(5)), st.dictionaries(st.integers(0, 4), found), st.booleans())
@settings(max_examples=200, deadline=None)
def test_json_is_what_the_structs_say(order: list[int], newest: dict[int, dict[str, Any]], sort: bool) -> None:
    rows = [row(n) for n in order]
    held = [n for n in (sorted(newest) if sort else order) if n in newest]
    table = pa.table(
        [
            pa.array(held, pa.int64()),
            pa.array([newest[n]["time_us"] for n in held], pa.int64()).cast(LAKE.field("time").type),
            *(
                pa.array([newest[n][k] for n in held], LAKE.field(k).type)
                for k in ("value", "whole", "text", "quality")
            ),
            pa.array(np.zeros(len(held), np.int64)).cast(LAKE.field("seen").type),
            pa.array([1] * len(held), pa.int64()),
        ],
        schema=LAKE,
    )
    wanted = [
        LatestValue(
            name=NAMES[n],
            number=str(n),
            value=_shown(newest[n]["whole"]) if newest[n]["value"] is None else newest[n]["value"],
            text=newest[n]["text"],
            time_us=newest[n]["time_us"],
            quality=newest[n]["quality"],
        )
        for n in order
        if n in newest
    ]
    heads = Heads()
    for _ in range(2):  # the second time from what is held
        assert as_json(rows, table, heads) == msgspec.json.encode(wanted)
    shown = as_arrow(rows, table)
    assert shown.schema == LATEST
    assert shown.column("name").to_pylist() == [w.name for w in wanted]
    assert shown.column("text").to_pylist() == [w.text for w in wanted]


async def test_the_route_gives_arrow_too(tmp_path: Path) -> None:
    async with world(tmp_path) as plant, plant.client() as client:
        assert (await client.put("/devices/pump", content=msgspec.json.encode(PUMP))).status_code in (200, 201)
        await plant.put("pump1.flow", [now_us()], [1.5])
        (told,) = (await client.get("/latest")).json()
        assert (told["name"], told["value"], told["text"], told["quality"]) == ("pump1.flow", 1.5, None, 0)
        raw = (await client.get("/latest", headers={"Accept": "application/vnd.apache.arrow.stream"})).content
        table = pa.ipc.open_stream(raw).read_all()
        assert table.schema == LATEST
        assert table.column("value").to_pylist() == [1.5]
        assert (await client.get("/latest?format=csv")).status_code == 406
        assert (await client.get("/latest?device=nothing")).json() == []
