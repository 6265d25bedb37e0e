"""Rows of templates of spreadsheets, every text of each; every function is work on one connection."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata

sheet_templates = sa.Table(
    "sheet_templates",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),  # the highest is the present one
    sa.Column("text", sa.Text, nullable=False),  # YAML, in its one form; empty: taken away
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "template", "revision"),
)


@dataclass(slots=True, frozen=True)
class SheetTemplateRow:
    tenant: str
    template: str
    revision: int
    text: str
    changed_us: int
    changed_by: str


def sheet_templates_of(connection: sa.Connection, tenant: str) -> list[SheetTemplateRow]:
    """Return the present text of each template of one tenant, by name; those taken away are not among them."""
    c = sheet_templates.c
    wanted = sa.select(sheet_templates).where(c.tenant == tenant).order_by(c.template, c.revision)
    newest = {row.template: SheetTemplateRow(*row) for row in connection.execute(wanted)}
    return [row for row in newest.values() if row.text]


def texts_of_sheet_template(connection: sa.Connection, tenant: str, template: str) -> list[SheetTemplateRow]:
    """Return every text that is kept of a template, the newest first."""
    c = sheet_templates.c
    wanted = sa.select(sheet_templates).where(c.tenant == tenant, c.template == template)
    return [SheetTemplateRow(*row) for row in connection.execute(wanted.order_by(c.revision.desc()))]


def put_sheet_template(connection: sa.Connection, row: SheetTemplateRow, kept: int) -> None:
    """Write a template's next text; of the earlier ones the newest ``kept`` stay."""
    c = sheet_templates.c
    connection.execute(sheet_templates.insert(), [{name: getattr(row, name) for name in SheetTemplateRow.__slots__}])
    old = (c.tenant == row.tenant, c.template == row.template, c.revision <= row.revision - kept)
    connection.execute(sheet_templates.delete().where(*old))
