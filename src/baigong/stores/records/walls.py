"""The walls between tenants inside PostgreSQL: row-level security, derived from the tables.

Every transaction says whose rows it is about (``baigong.tenant``); one that says nothing sees nothing. What has a
``tenant`` column is that tenant's; what hangs on such a row by a foreign key is where that row is; the rest is the
platform's, and is named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

ALL = "*"  # no tenant has this name: work of the platform, which crosses tenants and says so
POLICY = "tenant_wall"
PLATFORM = {
    "settings": "of the platform; a tenant's are named after it and read by the platform only",
    "regions": "what the operator calls parts of the country",
    "audit_nodes": "hashes over entries of all: they say nothing of any",
}
_ASKED = "(select current_setting('baigong.tenant', true))"  # a sub-select is asked once a statement, not once a row
_KEPT = ("audit_entries", "audit_nodes")  # written once: the application may not change or delete them
SET_TENANT = sa.text("select set_config('baigong.tenant', :tenant, true)")


def condition(table: sa.Table) -> str | None:
    """Return which rows are the asking tenant's, in SQL; None for a table of the platform."""
    if "tenant" in table.c:
        return f"tenant = {_ASKED}"
    for key in sorted(table.foreign_keys, key=lambda k: k.parent.name):
        parent = key.column.table
        if condition(parent) is not None:
            above = str(sa.select(key.column))  # asked under the wall of the table above
            return f'"{key.parent.name}" in ({above})'
    return None


def statements(tables: Iterable[sa.Table], role: str) -> Iterator[str]:
    """Yield what puts the walls up, and lets ``role`` in; they may be there already."""
    who = '"' + role.replace('"', '""') + '"'
    for table in tables:
        name, mine = f'"{table.name}"', condition(table)
        if mine is not None:
            yield f"alter table {name} enable row level security"
            yield f"alter table {name} force row level security"  # for the owner, too
            yield f"drop policy if exists {POLICY} on {name}"
            yield f"create policy {POLICY} on {name} using ({_ASKED} = '{ALL}' or {mine})"
        rights = "select, insert" if table.name in _KEPT else "select, insert, update, delete"
        yield f"grant {rights} on {name} to {who}"
        counted = table.autoincrement_column
        if counted is not None and counted.autoincrement is True:
            yield f'grant usage, select, update on sequence "{table.name}_{counted.name}_seq" to {who}'


def gaps(connection: sa.Connection, tables: Iterable[sa.Table]) -> list[str]:
    """Name the tables of this database that have no wall and should, and those that nobody has thought about."""
    held = connection.execute(
        sa.text(
            "select c.relname from pg_class c join pg_policy p on p.polrelid = c.oid where p.polname = :policy "
            "and c.relrowsecurity and c.relforcerowsecurity and c.relnamespace = current_schema()::regnamespace"
        ),
        {"policy": POLICY},
    )
    standing = set(held.scalars())
    return [
        table.name
        for table in tables
        if (table.name not in standing if condition(table) is not None else table.name not in PLATFORM)
    ]
