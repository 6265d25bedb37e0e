"""Finds the values in a JSON document whose meaning nobody has described.

What it knows: nested objects (``{"temp": {"front": 1}}`` -> ``temp.front``), named entries
(``[{"name": "temp", "value": 1, "ts": …}]`` -> ``temp``), samples (``[{"ts": …, "values": {…}}, …]``), short
arrays (``[1, 2]`` -> ``[0]``, ``[1]``), a bare number or string (the empty path), and a time stamp beside values.

A path is the keys joined with dots; a dot, bracket or backslash inside a key is written with a backslash.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from baigong.drivers.mqtt.mapping import Rule, TimeUnit, quality_of
from baigong.vocab.devices import NO_NAME
from baigong.vocab.errors import FixConfiguration

MAX_DEPTH = 16
MAX_VALUES = 10_000  # of one message
MAX_ARRAY = 64  # entries of an array of plain numbers: longer ones are signals, not points
MAX_TEXT = 65_536  # characters of one text value
MAX_ADDRESS = 1000  # characters, as in PointSpec

_SURELY_TIME = ("ts", "timestamp", "_ts", "datetime", "Timestamp", "TimeStamp", "timeStamp")
_PERHAPS_TIME = ("time", "Time", "t")
TIME_KEYS = (*_SURELY_TIME, *_PERHAPS_TIME)
_NAME_KEYS = ("name", "n", "id", "tag", "key", "metric", "sensor", "code")
_VALUE_KEYS = ("value", "v", "val")
QUALITY_KEYS = ("quality", "q")
_ENTRY_KEYS = {*_NAME_KEYS, *_VALUE_KEYS, *QUALITY_KEYS, *TIME_KEYS, "unit", "type", "dataType", "datatype", "alias"}
_WRAPPERS = {"values", "value", "data", "d", "payload", "metrics", "fields", "readings", "properties", "params"}
_ESCAPE = str.maketrans({".": "\\.", "[": "\\[", "\\": "\\\\"})
_EARLIEST_US, _LATEST_US = 946_684_800_000_000, 4_102_444_800_000_000  # 2000 and 2100: what may be a time stamp
_SCALE = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": 0.001}


class Sample(NamedTuple):
    """One value found. ``time_us`` None: the document does not say when."""

    path: str
    value: Any
    time_us: int | None
    quality: int = 0
    unit: str = ""


def moment_us(raw: Any, unit: TimeUnit = "auto") -> int | None:
    """Read a time stamp into microseconds since the epoch; None where it is none.

    Numbers without a unit are told by their size. Text is ISO 8601; without a zone it is UTC.

    >>> moment_us(1_700_000_000), moment_us(1_700_000_000_123), moment_us("2023-11-14T22:13:20Z")
    (1700000000000000, 1700000000123000, 1700000000000000)
    """
    if isinstance(raw, str):
        if unit != "iso" and raw.isascii() and raw.isdigit() and len(raw) < 20:
            return moment_us(int(raw), unit)
        try:
            parsed = datetime.fromisoformat(raw)
            aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
            return round(aware.timestamp() * 1e6)
        except (ValueError, OverflowError):
            return None
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not -1e20 < raw < 1e20:
        return None
    if unit == "auto":
        size = abs(raw)
        unit = "s" if size < 1e11 else "ms" if size < 1e14 else "us" if size < 1e17 else "ns"
    if unit == "iso":
        return None
    made = raw * _SCALE[unit]
    return made if isinstance(made, int) else round(made)


def plausible_us(raw: Any, unit: TimeUnit = "auto") -> int | None:
    """Read a time stamp, or return None when it lies outside 2000–2100 and may as well be a measurement."""
    made = moment_us(raw, unit)
    return made if made is not None and _EARLIEST_US <= made <= _LATEST_US else None


def join(prefix: str, key: str) -> str:
    r"""Write the path of a key below ``prefix``.

    >>> print(join("temp", "front"), join("", "a.b"))
    temp.front a\.b
    """
    safe = key.translate(_ESCAPE)
    return f"{prefix}.{safe}" if prefix else safe


def time_key(node: dict[str, Any]) -> str | None:
    """Find the key that holds the time of the values beside it.

    ``ts`` is a time even while the device's clock stands at zero; ``t`` is one only when it looks like one.
    """
    for key in _SURELY_TIME:
        if key in node and moment_us(node[key]) is not None:
            return key
    return next((k for k in _PERHAPS_TIME if k in node and plausible_us(node[k]) is not None), None)


def entry_keys(node: dict[str, Any]) -> tuple[str, str] | None:
    """Tell whether an object is a named value, {"name": …, "value": …}, and by which keys."""
    value = next((k for k in _VALUE_KEYS if k in node), None)
    if value is None or not _ENTRY_KEYS.issuperset(node) or isinstance(node[value], dict | list):
        return None
    name = next((k for k in _NAME_KEYS if isinstance(node.get(k), str) and node[k]), None)
    return (name, value) if name else None


def look_up(node: Any, path: str) -> Any:
    """Follow a path of plain keys (no arrays) through nested objects; KeyError when it leads nowhere."""
    for key in keys_of(path):
        if not isinstance(node, dict):
            raise KeyError(path)
        node = node[key]
    return node


def keys_of(path: str) -> tuple[str, ...]:
    r"""Take a path apart.

    >>> keys_of("a.b\\.c")
    ('a', 'b.c')
    """
    keys, current, escaped = [], "", False
    for letter in path:
        if escaped or letter not in ".\\":
            current, escaped = current + letter, False
        elif letter == "\\":
            escaped = True
        else:
            keys.append(current)
            current = ""
    return (*keys, current)


def walk(document: Any, rule: Rule) -> list[Sample]:
    """List every value of a document, with what it says about time and quality.

    Raises payload.malformed when it is nested too deeply or holds too many values.
    """
    found: list[Sample] = []
    time_us, quality = None, 0
    if rule.time:
        try:
            time_us = moment_us(look_up(document, rule.time), rule.time_unit)
        except KeyError:
            time_us = None
    if rule.quality:
        try:
            quality = quality_of(look_up(document, rule.quality), rule.quality_form)
        except KeyError:
            quality = 0x4000
    _walk(document, "", time_us, rule, quality, 0, found)
    if rule.time or rule.quality:
        found = [s for s in found if s.path not in (rule.time, rule.quality)]
    return [s for s in found if s.path in rule.fields] if rule.fields else found


def _walk(node: Any, path: str, time_us: int | None, rule: Rule, quality: int, depth: int, found: list[Sample]) -> None:
    if depth > MAX_DEPTH or len(found) > MAX_VALUES:
        what = f"more than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"more than {MAX_VALUES} values"
        raise FixConfiguration("payload.malformed", f"the JSON holds {what}", place=path[:100])
    if isinstance(node, dict):
        named = entry_keys(node)
        if named:
            found.append(_entry(node, named, path, time_us, quality))
            return
        when = None if rule.time else time_key(node)
        if when is not None:
            time_us = moment_us(node[when])
        for key, value in node.items():
            if key != when:
                _walk(value, join(path, key), time_us, rule, quality, depth + 1, found)
    elif isinstance(node, list):
        _walk_list(node, path, time_us, rule, quality, depth, found)
    else:
        found.append(Sample(path, node, time_us, quality))


def _walk_list(
    node: list[Any], path: str, time_us: int | None, rule: Rule, quality: int, depth: int, found: list[Sample]
) -> None:
    if not node:
        return
    if all(isinstance(item, dict) and (entry_keys(item) or time_key(item)) for item in node):
        for item in node:  # named values, or samples of the same values at several times
            _walk(item, path, time_us, rule, quality, depth + 1, found)
    elif len(node) <= MAX_ARRAY:
        for at, item in enumerate(node):
            _walk(item, f"{path}[{at}]", time_us, rule, quality, depth + 1, found)


def _entry(node: dict[str, Any], named: tuple[str, str], path: str, time_us: int | None, quality: int) -> Sample:
    when = time_key(node)
    if when is not None:
        time_us = moment_us(node[when])
    for key in QUALITY_KEYS:
        raw = node.get(key)
        if isinstance(raw, int | str):
            is_da = isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw < 256
            quality = quality_of(raw, "opcda" if is_da else "opcua")
            break
    unit = node.get("unit")
    return Sample(
        join(path, node[named[0]]), node[named[1]], time_us, quality, unit[:40] if isinstance(unit, str) else ""
    )


def propose_name(topic: str, path: str, asset: str = "", quantity: str = "") -> str:
    """Name a point after its topic and key: levels become the asset, the last key the quantity.

    Words that only wrap (``values``, ``d``) are left out; blanks, dots and slashes inside a word become ``_``.

    >>> propose_name("plant/press3/data", "values.temp"), propose_name("counter", "")
    ('plant.press3.data.temp', 'counter.value')
    """
    levels = topic.split("/")
    words = [_word(k) for k in keys_of(path) if k]
    words = [w for w in words[:-1] if w not in _WRAPPERS] + words[-1:]
    if asset:
        for at, level in enumerate(levels, 1):
            asset = asset.replace(f"{{{at}}}", _word(level))
        before = [_word(part) for part in asset.split(".") if part]
    else:
        before = [_word(level) for level in levels if level]
    after = [_word(quantity)] if quantity else words
    if not after and len(before) < 2:
        after = ["value"]
    name = ".".join([*(before or ["mqtt"]), *after])
    if len(name) <= 180:
        return name
    mark = blake2b(f"{topic}#{path}".encode(), digest_size=4).hexdigest()
    return f"{name[:160].rstrip('.')}.{mark}"


def _word(text: str) -> str:
    return NO_NAME.sub("_", text).replace("#", "_") or "_"
