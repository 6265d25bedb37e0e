"""Observations as rows: numbers, words, coordinates, entries, series, and conditions with what is active in them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from baigong.drivers.mtconnect.codec import Item, Observation
from baigong.vocab import quality as q

_UNAVAILABLE = "UNAVAILABLE"
_AXES = ("x", "y", "z")
_WORST = {"Normal": 0, "Warning": 1, "Fault": 2}
_MOST_ENTRIES = 2000  # of one data set
_MOST_SERIES = 10_000  # samples of one observation


@dataclass(slots=True, frozen=True)
class Row:
    address: str
    time_us: int
    value: float | str | None
    quality: int = q.GOOD


@dataclass(slots=True)
class States:
    """What is known of data items whose observations tell only what changed: active conditions, entries of sets."""

    items: dict[str, Item]
    _active: dict[str, dict[str, tuple[str, str, str]]] = field(default_factory=dict)
    _entries: dict[str, dict[str, str]] = field(default_factory=dict)

    def rows(self, one: Observation) -> list[Row]:
        """Give the rows of one observation; observations are to come in their order."""
        item = self.items.get(one.item) or Item(one.item, "EVENT", "")
        if one.is_condition:
            return self._condition(one)
        text = (one.element.text or "").strip()
        if text == _UNAVAILABLE:
            parts = [f"#{axis}" for axis in _AXES] if item.is_space else [""]
            parts += [f"#{key}" for key in self._entries.pop(one.item, {})]
            return [Row(f"{one.item}{part}", one.time_us, None, q.BAD_DATA_UNAVAILABLE) for part in parts]
        if item.representation in ("DATA_SET", "TABLE") or one.element.find("Entry") is not None:
            return self._set(one)
        if item.representation == "TIME_SERIES" or one.element.get("sampleCount"):
            return list(_series(item, one, text))
        if item.is_space:
            numbers = text.split()
            right = len(numbers) == len(_AXES)
            return [
                _number(f"{one.item}#{axis}", one.time_us, numbers[i] if right else "") for i, axis in enumerate(_AXES)
            ]
        return [_number(one.item, one.time_us, text) if item.is_number else Row(one.item, one.time_us, text)]

    def _condition(self, one: Observation) -> list[Row]:
        """Follow a condition: several may be active at once, each by its id; the worst one is the state."""
        element, level = one.element, one.element.tag
        if level not in _WORST:
            self._active.pop(one.item, None)
            parts = ("", "#code", "#message")
            return [Row(f"{one.item}{part}", one.time_us, None, q.BAD_DATA_UNAVAILABLE) for part in parts]
        active = self._active.setdefault(one.item, {})
        key = element.get("conditionId") or element.get("nativeCode") or ""
        if level == "Normal":
            if key:
                active.pop(key, None)
            else:
                active.clear()
        else:
            active.pop(key, None)  # the newest of equals is the last
            active[key] = (level, element.get("nativeCode", ""), (element.text or "").strip())
        worst = max(reversed(active.values()), key=lambda a: _WORST[a[0]], default=("Normal", "", ""))
        return [Row(f"{one.item}{part}", one.time_us, worst[i]) for i, part in enumerate(("", "#code", "#message"))]

    def _set(self, one: Observation) -> list[Row]:
        """Follow a data set or table: an observation tells the entries that changed."""
        held = self._entries.setdefault(one.item, {})
        gone = list(held) if one.element.get("resetTriggered") else []
        changed: dict[str, str | None] = dict.fromkeys(gone)
        for entry in one.element.iterfind("Entry"):
            changed |= _entry(entry)
        rows = []
        for key, value in changed.items():
            if value is None:
                held.pop(key, None)
                rows.append(Row(f"{one.item}#{key}", one.time_us, None, q.BAD_DATA_UNAVAILABLE))
            elif key in held or len(held) < _MOST_ENTRIES:
                held[key] = value
                number = _float(value)
                rows.append(Row(f"{one.item}#{key}", one.time_us, value if number is None else number))
        whole = json.dumps(held, ensure_ascii=False, sort_keys=True)
        return [*rows, Row(one.item, one.time_us, whole)]


def _entry(entry: Element) -> dict[str, str | None]:
    key = entry.get("key", "")
    cells = entry.findall("Cell")
    if entry.get("removed") == "true":
        return {key: None}
    if cells:
        return {f"{key}.{cell.get('key', '')}": (cell.text or "").strip() for cell in cells}
    return {key: (entry.text or "").strip()}


def _series(item: Item, one: Observation, text: str) -> Iterator[Row]:
    """Spread a series over its time: the timestamp is that of its last sample (Part 3, 3.3.3)."""
    numbers = text.split()[:_MOST_SERIES]
    rate = _float(one.element.get("sampleRate", "")) or item.rate_hz
    step_us = 1e6 / rate if rate else 0.0
    for at, number in enumerate(numbers):
        back_us = round((len(numbers) - 1 - at) * step_us)
        if back_us or at == len(numbers) - 1:
            yield _number(one.item, one.time_us - back_us, number)


def _number(address: str, time_us: int, text: str) -> Row:
    number = _float(text)
    return Row(address, time_us, number, q.GOOD if number is not None else q.BAD_TYPE_MISMATCH)


def _float(text: str) -> float | None:
    try:
        made = float(text)
    except ValueError:
        return None
    return made if math.isfinite(made) else None
