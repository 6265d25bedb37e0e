"""Conditions over live points, as engineers write them: ``press1.state == 2 and furnace.temp < 80``. Pure.

Read with Python's own grammar, of which only comparisons, and/or/not, arithmetic and a few functions are allowed; a
name with other letters is written point("line-1.temp"). What is not known to be good makes the whole condition
unknown, and whoever asks treats unknown as refusal: an interlock fails safe.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from baigong.vocab.errors import FixConfiguration

Value: TypeAlias = float | int | str | bool
Lookup: TypeAlias = Callable[[str], Value | None]

_MOST_NODES = 200
_MOST_DEPTH = 40
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max}


class Unknown(Exception):
    """A point that the condition needs has no good value now, or values that cannot be compared."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True, frozen=True)
class Condition:
    """A condition that was read. ``points``: the names it looks at, in order of appearance."""

    text: str
    points: tuple[str, ...]
    tree: ast.expr

    def holds(self, value_of: Lookup) -> bool:
        """Say whether it is true. ``value_of`` gives a point's good value, or None. Raises Unknown."""
        try:
            return bool(_value(self.tree, value_of))
        except (TypeError, ZeroDivisionError, OverflowError) as error:
            raise Unknown(f"{self.text}: {error}") from error


def parse_condition(text: str) -> Condition:
    """Read a condition; raises config.invalid with the place.

    >>> c = parse_condition("press1.state == 2 and furnace.temp < 80")
    >>> c.points
    ('press1.state', 'furnace.temp')
    >>> c.holds({"press1.state": 2, "furnace.temp": 61.5}.get)
    True
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = getattr(error, "offset", None)
        at = f" at letter {place}" if place else ""
        raise FixConfiguration("config.invalid", f"{text!r} is no condition{at}: {error}", place="condition") from error
    points: dict[str, None] = {}
    _check(tree, text, points, 0)
    if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
        raise FixConfiguration("config.invalid", "a condition this long is a flow's work", place="condition")
    return Condition(text.strip(), tuple(points), tree)


def _check(node: ast.expr, text: str, points: dict[str, None], depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise FixConfiguration("config.invalid", "nested too deeply", place="condition")
    name = _name_of(node)
    if name is not None:
        points[name] = None
        return
    for inner in _parts(node, text):
        _check(inner, text, points, depth + 1)


def _parts(node: ast.expr, text: str) -> list[ast.expr]:
    match node:
        case ast.BoolOp(values=values):
            return values
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return [operand]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(o) in _COMPARE for o in ops):
            return [left, *others]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return [left, right]
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]) if function in _FUNCTIONS and args:
            return args
        case ast.Constant(value=bool() | int() | float() | str()):
            return []
        case _:
            said = ast.get_source_segment(text.strip(), node) or type(node).__name__
            raise FixConfiguration(
                "config.invalid",
                f"{said!r}: a condition compares points and numbers, with and, or, not, + - * /, abs, min, max",
                place="condition",
            )


def _name_of(node: ast.expr) -> str | None:
    """Return the point that a node names: pump1.flow, or point("pump 1.flow")."""
    match node:
        case ast.Call(func=ast.Name(id="point"), args=[ast.Constant(value=str(name))], keywords=[]):
            return name
        case ast.Attribute(value=inner, attr=last):
            before = inner.id if isinstance(inner, ast.Name) else _name_of(inner)
            return None if before is None else f"{before}.{last}"
        case _:
            return None


def _value(node: ast.expr, value_of: Lookup) -> Any:
    name = _name_of(node)
    if name is not None:
        return _known(name, value_of(name))
    match node:
        case ast.Constant(value=value):
            return value
        case ast.BoolOp(op=ast.And(), values=values):
            # every part is looked at: an unknown point must not hide behind an order of writing
            return all([bool(_value(v, value_of)) for v in values])
        case ast.BoolOp(values=values):
            return any([bool(_value(v, value_of)) for v in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, value_of)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, value_of)
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_number(_value(left, value_of)), _number(_value(right, value_of)))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compared([_value(v, value_of) for v in (left, *others)], ops)
        case ast.Call(func=ast.Name(id=function), args=args):
            return _FUNCTIONS[function](*(_number(_value(a, value_of)) for a in args))
    raise Unknown(type(node).__name__)


def _compared(values: list[Any], ops: list[ast.cmpop]) -> bool:
    for one, op, other in zip(values[:-1], ops, values[1:], strict=True):
        if isinstance(one, str) != isinstance(other, str):
            raise Unknown(f"{one!r} and {other!r} cannot be compared")
        if not _COMPARE[type(op)](one, other):
            return False
    return True


def _number(value: Any) -> Any:
    if isinstance(value, str):
        raise Unknown(f"{value!r} is no number")
    return value


def _known(name: str, value: Value | None) -> Value:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise Unknown(f"{name} has no good value now")
    return value
