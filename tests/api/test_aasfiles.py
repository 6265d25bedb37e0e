"""Whole files of shells go in and out: all or nothing, on the command line too, and published ones as they were."""

from __future__ import annotations

import asyncio
import json
import os
from functools import partial
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from baigong.cli import aas, aasplatform
from baigong.models.aas import read
from baigong.models.aas.paths import encoded
from tests.api.test_aas import SHELL, client_of, everything, package, taken
from tests.api.world import World


@pytest.fixture(scope="module")
def published(shared: Path) -> list[Path]:
    """Published files; every twelfth, all with BAIGONG_LONG=1."""
    folder = shared / "data" / "aas"
    if not folder.is_dir():
        pytest.skip("no AAS files in the shared data")
    found = sorted(path for path in folder.glob("*/*") if path.suffix in (".aasx", ".json"))
    return found if os.environ.get("BAIGONG_LONG") else found[::12]


async def test_an_import_is_all_or_nothing(plant: World, tmp_path: Path) -> None:
    wrong = everything()
    wrong["submodels"][1]["submodelElements"] = [
        {"idShort": "A", "modelType": "Property", "valueType": "xs:int", "value": "x"},
        {"idShort": "B", "modelType": "Property", "valueType": "xs:int", "value": "y"},
    ]
    content = json.dumps(wrong).encode()
    async with plant.client() as client:
        refused = (await client.post("/aas/import", content=content)).json()
        assert (refused["code"], refused["fields"]["count"]) == ("aas.invalid", 2)
        assert plant.registry.shells.ids("main", "Submodel") == []
        tried = (await client.post("/aas/import", content=content, params={"tolerate": "true", "check": "true"})).json()
        assert (tried["added"], len(tried["findings"])) == (5, 2)
        assert plant.registry.shells.ids("main", "Submodel") == []
        assert (await taken(plant, content, tolerate="true"))["added"] == 5
        assert (await taken(plant, content, tolerate="true"))["unchanged"] == 5
        assert (await client.post("/aas/import", content=package())).status_code == 409
        assert (await taken(plant, package(), replace="true"))["changed"] == 1
    file = tmp_path / "pump.aasx"
    file.write_bytes(package())
    told = ["--url", plant.url, "--token", plant.token]
    cli = typer.Typer()
    aas.add(cli)
    aasplatform.add(cli)
    run = partial(asyncio.to_thread, CliRunner().invoke, cli)
    done = await run(["aas", "import", str(file), "--check", "--json", *told])
    assert json.loads(done.output)[0]["unchanged"] == 5
    out = tmp_path / "out.aasx"
    assert (await run(["aas", "export", str(out), SHELL, *told])).exit_code == 0
    assert len(read(out).environment.submodels) == 2


async def test_published_files_come_back_as_they_were(plant: World, published: list[Path]) -> None:
    for file in published:
        held = read(file)
        took = await taken(plant, file.read_bytes(), tolerate="true", replace="true")
        asked = [("aasIds", encoded(one)) for one in took["shells"]]
        asked += [("submodelIds", encoded(one)) for one in took["submodels"]]
        async with client_of(plant) as client:
            if asked:
                answer = await client.get("/serialization", params=asked)
                made = read(answer.content).environment
                assert (made.shells, made.submodels) == (held.environment.shells, held.environment.submodels), file.name
            for concept in held.environment.concepts[:3]:
                got = await client.get(f"/concept-descriptions/{encoded(concept['id'])}")
                assert got.json() == concept, file.name
