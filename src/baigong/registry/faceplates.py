"""Screens that nobody drew: the faceplate of an asset or a type from its points, and an overview of many assets. Pure.

All are laid out on a grid, so that two pumps look alike and the eye finds the odd one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from baigong.vocab.devices import Kind
from baigong.vocab.limits import Limits
from baigong.vocab.screens import SYMBOLS, Item, Screen, Slot, Symbol

_WIDTH, _ROW, _MARGIN = 440.0, 28.0, 20.0
_SIGN = 90.0  # the symbol's side
_MOST_ROWS = 14
_CELL_W, _CELL_H, _CELL_ROWS = 232.0, 128.0, 3
_ACROSS = 5  # cells of an overview side by side
_MEANT: dict[Slot, tuple[str, ...]] = {  # names that quantities have in the types that are shipped, and near ones
    "running": ("running", "run", "on", "state", "status", "mode"),
    "fault": ("fault", "alarm", "trip", "emergency_stop", "error"),
    "open": ("open", "closed", "position"),
    "level": ("level", "water_level"),
    "value": ("position", "opening"),
    "speed": ("speed", "spindle_speed"),
    "set_point": ("set_point", "setpoint", "target"),
}
_SWITCHES: tuple[Slot, ...] = ("running", "fault", "open")
_RUNS = ("running", "run", "on", "automatic", "automatic external", "producing", "executing")
_DRIVEN: tuple[Slot, ...] = ("running", "fault", "speed")
_MEASURES: tuple[Slot, ...] = ("value", "fault")
_SLOTS: dict[str, tuple[Slot, ...]] = {  # what can be seen on a symbol; on others what is driven
    "valve": ("open", "value", "set_point", "fault"), "breaker": ("open", "fault"), "light": ("running", "fault"),
    "tank": ("level", "set_point", "fault"), "vessel": ("level", "set_point", "fault"), "filter": _MEASURES,
    "sensor": _MEASURES, "meter": _MEASURES, "transformer": _MEASURES, "heat_exchanger": _MEASURES,
}  # fmt: skip
_ALIKE: dict[str, Symbol] = {
    "cnc": "machine", "press": "machine", "injection_moulding": "machine", "furnace": "vessel", "boiler": "vessel",
    "chiller": "machine", "electricity_meter": "meter", "gas_meter": "meter", "water_meter": "meter",
}  # fmt: skip


@dataclass(slots=True, frozen=True)
class FacePoint:
    """One quantity to show. ``ref``: as a screen says it."""

    ref: str
    quantity: str
    title: str
    title_zh: str
    unit: str
    kind: Kind
    states: Mapping[str, str] = field(default_factory=dict)
    needed: bool = True
    limits: Limits | None = None  # in its unit


@dataclass(slots=True, frozen=True)
class Cell:
    """One asset of an overview. ``types``: its type and those that it extends, itself last."""

    asset: str
    title: str
    title_zh: str
    types: Sequence[str]
    points: Sequence[FacePoint]


def symbol_of(types: Sequence[str]) -> Symbol:
    """Return the symbol that a type is drawn with: its own, or that of the nearest type it extends.

    >>> symbol_of(["machine", "pump", "dosing"]), symbol_of(["electricity_meter"]), symbol_of([])
    ('pump', 'meter', 'machine')
    """
    known: Mapping[str, Symbol] = {name: name for name in SYMBOLS} | _ALIKE
    return next((known[name] for name in reversed(types) if name in known), "machine")


def symbol(
    id: str, what: Symbol, at: list[float], points: Iterable[FacePoint], opens: str = "", group: str = ""
) -> Item:
    """Draw a symbol that shows what its kind can, as far as points say it."""
    held = {point.quantity: point for point in points}
    shows: dict[Slot, str] = {}
    when: dict[Slot, list[float]] = {}
    for slot in _SLOTS.get(what, _DRIVEN):
        point = next((held[n] for n in _MEANT[slot] if n in held and _fits(slot, held[n])), None)
        if point is None and slot == "value":
            point = next((p for p in held.values() if p.kind in ("gauge", "counter")), None)
        if point is None:
            continue
        shows[slot] = point.ref
        if slot == "running" and len(point.states) > 2:
            when[slot] = _running(point)
    seen = next((p.limits for slot in ("level", "value") for p in held.values() if p.ref == shows.get(slot)), None)
    return Item(id=id, what=what, at=at, shows=shows, when=when, opens=opens, group=group, limits=seen)


def _fits(slot: Slot, point: FacePoint) -> bool:
    if slot not in _SWITCHES:
        return point.kind in ("gauge", "setpoint")
    return point.kind == "state" and (slot != "running" or len(point.states) <= 2 or bool(_running(point)))


def _running(point: FacePoint) -> list[float]:
    """Return the states that mean it runs, of a point that knows more than on and off."""
    return [float(code) for code, word in point.states.items() if word.lower() in _RUNS and code.isdecimal()]


def faceplate(name: str, title: str, title_zh: str, types: Sequence[str], points: Sequence[FacePoint]) -> Screen:
    """Draw what an asset says of itself: its symbol, its first value large, all others as rows, and a trend."""
    shown = [point for point in points if point.kind != "burst"]
    items = [
        symbol("symbol", symbol_of(types), [_MARGIN, 60, _SIGN, _SIGN], shown),
        Item(id="title", what="text", at=[_MARGIN, 14, _WIDTH - 2 * _MARGIN, 32], text=title, text_zh=title_zh),
    ]
    ordered = sorted(shown, key=_rank)
    head = ordered[0] if ordered and ordered[0].kind in ("gauge", "setpoint", "counter") else None
    left = _MARGIN * 2 + _SIGN
    if head is not None:
        ordered = ordered[1:]
        items += [
            _label("head", [left, 62, _WIDTH - left - _MARGIN, 22], head),
            Item(
                id="head",
                what="value",
                at=[left, 90, _WIDTH - left - _MARGIN, 52],
                shows={"value": head.ref},
                limits=head.limits,
            ),
        ]
    y = 60 + _SIGN + _MARGIN
    line = next((point for point in sorted(shown, key=_rank) if point.kind == "gauge"), None)
    if line is not None:
        at = [_MARGIN, y, _WIDTH - 2 * _MARGIN, 120.0]
        items.append(Item(id="trend", what="trend", at=at, lines=[line.ref], span="1h", limits=marks(line.limits)))
        y += 132
    for number, point in enumerate(ordered[:_MOST_ROWS], 1):
        items += _row(point, f"row{number}", y)
        y += _ROW
    return Screen(screen=name, title=title, title_zh=title_zh, size=[_WIDTH, y + _MARGIN], items=items)


def _row(point: FacePoint, id: str, y: float) -> list[Item]:
    half = _WIDTH / 2
    at = [half, y + 2, half - _MARGIN, _ROW - 4]
    name = _label(id, [_MARGIN, y + 4, half - _MARGIN - 6, _ROW - 8], point)
    if point.kind == "state":
        return [name, Item(id=id, what="state", at=at, shows={"value": point.ref})]
    if (scale := _scale(point)) is not None:
        bar = Item(
            id=f"{id}-bar", what="bar", at=[half, y + 9, 90, _ROW - 18], shows={"value": point.ref}, limits=scale
        )
        return [name, bar, Item(id=id, what="value", at=[half + 96, at[1], half - _MARGIN - 96, at[3]],
                                shows={"value": point.ref}, limits=point.limits)]  # fmt: skip
    return [name, Item(id=id, what="value", at=at, shows={"value": point.ref}, limits=point.limits)]


def _scale(point: FacePoint) -> Limits | None:
    """Return from where to where a bar of it goes; None: nobody knows, so there is none."""
    told = point.limits or Limits()
    if point.kind == "gauge" and point.unit == "%":
        return replace(told, min=0 if told.min is None else told.min, max=100 if told.max is None else told.max)
    return told if point.kind in ("gauge", "setpoint") and None not in (told.min, told.max) else None


def marks(limits: Limits | None) -> Limits | None:
    """Leave out the scale: a trend is drawn as large as its line is."""
    return limits and replace(limits, min=None, max=None)


def overview(name: str, title: str, title_zh: str, cells: Sequence[Cell]) -> Screen:
    """Draw many assets side by side, each small: its symbol, its name, its state and its first values."""
    across = max(1, min(_ACROSS, len(cells)))
    items: list[Item] = []
    for number, cell in enumerate(cells):
        x = _MARGIN + (number % across) * _CELL_W
        y = _MARGIN + (number // across) * _CELL_H
        items += _cell(f"a{number + 1}", cell, x, y)
    rows = -(-len(cells) // across)
    size = [2 * _MARGIN + across * _CELL_W, 2 * _MARGIN + max(1, rows) * _CELL_H]
    return Screen(screen=name, title=title, title_zh=title_zh, size=size, items=items)


def _cell(id: str, cell: Cell, x: float, y: float) -> list[Item]:
    opens = f"asset:{cell.asset}"
    shown = [point for point in cell.points if point.kind not in ("burst", "text")]
    wide = _CELL_W - 20
    items = [
        Item(
            id=f"{id}-name", what="text", at=[x, y, wide, 22], text=cell.title or cell.asset, text_zh=cell.title_zh,
            opens=opens, group=cell.asset,
        ),
        symbol(id, symbol_of(cell.types), [x, y + 30, 64, 64], shown, opens, cell.asset),
    ]  # fmt: skip
    told = sorted((point for point in shown if point.kind != "counter"), key=_rank) or shown
    states = [point for point in told if point.kind == "state" and point.quantity in _MEANT["running"]]
    told = [*states[:1], *(point for point in told if point not in states)]  # first what it does, then how much
    for at, point in enumerate(told[:_CELL_ROWS]):
        items.append(
            Item(
                id=f"{id}-v{at + 1}", what="state" if point.kind == "state" else "value",
                at=[x + 76, y + 28 + at * 26, wide - 76, 22], shows={"value": point.ref}, group=cell.asset,
                limits=point.limits,
            )
        )  # fmt: skip
    return items


def _rank(point: FacePoint) -> int:
    """What people look at first: needed quantities before others, states and counters last."""
    order = {"gauge": 0, "setpoint": 2, "state": 3, "counter": 4, "text": 5, "burst": 6}
    return order[point.kind] * 2 + (not point.needed)


def _label(id: str, at: list[float], point: FacePoint) -> Item:
    return Item(id=f"{id}-name", what="text", at=at, text=point.title or point.quantity, text_zh=point.title_zh)
