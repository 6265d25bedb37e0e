"""The asset administration shell's own API: judged by the official test engine, read by foreign libraries."""

from __future__ import annotations

import asyncio
import io
import json
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aas_core3_1 import jsonization, verification
from basyx.aas.adapter import json as basyx_json

from baigong.api.aas import standard_operations
from baigong.api.doors import door_of
from baigong.models.aas import Attachment, Package, read, write
from baigong.models.aas.paths import encoded
from tests.api.world import World, world

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a library of theirs has escapes that Python will once refuse
    from aas_test_engines import api as official
    from aas_test_engines.config import CheckApiConfig
    from aas_test_engines.http import HttpClient
    from aas_test_engines.result import AasTestResult, Level

SHELL, SUBMODEL = "https://example.org/aas/pump1", "https://example.org/sm/pump1/data"
PICTURE = b"\x89PNG not really"


def everything() -> dict[str, Any]:
    """Make an environment with every kind of element, a thumbnail and a file."""
    refer = {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": "urn:example:x"}]}
    model = {"type": "ModelReference", "keys": [{"type": "Submodel", "value": SUBMODEL}]}
    speed = {"idShort": "Speed", "modelType": "Property", "valueType": "xs:int", "value": "1450", "semanticId": refer}
    elements = [
        speed,
        {"idShort": "Name", "modelType": "MultiLanguageProperty", "value": [{"language": "zh", "text": "循环泵"}]},
        {"idShort": "Limits", "modelType": "Range", "valueType": "xs:double", "min": "0.5", "max": "9"},
        {"idShort": "Manual", "modelType": "File", "contentType": "text/plain", "value": "/aasx/files/manual.txt"},
        {"idShort": "Curve", "modelType": "Blob", "contentType": "text/plain", "value": "aGVsbG8="},
        {"idShort": "See", "modelType": "ReferenceElement", "value": refer},
        {"idShort": "Drives", "modelType": "RelationshipElement", "first": model, "second": model},
        {"idShort": "Noted", "modelType": "AnnotatedRelationshipElement", "first": model, "second": model,
         "annotations": [speed | {"idShort": "Note"}]},
        {"idShort": "Motor", "modelType": "Entity", "entityType": "CoManagedEntity",
         "statements": [speed | {"idShort": "Poles"}]},
        {"idShort": "Alarm", "modelType": "BasicEventElement", "observed": model, "direction": "output", "state": "on"},
        {"idShort": "Start", "modelType": "Operation"},
        {"idShort": "Pumping", "modelType": "Capability"},
        {"idShort": "Group", "modelType": "SubmodelElementCollection", "value": [speed | {"idShort": "Inner"}]},
        {"idShort": "Marks", "modelType": "SubmodelElementList", "typeValueListElement": "Property",
         "valueTypeListElement": "xs:string",
         "value": [{"modelType": "Property", "valueType": "xs:string", "value": text} for text in ("CE", "CCC")]},
    ]  # fmt: skip
    shells = [
        {"id": SHELL + end, "idShort": "Pump1" + end, "modelType": "AssetAdministrationShell", "submodels": [model],
         "assetInformation": {"assetKind": "Instance", "globalAssetId": "https://example.org/pump1" + end,
                              "defaultThumbnail": {"path": "/aasx/files/pump.png", "contentType": "image/png"}}}
        for end in ("", "b")
    ]  # fmt: skip
    shells[0]["submodels"] = [
        model,
        {"type": "ModelReference", "keys": [{"type": "Submodel", "value": SUBMODEL + "b"}]},
    ]
    submodels = [
        {"id": SUBMODEL + end, "idShort": "Data", "modelType": "Submodel", "submodelElements": elements}
        for end in ("", "b")
    ]
    concept = {"id": "urn:example:x", "idShort": "Speed", "modelType": "ConceptDescription"}
    return {"assetAdministrationShells": shells, "submodels": submodels, "conceptDescriptions": [concept]}


def package() -> bytes:
    """Return it as a package with its files."""
    held = read(json.dumps(everything()).encode())
    files = {
        "/aasx/files/manual.txt": Attachment(b"Read me.", "text/plain"),
        "/aasx/files/pump.png": Attachment(PICTURE, "image/png", frozenset({"thumbnail"})),
    }
    return write(Package(held.environment, files), "aasx")


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[World]:
    """One without assets: here is only what was handed in (of assets: test_aasown.py)."""
    async with world(tmp_path) as made:
        yield made


def client_of(plant: World, version: str = "3.1") -> Any:
    client = plant.client()
    client.base_url = f"{plant.url}/aas/v{version}"
    return client


async def taken(plant: World, content: bytes, **query: str) -> dict[str, Any]:
    async with plant.client() as client:
        answer = await client.post("/aas/import", content=content, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


class _Allowed(HttpClient):
    """The engine's client, which forgets its own additional headers."""

    def descend(self, prefix: str) -> _Allowed:
        made = _Allowed(self.host, additional_headers=self.additional_headers)
        made.prefixes = [*self.prefixes, prefix]
        return made

    def send(self, request: Any) -> Any:
        request.headers.update(self.additional_headers)
        return super().send(request)


def _failed(result: AasTestResult, way: str = "") -> Iterator[str]:
    here = f"{way} / {result.message}"
    if not result.sub_results and result.level in (Level.ERROR, Level.CRITICAL):
        yield here
    for one in result.sub_results:
        yield from _failed(one, here)


# Where the engine, which knows 3.0, asks for something else than the standard says
_KNOWN = (
    # the value of a Property is bare JSON (1450), which is neither an object nor an array
    ("GetSubmodelElementByPath-ValueOnly", "Expected JSON, got"),
    # metadata has no values (Part 2, SubmodelElementMetadata), so neither what the metamodel asks of values
    ("GetAllSubmodelElements-Metadata", "Missing attribute"),
)


async def test_what_is_served(plant: World) -> None:
    await taken(plant, package())
    for suite in ("AssetAdministrationShellRepository", "SubmodelRepository"):
        await the_official_engine_finds_nothing(plant, suite)
    await foreign_libraries_read_it(plant)
    await it_comes_in_pages_and_filtered(plant)
    await it_is_discovered(plant)


async def the_official_engine_finds_nothing(plant: World, suite: str) -> None:
    url, token = f"{plant.url}/aas/v3.0", {"Authorization": f"Bearer {plant.token}"}
    config = CheckApiConfig(suite=f"https://admin-shell.io/aas/API/3/0/{suite}ServiceSpecification/SSP-002")
    result, _ = await asyncio.to_thread(official.execute_tests, _Allowed(url, additional_headers=token), config)
    failed = [*_failed(result)]
    unknown = [one for one in failed if not any(name in one and words in one for name, words in _KNOWN)]
    assert not unknown, "\n".join(unknown)


async def foreign_libraries_read_it(plant: World) -> None:
    async with client_of(plant) as client:
        given = await client.get("/serialization", headers={"accept": "application/json"})
        as_xml = await client.get("/serialization", headers={"accept": "application/xml"})
        packed = await client.get(
            "/serialization",
            params={"aasIds": encoded(SHELL)},
            headers={"accept": "application/asset-administration-shell-package+xml"},
        )
    assert given.json() == everything()  # canonical already, and nothing was lost
    assert not [*verification.verify(jsonization.environment_from_jsonable(given.json()))]
    assert read(as_xml.content).environment == read(given.content).environment
    back = read(packed.content)
    assert {name: file.content for name, file in back.files.items()} == {
        "/aasx/files/manual.txt": b"Read me.", "/aasx/files/pump.png": PICTURE,
    }  # fmt: skip
    held = basyx_json.read_aas_json_file(io.StringIO(given.text), failsafe=False)
    assert len([*held]) == 5


async def test_shells_and_submodels_are_written_by_the_standards_paths(plant: World) -> None:
    whole = everything()
    shell, submodel = whole["assetAdministrationShells"][0], whole["submodels"][0]
    at, held = f"/shells/{encoded(SHELL)}", f"/submodels/{encoded(SUBMODEL)}"
    async with client_of(plant) as client:

        async def told(method: str, path: str, status: int, body: Any = None, **more: Any) -> Any:
            answer = await client.request(method, path, **({"json": body} if body is not None else {}), **more)
            assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
            return (
                answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.content
            )

        assert await told("POST", "/shells", 201, shell) == shell
        assert await told("PUT", held, 201, submodel) == submodel
        assert await told("PUT", held, 204, submodel) == b""
        assert await told("GET", at + held, 200) == submodel
        speed = held + "/submodel-elements/Speed"
        await told("PATCH", speed + "/$value", 204, 1500)
        assert (await told("GET", speed, 200))["value"] == "1500"
        await told("PATCH", held + "/$value", 204, {"Limits": {"max": 10}, "Group": {"Inner": 3}, "Marks": ["a", "b"]})
        values = await told("GET", held + "/$value", 200)
        assert (values["Limits"], values["Group"], values["Marks"]) == (
            {"min": 0.5, "max": 10},
            {"Inner": 3},
            ["a", "b"],
        )
        one = {"idShort": "New", "modelType": "Property", "valueType": "xs:string", "value": "x"}
        inner = held + "/submodel-elements/Group"
        assert await told("POST", inner, 201, one) == one
        assert await told("GET", inner + ".New/$reference", 200) == {
            "type": "ModelReference",
            "keys": [{"type": "Submodel", "value": SUBMODEL},
                     {"type": "SubmodelElementCollection", "value": "Group"}, {"type": "Property", "value": "New"}],
        }  # fmt: skip
        await told("PUT", inner + ".New", 204, one | {"value": "y"})
        await told("PUT", inner + ".Other", 201, one | {"idShort": "Other"})
        await told("PATCH", inner + ".New/$metadata", 204, {"category": "PARAMETER"})
        changed = await told("GET", inner + ".New", 200)
        assert (changed["value"], changed["category"]) == ("y", "PARAMETER")
        assert await told("GET", inner + "/$path", 200) == ["Group", "Group.Inner", "Group.New", "Group.Other"]
        await told("DELETE", inner + ".New", 204)
        await told("POST", held + "/submodel-elements/Marks", 201, {**one, "idShort": "Third"})
        await told("DELETE", held + "/submodel-elements/Marks[1]", 204)
        assert (await told("GET", held + "/submodel-elements/Marks/$value", 200)) == ["a", "x"]

        form = {"fileName": (None, "说明 书.txt"), "file": ("x.txt", b"\r\nnew\r\n", "text/plain")}
        await told("PUT", held + "/submodel-elements/Manual/attachment", 204, files=form)
        assert await told("GET", held + "/submodel-elements/Manual/attachment", 200) == b"\r\nnew\r\n"
        await told("PUT", held + "/submodel-elements/Manual/attachment", 204, files={"file": ("b.txt", b"newer")})
        assert [one.content for one in await plant.registry.shells.files("main", [("Submodel", SUBMODEL)])] == [
            b"newer"
        ]
        await told("DELETE", held + "/submodel-elements/Manual/attachment", 200)
        await told("GET", held + "/submodel-elements/Manual/attachment", 404)
        await told("PUT", at + "/asset-information/thumbnail", 204, content=PICTURE, params={"fileName": "a.png"},
                   headers={"content-type": "image/png"})  # fmt: skip
        assert await told("GET", at + "/asset-information/thumbnail", 200) == PICTURE

        ref = {"type": "ModelReference", "keys": [{"type": "Submodel", "value": "urn:other"}]}
        await told("POST", at + "/submodel-refs", 201, ref)
        await told("DELETE", at + f"/submodel-refs/{encoded('urn:other')}", 204)
        await told("DELETE", at + held, 204)
        await told("GET", held, 404)
        await told("DELETE", at, 204)

        for status, method, path, body in (
            (400, "GET", "/shells/***", None),
            (400, "GET", "/submodels?limit=0", None),
            (400, "GET", "/submodels?cursor=%3D", None),
            (404, "GET", f"/shells/{encoded('urn:nobody')}", None),
            (404, "GET", "/nothing", None),
            (405, "POST", "/description", {}),
            (400, "POST", "/submodels", shell),
            (400, "POST", "/submodels", {"id": "urn:x", "modelType": "Submodel", "submodelElements": [{"a": 1}]}),
            (400, "POST", "/shells", [1]),
        ):
            answer = await told(method, path, status, body)
            (first, *_) = answer["messages"]
            assert first["messageType"] == "Error", answer
            assert first["code"], answer
        await told("PUT", held, 201, submodel)
        await told("POST", "/submodels", 409, submodel)
        await told("POST", held + "/submodel-elements", 409, one | {"idShort": "Speed"})
        await told("POST", held + "/submodel-elements/No.Where", 404, one)
        await told("POST", held + "/submodel-elements/Speed", 405, one)
        await told("PATCH", speed + "/$value", 400, {"a": 1})
        await told("PATCH", speed + "/$value", 400, "fast")  # no xs:int
        assert await told("GET", held, 200) == submodel
    events = [one.kind for one in await plant.registry.events.recent("main", subjects=[f"shell:{SUBMODEL}"])]
    assert events[-1] == "shell.added"
    assert "shell.removed" in events


async def test_whoever_may_not_is_refused_in_the_standards_words(plant: World) -> None:
    looks = await plant.registry.people.add_token("main", "looks", role="viewer")
    theirs = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    await taken(plant, package())
    parts = {"shell": encoded(SHELL), "submodel": encoded(SUBMODEL), "path": "Speed", "concept": encoded("urn:x"),
             "package": "eA"}  # fmt: skip
    async with client_of(plant) as client:
        for one in standard_operations(plant.app.state.rooms):
            path = one.path.removeprefix("/aas").format(**parts)
            is_read = door_of(one.method, one.path).action == "read"
            other = (theirs, 403, {"tenant": "main"}) if is_read else (looks, 403, {})
            for token, status, params in (("", 401, {}), other):
                answer = await client.request(
                    one.method, path, headers={"authorization": f"Bearer {token}" if token else ""}, params=params
                )
                assert answer.status_code == status, f"{one.method} {path}: {answer.text}"
                assert answer.json()["messages"][0]["code"] in ("auth.required", "auth.denied")
        seen = await client.get("/shells", headers={"authorization": f"Bearer {looks}"})
        assert len(seen.json()["result"]) == 2
        own = await client.get("/shells", headers={"authorization": f"Bearer {theirs}"})
        assert own.json() == {"paging_metadata": {}, "result": []}
    plant.registry.shells.forget("main")  # what was in memory is read again
    assert plant.registry.shells.ids("main", "Submodel") == [SUBMODEL, SUBMODEL + "b"]


async def it_is_discovered(plant: World) -> None:
    link = {"name": "globalAssetId", "value": "https://example.org/pump1"}
    async with client_of(plant) as client:
        found = (await client.get("/lookup/shells", params={"assetIds": encoded(json.dumps(link))})).json()
        assert found == (await client.post("/lookup/shellsByAssetLink", json=[link])).json()
        assert found["result"] == [SHELL]
        assert (await client.get(f"/lookup/shells/{encoded(SHELL)}")).json() == [link]
        assert (await client.post("/lookup/shellsByAssetLink", json=[1])).status_code == 400
        (first, _) = (await client.get("/shell-descriptors", params={"assetKind": "Instance"})).json()["result"]
        assert (first["id"], len(first["submodelDescriptors"])) == (SHELL, 2)
        for one in (first, *first["submodelDescriptors"]):
            there = await client.get(one["endpoints"][0]["protocolInformation"]["href"])
            assert there.json()["id"] == one["id"]
        assert (await client.get("/shell-descriptors", params={"assetKind": "Type"})).json()["result"] == []
        below = (await client.get(f"/shell-descriptors/{encoded(SHELL)}/submodel-descriptors")).json()["result"]
        assert below == (await client.get("/submodel-descriptors")).json()["result"] == first["submodelDescriptors"]


async def it_comes_in_pages_and_filtered(plant: World) -> None:
    async with client_of(plant) as client:
        found: list[str] = []
        cursor = ""
        while True:
            answer = await client.get("/submodels/$path", params={"limit": 7} | ({"cursor": cursor} if cursor else {}))
            found += answer.json()["result"]
            cursor = answer.json()["paging_metadata"].get("cursor", "")
            if not cursor:
                break
        whole = (await client.get(f"/submodels/{encoded(SUBMODEL)}/$path")).json()
        assert found == whole * 2
        first = (await client.get("/shells", params={"limit": 1})).json()
        second = (await client.get("/shells", params={"limit": 1, **first["paging_metadata"]})).json()
        assert [one["result"][0]["id"] for one in (first, second)] == [SHELL, SHELL + "b"]
        assert second["paging_metadata"] == {}
        link = encoded(json.dumps({"name": "globalAssetId", "value": "https://example.org/pump1b"}))
        assert [one["id"] for one in (await client.get("/shells", params={"assetIds": link})).json()["result"]] == [
            SHELL + "b"
        ]
        assert (await client.get("/submodels", params={"semanticId": encoded("urn:none")})).json()["result"] == []
        bare = (await client.get(f"/submodels/{encoded(SUBMODEL)}", params={"extent": "withoutBlobValue"})).json()
        assert [one for one in bare["submodelElements"] if one["modelType"] == "Blob"] == [
            {"idShort": "Curve", "contentType": "text/plain", "modelType": "Blob"}
        ]


async def test_an_element_without_a_name_that_was_tolerated_is_no_fault_of_ours(plant: World) -> None:
    nameless = {"modelType": "Property", "valueType": "xs:int", "value": "7"}
    submodel = {"id": "urn:nameless", "modelType": "Submodel", "submodelElements": [nameless]}
    await taken(plant, json.dumps({"submodels": [submodel]}).encode(), tolerate="true")
    at = f"/submodels/{encoded('urn:nameless')}/submodel-elements"
    async with client_of(plant) as client:
        assert (await client.get(f"{at}/$value")).json()["result"] == {"": 7}
        assert (await client.get(f"{at}/$reference")).json()["result"] == []
