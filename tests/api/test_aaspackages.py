"""The AASX file server, and that exactly what is served is said to be."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from baigong.api.aas import PROFILES, standard_operations
from baigong.models.aas.paths import encoded
from baigong.registry.shellpackages import ShellPackages
from baigong.vocab.errors import FixConfiguration
from tests.api.test_aas import SHELL, package
from tests.api.world import World, now_us

MEDIA = "application/asset-administration-shell-package"


def _broken(content: bytes, without: str) -> bytes:
    """Pack a package anew without one of its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            if name != without:
                new.writestr(name, old.read(name))
    return made.getvalue()


async def test_packages_are_kept_as_they_are(plant: World) -> None:
    content = package()
    async with plant.client() as client:
        for version in ("3.1", "3.0"):
            client.base_url = f"{plant.url}/aas/v{version}"

            async def told(method: str, path: str, status: int, **more: Any) -> Any:
                answer = await client.request(method, path, **more)
                assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
                return answer

            form = {"aasIds": (None, SHELL), "fileName": (None, "泵 1.aasx"), "file": ("x.aasx", content, MEDIA)}
            made = await told("POST", "/packages", 201, files=form)
            id = made.json()["packageId"]
            assert made.json()["aasIds"] == [SHELL, SHELL + "b"]
            there = await told("GET", made.headers["location"].removeprefix(f"/aas/v{version}"), 200)
            assert (there.content, there.headers["content-type"]) == (content, MEDIA)
            assert there.headers["x-filename"] == "%E6%B3%B5_1.aasx"
            named = f"/packages/{encoded('urn:mine')}"
            await told("PUT", named, 201, files=form)
            await told("PUT", named, 204, files=form)
            first = (await told("GET", "/packages", 200, params={"limit": 1, "aasId": encoded(SHELL)})).json()
            rest = (await told("GET", "/packages", 200, params=first["paging_metadata"])).json()
            assert {one["packageId"] for one in first["result"] + rest["result"]} == {id, "urn:mine"}
            assert (await told("GET", "/packages", 200, params={"aasId": encoded("urn:no")})).json()["result"] == []
            await told("DELETE", named, 204)
            await told("DELETE", named, 404)
            await told("GET", named, 404)
            await told("DELETE", f"/packages/{encoded(id)}", 204)

            origin = "_rels/.rels"
            for wrong, code in (
                (b"PK\x05\x06" + bytes(18), "aas.package"),
                (b"{}", "aas.package"),
                (_broken(content, origin), "aas.package"),
                (_broken(content, "aasx/files/pump.png"), "aas.invalid"),  # a thumbnail that is not there
            ):
                answer = await told("POST", "/packages", 400, files={"file": ("x.aasx", wrong, MEDIA)})
                assert answer.json()["messages"][0]["code"] == code
            await told("POST", "/packages", 400, files={"other": ("x.aasx", content, MEDIA)})
            assert (await told("GET", "/packages", 200)).json()["result"] == []


async def test_a_company_keeps_so_many_bytes_and_no_more(plant: World) -> None:
    content, registry = package(), plant.registry
    small = ShellPackages(registry.records, registry.quotas, now_us, most=2 * len(content))
    for id in ("a", "b", "b"):
        await small.put("main", id, "x.aasx", content, "test")
    with pytest.raises(FixConfiguration, match="at most") as refused:
        await small.put("main", "c", "x.aasx", content, "test")
    assert refused.value.code == "aas.full"
    await small.drop("main", "a")
    await small.put("main", "c", "x.aasx", content, "test")
    assert [row.id for row in await small.rows("main")] == ["b", "c"]


async def test_a_profile_that_is_named_is_served_whole(plant: World, shared: Path) -> None:
    folder = shared / "data" / "vectors" / "aas_api"
    if not folder.is_dir():
        pytest.skip("no documents of the standard in the shared data")
    served = {(one.method, _bare(one.path.removeprefix("/aas"))) for one in standard_operations(plant.app.state.rooms)}
    whole = set()
    for file in folder.glob("*Service*/V3.1_SSP-*.yaml"):
        document = yaml.safe_load(file.read_text("utf-8"))
        wanted = {
            (method.upper(), _bare(path))
            for path, methods in document["paths"].items()
            for method in methods
            if method in ("get", "put", "post", "patch", "delete")
        }
        if wanted <= served:
            whole.add(document["info"]["x-profile-identifier"])
    assert set(PROFILES["3.1"]) <= whole
    async with plant.client() as client:
        for version, named in PROFILES.items():
            told = (await client.get(f"{plant.url}/aas/v{version}/description")).json()
            assert told == {"profiles": named}


def _bare(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
