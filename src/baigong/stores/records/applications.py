"""Rows of applications: companies that want to come, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata

applications = sa.Table(
    "applications",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=True),  # what was made of it
    sa.Column("state", sa.Text, nullable=False),  # new | taken | asked | refused | approved
    sa.Column("finished", sa.Boolean, nullable=False),  # false: approved, and its package is not all there yet
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("credit_code", sa.Text, nullable=False),
    sa.Column("contact", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("wish", sa.Text, nullable=False),  # the id it would like
    sa.Column("package", sa.Text, nullable=False),
    sa.Column("admin", sa.Text, nullable=False),  # the first administrator, once approved
    sa.Column("source", sa.Text, nullable=False),  # public | entered | imported
    sa.Column("entered_by", sa.Text, nullable=False),  # company/name; empty: the company itself
    sa.Column("reviewer", sa.Text, nullable=False),
    sa.Column("code_digest", sa.Text, nullable=False),  # SHA-256 of what opens its state to the applicant
    sa.Column("simulated", sa.Boolean, nullable=False),
    sa.Column("made_us", sa.BigInteger, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("history", sa.Text, nullable=False),  # JSON: who did what when
    sa.Index("applications_by_state", "state", "made_us"),
)


@dataclass(slots=True, frozen=True)
class ApplicationRow:
    id: str
    region: str
    title: str
    title_zh: str
    credit_code: str
    contact: str
    phone: str
    email: str
    wish: str
    package: str
    source: str
    entered_by: str
    code_digest: str
    made_us: int
    changed_us: int
    history: str
    tenant: str | None = None
    state: str = "new"
    finished: bool = False
    admin: str = ""
    reviewer: str = ""
    simulated: bool = False


def put_application(connection: sa.Connection, row: ApplicationRow) -> None:
    connection.execute(applications.delete().where(applications.c.id == row.id))
    connection.execute(applications.insert().values({n: getattr(row, n) for n in ApplicationRow.__slots__}))


def all_applications(connection: sa.Connection) -> list[ApplicationRow]:
    wanted = sa.select(applications).order_by(applications.c.made_us)
    return [ApplicationRow(**{n: getattr(r, n) for n in ApplicationRow.__slots__}) for r in connection.execute(wanted)]
