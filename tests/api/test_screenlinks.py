"""Links that show one screen to those without an account, and nothing else."""

from __future__ import annotations

import pyarrow as pa

from tests.api.world import World, now_us

TEXT = """\
items:
- {id: f, is: value, at: [0, 0, 9, 9], shows: {value: pump1.flow}}
- {id: t, is: trend, at: [0, 0, 9, 9], lines: ["${pump}.flow"], span: 2h}
- {id: g, is: value, at: [0, 0, 9, 9], shows: {value: "${pump}.state"}}
variables: {pump: {choices: [pump1, pump2]}}
"""


async def test_a_link_shows_one_screen_and_nothing_else_until_it_ends(plant: World) -> None:
    async with plant.client() as client, plant.client(token="") as stranger:
        await client.put("/screens/hall", json={"text": TEXT})
        await plant.put("pump1.flow", [now_us()], [12.5])
        await plant.put("pump1.pressure", [now_us()], [3.0])
        guessed = await stranger.post("/shown", json={"token": "bgv_guessed"})
        assert (guessed.status_code, guessed.json()["code"]) == (404, "link.unknown")
        day = now_us() + 86_400_000_000
        assert (await client.post("/screens/none/links", json={"ends_us": day})).status_code == 404
        for ends in (now_us() - 1, now_us() + 400 * 86_400_000_000):
            assert (await client.post("/screens/hall/links", json={"ends_us": ends})).status_code == 422
        made = (await client.post("/screens/hall/links", json={"ends_us": day, "title": "visitors"})).json()
        token = {"token": made["token"]}
        assert made["path"] == f"/shown#{made['token']}"

        shown = (await stranger.post("/shown", json=token | {"whole": True})).json()
        assert set(shown["answer"]["points"]) == {"pump1.flow", "pump1.state"}
        assert (shown["answer"]["choices"], shown["answer"]["text"]) == ({}, "")
        assert shown["values"].keys() == {"pump1.flow"} and shown["values"]["pump1.flow"]["value"] == 12.5
        assert (await stranger.get("/points/pump1.flow")).status_code == 401
        as_token = {"authorization": f"Bearer {made['token']}"}
        assert (await stranger.get("/screens/hall", headers=as_token)).status_code == 401

        trend = await stranger.post("/shown/past", json=token | {"item": "t"})
        told = pa.ipc.open_stream(trend.content).read_all()
        assert told["value"].to_pylist() == [12.5] and b"pump1.flow" in told.schema.metadata[b"series"]
        for item in ("f", "none"):  # a value has no past here, whatever is asked for
            assert (await stranger.post("/shown/past", json=token | {"item": item})).status_code == 404

        assert (await client.post("/assets/pump1/rename", json={"to": "p7"})).status_code == 200
        shown = (await stranger.post("/shown", json=token)).json()
        assert shown["values"].keys() == {"pump1.flow"}, "the screen goes on saying what it said"
        [line] = (await client.get("/screens/hall/links")).json()
        assert (line["title"], "token" in line) == ("visitors", False)
        said = (await client.get("/audit")).text
        assert f"link:{line['link']}" in said and made["token"] not in said
        assert (await client.delete(f"/screens/hall/links/{line['link']}")).status_code == 204
        ended = await stranger.post("/shown", json=token)
        assert (ended.status_code, ended.json()["code"]) == (410, "link.ended")
        assert (await stranger.post("/shown/past", json=token | {"item": "t"})).status_code == 410
        assert (await client.get("/screens/hall/links")).json() == []
        assert (await client.delete(f"/screens/hall/links/{line['link']}")).status_code == 404
        await plant.registry.screen_links.load()
        assert (await stranger.post("/shown", json=token)).json()["code"] == "link.ended"
