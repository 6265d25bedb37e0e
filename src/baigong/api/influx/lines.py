"""Line protocol to columns: cut with C-speed splits and numpy, numbers read by Arrow, no Python for each value.

A line is ``measurement,tag=value,… field=value,… [time]``. Lines without quotes and backslashes, which is nearly all,
go the fast way together; the rest, and a batch that the fast way cannot read, goes line by line (``words``), so that
each wrong line is named and the others are kept. Source: docs.influxdata.com, InfluxDB 1.8, line protocol reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.api.influx.words import MOST_NS, WORDS, Wrong, read_line

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
PRECISIONS = {"n": 1, "ns": 1, "": 1, "u": 1000, "us": 1000, "µ": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
PRECISIONS["h"] = 3600 * 10**9
_EXACT = float(1 << 53)
_I, _U, _DOT, _ZERO, _NINE, _COMMA, _EQUALS, _BLANK, _BREAK = b"iu.09,= \n"


class NotPlain(ValueError):
    """Something in these lines is wrong, or not for the fast way."""


@dataclass(slots=True)
class Block:
    """Lines in columns. ``keys``: series key of each line; ``counts``: its fields; ``times_us`` of each line.

    ``name_ids``: of each value its field, in ``names``. Where ``values`` is NaN there is ``whole`` or ``text``, by row.
    """

    keys: Sequence[bytes]
    counts: Ints
    times_us: Ints
    names: list[bytes]
    name_ids: Ints
    values: Floats
    whole: dict[int, int] = field(default_factory=dict)
    text: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)


@dataclass(slots=True)
class Parsed:
    blocks: list[Block]
    wrong: list[Wrong]


def parse(raw: bytes, precision_ns: int, now_us: int) -> Parsed:
    """Read a body. ``now_us``: the time of lines that say none."""
    parsed = Parsed([], [])
    is_simple = not (b'"' in raw or b"\\" in raw or b"#" in raw or b"\r" in raw)
    if is_simple and _try(raw if raw.endswith(b"\n") else raw + b"\n", precision_ns, None, parsed):
        return parsed
    timed, untimed, rest = _sorted(raw)
    # a time of 0 is written behind lines that have none, and then taken away again
    for lines, end, at_us in ((timed, b"\n", None), (untimed, b" 0\n", now_us)):
        if lines and not _try(end.join(lines) + end, precision_ns, at_us, parsed):
            rest += lines
    if rest:
        _slowly(rest, precision_ns, now_us, parsed)
    return parsed


def _try(body: bytes, precision_ns: int, at_us: int | None, parsed: Parsed) -> bool:
    try:
        parsed.blocks.append(_fast(body, precision_ns, at_us))
    except (NotPlain, pa.ArrowInvalid):
        return False
    return True


def _sorted(raw: bytes) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Cut into lines: plain ones with a time, plain ones without, and the rest. A quoted text may hold line breaks."""
    timed: list[bytes] = []
    untimed: list[bytes] = []
    rest: list[bytes] = []
    open_line = b""
    for line in raw.replace(b"\r\n", b"\n").split(b"\n"):
        if open_line:
            line = open_line + b"\n" + line
        elif not line.strip() or line.startswith(b"#"):
            continue
        elif b'"' not in line and b"\\" not in line:
            spaces = line.count(b" ")
            (timed if spaces == 2 else untimed if spaces == 1 else rest).append(line)
            continue
        quotes = line.replace(b"\\\\", b"").replace(b'\\"', b"").count(b'"')
        open_line = line if quotes % 2 else b""
        if not open_line:
            rest.append(line)
    return timed, untimed, rest + ([open_line] if open_line else [])


def _fast(body: bytes, precision_ns: int, at_us: int | None) -> Block:
    """Read lines of exactly three parts, each ended by a line break. Raises NotPlain, pa.ArrowInvalid.

    The bytes are not copied into pieces but described by offsets, as Arrow describes texts: key, blank, fields and
    blank, time, break; then, of all the fields, name, equals sign, value, and what is behind it.
    """
    raw = np.frombuffer(body, np.uint8)
    breaks, blanks = np.flatnonzero(raw == _BREAK), np.flatnonzero(raw == _BLANK)
    if not len(breaks) or len(blanks) != 2 * len(breaks):
        raise NotPlain
    begins, first, second = np.concatenate(([0], breaks[:-1] + 1)), blanks[0::2], blanks[1::2]
    if not ((begins < first) & (first + 1 < second) & (second + 1 < breaks)).all():
        raise NotPlain
    parts = _cut(body, (begins, first, first + 1, second + 1, breaks))
    fields = _every(parts, 2, 5)
    counts, pieces, raw, last = _fields(fields)
    integer = (last == _I) | (last == _U)
    number = ((last >= _ZERO) & (last <= _NINE)) | (last == _DOT) | integer
    starts, equals, ends = pieces
    cut = _cut(raw, (starts, equals, equals + 1, ends - integer))
    named = _every(cut, 0, 4).dictionary_encode()
    values, whole, text = _values(_every(cut, 2, 4), number, integer, last == _U)
    return Block(
        keys=[body[a:b] for a, b in zip(begins.tolist(), first.tolist(), strict=True)],
        counts=counts,
        times_us=_times(_every(parts, 3, 5), precision_ns) if at_us is None else np.full(len(counts), at_us, np.int64),
        names=[name.as_buffer().to_pybytes() for name in named.dictionary],
        name_ids=named.indices.to_numpy(),
        values=values,
        whole=whole,
        text=text,
    )


def _cut(body: Any, edges: tuple[Ints, ...]) -> pa.StringArray:
    """Describe pieces of bytes without copying them; ``edges``: where each kind of piece begins, row by row."""
    rows, kinds = len(edges[0]), len(edges)
    offsets = np.empty(rows * kinds + 1, np.int32)
    for kind, begin in enumerate(edges):
        offsets[kind:-1:kinds] = begin
    offsets[-1] = len(body)
    return pa.StringArray.from_buffers(rows * kinds, pa.py_buffer(offsets), pa.py_buffer(body))


def _every(pieces: pa.StringArray, first: int, step: int) -> pa.StringArray:
    return pieces.take(pa.array(np.arange(first, len(pieces), step, dtype=np.int32)))


def _fields(fields: pa.StringArray) -> tuple[Ints, tuple[Ints, Ints, Ints], Any, Any]:
    """Find the fields: how many each line has; begin, equals sign and end of each; their bytes; the last of each."""
    _, offsets, held = fields.buffers()
    line_ends = np.frombuffer(offsets, np.int32, len(fields) + 1)[1:]
    raw = np.frombuffer(held, np.uint8, int(line_ends[-1]))
    equals, ends = np.flatnonzero(raw == _EQUALS), np.flatnonzero((raw == _COMMA) | (raw == _BLANK))
    if len(equals) != len(ends):
        raise NotPlain
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (equals <= starts).any() or (ends <= equals + 1).any():
        raise NotPlain
    return np.diff(np.searchsorted(ends, line_ends), prepend=0), (starts, equals, ends), raw, raw[ends - 1]


def _values(
    tokens: pa.Array, number: Any, integer: Any, unsigned: Any
) -> tuple[Floats, dict[int, int], dict[int, str]]:
    whole: dict[int, int] = {}
    text: dict[int, str] = {}
    if number.all():
        values = pc.cast(tokens, pa.float64()).to_numpy()
    else:
        values = np.empty(len(tokens))
        values[number] = pc.cast(tokens.filter(pa.array(number)), pa.float64()).to_numpy()
        for row in np.flatnonzero(~number):
            word = tokens[int(row)].as_buffer().to_pybytes()
            if word not in WORDS:
                raise NotPlain
            values[row] = WORDS[word]
    if not np.isfinite(values).all():
        raise NotPlain
    if integer.any():
        if (values[integer] % 1).any() or (values[unsigned] < 0).any():
            raise NotPlain
        big = np.flatnonzero(integer & (np.abs(values) >= _EXACT))
        if len(big):
            values = values.copy()
            for row in big:
                put_whole(int(row), int(tokens[int(row)].as_py()), bool(unsigned[row]), values, whole, text)
    return values, whole, text


def put_whole(
    row: int, number: int, unsigned: bool, values: Floats, whole: dict[int, int], text: dict[int, str]
) -> None:
    """Put an integer that float64 may lose; one of UInt64 that int64 cannot hold is kept as its digits."""
    if -(1 << 63) <= number < 1 << 63:
        whole[row] = number
    elif unsigned and number < 1 << 64:
        text[row] = str(number)
    else:
        raise NotPlain
    values[row] = np.nan


def _times(stamps: pa.StringArray, precision_ns: int) -> Ints:
    made: Ints = pc.cast(stamps, pa.int64()).to_numpy()
    if precision_ns == 1:
        return made // 1000
    if np.abs(made).max(initial=0) > MOST_NS // precision_ns:
        raise NotPlain
    return made * (precision_ns // 1000)


def _slowly(lines: list[bytes], precision_ns: int, now_us: int, parsed: Parsed) -> None:
    keys: list[bytes] = []
    counts: list[int] = []
    times: list[int] = []
    ids: dict[bytes, int] = {}
    name_ids: list[int] = []
    held: list[Any] = []
    for line in lines:
        if not line.strip():
            continue
        read = read_line(line.strip(b" "), precision_ns)
        if isinstance(read, Wrong):
            parsed.wrong.append(read)
            continue
        keys.append(read.key)
        counts.append(len(read.fields))
        times.append(now_us if read.time_us is None else read.time_us)
        for name, value in read.fields:
            name_ids.append(ids.setdefault(name, len(ids)))
            held.append(value)
    if not held:
        return
    values = np.full(len(held), np.nan)
    block = Block(keys, np.array(counts), np.array(times, np.int64), list(ids), np.array(name_ids), values)
    for row, value in enumerate(held):
        if isinstance(value, str):
            block.text[row] = value
        elif isinstance(value, int) and abs(value) >= _EXACT:
            put_whole(row, value, value > 0, values, block.whole, block.text)
        else:
            values[row] = value
    parsed.blocks.append(block)
