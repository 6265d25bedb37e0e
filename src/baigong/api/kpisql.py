"""What KPIs need of points over a span, as one SELECT over the views that everybody's SQL sees."""

# ruff: noqa: S608 - numbers, our own column names, and texts whose quotes are doubled

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from baigong.registry.typerules import state_code
from baigong.vocab.assettypes import TypePoint
from baigong.vocab.formula import Aggregate, Holds

Scale: TypeAlias = tuple[float, float]  # value * first + second
_LONG_US = 2 * 86_400_000_000
_HOUR_US = 3_600_000_000
_HELD_US = _HOUR_US  # a gauge's value from before the span holds into it, when it is no older
_ROLLED = (
    'sum("count") as n, min("min") as lo, max("max") as hi, arg_min("first", time) as begun, '
    'arg_max("last", time) as ended, sum("sum") as total, sum(integral) as area, sum(good_s) as good_s'
)
_COLUMN = {"count": "n", "min": "lo", "max": "hi", "first": "begun", "last": "ended", "sum": "total",
           "integral": "area", "delta": "more"}  # fmt: skip


@dataclass(slots=True)
class Plan:
    """Conditions that are asked for, each once; a condition as SQL -> its column."""

    states: dict[str, str] = field(default_factory=dict)
    entered: dict[str, str] = field(default_factory=dict)
    gauges: dict[str, str] = field(default_factory=dict)
    crossing: set[str] = field(default_factory=set)  # quantities whose rows have to be read for ``gauges``
    counts: bool = False
    lasts: bool = False

    def column(self, one: Aggregate, point: TypePoint) -> str:
        """Return the column that holds an aggregate (of ``time`` and ``mean`` the seconds, of ``mean`` beside area)."""
        self.lasts |= point.kind == "state"
        if one.test is None:
            self.counts |= one.function == "delta"
            known = "known_s" if point.kind == "state" else "good_s"
            return known if one.function == "time" else _COLUMN.get(one.function, "area")
        if point.kind == "state":
            held, letter = (self.states, "s") if one.function == "time" else (self.entered, "e")
            return held.setdefault(_of_state(one.test, point), f"{letter}{len(held)}")
        self.crossing.add(one.point)
        return self.gauges.setdefault(_of_gauge(one.test), f"g{len(self.gauges)}")


def bucket_us(span_us: int) -> int:
    """Return what the ends of a span are rounded to: minutes, of more than two days hours."""
    return _HOUR_US if span_us > _LONG_US else 60_000_000


def select(
    plan: Plan, names: Sequence[str], crossing: Mapping[str, Scale], start_us: int, end_us: int, bucket: int
) -> str:
    """Ask for a row a point: its name and the columns of the plan. Ends are whole buckets (µs).

    ``crossing``: what makes of the values of these points those of the type's unit.
    """
    word = "1h" if bucket == _HOUR_US else "1m"
    asked = _within("name", names)
    span = f"time >= make_timestamptz({start_us}) and time < make_timestamptz({end_us})"
    where = f"where {asked} and {span} group by name"
    parts = {"rolled": f"select name, {_ROLLED} from rollup_{word} {where}"}
    if plan.counts:
        parts["counted"] = f"select name, sum(increase) as more from consumption_{word} {where}"
    if plan.lasts:
        sums = ["sum(seconds) filter (where state is not null) as known_s"]
        sums += [f"sum(seconds) filter (where {test}) as {column}" for test, column in plan.states.items()]
        sums += [f"sum(entries) filter (where {test}) as {column}" for test, column in plan.entered.items()]
        parts["lasted"] = f"select name, {', '.join(sums)} from rollup_states_{word} {where}"
    if plan.gauges and crossing:
        sums = [f"sum(seconds) filter (where {test}) as {column}" for test, column in plan.gauges.items()]
        parts["crossed"] = f"select name, {', '.join(sums)} from ({_held(crossing, start_us, end_us)}) group by name"
    clauses = ", ".join(f"{name} as ({text})" for name, text in parts.items())
    joins = " ".join(f"left join {name} using (name)" for name in parts)
    return f"with asked as (select name from points where {asked}), {clauses} select * from asked {joins}"


def _held(scales: Mapping[str, Scale], start_us: int, end_us: int) -> str:
    """How long each value held within the span, until the next one came."""
    value = "coalesce(value, whole::double)"
    other = {name: scale for name, scale in scales.items() if scale != (1.0, 0.0)}
    if other:
        cases = (f"when {_quoted(name)} then {value} * {scale[0]!r} + {scale[1]!r}" for name, scale in other.items())
        value = f"case name {' '.join(cases)} else {value} end"
    rows = (
        f"select name, epoch_us(time) as t, case when quality & 32768 = 0 then {value} end as v "
        f"from telemetry where {_within('name', list(scales))} and time >= make_timestamptz({start_us - _HELD_US}) "
        f"and time < make_timestamptz({end_us})"
    )
    following = "lead(t) over (partition by name order by t)"
    return (
        f"select name, v, greatest(least({following}, {end_us}) - greatest(t, {start_us}), 0) / 1e6 as seconds "
        f"from ({rows})"
    )


def _within(column: str, names: Sequence[str]) -> str:
    return f"{column} in ({', '.join(map(_quoted, names))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _of_gauge(test: Holds) -> str:
    return _said(test, {operator: f"v {'=' if operator == '==' else operator} {{}}" for operator in _OPERATORS}, {})


def _of_state(test: Holds, point: TypePoint) -> str:
    codes = {value: state_code(point, value) or str(value) for value in test.values()}
    forms = {operator: f"try_cast(state as double) {operator} {{}}" for operator in _OPERATORS}
    return _said(test, forms | {"==": "state = {}", "!=": "state <> {}"}, codes)


_OPERATORS = ("==", "!=", "<", "<=", ">", ">=")


def _said(test: Holds, forms: Mapping[str, str], codes: Mapping[float | str, str]) -> str:
    """Write a condition. ``codes``: states as texts, compared as such where they are equal or not."""
    parts = []
    for operator, value in test.steps:
        as_text = value in codes and operator in ("==", "!=")
        parts.append(forms[operator].format(_quoted(codes[value]) if as_text else f"{float(value)!r}"))
    parts += [_said(one, forms, codes) for one in test.any_of]
    whole = "(" + " or ".join(parts) + ")"
    return f"not {whole}" if test.negated else whole
