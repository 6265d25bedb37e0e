"""Certificates of machines, as rows: what was signed for whom, until when, and why it is good no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata

machine_certificates = sa.Table(
    "machine_certificates",
    metadata,
    sa.Column("serial", sa.Text, primary_key=True),  # hex, as in the certificate
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("device", sa.Text, nullable=False),  # empty: our own OPC UA client
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("certificate", sa.Text, nullable=False),  # PEM
    sa.Column("key_made_here", sa.Boolean, nullable=False),
    sa.Column("made_us", sa.BigInteger, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("not_after_us", sa.BigInteger, nullable=False),
    sa.Column("until_us", sa.BigInteger, nullable=False),  # not_after, or the end of the overlap with its successor
    sa.Column("successor", sa.Text, nullable=True),  # serial
    sa.Column("revoked_us", sa.BigInteger, nullable=True),
    sa.Column("revoked_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("used_us", sa.BigInteger, nullable=True),
    sa.Index("machine_certificates_by_device", "tenant", "device"),
)


@dataclass(slots=True, frozen=True)
class CertificateRow:
    """``until_us``: from then on it opens nothing here. ``used_us``: when a machine last signed in; 0 for never."""

    serial: str
    tenant: str
    device: str
    sha256: str
    certificate: str
    key_made_here: bool
    made_us: int
    made_by: str
    not_after_us: int
    until_us: int
    successor: str | None = None
    revoked_us: int | None = None
    revoked_by: str = ""
    reason: str = ""
    used_us: int = 0

    @property
    def number(self) -> int:
        return int(self.serial, 16)


def all_certificates(connection: sa.Connection) -> list[CertificateRow]:
    columns = machine_certificates.c
    rows = connection.execute(sa.select(machine_certificates).order_by(columns.made_us, columns.serial))
    return [CertificateRow(**{**row._mapping, "used_us": row.used_us or 0}) for row in rows]


def put_certificate(connection: sa.Connection, row: CertificateRow) -> None:
    values = {c.name: getattr(row, c.name) for c in machine_certificates.c}
    connection.execute(machine_certificates.delete().where(machine_certificates.c.serial == row.serial))
    connection.execute(machine_certificates.insert().values(values))


def put_certificate_uses(connection: sa.Connection, uses: Mapping[str, int]) -> None:
    """Write when certificates were last used, by serial."""
    for serial, used_us in uses.items():
        one = machine_certificates.update().where(machine_certificates.c.serial == serial)
        connection.execute(one.values(used_us=used_us))
