"""Rows of commands and stops; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from baigong.stores.records.tables import commands, stops
from baigong.vocab.writing import State, Value

_JSON = ("value", "previous", "read_back")


@dataclass(slots=True, frozen=True)
class CommandRow:
    """One wish to write, and what became of it. ``code``/``detail``: why it was refused, or how it failed."""

    id: str
    tenant: str
    point: int
    name: str
    asset: str
    value: Value
    state: State
    asked_by: str
    asked_us: int
    expires_us: int
    reason: str
    revision: str
    decided_by: str | None = None
    sent_us: int | None = None
    finished_us: int | None = None
    code: str = ""
    detail: str = ""
    previous: Value | None = None
    read_back: Value | None = None


@dataclass(slots=True, frozen=True)
class StopRow:
    """An emergency switch that is on: nothing of ``asset`` and below is written; "" stops the whole tenant."""

    tenant: str
    asset: str
    stopped_by: str
    stopped_us: int
    reason: str


def add_command(connection: sa.Connection, row: CommandRow) -> None:
    connection.execute(commands.insert().values({n: _cell(n, getattr(row, n)) for n in CommandRow.__slots__}))


def change_command(connection: sa.Connection, id: str, states: Collection[str], **changes: Any) -> bool:
    """Change a command that is in one of ``states``; False when it no longer is: somebody was faster."""
    this = sa.and_(commands.c.id == id, commands.c.state.in_(states))
    cells = {name: _cell(name, value) for name, value in changes.items()}
    return bool(connection.execute(commands.update().where(this).values(cells)).rowcount)


def find_command(connection: sa.Connection, tenant: str, id: str) -> CommandRow | None:
    row = connection.execute(sa.select(commands).where(commands.c.tenant == tenant, commands.c.id == id)).one_or_none()
    return None if row is None else _row(row)


def list_commands(
    connection: sa.Connection,
    tenant: str | None,
    *,
    states: Collection[str] = (),
    point: int | None = None,
    before_us: int | None = None,
    limit: int = 200,
) -> list[CommandRow]:
    """Return commands, newest first; ``tenant`` None: of all. ``before_us``: asked before, for the next page."""
    c = commands.c
    wanted = sa.select(commands).order_by(c.asked_us.desc(), c.id).limit(limit)
    if tenant is not None:
        wanted = wanted.where(c.tenant == tenant)
    if states:
        wanted = wanted.where(c.state.in_(states))
    if point is not None:
        wanted = wanted.where(c.point == point)
    if before_us is not None:
        wanted = wanted.where(c.asked_us < before_us)
    return [_row(row) for row in connection.execute(wanted)]


def last_sent_us(connection: sa.Connection, tenant: str, point: int) -> int | None:
    """Return when a point was last written to, whatever came of it."""
    c = commands.c
    found = connection.execute(sa.select(sa.func.max(c.sent_us)).where(c.tenant == tenant, c.point == point)).scalar()
    return None if found is None else int(found)


def all_stops(connection: sa.Connection) -> list[StopRow]:
    rows = connection.execute(sa.select(stops).order_by(stops.c.tenant, stops.c.asset))
    return [StopRow(**{n: getattr(row, n) for n in StopRow.__slots__}) for row in rows]


def put_stop(connection: sa.Connection, row: StopRow) -> None:
    drop_stop(connection, row.tenant, row.asset)
    connection.execute(stops.insert().values({n: getattr(row, n) for n in StopRow.__slots__}))


def drop_stop(connection: sa.Connection, tenant: str, asset: str) -> bool:
    return bool(connection.execute(stops.delete().where(stops.c.tenant == tenant, stops.c.asset == asset)).rowcount)


def _cell(name: str, value: Any) -> Any:
    return msgspec.json.encode(value).decode() if name in _JSON and value is not None else value


def _row(row: sa.Row[Any]) -> CommandRow:
    cells = {n: getattr(row, n) for n in CommandRow.__slots__}
    return CommandRow(**{n: msgspec.json.decode(v) if n in _JSON and v is not None else v for n, v in cells.items()})
