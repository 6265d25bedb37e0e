"""One reading of a line of meters: which identifiers are asked for, what is learnt, what the answers become.

Neighbours (the three voltages, the tariffs of one energy) are asked for as one block where a meter knows it. What a
meter refuses is left out and asked for again once a minute. A silent meter spoils only its own points and costs at
most one wait a reading, unless nobody answers at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from baigong.drivers.columns import Columns
from baigong.drivers.contract import Wanted
from baigong.drivers.dlt645 import codec
from baigong.drivers.dlt645.address import Place, parse
from baigong.drivers.dlt645.items import block
from baigong.drivers.scan import Refused
from baigong.drivers.silence import Silences
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater

Fetch = Callable[[str, str], Awaitable[bytes]]
"""Reads (meter, identifier): raises Refused and what a line raises."""

_LESSON_S = 60.0  # how long a refused identifier is left alone
_OPEN = 1 << 4  # status word 3: the relay is open


@dataclass(slots=True)
class Lessons:
    """What the meters of a line have taught: ends with the connection.

    ``refused``: (meter, identifier) -> when to ask again; ``blockless``: blocks that a meter does not know;
    ``silent``: the meters that did not answer.
    """

    refused: dict[tuple[str, str], float] = field(default_factory=dict)
    blockless: set[tuple[str, str]] = field(default_factory=set)
    silent: Silences[str] = field(default_factory=Silences)


class Reading:
    """Reads the points of one set. ``own``: the meter of addresses that name none."""

    def __init__(self, points: Sequence[Wanted], own: str, width: int, lessons: Lessons) -> None:
        self._numbers = np.array([w.number for w in points], np.int64)
        self._quality = np.zeros(len(points), np.int32)
        self._columns = Columns.empty(len(points))
        self._lessons = lessons
        self._rows: dict[str, dict[str, list[tuple[int, Place]]]] = {}  # meter -> identifier -> rows
        for row, wanted in enumerate(points):
            try:
                place = parse(wanted.address)
            except FixConfiguration:
                self._quality[row] = q.BAD_CONFIGURATION
                continue
            if len(place.identifier) != 2 * width:
                self._quality[row] = q.BAD_CONFIGURATION
                continue
            self._rows.setdefault(place.meter or own, {}).setdefault(place.identifier, []).append((row, place))

    async def run(self, fetch: Fetch, now_s: float) -> None:
        """Ask every meter; raises driver.timeout when none answers, and what ``fetch`` raises for a broken line."""
        silent = self._lessons.silent
        waiting = silent.left_alone(self._rows, now_s)
        for meter in sorted(self._rows, key=lambda meter: meter in silent):
            if meter in waiting:
                self._all(meter, q.BAD_NO_COMMUNICATION)
                continue
            try:
                await self._meter(meter, fetch, now_s)
                silent.pop(meter, None)
            except RetryLater as error:
                if error.code != "driver.timeout":
                    raise
                silent.note(meter, now_s)
                if all(one in silent for one in self._rows):
                    raise
                self._all(meter, q.BAD_NO_COMMUNICATION)
                waiting |= silent.keys()  # one such wait per reading is enough

    def frame(self, time_us: int) -> pa.RecordBatch:
        """What was read, one row per point."""
        return self._columns.frame(self._numbers, self._quality, time_us)

    def _all(self, meter: str, quality: int) -> None:
        for rows in self._rows[meter].values():
            for row, _ in rows:
                self._quality[row] = quality

    async def _meter(self, meter: str, fetch: Fetch, now_s: float) -> None:
        left = dict(self._rows[meter])
        blocks: dict[str, list[tuple[int, str]]] = {}
        for di, rows in left.items():
            found = block(di)
            plain = not any(place.shaped or place.index for _, place in rows)
            if found and plain and (meter, found[0]) not in self._lessons.blockless:
                blocks.setdefault(found[0], []).append((found[1], di))
        for name, members in blocks.items():
            if len(members) > 1 and await self._block(meter, name, members, fetch):
                for _, di in members:
                    del left[di]
        for di, rows in left.items():
            await self._single(meter, di, rows, fetch, now_s)

    async def _block(self, meter: str, name: str, members: list[tuple[int, str]], fetch: Fetch) -> bool:
        """Read neighbours at once; False: they are to be read one by one, now and later."""
        try:
            raw = await fetch(meter, name)
        except Refused:
            self._lessons.blockless.add((meter, name))
            return False
        size = self._rows[meter][members[0][1]][0][1].form.size
        if len(raw) % size or any((at + 1) * size > len(raw) for at, _ in members):
            self._lessons.blockless.add((meter, name))
            return False
        for at, di in members:
            for row, place in self._rows[meter][di]:
                self._put(row, place, raw[at * size : (at + 1) * size])
        return True

    async def _single(self, meter: str, di: str, rows: list[tuple[int, Place]], fetch: Fetch, now_s: float) -> None:
        refused = self._lessons.refused
        raw = None
        if refused.get((meter, di), 0.0) <= now_s:
            try:
                raw = await fetch(meter, di)
                refused.pop((meter, di), None)
            except Refused:
                refused[meter, di] = now_s + _LESSON_S
        for row, place in rows:
            if raw is None:
                self._quality[row] = q.BAD_NODE_ID_UNKNOWN
            else:
                size = place.form.size
                self._put(row, place, raw[place.index * size : (place.index + 1) * size])

    def _put(self, row: int, place: Place, raw: bytes) -> None:
        if len(raw) != place.form.size:
            self._quality[row] = q.BAD_TYPE_MISMATCH if raw else q.BAD_NODE_ID_UNKNOWN
            return
        value = codec.decode(place.form, raw)
        if isinstance(value, str):
            self._columns.put_text(row, value)
        elif value is None:
            self._quality[row] = q.BAD_DATA_UNAVAILABLE if set(raw) == {0xFF} else q.BAD_TYPE_MISMATCH
        elif not place.di:
            self._columns.value[row] = 0 if int(value) & _OPEN else 1
        else:
            self._columns.value[row] = value
