"""INSERT … ON CONFLICT, which SQLite and PostgreSQL say with the same words and SQLAlchemy with two."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_or(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an INSERT that takes ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
