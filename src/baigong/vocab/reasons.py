"""Why a machine stood: a tree of reasons, two or three levels, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

_Word = Annotated[str, Meta(max_length=200)]
_Key = Annotated[str, Meta(pattern=r"^[\w-]{1,60}$")]


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``planned``: it was meant to stand, which is no loss of availability (ISO 22400-2: planned down time)."""

    key: _Key
    title: _Word = ""
    title_zh: _Word = ""
    planned: bool = False
    reasons: Annotated[list[Reason], Meta(max_length=50)] = []


class ReasonTree(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reasons of ``assets`` and all below them, or of assets of these ``types``; of neither: of all others."""

    assets: Annotated[list[_Word], Meta(max_length=100)] = []
    types: Annotated[list[_Word], Meta(max_length=100)] = []
    title: _Word = ""
    title_zh: _Word = ""
    reasons: Annotated[list[Reason], Meta(min_length=1, max_length=50)]

    def __post_init__(self) -> None:
        paths = [path for path, _ in walk(self.reasons)]
        twice = sorted({path for path in paths if paths.count(path) > 1})
        if twice:
            raise ValueError(f"reasons: {twice[0]} stands there twice")
        deep = [path for path in paths if path.count("/") > 2]
        if deep:
            raise ValueError(f"reasons: {deep[0]} is deeper than three levels")


def walk(reasons: list[Reason], above: str = "") -> Iterator[tuple[str, Reason]]:
    """Yield every reason with its path, like ``mechanical/bearing``, those above first."""
    for one in reasons:
        path = f"{above}{one.key}"
        yield path, one
        yield from walk(one.reasons, f"{path}/")


def _some(key: str, english: str, chinese: str, *below: Reason, planned: bool = False) -> Reason:
    return Reason(key=key, title=english, title_zh=chinese, planned=planned, reasons=list(below))


# for a plant that has described none of its own
EVERYWHERE = ReasonTree(
    title="Why it stood",
    title_zh="停机原因",
    reasons=[
        _some(
            "breakdown", "Breakdown", "设备故障",
            _some("mechanical", "Mechanical", "机械"), _some("electrical", "Electrical", "电气"),
            _some("hydraulic", "Hydraulics, air", "液压气动"), _some("control", "Control, program", "控制程序"),
            _some("tool", "Tool, mould", "模具刀具"),
        ),
        _some("changeover", "Changeover", "换型调试"),
        _some(
            "material", "No material", "缺料",
            _some("late", "Not delivered", "未送达"), _some("bad", "Unfit", "来料不良"),
        ),
        _some("quality", "Quality", "质量问题"),
        _some("people", "Nobody there", "缺人"),
        _some("energy", "No power, air, water", "停电停气停水"),
        _some("maintenance", "Planned maintenance", "计划保养", planned=True),
        _some("no_order", "No order", "无订单", planned=True),
        _some("break", "Break", "休息", planned=True),
    ],
)  # fmt: skip
