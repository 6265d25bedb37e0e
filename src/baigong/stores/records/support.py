"""Rows of support access: what the platform's people asked a company for, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from baigong.stores.records.tables import metadata

support_requests = sa.Table(
    "support_requests",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),  # who is asked
    sa.Column("asker", sa.Text, nullable=False),  # company/name, as in the audit log
    sa.Column("asker_kind", sa.Text, nullable=False),  # User | Token
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("hours", sa.Float, nullable=False),
    sa.Column("asked_us", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # asked | allowed | refused | ended
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_us", sa.BigInteger, nullable=True),
    sa.Column("ends_us", sa.BigInteger, nullable=True),
    sa.Column("grant", sa.Text, nullable=False),  # empty until the company consents
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Column("ended_us", sa.BigInteger, nullable=True),
    sa.Index("support_requests_by_tenant", "tenant", "asked_us"),
)


@dataclass(slots=True, frozen=True)
class SupportRow:
    id: str
    tenant: str
    asker: str
    asker_kind: str
    reason: str
    level: str
    hours: float
    asked_us: int
    state: str = "asked"
    decided_by: str = ""
    decided_us: int | None = None
    ends_us: int | None = None
    grant: str = ""
    ended_by: str = ""
    ended_us: int | None = None


def add_request(connection: sa.Connection, row: SupportRow) -> None:
    connection.execute(support_requests.insert().values({n: getattr(row, n) for n in SupportRow.__slots__}))


def change_request(connection: sa.Connection, id: str, state: str, changes: dict[str, Any]) -> bool:
    """Change it if it still is in ``state``; False when somebody was faster."""
    c = support_requests.c
    return bool(
        connection.execute(
            support_requests.update().where(sa.and_(c.id == id, c.state == state)).values(changes)
        ).rowcount
    )


def live_requests(connection: sa.Connection, asked_after_us: int, now_us: int) -> list[SupportRow]:
    """Return what may still be answered, or is open."""
    c = support_requests.c
    asked = sa.and_(c.state == "asked", c.asked_us > asked_after_us)
    return _rows(connection, sa.select(support_requests).where(asked | ((c.state == "allowed") & (c.ends_us > now_us))))


def request(connection: sa.Connection, id: str) -> SupportRow | None:
    return next(iter(_rows(connection, sa.select(support_requests).where(support_requests.c.id == id))), None)


def list_requests(connection: sa.Connection, tenant: str, before_us: int | None, limit: int) -> list[SupportRow]:
    """Return a page of what was asked of a company, or (empty) of all; newest first."""
    c = support_requests.c
    wanted = sa.select(support_requests).order_by(c.asked_us.desc(), c.id).limit(limit)
    if tenant:
        wanted = wanted.where(c.tenant == tenant)
    if before_us is not None:
        wanted = wanted.where(c.asked_us < before_us)
    return _rows(connection, wanted)


def _rows(connection: sa.Connection, wanted: sa.Select[Any]) -> list[SupportRow]:
    return [SupportRow(**{n: getattr(r, n) for n in SupportRow.__slots__}) for r in connection.execute(wanted)]
