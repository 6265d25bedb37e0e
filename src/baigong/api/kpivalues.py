"""KPIs of many assets over one span: what their types declare, from one question to the lake, by columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from baigong.api.kpisql import Plan, Scale, select
from baigong.methods.describe.formulas import evaluate
from baigong.registry.typerules import lacking, quantity
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import AssetType, TypePoint
from baigong.vocab.devices import PointSpec
from baigong.vocab.formula import Aggregate, Formula, Name, parse_formula
from baigong.vocab.kpis import TypeKpi, order_of
from baigong.vocab.units import parse_unit, same_quantity

Floats: TypeAlias = Any  # np.ndarray of float64, a number for each asset
_LEVELS = ("mean", "min", "max", "first", "last")
_NOTHING = ("nothing good was measured in this span", "该时段没有良好数据")
_BY_ZERO = ("it would divide by zero", "除数为零")


@dataclass(slots=True, frozen=True)
class Asked:
    """Assets of one type. ``points``: of each asset, by quantity, those that whoever asks may read."""

    whole: AssetType
    assets: Sequence[AssetSpec]
    points: Sequence[Mapping[str, PointSpec]]


@dataclass(slots=True, frozen=True)
class Found:
    """One KPI of these assets. ``good``: the share of the span with good values. ``why``: English, Chinese."""

    kpi: str
    told: TypeKpi
    values: Floats
    good: Floats
    why: Sequence[tuple[str, str]]


@dataclass(slots=True)
class Question:
    """What has to be asked for so many types at once."""

    groups: list[Asked]
    plan: Plan = field(default_factory=Plan)
    names: dict[str, None] = field(default_factory=dict)
    crossing: dict[str, Scale] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Iterable[Asked]) -> Question:
        made = cls(list(groups))
        for group in made.groups:
            made._take(group)
        return made

    def _take(self, group: Asked) -> None:
        needed = [one for kpi in group.whole.kpis.values() for one in parse_formula(kpi.expression).aggregates()]
        for one in needed:
            if not one.point:
                continue
            self.plan.column(one, group.whole.points[one.point])
            held = [found for points in group.points if (found := points.get(one.point)) is not None]
            self.names |= dict.fromkeys(point.name for point in held)
            if one.test is not None and one.point in self.plan.crossing:
                unit = group.whole.points[one.point].unit
                scales = {point.name: _scale(point.unit or unit, unit, si=False) for point in held}
                self.crossing |= {name: scale for name, scale in scales.items() if not np.isnan(scale[0])}

    def sql(self, start_us: int, end_us: int, bucket: int) -> str:
        return select(self.plan, list(self.names), self.crossing, start_us, end_us, bucket)

    def answers(self, table: pa.Table, span_s: float) -> list[list[Found]]:
        """Compute all KPIs of each group; ``table``: what ``sql`` gave."""
        rows = {name: at for at, name in enumerate(table.column("name").to_pylist())} if len(table) else {}
        columns = {name: table.column(name) for name in table.column_names}
        return [_Group(group, self.plan, columns, rows, span_s).found() for group in self.groups]


@dataclass(slots=True)
class _Group:
    asked: Asked
    plan: Plan
    columns: Mapping[str, pa.ChunkedArray]
    rows: Mapping[str, int]
    span_s: float
    _kept: dict[tuple[str, str], Floats] = field(default_factory=dict)
    _lacks: dict[int, Mapping[str, tuple[str, str]]] = field(default_factory=dict)

    def found(self) -> list[Found]:
        kpis = self.asked.whole.kpis
        formulas = {name: parse_formula(kpi.expression) for name, kpi in kpis.items()}
        values: dict[str, Floats] = {}
        goods: dict[str, Floats] = {}
        for name in order_of(formulas):
            values[name] = self._value(kpis[name], formulas[name], values)
            goods[name] = self._good(formulas[name], goods)
        return [
            Found(name, kpi, values[name], goods[name], self._why(name, values[name], goods[name]))
            for name, kpi in kpis.items()
        ]

    def _value(self, kpi: TypeKpi, formula: Formula, values: Mapping[str, Floats]) -> Floats:
        """Compute in SI units and tell it in the KPI's; where units are not known, in numbers as they are."""
        measured = quantity(self.asked.whole, formula)
        si = measured.dimension is not None

        def of_name(name: Name) -> Floats:
            other = self.asked.whole.kpis.get(name.name)
            if other is not None:
                return _in_si(values[name.name], other.unit) if si else values[name.name]
            numbers = self._property(name.name)
            return _in_si(numbers, self.asked.whole.properties[name.name].unit) if si else numbers

        made = evaluate(formula, lambda one: self._aggregate(one, si), of_name)
        made = np.broadcast_to(made, (len(self.asked.assets),))
        if not si:
            return made
        unit = parse_unit(kpi.unit or "1")
        return (made - (unit.zero if abs(measured.zeros - 1) < 1e-9 else 0.0)) / unit.factor

    def _property(self, name: str) -> Floats:
        return np.array([self._given(spec, name) for spec in self.asked.assets], np.float64)

    def _given(self, asset: AssetSpec, name: str) -> float:
        return _number(asset.properties.get(name, self.asked.whole.properties[name].default))

    def _aggregate(self, one: Aggregate, si: bool) -> Floats:
        if one.function == "span":
            return np.full(len(self.asked.assets), self.span_s)
        point = self.asked.whole.points[one.point]
        found = self._column(self.plan.column(one, point), one.point)
        if one.function == "mean":
            found = found / self._column("good_s", one.point)
        if one.test is not None:  # no row of this state, though it was known: never in it
            known = self._known(one.point)
            return np.where(np.isnan(found) & (known > 0), 0.0, found)
        if one.function == "count":
            return np.where(np.isnan(found), 0.0, found)
        return found if one.function == "time" else self._in_unit(found, one, point, si)

    def _in_unit(self, values: Floats, one: Aggregate, point: TypePoint, si: bool) -> Floats:
        """Convert from each asset's own unit into the type's, or into that of SI."""
        level = one.function in _LEVELS
        units = [points[one.point].unit if one.point in points else "" for points in self.asked.points]
        by_unit = {unit: _scale(unit or point.unit, point.unit, si) for unit in set(units)}
        factors = np.array([by_unit[unit][0] for unit in units])
        zeros = np.array([by_unit[unit][1] for unit in units])
        return values * factors + (zeros if level else 0.0)

    def _column(self, column: str, quantity: str) -> Floats:
        kept = self._kept.get((column, quantity))
        if kept is not None:
            return kept
        made = np.full(len(self.asked.assets), np.nan)
        if column in self.columns:
            told = self.columns[column].to_numpy(zero_copy_only=False).astype(np.float64)  # null: NaN
            at = [self.rows.get(p[quantity].name, -1) if quantity in p else -1 for p in self.asked.points]
            held = np.array(at, np.int64)
            made[held >= 0] = told[held[held >= 0]]
        self._kept[column, quantity] = made
        return made

    def _known(self, quantity: str) -> Floats:
        is_state = self.asked.whole.points[quantity].kind == "state"
        return np.nan_to_num(self._column("known_s" if is_state else "good_s", quantity))

    def _good(self, formula: Formula, goods: Mapping[str, Floats]) -> Floats:
        """Return the share of the span in which all its points had good values: that of the worst."""
        shares = [self._known(one.point) / self.span_s for one in formula.aggregates() if one.point]
        shares += [goods[name.name] for name in formula.names() if name.name in goods]
        whole = np.ones(len(self.asked.assets))
        return np.minimum.reduce([whole, *shares])

    def _why(self, name: str, values: Floats, goods: Floats) -> list[tuple[str, str]]:
        needed = _properties(self.asked.whole, name)

        def said(at: int) -> tuple[str, str]:
            if not np.isnan(values[at]):
                return "", ""
            if why := self._lacking(at).get(f"kpis.{name}"):
                return why
            for one in needed:
                if np.isnan(self._given(self.asked.assets[at], one)):
                    return f"the property {one} is not given", f"未填写属性 {one}"
            return _BY_ZERO if goods[at] > 0 else _NOTHING

        return [said(at) for at in range(len(values))]

    def _lacking(self, at: int) -> Mapping[str, tuple[str, str]]:
        """Return why KPIs of one asset do not work: 0.1 ms, so it is asked only of those without a value."""
        if at not in self._lacks:
            self._lacks[at] = lacking(self.asked.whole, self.asked.points[at])
        return self._lacks[at]


def _properties(whole: AssetType, kpi: str) -> list[str]:
    """Name the properties that a KPI needs, also through others."""
    found = [name.name for name in parse_formula(whole.kpis[kpi].expression).names()]
    own = [name for name in found if name not in whole.kpis]
    return own + [one for name in found if name in whole.kpis for one in _properties(whole, name)]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else np.nan


def _in_si(values: Floats, code: str) -> Floats:
    unit = parse_unit(code or "1")
    return values * unit.factor + unit.zero


def _scale(own: str, wanted: str, si: bool) -> Scale:
    """Return factor and zero from one unit into another or into SI; NaN where they measure different things."""
    if not wanted:
        return 1.0, 0.0
    if not same_quantity(own, wanted):
        return np.nan, np.nan
    if si:
        unit = parse_unit(own)
        return unit.factor, unit.zero
    if own == wanted:
        return 1.0, 0.0
    unit, other = parse_unit(own), parse_unit(wanted)
    return unit.factor / other.factor, (unit.zero - other.zero) / other.factor
