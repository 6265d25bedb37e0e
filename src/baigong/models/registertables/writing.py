"""Writes a device template of what a register table says."""

from __future__ import annotations

from baigong.models.chinese import is_chinese
from baigong.models.registertables.questions import Reading
from baigong.models.registertables.reading import RegisterTable, TableLine
from baigong.vocab.devices import Kind
from baigong.vocab.devicetemplates import DeviceTemplate, TemplatePoint

_COUNTED = ("kW.h", "W.h", "MW.h", "GW.h", "kV.A.h", "V.A.h", "MV.A.h")


def template_of(name: str, table: RegisterTable, reading: Reading) -> DeviceTemplate | None:
    """Return the template of the lines that were taken; None where there is none."""
    points = {line.name: _point(line) for line in table.lines if line.outcome != "left"}
    if not points:
        return None
    options = {"order": reading.order} if reading.order not in ("", "abcd") else {}
    return DeviceTemplate(template=name, driver="modbus", options=options, points=points)


def _point(line: TableLine) -> TemplatePoint:
    chinese = is_chinese(line.title)
    bit = line.address.startswith(("coil:", "discrete:")) or "." in line.address
    states = line.states if line.states and line.scale == 1.0 and not line.unit else {}
    return TemplatePoint(
        address=line.address,
        kind="state" if bit or states else "text" if ":string" in line.address else _kind(line),
        unit=line.unit,
        title="" if chinese else line.title[:200],
        title_zh=line.title[:200] if chinese else "",
        scale=line.scale,
        states=states,
    )


def _kind(line: TableLine) -> Kind:
    return "counter" if line.unit in _COUNTED else "gauge"
