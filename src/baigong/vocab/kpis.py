"""KPIs that a type declares (key performance indicators, words of ISO 22400), and what they measure. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from baigong.vocab.formula import Aggregate, Formula, Name, Number, Operation, Term, wrong
from baigong.vocab.units import COMMON, parse_unit

_Word = Annotated[str, Meta(max_length=200)]
NONE = (0,) * 8
_TIME = parse_unit("s").dimension


class TypeKpi(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One KPI of every asset of a type. ``expression``: vocab.formula. ``unit``: UCUM, what it is told in.

    ``better``: the direction of improvement (ISO 22400-2, trend). ``target``: in its unit.
    """

    expression: Annotated[str, Meta(max_length=2000)] = ""
    unit: Annotated[str, Meta(max_length=40)] = ""
    title: _Word = ""
    title_zh: _Word = ""
    better: Literal["higher", "lower"] | None = None
    target: float | None = None
    semantic: Annotated[str, Meta(max_length=2000)] = ""  # IRDI or IRI


@dataclass(slots=True, frozen=True)
class Quantity:
    """What a term measures. ``dimension`` None: nobody knows, as a point says no unit.

    ``zeros``: how many zero points are in it: a temperature has one, a difference of two none.
    """

    dimension: tuple[int, ...] | None
    zeros: float = 0.0


def quantity_of(formula: Formula, of_aggregate: Callable[[Aggregate], Quantity], of_name: Callable[[Name], Quantity],
                place: str) -> Quantity:  # fmt: skip
    """Say what a formula measures. Raises config.invalid where it adds what is not of one quantity."""

    def found(term: Term) -> Quantity:
        match term:
            case Number():
                return Quantity(NONE)
            case Name():
                return of_name(term)
            case Aggregate():
                return of_aggregate(term)
            case Operation():
                return joined(term, found(term.left), found(term.right))

    def joined(term: Operation, left: Quantity, right: Quantity) -> Quantity:
        if term.operator in "+-":
            return _added(term, left, right, formula, place)
        sign = 1 if term.operator == "*" else -1
        if left.dimension is None or right.dimension is None:
            return Quantity(None)
        made = tuple(a + sign * b for a, b in zip(left.dimension, right.dimension, strict=True))
        if isinstance(term.right, Number) and term.right.value:
            return Quantity(made, left.zeros * term.right.value**sign)
        if isinstance(term.left, Number) and sign > 0:
            return Quantity(made, right.zeros * term.left.value)
        return Quantity(made)

    return found(formula.term)


def _added(term: Operation, left: Quantity, right: Quantity, formula: Formula, place: str) -> Quantity:
    sign = 1 if term.operator == "+" else -1
    zeros = left.zeros + sign * right.zeros
    if isinstance(term.left, Number) and term.left.value == 0:  # -x
        return Quantity(right.dimension, zeros)
    if left.dimension is None or right.dimension is None:
        return Quantity(left.dimension or right.dimension, zeros)
    if left.dimension != right.dimension:
        raise wrong(f"{term.operator} needs two of one quantity: one side is {said(left.dimension)}, the other "
                    f"{said(right.dimension)}", formula.text, term.at, place)  # fmt: skip
    return Quantity(left.dimension, zeros)


def said(dimension: tuple[int, ...]) -> str:
    """Name a dimension by a common unit of it."""
    if dimension == NONE:
        return "a plain number"
    return f"like {near[0]}" if (near := units_of(dimension)) else "of a quantity without a common unit"


def units_of(dimension: tuple[int, ...]) -> list[str]:
    """List common units that measure this."""
    return [code for code in COMMON if parse_unit(code).dimension == dimension]


def of_point(unit: str, kind: str) -> Quantity:
    """Say what the values of a point measure: a counter without a unit counts things."""
    if not unit:
        return Quantity(NONE if kind in ("counter", "state") else None)
    told = parse_unit(unit)
    return Quantity(told.dimension, 1.0 if told.zero else 0.0)


def of_function(function: str, point: Quantity) -> Quantity:
    """Say what a function of a point measures."""
    if function in ("time", "span"):
        return Quantity(_TIME)
    if function in ("count", "entries"):
        return Quantity(NONE)
    if function == "integral":
        dimension = None if point.dimension is None else tuple(
            a + b for a, b in zip(point.dimension, _TIME, strict=True)
        )  # fmt: skip
        return Quantity(dimension)
    return point if function in ("mean", "min", "max", "first", "last") else Quantity(point.dimension)


def order_of(formulas: Mapping[str, Formula]) -> list[str]:
    """Name KPIs so that each stands behind those it is made of. Raises ValueError with the names of a ring."""
    made: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(" → ".join([*above[above.index(name) :], name]))
        if name not in made:
            for one in formulas[name].names():
                if one.name in formulas:
                    visit(one.name, (*above, name))
            made[name] = None

    for name in formulas:
        visit(name, ())
    return list(made)
