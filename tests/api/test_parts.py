"""A guest with a grant for one machine, or for a while of it: each data route shows that, and nothing of the rest."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect

from baigong.registry.rights import asset_ref, policy_text
from baigong.registry.visible import Window
from baigong.security.scope import Ref
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.happenings import Episode
from tests.api.world import World, now_us

PRESS = DeviceSpec(
    device="press",
    driver="sim",
    points=[
        PointSpec(name="press1.force", address="sine:1", unit="kN"),
        PointSpec(name="press1.strokes", address="counter:1", kind="counter"),
    ],
)
SECRET = 666.25
MINUTE = 60_000_000


async def _guest(plant: World, window: Window | None = None, asset: str = "pump1") -> str:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    text = policy_text(Ref("Token", who.token), ["see", "read"], asset_ref("main", asset))
    await plant.registry.rights.grant("main", text, "loan", "me", window)
    return token


async def _fill(plant: World) -> int:
    """Store two hours of minutes, one value each, until now; returns the first time."""
    await plant.registry.devices.put("main", PRESS, "test")
    first = (now_us() // MINUTE - 120) * MINUTE
    times = [first + i * MINUTE for i in range(120)]
    await plant.put("pump1.flow", times, [float(i) for i in range(120)])
    await plant.put("press1.force", times, [SECRET] * 120)
    await plant.put("press1.strokes", times, [SECRET] * 120)
    await plant.registry.episodes.put(
        "main",
        [
            Episode(id="mine", asset="pump1", kind="run", start_us=first, end_us=first + MINUTE),
            Episode(id="theirs", asset="press1", kind="run", start_us=first, end_us=first + MINUTE),
        ],
        "test",
    )
    return first


async def _ask(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(path, params={"tenant": "main", **params})
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


async def test_every_data_route_shows_a_guest_its_machine(plant: World) -> None:
    await _fill(plant)
    token = await _guest(plant)
    async with plant.client(token=token) as client:
        shown = [
            await _ask(client, "/points"),
            await _ask(client, "/latest"),
            await _ask(client, "/overview"),
            await _ask(client, "/episodes"),
            await _ask(client, "/events"),
            await _ask(client, "/series", points="pump1.flow", start="-3h"),
            await _ask(client, "/series/statistics", points="pump1.flow", start="-3h"),
            await _ask(client, "/points/pump1.flow/why"),
            await _ask(client, "/points/pump1.flow/bursts"),
            await _ask(client, "/sql/schema"),
        ]
        told = json.dumps(shown)
        assert "press1" not in told and str(SECRET) not in told
        assert "pump1.flow" in told and '"mine"' in told
        assert [tile["asset"] for tile in shown[2]["assets"]] == ["pump1"]
        for path in ("/points/press1.force", "/points/press1.force/why", "/points/press1.force/bursts",
                     "/points/press1.strokes/increase", "/points/press1.strokes/exchanges"):  # fmt: skip
            answer = await client.get(path, params={"tenant": "main"})
            assert answer.json()["code"] == "point.unknown", path
        number = plant.registry.book.find("main", "press1.force").number
        for path in ("/series", "/series/statistics", "/latest"):
            for name in ("press1.force", str(number)):
                answer = await client.get(path, params={"tenant": "main", "points": name})
                assert answer.json()["code"] == "point.unknown", path
        answer = await client.get(f"/bursts/{number}-0", params={"tenant": "main"})
        assert answer.json()["code"] == "point.unknown"
        assert await _ask(client, "/events", subject="device:press") == []
        asked = {"sql": "select distinct name from telemetry union select name from points"}
        rows = (await client.post("/sql", json=asked, params={"tenant": "main"})).json()["rows"]
        assert sorted(name for (name,) in rows) == ["pump1.flow", "pump1.pressure", "pump1.state"]


async def test_a_window_clips_series_statistics_newest_sql_and_live(plant: World) -> None:
    first = await _fill(plant)
    window = Window(first + 30 * MINUTE, first + 60 * MINUTE)
    token = await _guest(plant, window)
    async with plant.client(token=token) as client:
        (line,) = (await _ask(client, "/series", points="pump1.flow", start="-3h", width=0))["series"]
        assert line["values"] == [float(i) for i in range(30, 60)]
        (drawn,) = (await _ask(client, "/series", points="pump1.flow", start="-3h", width=2000))["series"]
        assert set(drawn["values"]) <= set(line["values"])
        answer = await client.get("/series", params={"tenant": "main", "points": "pump1.flow", "format": "csv",
                                                     "start": "-3h", "width": 0})  # fmt: skip
        assert len(answer.text.splitlines()) == 31
        (told,) = (await _ask(client, "/series/statistics", points="pump1.flow", start="-3h"))["points"]
        assert (told["rows"], told["least"], told["greatest"]) == (30, 30.0, 59.0)
        assert told["good_s"] <= 30 * 60
        (newest,) = await _ask(client, "/latest")
        assert newest["value"] == 59.0, "the newest that is open"
        (tile,) = (await _ask(client, "/overview"))["assets"]
        assert tile["headline"][0]["value"] == 59.0
        asked = {"sql": "select min(value), max(value), count(*) from telemetry"}
        assert (await client.post("/sql", json=asked, params={"tenant": "main"})).json()["rows"] == [[30.0, 59.0, 30]]
        refused = await client.get("/points/pump1.flow/why", params={"tenant": "main"})
        assert refused.status_code == 403, "what it is now lies outside"
        assert (await _ask(client, "/episodes")) == [], "it ended before"
    address = plant.url.replace("http", "ws") + "/api/v1/live?tenant=main"
    async with connect(address, additional_headers={"authorization": f"Bearer {token}"}) as socket:
        await socket.send(json.dumps({"points": ["pump1.flow"]}))
        begun = json.loads(await asyncio.wait_for(socket.recv(), 10))
        assert [row[2] for row in begun["values"]] == [59.0]
        await plant.put("pump1.flow", [first + 59 * MINUTE + 1], [59.5])
        told_live = json.loads(await asyncio.wait_for(socket.recv(), 10))
        assert [row[2] for row in told_live["values"]] == [59.5]
        await plant.put("pump1.flow", [now_us()], [777.0])
        await socket.send(json.dumps({"points": ["pump1.flow"]}))
        told_live = json.loads(await asyncio.wait_for(socket.recv(), 10))
        assert [row[2] for row in told_live["values"]] == [59.5], "and not 777"


async def test_to_see_is_not_to_read(plant: World) -> None:
    await _fill(plant)
    token = await plant.registry.people.add_token("main", "auditor", role="auditor")
    async with plant.client(token=token) as client:
        points = (await client.get("/points", params={"search": "flow"})).json()["points"]
        assert [p["name"] for p in points] == ["pump1.flow"] and points[0]["latest"] is None
        assert all(not tile["headline"] for tile in (await client.get("/overview")).json()["assets"])
        assert (await client.get("/latest")).status_code == 403


@pytest.mark.parametrize("path", sorted(Path("src/baigong/api").glob("*.py")), ids=lambda p: p.stem)
def test_handlers_ask_for_what_is_open(path: Path) -> None:
    """``call.book`` and ``call.lake`` know only what the caller may; the whole ones are for these."""
    whole = {
        "device_state.py": ("rooms.registry.book",),  # counts of a device's points, behind a door of the whole company
        "ingest.py": ("rooms.registry.book",),  # numbers of names, behind the same
        "sheets.py": ("rooms.registry.book",),  # the same
        "planning.py": ("rooms.lake",),  # running hours, asked by no person: the crew that makes inspections due
        "commands.py": ("rooms.registry.book", "rooms.lake"),
        "security.py": ("rooms.registry.book",),  # what lies open in a company, behind a door of the whole of it
        "usage.py": ("rooms.registry.book", "rooms.lake"),  # the platform's own points about a company
        "takeout.py": ("rooms.registry.book", "rooms.lake"),  # all of a company, for who may read all of it
        "bills.py": ("rooms.lake",),  # the same, for its bill
        "doors.py": ("rooms.lake",),
        "live_route.py": ("rooms.lake",),
        "overview.py": ("rooms.lake",),
        "screenlinks.py": ("rooms.lake",),  # the points of one screen, for who has its link
        "retention.py": ("rooms.lake",),
        "metrics.py": ("rooms.lake",),
        "system.py": ("rooms.lake",),
    }
    text = path.read_text("utf-8")
    for name in ("rooms.registry.book", "rooms.lake"):
        if name not in whole.get(path.name, ()):
            assert name not in text, f"{path.name}: {name}"
