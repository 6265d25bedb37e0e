"""Alarms and KPIs of types: what cannot be is refused with its place, what is inherited keeps its meaning."""

from __future__ import annotations

import pytest

from baigong.registry.typerules import check_rules, lacking
from baigong.vocab.assettypes import AssetType, merged, parse_type
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration

BASE = """\
type: x
points:
  flow: {unit: m3/h, limits: {low: 6, high: 60}}
  power: {unit: kW}
  temp: {unit: Cel}
  raw: {}
  energy: {kind: counter, unit: kW.h}
  parts: {kind: counter}
  state: {kind: state, states: {"1": running, "3": down}, states_zh: {"1": 运行}}
  name: {kind: text}
properties:
  rated: {kind: number, unit: W}
  maker: {}
"""


def _type(more: str) -> AssetType:
    return merged([parse_type(BASE + more, "x")[1]])


def _check(more: str) -> None:
    check_rules("x", _type(more))


@pytest.mark.parametrize(
    "kpi",
    [
        "{unit: kW.h, expression: delta(energy) / delta(parts)}",
        "{unit: kW.h/m3, expression: integral(power) / integral(flow)}",
        '{unit: "%", expression: time(state == "运行") / time(state)}',
        '{unit: "%", expression: mean(power) / rated}',
        "{unit: Cel, expression: mean(temp)}",
        "{unit: Cel, expression: (max(temp) + min(temp)) / 2}",
        "{unit: K, expression: max(temp) - min(temp)}",
        "{unit: h, expression: time(state == 1) / entries(state == 3)}",
        "{unit: /h, expression: entries(state == 3) / span()}",
        "{expression: mean(raw) / 7, target: 3, better: lower}",
    ],
)
def test_a_kpi_that_can_be_is_taken(kpi: str) -> None:
    _check(f"kpis:\n  k: {kpi}\n")


@pytest.mark.parametrize(
    ("kpi", "place", "said"),
    [
        ("{unit: kW.h, expression: sum(energy)}", "expression", "write delta(energy)"),
        ("{unit: kW.h, expression: delta(power)}", "expression", "last(power) - first(power)"),
        ("{unit: kW, expression: mean(powr)}", "expression", "perhaps power"),
        ("{unit: kW, expression: mean(rated)}", "expression", "a property stands alone"),
        ("{unit: kW, expression: power}", "expression", "like mean(power)"),
        ("{unit: kW, expression: mean(power) / maker}", "expression", "no number"),
        ("{unit: kW, expression: mean(power) + mean(flow)}", "expression", "of one quantity"),
        ("{unit: kW, expression: delta(energy)}", "unit", "write kW.h, MW.h"),
        ("{expression: mean(power)}", "unit", "its unit is missing"),
        ("{unit: kWh, expression: delta(energy)}", "unit", "perhaps kW.h"),
        ("{unit: Cel, expression: 2 * mean(temp)}", "unit", "multiple of temperatures"),
        ("{unit: h, expression: time(state == 7)}", "expression", "has no state 7"),
        ("{unit: h, expression: time(power == 'on')}", "expression", "is a number"),
        ("{unit: h, expression: time(name)}", "expression", "no numbers to compute with"),
        ("{expression: entries(state)}", "expression", "into which state"),
        ("{expression: k}", "", "in a ring: k → k"),
        ("{}", "expression", "needs an expression"),
    ],
)
def test_a_kpi_that_cannot_be_is_refused(kpi: str, place: str, said: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        _check(f"kpis:\n  k: {kpi}\n")
    assert caught.value.place == f"x.kpis.k.{place}".rstrip("."), caught.value.message
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("alarm", "place", "said"),
    [
        ("{point: flw, when: low}", "point", "perhaps flow"),
        ("{when: low}", "point", "which it is about"),
        ("{point: flow, when: low_low}", "limit", "the limit low_low of the point flow"),
        ("{point: state, when: high, limit: 1}", "when", "when: state and its states"),
        ("{point: flow, when: state, states: [1]}", "when", "no alarm when state"),
        ("{point: flow, when: stale}", "", "needs after"),
        ("{point: flow, when: stale, after: soon}", "after", "not a duration"),
        ("{point: flow, when: high, after: 5s}", "after", "has limit, deadband, no after"),
        ("{point: flow, when: rate, limit: 5}", "", "needs per"),
        ("{point: state, when: state, states: [7]}", "states", "has no state '7'"),
        ("{point: flow, when: hi}", "when", "Invalid enum"),
        ("{point: flow, when: high, priority: urgent}", "priority", "Invalid enum"),
        ("{point: flow, when: high, deadband: -1}", "deadband", ">= 0"),
        ("{point: flow, when: high, prioritty: low}", "prioritty", "perhaps priority"),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(alarm: str, place: str, said: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        _check(f"alarms:\n  a: {alarm}\n")
    assert caught.value.place == f"x.alarms.a.{place}".rstrip("."), caught.value.message
    assert said in caught.value.message


def test_what_extends_measures_otherwise_and_means_the_same() -> None:
    more = """\
alarms:
  high: {point: flow, when: high, on_delay: 10s, deadband: 0.6}
  own: {point: flow, when: high_high, limit: 66}
  down: {point: state, when: state, states: [3], priority: high}
kpis:
  specific: {unit: kW.h/m3, expression: integral(power) / integral(flow), better: lower, target: 0.5}
"""
    child = """\
type: y
extends: x
points: {flow: {unit: L/min}}
alarms:
  own: {priority: critical}
  down: {enabled: false}
kpis:
  specific: {unit: W.h/m3}
"""
    whole = merged([parse_type(BASE + more, "x")[1], parse_type(child, "y")[1]])
    check_rules("y", whole)
    assert whole.alarms["high"].deadband == 10.0  # L/min
    assert (whole.alarms["own"].limit, whole.alarms["own"].priority) == (1100.0, "critical")
    assert whole.kpis["specific"].target == 500.0
    points = {
        name: PointSpec(name=f"a.{name}", address="1", kind=one.kind, unit=one.unit)
        for name, one in whole.points.items()
        if name != "power"
    }
    found = lacking(whole, points)
    assert found == {
        "alarms.down": ("it is switched off", "已停用"),
        "kpis.specific": ("no point power", "没有测点 power"),
    }
    with pytest.raises(FixConfiguration, match="make it an alarm of another name"):
        merged([parse_type(BASE + more, "x")[1], parse_type("type: y\nalarms: {high: {when: low}}\n", "y")[1]])
