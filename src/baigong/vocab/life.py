"""The life of an asset: as designed, as built, as maintained (IEC 62890); told by people, or by what was changed."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Phase = Literal["designed", "built", "maintained"]
Told = Literal[
    "manufactured", "delivered", "installed", "commissioned", "part_installed",
    "part_exchanged", "replaced", "repaired", "inspected", "calibrated", "serviced", "modified", "decommissioned",
    "note",
]  # fmt: skip
BUILT = ("manufactured", "delivered", "installed", "commissioned", "part_installed")
DESIGNED = ("type_changed", "type_set")
WORDS: dict[str, tuple[str, str]] = {
    "manufactured": ("manufactured", "制造"),
    "delivered": ("delivered", "到货"),
    "installed": ("installed", "安装"),
    "commissioned": ("commissioned", "投运"),
    "part_installed": ("part installed", "装入部件"),
    "part_exchanged": ("part exchanged", "更换部件"),
    "replaced": ("replaced", "整体更换"),
    "repaired": ("repaired", "维修"),
    "inspected": ("inspected", "检查"),
    "calibrated": ("calibrated", "校准"),
    "serviced": ("serviced", "保养"),
    "modified": ("modified", "改造"),
    "decommissioned": ("decommissioned", "停运"),
    "note": ("note", "备注"),
    "added": ("described here", "建档"),
    "moved": ("moved", "移动"),
    "renamed": ("renamed", "更名"),
    "retired": ("retired", "停用"),
    "returned": ("back in use", "恢复"),
    "state_changed": ("state changed", "状态变更"),
    "type_set": ("type changed", "类型变更"),
    "type_changed": ("new version of its type", "类型新版本"),
    "document_added": ("document handed in", "文档上传"),
    "document_retired": ("document withdrawn", "文档停用"),
    "points_added": ("points bound", "绑定测点"),
    "points_retired": ("points retired", "停用测点"),
    "source_replaced": ("points read elsewhere now", "测点换源"),
    "meter_exchanged": ("meter exchanged", "更换表计"),
    "maintenance": ("maintenance", "维护"),
}
_Word = Annotated[str, Meta(max_length=200)]


class LifeNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event of an asset's life as people tell it; it is added, never changed. ``corrects``: what it puts right.

    ``time_us``: when it was so, also long ago (None: now). ``part``: the asset or the thing that was put in;
    ``serial``: its number, ``previous``: that of what it took the place of. ``cost``: with ``currency`` (ISO 4217).
    """

    kind: Told
    time_us: int | None = None
    text: Annotated[str, Meta(max_length=2000)] = ""
    part: _Word = ""
    serial: _Word = ""
    previous: _Word = ""
    cost: float | None = None
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$")] = ""
    corrects: _Word = ""


def phase_of(kind: str) -> Phase:
    """Say to which part of its life an event belongs.

    >>> phase_of("commissioned"), phase_of("repaired")
    ('built', 'maintained')
    """
    return "built" if kind in BUILT else "designed" if kind in DESIGNED else "maintained"
