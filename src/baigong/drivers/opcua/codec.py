"""Reads arrays of DataValues from the wire into columns, without an object per number.

asyncua's own decoder makes six objects per value; a gateway that follows 20,000 changes a second cannot pay
for them. Numbers of one layout that follow each other are read by numpy in one go, other numbers by one
``struct`` call, and only what is neither number nor string goes through asyncua.

A DataValue (OPC 10000-6 v1.05 §5.2.2.17)::

    mask  variant   status    source time  pico  server time  pico
    1     0x01: …   0x02: 4   0x04: 8      0x10  0x08: 8      0x20 (2 bytes each)
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer, NotEnoughData
from asyncua.ua.ua_binary import (
    nodeid_from_binary,
    variant_from_binary,
)

_EXACT = 1 << 53
_NUMBER_FORMATS = {1: "?", 2: "b", 3: "B", 4: "h", 5: "H", 6: "i", 7: "I", 8: "q", 9: "Q", 10: "f", 11: "d"}
_STRING, _EXTENSION = 12, 22
_ARRAY_BIT, _DIMENSIONS_BIT = 0x80, 0x40
_RUN = 4  # equal layouts in a row from which numpy pays

Types = Callable[[Any], Callable[[bytes], Any] | None]  # NodeId of an encoding -> what decodes such a body


@dataclass(slots=True)
class Columns:
    """n DataValues: what is rare lives in dictionaries by row."""

    n: int
    handle: np.ndarray[Any, Any]  # client handle, or the position in the request
    status: np.ndarray[Any, Any]  # uint32
    source: np.ndarray[Any, Any]  # 100 ns since 1601; 0: absent
    server: np.ndarray[Any, Any]
    number: np.ndarray[Any, Any]  # float64; NaN where the value is elsewhere
    present: np.ndarray[Any, Any]  # bool: there is a value, here or in a dictionary
    whole: dict[int, int] = field(default_factory=dict)
    text: dict[int, str] = field(default_factory=dict)
    other: dict[int, Any] = field(default_factory=dict)  # Python values: lists, structures, asyncua's types
    unknown_types: set[Any] = field(default_factory=set)  # structures whose definition is not known yet

    @classmethod
    def join(cls, parts: list[Columns]) -> Columns:
        """Put batches behind each other; handles become positions in the whole."""
        if len(parts) == 1:
            return parts[0]
        made = cls.of(sum(part.n for part in parts))
        start = 0
        for part in parts:
            rows = slice(start, start + part.n)
            for name in ("status", "source", "server", "number", "present"):
                getattr(made, name)[rows] = getattr(part, name)
            for name in ("whole", "text", "other"):
                getattr(made, name).update({start + row: held for row, held in getattr(part, name).items()})
            made.unknown_types |= part.unknown_types
            start += part.n
        return made

    @classmethod
    def of(cls, n: int) -> Columns:
        return cls(
            n=n,
            handle=np.arange(n, dtype=np.int64),
            status=np.zeros(n, np.uint32),
            source=np.zeros(n, np.int64),
            server=np.zeros(n, np.int64),
            number=np.full(n, np.nan),
            present=np.zeros(n, bool),
        )


@dataclass(slots=True, frozen=True)
class Reference:
    """A ReferenceDescription (OPC 10000-4 §7.30), as far as browsing needs it."""

    node: Any  # NodeId
    browse_name: str
    title: str
    node_class: int
    type_definition: Any  # NodeId


@dataclass(slots=True, frozen=True)
class Browsed:
    """The references of one node; ``point`` continues when there are more."""

    status: int
    point: bytes | None
    references: list[Reference]


@dataclass(slots=True, frozen=True)
class _Layout:
    """The bytes of one item whose value is a number."""

    whole: struct.Struct
    dtype: np.dtype[Any]
    size: int
    has_status: bool
    has_source: bool
    has_server: bool
    exact: bool  # 64-bit integer: may not fit a float


@cache
def _layout(handled: bool, mask: int, kind: int) -> _Layout:
    """Describe an item; the leading handle and the two bytes mask and kind are part of it."""
    fields: list[tuple[str, str]] = [("handle", "I")] if handled else []
    fields.append(("mask", "B"))
    if mask & 0x01:
        fields += [("kind", "B"), ("value", _NUMBER_FORMATS[kind])]
    tail = ((0x02, "status", "I"), (0x04, "source", "q"), (0x10, "p1", "H"), (0x08, "server", "q"), (0x20, "p2", "H"))
    fields += [(name, code) for bit, name, code in tail if mask & bit]
    packed = struct.Struct("<" + "".join(code for _, code in fields))
    numpy_codes = {"B": "u1", "b": "i1", "?": "?", "h": "<i2", "H": "<u2", "i": "<i4", "I": "<u4"}
    numpy_codes |= {"q": "<i8", "Q": "<u8", "f": "<f4", "d": "<f8"}
    dtype = np.dtype([(name, numpy_codes[code]) for name, code in fields])
    return _Layout(packed, dtype, packed.size, bool(mask & 0x02), bool(mask & 0x04), bool(mask & 0x08), kind in (8, 9))


class Reader:
    """Walks through one message body; ``types`` finds the decoder of a structure by its encoding id."""

    def __init__(self, data: bytes, at: int, types: Types) -> None:
        self.data = data
        self.at = at
        self.types = types

    def u32(self) -> int:
        (made,) = struct.unpack_from("<I", self.data, self.at)
        self.at += 4
        return int(made)

    def i32(self) -> int:
        (made,) = struct.unpack_from("<i", self.data, self.at)
        self.at += 4
        return int(made)

    def byte(self) -> int:
        made = self.data[self.at]
        self.at += 1
        return made

    def bytestring(self) -> bytes | None:
        length = self.i32()
        if length < 0:
            return None
        made = self.data[self.at : self.at + length]
        if len(made) != length:
            raise NotEnoughData(f"{length} bytes announced, {len(made)} there")
        self.at += length
        return made

    def node_id(self) -> Any:
        buffer = Buffer(self.data, self.at)
        made = nodeid_from_binary(buffer)
        self.at = buffer.cur_pos
        return made

    def count(self) -> int:
        """Read an array's length; null and empty are both 0."""
        length = self.i32()
        if length > len(self.data) - self.at:  # no element is smaller than a byte
            raise NotEnoughData(f"{length} elements announced in {len(self.data) - self.at} bytes")
        return max(length, 0)

    def string(self) -> str:
        raw = self.bytestring()
        return "" if raw is None else raw.decode("utf-8", "replace")

    def localized(self) -> str:
        """Read a LocalizedText and keep its text."""
        mask = self.byte()
        if mask & 0x01:
            self.string()
        return self.string() if mask & 0x02 else ""

    def extension_body(self) -> bytes:
        """Read what follows the type id of an ExtensionObject."""
        return (self.bytestring() or b"") if self.byte() else b""

    def monitored_item_status(self) -> int:
        """Read a MonitoredItemCreateResult: its status; the revised settings are stepped over."""
        status = self.u32()
        self.at += 4 + 8 + 4  # item id, sampling interval, queue size
        self.node_id()
        self.extension_body()
        return status

    def browse_result(self) -> Browsed:
        status = self.u32()
        point = self.bytestring()
        found: list[Reference] = []
        for _ in range(self.count()):
            self.node_id()  # the reference's type
            self.at += 1  # forward or not
            node = self.node_id()
            self.at += 2  # namespace of the browse name
            name = self.string()
            title = self.localized()
            node_class = self.u32()
            found.append(Reference(node, name, title or name, node_class, self.node_id()))
        return Browsed(status, point, found)

    def data_values(self, count: int, *, handled: bool) -> Columns:
        """Read ``count`` DataValues; ``handled``: each preceded by its client handle (MonitoredItemNotification)."""
        columns = Columns.of(count)
        row = 0
        lead = 4 if handled else 0
        data, end = self.data, len(self.data)
        while row < count:
            at = self.at
            mask_at = at + lead
            if mask_at + 2 > end and not (mask_at + 1 == end and data[mask_at] == 0):
                raise NotEnoughData("the array of values ends early")
            mask = data[mask_at]
            kind = data[mask_at + 1] if mask & 0x01 else 0
            if mask & 0x01 and kind not in _NUMBER_FORMATS:
                self._slow(columns, row, handled)
                row += 1
                continue
            layout = _layout(handled, mask & 0x3F, kind)
            run = self._run(layout, mask_at, mask, kind, count - row)
            if run >= _RUN:
                self._many(columns, row, run, layout, mask, kind, handled)
                row += run
            else:
                self._one(columns, row, layout, mask, handled)
                row += 1
        return columns

    def _run(self, layout: _Layout, mask_at: int, mask: int, kind: int, left: int) -> int:
        """Count the items from here on that share this layout; probes a few before asking numpy."""
        data = self.data
        for step in range(1, _RUN):
            there = mask_at + step * layout.size
            if step >= left or there + 1 >= len(data) or data[there] != mask:
                return step
            if mask & 0x01 and data[there + 1] != kind:
                return step
        most = min(left, (len(data) - self.at) // layout.size)
        items = np.frombuffer(data, layout.dtype, most, self.at)
        same = items["mask"] == mask
        if mask & 0x01:
            same &= items["kind"] == kind
        return most if same.all() else int(np.argmin(same))

    def _many(self, columns: Columns, row: int, run: int, layout: _Layout, mask: int, kind: int, handled: bool) -> None:
        items = np.frombuffer(self.data, layout.dtype, run, self.at)
        rows = slice(row, row + run)
        if handled:
            columns.handle[rows] = items["handle"]
        if layout.has_status:
            columns.status[rows] = items["status"]
        if layout.has_source:
            columns.source[rows] = items["source"]
        if layout.has_server:
            columns.server[rows] = items["server"]
        if mask & 0x01:
            values = items["value"]
            columns.present[rows] = True
            columns.number[rows] = values
            if layout.exact:
                lost = (values > _EXACT) if kind == 9 else (values > _EXACT) | (values < -_EXACT)
                for i in np.flatnonzero(lost):
                    _big(columns, row + int(i), int(values[i]))
        self.at += run * layout.size

    def _one(self, columns: Columns, row: int, layout: _Layout, mask: int, handled: bool) -> None:
        items = layout.whole.unpack_from(self.data, self.at)
        i = 0
        if handled:
            columns.handle[row] = items[0]
            i = 1
        i += 1  # mask
        if mask & 0x01:
            value = items[i + 1]
            i += 2
            columns.present[row] = True
            if layout.exact and not -_EXACT <= value <= _EXACT:
                _big(columns, row, value)
            else:
                columns.number[row] = value
        for bit, column in ((0x02, columns.status), (0x04, columns.source), (0x10, None), (0x08, columns.server)):
            if mask & bit:
                if column is not None:
                    column[row] = items[i]
                i += 1
        self.at += layout.size

    def _slow(self, columns: Columns, row: int, handled: bool) -> None:
        """Read one item whose value is no plain number."""
        if handled:
            columns.handle[row] = self.u32()
        mask = self.byte()
        kind = self.data[self.at]
        columns.present[row] = True
        if kind == _STRING:
            self.at += 1
            raw = self.bytestring()
            columns.text[row] = "" if raw is None else raw.decode("utf-8", "replace")
        else:
            value = self._variant(columns.unknown_types)
            if value is None:
                columns.present[row] = False
            else:
                columns.other[row] = value
        for bit, column, code, size in (
            (0x02, columns.status, "<I", 4),
            (0x04, columns.source, "<q", 8),
            (0x10, None, "<H", 2),
            (0x08, columns.server, "<q", 8),
            (0x20, None, "<H", 2),
        ):
            if mask & bit:
                (read,) = struct.unpack_from(code, self.data, self.at)
                self.at += size
                if column is not None:
                    column[row] = read

    def _variant(self, unknown: set[Any]) -> Any:
        encoding = self.data[self.at]
        if encoding & 0x3F != _EXTENSION:
            buffer = Buffer(self.data, self.at)
            made = variant_from_binary(buffer)
            self.at = buffer.cur_pos
            return made.Value
        self.at += 1
        if not encoding & _ARRAY_BIT:
            return self._extension(unknown)
        length = self.count()
        made = [self._extension(unknown) for _ in range(length)]
        if encoding & _DIMENSIONS_BIT:
            for _ in range(self.count()):
                self.i32()  # kept flat: addresses count elements in wire order
        return made

    def _extension(self, unknown: set[Any]) -> Any:
        """Read one ExtensionObject; a structure nobody has described stays raw, and never spoils its neighbours."""
        type_id = self.node_id()
        encoding = self.byte()
        if not encoding:
            return None
        body = self.bytestring() or b""
        decode = self.types(type_id) if encoding == 1 else None
        if decode is not None:
            try:
                return decode(body)
            except (ua.UaError, struct.error, ValueError, TypeError, IndexError, AttributeError):
                pass  # the definition does not fit, or the body is broken: shown raw
        else:
            unknown.add(type_id)
        return ua.ExtensionObject(TypeId=type_id, Body=body)


def _big(columns: Columns, row: int, value: int) -> None:
    """Put an integer that float64 would round where nothing is lost."""
    columns.number[row] = np.nan
    if value < 1 << 63:
        columns.whole[row] = value
    else:
        columns.text[row] = str(value)  # UInt64 beyond the signed range


__all__ = ["Columns", "Reader"]
