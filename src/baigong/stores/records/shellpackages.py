"""Rows of AASX packages that were handed in whole, unchanged; every function is work on one connection."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.shells import sum_of
from baigong.stores.records.tables import metadata

shell_packages = sa.Table(
    "shell_packages",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("id_sum", sa.Text, nullable=False),  # SHA-256 of the id, which may be longer than an index holds
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("file", sa.Text, nullable=False),  # its name
    sa.Column("shells", sa.Text, nullable=False),  # JSON list: ids of the shells in it
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "id_sum"),
)


@dataclass(slots=True, frozen=True)
class PackageRow:
    """A package without its content."""

    tenant: str
    id: str
    file: str
    shells: str
    size: int
    changed_us: int
    changed_by: str


def packages_of(connection: sa.Connection, tenant: str) -> list[PackageRow]:
    """Return all of one tenant, by id."""
    c = shell_packages.c
    wanted = sa.select(*(c[name] for name in PackageRow.__slots__)).where(c.tenant == tenant).order_by(c.id)
    return [PackageRow(*row) for row in connection.execute(wanted)]


def package_of(connection: sa.Connection, tenant: str, id: str) -> tuple[PackageRow, bytes] | None:
    c = shell_packages.c
    wanted = sa.select(*(c[name] for name in PackageRow.__slots__), c.content)
    row = connection.execute(wanted.where(c.tenant == tenant, c.id_sum == sum_of(id))).first()
    return None if row is None else (PackageRow(*row[:-1]), row[-1])


def put_package(connection: sa.Connection, row: PackageRow, content: bytes) -> None:
    drop_package(connection, row.tenant, row.id)
    values = {name: getattr(row, name) for name in PackageRow.__slots__}
    connection.execute(shell_packages.insert().values(**values, id_sum=sum_of(row.id), content=content))


def drop_package(connection: sa.Connection, tenant: str, id: str) -> bool:
    """Take one away; says whether it was there."""
    c = shell_packages.c
    return connection.execute(shell_packages.delete().where(c.tenant == tenant, c.id_sum == sum_of(id))).rowcount > 0
