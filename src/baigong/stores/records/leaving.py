"""Every row of one tenant, found from the tables themselves, so that a table of tomorrow cannot be forgotten.

What has a ``tenant`` column is that tenant's; what hangs on such a row by a foreign key goes where that row goes; a
setting is the tenant's that is named after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.stores.records.access import put_setting, settings_of
from baigong.stores.records.grants import all_grants, revoke_grant
from baigong.stores.records.machines import CertificateRow, machine_certificates
from baigong.stores.records.moving import Sum
from baigong.stores.records.tables import companies, metadata, people, settings, tenants, tokens

KEPT = {
    "tenants": "the id, which is never given again",
    "audit_entries": "who did what: written once",
    "audit_nodes": "hashes over entries of all: they say nothing of any",
}
_NOBODYS = ("quotas/region/",)  # named after a region, whatever it is called
_REVOKED = "crl/"
_NAMED = ((people, people.c.name), (tokens, tokens.c.token))
_AT_ONCE = 2_000


class Counted(Struct, frozen=True, kw_only=True):
    """``sum``: of SHA-256 over the rows in whatever order, modulo 2**256, as hex."""

    rows: int
    sum: str


def condition(table: sa.Table, tenant: str) -> sa.ColumnElement[bool] | None:
    """Say which rows of a table are a tenant's; None for a table that is nobody's."""
    if "tenant" in table.c:
        return table.c.tenant == tenant
    for key in sorted(table.foreign_keys, key=lambda k: k.parent.name):
        above = condition(key.column.table, tenant)
        if above is not None:
            return key.parent.in_(sa.select(key.column).where(above))
    return None


def owned_tables() -> list[sa.Table]:
    """List what a leaving tenant's rows are in, children first."""
    return [t for t in reversed(metadata.sorted_tables) if t.name not in KEPT and condition(t, "") is not None]


def count_rows(connection: sa.Connection, tenant: str) -> dict[str, Counted]:
    """Count and sum up every row of a tenant; tables without one are left out."""
    found = {}
    for table in owned_tables():
        held = Sum()
        for rows in _batches(connection, sa.select(table).where(condition(table, tenant))):  # type: ignore[arg-type]
            held = held.plus(rows)
        found[table.name] = held
    names = [(name,) for name in tenant_settings(connection, tenant)]
    found["settings"] = Sum().plus(names)
    return {name: Counted(rows=s.rows, sum=f"{s.digest:064x}") for name, s in found.items() if s.rows}


def tenant_settings(connection: sa.Connection, tenant: str) -> list[str]:
    """Name the settings that are a tenant's."""
    told = connection.execute(sa.select(settings.c.name, settings.c.value).order_by(settings.c.name))
    return [name for name, value in told if _is_of(name, value, tenant)]


def _is_of(name: str, value: str, tenant: str) -> bool:
    if name.startswith("run_by/"):
        return value == tenant
    if name.startswith((*_NOBODYS, _REVOKED, _mark(""))):
        return False
    return tenant in re.split(r"[:/]", name)[1:]


def delete_rows(connection: sa.Connection, tenant: str) -> int:
    """Delete all of it but what is ``KEPT``, and the fact that it leaves; returns how many rows.

    Serial numbers of certificates that others may still trust stay on the list of the revoked.
    """
    for row in _revoked(connection, tenant):
        put_setting(connection, _REVOKED + row.serial, msgspec.json.encode(row).decode())
    gone = 0
    for table in owned_tables():
        these: Any = condition(table, tenant)
        if table is companies:
            continue
        gone += connection.execute(table.delete().where(these)).rowcount
    for name in tenant_settings(connection, tenant):
        gone += connection.execute(settings.delete().where(settings.c.name == name)).rowcount
    bare = {"title": "", "title_zh": "", "region": "", "credit_code": "", "quotas": "{}"}
    connection.execute(companies.update().where(companies.c.tenant == tenant).values(bare))
    connection.execute(tenants.update().where(tenants.c.tenant == tenant).values(title=""))
    return gone


def revoke_grants_to(connection: sa.Connection, tenant: str, by: str, now_us: int) -> int:
    """Revoke what other tenants had granted to people and programs of this one: their names may be given again."""
    people_, tokens_ = (connection.execute(sa.select(c).where(t.c.tenant == tenant)).scalars() for t, c in _NAMED)
    named = [f'User::"{name}"' for name in people_] + [f'Token::"{name}"' for name in tokens_]
    named.append(f'principal.tenant == Tenant::"{tenant}"')
    found = [g for g in all_grants(connection) if g.tenant != tenant and any(name in g.text for name in named)]
    return sum(revoke_grant(connection, g.tenant, g.grant, by, now_us) for g in found)


def _revoked(connection: sa.Connection, tenant: str) -> Iterator[CertificateRow]:
    c = machine_certificates.c
    for row in connection.execute(sa.select(machine_certificates).where(c.tenant == tenant, c.revoked_us.isnot(None))):
        yield bare(CertificateRow(**{**row._mapping, "used_us": 0}))


def bare(row: CertificateRow) -> CertificateRow:
    """Return no more of a revoked certificate than the list of the revoked needs."""
    return replace(row, tenant="", device="", sha256="", certificate="", made_by="", revoked_by="", successor=None)


def kept_revoked(connection: sa.Connection) -> list[CertificateRow]:
    """Return what is revoked of tenants that are gone."""
    told = settings_of(connection, _REVOKED)
    return [msgspec.json.decode(text, type=CertificateRow) for text in told.values()]


def mark(connection: sa.Connection, tenant: str, state: str, note: str) -> None:
    """Say that a tenant is leaving, or has gone, and keep ``note`` with it; empty: none."""
    values = {"title": "", "title_zh": "", "region": "", "credit_code": "", "quotas": "{}", "created_us": 0}
    if not connection.execute(companies.update().where(companies.c.tenant == tenant).values(state=state)).rowcount:
        connection.execute(companies.insert().values(tenant=tenant, state=state, **values))
    if note:
        put_setting(connection, _mark(tenant), note)
    else:
        connection.execute(settings.delete().where(settings.c.name == _mark(tenant)))


def notes(connection: sa.Connection) -> dict[str, str]:
    """Return the note of every tenant that is leaving."""
    return {name.removeprefix(_mark("")): text for name, text in settings_of(connection, _mark("")).items()}


def _mark(tenant: str) -> str:
    return f"leaving/{tenant}"


def _batches(connection: sa.Connection, wanted: sa.Select[Any]) -> Iterator[list[tuple[Any, ...]]]:
    for rows in connection.execute(wanted.execution_options(yield_per=_AT_ONCE)).partitions():
        yield [tuple(row) for row in rows]
