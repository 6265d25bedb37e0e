"""Formulas of key performance indicators over points: ``integral(power) / delta(parts)``. Pure; read, never run.

Read with Python's own grammar, of which only numbers, ``+ - * /`` and the functions below are allowed. A bare name is
another KPI of the type, or a number among its properties. Which names there are, the type knows: registry/typerules.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from baigong.vocab.errors import FixConfiguration

# function: what it is of a point over the span
FUNCTIONS: Final = {
    "mean": "mean over time: a value counts as long as it held",
    "min": "least value",
    "max": "greatest value",
    "first": "first value",
    "last": "last value",
    "sum": "sum of samples",
    "count": "number of samples",
    "delta": "what a counter counted",
    "integral": "value times time: kW become kW·s",
    "time": "seconds in which it was known, or in which a condition held: time(state == 1)",
    "entries": "how often a state was entered: entries(state == 3)",
    "span": "seconds of the span that was asked for",
}
OPERATORS: Final = ("+", "-", "*", "/")
_OPERATORS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_LONGEST, _MOST_NODES, _MOST_DEPTH = 2000, 200, 40
_MEANT: Final = {
    "avg": "mean", "average": "mean", "minimum": "min", "maximum": "max", "total": "sum", "duration": "time",
    "seconds": "time", "increase": "delta", "diff": "delta", "consumption": "delta", "starts": "entries",
}  # fmt: skip


@dataclass(slots=True, frozen=True)
class Holds:
    """``point`` compared: ``steps`` are (operator, value), all of which hold; ``any_of``: one of these is enough."""

    steps: tuple[tuple[str, float | str], ...] = ()
    any_of: tuple[Holds, ...] = ()
    negated: bool = False

    def values(self) -> Iterator[float | str]:
        """Yield what is compared with."""
        yield from (value for _, value in self.steps)
        for one in self.any_of:
            yield from one.values()


@dataclass(slots=True, frozen=True)
class Aggregate:
    """One function of one point; ``test``: while it holds. ``at``: where it stands in the text, from 0."""

    function: str
    point: str = ""
    test: Holds | None = None
    at: int = 0

    @property
    def key(self) -> tuple[str, str, Holds | None]:
        return self.function, self.point, self.test


@dataclass(slots=True, frozen=True)
class Number:
    value: float


@dataclass(slots=True, frozen=True)
class Name:
    """Another KPI, or a property."""

    name: str
    at: int = 0


@dataclass(slots=True, frozen=True)
class Operation:
    operator: str
    left: Term
    right: Term
    at: int = 0


Term = Number | Name | Aggregate | Operation


@dataclass(slots=True, frozen=True)
class Formula:
    text: str
    term: Term

    def aggregates(self) -> list[Aggregate]:
        """List what it needs of points, in order of appearance, each once."""
        found = {one.key: one for one in _walk(self.term) if isinstance(one, Aggregate)}
        return list(found.values())

    def names(self) -> list[Name]:
        return list({one.name: one for one in _walk(self.term) if isinstance(one, Name)}.values())


def _walk(term: Term) -> Iterator[Term]:
    yield term
    if isinstance(term, Operation):
        yield from _walk(term.left)
        yield from _walk(term.right)


def parse_formula(text: str, place: str = "expression") -> Formula:
    """Read a formula. Raises config.invalid with the letter it is about (field ``letter``, from 1).

    >>> formula = parse_formula("integral(power) / delta(parts)")
    >>> [(one.function, one.point) for one in formula.aggregates()]
    [('integral', 'power'), ('delta', 'parts')]
    """
    found = _parsed(text.strip())
    if isinstance(found, _Wrong):
        raise found.error(text, place)
    return found


class _Wrong(Exception):
    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.message, self.at = message, at

    def error(self, text: str, place: str) -> FixConfiguration:
        return wrong(self.message, text, self.at, place)


def wrong(message: str, text: str, at: int, place: str) -> FixConfiguration:
    """Make the error about a letter of a formula, counted from 0."""
    before = len(text) - len(text.lstrip())
    letter = before + at + 1
    return FixConfiguration("config.invalid", f"{message} (letter {letter} of {text!r})", place=place, letter=letter)


@lru_cache(2000)
def _parsed(text: str) -> Formula | _Wrong:
    try:
        if not text:
            raise _Wrong("a KPI needs an expression, like integral(power) / delta(parts)")
        if len(text) > _LONGEST:
            raise _Wrong(f"a formula has at most {_LONGEST} letters")
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            message = error.msg if isinstance(error, SyntaxError) else str(error)
            raise _Wrong(f"this is no formula: {message}", max(0, (getattr(error, "offset", 1) or 1) - 1)) from error
        if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
            raise _Wrong("a formula this long is a flow's work")
        return Formula(text, _term(tree, text, 0))
    except _Wrong as error:
        return error


def _at(node: ast.expr, text: str) -> int:
    """Return the letter of a node: Python counts bytes of its line."""
    lines = text.splitlines(keepends=True)
    line = lines[node.lineno - 1].encode()
    return sum(map(len, lines[: node.lineno - 1])) + len(line[: node.col_offset].decode())


def _term(node: ast.expr, text: str, depth: int) -> Term:
    at = _at(node, text)
    if depth > _MOST_DEPTH:
        raise _Wrong("nested too deeply", at)
    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            return Number(_finite(value, at))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Operation("-", Number(0.0), _term(operand, text, depth + 1), at)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return Operation(_OPERATORS[type(op)], _term(left, text, depth + 1), _term(right, text, depth + 1), at)
        case ast.Name(id=name):
            return Name(name, at)
        case ast.Call(func=ast.Name(id=function)) as call:
            return _aggregate(function, call, text, at)
    said = ast.get_source_segment(text, node) or type(node).__name__
    raise _Wrong(f"{said!r}: a formula has numbers, + - * /, and functions of points: {', '.join(FUNCTIONS)}", at)


def _finite(value: float, at: int) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Wrong("this number is too large", at)
    return number


def _aggregate(function: str, call: ast.Call, text: str, at: int) -> Aggregate:
    if function not in FUNCTIONS:
        import difflib

        near = _MEANT.get(function) or next(iter(difflib.get_close_matches(function, FUNCTIONS, 1)), "")
        known = f"perhaps {near}" if near else f"there are {', '.join(FUNCTIONS)}"
        raise _Wrong(f"there is no function {function!r}; {known}", at)
    if function == "span":
        if call.args or call.keywords:
            raise _Wrong("span() is of nothing: it is the time that was asked for", at)
        return Aggregate(function, at=at)
    if len(call.args) != 1 or call.keywords:
        raise _Wrong(
            f"{function} is of one point, like {function}({'state == 1' if function == 'entries' else 'power'})", at
        )
    inner = call.args[0]
    point = _point(inner)
    if point:
        return Aggregate(function, point, at=at)
    if function not in ("time", "entries"):
        raise _Wrong(
            f"{function} is of a point, not of something computed: compute with what it gives", _at(inner, text)
        )
    found: dict[str, None] = {}
    test = _test(inner, text, found, 0)
    if len(found) != 1:
        raise _Wrong("a condition is about one point; one about several is a flow's work", _at(inner, text))
    return Aggregate(function, next(iter(found)), test, at)


def _point(node: ast.expr) -> str:
    """Return the point that a node names: flow, or point("flow-1")."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="point"), args=[ast.Constant(value=str(name))], keywords=[]):
            return name
    return ""


def _test(node: ast.expr, text: str, found: dict[str, None], depth: int) -> Holds:
    at = _at(node, text)
    if depth > _MOST_DEPTH:
        raise _Wrong("nested too deeply", at)
    match node:
        case ast.BoolOp(op=ast.Or(), values=values):
            return Holds(any_of=tuple(_test(one, text, found, depth + 1) for one in values))
        case ast.BoolOp(values=values):  # not (not a or not b)
            parts = (_test(one, text, found, depth + 1) for one in values)
            return Holds(any_of=tuple(Holds(one.steps, one.any_of, not one.negated) for one in parts), negated=True)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _test(operand, text, found, depth + 1)
            return Holds(inner.steps, inner.any_of, not inner.negated)
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[ast.Tuple(elts=several)]):
            _named(left, text, found)
            options = tuple(Holds((("==", _value(one, text)),)) for one in several)
            return Holds(any_of=options, negated=isinstance(op, ast.NotIn))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            if _point(left):
                _named(left, text, found)
                return Holds(((_COMPARE[type(op)], _value(right, text)),))
            turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
            _named(right, text, found)
            operator = _COMPARE[type(op)]
            return Holds(((turned.get(operator, operator), _value(left, text)),))
    raise _Wrong("a condition compares a point with a value, like state == 1 or power > 5 or state in (1, 2)", at)


def _named(node: ast.expr, text: str, found: dict[str, None]) -> None:
    point = _point(node)
    if not point:
        raise _Wrong("a condition compares a point with a value, like state == 1", _at(node, text))
    found[point] = None


def _value(node: ast.expr, text: str) -> float | str:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if _is_number(value):
            return -_finite(value, _at(node, text))  # type: ignore[arg-type]
        case ast.Constant(value=value) if _is_number(value):
            return _finite(value, _at(node, text))  # type: ignore[arg-type]
        case ast.Constant(value=str(word)):
            return word
    raise _Wrong("compare with a number, or with a state's word in quotes", _at(node, text))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
