"""What the demo plant makes of what: a lot of granulate is followed to the customers, by people and tools there are."""

from __future__ import annotations

from pathlib import Path

from baigong.plant import episodes, first_scenario
from baigong.plant.assets import plant_assets
from baigong.vocab.lots import genealogy_of
from tests.api.world import world

NOW = 1_793_865_600_000_000


async def test_a_lot_of_granulate_is_recalled_to_whoever_has_it(tmp_path: Path) -> None:
    told = episodes(first_scenario(7, NOW, 10))
    known = {spec.asset: spec for spec in plant_assets()}
    for one in told:
        made = genealogy_of(one)
        for use in (*made.consumed, *made.produced):
            assert use.material in known or use.material in ("insert", "hardened_insert", "pallet", "delivery")
        assert all(known[person].level == "person" for person in one.attributes.get("people", []))
        assert all(known[tool].level == "tool" for tool in one.attributes.get("tools", []))
    async with world(tmp_path) as plant:
        await plant.registry.episodes.put("main", told, "demo")
        lots = plant.registry.lots
        granulate = (await lots.search("main", "", "granulate_pa66", 100))[1]
        found = await lots.trace("main", granulate, "forward", 10_000)
        by_steps = {steps: {lot.material for lot in found.lots if lot.steps == steps} for steps in range(4)}
        assert by_steps[2] == {"pallet"} and by_steps[3] == {"delivery"}
        assert by_steps[1] <= {"housing_c12", "housing_c20"}
        (steel, *_) = await lots.search("main", "H13-", "", 10)
        cut = await lots.trace("main", steel, "forward", 10_000)
        assert {"insert", "hardened_insert"} <= {lot.material for lot in cut.lots}
