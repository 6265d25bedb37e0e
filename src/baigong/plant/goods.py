"""What the demo plant makes of what: materials and their lots, products, moulds, pallets and deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from baigong.plant.faults import DAY_US, HOUR_US
from baigong.plant.physics import noise
from baigong.plant.physics.schedule import LOCAL_US, Plan
from baigong.vocab.assets import AssetSpec, Property
from baigong.vocab.happenings import Episode

_PACKING_US = 20 * 60 * 1_000_000
_LEAVES_US = 17 * HOUR_US  # local time of day at which the lorry leaves


class Good(NamedTuple):
    """What a press makes: its asset, the asset of its mould, its material, and the weight of one."""

    product: str
    title: str
    title_zh: str
    mould: str
    material: str
    kg: float


# by the number of the mould, as orders have it
GOODS = {
    "M-112": Good("housing_c12", "Connector housing C12", "连接器壳体 C12", "mould_m112", "granulate_pa66", 0.046),
    "M-120": Good("housing_c20", "Connector housing C20", "连接器壳体 C20", "mould_m120", "granulate_pa66", 0.071),
    "M-207": Good("reflector_r7", "Lamp reflector R7", "车灯反射镜 R7", "mould_m207", "granulate_pc", 0.118),
    "M-209": Good("bracket_r9", "Lamp bracket R9", "车灯支架 R9", "mould_m209", "granulate_pc", 0.094),
    "M-303": Good("impeller_p3", "Pump impeller P3", "水泵叶轮 P3", "mould_m303", "granulate_pp", 0.083),
    "M-305": Good("cap_p5", "Filter end cap P5", "滤芯端盖 P5", "mould_m305", "granulate_pp", 0.029),
}
# titles, and how a lot of it begins, and for how many days one lasts
_MATERIALS = {
    "granulate_pa66": ("Granulate PA66 GF30", "PA66 GF30粒料", "PA66", 3),
    "granulate_pc": ("Granulate PC, clear", "PC透明粒料", "PC", 4),
    "granulate_pp": ("Granulate PP T20", "PP T20粒料", "PP", 5),
    "steel_h13": ("Tool steel H13, 60 mm plate", "H13模具钢60毫米板", "H13", 9),
}
_STEEL_KG = 38.0  # of one insert


def lot_of(material: str, time_us: int) -> str:
    """Name the lot of a material that was in use at a time, by the day it was opened: ``PA66-260712``."""
    (name,) = _lots_of(material, np.array([time_us], np.int64))
    return name


def _lots_of(material: str, times_us: noise.Ints) -> dict[str, int]:
    """Count these times by the lot that was in use, the oldest first."""
    *_, prefix, days = _MATERIALS[material]
    opened, count = np.unique((times_us + LOCAL_US) // DAY_US // days * days, return_counts=True)
    names = [f"{prefix}-{datetime.fromtimestamp(day * 86_400, UTC):%y%m%d}" for day in opened.tolist()]
    return dict(zip(names, count.tolist(), strict=True))


def pressed(good: Good, lot: str, seconds: noise.Ints, scrap: int) -> dict[str, Any]:
    """Say what one lot of a press was made of; a lot of material may have ended while it was made."""
    return {
        "consumed": [
            {"lot": name, "material": good.material, "quantity": round(shots * good.kg, 2), "unit": "kg"}
            for name, shots in _lots_of(good.material, seconds).items()
        ],
        "produced": [{"lot": lot, "material": good.product, "quantity": len(seconds) - scrap}],
        "tools": [good.mould],
    }


def inserts(number: str, quantity: int) -> list[str]:
    """Number the inserts of an order of a machining centre."""
    return [f"{number}-{n + 1}" for n in range(quantity)]


def cut(number: str, quantity: int, start_us: int, done: bool) -> dict[str, Any]:
    """Say what an order of a machining centre was made of, and, when it is done, what it made."""
    steel = {"lot": lot_of("steel_h13", start_us), "material": "steel_h13"}
    return {
        "consumed": [{**steel, "quantity": _STEEL_KG * quantity, "unit": "kg"}],
        "produced": [{"lot": one, "material": "insert"} for one in inserts(number, quantity)] if done else [],
    }


def hardened(plans: Iterable[Plan], start_us: int, done: bool) -> dict[str, Any]:
    """Say what went into a batch of the furnace: the inserts cut in the twelve hours before."""
    ready = [
        one
        for plan in plans
        for job in plan.jobs
        if job.end_us is not None and start_us - DAY_US // 2 < job.end_us <= start_us
        for one in inserts(job.number, job.quantity)
    ]
    made = [{"lot": f"{one}H", "material": "hardened_insert"} for one in ready]
    return {"consumed": [{"lot": one, "material": "insert"} for one in ready], "produced": made if done else []}


def packed(orders: Sequence[Episode], lots: Sequence[Episode], end_us: int) -> Iterator[Episode]:
    """Each finished order is a pallet, packed at once."""
    within = defaultdict[str | None, list[dict[str, Any]]](list)
    for lot in lots:
        within[lot.parent] += lot.attributes["produced"]
    for order in orders:
        if order.end_us is None or order.end_us > end_us or not within[order.id]:
            continue
        told = {"order": order.id, "customer": order.attributes["customer"]}
        pallet = {"lot": f"PAL-{order.title}", "material": "pallet", "quantity": order.attributes["good"]}
        yield Episode(
            id=f"pack-{order.id}", asset="packing", kind="aggregation", start_us=order.end_us,
            end_us=order.end_us + _PACKING_US, title=f"Packed: {order.title}", title_zh=f"装箱:{order.title}",
            attributes=told | {"consumed": within[order.id], "produced": [pallet]}, simulated=True,
        )  # fmt: skip


def shipped(packings: Iterable[Episode], end_us: int) -> Iterator[Episode]:
    """Every day at five the lorry takes each customer what has been packed for them."""
    loads = defaultdict[tuple[int, str], list[dict[str, Any]]](list)
    for one in packings:
        if one.end_us is None:
            continue
        leaves = -((_LEAVES_US - LOCAL_US - one.end_us) // DAY_US) * DAY_US + _LEAVES_US - LOCAL_US
        loads[leaves, one.attributes["customer"]] += one.attributes["produced"]
    for (leaves, customer), pallets in loads.items():
        if leaves > end_us:
            continue
        day = f"{datetime.fromtimestamp((leaves + LOCAL_US) / 1e6, UTC):%y%m%d}"
        note = f"DN-{day}-{_CUSTOMERS[customer][0]}"
        yield Episode(
            id=f"ship-{note}", asset="works", kind="shipping", start_us=leaves, end_us=leaves + _PACKING_US,
            title=f"To {_CUSTOMERS[customer][1]}", title_zh=f"发往{customer}",
            attributes={"customer": customer, "consumed": pallets, "produced": [{"lot": note, "material": "delivery"}]},
            simulated=True,
        )  # fmt: skip


_CUSTOMERS = {
    "甬江电器": ("YJ", "Yongjiang Appliances"),
    "北仑汽配": ("BL", "Beilun Auto Parts"),
    "象山灯具": ("XS", "Xiangshan Lighting"),
    "余姚塑业": ("YY", "Yuyao Plastics"),
}


def good_assets() -> list[AssetSpec]:
    """Return materials, products, moulds and the packing station as assets; steel is among the others."""
    made = [AssetSpec(asset="packing", parent="hall", level="unit", title="Packing station", title_zh="包装台")]
    for material, (title, chinese, *_) in _MATERIALS.items():
        if material != "steel_h13":
            made.append(
                AssetSpec(
                    asset=material, parent="works", level="material", type="material", title=title, title_zh=chinese,
                    properties={"unit": "kg"},
                )
            )  # fmt: skip
    for number, good in GOODS.items():
        weight: dict[str, Property] = {"weight": good.kg, "material": good.material}
        made.append(
            AssetSpec(
                asset=good.product, parent="moulding_line", level="product", type="product", title=good.title,
                title_zh=good.title_zh, properties=weight,
            )
        )  # fmt: skip
        made.append(
            AssetSpec(
                asset=good.mould, parent="moulding_line", level="tool", type="mould", code=number,
                title=f"Mould {number}", title_zh=f"{number}模具", properties={"cavities": 1, "product": good.product},
            )
        )  # fmt: skip
    return made
