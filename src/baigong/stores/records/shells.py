"""Rows of asset administration shells, submodels, concept descriptions and the files beside them.

A body is the canonical JSON of one of them (decision 0018); every function is work on one connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.tables import metadata, tenants

_AT_ONCE = 500  # keys in one question: databases bound how many

shells = sa.Table(
    "shells",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # a class of the metamodel
    sa.Column("id_sum", sa.Text, nullable=False),  # SHA-256 of the id, which may be longer than an index holds
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("id_short", sa.Text, nullable=False),
    sa.Column("found_by", sa.Text, nullable=False),  # JSON list: keys of the semantic id, asset ids as name=value
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "kind", "id_sum"),
)

shell_files = sa.Table(
    "shell_files",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("id_sum", sa.Text, nullable=False),  # of the shell or submodel that names it
    sa.Column("name", sa.Text, nullable=False),  # in a package, "/aasx/files/manual.pdf"
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "kind", "id_sum", "name"),
)


@dataclass(slots=True, frozen=True)
class ShellRow:
    """One shell, submodel or concept description as it stands. ``body``: its canonical JSON."""

    tenant: str
    kind: str
    id: str
    id_short: str
    found_by: str
    body: str
    revision: int
    changed_us: int
    changed_by: str


@dataclass(slots=True, frozen=True)
class FileRow:
    """A file that a shell or submodel names. ``roles``: of supplementary, thumbnail, core-properties, with blanks."""

    tenant: str
    kind: str
    id: str
    name: str
    media: str
    roles: str
    content: bytes


def sum_of(id: str) -> str:
    return sha256(id.encode()).hexdigest()


def since_us(connection: sa.Connection, tenant: str) -> int:
    """Return when a tenant was made; 0 for one that is not there."""
    return connection.execute(sa.select(tenants.c.created_us).where(tenants.c.tenant == tenant)).scalar() or 0


def shells_of(connection: sa.Connection, tenant: str) -> list[ShellRow]:
    """Return all of one tenant, in the order of their ids."""
    c = shells.c
    names = [c[name] for name in ShellRow.__slots__]
    wanted = sa.select(*names).where(c.tenant == tenant).order_by(c.kind, c.id)
    return [ShellRow(*row) for row in connection.execute(wanted)]


def put_shells(connection: sa.Connection, tenant: str, rows: Sequence[ShellRow]) -> None:
    """Write these, new ones and changed ones."""
    drop_shells(connection, tenant, [(row.kind, row.id) for row in rows])
    if rows:
        connection.execute(
            shells.insert(),
            [{name: getattr(row, name) for name in ShellRow.__slots__} | {"id_sum": sum_of(row.id)} for row in rows],
        )


def drop_shells(connection: sa.Connection, tenant: str, gone: Sequence[tuple[str, str]]) -> None:
    """Take away (kind, id); their files stay: see `drop_files`."""
    c = shells.c
    for kind in {kind for kind, _ in gone}:
        for piece in batched([sum_of(id) for of, id in gone if of == kind], _AT_ONCE):
            connection.execute(shells.delete().where(c.tenant == tenant, c.kind == kind, c.id_sum.in_(piece)))


def file_of(connection: sa.Connection, tenant: str, kind: str, id: str, name: str) -> FileRow | None:
    c = shell_files.c
    wanted = sa.select(c.media, c.roles, c.content).where(
        c.tenant == tenant, c.kind == kind, c.id_sum == sum_of(id), c.name == name
    )
    row = connection.execute(wanted).first()
    return None if row is None else FileRow(tenant, kind, id, name, row.media, row.roles, row.content)


def files_of(connection: sa.Connection, tenant: str, kind: str, id: str) -> list[FileRow]:
    """Return all files of one shell or submodel."""
    c = shell_files.c
    wanted = sa.select(c.name, c.media, c.roles, c.content).where(
        c.tenant == tenant, c.kind == kind, c.id_sum == sum_of(id)
    )
    return [FileRow(tenant, kind, id, *row) for row in connection.execute(wanted.order_by(c.name))]


def put_file(connection: sa.Connection, row: FileRow) -> None:
    drop_files(connection, row.tenant, row.kind, row.id, row.name)
    connection.execute(
        shell_files.insert().values(
            tenant=row.tenant, kind=row.kind, id_sum=sum_of(row.id), name=row.name, media=row.media, roles=row.roles,
            content=row.content,
        )
    )  # fmt: skip


def drop_files(connection: sa.Connection, tenant: str, kind: str, id: str, name: str | None = None) -> None:
    """Take away one file of a shell or submodel, or all."""
    c = shell_files.c
    which = [c.tenant == tenant, c.kind == kind, c.id_sum == sum_of(id)]
    if name is not None:
        which.append(c.name == name)
    connection.execute(shell_files.delete().where(*which))
