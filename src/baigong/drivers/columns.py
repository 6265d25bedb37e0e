"""What a scan's bytes become: columns, filled kind by kind for all points at once, then one frame.

For drivers that ask for blocks of memory (registers, data blocks, words) and cut many values out of each answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from baigong.vocab import quality as q
from baigong.vocab.frame import frame

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
_EXACT = 1 << 53


@dataclass(slots=True)
class Columns:
    """Decoded values, one per point: see ``vocab.frame.frame`` for what NaN and None mean.

    ``faults``: quality to be set where the bytes were no value (a BCD digit above 9), else 0.
    """

    value: Floats
    whole: Any
    text: list[str | None] | None
    faults: np.ndarray[Any, np.dtype[np.int32]]

    @classmethod
    def empty(cls, rows: int) -> Self:
        return cls(np.full(rows, np.nan), None, None, np.zeros(rows, np.int32))

    def put(self, rows: Any, numbers: Any) -> None:
        """Numbers of any numpy type, one for each of ``rows``; what float64 would lose is kept whole."""
        if numbers.dtype.kind in "iu" and numbers.dtype.itemsize == 8:
            self._put_wide(rows, numbers)
            return
        with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one, and then bad quality
            self.value[rows] = numbers

    def put_bcd(self, rows: Any, taken: Bytes) -> None:
        """Binary coded decimals, the bytes of each in a row, high digit first; a digit above 9 is a type mismatch."""
        digits = np.stack([taken >> 4, taken & 15], axis=2).reshape(len(taken), -1)
        weights = 10.0 ** np.arange(digits.shape[1])[::-1]
        wrong = (digits > 9).any(axis=1)
        self.value[rows] = np.where(wrong, np.nan, digits @ weights)
        self.faults[rows] = np.where(wrong, q.BAD_TYPE_MISMATCH, 0)

    def put_text(self, row: int, text: str | None) -> None:
        """One text; None: the bytes are none."""
        self.text = self.text or [None] * len(self.value)
        self.text[row] = text
        if text is None:
            self.faults[row] = q.BAD_TYPE_MISMATCH

    def _put_wide(self, rows: Any, numbers: Any) -> None:
        big = numbers > _EXACT
        if numbers.dtype.kind == "i":
            big |= numbers < -_EXACT
        self.value[rows] = np.where(big, np.nan, numbers.astype(np.float64))
        if not big.any():
            return
        if self.whole is None:
            self.whole = np.ma.array(np.zeros(len(self.value), np.int64), mask=True)
        beyond = numbers > np.uint64((1 << 63) - 1) if numbers.dtype.kind == "u" else np.zeros(len(numbers), bool)
        fits = big & ~beyond
        self.whole[rows[fits]] = numbers[fits].astype(np.int64)
        for row, number in zip(rows[beyond], numbers[beyond], strict=True):
            self.put_text(row, str(number))  # an unsigned number that int64 cannot hold is kept as its digits

    def frame(self, numbers: Any, quality: Any, time_us: int) -> pa.RecordBatch:
        """Make the frame of points ``numbers`` at one moment; where quality or bytes are bad there is no value."""
        quality = np.where(quality == 0, self.faults, quality)
        bad = quality != 0
        self.value[bad] = np.nan
        if self.text is not None:
            self.text = [None if b else t for b, t in zip(bad, self.text, strict=True)]
        if self.whole is not None:
            self.whole[bad] = np.ma.masked
        times = np.full(len(numbers), time_us, np.int64)
        return frame(numbers, times, self.value, quality, whole=self.whole, text=self.text)


def grouped(items: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Gather (kind, row, positions of its bytes, ...) by kind: what follows the kind as one index array each.

    >>> grouped([("int", 0, [4, 5], 0), ("bool", 1, [8, 9], 3), ("int", 2, [6, 7], 0)])[0][1:3]
    (array([0, 2]), array([[4, 5],
           [6, 7]]))
    """
    groups: dict[Any, list[list[Any]]] = {}
    for kind, *rest in items:
        groups.setdefault(kind, []).append(rest)
    return [(kind, *map(np.array, zip(*members, strict=True))) for kind, members in groups.items()]


def text(raw: bytes, otherwise: str = "gb18030") -> str:
    """Read a device's text: up to the first NUL, without trailing blanks; UTF-8, else in another encoding.

    >>> text(b"PUMP 1  "), text("泵".encode("gb18030") + bytes(2)), text("läuft".encode("latin-1"), "latin-1")
    ('PUMP 1', '泵', 'läuft')
    """
    held = raw.split(b"\0", 1)[0].rstrip()
    try:
        return held.decode("utf-8")
    except UnicodeDecodeError:
        return held.decode(otherwise, errors="replace")
