"""Rectangles of a sheet that hold something, divided by blank rows and columns. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from baigong.models.sheets.grids import Grid

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(slots=True, frozen=True)
class Block:
    """Rows and columns of the grid, from 0 at its corner; ``bottom`` and ``right`` are within."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def high(self) -> int:
        return self.bottom - self.top + 1

    @property
    def wide(self) -> int:
        return self.right - self.left + 1


def filled(grid: Grid) -> Mask:
    """Return which cells hold something; blanks and line breaks are nothing."""
    mask = np.zeros((len(grid.rows), grid.wide), np.bool_)
    for at, row in enumerate(grid.rows):
        mask[at] = [c is not None and c != "" and (type(c) is not str or not c.isspace()) for c in row]
    return mask


def covered(grid: Grid, mask: Mask) -> Mask:
    """Return the mask with all cells of a merged one that holds something."""
    whole = mask.copy()
    for top, left, bottom, right in grid.merges:
        row, column = top - grid.top, left - grid.left
        if 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1] and mask[row, column]:
            whole[row : bottom - grid.top + 1, column : right - grid.left + 1] = True
    return whole


def blocks(whole: Mask) -> list[Block]:
    """Divide by blank rows, then by blank columns, and again, until nothing divides; from the top, then the left."""
    found: list[Block] = []
    waiting = [(0, 0, whole.shape[0] - 1, whole.shape[1] - 1)] if whole.size else []
    while waiting:
        top, left, bottom, right = waiting.pop()
        part = whole[top : bottom + 1, left : right + 1]
        rows, columns = _runs(part.any(axis=1)), _runs(part.any(axis=0))
        if not rows:
            continue
        if len(rows) == 1 and len(columns) == 1:
            (a, b), (c, d) = rows[0], columns[0]
            found.append(Block(top + a, left + c, top + b, left + d))
        elif len(rows) > 1:
            waiting += [(top + a, left, top + b, right) for a, b in rows]
        else:
            a, b = rows[0]
            waiting += [(top + a, left + c, top + b, left + d) for c, d in columns]
    return sorted(found, key=lambda one: (one.top, one.left))


def _runs(line: Any) -> list[tuple[int, int]]:
    """Return first and last of each run of what is True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.view(np.int8), [0]))))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
