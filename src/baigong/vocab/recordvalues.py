"""Values as business systems write them, turned into texts, numbers, times and flags: a column at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.vocab.frame import TIME

_GROUPED = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_WHOLE = r"^(-?\d+)\.0+$"
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d", "%Y%m%d%H%M%S")
_YES, _NO = ["1", "true", "yes", "y", "t", "是", "√", "启用"], ["0", "false", "no", "n", "f", "否", "×", "停用"]


def converted(raw: pa.Array, kind: str, zone: str) -> tuple[pa.Array, Any, str]:
    """Return the values, a mask of those that could not be read (null), and why not. An empty text is no value.

    >>> values, failed, why = converted(pa.array(["1,200.5", "x", ""]), "number", "UTC")
    >>> values.to_pylist(), failed.tolist(), why
    ([1200.5, None, None], [False, True, False], 'is no number')
    """
    if isinstance(raw, pa.ChunkedArray):
        raw = raw.combine_chunks()
    if pa.types.is_null(raw.type):
        raw = raw.cast(pa.string())
    read, why = {"text": (_text, ""), "number": (_number, "is no number"), "time": (_time, "is no time"),
                 "flag": (_flag, "is neither yes nor no")}[kind]  # fmt: skip
    there, made = _valid(raw), read(raw, zone)
    failed = (there & ~made.is_valid().to_numpy(zero_copy_only=False)) if kind != "text" else np.zeros(len(raw), bool)
    return made, failed, why


def _valid(raw: pa.Array) -> Any:
    if _is_text(raw.type):
        raw = _stripped(raw)
    return raw.is_valid().to_numpy(zero_copy_only=False)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _stripped(raw: pa.Array) -> pa.Array:
    text = pc.utf8_trim_whitespace(raw.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), None, text)


def _text(raw: pa.Array, zone: str) -> pa.Array:
    kind = raw.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        # a spreadsheet's 4711.0 is the text 4711
        return pc.replace_substring_regex(raw.cast(pa.string()), _WHOLE, r"\1")
    if pa.types.is_binary(kind) or pa.types.is_nested(kind):
        return pa.array([None if v is None else str(v) for v in raw.to_pylist()], pa.string())
    return _stripped(raw.cast(pa.string()))


def _number(raw: pa.Array, zone: str) -> pa.Array:
    kind = raw.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        made = (
            raw.cast(pa.int8()).cast(pa.float64()) if pa.types.is_boolean(kind) else raw.cast(pa.float64(), safe=False)
        )
        return pc.if_else(pc.is_finite(made), made, None)
    if pa.types.is_decimal(kind):
        return raw.cast(pa.float64())
    if not _is_text(kind):
        return pa.nulls(len(raw), pa.float64())
    text = _stripped(raw)
    text = pc.if_else(pc.match_substring_regex(text, _GROUPED), pc.replace_substring(text, ",", ""), text)
    text = pc.if_else(pc.match_substring_regex(text, _NUMBER), text, None)
    return pc.replace_substring(text, "+", "", max_replacements=1).cast(pa.float64())


def _time(raw: pa.Array, zone: str) -> pa.Array:
    kind = raw.type
    if pa.types.is_timestamp(kind):
        return raw.cast(TIME) if kind.tz else _zoned(raw.cast(pa.timestamp("us"), safe=False), zone)
    if pa.types.is_date(kind):
        return _zoned(raw.cast(pa.timestamp("us")), zone)
    if pa.types.is_integer(kind):
        raw = raw.cast(pa.string())  # 20261122
    if not _is_text(raw.type):
        return pa.nulls(len(raw), TIME)
    text = pc.replace_substring(pc.replace_substring(_stripped(raw), "/", "-"), "T", " ")
    text = pc.replace_substring_regex(text, r"\.\d+", "")
    aware = pc.match_substring_regex(text, r"(Z|[+-]\d\d:?\d\d)$")
    made = pa.nulls(len(raw), pa.timestamp("us"))
    for form in _FORMATS:
        # strptime takes what is only begun by a format as a failure, which error_is_null turns into null
        made = pc.coalesce(made, pc.strptime(text, form, "us", error_is_null=True))
    local = _zoned(made, zone)
    if not pc.any(aware).as_py():
        return local
    exact = pc.strptime(
        pc.replace_substring_regex(text, r"Z$", "+0000"), "%Y-%m-%d %H:%M:%S%z", "us", error_is_null=True
    )
    return pc.if_else(pc.fill_null(aware, False), exact.cast(TIME), local)


def _zoned(made: pa.Array, zone: str) -> pa.Array:
    return pc.assume_timezone(made, zone, ambiguous="earliest", nonexistent="earliest").cast(TIME)


def _flag(raw: pa.Array, zone: str) -> pa.Array:
    if pa.types.is_boolean(raw.type):
        return raw
    text = pc.utf8_lower(_text(raw, zone))
    yes, no = (pc.is_in(text, value_set=pa.array(words)) for words in (_YES, _NO))
    return pc.if_else(yes, True, pc.if_else(no, False, None))
