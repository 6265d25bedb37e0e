"""Templates as forms of the API; what is filled in is the asset's, in its shell and its export."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from baigong.cli import aas, aastemplate
from baigong.models.aas import read
from baigong.models.aas.paths import encoded
from baigong.vocab.assets import AssetSpec
from baigong.vocab.errors import BaigongError
from tests.api.world import World
from tests.models.ownplate import POWER, own_template
from tests.models.test_templates import ANSWERS

PUMP = AssetSpec(asset="pump1", type="pump", properties={"manufacturer": "KSB", "serial": "S-4711"})


async def test_a_template_is_filled_in_for_an_asset_and_its_shell_has_it(plant: World) -> None:
    await plant.registry.assets.put("main", [PUMP, AssetSpec(asset="pump10")], "test")
    environment = {"submodels": [own_template()], "conceptDescriptions": [POWER]}
    async with plant.client() as client:

        async def told(method: str, path: str, status: int = 200, **sent: Any) -> Any:
            answer = await client.request(method, path, **sent)
            assert answer.status_code == status, f"{path}: {answer.text}"
            return answer.json() if answer.content else None

        await told("POST", "/aas/import", json=environment)
        (line,) = (await told("GET", "/aas-templates"))["templates"]
        assert (line["id"], line["version"], line["titles"]) == ("urn:own:plate", "1.2", {"zh": "自有铭牌"})
        about = await told("GET", f"/aas-templates/{encoded(line['id'])}", params={"asset": "pump1"})
        assert about["answers"] == {"SerialNumber": "S-4711"}
        assert next(one for one in about["form"]["fields"] if one["id_short"] == "Power")["unit"] == "kW"
        await told("GET", f"/aas-templates/{encoded('urn:power')}", 404)

        path, body = "/assets/pump1/submodels", {"template": line["id"], "answers": about["answers"]}
        looked = await told("POST", path, params={"check": "true"}, json=body)
        assert [one["at"] for one in looked["findings"]] == ["Marking00.Name", "Mail"]
        refused = await told("POST", path, 422, json=body)
        assert (refused["code"], refused["fields"]["count"]) == ("aas.unfinished", 2)
        wrong = await told("POST", path, 422, params={"incomplete": "true"}, json=body | {"answers": {"Power": "x"}})
        assert wrong["code"] == "aas.invalid"
        assert (await told("GET", path))["submodels"] == []
        kept = await told("POST", path, params={"incomplete": "true"}, json=body)
        assert len(kept["findings"]) == 2

        other = (await told("POST", "/assets/pump10/submodels", json=body | {"answers": ANSWERS}))["id"]
        second = (await told("POST", path, json=body | {"answers": ANSWERS}))["id"]
        assert second == f"{kept['id']}.2"
        one = f"{path}/{encoded(kept['id'])}"
        assert (await told("GET", one))["answers"] == about["answers"]
        await told("PUT", one, json=body | {"answers": ANSWERS | {"Power": 9}})
        assert (await told("GET", one))["answers"]["Power"] == "9"
        await told("GET", f"{path}/{encoded(other)}", 404)
        await told("DELETE", f"{path}/{encoded(second)}", 204)
        await told("POST", "/assets/nobody/submodels", 404, json=body)
        (held,) = (await told("GET", path))["submodels"]
        assert (held["id"], held["template"]) == (kept["id"], "urn:own:plate")

        exported = await client.get("/assets/pump1/aas", params={"format": "aasx"})
        package = await asyncio.to_thread(partial(read, exported.content))
        (shell,) = package.environment.shells
        assert kept["id"] in [one["keys"][0]["value"] for one in shell["submodels"]]
        assert [one["id"] for one in package.environment.submodels if one["idShort"] == "OwnPlate"] == [kept["id"]]

    async with plant.client() as client:
        client.base_url = f"{plant.url}/aas/v3.1"
        found = await client.get(f"/shells/{encoded(shell['id'])}/submodels/{encoded(kept['id'])}/$value")
        assert found.json()["Marking00"] == {"Name": "CE", "File": {"contentType": "image/png", "value": "urn:ce"}}

    token = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    who = 'principal in Role::"tenant_admin", action in [Action::"read"], resource in Asset::"main/pump1"'
    await plant.registry.rights.grant("main", f'permit ({who}) when {{ principal.tenant == Tenant::"bank" }};', "", "t")
    async with plant.client(token=token) as client:  # who may read a part is not shown what people wrote
        assert (await client.get("/aas-templates", params={"tenant": "main"})).status_code == 403
        seen = await client.get("/assets/pump1/aas", params={"tenant": "main", "format": "json"})
        assert "OwnPlate" not in seen.text
        assert kept["id"] not in seen.text


async def test_a_form_is_written_and_filled_in_on_the_command_line(plant: World, tmp_path: Path) -> None:
    await plant.registry.assets.put("main", [PUMP], "test")
    await plant.registry.shells.add("main", "Submodel", own_template(), "test")
    cli = typer.Typer()
    aas.add(cli)
    aastemplate.add(cli)
    form = tmp_path / "form.json"

    async def run(*words: str) -> str:
        told = ["aas", "template", *words, "--url", plant.url, "--token", plant.token]
        done = await asyncio.to_thread(CliRunner().invoke, cli, told)
        assert done.exit_code == 0, done.output
        return done.output

    assert "OwnPlate" in await run("list")
    await run("blank", "urn:own:plate", str(form), "--asset", "pump1")
    written = json.loads(form.read_text("utf-8"))
    assert written["answers"]["SerialNumber"] == "S-4711"
    assert written["answers"]["Marking__00__"] == [{"Name": "", "File": ""}]
    assert "Marking00.Name" in await run("fill", "pump1", str(form), "--check")
    form.write_text('{"template": ', "utf-8")
    told = ["aas", "template", "fill", "pump1", str(form), "--url", plant.url, "--token", plant.token]
    torn = (await asyncio.to_thread(CliRunner().invoke, cli, told)).exception
    assert isinstance(torn, BaigongError), "no traceback of a reader of JSON"
    form.write_text(json.dumps(written | {"answers": ANSWERS}), "utf-8")
    made = (await run("fill", "pump1", str(form))).split()[-1]
    assert made in plant.registry.shells.ids("main", "Submodel")
