"""Columns of DataValues → a frame: times, qualities, and the way into arrays and structures."""

from __future__ import annotations

import base64
import json
import math
import uuid
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
import pyarrow as pa
from asyncua import ua

from baigong.drivers.opcua.addresses import from_node_id
from baigong.drivers.opcua.codec import Columns
from baigong.vocab import frame as fr
from baigong.vocab import quality as q

_EPOCH_US = 11_644_473_600_000_000  # 1601-01-01 to 1970-01-01, OPC 10000-6 §5.2.2.5
_INT64 = 1 << 63
BAD_INDEX_RANGE_NO_DATA = 0x8037
BAD_NODE_ID_INVALID = 0x8033
BAD_WAITING = q.BAD_WAITING_FOR_INITIAL_DATA


class Targets:
    """Which points want which row: row handle -> point numbers, each with its way into the value.

    Almost every node feeds exactly one point with its plain value: those are looked up in one array.
    """

    def __init__(self, count: int) -> None:
        self._plain = np.full(count, -1, np.int64)
        self._others: dict[int, list[tuple[int, tuple[str | int, ...]]]] = {}

    def add(self, handle: int, number: int, path: tuple[str | int, ...]) -> None:
        if not path and self._plain[handle] < 0 and number >= 0:
            self._plain[handle] = number
        else:
            self._others.setdefault(handle, []).append((number, path))

    def of(self, handle: int) -> list[tuple[int, tuple[str | int, ...]]]:
        plain = int(self._plain[handle])
        return ([(plain, ())] if plain >= 0 else []) + self._others.get(handle, [])

    def frame(self, columns: Columns, now_us: int) -> pa.RecordBatch:
        """Convert; ``now_us`` stamps what came without any time. Handles out of range are dropped."""
        known = columns.handle < len(self._plain)
        numbers = np.full(columns.n, -1, np.int64)
        numbers[known] = self._plain[columns.handle[known].astype(np.int64)]
        times = _times(columns, now_us)
        qualities = (columns.status >> np.uint32(16)).astype(np.int32)
        _forget_bad(columns)
        empty = ~columns.present & ((qualities & 0xC000) == 0)
        qualities[empty] = q.BAD_DATA_UNAVAILABLE  # good, and yet nothing: nobody ever wrote this variable
        build = _Build()
        rows = np.flatnonzero(numbers >= 0)
        build.bulk(columns, rows, numbers, times, qualities)
        if self._others:
            self._side(build, columns, times, qualities)
        return build.frame()

    def _side(self, build: _Build, columns: Columns, times: Any, qualities: Any) -> None:
        for row in range(columns.n):
            for number, path in self._others.get(int(columns.handle[row]), ()):
                build.one(number, int(times[row]), int(qualities[row]), value_at(columns, row), path)


class _Build:
    """Rows in the making: one bulk part and single ones."""

    def __init__(self) -> None:
        self.points: list[Any] = []
        self.times: list[Any] = []
        self.values: list[Any] = []
        self.qualities: list[Any] = []
        self.wholes: dict[int, int] = {}
        self.texts: dict[int, str] = {}
        self.n = 0

    def bulk(self, columns: Columns, rows: Any, numbers: Any, times: Any, qualities: Any) -> None:
        whole_frame = len(rows) == columns.n
        take = slice(None) if whole_frame else rows
        values = columns.number[take].copy()
        good = qualities[take].copy()
        if columns.whole or columns.text or columns.other:
            place = np.full(columns.n, -1, np.int64)
            place[rows] = np.arange(len(rows))
            for row, big in columns.whole.items():
                self._put(self.wholes, place[row], big)
            for row, text in columns.text.items():
                self._put(self.texts, place[row], text)
            for row, held in columns.other.items():
                if place[row] >= 0:
                    self._cell(int(place[row]), held, values, good)
        self.points.append(numbers[take])
        self.times.append(times[take])
        self.values.append(values)
        self.qualities.append(good)
        self.n += len(rows)

    @staticmethod
    def _put(cells: dict[int, Any], place: Any, value: Any) -> None:
        if place >= 0:
            cells[int(place)] = value

    def _cell(self, place: int, held: Any, values: Any, qualities: Any) -> None:
        number, whole, text = scalar(held)
        if number is not None:
            values[place] = number
        if whole is not None:
            self.wholes[place] = whole
        if text is not None:
            self.texts[place] = text

    def one(self, number: int, time_us: int, quality: int, held: Any, path: tuple[str | int, ...]) -> None:
        if path and held is not None:
            held, quality = follow(held, path, quality)
        value, whole, text = scalar(held)
        if whole is not None:
            self.wholes[self.n] = whole
        if text is not None:
            self.texts[self.n] = text
        self.points.append([number])
        self.times.append([time_us])
        self.values.append([math.nan if value is None else value])
        self.qualities.append([quality])
        self.n += 1

    def frame(self) -> pa.RecordBatch:
        join = np.concatenate if self.points else (lambda parts: np.array(parts))
        values = np.asarray(join(self.values), np.float64)
        qualities = np.asarray(join(self.qualities), np.int32)
        return fr.frame(
            np.asarray(join(self.points), np.int64),
            np.asarray(join(self.times), np.int64),
            values,
            qualities,
            whole=_sparse(self.wholes, self.n),
            text=_sparse(self.texts, self.n),
        )


def _forget_bad(columns: Columns) -> None:
    """Drop values of bad status: the client shall ignore them (OPC 10000-4 §7.11.1)."""
    bad = (columns.status >> np.uint32(31)).astype(bool)
    if not bad.any():
        return
    columns.number[bad] = np.nan
    columns.present[bad] = False
    for cells in (columns.whole, columns.text, columns.other):
        for row in [row for row in cells if bad[row]]:
            del cells[row]


def _sparse(cells: dict[int, Any], n: int) -> list[Any] | None:
    if not cells:
        return None
    made: list[Any] = [None] * n
    for row, value in cells.items():
        made[row] = value
    return made


def _times(columns: Columns, now_us: int) -> np.ndarray[Any, Any]:
    """Source time first, then the server's, then ours; what lies before 1970 is no time but an empty clock."""
    source = columns.source // 10 - _EPOCH_US
    server = columns.server // 10 - _EPOCH_US
    return np.where(source > 0, source, np.where(server > 0, server, np.int64(now_us)))


def ticks(time_us: int) -> int:
    """Convert microseconds since 1970 to OPC UA time."""
    return (time_us + _EPOCH_US) * 10


def value_at(columns: Columns, row: int) -> Any:
    """Return one value as Python sees it; None where there is none."""
    for cells in (columns.other, columns.text, columns.whole):
        if row in cells:
            return cells[row]
    return float(columns.number[row]) if columns.present[row] else None


def time_at(columns: Columns, row: int) -> int | None:
    made = int(_times(columns, 0)[row])
    return made or None


def bad_rows(numbers: Sequence[int], qualities: Sequence[int], now_us: int) -> pa.RecordBatch:
    """Make the rows of points that the server, or we, refuse."""
    return fr.frame(list(numbers), [now_us] * len(numbers), None, list(qualities))


def follow(held: Any, path: tuple[str | int, ...], quality: int) -> tuple[Any, int]:
    """Walk into arrays and structures; where the way ends early there is no value, and the quality says so."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(held, list | tuple | bytes) or step >= len(held):
                return None, BAD_INDEX_RANGE_NO_DATA
            held = held[step]
            continue
        inner = held.Value if isinstance(held, ua.UaUnion) and step not in _names(held) else held
        if isinstance(inner, dict) and step in inner:
            held = inner[step]
        elif step in _names(inner):
            held = getattr(inner, step)
        else:
            return None, q.BAD_CONFIGURATION
    if held is None and quality >> 14 == 0:
        return None, q.BAD_DATA_UNAVAILABLE
    return held, quality


def _names(held: Any) -> set[str]:
    return {f.name for f in fields(held)} if is_dataclass(held) else set()


def scalar(held: Any) -> tuple[float | None, int | None, str | None]:
    """Say in which of the frame's three value columns a Python value lives; structures become JSON text."""
    if held is None:
        return None, None, None
    if isinstance(held, bool):
        return float(held), None, None
    if isinstance(held, int):
        number, whole = fr.split_number(held)
        if whole is not None and not -_INT64 <= whole < _INT64:
            return None, None, str(whole)
        return number, whole, None
    if isinstance(held, float):
        return held, None, None
    made = plain(held)
    if made is None:
        return None, None, None
    return None, None, made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, allow_nan=False)


def plain(held: Any) -> Any:  # noqa: C901 - one branch per type of OPC 10000-6 §5.1.2
    """Turn asyncua's types into what JSON can say: bytes as base64, times as ISO 8601 UTC, NaN as null."""
    if held is None or isinstance(held, bool | str):
        return held
    if isinstance(held, Enum):
        return held.value
    if isinstance(held, int):
        return held
    if isinstance(held, float):
        return held if math.isfinite(held) else None
    if isinstance(held, datetime):
        return held.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(held, bytes):
        return base64.b64encode(held).decode()
    if isinstance(held, uuid.UUID):
        return str(held)
    if isinstance(held, list | tuple):
        return [plain(item) for item in held]
    if isinstance(held, dict):
        return {str(name): plain(item) for name, item in held.items()}
    if isinstance(held, ua.LocalizedText):
        return held.Text or ""
    if isinstance(held, ua.QualifiedName):
        return f"{held.NamespaceIndex}:{held.Name}" if held.NamespaceIndex else held.Name
    if isinstance(held, ua.NodeId):
        return from_node_id(held)
    if isinstance(held, ua.StatusCode):
        return held.value
    if isinstance(held, ua.Variant | ua.DataValue):
        return plain(held.Value)
    if isinstance(held, ua.ExtensionObject):
        body = held.Body if isinstance(held.Body, bytes) else b""
        return {"type": from_node_id(held.TypeId), "body": base64.b64encode(body).decode()}
    if isinstance(held, ua.UaUnion):
        return plain(held.Value)
    if is_dataclass(held):
        return {f.name: plain(getattr(held, f.name)) for f in fields(held) if f.name != "Encoding"}
    return str(held)
