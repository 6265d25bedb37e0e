"""Structures with optional fields, unions, arrays of arrays: described by the server, decoded from the wire."""

from __future__ import annotations

import json
from typing import Any

from asyncua import ua
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field

from baigong.drivers.contract import Wanted
from baigong.drivers.opcua.driver import OpcUaDriver
from baigong.drivers.opcua.machine import SimTypes
from baigong.drivers.opcua.sim import OpcUaSim


async def test_optional_fields_unions_and_enumerations() -> None:
    async with OpcUaSim(nodes=[], types=SimTypes()) as sim:
        server, i = sim.server, sim.index
        grade = await new_enum(server, i, "BgGrade", ["Low", "High"])
        await new_struct(
            server,
            i,
            "BgRecipe",
            [
                new_struct_field("Name", ua.VariantType.String),
                new_struct_field("Steps", ua.VariantType.Int64, array=True),
                new_struct_field("Limit", ua.VariantType.Double, optional=True),
                new_struct_field("Note", ua.VariantType.String, optional=True),
                new_struct_field("Grade", grade),
                new_struct_field("When", ua.VariantType.DateTime),
            ],
        )
        await new_struct(
            server,
            i,
            "BgChoice",
            [new_struct_field("Number", ua.VariantType.Int32), new_struct_field("Text", ua.VariantType.String)],
            is_union=True,
        )
        made: dict[str, Any] = await server.load_data_type_definitions()
        recipe = made["BgRecipe"](Name="A", Steps=[1, 2**40], Note="n", Grade=made["BgGrade"].High)
        choice = made["BgChoice"]()
        choice.Text = "chosen"
        objects = server.get_objects_node()
        for name, value in (("R", recipe), ("C", choice), ("U", ua.EUInformation(UnitId=5))):
            await objects.add_variable(
                ua.NodeId(name, i), ua.QualifiedName(name, i), ua.Variant(value, ua.VariantType.ExtensionObject)
            )
        async with OpcUaDriver({"url": sim.url}) as driver:
            ways = ["R", "R#Steps[1]", "R#Limit", "R#Note", "R#Grade", "C", "C#Text", "C#Number", "U#UnitId"]
            batch = await driver.read([Wanted(n, sim.address(way)) for n, way in enumerate(ways)])
            rows = {r["point"]: r for r in batch.to_pylist()}
            held = {ways[n]: r["text"] if r["text"] is not None else r["value"] for n, r in rows.items()}
            whole = json.loads(held.pop("R"))
            assert whole.pop("When").startswith("20")
            assert whole == {"Name": "A", "Steps": [1, 2**40], "Limit": None, "Note": "n", "Grade": 1}
            assert json.loads(held.pop("C")) == {"Text": "chosen"}
            assert held == {
                "R#Steps[1]": 2**40,
                "R#Limit": None,
                "R#Note": "n",
                "R#Grade": 1.0,
                "C#Text": "chosen",
                "C#Number": None,
                "U#UnitId": 5.0,
            }
            assert [rows[n]["quality"] >> 14 for n in (2, 7)] == [2, 2]
