"""Secrets of machines over the API: made, shown once, replaced, revoked; and what is remembered of their use."""

from __future__ import annotations

from pathlib import Path

import pytest

from baigong.registry.opening import open_registry
from baigong.registry.topics import Topics
from baigong.vocab.errors import Reauthenticate
from tests.api.world import World, now_us, world
from tests.postgres import place_of


async def test_a_secret_is_shown_once_and_opens_until_it_is_revoked(plant: World) -> None:
    credentials = plant.registry.credentials
    async with plant.client() as admin:
        made = (await admin.post("/credentials", json={"device": "pump"})).json()
        assert (made["username"], made["device"]) == ("pump", "pump")
        chosen = {"username": "press-8", "device": "pump", "password": "chosen by hand"}
        assert (await admin.post("/credentials", json=chosen)).status_code == 200
        for user, password in (("pump", made["password"]), ("press-8", "chosen by hand")):
            row = await credentials.check(user, password=password)
            assert (row.tenant, row.device) == ("main", "pump")
        listed = (await admin.get("/credentials", params={"device": "pump"})).json()
        assert [c["username"] for c in listed] == ["press-8", "pump"]
        assert made["password"] not in str(listed) and all(c["used_us"] for c in listed)
        assert (await admin.get("/credentials", params={"device": "other"})).json() == []
        assert (await admin.delete("/credentials/press-8")).status_code == 204
        with pytest.raises(Reauthenticate):
            await credentials.check("press-8", password="chosen by hand")
        events = (await admin.get("/devices/pump/events")).json()
        told = [e["kind"] for e in events if e["kind"].startswith("credential.")]
        assert told == ["credential.revoked", "credential.made", "credential.made"]
        assert made["password"] not in str(events)


async def test_a_name_that_is_taken_is_replaced_only_when_asked(plant: World) -> None:
    credentials = plant.registry.credentials
    async with plant.client() as admin:
        first = (await admin.post("/credentials", json={"device": "pump"})).json()["password"]
        refused = await admin.post("/credentials", json={"device": "pump"})
        assert (refused.status_code, refused.json()["code"]) == (409, "config.conflict")
        second = (await admin.post("/credentials", json={"device": "pump", "replace": True})).json()["password"]
        third = (await admin.post("/credentials/pump/rotate")).json()["password"]
        assert len({first, second, third}) == 3
        for old in (first, second):
            with pytest.raises(Reauthenticate):
                await credentials.check("pump", password=old)
        assert (await credentials.check("pump", password=third)).device == "pump"
        for wrong in ({"device": "nosuch"}, {"device": "pump", "username": "a/b"}, {"device": "pump", "password": "x"}):
            assert (await admin.post("/credentials", json=wrong)).status_code in (400, 404, 422)
        assert (await admin.post("/credentials/nosuch/rotate")).status_code == 404


async def test_topics_are_given_shown_and_written_down(plant: World) -> None:
    async with plant.client() as admin:
        asked = {"device": "pump", "username": "box", "publish": ["plant/+/data"]}
        assert (await admin.post("/credentials", json=asked)).status_code == 200
        serial = (await admin.post("/certificates", json={"device": "pump"})).json()["serial"]
        for path in ("/credentials/box/topics", f"/certificates/{serial}/topics"):
            told = await admin.put(path, json={"publish": ["#"], "subscribe": ["a/#", "a/#"]})
            assert told.status_code == 204, told.text
            refused = (await admin.put(path, json={"publish": ["a/#/b"]})).json()
            assert (refused["code"], refused["place"]) == ("config.invalid", "publish")
            assert (await admin.put(path.replace("/topics", "x/topics"), json={})).status_code == 404
        for listed in ("/credentials", "/certificates"):
            (one,) = (await admin.get(listed, params={"device": "pump"})).json()
            assert (one["publish"], one["subscribe"]) == (["#"], ["a/#"])
        entries = (await admin.get("/audit", params={"limit": 20})).json()
        told = [line["entry"] for line in entries]
        changes = [
            (e["before"]["publish"], e["after"]["publish"]) for e in told if "publish" in (e.get("before") or {})
        ]
        assert (["plant/+/data"], ["#"]) in changes and ([], ["#"]) in changes
        found = (await admin.get("/security")).json()["findings"]
        (wide,) = [one for one in found if one["kind"] == "machine.all_topics"]
        assert "pump (box)" in wide["title"] and wide["what"] == "2 machines"
        assert (await admin.put("/credentials/box/topics", json={})).status_code == 204
        assert plant.registry.credentials.topics.of("user", "box") == Topics()


async def test_the_last_use_outlives_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        secret = await made.registry.credentials.put("main", "pump", "pump")
        assert made.registry.credentials.get("main", "pump").used_us == 0
        used = (await made.registry.credentials.check("pump", password=secret)).used_us
        assert used > 0
        bus = made.bus
    async with open_registry(tmp_path, bus, tenant="main", clock_us=now_us, records_at=place_of(tmp_path)) as again:
        assert again.credentials.get("main", "pump").used_us == used
