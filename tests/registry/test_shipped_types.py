"""Asset types that come with the platform: each resolves, is said in both languages, and measures in real units."""

from __future__ import annotations

from typing import Any

import pytest

from baigong.plant.catalogue import DEVICES
from baigong.registry.typerules import check_rules
from baigong.registry.types import shipped
from baigong.vocab.assettypes import AssetType, merged, parse_type
from baigong.vocab.units import is_unit, same_quantity
from baigong.vocab.unitwords import unit_words

# What the demo plant's machines are. Its pumps and compressors say where they measure pressure; nothing asks for it.
DEMO = {
    "pump1": "pump", "comp1": "compressor", "furnace1": "furnace", "meter_main": "electricity_meter", "cnc1": "cnc",
    "press1": "injection_moulding", "press_old": "press",
}  # fmt: skip


def resolved(name: str) -> AssetType:
    chain: list[dict[str, Any]] = []
    while name:
        made, raw = parse_type(shipped()[name], name)
        chain.insert(0, raw)
        name = made.extends
    return merged(chain)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_type_is_whole(name: str) -> None:
    whole = resolved(name)
    assert whole.level
    check_rules(name, whole)
    named = whole.points | whole.properties | whole.alarms | whole.kpis
    for place, said in {"": whole, **named}.items():
        assert said.title and said.title_zh, f"{place} lacks a title"
    for place, said in {**whole.points, **whole.properties}.items():
        assert is_unit(said.unit), place
        assert not said.unit or all(unit_words(said.unit)), f"{said.unit} of {place} has no words"
        assert said.unit or said.kind != "gauge" or place in ("tool", "power_factor"), f"{place} has no unit"
    for place, point in whole.points.items():
        assert set(point.states) == set(point.states_zh), place
        assert (point.kind == "state") == bool(point.states), place


@pytest.mark.parametrize(("asset", "name"), DEMO.items())
def test_the_machines_of_the_demo_plant_are_what_their_type_says(asset: str, name: str) -> None:
    rows = next(machines[asset] for machines in DEVICES.values() if asset in machines)
    told = resolved(name).points
    assert {quantity for quantity, point in told.items() if point.required} <= {row.quantity for row in rows}
    known = [row for row in rows if row.quantity in told]
    assert known
    for row in known:
        assert row.kind == told[row.quantity].kind, row.quantity
        unit = told[row.quantity].unit
        assert (row.unit == unit == "") or same_quantity(row.unit, unit), row.quantity
