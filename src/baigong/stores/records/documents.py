"""Rows of documents: what is said of a file, and which content it is; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.tables import metadata
from baigong.vocab.documents import DocumentSpec

_AT_ONCE = 500

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),  # "asset:pump1", "type:pump"
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),  # all it is searched by, pinyin too
    sa.Column("file", sa.Text, nullable=False),  # its name, as it came
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("replaces", sa.Text, nullable=False),  # the document whose next version it is; empty: none
    sa.Column("added_us", sa.BigInteger, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("retired_us", sa.BigInteger, nullable=True),
    sa.Column("retired_by", sa.Text, nullable=True),
    sa.Column("emptied_us", sa.BigInteger, nullable=True),  # when its content was deleted: the row says what it was
    sa.PrimaryKeyConstraint("tenant", "id"),
    sa.Index("documents_by_subject", "tenant", "subject"),
    sa.Index("documents_by_sum", "tenant", "sha256"),
)


@dataclass(slots=True, frozen=True)
class DocumentRow:
    tenant: str
    id: str
    subject: str
    spec: DocumentSpec
    words: str
    file: str
    media: str
    size: int
    sha256: str
    replaces: str
    added_us: int
    added_by: str
    retired_us: int | None = None
    retired_by: str | None = None
    emptied_us: int | None = None


def documents_of(
    connection: sa.Connection, tenant: str, subjects: Sequence[str] | None = None, *, retired: bool | None = False
) -> list[DocumentRow]:
    """Return the documents of these subjects (None: of all), by title; ``retired``: those instead, None: both."""
    c = documents.c
    wanted = sa.select(documents).where(c.tenant == tenant)
    if retired is not None:
        wanted = wanted.where(c.retired_us.isnot(None) if retired else c.retired_us.is_(None))
    if subjects is None:
        found = [_row(row) for row in connection.execute(wanted)]
    else:
        pieces = batched(list(dict.fromkeys(subjects)), _AT_ONCE)
        found = [_row(row) for piece in pieces for row in connection.execute(wanted.where(c.subject.in_(piece)))]
    return sorted(found, key=lambda row: (row.spec.title.casefold(), row.id))


def find_document(connection: sa.Connection, tenant: str, id: str) -> DocumentRow | None:
    c = documents.c
    row = connection.execute(sa.select(documents).where(c.tenant == tenant, c.id == id)).first()
    return None if row is None else _row(row)


def put_document(connection: sa.Connection, row: DocumentRow) -> None:
    """Write one, a new or a changed one."""
    c = documents.c
    connection.execute(documents.delete().where(c.tenant == row.tenant, c.id == row.id))
    told = {name: getattr(row, name) for name in DocumentRow.__slots__}
    connection.execute(documents.insert().values(told | {"spec": msgspec.json.encode(row.spec).decode()}))


def has_content(connection: sa.Connection, tenant: str, sum: str) -> bool:
    """Say whether any document, a retired one too, still is this content."""
    c = documents.c
    wanted = sa.select(c.id).where(c.tenant == tenant, c.sha256 == sum, c.emptied_us.is_(None)).limit(1)
    return connection.execute(wanted).first() is not None


def bytes_of_documents(connection: sa.Connection) -> dict[str, int]:
    """Return how much each tenant's contents take; one that many documents are counts once."""
    c = documents.c
    once = sa.select(c.tenant, c.sha256, sa.func.max(c.size).label("size")).where(c.emptied_us.is_(None))
    each = once.group_by(c.tenant, c.sha256).subquery()
    told = connection.execute(sa.select(each.c.tenant, sa.func.sum(each.c.size)).group_by(each.c.tenant))
    return {tenant: int(size) for tenant, size in told}


def _row(row: sa.Row[tuple[object, ...]]) -> DocumentRow:
    told = dict(row._mapping)
    return DocumentRow(**{**told, "spec": msgspec.json.decode(told["spec"], type=DocumentSpec)})
