"""Walks every declared route: nobody gets in, bad input is a typed problem, and what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baigong.api.pulse import Pulse
from baigong.vocab.errors import error_kinds
from tests.api.test_series import T0
from tests.api.world import World, world

_OPEN = {
    ("GET", "/health"),
    ("POST", "/shown"),
    ("POST", "/shown/past"),
    ("POST", "/session"),
    ("POST", "/session/passkey"),
    ("POST", "/session/passkey/options"),
    ("GET", "/machine-ca.pem"),
    ("GET", "/machine-ca.crl"),
    ("GET", "/machine-ca.crl.pem"),
    ("GET", "/sign-in"),
    ("GET", "/apply"),
    ("POST", "/apply"),  # a company that wants to come; answers only while the operator has opened it
    ("POST", "/apply/state"),
    ("POST", "/apply/answer"),
    ("GET", "/looks"),
    ("GET", "/regions/{id}/logo"),
    ("GET", "/influx/ping"),
    ("GET", "/influx/health"),
    ("POST", "/sign-in/{tenant_id}/{provider}"),
    ("GET", "/sign-in/{tenant_id}/{provider}/callback"),
}
_OF_PEOPLE = "/my/"  # a token has no sessions, no password: told so before the part of the path is looked at
_SHAPE = {"type", "title", "title_zh", "status", "code", "place", "advice", "advice_zh"}


async def _operations(plant: World) -> list[tuple[str, str, dict]]:
    async with plant.client(token="") as client:
        document = (await client.get("/openapi.json")).json()
    return [
        (method.upper(), path.removeprefix("/api/v1"), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _filled(path: str) -> str:
    return re.sub(r"{\w+}", "nosuch", path)


def _is_problem(answer) -> bool:
    body = answer.json()
    kind = error_kinds()[body["code"]]
    return (
        answer.headers["content-type"] == "application/problem+json"
        and set(body) - {"fields"} == _SHAPE
        and body["status"] == answer.status_code == kind.status
        and body["type"] == f"urn:baigong:error:{body['code']}"
    )


async def test_nobody_gets_in_anywhere(plant: World) -> None:
    operations = await _operations(plant)
    assert len(operations) > 30
    async with plant.client(token="") as client, plant.client(token="bgt_wrong") as stranger:
        for method, path, _ in operations:
            if (method, path) in _OPEN:
                continue
            for who in (client, stranger):
                answer = await who.request(method, _filled(path))
                assert answer.status_code == 401 and _is_problem(answer), (method, path, answer.text)
                assert answer.headers["www-authenticate"].startswith("Bearer")


# what is no month, and no base64url
_WRONG = {"{month}": 422, "{template}": 400, "{submodel}": 400}


async def test_bad_input_is_a_typed_problem_everywhere(plant: World) -> None:
    operations = await _operations(plant)
    async with plant.client() as client:
        for method, path, operation in operations:
            for raw in (b"{", b'{"surprise": 1}', b"\xff", b"null"):
                if "requestBody" not in operation:
                    break
                headers = {"Content-Type": "application/json"}
                answer = await client.request(method, _filled(path), content=raw, headers=headers)
                assert 400 <= answer.status_code < 500 and _is_problem(answer), (method, path, raw, answer.text)
            if any(p["in"] == "query" for p in operation["parameters"]):
                content = b'{"sql":"select 1"}' if "requestBody" in operation else None
                answer = await client.request(method, _filled(path) + "?surprise=1", content=content)
                assert 400 <= answer.status_code < 500 and _is_problem(answer), (method, path, answer.text)
            if "{" in path and method in ("GET", "DELETE") and "events" not in path and not path.endswith("/callback"):
                answer = await client.request(method, _filled(path))
                wanted = 403 if path.startswith(_OF_PEOPLE) else _WRONG.get(path.rpartition("/")[2], 404)
                assert answer.status_code == wanted and _is_problem(answer), (method, path, answer.text)


async def test_unknown_paths_and_methods_have_the_same_shape(plant: World) -> None:
    async with plant.client() as client:
        for method, path, code in (
            ("GET", "/nosuch", "http.not_found"),
            ("GET", "", "http.not_found"),
            ("PATCH", "/session", "http.method"),
            ("POST", "/points", "http.method"),
        ):
            answer = await client.request(method, path)
            assert _is_problem(answer) and answer.json()["code"] == code, (method, path, answer.text)


async def test_a_bug_is_ours_and_has_the_same_shape(plant: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant.lake, "stats", lambda: 1 / 0)
    async with plant.client() as client:
        answer = await client.get("/system")
    assert _is_problem(answer) and answer.json()["code"] == "internal.error"


async def test_openapi_declares_what_answers_hold(plant: World) -> None:
    async with plant.client(token="") as client:
        document = (await client.get("/openapi.json")).json()
        page = (await client.get("/docs")).text
    refs = set(re.findall(r"#/components/schemas/([\w.-]+)", str(document)))
    assert refs <= set(document["components"]["schemas"])
    for path, methods in document["paths"].items():
        assert path in page
        for method, operation in methods.items():
            good = [code for code in operation["responses"] if code.startswith("2")]
            assert good, (method, path)
            content = operation["responses"][good[0]].get("content", {})
            if "application/json" in content:
                assert content["application/json"]["schema"], (method, path)
    assert document["components"]["schemas"]["DeviceSpec"]["properties"]["points"]["items"]
    ids = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    assert len(ids) == len(set(ids))


async def test_every_answer_carries_the_security_headers(plant: World) -> None:
    async with plant.client() as client:
        for path in ("/points", "/nosuch", "/health"):
            headers = (await client.get(path)).headers
            assert headers["content-security-policy"].startswith("default-src 'none'"), "no page: nothing runs"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"


async def test_health_metrics_system_and_overview(plant: World) -> None:
    await plant.put("pump1.flow", [T0], [1.5])
    async with plant.client() as client:
        health = (await client.get("/health")).json()
        assert health["status"] == "starting" and health["version"] == "0.1.0"
        for url in (f"{plant.url}/metrics", "/metrics"):
            text = (await client.get(url)).text
            assert 'baigong_http_requests_total{method="GET",route="/health",status="200"} 1.0' in text
            assert "baigong_lake_rows 1.0" in text
        system = (await client.get("/system")).json()
        assert {t["tile"] for t in system["health"]} == {"network", "platform", "data", "security"}
        assert system["disk"]["free"] > 0 and system["bus"]["last_seq"] == 1
        overview = (await client.get("/overview")).json()
    (tile,) = overview["assets"]
    assert (tile["asset"], tile["points"], tile["state"]) == ("pump1", 3, "stale")
    assert [(h["point"], h["value"], h["unit"]) for h in tile["headline"]] == [("pump1.flow", 1.5, "m3/h")]
    assert [item["kind"] for item in overview["attention"]] == ["gateway.silent"]
    assert overview["pulse"]["points"] == 3 and overview["demo"] is False


async def test_sql_in_every_format(plant: World) -> None:
    await plant.put("pump1.flow", [T0, T0 + 1], [1.5, float("nan")])
    async with plant.client() as client:
        body = {"sql": "select point, time, value, 'nan'::double as nan from telemetry order by time"}
        answer = (await client.post("/sql", json=body)).json()
        number = plant.registry.book.find("main", "pump1.flow").number
        assert [c["name"] for c in answer["columns"]] == ["point", "time", "value", "nan"]
        assert answer["rows"][0][:3] == [str(number), "2025-10-09T08:53:20.000000Z", 1.5]
        assert answer["rows"][1][2] is None and answer["truncated"] is False
        cut = (await client.post("/sql", json={**body, "limit": 1})).json()
        assert (len(cut["rows"]), cut["truncated"], cut["rows_total"]) == (1, True, 1)
        for media in ("text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"):
            made = await client.post("/sql", json=body, headers={"Accept": media})
            assert made.status_code == 200 and made.headers["content-type"].startswith(media)
        odd = {"sql": "select [1, 2] as list, {'a': 1} as made, 12.5::decimal(9,2) as money, 'x'::blob as raw"}
        assert (await client.post("/sql", json=odd)).json()["rows"] == [[[1, 2], {"a": 1}, "12.50", "78"]]
        csv = await client.post("/sql?format=csv&bom=true", json=odd)
        assert csv.content.startswith("\ufeff".encode()) and b'"list","made","money","raw"' in csv.content
        wrong = await client.post("/sql", json={"sql": "selec 1"})
        assert wrong.json()["code"] == "sql.invalid"
        none = await client.post("/sql", json=body, headers={"Accept": "image/png"})
        assert none.json()["code"] == "http.not_acceptable"
        tables = {t["name"]: [c["name"] for c in t["columns"]] for t in (await client.get("/sql/schema")).json()}
        assert "name" in tables["points"] and "quality" in tables["telemetry"] and "start_time" in tables["episodes"]


async def test_episodes_are_written_corrected_and_found(plant: World) -> None:
    async with plant.client() as client:
        episode = {"id": "e1", "asset": "line1.pump1", "kind": "downtime", "start_us": 100, "title": "跳闸"}
        assert (await client.put("/episodes/e1", json=episode)).status_code == 200
        assert (await client.put("/episodes/e1", json={**episode, "end_us": 50})).json()["place"] == "end_us"
        assert (await client.put("/episodes/e2", json=episode)).json()["code"] == "config.invalid"
        await client.put("/episodes/e1", json={**episode, "end_us": 200})
        (found,) = (await client.get("/episodes", params={"asset": "line1", "start": 150, "end": 160})).json()
        assert found["end_us"] == 200 and found["title"] == "跳闸"
        assert (await client.get("/episodes", params={"start": 200})).json() == []
        assert (await client.get("/episodes", params={"asset": "line"})).json() == []
        assert (await client.get("/events", params={"subject": "asset:line1.pump1"})).json()[0][
            "kind"
        ] == "episode.changed"


async def test_an_annotation_in_both_languages_is_taken_away_again(plant: World) -> None:
    async with plant.client() as client:
        note = {"id": "n1", "asset": "", "kind": "annotation", "start_us": 100, "end_us": 100}
        note |= {"title": "seal changed", "title_zh": "更换密封", "attributes": {"by": "admin"}}
        assert (await client.put("/episodes/n1", json=note)).status_code == 200
        (found,) = (await client.get("/episodes", params={"kind": "annotation", "start": 50, "end": 200})).json()
        assert found == {**note}
        assert (await client.delete("/episodes/n1")).status_code == 204
        assert (await client.get("/episodes")).json() == []
        assert (await client.delete("/episodes/n1")).json()["code"] == "http.not_found"
        told = (await client.get("/events", params={"subject": "asset:"})).json()[0]
        assert (told["kind"], told["detail"]["title"]) == ("episode.removed", "seal changed")


async def test_what_was_refused_tells_when_last(plant: World) -> None:
    async with plant.client() as client:
        await client.get("/points/no.such")
        rows = (await client.get("/system")).json()["dropped"]
        (row,) = [r for r in rows if r["what"] == "point.unknown"]
        assert row["count"] == 1 and row["last_us"]


def test_a_gateways_drops_tell_when_last() -> None:
    now = 10
    pulse = Pulse(lambda: now)
    pulse.hear("g", {"dropped": {"quota": 2}, "mqtt": {"refused": {"bad password": 1}}})
    assert pulse.grown_us("g", "quota") is None  # it happened before anybody listened
    now = 20
    pulse.hear(
        "g", {"dropped": {"quota": 2}, "mqtt": {"refused": {"bad password": 3}, "closed": {"quota.exceeded": 1}}}
    )
    now = 30
    pulse.hear("g", {"dropped": {"quota": 2}})
    assert pulse.grown_us("g", "quota") is None
    assert (pulse.grown_us("g", "bad password"), pulse.grown_us("g", "quota.exceeded")) == (20, 20)


async def test_the_demo_is_hidden_where_there_is_none(plant: World) -> None:
    async with plant.client() as client:
        assert (await client.get("/demo")).status_code == 404
        assert (await client.put("/demo/faults/leak", json={"active": True})).status_code == 404


async def test_the_console_is_served_with_its_routes(tmp_path: Path) -> None:
    built = tmp_path / "console"
    (built / "built").mkdir(parents=True)
    (built / "index.html").write_text("<p>console</p>")
    (built / "built" / "index-abc123.js").write_text("1")
    (tmp_path / "secret.txt").write_text("no")
    async with world(tmp_path / "data", console=built) as plant, plant.client(token="") as client:
        for path in ("/", "/trends", "/connect/pump", "/assets/pump1"):
            answer = await client.get(plant.url + path)
            assert answer.text == "<p>console</p>" and answer.headers["cache-control"] == "no-store"
        asset = await client.get(plant.url + "/built/index-abc123.js")
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["content-type"].startswith("text/javascript")
        for path in ("/built/gone.js", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/api/v2/points"):
            answer = await client.get(plant.url + path)
            assert answer.status_code == 404 and _is_problem(answer), path
