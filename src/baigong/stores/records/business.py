"""Rows of what business systems tell (orders, items, stock …), what they said before, and the runs that told it.

Every function is work on one connection. ``fields`` and ``attributes`` are JSON objects. Nothing is erased before the
company leaves: what a source no longer has is marked with the time it was missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.tables import episodes, metadata

_AT_ONCE = 400  # keys in one question: databases bound how many
_WRITTEN_AT_ONCE = 5_000
_READ_AT_ONCE = 5_000

business_records = sa.Table(
    "business_records",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("attributes", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # of fields and attributes
    sa.Column("first_us", sa.BigInteger, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("gone_us", sa.BigInteger, nullable=True),
    sa.Column("run", sa.Text, nullable=False),  # the last that changed it
    sa.PrimaryKeyConstraint("tenant", "kind", "source", "key"),
    sa.Index("business_records_by_key", "tenant", "kind", "key"),
)
record_changes = sa.Table(
    "record_changes",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),  # changed | gone | back
    sa.Column("before", sa.Text, nullable=False),  # JSON: what fields and attributes said until then
    sa.PrimaryKeyConstraint("tenant", "kind", "source", "key", "changed_us", "run", "what"),
)
record_runs = sa.Table(
    "record_runs",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # open | done | held | agreed | replaced
    sa.Column("whole", sa.Boolean, nullable=False),  # a complete snapshot
    sa.Column("began_us", sa.BigInteger, nullable=False),
    sa.Column("ended_us", sa.BigInteger, nullable=True),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("told", sa.Text, nullable=False),  # JSON: counts, and what was not understood
    sa.Column("missed", sa.Text, nullable=False),  # JSON: keys that a held snapshot does not have
    sa.PrimaryKeyConstraint("tenant", "run"),
    sa.Index("record_runs_by_source", "tenant", "kind", "source", "began_us"),
)
record_parts = sa.Table(
    "record_parts",  # keys of a snapshot that is under way
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("keys", sa.Text, nullable=False),  # JSON
    sa.PrimaryKeyConstraint("tenant", "run", "part"),
)
TABLES = (business_records, record_changes, record_runs, record_parts)


@dataclass(slots=True, frozen=True)
class Place:
    """Whose records, of which kind, from which source."""

    tenant: str
    kind: str
    source: str

    def of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.tenant == self.tenant, table.c.kind == self.kind, table.c.source == self.source)

    def values(self) -> dict[str, str]:
        return {"tenant": self.tenant, "kind": self.kind, "source": self.source}


@dataclass(slots=True, frozen=True)
class Written:
    """How one record stands: what is written of it is compared by ``digest``."""

    key: str
    fields: str
    attributes: str
    digest: str


Held = dict[str, tuple[str, bool]]  # key -> (digest, gone)


def held_of(connection: sa.Connection, place: Place, keys: Sequence[str]) -> Held:
    """Return what is known of these keys."""
    c, found = business_records.c, {}
    for piece in batched(keys, _AT_ONCE):
        wanted = sa.select(c.key, c.digest, c.gone_us).where(place.of(business_records), c.key.in_(piece))
        found.update({key: (digest, gone is not None) for key, digest, gone in connection.execute(wanted)})
    return found


def present_keys(connection: sa.Connection, place: Place) -> list[str]:
    c = business_records.c
    wanted = sa.select(c.key).where(place.of(business_records), c.gone_us.is_(None))
    return list(connection.execute(wanted).scalars())


def add_records(connection: sa.Connection, place: Place, rows: Sequence[Written], now_us: int, run: str) -> None:
    said = place.values() | {"first_us": now_us, "changed_us": now_us, "gone_us": None, "run": run}
    for piece in batched(rows, _WRITTEN_AT_ONCE):
        values = [
            said | {"key": r.key, "fields": r.fields, "attributes": r.attributes, "digest": r.digest} for r in piece
        ]
        connection.execute(business_records.insert(), values)


def change_records(connection: sa.Connection, place: Place, rows: Sequence[Written], now_us: int, run: str) -> None:
    """Write what they say now, and keep what they said before."""
    _keep(connection, place, [row.key for row in rows], "changed", now_us, run)
    changed = (
        business_records.update()
        .where(place.of(business_records), business_records.c.key == sa.bindparam("of_key"))
        .values(
            fields=sa.bindparam("new_fields"),
            attributes=sa.bindparam("new_attributes"),
            digest=sa.bindparam("new_digest"),
            changed_us=now_us,
            gone_us=None,
            run=run,
        )
    )
    for piece in batched(rows, _WRITTEN_AT_ONCE):
        told = [
            {"of_key": r.key, "new_fields": r.fields, "new_attributes": r.attributes, "new_digest": r.digest}
            for r in piece
        ]
        connection.execute(changed, told)


def mark_records(
    connection: sa.Connection, place: Place, keys: Sequence[str], gone_us: int | None, now_us: int, run: str
) -> None:
    """Mark records as gone, or as there again."""
    _keep(connection, place, keys, "back" if gone_us is None else "gone", now_us, run)
    for piece in batched(keys, _AT_ONCE):
        these = sa.and_(place.of(business_records), business_records.c.key.in_(piece))
        connection.execute(business_records.update().where(these).values(gone_us=gone_us, changed_us=now_us, run=run))


def _keep(connection: sa.Connection, place: Place, keys: Sequence[str], what: str, now_us: int, run: str) -> None:
    """Copy how these records stand into their history, inside the database."""
    c = business_records.c
    before = '{"fields":' + c.fields + ',"attributes":' + c.attributes + "}" if what == "changed" else sa.literal("{}")
    for piece in batched(keys, _AT_ONCE):
        kept = sa.select(
            c.tenant, c.kind, c.source, c.key, sa.literal(now_us, sa.BigInteger), sa.literal(run), sa.literal(what),
            before,
        ).where(place.of(business_records), c.key.in_(piece))  # fmt: skip
        connection.execute(record_changes.insert().from_select([col.name for col in record_changes.c], kept))


def rows_of(
    connection: sa.Connection, tenant: str, kind: str, keys: Sequence[str] | None
) -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield (source, key, fields, attributes, first_us, changed_us, gone_us) in pieces; keys None: of all."""
    c = business_records.c
    asked = sa.select(c.source, c.key, c.fields, c.attributes, c.first_us, c.changed_us, c.gone_us).where(
        c.tenant == tenant, c.kind == kind
    )
    pieces = [asked] if keys is None else [asked.where(c.key.in_(piece)) for piece in batched(keys, _AT_ONCE)]
    for one in pieces:
        told: sa.CursorResult[Any] = connection.execute(one, execution_options={"yield_per": _READ_AT_ONCE})
        yield from told.partitions()


def list_records(
    connection: sa.Connection,
    tenant: str,
    kind: str,
    search: str,
    gone: bool | None,
    after: tuple[str, str],
    limit: int,
) -> list[sa.Row[Any]]:
    """Return records by key, those after ``after`` (key, source); ``search``: anywhere in key or content."""
    c = business_records.c
    wanted = sa.select(business_records).where(c.tenant == tenant, c.kind == kind)
    if search:
        wanted = wanted.where(
            sa.or_(*(c[name].icontains(search, autoescape=True) for name in ("key", "fields", "attributes")))
        )
    if gone is not None:
        wanted = wanted.where(c.gone_us.isnot(None) if gone else c.gone_us.is_(None))
    if after[0]:
        wanted = wanted.where(sa.tuple_(c.key, c.source) > sa.tuple_(*map(sa.literal, after)))
    return list(connection.execute(wanted.order_by(c.key, c.source).limit(limit)))


def counts_of(connection: sa.Connection, tenant: str) -> list[sa.Row[Any]]:
    """Return (kind, source, there, gone, changed_us) of everything there is."""
    c = business_records.c
    there = sa.func.sum(sa.case((c.gone_us.is_(None), 1), else_=0))
    wanted = sa.select(c.kind, c.source, there, sa.func.count() - there, sa.func.max(c.changed_us))
    return list(connection.execute(wanted.where(c.tenant == tenant).group_by(c.kind, c.source)))


def records_with(connection: sa.Connection, tenant: str, kind: str, key: str) -> list[sa.Row[Any]]:
    """Return what each source says of a key."""
    c = business_records.c
    return list(connection.execute(sa.select(business_records).where(c.tenant == tenant, c.kind == kind, c.key == key)))


def episodes_of_order(connection: sa.Connection, tenant: str, order: str, limit: int) -> list[str]:
    """Return ids of episodes whose attributes name an order, the latest first."""
    c, said = episodes.c, json.dumps(order, ensure_ascii=False)
    wanted = sa.select(c.id).where(c.tenant == tenant, c.attributes.contains(f'"order":{said}', autoescape=True))
    return list(connection.execute(wanted.order_by(c.start_us.desc()).limit(limit)).scalars())


def one_record(connection: sa.Connection, place: Place, key: str) -> sa.Row[Any] | None:
    wanted = sa.select(business_records).where(place.of(business_records), business_records.c.key == key)
    return connection.execute(wanted).one_or_none()


def history_of(connection: sa.Connection, place: Place, key: str, limit: int) -> list[sa.Row[Any]]:
    """Return what became of a record, the latest first."""
    c = record_changes.c
    wanted = sa.select(record_changes).where(place.of(record_changes), c.key == key)
    return list(connection.execute(wanted.order_by(c.changed_us.desc()).limit(limit)))


# -- runs ----------------------------------------------------------------------------------------------------------


def put_run(connection: sa.Connection, place: Place, run: str, values: Mapping[str, Any]) -> None:
    these = sa.and_(record_runs.c.tenant == place.tenant, record_runs.c.run == run)
    if not connection.execute(record_runs.update().where(these).values(**values)).rowcount:
        connection.execute(record_runs.insert().values(run=run, **place.values(), **values))


def find_run(connection: sa.Connection, tenant: str, run: str) -> sa.Row[Any] | None:
    wanted = sa.select(record_runs).where(record_runs.c.tenant == tenant, record_runs.c.run == run)
    return connection.execute(wanted).one_or_none()


def held_runs(connection: sa.Connection, place: Place) -> list[sa.Row[Any]]:
    wanted = sa.select(record_runs).where(place.of(record_runs), record_runs.c.state == "held")
    return list(connection.execute(wanted))


def list_runs(connection: sa.Connection, tenant: str, state: str, limit: int) -> list[sa.Row[Any]]:
    """Return runs, the latest first."""
    c = record_runs.c
    columns = [column for column in c if column.name != "missed"]
    wanted = sa.select(*columns).where(c.tenant == tenant)
    if state:
        wanted = wanted.where(c.state == state)
    return list(connection.execute(wanted.order_by(c.began_us.desc()).limit(limit)))


def forget_runs(connection: sa.Connection, place: Place, keep: int) -> None:
    """Forget all but the newest runs of a source, unless they wait for somebody; what they changed stays told."""
    c = record_runs.c
    old = (
        sa.select(c.run).where(place.of(record_runs), c.state != "held").order_by(c.began_us.desc(), c.run).offset(keep)
    )
    gone = list(connection.execute(old).scalars())
    for piece in batched(gone, _AT_ONCE):
        connection.execute(record_runs.delete().where(c.tenant == place.tenant, c.run.in_(piece)))


def put_part(connection: sa.Connection, tenant: str, run: str, part: int, keys: str) -> None:
    drop_part = record_parts.delete().where(
        record_parts.c.tenant == tenant, record_parts.c.run == run, record_parts.c.part == part
    )
    connection.execute(drop_part)
    connection.execute(record_parts.insert().values(tenant=tenant, run=run, part=part, keys=keys))


def take_parts(connection: sa.Connection, tenant: str, run: str) -> list[tuple[int, str]]:
    """Return (part, keys) of a snapshot, and forget them."""
    c = record_parts.c
    these = sa.and_(c.tenant == tenant, c.run == run)
    found = [(int(part), str(keys)) for part, keys in connection.execute(sa.select(c.part, c["keys"]).where(these))]
    connection.execute(record_parts.delete().where(these))
    return found
