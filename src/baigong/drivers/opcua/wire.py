"""The thin seam to asyncua's private parts: send a body we encoded, get back the bytes of the answer.

asyncua encodes each ReadValueId through generic dataclass code and decodes each DataValue into objects. Here a
request is a service id, a header and bytes prepared once; the answer is the message body after its header.
Written against asyncua 2.1; ``tests/drivers/opcua/test_wire.py`` notices when it moves.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any

from asyncua import Client, ua
from asyncua.ua.ua_binary import nodeid_to_binary, struct_from_binary, struct_to_binary

from baigong.drivers.opcua.codec import Reader, Types

READ = ua.ObjectIds.ReadRequest_Encoding_DefaultBinary
PUBLISH = ua.ObjectIds.PublishRequest_Encoding_DefaultBinary
BROWSE = ua.ObjectIds.BrowseRequest_Encoding_DefaultBinary
BROWSE_NEXT = ua.ObjectIds.BrowseNextRequest_Encoding_DefaultBinary
HISTORY_READ = ua.ObjectIds.HistoryReadRequest_Encoding_DefaultBinary
DELETE_SUBSCRIPTIONS = ua.ObjectIds.DeleteSubscriptionsRequest_Encoding_DefaultBinary
CREATE_ITEMS = ua.ObjectIds.CreateMonitoredItemsRequest_Encoding_DefaultBinary
_NULL_STRING = b"\xff\xff\xff\xff"


def node_id(node: Any) -> bytes:
    """Encode a NodeId."""
    made: bytes = nodeid_to_binary(node)
    return made


async def call(client: Client, service: int, body: bytes, timeout_s: float | None, types: Types) -> Reader:
    """Send one request and return a reader placed behind the response header.

    ``timeout_s`` None waits for ever (Publish). Raises ConnectionError, TimeoutError, UaStatusCodeError.
    """
    protocol = client.uaclient.protocol
    if protocol is None or protocol.transport is None:
        raise ConnectionError("the connection is closed")
    header = ua.RequestHeader()
    protocol._setup_request_header(header, timeout_s or 0)
    message = node_id(ua.FourByteNodeId(service)) + struct_to_binary(header) + body
    protocol.revolve_security_token()
    request_id = protocol._request_id + 1
    binary = protocol._connection.message_to_binary(message, request_id=request_id)
    protocol._request_id = request_id
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    protocol._callbackmap[request_id] = answered
    protocol.transport.write(binary)
    try:
        async with asyncio.timeout(timeout_s):
            buffer = await answered
    except BaseException:
        # The answer may still come; it must find a place to die, or asyncua complains or closes the connection.
        if request_id in protocol._callbackmap:
            protocol._callbackmap[request_id] = _grave()
        raise
    return _open(buffer, types)


def _grave() -> asyncio.Future[Any]:
    """Make a future whose result or failure nobody misses."""
    made: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    made.add_done_callback(lambda late: late.cancelled() or late.exception())
    return made


def _open(buffer: Any, types: Types) -> Reader:
    """Check what kind of answer it is and step over its header."""
    reader = Reader(bytes(buffer), 0, types)
    kind = reader.node_id()
    buffer = buffer.copy()
    buffer.skip(reader.at)
    before = len(buffer)
    header = struct_from_binary(ua.ResponseHeader, buffer)
    reader.at += before - len(buffer)
    header.ServiceResult.check()
    if kind.Identifier == ua.ObjectIds.ServiceFault_Encoding_DefaultBinary:
        raise ua.UaError("a fault without a reason")
    return reader


def read_value_id(node: ua.NodeId, attribute: int = ua.AttributeIds.Value) -> bytes:
    """Encode a ReadValueId (OPC 10000-4 §7.29): node, attribute, no index range, no data encoding."""
    return node_id(node) + struct.pack("<I", attribute) + _NULL_STRING + b"\x00\x00" + _NULL_STRING


def read_body(ids: list[bytes]) -> bytes:
    """Encode the parameters of Read: no cached values, both timestamps."""
    return struct.pack("<dii", 0.0, ua.TimestampsToReturn.Both.value, len(ids)) + b"".join(ids)


def publish_body(acknowledged: list[tuple[int, int]]) -> bytes:
    """Encode the acknowledgements (subscription, sequence number) of Publish."""
    return struct.pack("<i", len(acknowledged)) + b"".join(struct.pack("<II", *pair) for pair in acknowledged)


def browse_body(nodes: list[bytes], reference: int, classes: int, most: int, *, forward: bool = True) -> bytes:
    """Encode Browse over nodes already in binary, following ``reference`` and its subtypes, all result fields."""
    tail = node_id(ua.NodeId(reference)) + struct.pack("<?II", True, classes, 0x3F)
    way = struct.pack("<i", 0 if forward else 1)
    view = node_id(ua.NodeId()) + struct.pack("<qI", 0, 0)
    return view + struct.pack("<Ii", most, len(nodes)) + b"".join(node + way + tail for node in nodes)


def browse_next_body(points: list[bytes], *, release: bool = False) -> bytes:
    packed = b"".join(struct.pack("<i", len(point)) + point for point in points)
    return struct.pack("<?i", release, len(points)) + packed


def history_body(nodes: list[tuple[bytes, bytes | None]], start: int, end: int, most: int) -> bytes:
    """Encode HistoryRead of raw values for nodes (binary id, continuation point); times in 100 ns since 1601."""
    details = struct.pack("<?qqI?", False, start, end, most, False)
    body = node_id(ua.FourByteNodeId(ua.ObjectIds.ReadRawModifiedDetails_Encoding_DefaultBinary))
    body += b"\x01" + struct.pack("<i", len(details)) + details
    body += struct.pack("<i?i", ua.TimestampsToReturn.Both.value, False, len(nodes))
    for node, point in nodes:
        mark = _NULL_STRING if point is None else struct.pack("<i", len(point)) + point
        body += node + _NULL_STRING + b"\x00\x00" + _NULL_STRING + mark
    return body


def monitored_item(node: bytes, handle: int, sampling_ms: float, queue: int, *, filtered: bool) -> bytes:
    """Encode a MonitoredItemCreateRequest that reports; ``filtered``: a new source time alone is a change too.

    Without the filter the server keeps silent about a sample that equals the one before (OPC 10000-4 §7.22.2).
    """
    if filtered:
        content = struct.pack("<IId", ua.DataChangeTrigger.StatusValueTimestamp, ua.DeadbandType.None_, 0.0)
        kind = node_id(ua.FourByteNodeId(ua.ObjectIds.DataChangeFilter_Encoding_DefaultBinary))
        wish = kind + b"\x01" + struct.pack("<i", len(content)) + content
    else:
        wish = b"\x00\x00\x00"  # no filter: a null ExtensionObject
    mode = ua.MonitoringMode.Reporting.value
    return node + struct.pack("<iId", mode, handle, sampling_ms) + wish + struct.pack("<I?", queue, True)
