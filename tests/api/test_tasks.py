"""Tasks through the API: from an alarm to what stays in the life of the pump, by several people, over a bad network."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import httpx2 as httpx

from tests.api.world import World, now_us

HOUR = 3_600_000_000
SEAL = {
    "id": "t-seal-0001",
    "asset": "pump1",
    "title": "Look after the seal",
    "role": "operator",
    "origin": "alarm",
    "origin_ref": "pump1/leak",
    "checklist": [
        {"item": "oil", "kind": "number", "unit": "L/min", "low": 0, "high": 1, "point": "pump1.flow"},
        {"item": "clean", "title": "Clean the drip tray"},
        {"item": "noise", "kind": "choice", "choices": ["none", "grinding"], "required": False},
    ],
}


async def _tokens(plant: World) -> dict[str, str]:
    people = plant.registry.members
    who = plant.registry.people.recognise(plant.token)
    assert who is not None
    made = {}
    for name, role in (("wang", "operator"), ("li", "operator"), ("zhao", "maintenance")):
        await people.add(who, "main", name, [role])
        made[name] = await plant.registry.people.add_token("main", name, person=name, role=role)
    return made


async def _ask(client: httpx.AsyncClient, method: str, path: str, status: int = 200, **more: Any) -> Any:
    answer = await client.request(method, path, **more)
    assert answer.status_code == status, (path, answer.text)
    return answer.json()


async def test_an_alarm_becomes_work_and_its_outcome_stays_with_the_asset(plant: World) -> None:
    tokens = await _tokens(plant)
    async with (
        plant.client(token=tokens["wang"]) as wang,
        plant.client(token=tokens["li"]) as li,
        plant.client(token=tokens["zhao"]) as zhao,
    ):
        made = await _ask(zhao, "POST", "/tasks", json=SEAL | {"due_us": now_us() - 1})
        assert (made["number"], made["state"], made["late"]) == (1, "open", True)
        assert (await _ask(zhao, "POST", "/tasks", json=SEAL))["number"] == 1, "sent twice, one task"
        twice = await _ask(li, "POST", "/tasks", 409, json=SEAL | {"id": "t-seal-0002"})
        assert (twice["code"], twice["fields"]["task"]) == ("task.already", "t-seal-0001")
        assert [one["id"] for one in (await _ask(wang, "GET", "/tasks?mine=true&state=late"))["tasks"]] == [
            "t-seal-0001"
        ]

        changes = "/tasks/t-seal-0001/changes"
        denied = await _ask(wang, "POST", changes, 403, json={"id": "change-00", "assignee": "li"})
        assert denied["code"] == "auth.denied"
        at = now_us() - HOUR  # on a phone, in a cellar
        begun = await _ask(wang, "POST", changes, json={"id": "change-01", "to": "in_progress", "at_us": at})
        assert (begun["spec"]["assignee"], begun["missing"]) == ("wang", ["oil", "clean"])
        assert (await _ask(li, "POST", changes, 403, json={"id": "change-02", "cause": "wear"}))[
            "code"
        ] == "auth.denied"
        early = await _ask(wang, "POST", changes, 422, json={"id": "change-03", "to": "done"})
        assert (early["code"], early["fields"]["items"]) == ("task.incomplete", ["oil", "clean"])
        filled = {
            "id": "change-04",
            "at_us": at + 60,
            "results": [{"item": "oil", "value": 1.5}, {"item": "clean", "note": "no tray"}],
            "hours": 0.5,
        }
        for _ in range(2):
            page = await _ask(wang, "POST", changes, json=filled)
        assert page["progress"]["hours"] == {"wang": 0.5} and page["progress"]["results"]["oil"]["fine"] is False
        assert (await _ask(wang, "POST", changes, 409, json=filled | {"hours": 9}))["code"] == "task.key"
        ended = {"id": "change-05", "to": "done", "cause": "wear", "outcome": "new seal", "hours": 0.25}
        await _ask(wang, "POST", changes, json=ended)
        own = await _ask(wang, "POST", changes, 403, json={"id": "change-06", "to": "verified"})
        assert own["code"] == "task.second_person"
        last = await _ask(zhao, "POST", changes, json={"id": "change-07", "to": "verified", "comment": "dry now"})
        assert last["next"] == [] and [one["by"] for one in last["steps"]] == ["wang", "wang", "wang", "zhao"]
        assert (await _ask(zhao, "POST", changes, 409, json={"id": "change-08", "hours": 1}))["code"] == "task.state"

        (episode,) = await _ask(zhao, "GET", "/episodes?asset=pump1&kind=maintenance")
        assert (episode["start_us"], episode["attributes"]["hours"], episode["attributes"]["cause"]) == (
            at,
            0.75,
            "wear",
        )
        life = (await _ask(zhao, "GET", "/assets/pump1/life"))["entries"]
        told = [one for one in life if one["kind"] in ("repaired", "maintenance")]
        assert [(one["kind"], one["detail"]["text"], one["by"]) for one in told] == [("repaired", "new seal", "wang")]
    await plant.settled()
    (row,) = plant.lake.latest("main", [plant.registry.book.find("main", "pump1.flow").number]).to_pylist()
    assert (row["value"], row["quality"]) == (0.09, 0x96), "typed in, in the unit of the point"


async def test_sent_back_it_is_told_anew_and_the_first_word_is_put_right(plant: World) -> None:
    tokens = await _tokens(plant)
    async with plant.client(token=tokens["wang"]) as wang, plant.client(token=tokens["zhao"]) as zhao:
        one = await _ask(wang, "POST", "/tasks", json={"asset": "pump1", "title": "It drips", "text": "since noon"})
        changes = f"/tasks/{one['id']}/changes"
        steps = [
            (wang, {"to": "refused"}, 422),
            (wang, {"to": "refused", "comment": "no ladder"}, 200),
            (zhao, {"to": "open", "assignee": "wang", "comment": "there is one now"}, 200),
            (wang, {"to": "verified"}, 403),
            (wang, {"to": "in_progress"}, 200),
            (wang, {"to": "done", "outcome": "wiped"}, 200),
            (zhao, {"to": "in_progress", "comment": "it still drips"}, 200),
            (wang, {"to": "done", "outcome": "tightened"}, 200),
        ]
        for at, (who, change, status) in enumerate(steps):
            await _ask(who, "POST", changes, status, json={"id": f"change-{at:02}", **change})
        photo = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        photo += _chunk(b"tEXt", b"Author\0wang") + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
        sent: dict[str, Any] = {"content": photo, "headers": {"Content-Type": "image/png"}}
        for _ in range(2):
            page = await _ask(wang, "POST", f"/tasks/{one['id']}/photos?change=photo-01", **sent)
        (kept,) = page["progress"]["photos"]
        content = await wang.get(f"/documents/{kept}/content?show=true")
        assert content.headers["content-type"] == "image/png" and b"wang" not in content.content
        assert (await _ask(wang, "GET", "/documents"))["total"] == 0, "pictures of tasks stand with their tasks"
        life = (await _ask(zhao, "GET", "/assets/pump1/life"))["entries"]
        told = [one for one in life if one["kind"] == "repaired"]
        assert [(one["detail"]["text"], bool(one["corrected_by"])) for one in told] == [
            ("tightened", False), ("wiped", True),
        ]  # fmt: skip
        assert len(await _ask(zhao, "GET", "/episodes?asset=pump1&kind=maintenance")) == 1
        table = await _ask(zhao, "POST", "/sql", json={"sql": "select number, state, hours, done_by from tasks"})
        assert table["rows"] == [[1, "done", None, "wang"]]
        assert {p["name"] for p in (await _ask(zhao, "GET", "/workers"))["people"]} >= {"wang", "zhao"}
        assert (await _ask(wang, "GET", "/workers", 403))["code"] == "auth.denied"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
