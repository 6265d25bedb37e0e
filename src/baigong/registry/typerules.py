"""What a type's alarms and KPIs say of its points: whether it fits, and on which assets it works."""

from __future__ import annotations

import difflib
import keyword
from collections.abc import Collection, Mapping
from functools import partial

from baigong.vocab.alarms import LEVELS, TypeAlarm, require_alarm, require_kind
from baigong.vocab.assettypes import AssetType, TypePoint
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.formula import Aggregate, Formula, Name, parse_formula, wrong
from baigong.vocab.kpis import (
    NONE,
    Quantity,
    TypeKpi,
    of_function,
    of_point,
    order_of,
    quantity_of,
    said,
    units_of,
)
from baigong.vocab.units import is_unit, meant, parse_unit, same_quantity

_NUMBERS = ("gauge", "counter", "setpoint")
_INSTEAD = {
    "counter": "write delta({point}), what it counted, or last({point})",
    "state": "write time({point} == 1), or entries({point} == 1)",
}
# which functions a point of a kind has
_FUNCTIONS = {
    "counter": ("delta", "first", "last", "count", "time"),
    "state": ("time", "entries", "count"),
    "gauge": ("mean", "min", "max", "first", "last", "sum", "count", "integral", "time"),
}


def check_rules(name: str, whole: AssetType) -> None:
    """Refuse alarms and KPIs that cannot be, with the place that is wrong. Raises config.invalid."""
    for key, alarm in whole.alarms.items():
        _check_alarm(key, alarm, whole, f"{name}.alarms.{key}")
    formulas = {key: _formula(key, kpi, whole, f"{name}.kpis.{key}") for key, kpi in whole.kpis.items()}
    try:
        order_of(formulas)
    except ValueError as ring:
        first = str(ring).partition(" ")[0]
        raise FixConfiguration(
            "config.invalid", f"KPIs are made of each other in a ring: {ring}", place=f"{name}.kpis.{first}"
        ) from ring
    for key, formula in formulas.items():
        _check_unit(whole.kpis[key], quantity(whole, formula, f"{name}.kpis.{key}"), f"{name}.kpis.{key}")


def _check_alarm(key: str, alarm: TypeAlarm, whole: AssetType, place: str) -> None:
    require_alarm(key, alarm, place)
    point = whole.points.get(alarm.point)
    if point is None:
        raise FixConfiguration(
            "config.invalid", f"{_no_point(alarm.point, whole.points)}: say which it is about", place=f"{place}.point"
        )
    require_kind(alarm, point.kind, place)
    if alarm.when in LEVELS and limit_of(alarm, point) is None:
        raise FixConfiguration(
            "config.invalid",
            f"no limit: write limit, or the limit {alarm.when} of the point {alarm.point}",
            place=f"{place}.limit",
        )
    for state in alarm.states if point.states else ():
        if state not in point.states:
            raise FixConfiguration(
                "config.invalid", f"{alarm.point} has no state {state!r}: it has {', '.join(point.states)}",
                place=f"{place}.states",
            )  # fmt: skip


def limit_of(alarm: TypeAlarm, point: TypePoint) -> float | None:
    """Return beyond what it is active, in the unit of the type's point."""
    if alarm.limit is not None or alarm.when not in LEVELS:
        return alarm.limit
    return None if point.limits is None else getattr(point.limits, alarm.when)


def _no_point(name: str, points: Collection[str]) -> str:
    near = difflib.get_close_matches(name, points, 1)
    return f"there is no point {name!r}" + (f"; perhaps {near[0]}" if near else "")


def _formula(key: str, kpi: TypeKpi, whole: AssetType, place: str) -> Formula:
    if not key.isidentifier() or keyword.iskeyword(key) or len(key) > 64:
        raise FixConfiguration("config.invalid", f"{key!r} names no KPI: letters, digits and _", place=place)
    if key in whole.properties:
        raise FixConfiguration("config.invalid", f"{key} is a property already: call it otherwise", place=place)
    if not is_unit(kpi.unit):
        near = meant(kpi.unit)
        said_ = f"{kpi.unit!r} is no UCUM unit" + (f"; perhaps {near}" if near else "")
        raise FixConfiguration("config.invalid", said_, place=f"{place}.unit")
    formula = parse_formula(kpi.expression, f"{place}.expression")
    for one in formula.aggregates():
        _check_aggregate(one, formula, whole, f"{place}.expression")
    for name in formula.names():
        _check_name(name, formula, whole, f"{place}.expression")
    return formula


def _check_aggregate(one: Aggregate, formula: Formula, whole: AssetType, place: str) -> None:
    def refuse(message: str) -> FixConfiguration:
        return wrong(message, formula.text, one.at, place)

    if one.function == "span":
        return
    point = whole.points.get(one.point)
    if point is None:
        advice = " (a property stands alone, without a function)" if one.point in whole.properties else ""
        raise refuse(_no_point(one.point, whole.points) + advice)
    kind = "gauge" if point.kind == "setpoint" else point.kind
    allowed = _FUNCTIONS.get(kind, ())
    if one.function not in allowed:
        instead = _INSTEAD.get(kind, f"it has {', '.join(allowed)}" if allowed else "it has no numbers to compute with")
        more = f"; of a gauge write last({one.point}) - first({one.point}), or integral" if kind == "gauge" else ""
        told = more if one.function == "delta" and kind == "gauge" else f"; {instead.format(point=one.point)}"
        raise refuse(f"{one.function} of {one.point}, which is a {point.kind}{told}")
    if one.function == "entries" and one.test is None:
        raise refuse(f"entries into which state? write entries({one.point} == 1)")
    if one.test is not None:
        if kind == "counter":
            raise refuse(f"{one.point} is a counter: a condition is about a state or a gauge")
        for value in one.test.values():
            if kind == "state" and state_code(point, value) is None:
                raise refuse(f"{one.point} has no state {value!r}: it has {_states(point)}")
            if kind != "state" and isinstance(value, str):
                raise refuse(f"{one.point} is a number: {value!r} is none")


def _states(point: TypePoint) -> str:
    return ", ".join(f"{code} {word}" for code, word in point.states.items())


def state_code(point: TypePoint, value: float | str) -> str | None:
    """Return a state as its declaration writes it: by code, or by its word in either language; None: there is none."""
    code = value if isinstance(value, str) else f"{value:.15g}"
    if not point.states or code in point.states:
        return code
    for words in (point.states, point.states_zh):
        found = [state for state, word in words.items() if word == value]
        if found:
            return found[0]
    return None


def _check_name(name: Name, formula: Formula, whole: AssetType, place: str) -> None:
    told = whole.properties.get(name.name)
    if name.name in whole.kpis or (told is not None and told.kind == "number"):
        return
    if name.name in whole.points:
        advice = f"{name.name} is a point: say what of it, like mean({name.name})"
    elif told is not None:
        advice = f"the property {name.name} is a {told.kind}, no number"
    else:
        known = [*whole.kpis, *(key for key, one in whole.properties.items() if one.kind == "number")]
        near = difflib.get_close_matches(name.name, known, 1)
        advice = f"there is no KPI and no property {name.name!r}" + (f"; perhaps {near[0]}" if near else "")
    raise wrong(advice, formula.text, name.at, place)


def quantity(whole: AssetType, formula: Formula, place: str = "") -> Quantity:
    """Say what a formula of a type measures. Raises config.invalid."""

    def of_aggregate(one: Aggregate) -> Quantity:
        if one.function == "span":
            return of_function("span", Quantity(NONE))
        point = whole.points[one.point]
        return of_function(one.function, of_point(point.unit, point.kind))

    return quantity_of(formula, of_aggregate, partial(_of_name, whole), f"{place}.expression")


def _of_name(whole: AssetType, name: Name) -> Quantity:
    kpi = whole.kpis.get(name.name)
    unit = kpi.unit if kpi is not None else whole.properties[name.name].unit
    return of_point(unit, "counter")


def _check_unit(kpi: TypeKpi, found: Quantity, place: str) -> None:
    if found.dimension is None:
        return
    unit = parse_unit(kpi.unit or "1")
    if unit.dimension != found.dimension:
        near = units_of(found.dimension)[:5]
        advice = f": write {', '.join(near)}" if near and found.dimension != NONE else ""
        message = f"{kpi.unit} does not measure it" if kpi.unit else "its unit is missing"
        raise FixConfiguration(
            "config.invalid", f"{message}: it is {said(found.dimension)}{advice}", place=f"{place}.unit"
        )
    if unit.zero and not any(abs(found.zeros - whole) < 1e-9 for whole in (0, 1)):
        raise FixConfiguration(
            "config.invalid", f"a sum or a multiple of temperatures is none: not in {kpi.unit}", place=f"{place}.unit"
        )


def lacking(whole: AssetType, points: Mapping[str, PointSpec]) -> dict[str, tuple[str, str]]:
    """Say of an asset with these points which alarms and KPIs of its type do not work, and why (English, Chinese).

    Alarms that are switched off count as not working.
    """
    found: dict[str, tuple[str, str]] = {}
    for key, alarm in whole.alarms.items():
        why = ("it is switched off", "已停用") if not alarm.enabled else _unfit(alarm.point, whole, points)
        if why:
            found[f"alarms.{key}"] = why
    needs = {key: parse_formula(kpi.expression) for key, kpi in whole.kpis.items()}
    for key in order_of(needs):
        reasons = [_unfit(one.point, whole, points) for one in needs[key].aggregates() if one.point]
        reasons += [found.get(f"kpis.{name.name}") for name in needs[key].names()]
        if why := next(filter(None, reasons), None):
            found[f"kpis.{key}"] = why
    return found


def _unfit(quantity: str, whole: AssetType, points: Mapping[str, PointSpec]) -> tuple[str, str] | None:
    point, told = points.get(quantity), whole.points.get(quantity)
    if point is None or told is None:
        return f"no point {quantity}", f"没有测点 {quantity}"
    if point.kind != told.kind:
        return f"{quantity} is a {point.kind}, not a {told.kind}", f"{quantity} 的种类不符"
    if told.unit and point.unit and not same_quantity(point.unit, told.unit):
        return (
            f"{quantity}: {point.unit} does not measure what {told.unit} does",
            f"{quantity}:{point.unit} 与 {told.unit} 不是同一种量的单位",
        )
    return None
