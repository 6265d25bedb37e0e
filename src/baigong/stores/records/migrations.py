"""Brings an older records file up to the present, step by step; refuses one from the future.

A new file is made from ``tables`` and stamped with the present version. When the tables change, append one
step here: a test upgrades a file of version 1 and compares it with a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from baigong.stores.records.tables import credential_uses, metadata
from baigong.vocab.errors import FixConfiguration

Step = Callable[[sa.Connection], None]


def _remember_uses(connection: sa.Connection) -> None:
    credential_uses.create(connection)


STEPS: tuple[Step, ...] = (_remember_uses,)  # STEPS[0] makes version 2 of version 1, and so on

_stamp = sa.Table("records_version", sa.MetaData(), sa.Column("version", sa.Integer, nullable=False))


def current_version(steps: Sequence[Step] = STEPS) -> int:
    return len(steps) + 1


def read_version(connection: sa.Connection) -> int:
    """Return the file's version; 0 for an empty file."""
    if not sa.inspect(connection).has_table(_stamp.name):
        return 0
    return int(connection.execute(sa.select(_stamp.c.version)).scalar_one())


def upgrade(connection: sa.Connection, steps: Sequence[Step] = STEPS) -> int:
    """Run what is missing inside the caller's transaction; returns the version found. Raises storage.version."""
    found, target = read_version(connection), current_version(steps)
    if found > target:
        raise FixConfiguration("storage.version", f"the records are of version {found}, this program knows {target}")
    if found == 0:
        metadata.create_all(connection)
        _stamp.create(connection)
        connection.execute(_stamp.insert().values(version=target))
        return found
    for step in steps[found - 1 :]:
        step(connection)
    connection.execute(_stamp.update().values(version=target))
    return found
