"""What the demo plant is made of: a works of three areas, their lines and machines, parts, a mould, steel and its lots.

Machines keep the names their points have; where they stand is said here. Makers and numbers are invented.
"""

from __future__ import annotations

from baigong.plant.catalogue import ASSETS
from baigong.plant.crew import NEEDS, crew_assets
from baigong.plant.goods import good_assets
from baigong.vocab.assets import AssetSpec, Level, Property

_NEW: tuple[tuple[str, str, Level, str, str], ...] = (
    ("works", "", "site", "Ninghai works", "宁海工厂"),
    ("machining", "works", "area", "Machining hall", "机加车间"),
    ("utilities", "works", "area", "Utilities building", "动力站"),
    ("moulding_line", "hall", "line", "Moulding line", "注塑线"),
    ("cnc_cell", "machining", "line", "Machining cell", "加工单元"),
    ("heat_treatment", "machining", "line", "Heat treatment", "热处理线"),
    ("pump1.motor", "pump1", "part", "Motor of pump 1", "冷却泵1电机"),
    ("pump2.motor", "pump2", "part", "Motor of pump 2", "冷却泵2电机"),
    ("pump2.bearing", "pump2", "part", "Drive-end bearing of pump 2", "冷却泵2驱动端轴承"),
    ("mould_k17", "press1", "tool", "Mould K-17, connector housing", "K-17模具(连接器壳体)"),
    ("housing_k17", "moulding_line", "product", "Connector housing", "连接器壳体"),
    ("steel_h13", "works", "material", "Tool steel H13, 60 mm plate", "H13模具钢60毫米板"),
    ("lot_h13_2607", "steel_h13", "lot", "Lot 2607 from Dongqian", "东钱2607批次"),
)
# where the machines stand, what they are, their numbers in the books, and what their plates say
_MACHINES: dict[str, tuple[str, Level, str, str, dict[str, Property]]] = {
    "hall": ("works", "area", "", "", {"floor_m2": 2400}),
    "lab": ("works", "area", "", "", {"floor_m2": 60, "accredited": True}),
    **{
        f"press{n}": ("moulding_line", "unit", "injection_moulding", f"NH-20{n}", {
            "manufacturer": "Haitang", "model": "HT-160", "year": 2021, "clamp_force_rated": 1600, "screw_diameter": 45,
        })
        for n in (1, 2, 3)
    },
    "press_old": ("hall", "unit", "press", "NH-113", {"manufacturer": "Yongle", "year": 1998, "force_rated": 630}),
    **{
        f"cnc{n}": ("cnc_cell", "unit", "cnc", f"NH-30{n}", {
            "manufacturer": "Beilun", "model": "VMC-850", "year": 2019, "power_rated": 22, "axes": 3,
        })
        for n in (1, 2, 3)
    },
    "furnace1": ("heat_treatment", "unit", "furnace", "NH-401", {
        "manufacturer": "Fenghua", "model": "VQ-600", "year": 2017, "temperature_most": 1300,
    }),
    "cooling": ("utilities", "unit", "", "NH-500", {"tank_m3": 12}),
    "pump1": ("cooling", "unit", "pump", "NH-501", {"manufacturer": "Xiangshan", "model": "IS80-200", "year": 2020}),
    "pump2": ("cooling", "unit", "pump", "NH-502", {"manufacturer": "Xiangshan", "model": "IS80-200", "year": 2016}),
    "air": ("utilities", "unit", "", "NH-600", {"receiver_m3": 2}),
    "comp1": ("air", "unit", "compressor", "NH-601", {"manufacturer": "Cixi", "model": "SC-37", "power_rated": 37}),
    "comp2": ("air", "unit", "compressor", "NH-602", {"manufacturer": "Cixi", "model": "SC-37", "power_rated": 37}),
    "meter_main": ("works", "unit", "electricity_meter", "NH-901", {"ratio": 200, "calibrated_until": "2028-06-30"}),
    "meter_press": ("hall", "unit", "electricity_meter", "NH-902", {"ratio": 80, "calibrated_until": "2028-06-30"}),
    "meter_cnc": ("machining", "unit", "electricity_meter", "NH-903", {"ratio": 80, "calibrated_until": "2028-06-30"}),
    "meter_utility": ("utilities", "unit", "electricity_meter", "NH-904", {"ratio": 60}),
}  # fmt: skip
# what they have to do with each other beside the tree
_RELATIONS: dict[str, dict[str, list[str]]] = {
    "press1": {"uses": ["mould_k17"], "measured_by": ["meter_press"]},
    "press2": {"measured_by": ["meter_press"]},
    "press3": {"measured_by": ["meter_press"]},
    "pump1": {"feeds": ["moulding_line"]},
    "pump2": {"spare_of": ["pump1"]},
    "comp1": {"feeds": ["cnc_cell"]},
    "comp2": {"feeds": ["cnc_cell"]},
    "cnc_cell": {"measured_by": ["meter_cnc"]},
    "utilities": {"measured_by": ["meter_utility"]},
    "mould_k17": {"made_of": ["steel_h13"]},
}


def plant_assets() -> list[AssetSpec]:
    """Return all assets of the demo plant, each below one of them or below the company."""
    made = [
        AssetSpec(
            asset=asset, parent=parent, level=level, title=title, title_zh=chinese, relations=_RELATIONS.get(asset)
        )
        for asset, parent, level, title, chinese in _NEW
    ]
    for asset, (parent, level, type_, code, properties) in _MACHINES.items():
        words = ASSETS[asset]
        needs = NEEDS.get(asset.rstrip("0123456789"))
        made.append(
            AssetSpec(
                asset=asset, parent=parent, level=level, type=type_, code=code, title=words.title,
                title_zh=words.title_zh, relations=_RELATIONS.get(asset),
                properties=properties | ({"qualification": needs} if needs else {}),
            )
        )  # fmt: skip
    return [*made, *crew_assets(), *good_assets()]
