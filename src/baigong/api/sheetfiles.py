"""Workbooks that somebody looks at before agreeing: kept in memory for an hour, of no use to anybody else."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from baigong.models.sheets import Grid, Table, find_tables, read_book
from baigong.models.sheets.moments import Order
from baigong.models.sheets.template import SheetTemplate
from baigong.vocab.errors import FixConfiguration

_KEPT_US = 3_600_000_000
_MOST_BYTES = 512 << 20  # of all together; the oldest go first
_DRAWN = (60, 40)  # rows and columns of a sheet's picture

Decimal = Literal["", ".", ","]


@dataclass(slots=True, frozen=True)
class Drawn:
    """The upper left of a sheet, without its cells' types."""

    grid: Grid  # its rows cut to the picture
    high: int
    wide: int


@dataclass(slots=True)
class Looked:
    """A file as it was understood with these options."""

    kind: str
    encoding: str
    drawn: list[Drawn]
    tables: list[Table]
    order: Order
    decimal: Decimal


@dataclass(slots=True)
class SheetFile:
    id: str
    name: str
    tenant: str
    user: str
    raw: bytes
    since_us: int
    sha256: str
    looked: Looked | None = field(default=None)

    def look(self, order: Order = "", decimal: Decimal = "") -> Looked:
        """Find its tables; again only where the options are others. Blocking: a million cells take two seconds."""
        held = self.looked
        if held is None or (held.order, held.decimal) != (order, decimal):
            held = self.looked = _look(self.raw, self.name, order, decimal)
        return held

    def agreed(self, template: SheetTemplate) -> str:
        """Name what somebody agrees to: this file under this template."""
        return hashlib.sha256(f"{self.sha256}\n{template!r}".encode()).hexdigest()[:32]


def _look(raw: bytes, name: str, order: Order, decimal: Decimal) -> Looked:
    book = read_book(raw, name)
    tables = [t for g in book.grids if not g.hidden for t in find_tables(g, order=order, decimal=decimal)]
    high, wide = _DRAWN
    drawn = [
        Drawn(Grid(g.name, [r[:wide] for r in g.rows[:high]], g.top, g.left, g.merges, g.hidden), len(g.rows), g.wide)
        for g in book.grids
    ]
    return Looked(book.kind, book.encoding, drawn, tables, order, decimal)


class SheetFiles:
    """Lives on the event loop. A file is seen by who brought it, and gone with the process: it is brought again."""

    def __init__(self, clock_us: Callable[[], int]) -> None:
        self._clock_us = clock_us
        self._files: dict[str, SheetFile] = {}

    def keep(self, tenant: str, user: str, name: str, raw: bytes) -> SheetFile:
        self._clear(len(raw))
        sha = hashlib.sha256(raw).hexdigest()
        file = SheetFile(secrets.token_hex(12), name, tenant, user, raw, self._clock_us(), sha)
        self._files[file.id] = file
        return file

    def _clear(self, more: int) -> None:
        now = self._clock_us()
        total = more + sum(len(one.raw) for one in self._files.values())
        for id, one in list(self._files.items()):
            if now - one.since_us > _KEPT_US or total > _MOST_BYTES:
                total -= len(one.raw)
                del self._files[id]

    def find(self, tenant: str, user: str, id: str) -> SheetFile:
        """Return a file. Raises http.not_found, also for that of somebody else."""
        found = self._files.get(id)
        if found is None or (found.tenant, found.user) != (tenant, user):
            raise FixConfiguration("http.not_found", "this file is no longer here: bring it again", place="file")
        return found

    def drop(self, tenant: str, user: str, id: str) -> None:
        self.find(tenant, user, id)
        del self._files[id]
