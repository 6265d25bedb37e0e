"""Which point a series and a field are: worked out once, then found by the bytes of the key.

A sender says the same series with the same fields again and again. So lines of one *shape* (the same fields in the
same order) share a table, a row for each series key with the numbers of its points: a line costs one look into a dict,
a value one place in a row that is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.api.influx.lines import Block, Ints
from baigong.api.influx.words import Wrong, plain, series_of
from baigong.drivers.mqtt.sniff import MAX_ADDRESS, propose_name
from baigong.vocab import frame as frames
from baigong.vocab.devices import Kind, PointSpec

MOST_POINTS = 100_000  # of one database
_MOST_ROWS = 400_000  # rows of all shapes, after which they are forgotten and learnt anew
Numbering = Callable[[str], int]


@dataclass(slots=True)
class Shape:
    """``rows``: series key -> row of ``table``, which holds a number for each of the fields."""

    names: tuple[bytes, ...]
    table: Ints
    rows: dict[bytes, int] = field(default_factory=dict)

    def add(self, key: bytes, numbers: list[int]) -> int:
        row = len(self.rows)
        if row == len(self.table):
            self.table = np.concatenate((self.table, np.zeros_like(self.table)))
        self.table[row] = numbers
        self.rows[key] = row
        return row


class Series:
    """The series of one database of one company. ``known``: address -> number of points that there are."""

    def __init__(self, number: Numbering, known: Mapping[str, int], most: int = MOST_POINTS) -> None:
        self._number, self._most = number, most
        self.numbers = dict(known)
        self._shapes: dict[tuple[bytes, ...], Shape] = {}
        self._rows = 0

    def resolve(self, block: Block, wrong: list[Wrong]) -> tuple[pa.RecordBatch, list[PointSpec]]:
        """Return a block's frame, and the points in it that are new. Lines that cannot be taken go to ``wrong``."""
        fresh: dict[str, PointSpec] = {}
        numbers = np.empty(len(block), np.int64)
        begins = np.cumsum(block.counts) - block.counts  # of each line its first value
        taken = np.ones(len(block.counts), bool)
        for names, at in _by_shape(block):
            shape = self._shape(names)
            keys = block.keys if len(at) == len(block.keys) else [block.keys[i] for i in at.tolist()]
            rows = np.fromiter(map(shape.rows.get, keys, repeat(-1)), np.int64, len(keys))
            for i in np.flatnonzero(rows < 0).tolist():
                rows[i] = self._learn(shape, keys[i], block, int(begins[at[i]]), fresh, wrong)
            taken[at] = rows >= 0
            _place(numbers, shape.table[rows], begins[at])
        return _frame(block, numbers, taken), list(fresh.values())

    def _shape(self, names: tuple[bytes, ...]) -> Shape:
        if self._rows > _MOST_ROWS:
            self._shapes.clear()
            self._rows = 0
        if names not in self._shapes:
            self._shapes[names] = Shape(names, np.zeros((64, len(names)), np.int64))
        return self._shapes[names]

    def _learn(
        self, shape: Shape, key: bytes, block: Block, begin: int, fresh: dict[str, PointSpec], wrong: list[Wrong]
    ) -> int:
        """Find or make the points of a new line, whose first value is at ``begin``; -1 when it cannot be taken."""
        if (row := shape.rows.get(key)) is not None:  # learnt by a line before, in this block
            return row
        try:
            series, words = series_of(key)
            made = [
                self._spec(series, words, name, is_text=begin + i in block.text) for i, name in enumerate(shape.names)
            ]
        except (ValueError, UnicodeDecodeError) as error:
            wrong.append(Wrong(key, str(error)))
            return -1
        new = {spec.address: spec for spec in made if spec.address not in self.numbers}
        if len(self.numbers) + len(new) > self._most:
            wrong.append(Wrong(key, f"max-series-per-database limit exceeded: ({self._most})"))
            return -1
        for spec in made:
            self.numbers.setdefault(spec.address, spec.number or 0)
        fresh |= new
        self._rows += 1
        return shape.add(key, [self.numbers[spec.address] for spec in made])

    def _spec(self, series: str, words: list[str], name: bytes, *, is_text: bool) -> PointSpec:
        called = plain(name)
        address = f"{series}#{name.decode()}"
        if len(address) > MAX_ADDRESS or "\0" in address:
            raise ValueError(f"series and field have {len(address)} characters; {MAX_ADDRESS} at most")
        topic = "/".join(word.replace("/", "_") or "_" for word in (*words, called))
        kind: Kind = "text" if is_text else "gauge"
        return PointSpec(name=propose_name(topic, ""), address=address, kind=kind, number=self._number(address))


def _by_shape(block: Block) -> list[tuple[tuple[bytes, ...], Ints]]:
    """Sort a block's lines by the fields they have: (names, lines)."""
    counts, ids = block.counts, block.name_ids
    lines, first = len(counts), int(counts[0])
    if (counts == first).all():
        rows = ids.reshape(lines, first)
        if (rows == rows[0]).all():
            return [(tuple(block.names[i] for i in rows[0]), np.arange(lines))]
    ends = np.cumsum(counts)
    raw, size = np.ascontiguousarray(ids, np.int32).tobytes(), 4
    found: dict[bytes, list[int]] = {}
    begin = 0
    for line, end in enumerate(ends.tolist()):
        found.setdefault(raw[begin * size : end * size], []).append(line)
        begin = end
    return [
        (tuple(block.names[i] for i in np.frombuffer(key, np.int32)), np.array(at, np.int64))
        for key, at in found.items()
    ]


def _place(numbers: Ints, found: Ints, begins: Ints) -> None:
    """Put the numbers of some lines, a row each, where their values stand."""
    if found.size == len(numbers):
        numbers[:] = found.ravel()
    else:
        numbers[begins[:, None] + np.arange(found.shape[1])] = found


def _frame(block: Block, numbers: Ints, taken: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.RecordBatch:
    times = np.repeat(block.times_us, block.counts)
    made = frames.frame(numbers, times, block.values, 0, whole=block.whole, text=block.text)
    return made if taken.all() else made.filter(pa.array(np.repeat(taken, block.counts)))
