"""Read: attributes of nodes, and the newest values of points, all of a request in one look at the lake."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.server.internal_server import InternalServer

from baigong.api.opcua.datavalues import BOOLEAN, DOUBLE, INT32, NO_DATA, STRING, Rows, joined
from baigong.api.opcua.facts import state_words
from baigong.api.opcua.feed import Feed, rows_of
from baigong.api.opcua.nodes import NAMESPACE, Says, attribute, built_in_type
from baigong.api.opcua.session import Session
from baigong.api.opcua.signin import SignIn
from baigong.api.opcua.space import Space
from baigong.api.opcua.subscription import Subscription
from baigong.api.rooms import Rooms
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import PointSpec

_NAMESPACES = 2255
_KINDS = {DOUBLE: ua.VariantType.Double, BOOLEAN: ua.VariantType.Boolean, INT32: ua.VariantType.Int32}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Newest = dict[int, tuple[Rows, int]]


class Reader:
    """``standard``: the server that holds namespace 0."""

    def __init__(self, rooms: Rooms, sign_in: SignIn, standard: InternalServer, uri: str, feed: Feed) -> None:
        self.rooms, self.sign_in, self.standard, self._uri = rooms, sign_in, standard, uri
        self.feed = feed

    async def read(
        self, session: Session, space: Space, wanted: Sequence[ua.ReadValueId], stamps: ua.TimestampsToReturn
    ) -> list[ua.DataValue]:
        """Read attributes; values of points at once."""
        rows = [row for what in wanted if (row := self._whose_value(space, what)) is not None]
        newest = await self.newest(space, [row.number for row in rows])
        return [_stamped(self._value(session, space, what, newest), stamps) for what in wanted]

    async def newest(self, space: Space, numbers: Sequence[int]) -> _Newest:
        """Return of each point that has one and may be read where in which rows its newest value is."""
        if not numbers:
            return {}
        table = await asyncio.to_thread(space.read.lake(self.rooms.lake).latest, space.tenant, list(set(numbers)))
        rows = rows_of(table)
        return {number: (rows, at) for at, number in enumerate(table.column("point").to_pylist())}

    async def initial(self, space: Space, numbers: Sequence[int]) -> tuple[Any, Rows]:
        """Return (numbers, rows): the newest of these points; those without any wait for their first."""
        found = list(dict.fromkeys(numbers))
        table = await asyncio.to_thread(space.read.lake(self.rooms.lake).latest, space.tenant, found)
        have = table.column("point").to_numpy()
        none = np.setdiff1d(np.array(found, np.int64), have)
        empty = Rows(np.full(len(none), np.nan), np.full(len(none), NO_DATA, np.uint32), np.zeros(len(none), np.int64))
        return np.append(have, none), joined([rows_of(table), empty])

    def one(self, session: Session, space: Space, what: ua.ReadValueId) -> ua.DataValue:
        """Read an attribute that is no point's value."""
        return self._value(session, space, what, {})

    def follow(self, space: Space, one: Subscription) -> None:
        """Cut a subscription to what its person may read now; what is open no longer is told so, once."""
        one.part = None if space.read.everything else space.read.part
        if space.read.everything:
            return
        gone = [id for id, item in one.items.held.items() if item.number >= 0 and item.number not in space.read]
        if gone:
            one.purge(gone)
            spots = np.array([one.items.spot(id) for id in gone], np.int64)
            denied = np.full(len(gone), ua.StatusCodes.BadUserAccessDenied, np.uint32)
            now = np.full(len(gone), self.rooms.clock_us(), np.int64)
            rows = Rows(np.full(len(gone), np.nan), denied, now)
            one.put(spots, rows)
            one.sift()
            for id in gone:
                one.items.lose(id)
            one.items.changed()

    def _whose_value(self, space: Space, what: ua.ReadValueId) -> PointRow | None:
        """Return the point whose newest value is needed to answer."""
        id = what.NodeId
        if id is None or id.NamespaceIndex != NAMESPACE or what.AttributeId != ua.AttributeIds.Value:
            return None
        row = space.point(str(id.Identifier).removesuffix("/ValueAsText"))
        return row if row is not None and row.number in space.read else None

    def _value(self, session: Session, space: Space, what: ua.ReadValueId, newest: _Newest) -> ua.DataValue:
        id = what.NodeId
        if id is None or id.is_null():
            return _refused(ua.StatusCodes.BadNodeIdInvalid)
        if id.NamespaceIndex != NAMESPACE:
            return self._of_standard(space, what)
        node = space.find(str(id.Identifier)) if id.NodeIdType == ua.NodeIdType.String else None
        if node is None:
            return _refused(ua.StatusCodes.BadNodeIdUnknown)
        readable = node.point is None or node.number in space.read
        is_value = what.AttributeId == ua.AttributeIds.Value
        if is_value and what.IndexRange:
            return _refused(ua.StatusCodes.BadIndexRangeInvalid)
        row = self._whose_value(space, what)
        if node.point is not None and is_value:
            return _newest(row, newest) if readable else _refused(ua.StatusCodes.BadUserAccessDenied)
        if row is not None:
            return _as_text(row.spec, newest.get(row.number), session.says)
        found = attribute(node, what.AttributeId, session.says, readable)
        return _refused(ua.StatusCodes.BadAttributeIdInvalid) if found is None else ua.DataValue(found)

    def _of_standard(self, space: Space, what: ua.ReadValueId) -> ua.DataValue:
        is_value = what.AttributeId == ua.AttributeIds.Value
        if is_value and what.NodeId.NamespaceIndex == 0 and what.NodeId.Identifier == _NAMESPACES:
            names = ["http://opcfoundation.org/UA/", self._uri, namespace_uri(space.tenant)]
            return ua.DataValue(ua.Variant(names, ua.VariantType.String))
        return self.standard.aspace.read_attribute_value(what.NodeId, what.AttributeId)


def namespace_uri(tenant: str) -> str:
    """Name the namespace of a company's nodes."""
    return f"urn:baigong:tenant:{tenant}"


def _newest(row: PointRow | None, newest: _Newest) -> ua.DataValue:
    found = newest.get(row.number) if row is not None else None
    if row is None or found is None:
        return _refused(NO_DATA)
    rows, at = found
    return ua.DataValue(
        _variant(built_in_type(row.spec), float(rows.values[at]), None if rows.texts is None else rows.texts[at]),
        ua.StatusCode(int(rows.statuses[at])),
        _EPOCH + timedelta(microseconds=int(rows.times[at])),
    )


def _variant(kind: int, value: float, text: Any) -> ua.Variant | None:
    if kind == STRING:
        return None if text is None else ua.Variant(str(text), ua.VariantType.String)
    if np.isnan(value) or (kind == INT32 and abs(value) > 0x7FFFFFFF):
        return None
    shown: Any = {BOOLEAN: bool, INT32: int}.get(kind, float)(value)
    return ua.Variant(shown, _KINDS[kind])


def _as_text(spec: PointSpec, found: tuple[Rows, int] | None, says: Says) -> ua.DataValue:
    if found is None or np.isnan(found[0].values[found[1]]):
        return _refused(NO_DATA)
    return ua.DataValue(ua.Variant(state_words(spec, float(found[0].values[found[1]]), says)))


def _refused(code: int) -> ua.DataValue:
    return ua.DataValue(None, ua.StatusCode(code))


def _stamped(made: ua.DataValue, stamps: ua.TimestampsToReturn) -> ua.DataValue:
    """Give a value the times that were asked for."""
    source = stamps in (ua.TimestampsToReturn.Source, ua.TimestampsToReturn.Both)
    server = stamps in (ua.TimestampsToReturn.Server, ua.TimestampsToReturn.Both)
    now = datetime.now(UTC)
    return ua.DataValue(made.Value, made.StatusCode, made.SourceTimestamp if source else None, now if server else None)
