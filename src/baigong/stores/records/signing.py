"""Rows of passkeys and of accounts elsewhere that open here; every function is work on one connection."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import identities, passkeys


@dataclass(slots=True, frozen=True)
class PasskeyRow:
    """``credential``, ``handle``, ``public_key``: base64url; ``copied_us``: when its counter ran back."""

    credential: str
    tenant: str
    person: str
    handle: str
    site: str
    title: str
    public_key: str
    sign_count: int
    synced: bool
    created_us: int
    used_us: int | None = None
    copied_us: int | None = None


@dataclass(slots=True, frozen=True)
class IdentityRow:
    """An account at a provider that is a person here. ``made_here``: the person came by it."""

    tenant: str
    provider: str
    issuer: str
    subject: str
    person: str
    account: str
    made_here: bool
    created_us: int
    used_us: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.tenant, self.provider, self.issuer, self.subject)


def all_passkeys(connection: sa.Connection) -> list[PasskeyRow]:
    rows = connection.execute(sa.select(passkeys).order_by(passkeys.c.created_us))
    return [PasskeyRow(**{n: getattr(r, n) for n in PasskeyRow.__slots__}) for r in rows]


def put_passkey(connection: sa.Connection, row: PasskeyRow) -> None:
    """Write one anew; config.conflict for a credential that exists."""
    connection.execute(passkeys.insert().values({n: getattr(row, n) for n in PasskeyRow.__slots__}))


def change_passkey(connection: sa.Connection, row: PasskeyRow) -> None:
    values = {n: getattr(row, n) for n in ("title", "sign_count", "synced", "used_us", "copied_us")}
    connection.execute(passkeys.update().where(passkeys.c.credential == row.credential).values(values))


def drop_passkey(connection: sa.Connection, credential: str) -> None:
    connection.execute(passkeys.delete().where(passkeys.c.credential == credential))


def drop_passkeys_of(connection: sa.Connection, person: str) -> None:
    connection.execute(passkeys.delete().where(passkeys.c.person == person))


def all_identities(connection: sa.Connection) -> list[IdentityRow]:
    rows = connection.execute(sa.select(identities).order_by(identities.c.created_us))
    return [IdentityRow(**{n: getattr(r, n) for n in IdentityRow.__slots__}) for r in rows]


def add_identity(connection: sa.Connection, row: IdentityRow) -> None:
    """Write one anew; config.conflict for an account that is somebody's already."""
    connection.execute(identities.insert().values({n: getattr(row, n) for n in IdentityRow.__slots__}))


def use_identity(connection: sa.Connection, row: IdentityRow) -> None:
    fresh = {"used_us": row.used_us, "account": row.account}
    connection.execute(identities.update().where(_is(row)).values(fresh))


def drop_identity(connection: sa.Connection, row: IdentityRow) -> None:
    connection.execute(identities.delete().where(_is(row)))


def _is(row: IdentityRow) -> sa.ColumnElement[bool]:
    c = identities.c
    return sa.and_(c.tenant == row.tenant, c.provider == row.provider, c.issuer == row.issuer, c.subject == row.subject)
