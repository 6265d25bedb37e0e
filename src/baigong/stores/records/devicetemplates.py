"""Rows of device templates, every version as it was written; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata

device_templates = sa.Table(
    "device_templates",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # from 1
    sa.Column("text", sa.Text, nullable=False),  # YAML
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "template", "version"),
)


@dataclass(slots=True, frozen=True)
class DeviceTemplateRow:
    tenant: str
    template: str
    version: int
    text: str
    changed_us: int
    changed_by: str


def device_templates_of(connection: sa.Connection, tenant: str) -> list[DeviceTemplateRow]:
    """Return every version of every template, the first versions first."""
    c = device_templates.c
    wanted = sa.select(device_templates).where(c.tenant == tenant).order_by(c.template, c.version)
    names = DeviceTemplateRow.__slots__
    return [DeviceTemplateRow(**{n: getattr(row, n) for n in names}) for row in connection.execute(wanted)]


def add_device_templates(connection: sa.Connection, rows: Sequence[DeviceTemplateRow]) -> None:
    names = DeviceTemplateRow.__slots__
    connection.execute(device_templates.insert(), [{n: getattr(row, n) for n in names} for row in rows])


def drop_device_template(connection: sa.Connection, tenant: str, template: str) -> None:
    c = device_templates.c
    connection.execute(device_templates.delete().where(c.tenant == tenant, c.template == template))
