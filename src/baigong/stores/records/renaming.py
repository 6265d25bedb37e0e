"""Rows of names that assets and points had before; and the names of assets in other tables, written anew.

Every function is work on one connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from baigong.stores.records.access import put_setting, settings_of
from baigong.stores.records.documents import documents
from baigong.stores.records.life import life
from baigong.stores.records.plant import batched
from baigong.stores.records.tables import episodes, events, metadata, settings
from baigong.stores.records.tasks import tasks

Kind = Literal["asset", "point"]
_AT_ONCE = 500  # names in one question: databases bound how many

earlier_names = sa.Table(
    "earlier_names",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # asset | point
    sa.Column("name", sa.Text, nullable=False),  # that was given up
    sa.Column("became", sa.Text, nullable=False),  # which may have been given up since, too
    sa.Column("given_up_us", sa.BigInteger, nullable=False),
    sa.Column("given_up_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "kind", "name"),
)
# Where else an asset is called by its name. The rows of assets and points themselves are written by their own pieces.
ASSET_COLUMNS = ((episodes, "asset"), (life, "asset"), (tasks, "asset"))
SUBJECT_COLUMNS = ((documents, "subject"), (events, "subject"))  # "asset:pump1"
ITS_OWN = {  # columns with names of assets that are not written here, and why
    "assets.asset": "written with the assets",
    "assets.parent": "written with the assets",
    "asset_relations.asset": "written with the assets",
    "points.asset": "written with the points",
    "stops.asset": "read as it is called today (registry/stops.py)",
    "commands.asset": "what it was called then: who looks back finds the point by its number",
}


@dataclass(slots=True, frozen=True)
class NameRow:
    tenant: str
    kind: Kind
    name: str
    became: str
    given_up_us: int
    given_up_by: str


def names_of(connection: sa.Connection, tenant: str) -> list[NameRow]:
    wanted = sa.select(earlier_names).where(earlier_names.c.tenant == tenant).order_by(earlier_names.c.name)
    return [NameRow(**{n: getattr(row, n) for n in NameRow.__slots__}) for row in connection.execute(wanted)]


def put_names(connection: sa.Connection, tenant: str, rows: Sequence[NameRow]) -> None:
    """Write names that were given up, in place of what they became before."""
    for kind in ("asset", "point"):
        drop_names(connection, tenant, kind, [row.name for row in rows if row.kind == kind])
    if rows:
        connection.execute(earlier_names.insert(), [{n: getattr(row, n) for n in NameRow.__slots__} for row in rows])


def drop_names(connection: sa.Connection, tenant: str, kind: str, names: Sequence[str]) -> None:
    c = earlier_names.c
    for piece in batched(names, _AT_ONCE):
        connection.execute(earlier_names.delete().where(c.tenant == tenant, c.kind == kind, c.name.in_(piece)))


def rename_assets(connection: sa.Connection, tenant: str, old: str, new: str) -> None:
    """Write the name of an asset, and what lies below it by its name, anew where others say it."""
    for columns, front in ((ASSET_COLUMNS, ""), (SUBJECT_COLUMNS, "asset:")):
        for table, name in columns:
            _rename(connection, table, table.c[name], tenant, front + old, front + new)
    for name, text in settings_of(connection, f"quotas/site/{tenant}/").items():
        fresh = f"quotas/site/{tenant}/{moved(name.split('/', 3)[3], old, new)}"
        if fresh != name:
            connection.execute(settings.delete().where(settings.c.name == name))
            put_setting(connection, fresh, text)


def _rename(
    connection: sa.Connection, table: sa.Table, column: sa.Column[str], tenant: str, old: str, new: str
) -> None:
    """Letters count: LIKE, which ``startswith`` is, takes PUMP for pump in SQLite."""
    below = sa.func.substr(column, 1, len(old) + 1) == f"{old}."
    fresh = sa.literal(new, sa.Text) + sa.func.substr(column, len(old) + 1)
    these = sa.and_(table.c.tenant == tenant, sa.or_(column == old, below))
    connection.execute(table.update().where(these).values({column.name: fresh}))


def moved(name: str, old: str, new: str) -> str:
    """Return what a name of an asset is when ``old`` becomes ``new``.

    >>> moved("hall.press1", "hall", "north"), moved("hall2", "hall", "north")
    ('north.press1', 'hall2')
    """
    return new + name[len(old) :] if name == old or name.startswith(f"{old}.") else name
