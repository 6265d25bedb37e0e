from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import numpy as np
import pytest
from websockets.asyncio.client import connect

from baigong.api import Live
from baigong.api.live import Watch
from baigong.vocab.frame import frame
from tests.api.test_series import T0
from tests.api.world import World


def _socket(plant: World, **headers: str):
    url = plant.url.replace("http", "ws") + "/api/v1/live"
    return connect(url, additional_headers={"Authorization": f"Bearer {plant.token}", **headers})


async def _next(socket) -> dict:
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def test_the_newest_comes_first_and_then_what_arrives(plant: World) -> None:
    await plant.put("pump1.flow", [T0], [1.0])
    async with _socket(plant) as socket:
        await socket.send(json.dumps({"points": ["pump1.pressure", "pump1.flow"]}))
        assert (await _next(socket))["values"] == [[1, T0, 1.0, None, 0]]
        await asyncio.sleep(0.05)
        await plant.put("pump1.pressure", [T0 + 1, T0 + 2], [7.0, 8.0])
        assert (await _next(socket))["values"] == [[0, T0 + 2, 8.0, None, 0]]
        await socket.send(json.dumps({"points": ["pump1.pressure"]}))
        assert (await _next(socket))["values"] == [[0, T0 + 2, 8.0, None, 0]]
    await asyncio.sleep(0.3)
    assert plant.live.clients == 0


async def test_an_integer_that_floats_would_round_comes_as_text(plant: World) -> None:
    big = 2**60 + 1
    async with plant.client() as client:
        assert (await client.post("/ingest", json={"values": [{"point": "m.n", "value": big}]})).status_code == 200
        await plant.settled()
        latest = (await client.get("/latest", params={"points": "m.n"})).json()[0]
        assert (latest["value"], latest["text"]) == (str(big), None)
        assert (await client.get("/points/m.n")).json()["latest"]["value"] == str(big)
        async with _socket(plant) as socket:
            await socket.send(json.dumps({"points": ["m.n"]}))
            assert (await _next(socket))["values"][0][2:4] == [str(big), None]
            await asyncio.sleep(0.05)
            assert (await client.post("/ingest", json={"values": [{"point": "m.n", "value": -big}]})).is_success
            assert (await _next(socket))["values"][0][2:4] == [str(-big), None]


async def test_a_fast_point_is_told_five_times_a_second_at_most(plant: World) -> None:
    async with _socket(plant) as socket:
        await socket.send(json.dumps({"points": ["pump1.flow"]}))
        await _next(socket)
        sending = asyncio.create_task(_flood(plant))
        got = []
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.3):
                while True:
                    got.append(await _next(socket))
        sending.cancel()
    assert 2 <= len(got) <= 8, got
    assert all(len(message["values"]) <= 1 for message in got)


async def _flood(plant: World) -> None:
    for i in range(1000):
        await plant.put("pump1.flow", [T0 + i], [float(i)])
        await asyncio.sleep(0.005)


async def test_bad_messages_are_answered_and_the_socket_lives(plant: World) -> None:
    async with _socket(plant) as socket:
        for raw, code in (("{", "payload.malformed"), ('{"points":["no.such"]}', "point.unknown")):
            await socket.send(raw)
            assert (await _next(socket))["error"]["code"] == code
        await socket.send(json.dumps({"points": []}))
        assert (await _next(socket))["values"] == []


async def test_nobody_and_strange_pages_hear_nothing(plant: World) -> None:
    for headers, code in (
        ({"Authorization": "Bearer no"}, "auth.required"),
        ({"Origin": "http://evil"}, "auth.denied"),
    ):
        url = plant.url.replace("http", "ws") + "/api/v1/live"
        shown = {"Authorization": f"Bearer {plant.token}"} | headers
        async with connect(url, additional_headers=shown) as socket:
            assert (await _next(socket))["error"]["code"] == code


async def test_one_person_has_some_sockets_and_others_theirs(plant: World) -> None:
    other = await plant.registry.people.add_token("main", "another", role="viewer")
    async with AsyncExitStack() as open_:
        for _ in range(50):
            await open_.enter_async_context(_socket(plant))
        async with _socket(plant) as more:
            assert (await _next(more))["error"]["code"] == "http.crowded"
        assert plant.app.state.rooms.metrics.refused_by_code()["http.crowded"] == 1
        async with _socket(plant, Authorization=f"Bearer {other}") as theirs:
            await theirs.send(json.dumps({"points": ["pump1.flow"]}))
            assert "values" in await _next(theirs)


async def test_a_socket_ends_with_the_token_that_opened_it(plant: World) -> None:
    people = plant.registry.people
    secret = await people.add_token("main", "for a while", role="viewer")
    async with _socket(plant, Authorization=f"Bearer {secret}") as socket:
        await socket.send(json.dumps({"points": ["pump1.flow"]}))
        await _next(socket)
        (token,) = [t.token for t in await people.tokens("main") if t.title == "for a while"]
        await people.drop_token("main", token)
        assert (await _next(socket))["error"]["code"] == "auth.required"
        await asyncio.wait_for(socket.wait_closed(), 5)


def test_feeding_keeps_the_newest_of_watched_points_only() -> None:
    live = Live()
    watch = Watch(live, "main")
    watch.replace([5, 3])
    live.feed("main", frame([3, 9, 3, 5], [20, 20, 10, 7], [1.0, 2.0, 3.0, 4.0]))
    live.feed("other", frame([3], [99], [9.0]))
    assert sorted(watch.changes()) == [(0, (7, 4.0, None, 0)), (1, (20, 1.0, None, 0))]
    assert watch.changes() == []
    live.feed("main", frame([3], [19], [5.0]))
    assert watch.changes() == [], "an older value is no news"
    watch.close()
    live.feed("main", frame(np.arange(10), np.arange(10), np.arange(10.0)))
    assert live._tenants == {}
