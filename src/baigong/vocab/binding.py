"""Binding by template: how the points of all assets of a type are read, said once. Pure.

Addresses, devices, scales and offsets are texts in which ``{…}`` stands for what is different in each asset:
``ns=2;s={code}.{point}``, ``holding:{base+2}:float32``. Inside are names (``asset``, ``name``, ``code``, ``parent``,
``place``, ``type``, ``point``, and any property: ``base``, or ``property("kW max")``) and arithmetic of whole numbers.
``{slot:04}`` fills up with zeros, ``{slot:x}`` writes hexadecimal, ``{{`` and ``}}`` are braces. Read with Python's own
grammar, of which nothing else is allowed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from baigong.vocab.assets import Property
from baigong.vocab.devices import Counter
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.writing import WriteRule

OWN = ("asset", "name", "code", "parent", "place", "type", "point")  # what every asset, and its point, has
_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FORM = re.compile(r"(.+?)(?::(0[1-9][0-9]?)?([xX]?))?")
_MOST_NODES = 60
_MOST = 2**63  # a number that an address bears is far below
_ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}  # fmt: skip
_Text = Annotated[str, Meta(max_length=1000)]


class PointBinding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one point of the type is read. ``address``: empty is that of all; the rest as in a device's file."""

    address: _Text = ""
    scale: float | _Text = 1.0  # a text is a template too: "{ct_ratio}"
    offset: float | _Text = 0.0
    scan: str = ""
    deadband: float = 0.0
    sloped: bool = True
    counter: Counter | None = None
    write: WriteRule | None = None


class BindTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which points of a type are read through which device, and where.

    ``address``: of every point that says none of its own. ``points``: only these; left out: all that the type requires.
    ``under``: only assets that are this one, or a part of it.
    """

    device: Annotated[str, Meta(min_length=1, max_length=200)]
    address: _Text = ""
    under: Annotated[str, Meta(max_length=200)] = ""
    points: Annotated[dict[str, PointBinding | None], Meta(max_length=2000)] = {}


class Unbound(Exception):
    """A template says nothing for this asset: a property is missing, or is no number."""

    def __init__(self, message: str, message_zh: str, kind: Literal["missing", "value"] = "value") -> None:
        super().__init__(message)
        self.message, self.message_zh, self.kind = message, message_zh, kind


@dataclass(slots=True, frozen=True)
class Template:
    """A text that was read."""

    pieces: tuple[str | tuple[ast.expr, int, str], ...]

    def filled(self, own: Mapping[str, Property], properties: Mapping[str, Property]) -> str:
        """Write the text of one asset. Raises Unbound."""
        made = []
        for piece in self.pieces:
            if isinstance(piece, str):
                made.append(piece)
                continue
            expression, width, base = piece
            value = _value(expression, own, properties)
            if width or base:
                value = format(_whole(value, expression), f"0{width}{base}" if width else base)
            made.append(_written(value))
        return "".join(made)


def parse_template(text: str, place: str) -> Template:
    """Read a template. Raises config.invalid with its place.

    >>> parse_template("hr:{base+2*16}/{slot:04}", "address").filled({}, {"base": 100, "slot": "7"})
    'hr:132/0007'
    >>> parse_template("ns=2;s={code}.{point}", "address").filled({"code": "P1", "point": "flow"}, {})
    'ns=2;s=P1.flow'
    """
    pieces: list[str | tuple[ast.expr, int, str]] = []
    at = 0
    for found in _PIECES.finditer(text):
        pieces.append(text[at : found.start()])
        at = found.end()
        if found[0] in ("{{", "}}"):
            pieces.append(found[0][0])
        elif found[1] is None:
            raise FixConfiguration("config.invalid", f"{text!r}: a brace without its other one", place=place)
        else:
            pieces.append(_expression(found[1], place))
    return Template((*pieces, text[at:]))


def _expression(inner: str, place: str) -> tuple[ast.expr, int, str]:
    form = _FORM.fullmatch(inner.strip())
    text, width, base = form.groups() if form else ("", None, None)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
            raise ValueError("is too long")
        _require(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = "names, whole numbers and + - * // % stand in braces" if isinstance(error, SyntaxError) else str(error)
        raise FixConfiguration("config.invalid", f"{{{inner}}}: {why}", place=place) from error
    return tree, int(width or 0), base or ""


def _require(node: ast.expr) -> None:
    """Refuse whatever is none of the grammar."""
    match node:
        case ast.Name():
            return
        case ast.Constant(value=int() as value) if not isinstance(value, bool) and abs(value) < _MOST:
            return
        case ast.Call(func=ast.Name(id="property"), args=[ast.Constant(value=str())], keywords=[]):
            return
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _require(operand)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
            _require(left)
            _require(right)
        case ast.BinOp(op=ast.Div()):
            raise ValueError("/ does not give whole numbers: write //")
        case _:
            raise ValueError("names, whole numbers and + - * // % stand in braces")


def _value(node: ast.expr, own: Mapping[str, Property], properties: Mapping[str, Property]) -> Property:
    match node:
        case ast.Name(id=name):
            return _found(name, own if name in OWN else properties)
        case ast.Call(args=[ast.Constant(value=str() as name)]):
            return _found(name, properties)
        case ast.Constant(value=int() as number):
            return number
        case ast.UnaryOp(operand=operand):
            return -_whole(_value(operand, own, properties), operand)
        case ast.BinOp(op=op, left=left, right=right):
            first, second = (_whole(_value(side, own, properties), side) for side in (left, right))
            if second == 0 and isinstance(op, ast.FloorDiv | ast.Mod):
                raise Unbound(f"{ast.unparse(node)} divides by 0", f"{ast.unparse(node)} 除数为 0")
            made = _ARITHMETIC[type(op)](first, second)
            if abs(made) >= _MOST:
                raise Unbound(f"{ast.unparse(node)} is too large", f"{ast.unparse(node)} 过大")
            return made
    raise AssertionError(node)  # _require let nothing else in


def _found(name: str, there: Mapping[str, Property]) -> Property:
    value = there.get(name)
    if value is None or value == "":
        said = ("code", "编码") if name == "code" else (f"property {name}", f"属性 {name}")
        raise Unbound(f"it has no {said[0]}", f"缺少{said[1]}", "missing")
    return value


def _whole(value: Property, node: ast.expr) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    said = ast.unparse(node)
    raise Unbound(f"{said} is {value!r}, no whole number", f"{said} 为“{value}”,不是整数")


def _written(value: Property) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def number_of(said: float | str, fill: Callable[[str], str]) -> float:
    """Return a scale or an offset. Raises Unbound for a text that makes no number."""
    if not isinstance(said, str):
        return said
    text = fill(said)
    try:
        return float(text)
    except ValueError:
        raise Unbound(f"{text!r} is no number", f"“{text}”不是数字") from None
