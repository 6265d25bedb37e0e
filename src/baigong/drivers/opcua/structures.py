"""Structures a server defines itself: its definitions are read when a value needs them, and kept per connection.

asyncua can load all of them, but into module globals: two devices that number their types alike would read
each other's. Here a definition (OPC 10000-3 §8.47, attribute DataTypeDefinition, since OPC UA 1.04) becomes a
decoder that yields plain dictionaries.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import extensionobject_from_binary, unpack_uatype

_HAS_ENCODING = ua.ObjectIds.HasEncoding
_HAS_SUBTYPE = ua.ObjectIds.HasSubtype
_BUILT_IN_LAST = 25
_ABSTRACT_NUMBERS = (26, 27, 28)  # Number, Integer, UInteger travel as Variant
_ENUMERATION = 29
_DEEPEST = 32

Decode = Callable[[Buffer], Any]


class Server(Protocol):
    """What is asked of the connection."""

    async def parent(self, node: Any, reference: int) -> Any | None: ...

    async def definition(self, node: Any) -> Any | None: ...


@dataclass(slots=True)
class _Field:
    name: str
    decode: Decode
    rank: int
    optional: bool


class Structures:
    """The definitions of one server, by encoding id; filled by ``learn``."""

    def __init__(self) -> None:
        self._by_encoding: dict[Any, Callable[[bytes], Any] | None] = {}
        self._by_type: dict[Any, Decode] = {}

    def decoder(self, encoding: Any) -> Callable[[bytes], Any] | None:
        """Find the decoder of a body; the standard's own types (namespace 0) come from asyncua."""
        if encoding.NamespaceIndex == 0:
            cls = ua.extension_objects_by_typeid.get(encoding)
            return None if cls is None else partial(_standard, cls)
        return self._by_encoding.get(encoding)

    def is_new(self, encoding: Any) -> bool:
        return encoding not in self._by_encoding

    async def learn(self, encodings: Sequence[Any], server: Server) -> None:
        """Read the definitions behind these encodings; what has none is remembered as such and stays raw."""
        for encoding in encodings:
            if not self.is_new(encoding):
                continue
            self._by_encoding[encoding] = None
            data_type = await server.parent(encoding, _HAS_ENCODING)
            if data_type is None:
                continue
            decode = await self._type(data_type, server, 0)
            if data_type in self._by_type:
                self._by_encoding[encoding] = partial(_body, decode)

    async def _type(self, data_type: Any, server: Server, depth: int) -> Decode:
        """Find how a value of this data type is encoded inside a structure."""
        if data_type.NamespaceIndex == 0:
            standard = _standard_type(data_type)
            if standard is not None:
                return standard
        if data_type in self._by_type:
            return self._by_type[data_type]
        if depth > _DEEPEST:
            raise ua.UaError("structures nested without end")
        definition = await server.definition(data_type)
        if isinstance(definition, ua.StructureDefinition):
            fields: list[_Field] = []
            kind = ua.StructureType(definition.StructureType)
            decode: Decode = partial(_structure, fields, kind)
            self._by_type[data_type] = decode  # before its fields: a structure may hold itself
            subtyped = kind.value >= 3
            for f in definition.Fields or []:
                inner = extensionobject_from_binary if subtyped and f.IsOptional else None
                inner = inner or await self._type(f.DataType, server, depth + 1)
                fields.append(_Field(f.Name, inner, f.ValueRank, bool(f.IsOptional) and not subtyped))
            return decode
        if isinstance(definition, ua.EnumDefinition):
            return _built_in(ua.VariantType.Int32)
        base = await server.parent(data_type, _HAS_SUBTYPE)
        if base is None:
            raise ua.UaError(f"nothing says how {data_type} is encoded")
        return await self._type(base, server, depth + 1)


def _standard(cls: Any, body: bytes) -> Any:
    return ua.ua_binary.from_binary(cls, Buffer(body))


def _standard_type(data_type: Any) -> Decode | None:
    number = data_type.Identifier
    if not isinstance(number, int):
        return None
    if 1 <= number <= _BUILT_IN_LAST:
        return _built_in(ua.VariantType(number))
    if number in _ABSTRACT_NUMBERS:
        return _built_in(ua.VariantType.Variant)
    if number == _ENUMERATION:
        return _built_in(ua.VariantType.Int32)
    cls = ua.extension_objects_by_datatype.get(data_type)
    return None if cls is None else partial(ua.ua_binary.from_binary, cls)


def _built_in(kind: ua.VariantType) -> Decode:
    if kind == ua.VariantType.ExtensionObject:
        return extensionobject_from_binary  # type: ignore[no-any-return]
    return partial(unpack_uatype, kind)


def _body(decode: Decode, body: bytes) -> Any:
    return decode(Buffer(body))


def _u32(buffer: Buffer) -> int:
    return int(struct.unpack("<I", buffer.read(4))[0])


def _structure(fields: list[_Field], kind: ua.StructureType, buffer: Buffer) -> Any:
    """Decode by definition: plain, with a mask of optional fields, or one member of a union."""
    if kind in (ua.StructureType.Union, ua.StructureType.UnionWithSubtypedValues):
        chosen = _u32(buffer)
        if not 1 <= chosen <= len(fields):
            return None
        return {fields[chosen - 1].name: _value(fields[chosen - 1], buffer)}
    mask = _u32(buffer) if kind == ua.StructureType.StructureWithOptionalFields else 0
    made: dict[str, Any] = {}
    bit = 0
    for f in fields:
        if f.optional:
            absent = not mask >> bit & 1
            bit += 1
            if absent:
                made[f.name] = None
                continue
        made[f.name] = _value(f, buffer)
    return made


def _value(f: _Field, buffer: Buffer) -> Any:
    if f.rank < 1:
        return f.decode(buffer)
    if f.rank > 1:
        for _ in range(_length(buffer)):  # dimensions; elements stay in wire order
            buffer.read(4)
        total = _length(buffer)
        return [f.decode(buffer) for _ in range(total)]
    return [f.decode(buffer) for _ in range(_length(buffer))]


def _length(buffer: Buffer) -> int:
    (length,) = struct.unpack("<i", buffer.read(4))
    if length > len(buffer):
        raise ua.UaError(f"{length} elements announced in {len(buffer)} bytes")
    return max(int(length), 0)
