"""One line of line protocol, read with care: quotes, escapes, and what exactly is wrong with it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

_KEY = re.compile(rb"((?:\\.|[^\\ ])+) +(?=\S)", re.DOTALL)
_FIELD = re.compile(rb'((?:\\.|[^\\=, ])+)=("(?:\\.|[^"\\])*"|[^, "]+)', re.DOTALL)
_TIME = re.compile(rb" +(-?[0-9]{1,19}) *")
_INTEGER = re.compile(rb"([+-]?[0-9]+)([iu])")
_FLOAT = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PARTS = re.compile(rb"(?:\\.|[^\\,])+", re.DOTALL)
_TAG = re.compile(rb"((?:\\.|[^\\=])+)=((?:\\.|[^\\=])+)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([,= ])")
WORDS = {b"t": True, b"T": True, b"true": True, b"True": True, b"TRUE": True} | dict.fromkeys(
    (b"f", b"F", b"false", b"False", b"FALSE"), False
)
_SHOWN = 120  # bytes of a line in a message
_MOST_TEXT = 65_536
MOST_NS = (1 << 63) - 1


@dataclass(slots=True, frozen=True)
class Line:
    key: bytes
    fields: list[tuple[bytes, Any]]
    time_us: int | None


@dataclass(slots=True, frozen=True)
class Wrong:
    """A line that was not taken, and why."""

    line: bytes
    why: str

    def __str__(self) -> str:
        shown = self.line[:_SHOWN].decode("utf-8", "replace") + ("…" if len(self.line) > _SHOWN else "")
        return f"unable to parse '{shown}': {self.why}"


def read_line(line: bytes, precision_ns: int) -> Line | Wrong:
    """Read one line without its line break."""
    key = _KEY.match(line)
    if key is None or line.startswith(b","):
        return Wrong(line, "missing measurement" if line.startswith(b",") else "missing fields")
    at = key.end()
    fields: list[tuple[bytes, Any]] = []
    while True:
        found = _FIELD.match(line, at)
        if found is None:
            return Wrong(line, "invalid field format")
        try:
            fields.append((found[1], read_value(found[2])))
        except ValueError as error:
            return Wrong(line, str(error))
        at = found.end()
        if line[at : at + 1] != b",":
            break
        at += 1
    if at == len(line):
        return Line(key[1], fields, None)
    time = _TIME.fullmatch(line, at)
    if time is None:
        return Wrong(line, "bad timestamp" if line[at : at + 1] == b" " else "invalid field format")
    stamp = int(time[1])
    if abs(stamp) > MOST_NS // precision_ns:
        return Wrong(line, "time outside range")
    return Line(key[1], fields, stamp * precision_ns // 1000)


def read_value(token: bytes) -> Any:
    r"""Read a field's value. Raises ValueError.

    >>> read_value(b'"a \\"b"'), read_value(b"-3i"), read_value(b"1e3"), read_value(b"T")
    ('a "b', -3, 1000.0, True)
    """
    if token.startswith(b'"'):
        if len(token) > _MOST_TEXT:
            raise ValueError(f"a text of {len(token)} bytes; {_MOST_TEXT} at most")
        try:
            return token[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\").decode()
        except UnicodeDecodeError as error:
            raise ValueError("a text is not UTF-8") from error
    if token in WORDS:
        return WORDS[token]
    if whole := _INTEGER.fullmatch(token):
        number = int(whole[1]) if len(whole[1]) < 25 else 1 << 80
        low, high = (-(1 << 63), 1 << 63) if whole[2] == b"i" else (0, 1 << 64)
        if not low <= number < high:
            raise ValueError(f"value out of range: {token.decode('ascii', 'replace')[:40]}")
        return number
    if _FLOAT.fullmatch(token) and math.isfinite(value := float(token)):
        return value
    raise ValueError(f"invalid value {token[:40].decode('utf-8', 'replace')!r}")


def series_of(key: bytes) -> tuple[str, list[str]]:
    r"""Return the canonical series key, tags by name, and the words for a point's name. Raises ValueError.

    >>> series_of(b"cpu,region=eu,host=a\\ b")
    ('cpu,host=a\\ b,region=eu', ['cpu', 'a b', 'eu'])
    """
    if key.startswith(b","):
        raise ValueError("missing measurement")
    measurement, *rest = parts = _PARTS.findall(key)
    if sum(map(len, parts)) + len(rest) != len(key):
        raise ValueError("missing tag key")
    tags: dict[bytes, bytes] = {}
    for part in rest:
        tag = _TAG.fullmatch(part)
        if tag is None:
            raise ValueError("missing tag value" if b"=" in part[1:] else "missing tag key")
        if tag[1] in tags:
            raise ValueError("duplicate tags")
        tags[tag[1]] = tag[2]
    ordered = sorted(tags.items())
    try:
        canonical = b",".join([measurement, *(name + b"=" + value for name, value in ordered)]).decode()
        return canonical, [plain(word) for word in (measurement, *(value for _, value in ordered))]
    except UnicodeDecodeError as error:
        raise ValueError("a name is not UTF-8") from error


def plain(word: bytes) -> str:
    """Take the escapes out of a name. Raises UnicodeDecodeError."""
    return _ESCAPED.sub(rb"\1", word).decode()
