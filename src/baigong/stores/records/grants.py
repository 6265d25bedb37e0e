"""Rows of grants; every function is work on one connection. A grant is never changed, only revoked."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import grants
from baigong.stores.records.tokengrants import drop_tokens_under


@dataclass(slots=True, frozen=True)
class GrantRow:
    """``text``: one Cedar policy about objects of ``tenant``; ``data_…_us``: which values it opens, None: all."""

    grant: str
    tenant: str
    title: str
    text: str
    data_from_us: int | None
    data_until_us: int | None
    made_by: str
    made_us: int
    revoked_us: int | None = None
    revoked_by: str | None = None


def add_grant(connection: sa.Connection, row: GrantRow) -> None:
    connection.execute(grants.insert().values({n: getattr(row, n) for n in GrantRow.__slots__}))


def revoke_grant(connection: sa.Connection, tenant: str, grant: str, by: str, now_us: int) -> bool:
    """Say whether there was such a grant, not revoked before; tokens that were made with it go with it."""
    c = grants.c
    this = sa.and_(c.tenant == tenant, c.grant == grant, c.revoked_us.is_(None))
    if not connection.execute(grants.update().where(this).values(revoked_us=now_us, revoked_by=by)).rowcount:
        return False
    drop_tokens_under(connection, grant)
    return True


def all_grants(connection: sa.Connection) -> list[GrantRow]:
    """Return those in force."""
    return [_row(r) for r in connection.execute(sa.select(grants).where(grants.c.revoked_us.is_(None)))]


def grants_of(connection: sa.Connection, tenant: str) -> list[GrantRow]:
    """Return a tenant's grants, revoked ones too, newest first."""
    wanted = sa.select(grants).where(grants.c.tenant == tenant).order_by(grants.c.made_us.desc())
    return [_row(r) for r in connection.execute(wanted)]


def _row(row: sa.Row[tuple[object, ...]]) -> GrantRow:
    return GrantRow(**{n: getattr(row, n) for n in GrantRow.__slots__})
