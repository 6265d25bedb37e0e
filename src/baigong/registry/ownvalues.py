"""What of the submodel OperationalData follows from an asset's points and type: made once, anew when they change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from baigong.models.aas.madevalues import OperationalData, Told
from baigong.registry.types import Resolved, Types
from baigong.stores.records.plant import PointRow
from baigong.vocab.assettypes import TypePoint

VALUED = ("gauge", "counter", "state", "text", "setpoint")  # kinds of points that have a newest value
_MOST = 20_000  # points whose JSON is held: 1 kB each
_UNTYPED = TypePoint()


@dataclass(slots=True, frozen=True)
class OwnValues:
    """``numbers``: of the points in the order of the submodel. ``known`` and ``typed``: what it was made of."""

    form: OperationalData
    numbers: list[int]
    known: Sequence[PointRow]
    typed: Resolved | None


class ValueForms:
    """Lives on the event loop. Different callers may know different points of an asset: the last one's are held."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._held: OrderedDict[str, OwnValues] = OrderedDict()
        self._points = 0

    def of(self, tenant: str, id: str, type: str, known: Sequence[PointRow]) -> OwnValues:
        """Return what a submodel is made of. ``known``: the points of its asset, a list that nobody changes."""
        typed = self._types.find(tenant, type) if type else None
        held = self._held.pop(id, None)
        if held is None or held.known is not known or held.typed is not typed:
            self._points -= len(held.numbers) if held else 0
            held = _made(id, known, typed)
            self._points += len(held.numbers)
        self._held[id] = held
        while self._points > _MOST and len(self._held) > 1:
            self._points -= len(self._held.popitem(last=False)[1].numbers)
        return held


def _made(id: str, known: Sequence[PointRow], typed: Resolved | None) -> OwnValues:
    said: Mapping[str, TypePoint] = typed.whole.points if typed else {}
    rows = [row for row in known if row.spec.kind in VALUED]
    points = [_told(row, said.get(row.spec.quantity, _UNTYPED)) for row in rows]
    return OwnValues(OperationalData(id, points), [row.number for row in rows], known, typed)


def _told(row: PointRow, typed: TypePoint) -> Told:
    """Say of a point what it says of itself, else what its type does."""
    spec = row.spec
    titled = spec if spec.title or spec.title_zh else typed
    return Told(
        quantity=spec.quantity, unit=spec.unit or typed.unit, title=titled.title, title_zh=titled.title_zh,
        semantic=spec.semantic or typed.semantic, is_text=spec.kind == "text",
    )  # fmt: skip
