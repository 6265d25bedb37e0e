"""Registries and discovery are written: what is served elsewhere is registered here, and found beside what is here."""

from __future__ import annotations

from typing import Any

from baigong.models.aas.paths import encoded
from tests.api.test_aas import SHELL, client_of, package, taken
from tests.api.test_aasown import described
from tests.api.world import World

ENDPOINT = {
    "interface": "AAS-3.0",
    "protocolInformation": {"href": "https://elsewhere.example/shells/eA", "endpointProtocol": "HTTPS",
                            "endpointProtocolVersion": ["1.1"]},
}  # fmt: skip
ELSEWHERE = "https://elsewhere.example/aas/press"
LINK = {"name": "globalAssetId", "value": "https://elsewhere.example/press"}
MEANT = {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": "urn:meant"}]}
SUBMODEL = {"idShort": "Data", "id": "urn:elsewhere:data", "semanticId": MEANT, "endpoints": [ENDPOINT]}
DESCRIPTOR = {
    "idShort": "Press", "displayName": [{"language": "zh", "text": "压力机"}], "id": ELSEWHERE, "assetKind": "Type",
    "globalAssetId": LINK["value"], "endpoints": [ENDPOINT], "submodelDescriptors": [SUBMODEL],
}  # fmt: skip


async def test_descriptors_are_registered_shown_changed_and_taken_away(plant: World) -> None:
    ids = await described(plant)
    await taken(plant, package())
    at, here = f"/shell-descriptors/{encoded(ELSEWHERE)}", f"/shell-descriptors/{encoded(SHELL)}"
    inside, alone = f"{at}/submodel-descriptors", f"/submodel-descriptors/{encoded(SUBMODEL['id'])}"  # type: ignore[arg-type]
    async with client_of(plant) as client:

        async def told(method: str, path: str, status: int, body: Any = None) -> Any:
            answer = await client.request(method, path, **({} if body is None else {"json": body}))
            assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
            return answer.json() if answer.content else answer

        assert await told("POST", "/shell-descriptors/", 201, DESCRIPTOR) == DESCRIPTOR
        assert await told("GET", at, 200) == DESCRIPTOR
        await told("POST", "/shell-descriptors", 409, DESCRIPTOR)
        listed = (await told("GET", "/shell-descriptors", 200))["result"]
        assert DESCRIPTOR in listed
        assert [one["id"] for one in listed[:3]] == sorted([SHELL, SHELL + "b", ELSEWHERE])
        assert (await told("GET", "/shell-descriptors?assetKind=Type", 200))["result"] == [DESCRIPTOR]
        await told("PUT", at, 204, DESCRIPTOR | {"idShort": "Press2"})
        assert (await told("GET", at, 200))["idShort"] == "Press2"

        other = SUBMODEL | {"id": "urn:elsewhere:other"}
        assert await told("POST", inside, 201, other) == other
        await told("POST", inside, 409, other)
        assert (await told("GET", inside, 200))["result"] == [SUBMODEL, other]
        one = f"{inside}/{encoded('urn:elsewhere:other')}"
        await told("PUT", one, 204, other | {"idShort": "Changed"})
        assert (await told("GET", one, 200))["idShort"] == "Changed"
        await told("DELETE", one, 204)
        await told("GET", one, 404)

        assert await told("PUT", alone, 201, SUBMODEL) == SUBMODEL
        assert SUBMODEL in (await told("GET", "/submodel-descriptors", 200))["result"]
        await told("DELETE", alone, 204)
        await told("DELETE", alone, 404)

        # of what is served here there is a descriptor already; another one may stand in its place
        own = await told("GET", here, 200)
        await told("POST", "/shell-descriptors", 409, own)
        await told("DELETE", here, 403)
        await told("POST", f"{here}/submodel-descriptors", 403, SUBMODEL)
        await told("PUT", here, 201, own | {"endpoints": [ENDPOINT]})
        assert (await told("GET", here, 200))["endpoints"] == [ENDPOINT]
        await told("DELETE", here, 204)
        assert await told("GET", here, 200) == own
        await told("PUT", f"/shell-descriptors/{encoded(ids[''])}", 403, DESCRIPTOR | {"id": ids[""]})
        await told("POST", "/submodel-descriptors", 403, SUBMODEL | {"id": ids["Nameplate"]})

        for wrong, place in (
            (DESCRIPTOR | {"id": "urn:w", "endpoints": [{"interface": "AAS-3.0"}]}, "$.endpoints[0]"),
            (DESCRIPTOR | {"id": "urn:w", "idShort": "0"}, "$.idShort"),
            (DESCRIPTOR | {"id": "urn:w", "submodelDescriptors": [{"id": "urn:x"}]}, "$.submodelDescriptors[0]"),
            (DESCRIPTOR | {"id": "urn:w", "assetIds": []}, "$"),
            ([], "$"),
        ):
            answer = await told("POST", "/shell-descriptors", 400, wrong)
            assert place in answer["messages"][0]["text"]
        await told("DELETE", at, 204)
        assert ELSEWHERE not in str(await told("GET", "/shell-descriptors", 200))


async def test_links_from_assets_are_kept_beside_what_shells_say(plant: World) -> None:
    await taken(plant, package())
    serial = {"name": "serialNumber", "value": "7"}
    async with client_of(plant) as client:
        for id, links in ((ELSEWHERE, [LINK]), (SHELL, [serial])):
            answer = await client.post(f"/lookup/shells/{encoded(id)}", json=links)
            assert (answer.status_code, answer.json()) == (201, links)
            assert (await client.post(f"/lookup/shells/{encoded(id)}", json=links)).status_code == 409
        for link, shells in ((LINK, [ELSEWHERE]), (serial, [SHELL]), ({"name": "x", "value": "y"}, [])):
            assert (await client.post("/lookup/shellsByAssetLink", json=[link])).json()["result"] == shells
        every = (await client.get("/lookup/shells")).json()["result"]
        assert every[:3] == sorted([SHELL, SHELL + "b", ELSEWHERE])
        told = (await client.get(f"/lookup/shells/{encoded(SHELL)}")).json()
        assert [one["name"] for one in told] == ["globalAssetId", "serialNumber"]
        assert (await client.get(f"/lookup/shells/{encoded(ELSEWHERE)}")).json() == [LINK]
        for wrong in ([], {}, [{"name": "x"}]):
            assert (await client.post(f"/lookup/shells/{encoded('urn:w')}", json=wrong)).status_code == 400
        assert (await client.delete(f"/lookup/shells/{encoded(ELSEWHERE)}")).status_code == 204
        assert (await client.delete(f"/lookup/shells/{encoded(ELSEWHERE)}")).status_code == 404
        assert (await client.get(f"/lookup/shells/{encoded(ELSEWHERE)}")).status_code == 404
        assert (await client.get(f"/shells/{encoded(ELSEWHERE)}")).status_code == 404
