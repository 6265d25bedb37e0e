"""Writes one value in the type that its node has; nothing is rounded, cut or guessed (OPC 10000-4 §5.11.4)."""

from __future__ import annotations

import struct
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import variant_to_binary

from baigong.drivers.opcua import wire
from baigong.drivers.opcua.addresses import parse, to_node_id
from baigong.drivers.opcua.faults import translate, translated
from baigong.drivers.opcua.link import Link
from baigong.vocab.errors import FixConfiguration

_SERVICE = ua.ObjectIds.WriteRequest_Encoding_DefaultBinary
_WHOLE = {
    ua.VariantType.SByte: (-(1 << 7), (1 << 7) - 1),
    ua.VariantType.Byte: (0, (1 << 8) - 1),
    ua.VariantType.Int16: (-(1 << 15), (1 << 15) - 1),
    ua.VariantType.UInt16: (0, (1 << 16) - 1),
    ua.VariantType.Int32: (-(1 << 31), (1 << 31) - 1),
    ua.VariantType.UInt32: (0, (1 << 32) - 1),
    ua.VariantType.Int64: (-(1 << 63), (1 << 63) - 1),
    ua.VariantType.UInt64: (0, (1 << 64) - 1),
}
_MOST_FLOAT = 3.4028234663852886e38  # the largest 32-bit float
_ROUNDING = 1e-6
_UNCERTAIN_WHETHER = {  # the server does not know itself whether the device took it
    ua.StatusCodes.BadTimeout,
    ua.StatusCodes.BadRequestTimeout,
    ua.StatusCodes.BadCommunicationError,
    ua.StatusCodes.BadNoCommunication,
    ua.StatusCodes.BadUnexpectedError,
}


async def write_value(link: Link, address: str, value: float | int | str | bool) -> None:
    """Write a whole node, once. Raises driver.readonly with the server's status, driver.address, config.invalid."""
    parsed = parse(address)
    if parsed.path:
        raise FixConfiguration("driver.readonly", "a part of a value cannot be written alone", place=address)
    node = to_node_id(parsed, link.namespaces)
    if node is None:
        raise FixConfiguration("driver.address", f"the server has no namespace {parsed.uri!r}", place=address)
    variant = typed(await _type_of(link, node, address), value, address)
    reader = await link.request(_SERVICE, _body(node, variant), "writing")
    with translated(link.settings.place, "decoding the answer to a write"):
        if reader.count() != 1:
            raise ua.UaError("not one result for one write")
        status = reader.u32()
    if not status >> 31:
        return
    if status in _UNCERTAIN_WHETHER:
        raise translate(ua.UaStatusCodeError(status), link.settings.place, "writing")
    name = ua.StatusCode(status).name
    raise FixConfiguration("driver.readonly", f"the server refuses the write: {name}", place=address, status=name)


async def _type_of(link: Link, node: ua.NodeId, address: str) -> ua.VariantType:
    """Ask which type the node has, from its value or else its data type."""
    with translated(link.settings.place, "reading a node's type"):
        held = await link.client.get_node(node).read_data_value(raise_on_bad_status=False)
        status = held.StatusCode
        if status is not None and status.value in (ua.StatusCodes.BadNodeIdUnknown, ua.StatusCodes.BadNodeIdInvalid):
            raise FixConfiguration("driver.address", f"the server has no node {address}", place=address)
        variant = held.Value
        if variant is not None and variant.is_array:
            raise FixConfiguration("driver.readonly", "a list cannot be written", place=address)
        if variant is not None and variant.VariantType != ua.VariantType.Null:
            return variant.VariantType
        return await link.client.get_node(node).read_data_type_as_variant_type()


def typed(kind: ua.VariantType, value: Any, address: str) -> ua.Variant:
    """Make a value of the node's own type. Raises config.invalid for what it cannot hold."""
    try:
        return ua.Variant(_fitting(kind, value, address), kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unfit(kind, value) from error


def _fitting(kind: ua.VariantType, value: Any, address: str) -> Any:
    if kind == ua.VariantType.String:
        return str(value)
    if kind == ua.VariantType.LocalizedText:
        return ua.LocalizedText(str(value))
    if kind == ua.VariantType.Boolean:
        if value not in (0, 1):
            raise _unfit(kind, value)
        return bool(value)
    if kind in (ua.VariantType.Float, ua.VariantType.Double):
        number = float(value)
        if kind == ua.VariantType.Float and abs(number) > _MOST_FLOAT:
            raise _unfit(kind, value)
        return number
    if kind not in _WHOLE:
        raise FixConfiguration("driver.readonly", f"a node of type {kind.name} cannot be written", place=address)
    low, high = _WHOLE[kind]
    whole = value if isinstance(value, int) else round(float(value))
    if abs(float(value) - whole) > _ROUNDING or not low <= whole <= high:
        raise _unfit(kind, value)
    return int(whole)


def _unfit(kind: ua.VariantType, value: Any) -> FixConfiguration:
    return FixConfiguration("config.invalid", f"{value!r} does not fit a node of type {kind.name}")


def _body(node: ua.NodeId, variant: ua.Variant) -> bytes:
    """Encode one WriteValue with the value alone: many servers refuse a status or a time beside it."""
    target = wire.node_id(node) + struct.pack("<Ii", ua.AttributeIds.Value, -1)
    made: bytes = variant_to_binary(variant)
    return struct.pack("<i", 1) + target + b"\x01" + made
