"""Sparkplug B payloads (3.0, §6.4): bytes in, metrics out, and back. Written from the specification; pure.

Payload: timestamp=1, metrics=2, seq=3, uuid=4, body=5. Metric: name=1, alias=2, timestamp=3, datatype=4,
is_historical=5, is_transient=6, is_null=7, metadata=8, properties=9, and the value in the field of its type, 10-18.
What few metrics have (properties, data sets, templates) stays bytes until somebody asks.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from baigong.drivers.sparkplug import wire
from baigong.drivers.sparkplug.wire import malformed, put_bytes, put_double, put_single, put_varint, varint
from baigong.vocab.errors import FixConfiguration

# the field in which a value stands
INT, LONG, FLOAT, DOUBLE, BOOLEAN, STRING, BYTES, DATASET, TEMPLATE = range(10, 19)


class Metric(Struct):
    """``value``: int of INT and LONG as they came (unsigned), float, bool, str, or the bytes of the rest.

    ``at``: the field the value stood in, 0: none.
    """

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None  # ms
    datatype: int = 0
    is_historical: bool = False
    is_transient: bool = False
    is_null: bool = False
    metadata: bytes = b""
    properties: bytes = b""
    at: int = 0
    value: Any = None


class Payload(Struct):
    timestamp: int | None = None  # ms
    seq: int | None = None
    metrics: list[Metric] = []
    uuid: str = ""


def decode(raw: bytes) -> Payload:
    """Read one payload. Raises payload.malformed."""
    payload = Payload(metrics=[])
    at, end = 0, len(raw)
    add = payload.metrics.append
    try:
        while at < end:
            key, at = varint(raw, at)
            if key == 0x12:
                size, at = varint(raw, at)
                if at + size > end:
                    raise malformed("it ends in the middle of a metric")
                add(_metric(raw, at, at + size))
                at += size
                continue
            value, at = wire.one(raw, at, key & 7)
            if key == 0x08:
                payload.timestamp = int(value)
            elif key == 0x18:
                payload.seq = int(value)
            elif key == 0x22:
                payload.uuid = str(value, "utf-8")  # type: ignore[arg-type]
    except IndexError as error:
        raise malformed("it ends in the middle of a field") from error
    except UnicodeDecodeError as error:
        raise malformed("a text is not UTF-8") from error
    return payload


def metric_of(raw: bytes) -> Metric:
    """Read one metric, as templates hold them. Raises payload.malformed."""
    try:
        return _metric(raw, 0, len(raw))
    except IndexError as error:
        raise malformed("it ends in the middle of a field") from error
    except UnicodeDecodeError as error:
        raise malformed("a text is not UTF-8") from error


def _metric(raw: bytes, at: int, end: int) -> Metric:  # noqa: C901 - one branch a field: it is the hot loop
    made = Metric()
    while at < end:
        key = raw[at]
        at += 1
        if key >= 0x80:
            key, at = varint(raw, at - 1)
        kind = key & 7
        if kind == 0:
            value = raw[at]
            at += 1
            if value >= 0x80:
                value, at = varint(raw, at - 1)
            if key == 0x10:
                made.alias = value
            elif key == 0x18:
                made.timestamp = value
            elif key == 0x20:
                made.datatype = value
            elif key == 0x50 or key == 0x58:
                made.value, made.at = value, key >> 3
            elif key == 0x70:
                made.value, made.at = value != 0, BOOLEAN
            elif key == 0x28:
                made.is_historical = value != 0
            elif key == 0x30:
                made.is_transient = value != 0
            elif key == 0x38:
                made.is_null = value != 0
            continue
        found, at = wire.one(raw, at, kind)
        if at > end:
            raise malformed("it ends in the middle of a metric")
        if kind == wire.EIGHT:
            if key == 0x69:
                made.value, made.at = wire.double(found), DOUBLE  # type: ignore[arg-type]
        elif kind == wire.FOUR:
            if key == 0x65:
                made.value, made.at = wire.single(found), FLOAT  # type: ignore[arg-type]
        else:
            _put(made, key >> 3, found)  # type: ignore[arg-type]
    if at != end:
        raise malformed("a metric ends in the middle of a field")
    return made


def _put(made: Metric, number: int, found: bytes) -> None:
    if number == 1:
        made.name = str(found, "utf-8")
    elif number == 8:
        made.metadata = found
    elif number == 9:
        made.properties = found
    elif number == STRING:
        made.value, made.at = str(found, "utf-8"), STRING
    elif number in (BYTES, DATASET, TEMPLATE):
        made.value, made.at = found, number


def encode(payload: Payload) -> bytes:
    """Write one payload.

    >>> decode(encode(Payload(1, 2, [Metric("a", 3, 4, 10, at=DOUBLE, value=1.5)]))).metrics[0].value
    1.5
    """
    parts = [] if payload.timestamp is None else [put_varint(1, payload.timestamp)]
    parts += [put_bytes(2, encode_metric(metric)) for metric in payload.metrics]
    parts += [] if payload.seq is None else [put_varint(3, payload.seq)]
    parts += [put_bytes(4, payload.uuid.encode())] if payload.uuid else []
    return b"".join(parts)


def encode_metric(metric: Metric) -> bytes:
    parts = [] if metric.name is None else [put_bytes(1, metric.name.encode())]
    for number, held in ((2, metric.alias), (3, metric.timestamp), (4, metric.datatype or None)):
        parts += [] if held is None else [put_varint(number, held)]
    flags = ((5, metric.is_historical), (6, metric.is_transient), (7, metric.is_null))
    parts += [put_varint(number, 1) for number, held in flags if held]
    parts += [put_bytes(8, metric.metadata)] if metric.metadata else []
    parts += [put_bytes(9, metric.properties)] if metric.properties else []
    return b"".join(parts) + put_value(metric.at, metric.value)


def put_value(at: int, value: Any) -> bytes:
    """Write a value into its field; nothing for field 0."""
    if at in (INT, LONG, BOOLEAN):
        return put_varint(at, int(value))
    if at == FLOAT:
        return put_single(at, value)
    if at == DOUBLE:
        return put_double(at, value)
    return put_bytes(at, value.encode() if at == STRING else value) if at else b""


class Template(Struct):
    """A definition (§6.4.4): what instances have; or an instance, named in ``reference``."""

    is_definition: bool = False
    reference: str = ""
    version: str = ""
    metrics: list[Metric] = []


def template_of(raw: bytes) -> Template:
    """Read a template: version=1, metrics=2, parameters=3, template_ref=4, is_definition=5."""
    made = Template(metrics=[])
    for number, value in wire.fields(raw):
        if number == 2 and isinstance(value, bytes):
            made.metrics.append(metric_of(value))
        elif number == 4 and isinstance(value, bytes):
            made.reference = value.decode("utf-8", "replace")
        elif number == 1 and isinstance(value, bytes):
            made.version = value.decode("utf-8", "replace")
        elif number == 5:
            made.is_definition = bool(value)
    return made


def encode_template(template: Template) -> bytes:
    parts = [put_bytes(1, template.version.encode())] if template.version else []
    parts += [put_bytes(2, encode_metric(metric)) for metric in template.metrics]
    parts += [put_bytes(4, template.reference.encode())] if template.reference else []
    return b"".join([*parts, put_varint(5, int(template.is_definition))])


def properties_of(raw: bytes) -> dict[str, Any]:
    """Read a property set (§6.4.7): keys=1, values=2; of each value type=1, is_null=2, value 3-8.

    Sets within sets are left out; an integer is as it came, unsigned. What cannot be read is no property.
    """
    keys: list[str] = []
    values: list[Any] = []
    try:
        for number, value in wire.fields(raw):
            if number == 1 and isinstance(value, bytes):
                keys.append(value.decode("utf-8", "replace"))
            elif number == 2 and isinstance(value, bytes):
                values.append(_property(value))
    except FixConfiguration:
        return {}
    return {key: value for key, value in zip(keys, values, strict=False) if value is not None}


def _property(raw: bytes) -> Any:
    made: Any = None
    for number, value in wire.fields(raw):
        if number == 2 and value:
            return None
        if number in (3, 4):
            made = value
        elif number == 5 and isinstance(value, bytes) and len(value) == 4:
            made = wire.single(value)
        elif number == 6 and isinstance(value, bytes) and len(value) == 8:
            made = wire.double(value)
        elif number == 7:
            made = bool(value)
        elif number == 8 and isinstance(value, bytes):
            made = value.decode("utf-8", "replace")
    return made


def encode_properties(held: dict[str, tuple[int, Any]]) -> bytes:
    """Write a property set of key -> (datatype, value); numbers, texts and booleans."""
    parts = [put_bytes(1, key.encode()) for key in held]
    for datatype, value in held.values():
        at = 8 if isinstance(value, str) else 7 if isinstance(value, bool) else 6 if isinstance(value, float) else 3
        body = {8: STRING, 7: BOOLEAN, 6: DOUBLE, 3: INT}[at]
        put = put_value(body, value)
        parts.append(put_bytes(2, put_varint(1, datatype) + _renumbered(put, body, at)))
    return b"".join(parts)


def _renumbered(put: bytes, was: int, now: int) -> bytes:
    """Give an encoded field another number; both keys have one byte."""
    return bytes([(now << 3) | (put[0] & 7)]) + put[1:] if was < 16 else put
