"""Rows of screens as they are, of their earlier texts, their pictures, and the links that show one to strangers.

Every function is work on one connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from baigong.stores.records.tables import metadata


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False)


def _said() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("text", sa.Text, nullable=False),  # YAML, in its one form
        sa.Column("changed_us", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
    )


screens = sa.Table(
    "screens",
    metadata,
    _tenant(),
    sa.Column("screen", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    *_said(),
    sa.PrimaryKeyConstraint("tenant", "screen"),
)

screen_texts = sa.Table(
    "screen_texts",
    metadata,
    _tenant(),
    sa.Column("screen", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    *_said(),
    sa.PrimaryKeyConstraint("tenant", "screen", "revision"),
)

screen_files = sa.Table(
    "screen_files",
    metadata,
    _tenant(),
    sa.Column("screen", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "screen", "name"),
)

screen_links = sa.Table(
    "screen_links",
    metadata,
    sa.Column("link", sa.Text, primary_key=True),  # a public name; what opens the screen is known by its digest only
    _tenant(),
    sa.Column("screen", sa.Text, nullable=False),
    sa.Column("chosen", sa.Text, nullable=False),  # JSON: what was chosen for the variables
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_us", sa.BigInteger, nullable=False),
    sa.Column("ends_us", sa.BigInteger, nullable=False),
    sa.Column("revoked_us", sa.BigInteger, nullable=True),
    sa.Column("revoked_by", sa.Text, nullable=True),
    sa.Index("screen_links_by_screen", "tenant", "screen"),
)
TABLES = (screens, screen_texts, screen_files, screen_links)


@dataclass(slots=True, frozen=True)
class ScreenRow:
    tenant: str
    screen: str
    revision: int
    text: str
    changed_us: int
    changed_by: str


@dataclass(slots=True, frozen=True)
class PictureRow:
    """A picture of a screen, without its bytes."""

    screen: str
    name: str
    media: str
    size: int
    changed_us: int


def _rows(connection: sa.Connection, wanted: sa.Select[Any]) -> list[ScreenRow]:
    return [ScreenRow(**{n: getattr(row, n) for n in ScreenRow.__slots__}) for row in connection.execute(wanted)]


def screens_of(connection: sa.Connection, tenant: str) -> list[ScreenRow]:
    """Return all of one tenant as they are, by name."""
    return _rows(connection, sa.select(screens).where(screens.c.tenant == tenant).order_by(screens.c.screen))


def texts_of(connection: sa.Connection, tenant: str, screen: str) -> list[ScreenRow]:
    """Return what is kept of a screen's texts, the newest first."""
    c = screen_texts.c
    wanted = sa.select(screen_texts).where(c.tenant == tenant, c.screen == screen)
    return _rows(connection, wanted.order_by(c.revision.desc()))


def put_screen(connection: sa.Connection, row: ScreenRow, kept: int) -> None:
    """Write a screen's next text; of the earlier ones the newest ``kept`` stay."""
    told = {name: getattr(row, name) for name in ScreenRow.__slots__}
    c, t = screens.c, screen_texts.c
    connection.execute(screens.delete().where(c.tenant == row.tenant, c.screen == row.screen))
    connection.execute(screens.insert(), [told])
    connection.execute(screen_texts.insert(), [told])
    old = (t.tenant == row.tenant, t.screen == row.screen, t.revision <= row.revision - kept)
    connection.execute(screen_texts.delete().where(*old))


def last_revision(connection: sa.Connection, tenant: str, screen: str) -> int:
    """Return the number of the newest text that there ever was of a screen, also of one that was taken away."""
    t = screen_texts.c
    found = sa.select(sa.func.max(t.revision)).where(t.tenant == tenant, t.screen == screen)
    return connection.execute(found).scalar() or 0


def drop_screen(connection: sa.Connection, tenant: str, screen: str) -> None:
    """Take a screen and its pictures away; its texts stay, so that it can be brought back."""
    for table in (screens, screen_files):
        connection.execute(table.delete().where(table.c.tenant == tenant, table.c.screen == screen))


def pictures_of(connection: sa.Connection, tenant: str) -> list[PictureRow]:
    c = screen_files.c
    wanted = sa.select(c.screen, c.name, c.media, sa.func.length(c.content), c.changed_us).where(c.tenant == tenant)
    return [PictureRow(*row) for row in connection.execute(wanted.order_by(c.screen, c.name))]


def bytes_of_screens(connection: sa.Connection) -> dict[str, int]:
    """Return what the pictures and texts of screens take, by tenant; of ``length`` a database reads no content."""
    found: dict[str, int] = {}
    for table, column in ((screen_files, screen_files.c.content), (screen_texts, screen_texts.c.text)):
        wanted = sa.select(table.c.tenant, sa.func.sum(sa.func.length(column))).group_by(table.c.tenant)
        for tenant, size in connection.execute(wanted):
            found[tenant] = found.get(tenant, 0) + int(size or 0)
    return found


def picture_of(connection: sa.Connection, tenant: str, screen: str, name: str) -> tuple[str, bytes] | None:
    """Return (media type, bytes)."""
    c = screen_files.c
    wanted = sa.select(c.media, c.content).where(c.tenant == tenant, c.screen == screen, c.name == name)
    row = connection.execute(wanted).first()
    return None if row is None else (row.media, bytes(row.content))


def put_picture(
    connection: sa.Connection, tenant: str, screen: str, name: str, media: str, content: bytes, now_us: int
) -> None:
    drop_picture(connection, tenant, screen, name)
    connection.execute(
        screen_files.insert().values(
            tenant=tenant, screen=screen, name=name, media=media, content=content, changed_us=now_us
        )
    )


def drop_picture(connection: sa.Connection, tenant: str, screen: str, name: str) -> None:
    c = screen_files.c
    connection.execute(screen_files.delete().where(c.tenant == tenant, c.screen == screen, c.name == name))


@dataclass(slots=True, frozen=True)
class LinkRow:
    """What lets those without an account see one screen until a day. ``chosen``: JSON, for its variables."""

    link: str
    tenant: str
    screen: str
    chosen: str
    title: str
    digest: str
    made_by: str
    made_us: int
    ends_us: int
    revoked_us: int | None = None
    revoked_by: str | None = None


def all_links(connection: sa.Connection) -> list[LinkRow]:
    """Return those of all tenants, also those that were ended."""
    found = connection.execute(sa.select(screen_links))
    return [LinkRow(**{n: getattr(row, n) for n in LinkRow.__slots__}) for row in found]


def add_link(connection: sa.Connection, row: LinkRow) -> None:
    connection.execute(screen_links.insert().values({n: getattr(row, n) for n in LinkRow.__slots__}))


def revoke_link(connection: sa.Connection, tenant: str, link: str, by: str, now_us: int) -> None:
    c = screen_links.c
    told = screen_links.update().where(c.tenant == tenant, c.link == link).values(revoked_us=now_us, revoked_by=by)
    connection.execute(told)
