"""Rows of tariffs and issued bills; a bill is its company's, a tariff the platform's."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from baigong.stores.records.tables import metadata, settings
from baigong.vocab.usage import PLATFORM

tariffs = sa.Table(
    "tariffs",
    metadata,
    sa.Column("tenant", sa.Text, nullable=False),  # who charges: the platform
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "version"),
)

bills = sa.Table(
    "bills",
    metadata,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("issued_us", sa.BigInteger, nullable=False),
    sa.Column("bill", sa.Text, nullable=False),  # word for word
    sa.Index("bills_by_tenant", "tenant", "month"),
)

_TARIFF, _BILL = "tariff/", "bill/"  # names of settings, before there were tables


@dataclass(slots=True, frozen=True)
class BillRow:
    number: str
    tenant: str
    month: str
    issued_us: int
    bill: str


def all_tariffs(connection: sa.Connection) -> dict[int, str]:
    """Return every version's text."""
    rows = connection.execute(sa.select(tariffs.c.version, tariffs.c.text).where(tariffs.c.tenant == PLATFORM))
    return {version: text for version, text in rows}


def put_tariff(connection: sa.Connection, version: int, text: str) -> None:
    connection.execute(tariffs.insert().values(tenant=PLATFORM, version=version, text=text))


def all_bills(connection: sa.Connection) -> list[str]:
    """Return every issued bill, oldest first."""
    return list(connection.execute(sa.select(bills.c.bill).order_by(bills.c.issued_us, bills.c.number)).scalars())


def has_bill(connection: sa.Connection, number: str) -> bool:
    return connection.execute(sa.select(bills.c.number).where(bills.c.number == number)).first() is not None


def put_bill(connection: sa.Connection, row: BillRow) -> None:
    connection.execute(
        bills.insert().values(
            number=row.number, tenant=row.tenant, month=row.month, issued_us=row.issued_us, bill=row.bill
        )
    )


def move_from_settings(connection: sa.Connection) -> None:
    """Bring what lay among the settings, by name, into the tables."""
    for name, text in connection.execute(sa.select(settings.c.name, settings.c.value)).all():
        if name.startswith(_TARIFF):
            put_tariff(connection, int(name.removeprefix(_TARIFF)), text)
        elif name.startswith(_BILL):
            told = msgspec.json.decode(text)
            number = name.removeprefix(_BILL)
            put_bill(connection, BillRow(number, told["tenant"], told["month"], told["issued_us"], text))
        else:
            continue
        connection.execute(settings.delete().where(settings.c.name == name))
