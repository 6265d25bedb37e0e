"""The data everybody gets: points that walk by tenths, one sample a second, the same for every system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.vocab.frame import encode, frame

FIELDS = 100  # points of one device: a line of line protocol
Ints = np.ndarray[Any, np.dtype[np.int64]]
_MAGIC = 0x7A5E_0000_0000_0001


@dataclass(slots=True, frozen=True)
class Walks:
    """``tenths[second, point]``: the values times ten."""

    tenths: np.ndarray[Any, np.dtype[np.int32]]

    @property
    def seconds(self) -> int:
        return len(self.tenths)

    @property
    def points(self) -> int:
        return self.tenths.shape[1]

    def values(self, seconds: slice, points: slice = slice(None)) -> np.ndarray[Any, np.dtype[np.float64]]:
        return self.tenths[seconds, points].astype(np.float64) / 10.0


def walks(points: int, seconds: int, seed: int = 1) -> Walks:
    """Make random walks: begin in 20…80, step by -0.3…0.3 in tenths, evenly."""
    random = np.random.default_rng(seed)
    made = np.empty((seconds, points), np.int32)
    made[0] = random.integers(200, 800, points)
    for begin in range(1, seconds, 512):
        steps = random.integers(-3, 4, (min(512, seconds - begin), points), np.int32)
        made[begin : begin + len(steps)] = made[begin - 1] + np.cumsum(steps, axis=0, dtype=np.int32)
    return Walks(made)


def names(points: int) -> list[str]:
    """Name the points: ``dev0042.f17``."""
    return [f"dev{p // FIELDS:04d}.f{p % FIELDS:02d}" for p in range(points)]


class Body:
    """An encoded Arrow stream whose times can be moved in place: what a load generator sends again and again."""

    def __init__(self, numbers: Ints, values: np.ndarray[Any, Any]) -> None:
        """``values[second, point]``; rows run second by second."""
        seconds, points = values.shape
        self.rows, self.seconds = seconds * points, seconds
        marked = np.arange(self.rows, dtype=np.int64) + _MAGIC
        raw = encode(frame(np.tile(numbers, seconds), marked, values.ravel()))
        self.raw = bytearray(raw)
        at = raw.find(marked.tobytes())
        self._times = np.frombuffer(self.raw, np.int64, self.rows, at)
        self._offsets = np.repeat(np.arange(seconds, dtype=np.int64) * 1_000_000, points)

    def at(self, begin_us: int) -> bytearray:
        """Return the bytes with the first second at this time."""
        np.add(self._offsets, begin_us, out=self._times)
        return self.raw


class LineBody:
    """Line protocol whose times can be moved: one line a device and second, ``FIELDS`` fields in it."""

    def __init__(self, walked: Walks, seconds: slice, points: slice) -> None:
        texts = np.char.mod("%.1f", walked.values(seconds, points))
        self.rows, self.seconds = texts.size, len(texts)
        keys = [f"f{k:02d}=" for k in range(FIELDS)]
        self._parts = []
        for row in texts:
            lines = []
            for d in range(0, len(row), FIELDS):
                pairs = ",".join(map(str.__add__, keys, row[d : d + FIELDS].tolist()))
                lines.append(f"m,dev=dev{(points.start + d) // FIELDS:04d} {pairs} ")
            self._parts.append(lines)
        mark = "@{:04d}" + "#" * 14  # as wide as nanoseconds: 19 digits
        joined = "".join(line + mark.format(s) + "\n" for s, lines in enumerate(self._parts) for line in lines)
        self.raw = bytearray(joined.encode())
        flat = np.frombuffer(self.raw, np.uint8)
        marks = np.flatnonzero(flat == ord("@"))
        self._where = marks[:, None] + np.arange(19)
        self._flat = flat
        self._second = np.repeat(np.arange(self.seconds), len(self._parts[0]))
        self._parts = []

    def at(self, begin_us: int) -> bytearray:
        stamps = [str((begin_us + s * 1_000_000) * 1000).encode() for s in range(self.seconds)]
        digits = np.frombuffer(b"".join(stamps), np.uint8).reshape(self.seconds, 19)
        self._flat[self._where] = digits[self._second]
        return self.raw


class CopyBody:
    """Rows of PostgreSQL's binary COPY (point int4, time timestamptz, value float8), times movable."""

    _ROW = np.dtype(
        [("n", ">i2"), ("a", ">i4"), ("point", ">i4"), ("b", ">i4"), ("time", ">i8"), ("c", ">i4"), ("value", ">f8")]
    )
    _EPOCH_US = 946_684_800_000_000  # 2000-01-01

    def __init__(self, walked: Walks, seconds: slice, points: slice) -> None:
        values = walked.values(seconds, points)
        self.rows, self.seconds = values.size, len(values)
        self._rows = np.zeros(self.rows, self._ROW)
        self._rows["n"], self._rows["a"], self._rows["b"], self._rows["c"] = 3, 4, 8, 8
        self._rows["point"] = np.tile(np.arange(points.start, points.start + values.shape[1]), self.seconds)
        self._rows["value"] = values.ravel()
        self._offsets = np.repeat(np.arange(self.seconds, dtype=np.int64) * 1_000_000, values.shape[1])

    def at(self, begin_us: int) -> bytes:
        self._rows["time"] = self._offsets + (begin_us - self._EPOCH_US)
        return b"PGCOPY\n\xff\r\n\0" + bytes(8) + self._rows.tobytes() + b"\xff\xff"


def named_table(point_names: list[str], time_us: int) -> bytes:
    """Encode one value of each name, which registers them."""
    n = len(point_names)
    table = pa.table(
        {
            "name": pa.array(point_names),
            "time": pa.array(np.full(n, time_us)).cast(pa.timestamp("us", tz="UTC")),
            "value": pa.array(np.zeros(n)),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
