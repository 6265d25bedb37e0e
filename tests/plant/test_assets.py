"""The demo plant as a tree: every machine has its place, and nothing in it is refused."""

from __future__ import annotations

from pathlib import Path

from baigong.plant.assets import plant_assets
from baigong.plant.catalogue import ASSETS
from baigong.registry.tree import Tree
from tests.api.world import world


async def test_every_machine_of_the_demo_stands_somewhere(tmp_path: Path) -> None:
    specs = plant_assets()
    tree = Tree({spec.asset: spec.above for spec in specs})
    assert {spec.asset for spec in specs} >= set(ASSETS)
    assert all(tree.path(asset)[0] == "works" for asset in ASSETS)
    assert tree.path("pump2.bearing") == ["works", "utilities", "cooling", "pump2", "pump2.bearing"]
    assert all(spec.title and spec.title_zh for spec in specs)
    shipped = Path(__file__).parents[2] / "src" / "baigong" / "registry" / "starter" / "types"
    assert {spec.type for spec in specs if spec.type} <= {file.stem for file in shipped.glob("*.yaml")}
    async with world(tmp_path) as made:
        assert made.registry.assets.check("main", specs) == []
        assert await made.registry.assets.put("main", specs, "demo") == len(specs)
