"""What an agent's documents say: its devices (/probe), and observations (/current, /sample). Pure.

Source: MTConnect Part 1, 5 (requests, errors), Part 2 (devices), Part 3 (streams); elements are known by their local
names, which versions 1.2 to 2.4 share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from baigong.drivers.mtconnect.xml import parse
from baigong.vocab.errors import RetryLater

_UNITS = {
    "AMPERE": "A", "CELSIUS": "Cel", "COULOMB": "C", "DECIBEL": "dB", "DEGREE": "deg", "DEGREE/SECOND": "deg/s",
    "DEGREE/SECOND^2": "deg/s2", "GRAM": "g", "GRAM/CUBIC_METER": "g/m3", "HERTZ": "Hz", "HOUR": "h", "JOULE": "J",
    "KILOGRAM": "kg", "LITER": "L", "LITER/MINUTE": "L/min", "LITER/SECOND": "L/s", "METER": "m", "METER/SECOND": "m/s",
    "MICRO_RADIAN": "urad", "MILLIGRAM": "mg", "MILLILITER": "mL", "MILLIMETER": "mm", "MILLIMETER/MINUTE": "mm/min",
    "MILLIMETER/SECOND": "mm/s", "MILLIMETER/SECOND^2": "mm/s2", "MILLIMETER_3D": "mm", "DEGREE_3D": "deg",
    "MINUTE": "min", "NEWTON": "N", "NEWTON_METER": "N.m", "OHM": "Ohm", "PASCAL": "Pa", "PASCAL/SECOND": "Pa/s",
    "PASCAL_SECOND": "Pa.s", "PERCENT": "%", "PH": "[pH]", "REVOLUTION/MINUTE": "/min", "REVOLUTION/SECOND": "/s",
    "SECOND": "s", "SIEMENS/METER": "S/m", "TESLA": "T", "VOLT": "V", "VOLT_AMPERE": "V.A", "WATT": "W",
    "WATT_SECOND": "W.s", "CUBIC_MILLIMETER": "mm3", "CUBIC_METER": "m3", "SQUARE_MILLIMETER": "mm2",
}  # fmt: skip
_COUNTED = {  # events whose value is a number; every other event is a word, though it may consist of digits
    "PART_COUNT", "LINE", "LINE_NUMBER", "AXIS_FEEDRATE_OVERRIDE", "PATH_FEEDRATE_OVERRIDE", "ROTARY_VELOCITY_OVERRIDE",
    "BLOCK_COUNT", "HARDNESS", "TOOL_OFFSET", "WORK_OFFSET", "CYCLE_COUNT", "LOAD_COUNT", "UNLOAD_COUNT",
    "TRANSFER_COUNT", "DEACTIVATION_COUNT", "ACTIVATION_COUNT",
}  # fmt: skip
_MOST_ITEMS = 100_000


@dataclass(slots=True, frozen=True)
class Item:
    """A data item of /probe. ``where``: the titles of the components above it, from the device."""

    id: str
    category: str
    type: str
    name: str = ""
    subtype: str = ""
    units: str = ""
    representation: str = "VALUE"
    rate_hz: float = 0.0
    where: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        words = [self.name or self.type.replace("_", " ").lower(), self.subtype.replace("_", " ").lower()]
        return " ".join(word for word in (*self.where[-1:], *words) if word)

    @property
    def unit(self) -> str:
        return _UNITS.get(self.units, "")

    @property
    def is_number(self) -> bool:
        return self.category == "SAMPLE" or self.type.partition(":")[2] in _COUNTED or self.type in _COUNTED

    @property
    def is_space(self) -> bool:
        return self.units.endswith("_3D") or self.type == "PATH_POSITION"

    @property
    def kind(self) -> str:
        if self.type in ("PART_COUNT", "CYCLE_COUNT"):
            return "counter"
        return "gauge" if self.is_number else "state"


@dataclass(slots=True)
class Component:
    """A device or a part of it, as /probe tells. ``path``: the ids from the device, with slashes."""

    path: str
    title: str
    items: list[Item] = field(default_factory=list)
    children: list[Component] = field(default_factory=list)


@dataclass(slots=True)
class Model:
    """What an agent has. ``components``: by path."""

    instance: str
    version: str
    devices: list[Component]
    components: dict[str, Component]
    items: dict[str, Item]


@dataclass(slots=True, frozen=True)
class Observation:
    """One value of a document; ``element`` holds it."""

    item: str
    time_us: int
    sequence: int
    is_condition: bool
    element: Element


@dataclass(slots=True, frozen=True)
class Streams:
    """One document of /current or /sample: ``following`` is the nextSequence, the cursor."""

    instance: str
    following: int
    first: int
    last: int
    made_us: int
    observations: list[Observation]


class AgentError(Exception):
    """The agent refuses a request; never leaves the driver. ``code``: OUT_OF_RANGE, NO_DEVICE …"""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"the agent says {code}: {text}".strip(": "))
        self.code = code


def document(content: bytes, expected: str) -> Element:
    """Read a document of one kind. Raises AgentError for the agent's own errors, driver.protocol for anything else."""
    root = parse(content)
    if root.tag == "MTConnectError":
        found = next((e for e in root.iter() if e.get("errorCode")), None)
        raise AgentError("" if found is None else found.get("errorCode", ""), _text(found))
    if root.tag != expected or root.find("Header") is None:
        raise RetryLater("driver.protocol", f"a document {root.tag[:50]} came in place of {expected}")
    return root


def model(root: Element) -> Model:
    """Read /probe."""
    header = root.find("Header")
    made = Model(_of(header, "instanceId"), _of(header, "version"), [], {}, {})
    for element in root.findall("Devices/*"):
        made.devices.append(_component(element, made, "", ()))
    return made


def _component(element: Element, made: Model, above: str, where: tuple[str, ...]) -> Component:
    key = element.get("id") or element.get("name") or element.get("uuid") or element.tag
    path = f"{above}/{key}" if above else key
    name = element.get("name", "")
    title = f"{element.tag} {name}".strip() if above else name or element.get("uuid") or element.tag
    component = made.components[path] = Component(path, title)
    within = (*where, title)
    for one in element.findall("DataItems/DataItem"):
        item = _item(one, within)
        if item.id and len(made.items) < _MOST_ITEMS:
            made.items[item.id] = item
            component.items.append(item)
    component.children = [_component(one, made, path, within) for one in element.findall("Components/*")]
    return component


def _item(element: Element, where: tuple[str, ...]) -> Item:
    said = element.get
    return Item(
        said("id", ""), said("category", ""), said("type", ""), said("name", ""), said("subType", ""),
        said("units", ""), said("representation", "VALUE"), _float(said("sampleRate", "")), where,
    )  # fmt: skip


def streams(root: Element) -> Streams:
    """Read /current or /sample: observations in the order of their sequence, as they happened."""
    header = root.find("Header")
    made_us = moment_us(_of(header, "creationTime")) or 0
    found = sorted(_observations(root, made_us), key=lambda one: one.sequence)
    following, first, last = (_int(_of(header, name)) for name in ("nextSequence", "firstSequence", "lastSequence"))
    return Streams(_of(header, "instanceId"), following, first, last, made_us, found)


def _observations(root: Element, made_us: int) -> Iterator[Observation]:
    for group in root.iterfind("Streams/DeviceStream/ComponentStream/*"):
        if group.tag not in ("Samples", "Events", "Condition"):
            continue
        for element in group:
            item = element.get("dataItemId", "")
            if item:
                time_us = moment_us(element.get("timestamp", "")) or made_us
                yield Observation(item, time_us, _int(element.get("sequence", "")), group.tag == "Condition", element)


def moment_us(text: str) -> int | None:
    """Read a time of the agent; without a zone it is UTC. None for what is none.

    >>> moment_us("2026-11-22T08:00:00.1234567Z"), moment_us("UNAVAILABLE")
    (1795334400123456, None)
    """
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        return None
    passed = (said if said.tzinfo else said.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _of(element: Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _text(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())[:200]


def _int(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def _float(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0
