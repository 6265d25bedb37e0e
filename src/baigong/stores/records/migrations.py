"""Brings an older records file up to the present, step by step; refuses one from the future.

A new file is made from ``tables`` and stamped with the present version. When the tables change, append one
step here: a test upgrades a file of version 1 and compares it with a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from baigong.stores.records.applications import applications
from baigong.stores.records.assets import assets
from baigong.stores.records.bills import bills, move_from_settings, tariffs
from baigong.stores.records.business import TABLES as BUSINESS_TABLES
from baigong.stores.records.commandkeys import command_keys
from baigong.stores.records.documents import documents
from baigong.stores.records.life import life
from baigong.stores.records.lots import TABLES as LOT_TABLES
from baigong.stores.records.machines import machine_certificates
from baigong.stores.records.pointsources import point_sources
from baigong.stores.records.relations import asset_relations
from baigong.stores.records.renaming import earlier_names
from baigong.stores.records.screens import TABLES as SCREEN_TABLES
from baigong.stores.records.sheettemplates import sheet_templates
from baigong.stores.records.shellpackages import shell_packages
from baigong.stores.records.shells import shell_files, shells
from baigong.stores.records.support import support_requests
from baigong.stores.records.tables import (
    audit_entries,
    audit_nodes,
    commands,
    companies,
    credential_uses,
    credentials,
    episodes,
    grants,
    identities,
    metadata,
    passkeys,
    people,
    person_locks,
    recovery_codes,
    regions,
    second_factors,
    session_origins,
    session_proofs,
    sessions,
    stops,
    token_ends,
    tokens,
)
from baigong.stores.records.tasks import TABLES as TASK_TABLES
from baigong.stores.records.textversions import asset_types, device_templates
from baigong.stores.records.tokengrants import token_grants
from baigong.stores.records.topics import give_everything, machine_topics
from baigong.stores.records.uses import last_uses
from baigong.stores.records.worktexts import work_texts
from baigong.vocab.errors import FixConfiguration

Step = Callable[[sa.Connection], None]


def _title_episodes_in_chinese(connection: sa.Connection) -> None:
    """Made anew and copied in SQLite, which would put an added column behind the table's constraints."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("alter table episodes add column title_zh text not null default ''"))
        connection.execute(sa.text("alter table episodes alter column title_zh drop default"))
        return
    connection.execute(sa.text("drop index episodes_by_asset"))
    connection.execute(sa.text("alter table episodes rename to episodes_before"))
    episodes.create(connection)
    before = sa.Table("episodes_before", sa.MetaData(), autoload_with=connection)
    copied = [before.c[c.name] if c.name in before.c else sa.literal("").label(c.name) for c in episodes.c]
    connection.execute(episodes.insert().from_select([c.name for c in episodes.c], sa.select(*copied)))
    before.drop(connection)


def _find_people_by_company(connection: sa.Connection) -> None:
    for table in (people, sessions, tokens, credentials):
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            index.create(connection, checkfirst=True)


def _keep_bills_in_tables(connection: sa.Connection) -> None:
    tariffs.create(connection)
    bills.create(connection)
    move_from_settings(connection)


def _say_what_machines_may_publish(connection: sa.Connection) -> None:
    machine_topics.create(connection)
    give_everything(connection, credentials, "user", credentials.c.username)
    give_everything(connection, machine_certificates, "certificate", machine_certificates.c.sha256)


def _tables(*new: sa.Table) -> Step:
    """Make the step that adds these tables."""

    def create(connection: sa.Connection) -> None:
        for table in new:
            table.create(connection)

    return create


STEPS: tuple[Step, ...] = (
    _tables(credential_uses),
    _title_episodes_in_chinese,
    _tables(audit_entries, audit_nodes, grants),
    _tables(person_locks, second_factors, recovery_codes, session_origins, regions, companies),
    _tables(commands, stops),
    _tables(token_ends),
    _tables(passkeys, identities, session_proofs),
    _tables(machine_certificates),
    _find_people_by_company,
    _keep_bills_in_tables,
    _tables(last_uses),
    _tables(support_requests),
    _tables(applications),
    _say_what_machines_may_publish,
    _tables(assets, asset_types.table),
    _tables(command_keys, token_grants),
    _tables(shells, shell_files),
    _tables(documents),
    _tables(*SCREEN_TABLES),
    _tables(shell_packages),
    _tables(life),
    _tables(*LOT_TABLES),
    _tables(asset_relations),
    _tables(earlier_names, point_sources),
    _tables(*TASK_TABLES),
    _tables(device_templates.table),
    _tables(*BUSINESS_TABLES),
    _tables(sheet_templates),
    _tables(work_texts),
)  # STEPS[0] makes version 2 of version 1, and so on

_stamp = sa.Table("records_version", sa.MetaData(), sa.Column("version", sa.Integer, nullable=False))


def current_version(steps: Sequence[Step] = STEPS) -> int:
    return len(steps) + 1


def newer(found: int, steps: Sequence[Step] = STEPS) -> FixConfiguration:
    """Return what is said of records that a newer program wrote."""
    known = current_version(steps)
    return FixConfiguration("storage.version", f"the records are of version {found}, this program knows {known}")


def read_version(connection: sa.Connection) -> int:
    """Return the file's version; 0 for an empty file."""
    if not sa.inspect(connection).has_table(_stamp.name):
        return 0
    return int(connection.execute(sa.select(_stamp.c.version)).scalar_one())


def upgrade(connection: sa.Connection, steps: Sequence[Step] = STEPS) -> int:
    """Run what is missing inside the caller's transaction; returns the version found. Raises storage.version."""
    found, target = read_version(connection), current_version(steps)
    if found > target:
        raise newer(found, steps)
    if found == 0:
        metadata.create_all(connection)
        _stamp.create(connection)
        connection.execute(_stamp.insert().values(version=target))
        return found
    for step in steps[found - 1 :]:
        step(connection)
    connection.execute(_stamp.update().values(version=target))
    return found
