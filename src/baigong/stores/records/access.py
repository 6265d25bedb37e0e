"""Rows of tenants, people, sessions, tokens and settings; every function is work on one connection."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import (
    companies,
    people,
    session_origins,
    session_proofs,
    sessions,
    settings,
    tenants,
    token_ends,
    tokens,
)
from baigong.vocab.errors import FixConfiguration

LEAVING, GONE = "leaving", "gone"  # states of a company that is being deleted, and of one that was


@dataclass(slots=True, frozen=True)
class PersonRow:
    name: str
    tenant: str
    password_hash: str
    must_set_password: bool
    role: str
    language: str
    created_us: int


@dataclass(slots=True, frozen=True)
class SessionRow:
    digest: str
    person: str
    created_us: int
    expires_us: int
    address: str = ""
    browser: str = ""
    how: str = "password"  # | passkey | account
    what: str = ""  # the passkey or the provider
    factor: bool | None = None  # whether a second factor was shown too; None: begun before that was kept


@dataclass(slots=True, frozen=True)
class TokenRow:
    token: str
    tenant: str
    person: str | None
    title: str
    digest: str
    role: str
    created_us: int
    expires_us: int | None = None


def ensure_tenant(connection: sa.Connection, tenant: str, now_us: int) -> None:
    """Make a tenant at its first row. Raises tenant.gone for one that is leaving or has left."""
    state = connection.execute(sa.select(companies.c.state).where(companies.c.tenant == tenant)).scalar()
    if state in (LEAVING, GONE):
        raise FixConfiguration("tenant.gone", f"{tenant} has left, or is leaving", place=tenant)
    if connection.execute(sa.select(tenants.c.tenant).where(tenants.c.tenant == tenant)).scalar() is None:
        connection.execute(tenants.insert().values(tenant=tenant, title="", created_us=now_us))


def list_tenants(connection: sa.Connection) -> list[str]:
    return list(connection.execute(sa.select(tenants.c.tenant).order_by(tenants.c.tenant)).scalars())


def count_tenants(connection: sa.Connection) -> tuple[int, int]:
    """Return how many there are and when the newest was made: another pair, and the list is another."""
    row = connection.execute(sa.select(sa.func.count(), sa.func.max(tenants.c.created_us)).select_from(tenants)).one()
    return int(row[0]), int(row[1] or 0)


def person(connection: sa.Connection, name: str) -> PersonRow | None:
    row = connection.execute(sa.select(people).where(people.c.name == name)).one_or_none()
    if row is None:
        return None
    return PersonRow(
        name=row.name,
        tenant=row.tenant,
        password_hash=row.password_hash,
        must_set_password=bool(row.must_set_password),
        role=row.role,
        language=row.language,
        created_us=row.created_us,
    )


def put_person(connection: sa.Connection, row: PersonRow) -> None:
    values = {
        "tenant": row.tenant,
        "password_hash": row.password_hash,
        "must_set_password": row.must_set_password,
        "role": row.role,
        "language": row.language,
        "created_us": row.created_us,
    }
    if not connection.execute(people.update().where(people.c.name == row.name).values(values)).rowcount:
        connection.execute(people.insert().values(name=row.name, **values))


def add_session(connection: sa.Connection, row: SessionRow, now_us: int) -> None:
    """Write a session, and forget those that have run out."""
    connection.execute(sessions.delete().where(sessions.c.expires_us < now_us))
    connection.execute(
        sessions.insert().values(
            digest=row.digest, person=row.person, created_us=row.created_us, expires_us=row.expires_us
        )
    )
    connection.execute(session_origins.insert().values(digest=row.digest, address=row.address, browser=row.browser))
    connection.execute(
        session_proofs.insert().values(digest=row.digest, how=row.how, what=row.what, factor=bool(row.factor))
    )


def all_sessions(connection: sa.Connection, now_us: int, *, person: str = "", tenant: str = "") -> list[SessionRow]:
    """Return sessions that have not run out: of everybody, of one person, or of a company's people."""
    told = sessions.outerjoin(session_origins, session_origins.c.digest == sessions.c.digest).outerjoin(
        session_proofs, session_proofs.c.digest == sessions.c.digest
    )
    origin, proof = session_origins.c, session_proofs.c
    columns = (*sessions.c, origin.address, origin.browser, proof.how, proof.what, proof.factor)
    wanted = sa.select(*columns).select_from(told).where(sessions.c.expires_us >= now_us)
    if person:
        wanted = wanted.where(sessions.c.person == person)
    if tenant:
        wanted = wanted.where(sessions.c.person.in_(sa.select(people.c.name).where(people.c.tenant == tenant)))
    rows = connection.execute(wanted)
    return [
        SessionRow(
            digest=r.digest,
            person=r.person,
            created_us=r.created_us,
            expires_us=r.expires_us,
            address=r.address or "",
            browser=r.browser or "",
            how=r.how or "password",
            what=r.what or "",
            factor=None if r.factor is None else bool(r.factor),
        )
        for r in rows
    ]


def put_proof(connection: sa.Connection, row: SessionRow) -> None:
    """Keep how somebody proved who they are; for a session that has ended, nothing."""
    proof = {"how": row.how, "what": row.what, "factor": bool(row.factor)}
    if connection.execute(sa.select(sessions.c.digest).where(sessions.c.digest == row.digest)).scalar() is None:
        return
    connection.execute(session_proofs.delete().where(session_proofs.c.digest == row.digest))
    connection.execute(session_proofs.insert().values(digest=row.digest, **proof))


def drop_session(connection: sa.Connection, digest: str) -> None:
    connection.execute(sessions.delete().where(sessions.c.digest == digest))


def drop_sessions_of(connection: sa.Connection, name: str, keep: str = "") -> None:
    connection.execute(sessions.delete().where(sessions.c.person == name, sessions.c.digest != keep))


def add_token(connection: sa.Connection, row: TokenRow) -> None:
    connection.execute(
        tokens.insert().values(
            token=row.token,
            tenant=row.tenant,
            person=row.person,
            title=row.title,
            digest=row.digest,
            role=row.role,
            created_us=row.created_us,
        )
    )
    if row.expires_us is not None:
        connection.execute(token_ends.insert().values(token=row.token, expires_us=row.expires_us))


def all_tokens(connection: sa.Connection, tenant: str = "") -> list[TokenRow]:
    told = tokens.outerjoin(token_ends, token_ends.c.token == tokens.c.token)
    wanted = sa.select(*tokens.c, token_ends.c.expires_us).select_from(told).order_by(tokens.c.created_us)
    if tenant:
        wanted = wanted.where(tokens.c.tenant == tenant)
    if tenant:
        wanted = wanted.where(tokens.c.tenant == tenant)
    return [TokenRow(**{n: getattr(r, n) for n in TokenRow.__slots__}) for r in connection.execute(wanted)]


def drop_token(connection: sa.Connection, tenant: str, token: str) -> bool:
    gone = tokens.delete().where(tokens.c.tenant == tenant, tokens.c.token == token)
    return bool(connection.execute(gone).rowcount)


def drop_tokens_of(connection: sa.Connection, person: str) -> None:
    connection.execute(tokens.delete().where(tokens.c.person == person))


def setting(connection: sa.Connection, name: str) -> str | None:
    return connection.execute(sa.select(settings.c.value).where(settings.c.name == name)).scalar()


def settings_of(connection: sa.Connection, prefix: str) -> dict[str, str]:
    """Return the settings whose name begins so."""
    told = sa.select(settings.c.name, settings.c.value).where(settings.c.name.startswith(prefix, autoescape=True))
    return {name: value for name, value in connection.execute(told)}


def put_setting(connection: sa.Connection, name: str, value: str) -> None:
    if not connection.execute(settings.update().where(settings.c.name == name).values(value=value)).rowcount:
        connection.execute(settings.insert().values(name=name, value=value))
