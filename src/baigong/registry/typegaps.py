"""In what an asset is not what its type says, and what of it a change of the type would take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from baigong.registry.typerules import lacking
from baigong.vocab.assets import AssetSpec, Property
from baigong.vocab.assettypes import AssetType
from baigong.vocab.devices import PointSpec
from baigong.vocab.units import same_quantity

_KINDS_ZH = {
    "gauge": "模拟量",
    "counter": "累计量",
    "state": "状态量",
    "text": "文本",
    "burst": "高频波形",
    "setpoint": "设定值",
}
_FACTS_ZH = {"text": "文本", "number": "数字", "flag": "是或否"}
_KINDS: dict[str, type | tuple[type, ...]] = {"text": str, "number": (int, float), "flag": bool}


class Gap(Struct, frozen=True, kw_only=True, order=True):
    """One thing in which an asset is not what its type says."""

    asset: str
    what: str  # points.flow, properties.power, type; of a change also alarms.flow_low, kpis.availability
    message: str
    message_zh: str


def gaps_between(spec: AssetSpec, whole: AssetType | None, points: Mapping[str, PointSpec]) -> Iterable[Gap]:
    """``whole``: its type with all that it extends; None: there is none of this name."""

    def gap(what: str, message: str, message_zh: str) -> Gap:
        return Gap(asset=spec.asset, what=what, message=message, message_zh=message_zh)

    if whole is None:
        yield gap("type", f"there is no type {spec.type!r}", f"没有类型“{spec.type}”")
        return
    for quantity, wanted in whole.points.items():
        point, what, unit = points.get(quantity), f"points.{quantity}", wanted.unit
        if point is None:
            if wanted.required:
                yield gap(what, "no point of this name", "没有这个测点")
        elif point.kind != wanted.kind:
            is_a, not_a = _KINDS_ZH[point.kind], _KINDS_ZH[wanted.kind]
            yield gap(what, f"is a {point.kind}, not a {wanted.kind}", f"是{is_a},不是{not_a}")
        elif unit and point.unit and not same_quantity(point.unit, unit):
            yield gap(
                what, f"{point.unit} does not measure what {unit} does", f"{point.unit} 与 {unit} 不是同一种量的单位"
            )
    for name, told in whole.properties.items():
        value, what = spec.properties.get(name, told.default), f"properties.{name}"
        if value is None:
            if told.required:
                yield gap(what, "is not given", "未填写")
        elif not is_of(value, told.kind):
            yield gap(what, f"{value!r} is no {told.kind}", f"“{value}”不是{_FACTS_ZH[told.kind]}")


def lost_of(asset: str, points: Mapping[str, PointSpec], before: AssetType, after: AssetType) -> Iterable[Gap]:
    """Say which alarms and KPIs work on an asset now and would not then."""
    was, now = lacking(before, points), lacking(after, points)
    gone = ("would be gone", "将不再存在")
    for field, held, left in (("alarms", before.alarms, after.alarms), ("kpis", before.kpis, after.kpis)):
        for key in held:
            what = f"{field}.{key}"
            why = gone if key not in left else now.get(what)
            if what not in was and why:
                yield Gap(asset=asset, what=what, message=why[0], message_zh=why[1])


def is_of(value: Property, kind: str) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "flag") == isinstance(value, bool)
