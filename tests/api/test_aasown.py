"""Shells that are made of our own assets: served by the standard's paths, found, read only, exported."""

from __future__ import annotations

import asyncio
import io
import json
import time
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import typer
from aas_core3_1 import jsonization, verification
from basyx.aas import model as basyx
from basyx.aas.adapter.aasx import AASXReader, DictSupplementaryFileContainer
from typer.testing import CliRunner

from baigong.cli import aas, aasplatform
from baigong.models.aas import admit, elements, read
from baigong.models.aas.older import older
from baigong.models.aas.paths import encoded
from baigong.vocab.assets import AssetSpec
from baigong.vocab.devices import DeviceSpec, PointSpec
from tests.api.test_aas import the_official_engine_finds_nothing
from tests.api.world import World, now_us

HALL = [
    AssetSpec(asset="hall", level="area"),
    AssetSpec(
        asset="pump1", parent="hall", type="pump", code="A-7", title="Feed pump", title_zh="给水泵",
        properties={"manufacturer": "KSB", "serial": "S-4711", "year": 2019, "flow_rated": 120.5, "注 意": "hot"},
    ),
    AssetSpec(asset="pump1.泵头", level="part"),
]  # fmt: skip


def _client(plant: World, version: str = "3.1", token: str | None = None) -> Any:
    client = plant.client(token=token)
    client.base_url = f"{plant.url}/aas/v{version}"
    return client


async def described(plant: World) -> dict[str, str]:
    """Describe the pump; return its ids by idShort, that of its shell by ''."""
    await plant.registry.assets.put("main", HALL, "test")
    async with _client(plant) as client:
        link = encoded(json.dumps({"name": "asset", "value": "pump1"}))
        (shell,) = (await client.get("/shells", params={"assetIds": link})).json()["result"]
        held = [one["keys"][0]["value"] for one in shell["submodels"]]
        return {"": shell["id"]} | {id.rpartition(":")[2]: id for id in held}


async def test_every_asset_has_a_shell_with_the_values_of_now(plant: World) -> None:
    ids = await described(plant)
    assert [*ids] == ["", "Nameplate", "TechnicalData", "OperationalData", "HierarchicalStructures"]
    live = f"/submodels/{encoded(ids['OperationalData'])}"
    async with _client(plant) as client, _client(plant, "3.0") as of_3_0:

        async def told(path: str, **query: Any) -> Any:
            answer = await client.get(path, params=query)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            assert (await of_3_0.get(path, params=query)).json() == answer.json() or "descriptors" in path
            return answer.json()

        everything = await told("/serialization", aasIds=encoded(ids[""]))
        for kind, name in (("AssetAdministrationShell", "assetAdministrationShells"), ("Submodel", "submodels")):
            for one in everything[name]:  # canonical already, by the rules of both, and the same in both
                assert json.dumps(admit(kind, one)) == json.dumps(one) == json.dumps(admit(kind, one, "3.0"))
                assert older(deepcopy(one)) == one
        assert not [*verification.verify(jsonization.environment_from_jsonable(everything))]

        assert await told(f"{live}/$value") == {}
        at = now_us()
        await plant.put("pump1.flow", [at], [118.25], 0x4093)
        await plant.put("pump1.state", [at], [1.0])
        assert await told(f"{live}/$value") == {"flow": 118.25, "state": 1}
        flow = await told(f"{live}/submodel-elements/flow")
        (about,) = flow["embeddedDataSpecifications"]
        assert (flow["value"], about["dataSpecificationContent"]["unit"]) == ("118.25", "m3/h")
        assert [(q["type"], q["value"]) for q in flow["qualifiers"]][1:] == [
            ("Quality", "uncertain, sensor not accurate")
        ]
        assert await told(f"{live}/$path") == ["flow", "pressure", "state"]
        assert (await told(f"{live}/submodel-elements/flow/$reference"))["keys"][-1]["value"] == "flow"
        assert "value" not in await told(f"{live}/submodel-elements/flow/$metadata")
        assert await told(f"/shells/{encoded(ids[''])}{live}/submodel-elements/flow/$value") == 118.25

        plate = await told(f"/submodels/{encoded(ids['Nameplate'])}/$value")
        assert plate["ManufacturerName"] == [{"en": "KSB"}]
        assert (plate["SerialNumber"], plate["YearOfConstruction"]) == ("S-4711", "2019")
        assert plate["ManufacturerProductDesignation"] == [{"en": "Pump"}, {"zh": "泵"}]
        facts = await told(f"/submodels/{encoded(ids['TechnicalData'])}")
        inside = {path: one for path, one in elements(facts) if one["modelType"] == "Property"}
        rated = inside["TechnicalPropertyAreas[0].flow_rated"]
        assert rated["value"] == "120.5"
        assert rated["embeddedDataSpecifications"][0]["dataSpecificationContent"]["unit"] == "m3/h"
        assert [one["value"] for path, one in inside.items() if "zhu_yi" in path] == ["hot"]
        (entry,) = [e for e in (await told(f"/submodels/{encoded(ids['HierarchicalStructures'])}"))["submodelElements"]
                    if e["modelType"] == "Entity"]  # fmt: skip
        front = ids[""].removesuffix(":pump1:aas")
        assert entry["statements"][0]["globalAssetId"] == f"{front}:pump1.%E6%B3%B5%E5%A4%B4"

        before = await told(f"/shells/{encoded(ids[''])}")
        await plant.registry.assets.put("main", [AssetSpec(asset="pump1", parent="", type="pump")], "test")
        moved = await told(f"/shells/{encoded(ids[''])}")  # to where it stands, an id is nothing
        assert moved["id"] == before["id"]
        assert moved["assetInformation"]["globalAssetId"] == f"{front}:pump1"
        await plant.registry.assets.retire("main", "pump1.泵头", "test")
        assert (await client.get(f"/shells/{encoded(f'{front}:pump1.%E6%B3%B5%E5%A4%B4:aas')}")).status_code == 404


async def test_they_are_found_and_paged_beside_those_that_were_handed_in(plant: World) -> None:
    ids = await described(plant)
    front = ids[""].removesuffix(":pump1:aas")
    theirs = {
        "id": "urn:aaa", "modelType": "AssetAdministrationShell",
        "assetInformation": {"assetKind": "Instance", "globalAssetId": f"{front}:pump1"},
        "submodels": [{"type": "ModelReference", "keys": [{"type": "Submodel", "value": ids["OperationalData"]}]}],
    }  # fmt: skip
    async with _client(plant) as client:
        assert (await client.post("/shells", json=theirs)).status_code == 201
        for path, many in (("/shells", 4), ("/submodels", 6), ("/shell-descriptors", 4), ("/submodel-descriptors", 6)):
            found, cursor = [], ""
            while True:
                page = (await client.get(path, params={"limit": 1} | ({"cursor": cursor} if cursor else {}))).json()
                found += [one["id"] for one in page["result"]]
                if not (cursor := page["paging_metadata"].get("cursor", "")):
                    break
            assert len(found) == many == len(set(found)), path
            whole = (await client.get(path)).json()["result"]
            assert [one["id"] for one in whole] == found
        for name, value, shells in (
            ("globalAssetId", f"{front}:pump1", ["urn:aaa", ids[""]]),
            ("code", "A-7", [ids[""]]),
            ("serialNumber", "S-4711", [ids[""]]),
            ("code", "A-8", []),
        ):
            link = {"name": name, "value": value}
            found = (await client.post("/lookup/shellsByAssetLink", json=[link])).json()["result"]
            assert found == shells
            one = (
                await client.get("/lookup/shells", params={"assetIds": encoded(json.dumps(link)), "limit": 1})
            ).json()
            assert one["result"] == shells[:1]
            assert bool(one["paging_metadata"]) == (len(shells) > 1)
        # the type says of another property that it is the serial number: the asset is found by that one
        text = "type: pump\nextends: machine\nproperties:\n"
        text += "  serial: {semantic: ''}\n  year: {kind: number, semantic: 0173-1#02-AAM556#004}\n"
        await plant.registry.types.put("main", {"pump": text}, "test", 100)
        for value, shells in (("S-4711", []), ("2019", [ids[""]])):
            answer = await client.post("/lookup/shellsByAssetLink", json=[{"name": "serialNumber", "value": value}])
            assert answer.json()["result"] == shells
        links = (await client.get(f"/lookup/shells/{encoded(ids[''])}")).json()
        assert {one["name"]: one["value"] for one in links}["code"] == "A-7"
        named = (await client.get("/submodels", params={"idShort": "Nameplate"})).json()["result"]
        assert [one["id"] for one in named] == [ids["Nameplate"]]
        # a shell that somebody keeps may refer to what is made of the asset, and shows its values
        there = await client.get(f"/shells/{encoded('urn:aaa')}/submodels/{encoded(ids['OperationalData'])}/$value")
        assert there.status_code == 200


async def test_nobody_writes_what_is_made_of_an_asset(plant: World) -> None:
    ids = await described(plant)
    shell, live = f"/shells/{encoded(ids[''])}", f"/submodels/{encoded(ids['OperationalData'])}"
    async with _client(plant) as client:
        body = (await client.get(live)).json()
        of_shell = (await client.get(shell)).json()
        for method, path, sent in (
            ("PUT", shell, of_shell),
            ("POST", "/shells", of_shell),
            ("DELETE", shell, None),
            ("PUT", live, body),
            ("POST", "/submodels", body),
            ("PATCH", f"{live}/$value", {"flow": 1}),
            ("PATCH", f"{shell}{live}/submodel-elements/flow/$value", 1),
            ("DELETE", f"{live}/submodel-elements/flow", None),
            ("POST", f"{shell}/submodel-refs", {}),
        ):
            answer = await client.request(method, path, **({} if sent is None else {"json": sent}))
            assert (answer.status_code, answer.json()["messages"][0]["code"]) == (403, "aas.generated"), path
        given = (await client.get("/serialization")).content
        assert (await client.get(f"{live}/submodel-elements/flow/attachment")).status_code == 405
        assert (await client.get(f"{shell}/asset-information/thumbnail")).status_code == 404
    async with plant.client() as ours:
        assert (await ours.post("/aas/import", content=given)).json()["code"] == "aas.generated"
    assert plant.registry.shells.ids("main", "Submodel") == []


async def test_who_may_read_a_part_is_shown_its_shells_and_no_others(plant: World) -> None:
    other = DeviceSpec(device="fan", driver="sim", points=[PointSpec(name="fan1.speed", address="sine:9")])
    await plant.registry.devices.put("main", other, "test")
    ids = await described(plant)
    token = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    who = 'principal in Role::"tenant_admin", action in [Action::"read"], resource in Asset::"main/pump1"'
    await plant.registry.rights.grant("main", f'permit ({who}) when {{ principal.tenant == Tenant::"bank" }};', "", "t")
    async with plant.client() as ours:
        assert (await ours.get("/assets/pump1/aas")).status_code == 200
    theirs = {"id": "urn:secret", "modelType": "Submodel"}
    async with _client(plant) as client:
        assert (await client.post("/submodels", json=theirs)).status_code == 201
    async with _client(plant, token=token) as client:
        seen = (await client.get("/shells", params={"tenant": "main"})).json()["result"]
        front = ids[""].removesuffix(":pump1:aas")
        assert [one["id"] for one in seen] == [ids[""], f"{front}:pump1.%E6%B3%B5%E5%A4%B4:aas"]
        for id in ("urn:secret", f"{front}:fan1:OperationalData"):
            assert (await client.get(f"/submodels/{encoded(id)}", params={"tenant": "main"})).status_code == 404
        parts = await client.get(f"/submodels/{encoded(ids['HierarchicalStructures'])}", params={"tenant": "main"})
        assert "hall" not in parts.text


async def test_one_is_exported_and_read_by_a_foreign_library(plant: World, tmp_path: Path) -> None:
    await described(plant)
    async with _client(plant) as client:
        for id in ("0112/2///61987#ABA565#009", "urn:nobody:refers:to:it"):
            concept = {"id": id, "modelType": "ConceptDescription"}
            assert (await client.post("/concept-descriptions", json=concept)).status_code == 201
    await plant.put("pump1.flow", [time.time_ns() // 1000], [99.5])
    out = tmp_path / "pump.aasx"
    cli = typer.Typer()
    aas.add(cli)
    aasplatform.add(cli)
    told = ["--url", plant.url, "--token", plant.token]
    run = partial(asyncio.to_thread, CliRunner().invoke, cli)
    done = await run(["aas", "export", str(out), "--asset", "pump1", *told])
    assert done.exit_code == 0, done.output
    environment = read(out).environment
    assert len(environment.submodels) == 4
    assert [one["id"] for one in environment.concepts] == ["0112/2///61987#ABA565#009"]
    held: basyx.DictIdentifiableStore[basyx.Identifiable] = basyx.DictIdentifiableStore()
    with AASXReader(io.BytesIO(out.read_bytes())) as reader:
        reader.read_into(held, DictSupplementaryFileContainer())
    (live,) = [one for one in held if isinstance(one, basyx.Submodel) and one.id_short == "OperationalData"]
    flow = live.get_referable("flow")
    assert isinstance(flow, basyx.Property)
    assert flow.value == 99.5
    assert len([*held]) == 6
    for suite in ("AssetAdministrationShellRepository", "SubmodelRepository"):
        await the_official_engine_finds_nothing(plant, suite)
