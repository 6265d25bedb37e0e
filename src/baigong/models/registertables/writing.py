"""Writes a device template of what a register table says."""

from __future__ import annotations

import re

from baigong.models.chinese import is_chinese
from baigong.models.registertables.reading import RegisterTable, TableLine
from baigong.vocab.devices import Kind
from baigong.vocab.devicetemplates import DeviceTemplate, TemplatePoint

_BIT = re.compile(r"(?:[0-9]+!)?(?:(?:coil|discrete):[0-9]+|(?:holding|input):[0-9]+\.[0-9]+)")
_COUNTED = ("kW.h", "W.h", "MW.h", "GW.h", "kV.A.h", "V.A.h", "MV.A.h")


def template_of(name: str, table: RegisterTable) -> DeviceTemplate | None:
    """Return the template of the lines that were taken; None where there is none."""
    points = {line.name: _point(line) for line in table.lines if line.outcome != "left"}
    if not points:
        return None
    order = next((q.taken for q in table.questions if q.field == "order"), "abcd")
    options = {"order": order} if order != "abcd" else {}
    return DeviceTemplate(template=name, driver=table.driver, options=options, points=points)


def _point(line: TableLine) -> TemplatePoint:
    chinese = is_chinese(line.title)
    bit = _BIT.fullmatch(line.address) is not None
    states = line.states if line.states and line.scale == 1.0 and not line.unit else {}
    return TemplatePoint(
        address=line.address,
        kind=_kind(line, bit or bool(states)),
        unit=line.unit,
        title="" if chinese else line.title[:200],
        title_zh=line.title[:200] if chinese else "",
        scale=line.scale,
        offset=line.offset,
        states=states,
    )


def _kind(line: TableLine, is_state: bool) -> Kind:
    if line.kind == "state" or is_state:
        return "state"
    if line.kind == "text" or ":string" in line.address:
        return "text"
    return "counter" if line.unit in _COUNTED else "gauge"
