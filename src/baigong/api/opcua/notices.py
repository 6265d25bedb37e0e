"""Answers to Publish in the binary encoding of OPC 10000-6, around notifications that are bytes already. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from baigong.api.opcua.datavalues import opc_time

_PUBLISH_RESPONSE, _REPUBLISH_RESPONSE, _DATA_CHANGE, _STATUS_CHANGE = (
    829,
    835,
    811,
    820,
)  # ids of the binary encodings in namespace 0
_NULL_EXTENSION = b"\0\0\0"  # node id i=0, no body
_NONE = struct.pack("<i", -1)


def data_change(count: int, items: bytes) -> bytes:
    """Wrap encoded MonitoredItemNotifications as a DataChangeNotification."""
    return _extension(_DATA_CHANGE, struct.pack("<i", count) + items + _NONE)


def status_change(code: int) -> bytes:
    """Encode a StatusChangeNotification: a subscription that ends, and why."""
    return _extension(_STATUS_CHANGE, struct.pack("<I", code) + b"\0")


def message(sequence: int, now_us: int, notifications: Sequence[bytes]) -> bytes:
    """Encode a NotificationMessage; one without notifications only shows that the subscription is alive."""
    head = struct.pack("<Iqi", sequence, opc_time(now_us), len(notifications))
    return head + b"".join(notifications)


def publish_response(
    handle: int, subscription: int, available: Sequence[int], more: bool, message: bytes, acks: Sequence[int],
    now_us: int,
) -> bytes:  # fmt: skip
    """Encode a PublishResponse. ``acks``: status codes of what was acknowledged."""
    return b"".join([
        _header(_PUBLISH_RESPONSE, handle, now_us),
        struct.pack("<I", subscription),
        struct.pack(f"<i{len(available)}I", len(available), *available),
        b"\1" if more else b"\0",
        message,
        struct.pack(f"<i{len(acks)}I", len(acks), *acks),
        _NONE,
    ])  # fmt: skip


def republish_response(handle: int, message: bytes, now_us: int) -> bytes:
    """Encode a RepublishResponse around a message that was sent before."""
    return _header(_REPUBLISH_RESPONSE, handle, now_us) + message


def _header(id: int, handle: int, now_us: int) -> bytes:
    return _node(id) + struct.pack("<qII", opc_time(now_us), handle, 0) + b"\0" + _NONE + _NULL_EXTENSION


def _extension(id: int, body: bytes) -> bytes:
    return _node(id) + b"\1" + struct.pack("<i", len(body)) + body


def _node(id: int) -> bytes:
    return struct.pack("<BBH", 1, 0, id)
