"""How a region looks: at its door before anybody has signed in, and to its people; a logo can do nothing."""

from __future__ import annotations

from tests.api.signing import browser
from tests.api.world import World
from tests.security.test_pictures import png

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
PLAIN = {"region": "", "title": "", "title_zh": "", "accent": "", "accent_dark": "", "logo": ""}


async def test_a_region_has_its_name_colour_and_logo(plant: World) -> None:
    async with plant.client() as operator, plant.client(token="") as stranger:
        assert (await stranger.get("/looks")).json() == PLAIN
        await operator.post("/regions", json={"region": "ningbo"})
        look = {"title": "Ningbo cloud", "title_zh": "宁波工业云", "accent": "#7a1f5c", "hosts": ["localhost"]}
        assert (await operator.put("/regions/ningbo/look", json=look)).status_code == 200
        file = plant.data / "config" / "regions.d" / "ningbo.yaml"
        assert file.read_text() == "title: Ningbo cloud\ntitle_zh: 宁波工业云\naccent: '#7a1f5c'\nhosts:\n- localhost\n"
        for raw, media in ((png(), "image/png"), (SVG.encode(), "image/svg+xml")):
            put = await operator.put("/regions/ningbo/logo", content=raw, headers={"content-type": media})
            assert put.status_code == 200, put.text
            there = (await stranger.get("/looks", headers={"host": "localhost"})).json()
            assert (there["region"], there["title_zh"], there["accent"]) == ("ningbo", "宁波工业云", "#7a1f5c")
            got = await stranger.get(there["logo"].removeprefix("/api/v1"))
            assert (got.status_code, got.headers["content-type"].split(";")[0]) == (200, media)
            assert got.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
            assert got.headers["x-content-type-options"] == "nosniff"
        assert (await stranger.get("/looks")).json() == PLAIN, "met under its own name only"
        assert (await stranger.get("/looks", params={"region": "ningbo"})).json()["title"] == "Ningbo cloud"
        made = (await operator.post("/tenants", json={"tenant": "m", "region": "ningbo", "admin": "chen"})).json()
        async with browser(plant, "chen", made["password"]) as chen:
            assert (await chen.get("/session")).json()["region"] == "ningbo"
            assert (await chen.put("/regions/ningbo/look", json=look)).status_code == 403
        assert (await operator.delete("/regions/ningbo/logo")).status_code == 204
        assert (await stranger.get("/regions/ningbo/logo")).status_code == 404


async def test_what_cannot_be_read_or_trusted_is_refused(plant: World) -> None:
    async with plant.client() as operator:
        for region in ("ningbo", "wuxi"):
            await operator.post("/regions", json={"region": region})
        path = "/regions/ningbo/look"
        assert (await operator.put(path, json={"accent": "#ffee00"})).json()["place"] == "accent", "yellow on white"
        assert (await operator.put(path, json={"accent": "red;}"})).status_code == 400
        assert (await operator.put(path, json={"hosts": ["a.example"]})).status_code == 200
        assert (await operator.put("/regions/wuxi/look", json={"hosts": ["a.example"]})).status_code == 409
        assert (await operator.put("/regions/nowhere/look", json={})).status_code == 404
        big = await operator.put("/regions/ningbo/logo", content=b"x" * (256 * 1024 + 1))
        assert big.json()["code"] == "payload.too_large"
        evil = SVG.replace("<path", "<script>1</script><path")
        assert (await operator.put("/regions/ningbo/logo", content=evil.encode())).status_code == 422
        folder = plant.data / "config" / "regions.d"
        (folder / "wuxi.svg").write_text(evil)  # by hand, or by git
        await plant.registry.looks.drop_logo("ningbo")  # and what was read before is forgotten
        assert (await operator.get("/regions/wuxi/logo")).status_code == 404
        assert (await operator.get("/regions/..%2Fwuxi/logo")).status_code == 404
